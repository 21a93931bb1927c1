"""Laws of the encoder: torchvision's names and shapes, its initialisation, and what must not depend on the batch."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import nn

from asd_models import ResNet18, load_torchvision_weights


def torchvision_shapes(in_channels: int, *, classes: int = 0) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's resnet18, by the rule of its source."""
    shapes: dict[str, tuple[int, ...]] = {}

    def batch_norm(name: str, channels: int) -> None:
        for kind in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{kind}"] = (channels,)
        shapes[f"{name}.num_batches_tracked"] = ()

    shapes["conv1.weight"] = (64, in_channels, 7, 7)
    batch_norm("bn1", 64)
    width = 64
    for layer in (1, 2, 3, 4):
        channels = 64 * 2 ** (layer - 1)
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            shapes[f"{name}.conv1.weight"] = (channels, width, 3, 3)
            batch_norm(f"{name}.bn1", channels)
            shapes[f"{name}.conv2.weight"] = (channels, channels, 3, 3)
            batch_norm(f"{name}.bn2", channels)
            if block == 0 and layer > 1:
                shapes[f"{name}.downsample.0.weight"] = (channels, width, 1, 1)
                batch_norm(f"{name}.downsample.1", channels)
            width = channels
    if classes:
        shapes["fc.weight"], shapes["fc.bias"] = (classes, 512), (classes,)
    return shapes


def torchvision_state(in_channels: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        name: torch.rand(shape, generator=generator) if shape else torch.tensor(7)
        for name, shape in torchvision_shapes(in_channels, classes=1000).items()
    }


@pytest.mark.parametrize(("in_channels", "count"), [(1, 11_170_240), (3, 11_176_512)])
def test_names_shapes_and_count_are_torchvisions_without_the_classifier(in_channels: int, count: int) -> None:
    encoder = ResNet18(in_channels)
    shapes = {name: tuple(tensor.shape) for name, tensor in encoder.state_dict().items()}
    assert shapes == torchvision_shapes(in_channels)
    assert list(shapes) == list(torchvision_shapes(in_channels))
    assert sum(parameter.numel() for parameter in encoder.parameters()) == count


def test_first_weights_have_torchvisions_distribution() -> None:
    encoder = ResNet18(generator=torch.Generator().manual_seed(0))
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
            count = module.weight.numel()
            deviation = module.weight.std().item() * math.sqrt(fan_out / 2)
            assert abs(deviation - 1) < 5 / math.sqrt(2 * count)
            assert abs(module.weight.mean().item()) * math.sqrt(fan_out / 2) < 5 / math.sqrt(count)
        elif isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert (module.bias == 0).all()


def test_the_map_is_a_32nd_of_the_spectrogram_and_the_embedding_its_mean() -> None:
    encoder = ResNet18().eval()
    with torch.no_grad():
        feature_map, embedding = encoder(torch.randn(1, 1, 224, 313))
    assert feature_map.shape == (1, 512, 7, 10)
    assert torch.equal(embedding, feature_map.mean(dim=(2, 3)))


