"""Nested structures are flattened and rebuilt without running code of their classes."""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import pytest

import mygrad as mg
from mygrad.transforms.pytrees import flatten, map_leaves, matching

X = np.array([1.0, 2.0, 3.0])


@dataclass
class Doubling:
    a: Any
    note: str = "none"

    def __post_init__(self) -> None:
        self.a = self.a * 2


@dataclass(frozen=True, slots=True)
class Frozen:
    a: Any


@dataclass
class Cached:
    a: Any
    scale: InitVar[float]
    norm: Any = field(init=False, default=None)
    calls: int = field(init=False, default=0)

    def __post_init__(self, scale: float) -> None:
        self.a = self.a * scale
        self.norm = np.sqrt(np.sum(self.a**2))


@dataclass(init=False)
class OwnInit:
    a: Any

    def __init__(self, size: int) -> None:
        self.a = np.ones(size)


class Pair(NamedTuple):
    left: Any
    right: Any


class Named(list[Any]):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Tagged(tuple[Any, ...]):  # noqa: SLOT001 - it has attributes
    tag: str

    def __new__(cls, tag: str, *items: Any) -> Self:
        result = super().__new__(cls, items)
        result.tag = tag
        return result


class Bare(tuple[Any, ...]):
    __slots__ = ()


def named() -> Named:
    result = Named("first")
    result += [X, [X]]
    return result


NESTS: list[Any] = [
    Doubling(X),
    Frozen([X, None]),
    Cached(X, 3.0),
    OwnInit(3),
    Pair(X, {"a": X}),
    named(),
    Tagged("t", X, X),
    Bare((X, X)),
    OrderedDict(b=X, a=(X,)),
    defaultdict(list, a=X),
    (X, [X, (None, X)]),
]


def values(nest: Any) -> list[Any]:
    return [np.asarray(leaf).tolist() for leaf in flatten(nest)[0]]


@pytest.mark.parametrize("nest", NESTS, ids=lambda nest: type(nest).__name__)
def test_a_nest_is_put_together_as_it_was(nest: Any) -> None:
    leaves, build = flatten(nest)
    again = build(leaves)
    assert type(again) is type(nest)
    assert again is not nest
    assert values(again) == values(nest)
    changed = map_leaves(
        lambda leaf: np.asarray(leaf) * 0 if hasattr(leaf, "dtype") else leaf, nest
    )
    assert type(changed) is type(nest)
    assert values(nest) != values(changed)


def test_what_is_no_leaf_stays() -> None:
    _, build = flatten(named())
    assert build([X, X]).name == "first"
    tagged = Tagged("t", X)
    assert map_leaves(lambda leaf: leaf, tagged).tag == "t"
    cached = Cached(X, 3.0)
    cached.calls = 7
    assert map_leaves(lambda leaf: leaf, cached).calls == 7


def test_classes_run_no_code() -> None:
    doubled = Doubling(X)
    np.testing.assert_array_equal(mg.stop_gradient(Doubling(mg.tensor(X))).a, 2 * X)
    value, gradient = mg.value_and_grad(lambda p: np.sum(p["a"].a))({"a": Frozen(doubled.a)})
    assert value == 12.0
    np.testing.assert_array_equal(gradient["a"].a, np.ones(3))
    np.testing.assert_array_equal(mg.vjp(Doubling, X)[0].a, 2 * X)
    assert mg.checkpoint(lambda p: np.sum(p.a))(Frozen(mg.tensor(X))).item() == 6.0
    assert mg.grad(lambda c: np.sum(c.a) * c.norm)(Cached(X, 3.0)).norm.shape == ()


@dataclass
class Computed:
    a: Any
    parts: Any = field(init=False, default=None)

    @cached_property
    def total(self) -> Any:
        return np.sum(self.a)

    def __post_init__(self) -> None:
        self.parts = [self.a[:1], self.a[1:]]


def test_what_was_computed_is_computed_again() -> None:
    record = Computed(X)
    assert record.total == 6.0
    np.testing.assert_array_equal(mg.grad(lambda r: r.total)(record).a, np.ones(3))
    gradient = mg.grad(lambda r: np.sum(r.parts[1] ** 2))(record)
    np.testing.assert_array_equal(gradient.parts[1], 2 * X[1:])
    np.testing.assert_array_equal(gradient.a, np.zeros(3))


def test_rules_of_ones_own_take_such_classes() -> None:
    @mg.custom_vjp
    def squares(record: Any) -> Any:
        return np.sum(record.a**2)

    @squares.rule
    def _(grad: Any, record: Any) -> Any:
        return map_leaves(lambda leaf: 2 * grad * leaf, record)

    np.testing.assert_array_equal(mg.grad(squares)(Computed(X)).a, 2 * X)


def test_tuples_that_are_no_nests_of_pythons() -> None:
    now = time.gmtime(0)
    assert map_leaves(lambda leaf: leaf, now) == now
    assert type(map_leaves(lambda leaf: leaf, now)) is time.struct_time


def test_what_does_not_match_is_named() -> None:
    with pytest.raises(TypeError, match=r"the tangent.a must be a list of length 2"):
        list(matching(Frozen(X), Frozen([X, X]), "the tangent"))
