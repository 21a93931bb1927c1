"""Opens the data of a finished run again."""

import json
from collections.abc import Sequence
from pathlib import Path

from asd_recipes.dataset.other_machines import find_other_machines
from asd_recipes.dataset.scan import scan_dataset
from asd_recipes.reproduction.run_store import RunError, RunStore
from asd_recipes.training.machine_data import PreparedData, prepare_data
from asd_recipes.waveforms.waveform_bank import open_bank
from asd_runtime.progress import Progress


def run_data(store: RunStore, data: Path, others: Sequence[Path], *, bank: Path, progress: Progress) -> PreparedData:
    """The data of a run, split as it was.

    Args:
        store: the run.
        data, others: the data sets that it was made from.
        bank: folder of its waveform bank; made anew if it is gone.
        progress: where to tell of it.

    Raises:
        RunError: the run was made from other recordings.
    """
    dataset, recipe = scan_dataset(data), store.recipe()
    clips = (*dataset.clips, *(clip for found in find_other_machines(others, dataset) for clip in found.clips))
    with progress.stage("read recordings", len(clips)) as advance:
        opened = open_bank(clips, recipe.audio, bank, advance=advance)
    noted = json.loads((store.root / "data.json").read_text(encoding="utf-8"))["data_sha256"]
    if opened.digest != noted:
        raise RunError(
            f"{store.root} was made from other recordings than those in {data}. Pass the --data and --others of its "
            "`asd reproduce` command."
        )
    return prepare_data(opened, recipe)
