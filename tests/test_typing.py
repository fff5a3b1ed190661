"""Types for annotations."""

from __future__ import annotations

import typing
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.typing import ArrayLike, DTypeLike, DTypeLikeReals, Index, Mask, Shape


def function(
    x: ArrayLike, dtype: DTypeLike, real: DTypeLikeReals, index: Index, where: Mask, shape: Shape
) -> None:
    """A function annotated with all types."""


def test_they_can_be_evaluated() -> None:
    hints = typing.get_type_hints(function)
    assert list(hints) == ["x", "dtype", "real", "index", "where", "shape", "return"]
    assert mg.typing.__all__ == sorted(mg.typing.__all__)
    assert all(hasattr(mg.typing, name) for name in mg.typing.__all__)


@pytest.mark.parametrize(
    ("alias", "member"),
    [
        (ArrayLike, mg.Tensor),
        (Index, slice),
        (Index, mg.Tensor),
        (Mask, bool),
        (DTypeLikeReals, np.dtype[np.bool | np.integer[Any] | np.floating[Any]]),
        (DTypeLike, None.__class__),
    ],
    ids=["tensor", "slice", "index", "bool", "reals", "None"],
)
def test_members(alias: Any, member: Any) -> None:
    assert member in typing.get_args(alias)
