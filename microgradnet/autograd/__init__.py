"""Gradients on request, custom ops, derivatives of functions, and gradient checks."""

from ..grad_mode import enable_grad, no_grad, set_grad_enabled
from .anomaly import AnomalyError, detect_anomaly, set_detect_anomaly
from .function import Function
from .functional import hessian, hvp, jacobian, jvp, vhp, vjp
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .gradient import backward, grad
from .recompute import checkpoint

__all__ = [
    "AnomalyError",
    "Function",
    "GradcheckError",
    "backward",
    "checkpoint",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
    "vhp",
    "vjp",
]
