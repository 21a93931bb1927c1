"""Laws of the normalizing flow: exact inverse, exact log-determinant, and a start near the identity."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from asd_models import ChannelWhitening, FastFlow, flow_loss


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def disturbed(channels: int, *, steps: int, seed: int = 0, deviation: float = 0.5) -> FastFlow:
    """A float64 flow far from the identity, where a fresh one would hide a wrong scale."""
    flow = FastFlow(channels, steps=steps, seed=seed).double()
    with torch.no_grad():
        for number, parameter in enumerate(flow.parameters()):
            parameter += deviation * drawn(*parameter.shape, seed=number)
    return flow


@settings(max_examples=60, deadline=None)
@given(
    channels=st.integers(2, 9),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    batch=st.integers(0, 3),
    steps=st.integers(1, 5),
    seed=st.integers(0, 1000),
)
def test_the_inverse_gives_the_maps_back(
    channels: int, height: int, width: int, batch: int, steps: int, seed: int, tolerances: Any
) -> None:
    flow, maps = disturbed(channels, steps=steps, seed=seed), drawn(batch, channels, height, width, seed=seed)
    with torch.no_grad():
        latent, log_determinant = flow(maps)
        torch.testing.assert_close(flow.inverse(latent), maps, rtol=0, atol=tolerances.inverse_absolute)
    assert log_determinant.shape == (batch,)


@pytest.mark.parametrize(("channels", "height", "width", "steps"), [(2, 1, 1, 4), (5, 3, 2, 3), (4, 2, 5, 4)])
def test_the_log_determinant_is_the_autograd_jacobians(
    channels: int, height: int, width: int, steps: int, tolerances: Any
) -> None:
    flow, maps = disturbed(channels, steps=steps), drawn(2, channels, height, width)
    actual = flow(maps).log_determinant
    for sample, log_determinant in zip(maps, actual, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda x: flow(x[None]).latent[0], sample)  # type: ignore[no-untyped-call]
        expected = torch.linalg.slogdet(jacobian.reshape(maps[0].numel(), -1)).logabsdet
        assert log_determinant.item() == pytest.approx(expected.item(), abs=tolerances.log_determinant_absolute)
    assert (actual.abs() > 0.1).all(), "a flow that keeps volumes would pass with any sum"


def test_the_log_determinants_of_the_positions_add_up_to_the_sample_s(tolerances: Any) -> None:
    flow, maps = disturbed(5, steps=3), drawn(2, 5, 3, 4)
    whole, parts = flow(maps), flow.by_position(maps)
    assert parts.log_determinant.shape == (2, 3, 4)
    assert torch.equal(parts.latent, whole.latent)
    torch.testing.assert_close(parts.log_determinant.sum((1, 2)), whole.log_determinant)
    assert parts.log_determinant.std() > 0.1, "else every position would have the same share"


def test_where_a_flow_sees_one_position_its_log_determinant_is_the_jacobians_there(tolerances: Any) -> None:
    """A 1x1 sub-network alone, so that each position is a flow of its own."""
    flow, maps = disturbed(4, steps=2), drawn(1, 4, 2, 2)
    flow.steps = nn.ModuleList([flow.steps[1]])
    actual = flow.by_position(maps).log_determinant[0]
    for row in range(2):
        for column in range(2):
            jacobian = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
                lambda x: flow(x[None, :, None, None]).latent[0, :, 0, 0], maps[0, :, row, column]
            )
            expected = torch.linalg.slogdet(jacobian).logabsdet.item()
            assert actual[row, column].item() == pytest.approx(expected, abs=tolerances.log_determinant_absolute)


def test_noise_is_added_to_what_the_first_step_sees() -> None:
    whitening = ChannelWhitening(torch.ones(4), torch.tensor([1.0, 2.0, 4.0, 8.0]))
    flow, maps, noise = FastFlow(4, steps=2, whitening=whitening).double(), drawn(2, 4, 2, 3), drawn(2, 4, 2, 3, seed=1)
    moved = maps + noise / whitening.weight.double()[:, None, None]
    torch.testing.assert_close(flow(maps, noise), flow(moved))


def test_the_gradient_by_the_maps_is_that_of_finite_differences() -> None:
    flow, maps = disturbed(3, steps=2, deviation=0.2), drawn(2, 3, 2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: tuple(flow(x)), (maps,))


def test_gradients_reach_every_parameter_at_the_papers_size() -> None:
    flow = FastFlow()
    flow_loss(flow(drawn(2, 512, 2, 3).float())).backward()  # type: ignore[no-untyped-call]
    silent = [name for name, p in flow.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []
    assert len(list(flow.parameters())) == 8 * 6


def test_a_fresh_flow_is_nearly_a_permutation_of_channels() -> None:
    flow, still, maps = FastFlow(64, seed=3), FastFlow(64, seed=3), drawn(4, 64, 3, 5).float()
    for module in still.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    with torch.no_grad():
        (latent, log_determinant), permuted = flow(maps), still(maps).latent
    assert torch.equal(permuted.sort(1).values, maps.sort(1).values)
    assert not torch.equal(permuted, maps)
    assert (latent - permuted).square().mean().sqrt() < 0.2
    assert log_determinant.abs().max() / maps[0].numel() < 0.05


def test_kernels_of_3_and_1_take_turns_and_a_1x1_step_sees_its_own_position_alone() -> None:
    flow, maps = disturbed(4, steps=5), drawn(1, 4, 5, 5)
    sizes = [module.kernel_size[0] for module in flow.modules() if isinstance(module, nn.Conv2d)]
    assert sizes == [3, 3, 1, 1, 3, 3, 1, 1, 3, 3]
    changed = maps.clone()
    changed[0, :, 2, 2] += 1
    for step, reach in zip(list(flow.steps)[:2], (2, 0), strict=True):  # two 3x3 kernels reach two positions
        moved = (step(changed)[0] != step(maps)[0]).any(1)[0].nonzero() - 2
        assert moved.abs().max() == reach


def test_the_soft_clamp_bounds_the_scale_of_a_step() -> None:
    flow, maps = FastFlow(6, steps=1, clamp=1.5).double(), drawn(8, 6, 2, 2)
    with torch.no_grad():
        for module in flow.modules():
            if isinstance(module, nn.Conv2d):
                module.weight *= 1e4
        log_determinant = flow(maps).log_determinant
    assert log_determinant.abs().max() <= 1.5 * 3 * 4 + 1e-9
    assert log_determinant.abs().max() > 1.5, "the sub-networks were meant to reach the clamp"


def test_a_sample_does_not_depend_on_its_batch_or_the_memory_format(tolerances: Any) -> None:
    flow, maps = FastFlow(32), drawn(5, 32, 7, 10).float()
    with torch.no_grad():
        together = flow(maps).latent
        alone = torch.cat([flow(row[None]).latent for row in maps])
        flow = flow.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        channels_last = flow(maps.to(memory_format=torch.channels_last)).latent
    torch.testing.assert_close(alone, together, rtol=0, atol=tolerances.batch_absolute)
    torch.testing.assert_close(channels_last, together, rtol=0, atol=tolerances.batch_absolute)


def test_autocast_keeps_float32_outputs_and_an_exact_inverse(tolerances: Any) -> None:
    flow, maps = FastFlow(32), drawn(3, 32, 4, 5).bfloat16()
    exact = flow(maps.float())
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        latent, log_determinant = flow(maps)
        back = flow.inverse(latent)
    assert latent.dtype == log_determinant.dtype == torch.float32
    assert (latent - exact.latent).abs().max() < tolerances.bfloat16 * exact.latent.abs().max()
    torch.testing.assert_close(back, maps.float(), rtol=0, atol=tolerances.bfloat16)


def test_the_log_determinant_keeps_the_digits_of_float32_under_autocast() -> None:
    flow, maps = FastFlow(32, steps=2, clamp=1.9), drawn(3, 32, 7, 11).float()
    with torch.no_grad():
        for step in flow.steps:
            step.subnetwork[2].bias += 1e4  # type: ignore[index, union-attr]
        with torch.autocast("cpu", torch.bfloat16):
            log_determinant = flow(maps).log_determinant
    expected = torch.full((3,), 2 * 1.9 * 16 * 7 * 11)  # both steps at the clamp, in each active number
    torch.testing.assert_close(log_determinant, expected)


def test_a_state_dict_carries_the_whole_flow_and_loads_strictly() -> None:
    flow, other, maps = FastFlow(8, seed=1), FastFlow(8, seed=2), drawn(2, 8, 3, 3).float()
    assert not torch.equal(flow(maps).latent, other(maps).latent)
    other.load_state_dict(flow.state_dict())
    assert torch.equal(flow(maps).latent, other(maps).latent)
    assert torch.equal(flow.inverse(maps), other.inverse(maps))
    incomplete = {name: tensor for name, tensor in flow.state_dict().items() if name != "steps.3.permutation"}
    with pytest.raises(RuntimeError, match=r"Missing key.*steps\.3\.permutation"):
        other.load_state_dict(incomplete)


def test_the_first_weights_are_a_function_of_the_seed_alone() -> None:
    state = torch.random.get_rng_state()
    first = FastFlow(16, seed=4).state_dict()
    assert torch.equal(state, torch.random.get_rng_state()), "the global generator is left alone"
    torch.manual_seed(9)
    second, other = FastFlow(16, seed=4).state_dict(), FastFlow(16, seed=5).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert all(not torch.equal(first[name], other[name]) for name in first if "permutation" in name or "weight" in name)


def test_a_training_step_gives_equal_bits_under_deterministic_algorithms() -> None:
    def gradients() -> list[Tensor]:
        flow = FastFlow(16)
        flow_loss(flow(drawn(4, 16, 3, 4).float())).backward()  # type: ignore[no-untyped-call]
        return [parameter.grad for parameter in flow.parameters() if parameter.grad is not None]

    torch.use_deterministic_algorithms(True)
    try:
        first, second = gradients(), gradients()
    finally:
        torch.use_deterministic_algorithms(False)
    assert len(first) == 8 * 6
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="channels must be at least 2"):
        FastFlow(1)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        FastFlow(4, steps=0)
    for wrong in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="clamp must be above 0"):
            FastFlow(4, clamp=wrong)
        with pytest.raises(ValueError, match="hidden_ratio must be above 0"):
            FastFlow(4, hidden_ratio=wrong)
    for shape in ((4, 3, 3), (1, 5, 3, 3)):
        with pytest.raises(ValueError, match=r"maps must be \(B, 4, H, W\)"):
            FastFlow(4)(torch.zeros(shape))
        with pytest.raises(ValueError, match=r"latent must be \(B, 4, H, W\)"):
            FastFlow(4).inverse(torch.zeros(shape))
