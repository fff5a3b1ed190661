"""Derivatives of functions: values, structure, nesting, and what is refused."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients


def spd(n=3):
    a = np.random.default_rng(0).normal(size=(n, n))
    return a @ a.T + n * np.eye(n)


class TestGrad:
    def test_third_derivative(self):
        third = mg.grad(mg.grad(mg.grad(lambda x: x**5)))
        np.testing.assert_allclose(third(2.0), 240.0)

    def test_mixed_partials_agree(self):
        def f(x, y):
            return np.sin(x) * np.exp(x * y)

        xy = mg.grad(mg.grad(f, 0), 1)(0.3, 0.7)
        yx = mg.grad(mg.grad(f, 1), 0)(0.3, 0.7)
        np.testing.assert_allclose(xy, yx)

    def test_levels_are_not_confused(self):
        inner = mg.grad(lambda x: x * mg.grad(lambda y: x * y)(2.0))
        np.testing.assert_allclose(inner(3.0), 6.0)

    def test_closure_over_a_tensor_keeps_the_history(self):
        x = mg.tensor(3.0)
        g = mg.grad(lambda y: x * y**2)(2.0)
        assert isinstance(g, mg.Tensor)
        g.backward()
        np.testing.assert_allclose(x.grad, 4.0)

    def test_inside_a_backward(self):
        x = mg.tensor([1.0, 2.0])
        np.sum(mg.grad(lambda v: np.sum(v**3))(x) * x).backward()
        np.testing.assert_allclose(x.grad, 9 * np.array([1.0, 4.0]))

    def test_nested_containers(self):
        class Pair(NamedTuple):
            a: object
            b: object

        @dataclass
        class Parameters:
            w: object
            bias: object

        def loss(p, pair):
            return np.sum(p.w * pair.a) + p.bias["b"][0] * pair.b

        p = Parameters(np.ones(2), {"b": [np.array(2.0)]})
        g, h = mg.grad(loss, (0, 1))(p, Pair(np.array([3.0, 4.0]), np.array(5.0)))
        np.testing.assert_array_equal(g.w, [3.0, 4.0])
        np.testing.assert_array_equal(g.bias["b"][0], 5.0)
        assert isinstance(h, Pair)
        np.testing.assert_array_equal(h.a, [1.0, 1.0])
        assert h.b == 2.0

    def test_aux(self):
        (value, aux), g = mg.value_and_grad(lambda x: (np.sum(x**2), x * 2), has_aux=True)(
            np.ones(2)
        )
        assert value == 2.0
        assert type(aux) is np.ndarray
        np.testing.assert_array_equal(g, [2.0, 2.0])
        g, aux = mg.grad(lambda x: (np.sum(x**2), x * 2), has_aux=True)(np.ones(2))
        np.testing.assert_array_equal(aux, g)

    def test_a_constant_result_has_gradient_zero(self):
        np.testing.assert_array_equal(mg.grad(lambda x: 3.0)(np.ones(2)), np.zeros(2))

    def test_float32_stays(self):
        assert mg.grad(lambda x: np.sum(x * 2.0))(np.ones(2, np.float32)).dtype == np.float32

    def test_arguments_are_unchanged_and_unlocked(self):
        x = np.ones(3)
        mg.grad(lambda x: np.sum(x * x))(x)
        assert x.flags.writeable

    @pytest.mark.parametrize(
        ("call", "match"),
        [
            (lambda: mg.grad(lambda x: x * 2)(np.ones(2)), r"shape \(2,\).*real scalar"),
            (lambda: mg.grad(np.sum)(np.arange(3)), "int64|int32"),
            (lambda: mg.grad(np.sum, 1)(np.ones(2)), "argument 1"),
        ],
    )
    def test_errors_say_what_to_do(self, call, match):
        with pytest.raises(TypeError, match=match):
            call()

    def test_works_under_no_autodiff(self):
        with mg.no_autodiff:
            np.testing.assert_allclose(mg.grad(np.exp)(0.0), 1.0)


def test_elementwise_grad():
    x = np.linspace(-1, 1, 5)
    np.testing.assert_allclose(mg.elementwise_grad(np.tanh)(x), 1 - np.tanh(x) ** 2)


def test_vjp_can_be_pulled_twice():
    value, pullback = mg.vjp(lambda x, y: {"s": x + y, "p": x * y}, np.array(2.0), np.array(3.0))
    assert value["p"] == 6.0
    assert pullback({"s": 1.0, "p": 0.0}) == (1.0, 1.0)
    assert pullback({"s": 0.0, "p": 1.0}) == (3.0, 2.0)
    with pytest.raises(mg.InvalidGradient, match="shape"):
        pullback({"s": np.ones(2), "p": 1.0})


def test_jvp_is_the_transpose_of_vjp():
    rng = np.random.default_rng(1)
    x, v, u = rng.normal(size=(3, 4))

    def f(x):
        return np.cumsum(np.sin(x)) * x

    _, forward = mg.jvp(f, (x,), (v,))
    _, pullback = mg.vjp(f, x)
    np.testing.assert_allclose(u @ forward, pullback(u)[0] @ v)


def test_jvp_nests():
    second = mg.grad(lambda x: mg.jvp(lambda y: y**3, (x,), (1.0,))[1])
    np.testing.assert_allclose(second(2.0), 12.0)


def test_jacobian_shapes():
    x = np.random.default_rng(2).normal(size=(2, 3))
    j = mg.jacobian(lambda x: x.T @ x)(x)
    assert j.shape == (3, 3, 2, 3)
    a, b = mg.jacobian(lambda x, y: x * y, (0, 1))(np.ones(2), np.full(2, 3.0))
    np.testing.assert_array_equal(a, 3 * np.eye(2))
    np.testing.assert_array_equal(b, np.eye(2))
    assert mg.jacobian(lambda x: x[:0])(np.ones(2)).shape == (0, 2)


def test_a_list_of_tensors_is_a_result_too():
    j = mg.jacobian(lambda y: [y[1], -np.sin(y[0])])(np.array([0.0, 0.1]))
    np.testing.assert_array_equal(j, [[0.0, 1.0], [-1.0, 0.0]])
    np.testing.assert_array_equal(mg.grad(lambda x: [np.sum(x**2)])(np.ones(2)), [2.0, 2.0])


def test_hessian_of_a_log_determinant():
    a = spd()
    h = mg.hessian(lambda a: np.linalg.slogdet(a)[1])(a)
    inverse = np.linalg.inv(a)
    np.testing.assert_allclose(h, -np.einsum("jk,li->ijkl", inverse, inverse), atol=1e-12)


def test_hvp_of_a_neural_loss_is_the_hessian_times_the_vector():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(5, 3)), rng.normal(size=5)
    w, v = rng.normal(size=(2, 3))

    def loss(w):
        return np.mean((np.tanh(x @ w) - y) ** 2)

    np.testing.assert_allclose(mg.hvp(loss, w, v), mg.hessian(loss)(w) @ v)


def test_a_gradient_can_be_checked_like_any_function():
    check_gradients(mg.grad(lambda x: np.sum(np.sin(x) ** 3)), np.array([0.1, 0.7]), order=2)
