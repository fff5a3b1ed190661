"""Declaring an operation: the parameters of rules, and the values saved for them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.dispatch.protocols import dispatched, follow
from mygrad.engine.operation import Elementwise, Operation, Plan, asked_of, defaults_of
from mygrad.engine.registry import composed, implements, piecewise_constant, refuse, registry
from mygrad.testing import check_gradients
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
P = np.array([0.7, 2.2, 1.35])

# ------------------------------------------------------------ what a rule asks for


def test_a_rule_is_read_by_the_names_of_its_parameters() -> None:
    def rule(grad, out, x2, axis=None, *, where=True):
        return grad

    assert asked_of(rule) == ("out", "x2", "axis", "where")
    assert defaults_of(rule) == {"axis": None, "where": True}
    assert asked_of(lambda grad: grad) == ()


class Pair(Operation):
    """Rules that ask for different things."""

    def vjp_a(grad, b, out):
        return grad * b + 0 * out

    def vjp_b(grad, a, b_shape):
        return grad * a


def test_a_plan_keeps_what_the_needed_rules_ask_for() -> None:
    assert Pair.differentiable == ("a", "b")
    assert Pair.plan_for(("a",)).names == ("b", "out")
    assert Pair.plan_for(("b",)).names == ("a", "b_shape")
    both = Pair.plan_for(("a", "b"))
    assert both.names == ("b", "out", "a", "b_shape")
    assert both.sources == (1, -1, 0, None)
    # Each rule is called with all that is kept, in order.
    assert [rule(2.0, 3.0, 4.0, 5.0, ()) for rule in both.rules] == [6.0, 10.0]
    assert Pair.plan_for(("a",)) is Pair.plan_for(("a",))
    assert isinstance(both, Plan)


def test_operations_have_no_dictionary() -> None:
    class Bare(Elementwise):
        def vjp_x(grad):
            return grad

    assert Bare.__slots__ == ()
    assert not hasattr((mg.tensor(F) * 2).creator, "__dict__")


# --------------------------------------------------------------- declaring one's own


@dispatched
def scaled(x: Any, by: Any = 2.0, *, offset: Any = 0.0) -> Any:
    return x * by + offset


@implements(scaled)
class Scaled(Operation):
    def vjp_x(grad, by=2.0):
        return grad * by

    def vjp_by(grad, x):
        return np.sum(grad * x)

    def vjp_offset(grad):
        return grad


def test_a_function_of_ones_own() -> None:
    assert_same(scaled(F), F * 2)
    check_gradients(scaled, F)
    check_gradients(lambda x, b, o: scaled(x, by=b, offset=o), F, np.array(1.5), np.array(0.5))
    check_gradients(lambda b: scaled(F, b), np.array(1.5))
    assert type(scaled(mg.tensor(F)).creator) is Scaled


@dispatched
def halves(x: Any) -> Any:
    return x[: len(x) // 2], x[len(x) // 2 :].copy()


@implements(halves)
class Halves(Operation):
    may_view = True

    def vjp_x(grad, x):
        parts = [np.zeros_like(x, shape=(1,)) if part is None else part for part in grad]
        return np.concatenate(parts)


def test_several_outputs_one_of_them_a_view() -> None:
    x = mg.tensor(np.array([1.0, 2.0]))
    first, second = halves(x)
    assert first.base is x
    assert second.base is None
    (second * 3).backward()
    assert_same(x.grad, np.array([0.0, 3.0]))
    check_gradients(halves, np.array([1.0, 2.0]))


@dispatched
def squares(x: Any, y: Any) -> Any:
    return x**2 + y**2


@implements(squares)
class Squares(Operation):
    differentiable = ("x", "y")

    def vjp(grad, needs, x, y):
        every = {"x": 2 * grad * x, "y": 2 * grad * y}
        return {name: every[name] for name in needs}


def test_one_rule_for_several_arguments() -> None:
    check_gradients(squares, F, P)
    check_gradients(lambda y: squares(F, y), P)


@dispatched
def spread(x: Any) -> Any:
    return x.max() - x.min()


@composed(spread)
def _spread(x):
    return np.max(x) - np.min(x)


def test_an_expression_for_a_rule() -> None:
    x = mg.tensor(F)
    assert np.max(F) - np.min(F) == 3.5
    result = follow(mg.Tensor, registry[spread], spread.__wrapped__, (x,), {})
    assert_same(result, np.array(3.5))
    result.backward()
    assert_same(x.grad, np.array([1.0, -1.0, 0.0]))


def test_a_function_has_one_fate() -> None:
    with pytest.raises(ValueError, match=r"mygrad already has a rule for .*exp.*: Exp"):
        implements(np.exp)(Doubled)
    with pytest.raises(ValueError, match=r"mygrad already has a rule for .*exp.*: Exp"):
        piecewise_constant(np.exp)
    with pytest.raises(ValueError, match=r"mygrad already has a rule for .*exp.*: Exp"):
        refuse(np.exp, reason="none")
    implements(np.exp)(registry[np.exp])  # type: ignore[arg-type] # the same again is no conflict


class Doubled(mg.Elementwise):
    def vjp_x(grad):
        return 2 * grad


class Duck:
    """As Numba's ufuncs: none by its class, and handed over all the same."""

    nin, nout = 1, 1
    __name__ = "duck"

    def __call__(self, x: Any) -> Any:
        if isinstance(x, mg.Tensor):
            return x.__array_ufunc__(self, "__call__", x)
        return 2 * x


