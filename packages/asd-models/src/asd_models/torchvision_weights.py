"""Loads a state dict with torchvision's keys into the encoder (optional: the paper mentions no ImageNet weights).

The caller reads the file, for example with safetensors: this package opens no pickle.
"""

from collections.abc import Mapping

from torch import Tensor

from asd_models.resnet18 import ResNet18

_CLASSIFIER = ("fc.weight", "fc.bias")


def load_torchvision_weights(encoder: ResNet18, state_dict: Mapping[str, Tensor]) -> None:
    """Fill the encoder from torchvision's `resnet18` state dict.

    The classifier `fc` is left out. If the encoder has one input channel, the first convolution is summed over the
    input channels: this is what the network computes for an image whose channels are equal. Otherwise the keys and
    shapes must be the encoder's (`num_batches_tracked`, which old checkpoints lack, may be absent). The mapping is not
    changed.

    Args:
        encoder: filled in place.
        state_dict: torchvision's names to tensors.

    Raises:
        ValueError: if a key is missing, unknown or has another shape; the encoder is then unchanged.
    """
    state = {name: tensor for name, tensor in state_dict.items() if name not in _CLASSIFIER}
    first = state.get("conv1.weight")
    if first is not None and first.dim() == 4 and encoder.in_channels == 1:
        state["conv1.weight"] = first.sum(dim=1, keepdim=True)
    _check(state, encoder.state_dict())
    encoder.load_state_dict(state)


def _check(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    unknown = [name for name in state if name not in own]
    reshaped = [
        f"{name} {tuple(state[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    for what, names in (("lacks", missing), ("has unknown", unknown), ("has other shapes:", reshaped)):
        if names:
            raise ValueError(
                f"state_dict {what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''} ({len(names)} in all). "
                "It must be the state dict of torchvision's resnet18."
            )
