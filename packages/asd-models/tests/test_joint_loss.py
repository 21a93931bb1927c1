"""The sums of the joint training (Fujimura 2023, Eqs. 1 and 5) with the paper's weights, and the network they train."""

import pytest
import torch

from asd_models import (
    FastFlow,
    OutlierExposureNet,
    attribute_loss,
    flow_loss,
    flow_rows,
    machine_loss,
    oe_flow_loss,
    serial_oe_loss,
)


def test_the_sums_are_equations_1_and_5_with_the_papers_weights() -> None:
    machine, attribute, flow = (torch.tensor(value, dtype=torch.float64) for value in (0.7, 0.2, 50_000.0))
    assert serial_oe_loss(machine, attribute).item() == pytest.approx(0.7 + 5 * 0.2)
    assert serial_oe_loss(machine, attribute, weight=2).item() == pytest.approx(1.1)
    assert oe_flow_loss(machine, flow).item() == pytest.approx(0.7 + 1e-7 * 50_000)
    assert oe_flow_loss(machine, flow, weight=0).item() == 0.7


def test_joint_training_reaches_encoder_heads_and_flow_and_the_state_holds_them_all() -> None:
    net = OutlierExposureNet(3, FastFlow(steps=2), generator=torch.Generator().manual_seed(0))
    assert net.flow is not None
    machine = torch.tensor([1.0, 1, 0, 0])
    rows = flow_rows(machine, torch.ones(4), torch.arange(4))
    output = net(torch.randn(4, 64, 64, generator=torch.Generator().manual_seed(1)))
    assert output.attribute_logits is not None
    attribute = attribute_loss(output.attribute_logits, torch.eye(4, 3) * machine[:, None])
    discriminative = serial_oe_loss(machine_loss(output.machine_logit, machine), attribute)
    oe_flow_loss(discriminative, flow_loss(net.flow(output.map[rows]))).backward()  # type: ignore[no-untyped-call]
    silent = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []
    other = OutlierExposureNet(3, FastFlow(steps=2, seed=7))
    other.load_state_dict(net.state_dict())
    assert other.flow is not None
    assert torch.equal(other.flow.inverse(output.map), net.flow.inverse(output.map))


def test_a_flow_changes_nothing_else_of_the_network() -> None:
    plain, with_flow = (
        OutlierExposureNet(2, flow, generator=torch.Generator().manual_seed(0)) for flow in (None, FastFlow(steps=1))
    )
    names = set(plain.state_dict())
    assert {name for name in with_flow.state_dict() if not name.startswith("flow.")} == names
    assert all(torch.equal(plain.state_dict()[name], with_flow.state_dict()[name]) for name in names)


def test_a_flow_for_another_number_of_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="flow must be for the 512 channels"):
        OutlierExposureNet(flow=FastFlow(8))
