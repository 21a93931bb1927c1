"""The one way in which scoring itself fails, whether of a run's clip or of a recording that `asd score` is given."""


class UnscorableError(RuntimeError):
    """A number on the way from a recording to its score is infinite or NaN."""
