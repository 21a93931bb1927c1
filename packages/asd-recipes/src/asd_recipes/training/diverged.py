"""The error of a training that diverges."""


class TrainingDivergedError(RuntimeError):
    """A loss, an output or a score is infinite or NaN. That training stops, the run continues."""
