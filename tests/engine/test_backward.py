"""Backpropagation: gradients, their memory, and the lifetimes of gradients and graphs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine.nans import FLAGS
from mygrad.testing import check_gradients
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
P = np.array([0.7, 2.2, 1.35])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

# ---------------------------------------------------------------------- gradients


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0,), (2, 0, 3)], ids=repr)
def test_a_gradient_has_the_dtype_and_shape_of_its_tensor(shape: Any, dtype: Any) -> None:
    x = mg.tensor(np.ones(shape, dtype))
    y = x * 2
    np.sum(y * np.ones(shape), dtype=np.complex128).backward()
    for tensor in (x, y):
        assert type(tensor.grad) is np.ndarray
        assert tensor.grad.dtype == dtype
        assert tensor.grad.shape == shape


def test_every_tensor_still_held_has_its_gradient() -> None:
    x = mg.tensor(F)
    y = x * 2
    z = y**2
    loss = np.sum(z)
    loss.backward()
    assert_same(loss.grad, np.array(1.0))
    assert_same(z.grad, np.ones(3))
    assert_same(y.grad, 4 * F)
    assert_same(x.grad, 8 * F)


def test_a_tensor_of_several_elements_goes_back_from_their_sum() -> None:
    x = mg.tensor(M)
    (x**2).backward()
    assert_same(x.grad, 2 * M)


@pytest.mark.parametrize(
    "grad", [2, 2.0, np.float32(2), [2.0] * 3, np.full(3, 2), mg.tensor(2.0)], ids=repr
)
def test_a_gradient_to_begin_with(grad: Any) -> None:
    x = mg.tensor(F)
    (x * 3).backward(grad)
    assert_same(x.grad, np.full(3, 6.0))


def test_the_gradient_given_stays_the_callers() -> None:
    x, grad = mg.tensor(F), np.ones(3)
    y = +x
    y.backward(grad)
    grad[:] = 7
    assert_same(y.grad, np.ones(3))
    assert_same(x.grad, np.ones(3))
    x.grad[:] = 5
    assert_same(y.grad, np.ones(3))
    assert_same(grad, np.full(3, 7.0))


def test_gradients_never_share_memory() -> None:
    x, y = mg.tensor(M), mg.tensor(M)
    tensors = [x, y, x + y, np.reshape(x, (3, 2)) * 1, x[0] + 0, +x]
    total = sum(np.sum(t) for t in tensors)
    total.backward()
    for one, other in combinations(tensors, 2):
        assert not np.shares_memory(one.grad, other.grad)
        assert not np.shares_memory(one.grad, other.data)
    assert x.grad.flags.writeable


def test_the_gradient_of_a_view_is_a_view_of_its_bases() -> None:
    x = mg.tensor(M)
    row = x[0]
    (x**2).backward()
    assert np.shares_memory(row.grad, x.grad)
    assert_same(row.grad, 2 * M[0])


def test_the_same_gradient_is_the_same_array() -> None:
    x = mg.tensor(F)
    (x * 2).backward()
    assert x.grad is x.grad


def test_a_tensor_used_several_times_gets_the_sum() -> None:
    x = mg.tensor(F)
    (x * x + x + np.concatenate([x[:1], x[1:]])).backward()
    assert_same(x.grad, 2 * F + 2)
    y = mg.tensor(3.0)
    sum([y] * 50).backward()
    assert_same(y.grad, np.array(50.0))


def test_what_the_result_does_not_depend_on_has_none() -> None:
    x, unused = mg.tensor(F), mg.tensor(F)
    side = unused * 2
    np.sum(x).backward()
    assert unused.grad is None
    assert side.grad is None
    assert side.creator is not None


def test_constants_get_no_gradient_and_go_nowhere() -> None:
    for constant in (mg.tensor([1, 2]), mg.tensor(F, constant=True), mg.tensor(F).detach()):
        constant.backward()
        (constant * 2).backward("of any kind")
        assert constant.grad is None


def test_a_real_argument_has_a_real_gradient() -> None:
    x = mg.tensor(F)
    np.abs(x * (1 + 2j)).backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_allclose(x.grad, np.sqrt(5) * np.sign(F))


# -------------------------------------------------------------------- lifetime


def test_backward_clears_the_graph() -> None:
    x = mg.tensor(F)
    y = x * 2
    z = np.sum(y)
    assert y.creator is not None
    z.backward()
    assert x.creator is y.creator is z.creator is None


def test_a_tensor_used_again_starts_afresh() -> None:
    x = mg.tensor(F)
    y = x * 2
    np.sum(y).backward()
    again = y * 5
    assert y.grad is None
    assert x.grad is not None
    again.backward()
    assert_same(y.grad, np.full(3, 5.0))
    x * 3
    assert x.grad is None


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: x * x,
        lambda x: np.exp(x),
        lambda x: np.sum(x),
        lambda x: x[0],
        lambda x: np.transpose(x),
        lambda x: np.concatenate([x, x]),
        lambda x: x.copy(),
        lambda x: x.astype(np.float32),
        lambda x: mg.tensor([x, x]),
        lambda x: x.__setitem__(0, 1.0),
        lambda x: np.divmod(x, 2),
    ],
    ids=range(13),
)
def test_every_use_forgets_the_gradient(use: Callable[[Any], Any]) -> None:
    x = mg.tensor(F)
    (x * 2).backward()
    assert x.grad is not None
    use(x)
    assert x.grad is None


LOOKS = [repr, str, len, bool, lambda x: x.shape, lambda x: x == 1, lambda x: x.data]


@pytest.mark.parametrize("look", LOOKS, ids=range(len(LOOKS)))
def test_a_look_does_not_forget_the_gradient(look: Callable[[Any], Any]) -> None:
    x = mg.tensor([1.5])
    (x * 2).backward()
    look(x)
    assert x.grad is not None


def test_null_grad() -> None:
    x = mg.tensor(F)
    (x * 2).backward()
    assert x.null_grad() is x
    assert x.grad is None
    (x * 2).backward()
    with pytest.warns(FutureWarning, match="null_gradients.. does nothing"):
        x.null_gradients()
    assert x.grad is not None


def test_clear_graph() -> None:
    x = mg.tensor(F)
    y = np.exp(x)
    z = np.sum(y)
    z.clear_graph()
    assert z.creator is y.creator is None
    with pytest.raises(mg.InvalidBackprop):
        z.backward()
    (x * 2).backward()
    assert_same(x.grad, np.full(3, 2.0))


def test_a_second_backward_says_what_to_do() -> None:
    loss = np.sum(mg.tensor(F) ** 2)
    loss.backward()
    with pytest.raises(
        mg.InvalidBackprop, match=r"released: by a backward\(\) before.*retain_graph=True"
    ):
        loss.backward()


def test_a_released_part_says_what_to_do() -> None:
    x = mg.tensor(F)
    shared = x**2
    one, other = np.sum(shared), np.prod(shared)
    one.backward()
    with pytest.raises(mg.InvalidBackprop, match=r"Power.*retain_graph=True"):
        other.backward()


def test_a_failed_backward_leaves_everything_as_it_was() -> None:
    x, y = mg.tensor(F), mg.tensor(P)
    shared = x**2
    one, other = np.sum(shared), np.sum(shared * y)
    one.backward()
    kept = x.grad.copy()
    with pytest.raises(mg.InvalidBackprop):
        other.backward()
    assert_same(x.grad, kept)
    assert y.grad is None
    assert other.grad is None
    np.sum(y).backward()
    assert_same(y.grad, np.ones(3))


@mg.implements(fails := np.frompyfunc(float, 1, 1))
class Fails(mg.Elementwise):
    def vjp_x(grad):
        raise RuntimeError("the rule failed")


def test_a_failing_rule_leaves_the_error_state_and_the_modes() -> None:
    x = mg.tensor(F)
    node = mg.no_autodiff(lambda: 0)
    assert node() == 0
    y = mg.tensor(F) * x
    before = np.geterr(), np.geterrcall()
    with pytest.raises(mg.InvalidGradient):
        y.backward(np.ones(2))
    assert (np.geterr(), np.geterrcall()) == before


def test_graphs_that_share_leaves_only_are_independent() -> None:
    x, y = mg.tensor(F), mg.tensor(P)
    one, other = np.sum(x * y), np.sum(x**2)
    one.backward()
    assert_same(x.grad, P)
    other.backward()
    # Both ended at x: what arrived adds up, as long as x is not used anew.
    assert_same(x.grad, P + 2 * F)
    assert_same(y.grad, F)


def test_retain_graph() -> None:
    x = mg.tensor(F)
    y = x**2
    loss = np.sum(y)
    loss.backward(retain_graph=True)
    assert loss.creator is not None
    assert_same(x.grad, 2 * F)
    x.null_grad()
    loss.backward()
    assert_same(x.grad, 2 * F)
    assert loss.creator is None


def test_create_graph() -> None:
    x = mg.tensor(F)
    np.sum(x**3).backward(create_graph=True)
    slope = x.grad
    assert isinstance(slope, mg.Tensor)
    np.testing.assert_allclose(slope.data, 3 * F**2)
    np.sum(slope).backward(create_graph=True)
    curvature = x.grad
    assert isinstance(curvature, mg.Tensor)


def derivatives(function: Callable[[Any], Any], at: float, count: int) -> list[float]:
    found, x = [], mg.tensor(at)
    y = function(x)
    for _ in range(count):
        x.null_grad()
        y.backward(create_graph=True)
        y = x.grad
        found.append(y.item())
    return found


def test_derivatives_of_any_order() -> None:
    np.testing.assert_allclose(
        derivatives(np.sin, 0.3, 4), [np.cos(0.3), -np.sin(0.3), -np.cos(0.3), np.sin(0.3)]
    )
    np.testing.assert_allclose(derivatives(lambda x: x**4, 2.0, 4), [32, 48, 48, 24])


def test_a_gradient_to_begin_with_can_be_differentiated() -> None:
    x, v = mg.tensor(F), mg.tensor(P)
    (x**2).backward(v, create_graph=True)
    product = x.grad
    x.null_grad()
    np.sum(product).backward()
    np.testing.assert_allclose(v.grad, 2 * F)
    np.testing.assert_allclose(x.grad, 2 * P)


# ----------------------------------------------------- gradients that do not fit

MISFITS = [
    np.ones(2),
    np.ones((3, 1)),
    np.ones((2, 3)),
    "text",
    [1.0, "a", 2.0],
    np.array([...] * 3, dtype=object),
]


@pytest.mark.parametrize("grad", MISFITS, ids=repr)
def test_a_gradient_that_does_not_fit(grad: Any) -> None:
    x = mg.tensor(F)
    y = x * 2
    with pytest.raises(
        mg.InvalidGradient, match=r"backward takes a gradient of the tensor's shape, \(3,\)"
    ):
        y.backward(grad)
    assert x.grad is None
    y.backward()
    assert_same(x.grad, np.full(3, 2.0))


def test_the_gradient_of_a_real_tensor_is_real() -> None:
    x = mg.tensor(F)
    y = x * 2
    for create_graph in (False, True):
        with pytest.raises(mg.InvalidGradient, match="takes a real gradient"):
            y.backward(1j * np.ones(3), create_graph=create_graph)
    assert x.grad is None
    y.backward(np.ones(3))
    assert_same(x.grad, np.full(3, 2.0))


def test_flags_of_floating_point_do_not_pile_up() -> None:
    def singular(x: Any) -> Any:
        return np.linalg.svd(np.sqrt(x))[
            1
        ].sum()  # several results: a node that calls its rules by itself

    x = mg.tensor(np.zeros((2, 2)))
    for _ in range(5):
        singular(x).backward()
        mg.tensor(1.0).backward()
        assert len(FLAGS.raised) == 0


def test_recorded_gradients_of_read_only_views() -> None:
    def loss(x: Any) -> Any:
        y = x * x
        view = np.diagonal(y)  # read-only
        y[0, 0] = 3.0  # after which the view is taken from its base again
        return np.sum(view * view) + np.sum(y)

    check_gradients(loss, np.array([[1.0, 2.0], [3.0, 4.0]]), order=2)
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    loss(x).backward(create_graph=True)
    np.sum(x.grad).backward()
