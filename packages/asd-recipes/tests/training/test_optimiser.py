"""The optimiser's laws: the flow learns as if lambda_Flow did not scale its loss; `paper` has Adam's eps."""

import pytest
import torch

from asd_models import FastFlow, OutlierExposureNet
from asd_recipes.recipe.settings import Joint
from asd_recipes.recipe.toml_text import load_recipe
from asd_recipes.training.optimiser import EPS, network_optimiser

Optimiser = torch.optim.Optimizer


def _network(*, flow: bool = True) -> OutlierExposureNet:
    torch.manual_seed(0)
    return OutlierExposureNet(2, FastFlow(steps=1, hidden_ratio=0.02) if flow else None)


def _after_steps(joint: Joint) -> dict[str, torch.Tensor]:
    """The weights of the flow after a few steps on gradients that `flow_weight` multiplies."""
    model, generator = _network(), torch.Generator().manual_seed(1)
    optimiser = network_optimiser(model, joint, rate=1e-3, weight_decay=0.0)
    assert model.flow is not None
    for _ in range(3):
        for parameter in model.flow.parameters():
            parameter.grad = 0.03 * joint.flow_weight * torch.randn(parameter.shape, generator=generator)
        optimiser.step()
    return {name: parameter.detach() for name, parameter in model.flow.named_parameters()}


@pytest.mark.parametrize("flow_weight", [2.0**-10, 2.0**-23, 2.0**-30])
def test_the_flow_takes_the_same_steps_whatever_lambda_is(flow_weight: float) -> None:
    """To the last bit, as powers of two round nothing."""
    whole, scaled = _after_steps(Joint(flow_weight=1.0)), _after_steps(Joint(flow_weight=flow_weight))
    assert not [name for name in whole if not torch.equal(whole[name], scaled[name])]


def test_with_adams_own_eps_the_paper_s_lambda_shrinks_the_steps() -> None:
    before = dict(_network().flow.named_parameters())  # type: ignore[union-attr]
    whole, literal = (_after_steps(Joint(flow_weight=weight, flow_eps="adam")) for weight in (1.0, 1e-7))
    name = "steps.0.subnetwork.0.weight"
    moved, moved_less = ((after[name] - before[name]).abs().mean() for after in (whole, literal))
    assert moved_less < 0.4 * moved


def test_the_encoder_and_the_heads_keep_adams_eps() -> None:
    for model in (_network(), _network(flow=False)):
        optimiser = network_optimiser(model, Joint(flow_weight=1e-7), rate=1e-3, weight_decay=0.0)
        eps = {id(p): group["eps"] for group in optimiser.param_groups for p in group["params"]}
        names = {name: eps[id(parameter)] for name, parameter in model.named_parameters()}
        assert names == {name: EPS * 1e-7 if name.startswith("flow.") else EPS for name in names}


def test_the_profile_paper_has_adams_eps_everywhere_and_the_others_scale_it() -> None:
    assert load_recipe("paper").joint.flow_eps == "adam"
    assert load_recipe("quick").joint.flow_eps == "scaled"
    groups = network_optimiser(_network(), load_recipe("paper").joint, rate=1e-3, weight_decay=0.0).param_groups
    assert [group["eps"] for group in groups] == [EPS, EPS]


def test_a_flow_without_weight_stays_as_it_is() -> None:
    """An eps of 0 would make NaN of its zero gradients."""
    before, after = dict(_network().flow.named_parameters()), _after_steps(Joint(flow_weight=0.0))  # type: ignore[union-attr]
    assert not [name for name in after if not torch.equal(before[name], after[name])]
