"""Types for annotations: what mygrad's functions take.

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

#: What can be made an array of: numbers, arrays, tensors, and nested sequences of these.
ArrayLike: TypeAlias = npt.ArrayLike | Tensor

#: What NumPy takes for a dtype.
DTypeLike: TypeAlias = npt.DTypeLike | None

#: What NumPy takes for a dtype of real numbers: booleans, integers and floats.
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

#: What stands between the brackets of ``tensor[...]``; or a tuple of such.
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

#: What ``where=`` takes: booleans that are broadcast.
Mask: TypeAlias = bool | np.bool | np.ndarray[Any, np.dtype[np.bool]] | Sequence[Any]

#: The lengths of the axes.
Shape: TypeAlias = Sequence[int]