@pytest.mark.parametrize("size", [(64, 96), (16, 16), (40, 3)])
def test_a_strided_reference_of_plain_functions_gives_the_same_map(size: tuple[int, int], tolerances: Any) -> None:
    encoder = ResNet18(3, generator=torch.Generator().manual_seed(1)).eval()
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            for numbers in (module.weight, module.bias, module.running_mean, module.running_var):
                assert numbers is not None
                nn.init.uniform_(numbers, 0.5, 1.5, generator=torch.Generator().manual_seed(len(numbers)))
    weights, x = encoder.state_dict(), torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(2))

    def convolved(x: torch.Tensor, name: str, stride: int) -> torch.Tensor:
        kernel = weights[f"{name}.weight"]
        return nn.functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)

    def normed(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, var, scale, shift = (
            weights[f"{name}.{kind}"][:, None, None] for kind in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(var + 1e-5) * scale + shift

    expected = nn.functional.max_pool2d(normed(convolved(x, "conv1", 2), "bn1").relu(), 3, 2, 1)
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            name, stride = f"layer{layer}.{block}", 2 if block == 0 and layer > 1 else 1
            inner = normed(convolved(expected, f"{name}.conv1", stride), f"{name}.bn1").relu()
            inner = normed(convolved(inner, f"{name}.conv2", 1), f"{name}.bn2")
            if f"{name}.downsample.0.weight" in weights:
                expected = normed(convolved(expected, f"{name}.downsample.0", stride), f"{name}.downsample.1")
            expected = (inner + expected).relu()
    with torch.no_grad():
        actual = encoder(x).map
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerances.batch_absolute * expected.max().item())


def test_the_output_of_one_item_does_not_depend_on_its_batch_or_the_memory_format(tolerances: Any) -> None:
    encoder = ResNet18(generator=torch.Generator().manual_seed(0)).eval()
    x = torch.randn(5, 1, 64, 96, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        together = encoder(x).embedding
        alone = torch.cat([encoder(row[None]).embedding for row in x])
        channels_last = encoder.to(memory_format=torch.channels_last)(
            x.to(memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]
        ).embedding
    torch.testing.assert_close(alone, together, rtol=0, atol=tolerances.batch_absolute)
    torch.testing.assert_close(channels_last, together, rtol=0, atol=tolerances.batch_absolute)


def test_the_map_before_the_relu_changes_neither_embedding_nor_weights() -> None:
    last, before = (ResNet18(pre_relu_map=pre, generator=torch.Generator().manual_seed(0)) for pre in (False, True))
    x = torch.randn(2, 1, 64, 96, generator=torch.Generator().manual_seed(1))
    assert all(torch.equal(last.state_dict()[name], tensor) for name, tensor in before.state_dict().items())
    expected, output = last(x), before(x)  # in training mode, which writes over what it can
    assert torch.equal(output.embedding, expected.embedding)
    assert torch.equal(output.map.relu(), expected.map)
    assert (output.map < 0).any()
    gradients = []
    for encoder, result in ((last, expected), (before, output)):
        result.embedding.square().sum().backward()  # type: ignore[no-untyped-call]
        gradients.append([parameter.grad for parameter in encoder.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_an_embedding_keeps_float32_under_bfloat16() -> None:
    encoder = ResNet18().eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        output = encoder(torch.randn(1, 1, 64, 64))
    assert output.map.dtype == torch.bfloat16
    assert output.embedding.dtype == torch.float32


@pytest.mark.parametrize("size", [(16, 16), (64, 8), (33, 3), (64, 17), (16, 64)])
def test_gradients_under_bfloat16_are_the_same_whatever_the_memory_held_before(size: tuple[int, int]) -> None:
    """Of small spectrograms a stage gets maps of one point in width; its kernels' outer columns see only padding."""
    encoder = ResNet18(generator=torch.Generator().manual_seed(0)).to(memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]
    x = torch.randn(4, 1, *size, generator=torch.Generator().manual_seed(1))
    found = []
    for before in (0.0, 7e4, float("nan")):
        encoder.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16):
            embedding = encoder(x).embedding
        _fill_free_memory([parameter.numel() for parameter in encoder.parameters()], before)
        embedding.square().sum().backward()
        found.append({name: parameter.grad for name, parameter in encoder.named_parameters()})
    for name, gradient in found[0].items():
        assert gradient is not None
        assert torch.isfinite(gradient).all(), name
        assert all(torch.equal(other[name], gradient) for other in found[1:]), name
    if size[1] <= 16:
        kernel = found[0]["layer4.0.conv1.weight"]
        assert kernel is not None
        assert not kernel[..., [0, 2]].any()


def _fill_free_memory(sizes: Sequence[int], value: float) -> None:
    """Leaves the value in the memory that the next tensors of these sizes get."""
    for dtype in (torch.float32, torch.bfloat16):
        held = [torch.full((size,), value, dtype=dtype) for size in sizes for _ in range(2)]
        del held


def test_loading_sums_the_first_convolution_over_its_channels_and_drops_the_classifier(tolerances: Any) -> None:
    state = torchvision_state()
    before = {name: tensor.clone() for name, tensor in state.items()}
    grey, colour = ResNet18(1).eval(), ResNet18(3).eval()
    load_torchvision_weights(grey, state)
    load_torchvision_weights(colour, state)
    assert torch.equal(grey.conv1.weight, state["conv1.weight"].sum(1, keepdim=True))
    assert torch.equal(colour.conv1.weight, state["conv1.weight"])
    assert torch.equal(grey.state_dict()["layer4.1.bn2.running_var"], state["layer4.1.bn2.running_var"])
    x = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(
            grey(x).embedding, colour(x.expand(-1, 3, -1, -1)).embedding, rtol=tolerances.batch_absolute, atol=0
        )
    assert all(torch.equal(state[name], tensor) for name, tensor in before.items())


def test_loading_accepts_an_old_checkpoint_without_batch_counts() -> None:
    encoder = ResNet18()
    state = {name: tensor for name, tensor in torchvision_state().items() if "num_batches" not in name}
    load_torchvision_weights(encoder, state)
    assert torch.equal(encoder.bn1.weight, state["bn1.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("layer1.0.bn1.bias"), r"lacks layer1\.0\.bn1\.bias"),
        (lambda state: state.update({"layer5.weight": torch.ones(1)}), r"unknown layer5\.weight"),
        (lambda state: state.update({"bn1.weight": torch.ones(32)}), r"bn1\.weight \(32,\) instead of \(64,\)"),
    ],
)
def test_loading_anything_else_is_refused_and_changes_nothing(change, message) -> None:  # type: ignore[no-untyped-def]
    encoder = ResNet18()
    before = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    state = torchvision_state()
    change(state)
    with pytest.raises(ValueError, match=message):
        load_torchvision_weights(encoder, state)
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.state_dict().items())


def test_two_channel_weights_do_not_fit_three_channels() -> None:
    with pytest.raises(ValueError, match=r"conv1\.weight"):
        load_torchvision_weights(ResNet18(3), torchvision_state(2))


def test_wrong_inputs_are_named() -> None:
    with pytest.raises(ValueError, match="in_channels must be at least 1"):
        ResNet18(0)
    with pytest.raises(ValueError, match=r"x must be \(B, 1, M, F\)"):
        ResNet18()(torch.zeros(1, 2, 64, 64))