def test_what_numpy_does_not_hand_over_is_refused() -> None:
    def plain(x: Any) -> Any:
        return 2 * x

    for function in (plain, print, np.vectorize(plain), np.full, 3):
        with pytest.raises(TypeError, match=r"would never be used.*mygrad\.custom_vjp"):
            implements(function)(Doubled)
    implements(np.frompyfunc(plain, 1, 1))(Doubled)
    for function in (Duck(), dispatched(plain)):
        implements(function)(Doubled)
        x = mg.tensor(F)
        function(x).sum().backward()
        assert_same(x.grad, np.full(3, 2.0))


def test_rules_for_what_is_no_argument_are_refused() -> None:
    class Wrong(mg.Elementwise):
        def vjp_x1(grad):
            return grad

        def vjp_sigma(grad):
            return grad

    class Joint(mg.Elementwise):
        differentiable = ("x", "y")

        def vjp(grad, needs):
            return {}

    three = np.frompyfunc(lambda a, b, c: a, 3, 1)
    with pytest.raises(TypeError, match=r"Wrong has a rule for 'sigma', .* called x1, x2, x3"):
        implements(three)(Wrong)
    with pytest.raises(TypeError, match=r"Joint has a rule for 'y', .* called x"):
        implements(np.frompyfunc(abs, 1, 1), three)(Joint)
    assert three not in registry


# ------------------------------------------------------------- rules that are wrong


