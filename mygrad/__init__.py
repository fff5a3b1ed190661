"""NumPy, differentiable.

Call plain NumPy functions on tensors, backpropagate from a result, read the gradients:

>>> import numpy as np, mygrad as mg
>>> x = mg.tensor([1.0, 2.0, 3.0])
>>> np.sum(x * np.exp(x)).backward()
>>> x.grad
array([ 5.43656366, 22.1671683 , 80.34214769])
"""

from importlib import import_module as _import_module

import numpy as _np

from mygrad import rules as rules
from mygrad.dispatch.coverage import coverage
from mygrad.engine.anomalies import debug
from mygrad.engine.modes import (
    mem_guard_active,
    mem_guard_off,
    mem_guard_on,
    no_autodiff,
    strict,
    turn_memory_guarding_off,
    turn_memory_guarding_on,
)
from mygrad.engine.operation import Elementwise, Operation
from mygrad.engine.registry import implements
from mygrad.errors import (
    Anomaly,
    DisconnectedView,
    GradientLost,
    InvalidBackprop,
    InvalidGradient,
    MyGradException,
)
from mygrad.functions.mirror import SHARED as _SHARED
from mygrad.functions.mirror import mirror as _mirror
from mygrad.functions.reciprocal import (
    arccot,
    arccoth,
    arccsc,
    arccsch,
    arcsec,
    arcsech,
    cot,
    coth,
    csc,
    csch,
    sec,
    sech,
)
from mygrad.functions.sequences import add_sequence, multi_matmul, multiply_sequence
from mygrad.functions.sliding_window import sliding_window_view
from mygrad.tensors.tensor import Tensor, asarray, astensor, tensor
from mygrad.transforms.checkpoints import checkpoint
from mygrad.transforms.custom_vjp import custom_vjp, stop_gradient
from mygrad.transforms.derivatives import (
    elementwise_grad,
    grad,
    hvp,
    jvp,
    linearize,
    value_and_grad,
    vjp,
)
from mygrad.transforms.jacobians import hessian, jacobian

from mygrad import errors, fft, linalg, typing  # isort: skip - they mirror what the rules above register

__version__ = "3.0.0.dev0"

_own = [
    "Anomaly",
    "DisconnectedView",
    "Elementwise",
    "GradientLost",
    "InvalidBackprop",
    "InvalidGradient",
    "MyGradException",
    "Operation",
    "Tensor",
    "add_sequence",
    "arccot",
    "arccoth",
    "arccsc",
    "arccsch",
    "arcsec",
    "arcsech",
    "asarray",
    "astensor",
    "checkpoint",
    "computational_graph",
    "cot",
    "coth",
    "coverage",
    "csc",
    "csch",
    "custom_vjp",
    "debug",
    "elementwise_grad",
    "errors",
    "execute_op",
    "fft",
    "grad",
    "hessian",
    "hvp",
    "implements",
    "jacobian",
    "jvp",
    "linalg",
    "linearize",
    "load",
    "mem_guard_active",
    "mem_guard_off",
    "mem_guard_on",
    "multi_matmul",
    "multiply_sequence",
    "nnet",
    "no_autodiff",
    "operation_base",
    "optim",
    "random",
    "save",
    "sec",
    "sech",
    "sliding_window_view",
    "stop_gradient",
    "strict",
    "tensor",
    "testing",
    "turn_memory_guarding_off",
    "turn_memory_guarding_on",
    "typing",
    "value_and_grad",
    "vjp",
]
_mirrored = {name: getattr(_np, name) for name in _SHARED} | _mirror(_np)
globals().update({name: value for name, value in _mirrored.items() if name not in _own})
__all__ = sorted({*_own, *_mirrored})  # noqa: PLE0605 - derived from the registry


#: Names that are imported on first use, and where they are found.
_later = {
    "computational_graph": "mygrad",
    "execute_op": "mygrad.transforms.execute_op",
    "load": "mygrad.io",
    "nnet": "mygrad",
    "operation_base": "mygrad",
    "optim": "mygrad",
    "random": "mygrad",
    "save": "mygrad.io",
    "testing": "mygrad",
}


def __getattr__(name: str) -> object:
    """Import a name on first use."""
    if name not in _later:
        raise AttributeError(f"module 'mygrad' has no attribute {name!r}")
    home = _later[name]
    if home == "mygrad":
        return _import_module(f"mygrad.{name}")
    value = globals()[name] = getattr(_import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_later})
