"""The one way in which a training fails by itself."""


class TrainingDivergedError(RuntimeError):
    """A loss, an output or a score is no longer a number; that training stops, the run goes on."""
