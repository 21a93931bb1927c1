"""The weighted sums of the joint training (Fujimura 2023, Eqs. 1 and 5); the weights are Sec. 4.2's."""

from torch import Tensor


def serial_oe_loss(machine: Tensor, attribute: Tensor, *, weight: float = 5.0) -> Tensor:
    """L_SerialOE = L_machine + lambda L_att: Eq. 1 with L_att instead of L_section (Sec. 3)."""
    return machine + weight * attribute


def oe_flow_loss(discriminative: Tensor, flow: Tensor, *, weight: float = 1e-7) -> Tensor:
    """L_OEFlow = L_SerialOE + lambda_Flow L_Flow (Eq. 5), or with L_machine instead of L_SerialOE (Table 1)."""
    return discriminative + weight * flow
