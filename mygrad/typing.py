"""Types for annotations.

>>> from mygrad.typing import ArrayLike
>>> def half(x: ArrayLike) -> ArrayLike:
...     return x / 2
"""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, Literal, SupportsIndex, TypeAlias

import numpy as np
import numpy.typing as npt

from mygrad.tensors.tensor import Tensor

__all__ = ["ArrayLike", "DTypeLike", "DTypeLikeReals", "Index", "Mask", "Shape"]

#: Anything that can be converted to an array: numbers, arrays, tensors, nested sequences of these.
ArrayLike: TypeAlias = npt.ArrayLike | Tensor

#: Anything that NumPy accepts as a dtype.
DTypeLike: TypeAlias = npt.DTypeLike | None

#: Anything that NumPy accepts as a dtype of booleans, integers or real floating-point numbers.
DTypeLikeReals: TypeAlias = (
    type[bool | int | float | np.bool | np.integer[Any] | np.floating[Any]]
    | np.dtype[np.bool | np.integer[Any] | np.floating[Any]]
    | Literal[
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
        "longdouble",
    ]
    | None
)

#: An index of a tensor, as in ``tensor[index]``.
Index: TypeAlias = (
    SupportsIndex
    | slice
    | EllipsisType
    | Sequence[Any]
    | np.ndarray[Any, np.dtype[np.integer[Any] | np.bool]]
    | Tensor
    | tuple[Any, ...]
    | None
)

#: An argument ``where=``: booleans that are broadcast.
Mask: TypeAlias = bool | np.bool | np.ndarray[Any, np.dtype[np.bool]] | Sequence[Any]

#: A shape.
Shape: TypeAlias = Sequence[int]
