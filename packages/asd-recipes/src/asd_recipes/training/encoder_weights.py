"""Initial weights from a file: the settings `training.encoder_weights` and `joint.start`."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from asd_models import OutlierExposureNet, load_torchvision_weights
from asd_recipes.recipe.settings import RecipeError


def fill_encoder(model: OutlierExposureNet, weights: str) -> None:
    """Fills the encoder with the weights of a safetensors file.

    Raises:
        RecipeError: the file does not exist, or does not hold the weights of torchvision's resnet18.
    """
    wanted = "It must be a safetensors file of torchvision's resnet18."
    if not Path(weights).is_file():
        raise RecipeError(f"training.encoder_weights: there is no file {weights}. {wanted}")
    try:
        load_torchvision_weights(model.encoder, load_file(weights))
    except SafetensorError as error:
        raise RecipeError(f"training.encoder_weights: {weights} cannot be read ({error}). {wanted}") from error
    except ValueError as error:
        raise RecipeError(f"training.encoder_weights: {weights}: {error}") from error


def fill_from_oe(model: OutlierExposureNet, weights: Path) -> None:
    """Fills the encoder and the machine head with those that OE has learnt; flow and attribute head stay as they are.

    Args:
        model: filled in place.
        weights: the file that OE's training on the same machine wrote.
    """
    trained = OutlierExposureNet()
    trained.load_state_dict(load_file(weights))
    model.encoder.load_state_dict(trained.encoder.state_dict())
    model.machine_head.load_state_dict(trained.machine_head.state_dict())


def check_encoder_weights(weights: str) -> None:
    """Loads the weights into a temporary network, to see whether they fit; does nothing if the setting is empty.

    Raises:
        RecipeError: as in `fill_encoder`.
    """
    if weights:
        fill_encoder(OutlierExposureNet(), weights)
