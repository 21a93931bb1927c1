"""AdamW for the paper's networks (Fujimura 2023, Sec. 4.2), with a parameter group of its own for the flow.

Adam divides a gradient's mean by the root of its mean square plus eps. So its step does not depend on the scale of the
loss, as long as eps is far below the gradients. Eq. 5 multiplies the flow's loss by lambda_Flow = 1e-7: the gradients
of the flow's own weights are then about as large as Adam's usual eps of 1e-8, or smaller, and its steps shrink by an
unknown share. An eps that is multiplied by lambda_Flow as well gives the flow the steps that its unscaled loss would.
"""

import torch

from asd_models import OutlierExposureNet
from asd_recipes.recipe.settings import Joint

EPS = 1e-8
"""The usual eps, of Adam's authors and of torch."""


def network_optimiser(
    model: OutlierExposureNet, joint: Joint, *, rate: float, weight_decay: float
) -> torch.optim.AdamW:
    """The optimiser; its first group is everything but the flow, its second the flow, if there is one."""
    flow = list(model.flow.parameters()) if model.flow is not None else []
    in_flow = {id(parameter) for parameter in flow}
    groups = [{"params": [parameter for parameter in model.parameters() if id(parameter) not in in_flow], "eps": EPS}]
    if flow:
        groups.append({"params": flow, "eps": flow_eps(joint)})
    return torch.optim.AdamW(groups, lr=rate, weight_decay=weight_decay, fused=True)


def flow_eps(joint: Joint) -> float:
    """Adam's eps for the flow; without weight the flow gets no gradient, and an eps of 0 would divide 0 by 0."""
    return EPS * joint.flow_weight if joint.flow_eps == "scaled" and joint.flow_weight else EPS
