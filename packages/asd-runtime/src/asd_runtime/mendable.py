"""The errors of this package that the user can mend, for the command `asd`."""


def mendable_errors() -> list[type[Exception]]:
    """Errors that name the input, the rule and the way out."""
    from asd_features import AudioError
    from asd_runtime.errors import ModelError, RecordingError, UnscorableError
    from asd_runtime.scoring.engine import EngineError

    return [ModelError, EngineError, AudioError, RecordingError, UnscorableError]
