"""What becomes of a training of one's own machine whose numbers are lost."""

from pathlib import Path

import pytest

from asd_recipes.own_machine.machine_training import SHIPPED, WEIGHTS, MachineTraining
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.reproduction.run_store import RunError
from asd_recipes.training.diverged import TrainingDivergedError
from asd_recipes.training.machine_data import PreparedData
from asd_recipes.waveforms.device_choice import choose_device
from asd_runtime.errors import UnscorableError
from asd_runtime.progress import PlainProgress


@pytest.mark.parametrize(
    ("stage", "error"), [("_train_network", TrainingDivergedError), ("_fit_inlier_models", UnscorableError)]
)
def test_a_number_that_is_lost_in_training_or_in_scoring_refuses_the_model(
    stage: str, error: type[RuntimeError], make_bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*arguments: object) -> None:
        raise error("not finite")

    monkeypatch.setattr(MachineTraining, stage, lost)
    if stage == "_fit_inlier_models":
        (tmp_path / WEIGHTS).touch()
        (tmp_path / SHIPPED).touch()
    data = PreparedData(make_bank(machines=("fan",)), {}, {}, {})
    training = MachineTraining(tmp_path, data, None, load_recipe("smoke"), choose_device("cpu", "float32", threads=1))
    with pytest.raises(RunError, match="not finite"):
        training.run(PlainProgress(quiet=True))
