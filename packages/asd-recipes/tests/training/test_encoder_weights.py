"""A file without the weights of a resnet18 is refused with the name of its setting."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from asd_models import OutlierExposureNet
from asd_recipes.recipe.settings import RecipeError
from asd_recipes.training.encoder_weights import check_encoder_weights, fill_encoder


def test_the_weights_of_a_file_become_those_of_the_encoder(tmp_path: Path) -> None:
    given = OutlierExposureNet().encoder.state_dict()
    save_file({name: tensor.contiguous() for name, tensor in given.items()}, tmp_path / "weights")
    model = OutlierExposureNet()
    fill_encoder(model, str(tmp_path / "weights"))
    assert all(torch.equal(tensor, given[name]) for name, tensor in model.encoder.state_dict().items())


def test_an_empty_setting_needs_no_file() -> None:
    check_encoder_weights("")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("root:x:0:0:root:/root:/bin/sh\n" * 50)
    save_file({"w": torch.zeros(3)}, tmp_path / "others")
    for name, rule in (("text", "cannot be read"), ("others", "lacks"), ("nowhere", "no file"), (".", "no file")):
        with pytest.raises(RecipeError, match=r"training\.encoder_weights.*resnet18") as caught:
            check_encoder_weights(str(tmp_path / name))
        assert rule in str(caught.value)
