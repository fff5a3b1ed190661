"""Where MyGrad 2 keeps the Tensor, for programs that import it from there."""

from mygrad.tensors.tensor import Tensor

__all__ = ["Tensor"]
