"""Hooks get each complete gradient once, may replace it, and cost nothing where there are none."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.errors import InvalidGradient
from tests.checks import assert_same

V = np.array([1.0, 2.0, 3.0])


@pytest.fixture
def seen() -> list[Any]:
    """The gradients passed to the hook ``seen.append``."""
    return []


# ------------------------------------------------------------------ looking


def test_a_hook_sees_the_whole_gradient_once(seen: list[Any]) -> None:
    x = mg.tensor(V)
    y = x * 2
    y.register_hook(seen.append)
    np.sum(y * y + y).backward()
    assert_same(seen, [4 * V + 1])
    assert_same(y.grad, 4 * V + 1)
    assert_same(x.grad, 8 * V + 2)


def test_a_hook_of_a_leaf(seen: list[Any]) -> None:
    x = mg.tensor(V)
    x.register_hook(seen.append)
    np.sum(x * x).backward()
    np.sum(3 * x).backward()  # leaves keep their hooks
    assert_same(seen, [2 * V, np.full(3, 3.0)])
    assert_same(x.grad, np.full(3, 3.0))


def test_each_backward_counts(seen: list[Any]) -> None:
    x = mg.tensor(V)
    y = x * 2
    y.register_hook(seen.append)
    total = np.sum(y)
    total.backward(retain_graph=True)
    total.backward()
    assert len(seen) == 2
    assert_same(x.grad, np.full(3, 4.0))


def test_no_gradient_no_call(seen: list[Any]) -> None:
    x = mg.tensor(V)
    y = x * 2
    y.register_hook(seen.append)
    np.sum(x).backward()
    assert seen == []


def test_a_view_shows_what_comes_through_it(seen: list[Any]) -> None:
    x = mg.tensor(V)
    view = x[:2]
    view.register_hook(seen.append)
    (np.sum(view * 2) + np.sum(x)).backward()
    assert_same(seen, [np.array([2.0, 2.0])])
    assert_same(x.grad, np.array([3.0, 3.0, 1.0]))


def test_a_hook_belongs_to_the_value_of_its_time(seen: list[Any]) -> None:
    x = mg.tensor(V)
    y = x * 3
    y.register_hook(seen.append)
    y *= 2
    np.sum(y).backward()
    assert_same(seen, [np.full(3, 2.0)])  # of what y was before the update
    assert_same(y.grad, np.ones(3))
    assert_same(x.grad, np.full(3, 6.0))


def test_one_of_several_results(seen: list[Any]) -> None:
    x = mg.tensor([[3.0, 0.0], [0.0, 2.0]])
    _, s, _ = np.linalg.svd(x)
    s.register_hook(seen.append)
    creator = s.creator
    assert type(creator).__name__ == "SVD"
    np.sum(s * [1.0, 5.0]).backward()
    assert_same(seen, [np.array([1.0, 5.0])])
    assert_same(x.grad, np.diag([1.0, 5.0]))


def test_what_a_hook_is_shown_is_read_only() -> None:
    def write(grad: Any) -> None:
        grad += 1

    x = mg.tensor(V)
    x.register_hook(write)
    with pytest.raises(ValueError, match="read-only"):
        np.sum(x * x).backward()


# ---------------------------------------------------------------- replacing


def test_hooks_run_in_turn() -> None:
    x = mg.tensor(V)
    y = x * 1
    y.register_hook(lambda grad: grad * 10)
    y.register_hook(lambda grad: None)
    y.register_hook(lambda grad: grad + 1)
    np.sum(y).backward()
    assert_same(y.grad, np.full(3, 11.0))
    assert_same(x.grad, np.full(3, 11.0))


def test_a_leaf_adds_up_what_its_hooks_leave() -> None:
    x = mg.tensor(V)
    x.register_hook(lambda grad: grad * 2)
    first, second = np.sum(x), np.sum(3 * x)
    first.backward()
    second.backward()
    assert_same(x.grad, np.full(3, 8.0))


def test_a_view_changes_its_part() -> None:
    x = mg.tensor(V)
    view = x[:2]
    view.register_hook(lambda grad: 5 * grad)
    (np.sum(view * 2) + np.sum(x)).backward()
    assert_same(x.grad, np.array([11.0, 11.0, 1.0]))


def test_the_dtype_is_restored() -> None:
    x = mg.tensor(V, dtype=np.float32)
    y = x * 1
    y.register_hook(lambda grad: grad.astype(np.float64))
    x.register_hook(lambda grad: [1, 2, 3])
    np.sum(y).backward()
    assert_same(y.grad, np.ones(3, np.float32))
    assert_same(x.grad, V.astype(np.float32))


def test_a_returned_array_stays_the_hooks_own() -> None:
    mine = np.full(3, 2.0)
    x = mg.tensor(V)
    y = x * 1
    y.register_hook(lambda grad: mine)
    np.sum(y).backward()
    x.grad[...] = 7
    y.grad[...] = 8
    assert_same(mine, np.full(3, 2.0))


def test_a_removed_hook_is_not_called(seen: list[Any]) -> None:
    x = mg.tensor(V)
    y = x * 2
    handle, other = y.register_hook(lambda grad: grad * 0), y.register_hook(seen.append)
    handle.remove()
    handle.remove()
    np.sum(y).backward()
    assert_same(x.grad, np.full(3, 2.0))
    assert len(seen) == 1
    other.remove()


@pytest.mark.parametrize("returned", [np.ones(2), "text", np.array(["a", "b", "c"]), 1.0])
@pytest.mark.parametrize("order", [1, 2])
def test_what_is_no_gradient(returned: Any, order: int) -> None:
    def wrong(grad: Any) -> Any:
        return returned

    x = mg.tensor(V)
    y = x * 2
    y.register_hook(wrong)
    with pytest.raises(InvalidGradient, match=r"the hook wrong returned .*of shape \(3,\)"):
        np.sum(y).backward(create_graph=order == 2)


@pytest.mark.parametrize(
    "tensor", [mg.tensor([1, 2]), mg.tensor(1.0, constant=True), mg.tensor(V, constant=True)[:1]]
)
def test_constants_take_no_hooks(tensor: Any, seen: list[Any]) -> None:
    with pytest.raises(TypeError, match="register_hook: a constant tensor has no gradient"):
        tensor.register_hook(seen.append)


def test_a_hook_is_a_function() -> None:
    with pytest.raises(TypeError, match="takes a function of the gradient, not 3"):
        mg.tensor(V).register_hook(3)  # type: ignore[arg-type]


def test_an_error_in_a_hook_is_the_callers(seen: list[Any]) -> None:
    x = mg.tensor(V)
    handle = x.register_hook(lambda grad: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        np.sum(x * 2).backward()
    handle.remove()
    x.register_hook(seen.append)
    np.sum(x * 2).backward()
    assert_same(x.grad, np.full(3, 2.0))


# ------------------------------------------------------------ higher orders


def test_derivatives_of_what_a_hook_returns() -> None:
    x = mg.tensor(2.0)
    x.register_hook(lambda grad: grad * grad)
    np.power(x, 3).backward(create_graph=True)
    assert isinstance(x.grad, mg.Tensor)
    assert x.grad.item() == (3 * 2.0**2) ** 2


def scaled(x: Any) -> Any:
    """The sum of squares, whose gradient a hook makes three times as large."""
    y = x * x
    y.register_hook(lambda grad: 3 * grad)
    return np.sum(y)


def test_transforms_call_hooks() -> None:
    assert_same(mg.grad(scaled)(V), 6 * V)
    assert_same(mg.hessian(scaled)(V), 6 * np.eye(3))
    assert_same(mg.jacobian(lambda x: np.stack([scaled(x), np.sum(x)]))(V), np.stack([6 * V, V**0]))


def test_hooks_of_arguments() -> None:
    matrix = np.arange(9.0).reshape(3, 3)

    def f(x: Any) -> Any:
        x.register_hook(lambda grad: 10 * grad)
        return np.sum((matrix @ x) ** 2)

    expected = 200 * matrix.T @ matrix
    np.testing.assert_allclose(mg.hessian(f)(V), expected)
    np.testing.assert_allclose(mg.hvp(f, V, V), expected @ V)
    np.testing.assert_allclose(mg.grad(f)(V), 0.1 * expected @ V)


def test_a_transform_leaves_the_hooks_of_others_alone(seen: list[Any]) -> None:
    w = mg.tensor(2.0)
    w.register_hook(seen.append)
    slope = mg.grad(lambda x: x * x * w)(mg.tensor(3.0))
    assert seen == []
    slope.backward()
    assert_same(seen, [np.array(6.0)])


# ------------------------------------------------------------------- upkeep


def test_hooks_stay_behind_when_a_tensor_is_copied(seen: list[Any]) -> None:
    x = mg.tensor(V)
    x.register_hook(seen.append)
    for other in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        np.sum(other).backward()
        assert_same(other.grad, np.ones(3))
    assert seen == []


def test_the_memory_guard_knows_a_tensor_with_a_hook(seen: list[Any]) -> None:
    x = mg.tensor(V)
    y = np.exp(x)
    y.register_hook(seen.append)
    array = y.data
    total = np.sum(y * y)
    assert not array.flags.writeable
    total.backward()
    assert array.flags.writeable
    np.testing.assert_allclose(x.grad, 2 * np.exp(2 * V))


def test_a_hook_makes_no_cycle() -> None:
    gc.disable()
    try:
        x = mg.tensor(V)
        y = x * 2
        y.register_hook(lambda grad: grad)
        alive = weakref.ref(y)
        np.sum(y).backward()
        del y
        assert alive() is None
    finally:
        gc.enable()


def test_many_hooks_in_a_row() -> None:
    y = x = mg.tensor(1.0)
    for _ in range(5000):
        y = y + 0.0
        y.register_hook(lambda grad: grad)
    y.backward()
    assert_same(x.grad, np.array(1.0))
