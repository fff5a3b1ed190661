"""Hypothesis strategies for the arguments of NumPy's functions: arrays, shapes, axes, indices."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.checks import distinct

MAX_SIDE = 4


def shapes(
    *, min_dims: int = 0, max_dims: int = 3, min_side: int = 0
) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of small arrays, empty ones included."""
    return hnp.array_shapes(
        min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=MAX_SIDE
    )


def numbers(low: float = -4, high: float = 4) -> st.SearchStrategy[float]:
    """Floats that finite differences resolve: hundredths, so that equal ones are exactly equal."""
    return st.integers(round(low * 100), round(high * 100)).map(lambda n: n / 100)


def arrays(
    shape: Any = None, *, low: float = -4, high: float = 4, dtype: Any = np.float64
) -> st.SearchStrategy[np.ndarray]:
    """Arrays of `numbers`, of any shape unless one, or a strategy for one, is given."""
    return hnp.arrays(
        dtype, shapes() if shape is None else shape, elements=numbers(low, high), fill=st.nothing()
    )


def apart(shape: Any = None) -> st.SearchStrategy[np.ndarray]:
    """Arrays without ties or near ties."""
    wanted = st.just(shape) if isinstance(shape, tuple) else shapes() if shape is None else shape
    return wanted.map(lambda shape: distinct(*shape))


def broadcastable(
    count: int, *, max_dims: int = 3, min_side: int = 0
) -> st.SearchStrategy[tuple[tuple[int, ...], ...]]:
    """A number of shapes that broadcast against each other."""
    return hnp.mutually_broadcastable_shapes(
        num_shapes=count, max_dims=max_dims, min_side=min_side, max_side=MAX_SIDE
    ).map(lambda shapes: shapes.input_shapes)


def axis(ndim: int) -> st.SearchStrategy[int]:
    """One axis of an array of ``ndim`` dimensions, counted from either end."""
    return st.integers(-ndim, ndim - 1)


def axes(ndim: int) -> st.SearchStrategy[Any]:
    """The argument `axis` of a reduction: None, an axis, or a tuple of axes."""
    tuples = hnp.valid_tuple_axes(ndim)
    return st.one_of(st.none(), tuples, *([axis(ndim)] if ndim else []))


def basic_indices(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """Basic indices, which make views: integers, slices, Ellipsis and None."""
    return hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)


@st.composite
def advanced_indices(draw: st.DrawFn, shape: tuple[int, ...]) -> Any:
    """Integer arrays and masks, alone and mixed with basic indices; repeated entries included."""
    common = draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    index: list[Any] = []
    rest = list(shape)
    while rest:
        length = rest.pop(0)
        kind = draw(st.sampled_from(["slice", "mask", "integer", "array"])) if length else "slice"
        if kind == "slice":
            index.append(draw(st.slices(length)))
        elif kind == "integer":
            index.append(draw(st.integers(-length, length - 1)))
        elif kind == "array":
            elements = st.integers(-length, length - 1)
            # Index arrays that broadcast against the others: of the full shape, or of ones.
            part = draw(st.sampled_from([common, (1,) * len(common), ()]))
            index.append(draw(hnp.arrays(np.intp, part, elements=elements)))
        else:
            index.append(_mask(draw, length, common))
        if draw(st.integers(0, 5)) == 0:
            index.append(None)
    if draw(st.booleans()):
        full = len(index)
        while full and isinstance(index[full - 1], slice) and index[full - 1] == slice(None):
            full -= 1
        index[full:] = [...]
    return tuple(index)


def _mask(draw: st.DrawFn, length: int, common: tuple[int, ...]) -> np.ndarray:
    """A mask along one axis whose number of entries broadcasts against the other indices."""
    last = common[-1] if common else 1
    chosen = draw(st.permutations(range(length)))[: last if last <= length else 1]
    mask = np.zeros(length, bool)
    mask[list(chosen)] = True
    return mask


@st.composite
def masks(draw: st.DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    """A boolean array for the leading axes of an array, or for all axes."""
    ndim = draw(st.integers(0, len(shape)))
    return draw(hnp.arrays(bool, shape[:ndim]))


def indices(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    """An index of any kind for an array of this shape."""
    return st.one_of(basic_indices(shape), advanced_indices(shape), masks(shape))