def declared(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one argument with this rule."""

    @dispatched
    def function(x: Any) -> Any:
        return x + 0

    implements(function)(type("Wrong", (Operation,), {"vjp_x": rule}))
    return function


WRONG = [
    (lambda grad: np.ones(7), r"Wrong.*shape \(7,\).*shape \(3,\)"),
    (lambda grad: np.ones((2, 2)), r"Wrong.*shape \(2, 2\).*shape \(3,\)"),
    (lambda grad: "text", r"a rule of Wrong returned 'text', which is not an array of numbers"),
    (lambda grad: [object()], r"a rule of Wrong returned .* not an array of numbers"),
]


@pytest.mark.parametrize(("rule", "message"), WRONG, ids=range(len(WRONG)))
def test_a_gradient_that_does_not_fit_names_the_operation(rule: Any, message: str) -> None:
    with pytest.raises(mg.InvalidGradient, match=message):
        declared(rule)(mg.tensor(F)).backward()


def test_a_rule_may_return_none_numbers_lists_and_what_broadcasts() -> None:
    for rule, expected in [
        (lambda grad: None, None),
        (lambda grad: 2, np.full(3, 2.0)),
        (lambda grad: [1, 2, 3], np.array([1.0, 2.0, 3.0])),
        (lambda grad: np.ones((5, 3)), np.full(3, 5.0)),
        (lambda grad: np.ones(3, np.float32), np.ones(3)),
        (lambda grad: grad * 1j + 1, np.ones(3)),
    ]:
        x = mg.tensor(F)
        declared(rule)(x).backward()
        if expected is None:
            assert x.grad is None
        else:
            assert_same(x.grad, expected)


# --------------------------------------------------------------- what is kept alive

SIZE = 100_000
BYTES = 8 * SIZE

# What is computed of x, and how many arrays of its size the result and the graph hold.
KEPT: list[tuple[str, Callable[[Any], Any], int]] = [
    ("x + 1", lambda x: x + 1.0, 1),
    ("x * 2", lambda x: x * 2.0, 1),
    ("exp", lambda x: np.exp(x), 1),
    ("tanh", lambda x: np.tanh(x), 1),
    ("sum", lambda x: np.sum(x), 0),
    ("mean", lambda x: np.mean(x), 0),
    ("view", lambda x: x[::2], 0),
    ("reshape", lambda x: np.reshape(x, (-1, 2)), 0),
    ("chain of sums", lambda x: x + 1.0 + 2.0 + 3.0, 1),
    ("chain of scalings", lambda x: -(x * 2.0) / 3.0, 1),
    ("exp of a sum", lambda x: np.exp(x + 1.0), 1),
    ("sin of a sum keeps the sum", lambda x: np.sin(x + 1.0), 2),
    ("sum of exp", lambda x: np.sum(np.exp(x)), 1),
    ("sum of a sum", lambda x: np.sum(x + 1.0), 0),
    ("concatenate", lambda x: np.concatenate([x + 1.0, x + 2.0]), 2),
    ("where", lambda x: np.where(True, x + 1.0, 0.0), 1),
    ("cumsum", lambda x: np.cumsum(x + 1.0), 1),
    ("copies", lambda x: x.copy().copy(), 1),
    ("in place", lambda x: in_place(x + 1.0), 1),
]


def in_place(y: Any) -> Any:
    y *= 2.0
    y += 1.0
    y[: len(y) // 2] *= 3.0
    return y


@pytest.mark.parametrize(("name", "compute", "count"), KEPT, ids=[name for name, *_ in KEPT])
def test_what_no_rule_asks_for_is_not_kept(name: str, compute: Any, count: int) -> None:
    x = mg.tensor(np.ones(SIZE))
    compute(x)
    tracemalloc.start()
    try:
        kept = compute(x)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert round(held / BYTES, 1) == count
    kept.backward()
    assert x.grad.shape == (SIZE,)


def test_constants_keep_nothing_of_the_other_operand() -> None:
    constant = np.ones(SIZE)
    tracemalloc.start()
    try:
        x = mg.tensor(2.0)
        kept = [np.sum(constant * 3.0 + x) for _ in range(5)]
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < BYTES
    sum(kept).backward()
    assert x.grad == 5 * SIZE


def test_without_gradients_nothing_is_kept() -> None:
    x = mg.tensor(np.ones(SIZE))
    for context, tensor in ((mg.no_autodiff, x), (mg.mem_guard_on, x.detach())):
        tracemalloc.start()
        try:
            with context:
                result = np.sum(np.sin(np.exp(tensor) * tensor))
            held = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        assert result.constant
        assert held < BYTES / 10


def test_a_rule_that_gives_up_its_tensors_is_told_so() -> None:
    @dispatched
    def twice(x: Any) -> Any:
        return 2 * x

    class Twice(Operation):
        def vjp_x(grad: Any, x: Any) -> Any:
            return 2 * grad * np.ones_like(np.asarray(x))

    implements(twice)(Twice)
    x = mg.tensor([1.0, 2.0])
    with pytest.raises(
        mg.InvalidBackprop, match=r"a rule converted .* plain array, with np\.asarray"
    ):
        twice(x).backward(create_graph=True)
    y = mg.tensor([1.0, 2.0])
    twice(y).backward()
    assert y.grad.tolist() == [2, 2]
