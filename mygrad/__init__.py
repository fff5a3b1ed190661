"""NumPy, differentiable.

Call plain NumPy functions on tensors, go back from a result, read the gradients:

>>> import numpy as np, mygrad as mg
>>> x = mg.tensor([1.0, 2.0, 3.0])
>>> np.sum(x * np.exp(x)).backward()
>>> x.grad
array([ 5.43656366, 22.1671683 , 80.34214769])
"""

import numpy as _np

from mygrad import rules as rules
from mygrad.coverage import coverage
from mygrad.errors import (
    DisconnectedView,
    GradientLost,
    InvalidBackprop,
    InvalidGradient,
    MyGradException,
)
from mygrad.modes import (
    mem_guard_active,
    mem_guard_off,
    mem_guard_on,
    no_autodiff,
    strict,
    turn_memory_guarding_off,
    turn_memory_guarding_on,
)
from mygrad.namespace import SHARED as _SHARED
from mygrad.namespace import mirror as _mirror
from mygrad.operation import Elementwise, Operation, implements
from mygrad.tensor import Tensor, asarray, astensor, tensor
from mygrad.transforms import (
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

from mygrad import fft, linalg  # isort: skip - they mirror what the rules above have registered

__version__ = "3.0.0.dev0"

_own = [
    "DisconnectedView",
    "Elementwise",
    "GradientLost",
    "InvalidBackprop",
    "InvalidGradient",
    "MyGradException",
    "Operation",
    "Tensor",
    "asarray",
    "astensor",
    "coverage",
    "elementwise_grad",
    "fft",
    "grad",
    "hessian",
    "hvp",
    "implements",
    "jacobian",
    "jvp",
    "linalg",
    "mem_guard_active",
    "mem_guard_off",
    "mem_guard_on",
    "no_autodiff",
    "strict",
    "tensor",
    "turn_memory_guarding_off",
    "turn_memory_guarding_on",
    "value_and_grad",
    "vjp",
]
_mirrored = {name: getattr(_np, name) for name in _SHARED} | _mirror(_np)
globals().update({name: value for name, value in _mirrored.items() if name not in _own})
__all__ = sorted({*_own, *_mirrored})  # noqa: PLE0605 - derived from the registry
