"""Where a derivative is infinite or undefined, an incoming zero gradient stays zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from tests.checks import assert_same
from tests.edges import masked_gradient, masked_hessian_diagonal

F = np.array([1.5, -2.0, 0.5])

EDGES: list[tuple[Callable[..., Any], list[float], tuple[Any, ...]]] = [
    (np.sqrt, [0.0, -1.0], ()),
    (np.cbrt, [0.0], ()),
    (np.log, [0.0, -1.0], ()),
    (np.log2, [0.0], ()),
    (np.log10, [0.0], ()),
    (np.log1p, [-1.0, -2.0], ()),
    (np.reciprocal, [0.0], ()),
    (np.divide, [0.0], (0.0,)),
    (np.power, [0.0], (-1.0,)),
    (np.power, [0.0], (0.5,)),
    (np.float_power, [0.0], (0.5,)),
    (np.arcsin, [1.0, -1.0, 2.0], ()),
    (np.arccos, [1.0, -1.0], ()),
    (np.arccosh, [1.0, 0.5], ()),
    (np.arctanh, [1.0, -1.0], ()),
    (np.exp, [800.0], ()),
    (np.exp2, [2000.0], ()),
    (np.tan, [np.inf], ()),
    (np.hypot, [0.0], (0.0,)),
    (np.arctan2, [0.0], (0.0,)),
    (np.logaddexp, [-np.inf], (-np.inf,)),
    (np.logaddexp2, [-np.inf], (-np.inf,)),
    (np.sinh, [800.0], ()),
    (np.multiply, [np.nan], (np.nan,)),
    (np.remainder, [1.0], (0.0,)),
    (np.square, [np.inf], ()),
    (np.sinc, [np.inf], ()),
    (np.i0, [1e4], ()),
]


@pytest.mark.parametrize(
    ("function", "bad", "args"), EDGES, ids=[f"{f.__name__}{b}{a}" for f, b, a in EDGES]
)
def test_what_where_does_not_take_leaks_nothing(function: Any, bad: Any, args: Any) -> None:
    x = np.array([*bad, 0.5 if function is not np.arccosh else 1.5])
    good = np.array([False] * len(bad) + [True])
    alone = masked_gradient(function, x[-1:], np.array([True]), *args)
    grad = masked_gradient(function, x, good, *args)
    assert_same(grad, np.array([0.0] * len(bad) + [alone[0]]))
    curvature = masked_hessian_diagonal(function, x, good, *args)
    assert curvature is None or np.all(np.isfinite(curvature[:-1]))


TAKEN = np.array([False, True, True])


def overwritten(v: Any) -> Any:
    w = v * 1.0
    w[0] = 0.0
    return w


def emptied(v: Any) -> Any:
    w = v * 1.0
    w[~TAKEN] = 0.0
    return w


PATHS: dict[str, Callable[[Any], Any]] = {
    "mask": lambda v: v[TAKEN],
    "where": lambda v: np.where(TAKEN, v, 0),
    "integers": lambda v: v[[1, 2]],
    "slice": lambda v: v[1:],
    "take": lambda v: np.take(v, [1, 2]),
    "compress": lambda v: np.compress(TAKEN, v),
    "extract": lambda v: np.extract(TAKEN, v),
    "delete": lambda v: np.delete(v, 0),
    "sum where": lambda v: np.sum(v, where=TAKEN),
    "product where": lambda v: np.prod(v, where=TAKEN),
    "split": lambda v: np.split(v, [1])[1],
    "unpacked": lambda v: list(v)[1] + list(v)[2],
    "select": lambda v: np.select([TAKEN], [v], 0),
    "choose": lambda v: np.choose(TAKEN, [np.zeros(3), v]),
    "overwritten": overwritten,
    "emptied": emptied,
    "maximum": lambda v: np.fmax(v[1:], -9.0),
    "flipped": lambda v: np.flip(v)[:2],
    "taken along": lambda v: np.take_along_axis(v, np.array([1, 2]), 0),
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("function", [np.sqrt, np.log, np.reciprocal])
def test_ways_around_a_singular_point(function: Any, name: str) -> None:
    """The first element is at a singular point and does not count."""
    x = mg.tensor([0.0, 0.5, 2.0])
    with np.errstate(all="ignore"):
        loss = np.sum(PATHS[name](function(x)))
    loss.backward()
    assert x.grad[0] == 0
    assert np.all(x.grad[1:] != 0)
    assert np.all(np.isfinite(x.grad))


def updated_in_part(v: Any) -> Any:
    w = v * 1.0
    rest = w[1:]
    rest += 1.0
    return rest * 1.0


def assigned_and_left(v: Any) -> Any:
    w = np.zeros_like(v)
    for i in range(3):
        w[i] = v[i]
    return w[1:]


def put_over(v: Any) -> Any:
    w = v * 1.0
    np.exp(v[1], out=w[:1])
    return w


#: Functions of rows, the first of which does not affect the result.
ROWS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda m: m.T[:, 1:] * 1.0,
    "view of a view": lambda m: m[None][0][1:],
    "rows": lambda m: sum(list(m)[1:]),
    "unstacked": lambda m: np.unstack(m)[1],
    "split in columns": lambda m: np.vsplit(m, 3)[2],
    "sums": lambda m: np.sum(m, axis=1)[1:],
    "spreads": lambda m: np.std(m, axis=1)[1:],
    "norms": lambda m: np.linalg.norm(m, axis=1)[1:],
    "products": lambda m: np.prod(m, axis=1)[1:],
    "maxima": lambda m: np.max(m, axis=1)[1:],
    "cumulated": lambda m: np.cumsum(m[::-1], axis=0)[1],
    "softmax": lambda m: (np.exp(m) / np.sum(np.exp(m), axis=1, keepdims=True))[1:],
    "matmul": lambda m: (m @ np.ones((2, 2)))[1:],
    "matmul, second": lambda m: (np.ones((2, 2)) @ m.T)[:, 1:],
    "dot": lambda m: np.dot(m, np.ones(2))[1:],
    "tensordot": lambda m: np.tensordot(m, np.ones(2), 1)[1:],
    "with itself": lambda m: (m @ m.T)[1:, 1:],
    "einsum": lambda m: np.einsum("ij,ij->i", m, m)[1:],
    "einsum of three": lambda m: np.einsum("ij,j,ik->ik", m, np.ones(2), m)[1:],
    "vecdot": lambda m: np.vecdot(m, m)[1:],
    "outer": lambda m: np.outer(m[:, 0], m[:, 1])[1:, 1:],
    "joined": lambda m: np.concatenate([m, m])[[1, 2, 4, 5]],
    "diagonal": lambda m: np.diagonal(m, -1),
    "trace": lambda m: np.trace(m, -1),
    "triangle": lambda m: np.tril(m, -1),
    "remainders": lambda m: np.divmod(m, 0.3)[1][1:],
}


@pytest.mark.parametrize("name", ROWS)
def test_nan_in_a_row_that_counts_for_nothing(name: str) -> None:
    for rows in (lambda v: np.outer(np.sqrt(v), [1.0, 2.0]), lambda v: np.outer(v, [1.0, 2.0])):
        x = mg.tensor([-1.0, 0.5, 2.0])
        with np.errstate(all="ignore"):
            matrix = rows(x)
            result = ROWS[name](np.exp(np.sqrt(matrix)))
        result.backward()
        assert x.grad[0] == 0
        assert np.all(np.isfinite(x.grad))


@pytest.mark.parametrize(
    "name", [*PATHS, "updated in part", "assigned and left", "put over", "asked for in part"]
)
def test_nan_that_arises_on_the_way(name: str) -> None:
    path = PATHS | {
        "updated in part": updated_in_part,
        "assigned and left": assigned_and_left,
        "put over": put_over,
        "asked for in part": lambda v: v * 1.0,
    }
    missing = np.array([np.nan, 1.0, 1.0])
    for function in (
        lambda v: np.exp(3 * np.sqrt(v)),
        lambda v: np.log(v) + 1,
        lambda v: v**0.5,
        lambda v: np.exp(v * missing),
        lambda v: v / missing,
    ):
        x = mg.tensor([-1.0, 0.5, 2.0])
        with np.errstate(all="ignore"):
            result = path[name](function(x))
        result.backward(np.array([0, 1, 1]) if name == "asked for in part" else None)
        assert x.grad[0] == 0
        assert np.all(np.isfinite(x.grad))


def test_nan_that_arises_on_the_way_in_higher_order() -> None:
    x = mg.tensor([-1.0, 0.25, 1.0])
    with np.errstate(all="ignore"):
        result = np.sqrt(x)[1:]
    result.backward(create_graph=True)
    slope = x.grad
    x.null_grad()
    slope.backward()
    assert_same(x.grad, np.array([0.0, -2.0, -0.25]))


def test_nan_in_the_other_factor_of_a_product() -> None:
    """An unselected column gets a zero gradient; a NaN in a selected one is passed on."""
    a = np.array([[1.0, 2.0]])
    b = np.array([[3.0, np.nan], [np.nan, np.inf]])
    for product in (
        np.matmul,
        np.dot,
        lambda a, b: np.tensordot(a, b, 1),
        lambda a, b: np.einsum("ij,jk", a, b),
    ):
        x, y = mg.tensor(a), mg.tensor(b)
        product(x, y)[:, 0].backward()
        assert_same(x.grad, np.array([[3.0, np.nan]]))
        assert_same(y.grad, np.array([[1.0, 0.0], [2.0, 0.0]]))


IGNORING_NAN: dict[str, Callable[[Any], Any]] = {
    "nansum": np.nansum,
    "nanmean": np.nanmean,
    "nanprod": np.nanprod,
    "nanmax": np.nanmax,
    "nanmin": np.nanmin,
    "nanvar": np.nanvar,
    "nanstd": np.nanstd,
    "nanmedian": np.nanmedian,
    "nanquantile": lambda v: np.nanquantile(v, 0.3),
    "nanpercentile": lambda v: np.nanpercentile(v, 30),
    "nancumsum": np.nancumsum,
    "nancumprod": np.nancumprod,
    "nan_to_num": np.nan_to_num,
    "fmax": lambda v: np.fmax(v, 0.5),
    "fmin": lambda v: np.fmin(v, 9.0),
    "sum": lambda v: np.sum(v, where=TAKEN),
    "mean": lambda v: np.mean(v, where=TAKEN),
    "max": lambda v: np.max(v, where=TAKEN, initial=0.0),
    "add.reduce": lambda v: np.add.reduce(v, where=TAKEN),
    "ufunc": lambda v: np.exp(v, where=TAKEN, out=np.zeros_like(v)),
}


@pytest.mark.parametrize("name", [*IGNORING_NAN, "mask", "where", "select", "choose", "emptied"])
def test_nan_in_the_data_stays_where_it_is(name: str) -> None:
    x = mg.tensor([np.nan, 1.0, 2.0])
    ({**IGNORING_NAN, **PATHS}[name](x**2)).backward()
    assert x.grad[0] == 0
    assert np.all(np.isfinite(x.grad))


def test_what_is_undefined_is_not_hidden() -> None:
    with np.errstate(all="ignore"):
        for function, at, grad in [
            (np.sqrt, 0.0, np.inf),
            (np.log, 0.0, np.inf),
            (np.log, np.nan, np.nan),
        ]:
            x = mg.tensor(at)
            function(x).backward()
            assert_same(x.grad, np.array(grad))


def test_going_back_warns_of_nothing_and_leaves_the_error_state() -> None:
    with np.errstate(all="raise"):
        state = np.geterr()
        x = mg.tensor([0.0, 1.0])
        np.sqrt(x).backward()
        assert np.geterr() == state
    assert_same(x.grad, np.array([np.inf, 0.5]))


def test_only_nan_makes_an_index_or_an_update_a_gate() -> None:
    for x, gates in ((mg.tensor([0.0, 1.0]), False), (mg.tensor([-1.0, 1.0]), True)):
        with np.errstate(all="ignore"):
            y = np.log(x)
        assert y[1:].creator.gates is gates
        assert y[[1]].creator.gates is gates
        assert y[1].creator.gates is gates
        y[0] = 0.0
        assert y.creator.gates is gates
        assert y[1:].creator.gates is gates
        assert x[1:].creator.gates is False  # a leaf has no inputs
