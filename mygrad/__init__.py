"""mygrad: NumPy, differentiable."""

from mygrad import rules as rules
from mygrad.errors import *
from mygrad.modes import *
from mygrad.operation import *
from mygrad.tensor import Tensor, astensor, tensor
