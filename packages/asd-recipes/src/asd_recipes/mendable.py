"""The errors of this package and those below it that the user can mend, for the command `asd`."""

import sys


def mendable_errors() -> list[type[Exception]]:
    """Errors that name the input, the rule and the way out."""
    from asd_eval.errors import EvaluationError
    from asd_inlier import ModelFileError
    from asd_recipes.dataset.clip import DatasetError
    from asd_recipes.dataset.clip_name import ClipNameError
    from asd_recipes.recipe.settings import RecipeError
    from asd_recipes.reproduction.run_store import RunError

    ours: list[type[Exception]] = [ClipNameError, DatasetError, RecipeError, RunError, EvaluationError, ModelFileError]
    if "asd_recipes.synth" in sys.modules:
        from asd_recipes.synth import SyntheticDataError

        ours.append(SyntheticDataError)
    if "asd_recipes.waveforms.device_choice" in sys.modules:  # imports torch
        from asd_recipes.waveforms.device_choice import DeviceError

        ours.append(DeviceError)
    if "asd_recipes.own_machine.precision_export" in sys.modules:
        from asd_recipes.own_machine.precision_export import ExportRefusedError

        ours.append(ExportRefusedError)
    return ours
