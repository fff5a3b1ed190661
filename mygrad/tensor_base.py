"""MyGrad 2's import path of Tensor."""

from mygrad.tensors.tensor import Tensor, asarray, astensor

__all__ = ["Tensor", "asarray", "astensor"]
