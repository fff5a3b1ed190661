"""Where MyGrad 2 keeps the Tensor, for programs that import it from there."""

from mygrad.tensors.tensor import Tensor, asarray, astensor

__all__ = ["Tensor", "asarray", "astensor"]
