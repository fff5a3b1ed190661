"""Transforms of functions: values, structure, nesting, and errors."""

import gc
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import minimize, rosen_der, rosen_hess

import mygrad as mg
from mygrad.errors import InvalidBackprop
from mygrad.testing import check_gradients


class Pair(NamedTuple):
    a: object
    b: object


@dataclass
class Parameters:
    w: object
    bias: object


@dataclass(frozen=True)
class Positive:
    """A class that refuses some values, as classes do; derivatives may well be such."""

    x: object

    def __post_init__(self):
        if np.any(np.less(self.x, 0)):
            raise ValueError("negative")


def rosen(x):
    """Rosenbrock's function in plain NumPy; SciPy's own makes an array of its argument."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


class TestGrad:
    def test_third_derivative(self):
        third = mg.grad(mg.grad(mg.grad(lambda x: x**5)))
        np.testing.assert_allclose(third(2.0), 240.0)

    def test_fourth_derivative_of_a_composition(self):
        f = lambda x: np.exp(np.sin(x))  # noqa: E731
        for _ in range(4):
            f = mg.grad(f)
        s, c = np.sin(0.4), np.cos(0.4)
        closed = np.exp(s) * (c**4 - 6 * c**2 * s - 4 * c**2 + 3 * s**2 + s)
        np.testing.assert_allclose(f(0.4), closed)

    def test_mixed_partials_agree(self):
        def f(x, y):
            return np.sin(x) * np.exp(x * y)

        xy = mg.grad(mg.grad(f, 0), 1)(0.3, 0.7)
        yx = mg.grad(mg.grad(f, 1), 0)(0.3, 0.7)
        np.testing.assert_allclose(xy, yx)
        x, y = 0.3, 0.7
        closed = np.exp(x * y) * (x * np.cos(x) + np.sin(x) * (1 + x * y))
        np.testing.assert_allclose(xy, closed)

    def test_levels_are_not_confused(self):
        # The example by which perturbation confusion is known: d/dx (x d/dy (x + y)) = 1.
        assert mg.grad(lambda x: x * mg.grad(lambda y: x + y)(1.0))(1.0) == 1.0
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

    def test_inside_a_backward_with_closures_on_several_levels(self):
        a, x = mg.tensor(0.5), mg.tensor(1.5)

        def inner(y):  # d/dy a x y³ = 3 a x y², and twice: 6 a x y
            return mg.grad(mg.grad(lambda t: a * x * t**3))(y)

        outer = mg.grad(lambda y: inner(y) * x)(x)  # 6 a x y x by y: 6 a x²
        outer.backward()
        np.testing.assert_allclose(outer, 6 * 0.5 * 1.5**2)
        np.testing.assert_allclose(a.grad, 6 * 1.5**2)
        np.testing.assert_allclose(x.grad, 12 * 0.5 * 1.5)

    def test_a_constant_matrix_on_the_right_has_second_derivatives(self):
        m = np.random.default_rng(0).normal(size=(3, 4))
        v = np.array([0.3, 0.4, 0.5])
        h = mg.hessian(lambda v: np.sum((v @ m) ** 3))(v)
        np.testing.assert_allclose(h, (m * 6 * (v @ m)) @ m.T)

    def test_nested_containers(self):
        def loss(p, pair):
            return np.sum(p.w * pair.a) + p.bias["b"][0] * pair.b

        p = Parameters(np.ones(2), {"b": [np.array(2.0)]})
        g, h = mg.grad(loss, (0, 1))(p, Pair(np.array([3.0, 4.0]), np.array(5.0)))
        np.testing.assert_array_equal(g.w, [3.0, 4.0])
        np.testing.assert_array_equal(g.bias["b"][0], 5.0)
        assert isinstance(h, Pair)
        np.testing.assert_array_equal(h.a, [1.0, 1.0])
        assert h.b == 2.0

    def test_a_class_that_refuses_values_takes_derivatives(self):
        g = mg.grad(lambda p: -np.sum(p.x**2))(Positive(np.ones(2)))
        assert type(g) is Positive
        np.testing.assert_array_equal(g.x, [-2.0, -2.0])
        with pytest.raises(ValueError, match="negative"):
            mg.grad(lambda p: np.sum(p.x))(Positive(-np.ones(2)))

    def test_none_in_a_nest_is_left_alone(self):
        g = mg.grad(lambda p: p["w"] * 3.0)({"w": 2.0, "bias": None})
        assert g == {"w": 3.0, "bias": None}

    def test_a_kind_of_dict_stays_what_it_is(self):
        g = mg.grad(lambda p: p["a"] * p["b"])(OrderedDict(b=2.0, a=3.0))
        assert type(g) is OrderedDict
        assert list(g.items()) == [("b", 3.0), ("a", 2.0)]

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
        for size in (3, 10_000):  # a small array is copied, a large one is locked for a while
            x = np.ones(size)
            mg.grad(lambda x: np.sum(x * x))(x)
            assert x.flags.writeable

    def test_an_array_that_a_derivative_still_needs_is_locked(self):
        w, x = np.array([1.0, 2.0]), mg.tensor([3.0, 4.0])
        g = mg.grad(lambda x: np.sum((w * x) ** 2))(x)
        with pytest.raises(ValueError, match="read-only"):
            w[0] = 7.0
        np.sum(g).backward()
        np.testing.assert_allclose(x.grad, 2 * w**2)
        w[0] = 7.0
        _, pushforward = mg.linearize(lambda x: w * x, np.ones(2))
        with pytest.raises(ValueError, match="read-only"):
            w[0] = 8.0
        np.testing.assert_array_equal(pushforward(np.ones(2)), w)

    @pytest.mark.parametrize("size", [3, 10_000])
    def test_an_update_inside_does_not_reach_the_argument(self, size):
        def f(x):
            x *= 2.0
            return np.sum(x**2)

        x = np.ones(size)
        np.testing.assert_array_equal(mg.grad(f)(x), np.full(size, 8.0))
        t = mg.tensor(x)
        np.testing.assert_array_equal(mg.grad(f)(t), np.full(size, 8.0))
        np.testing.assert_array_equal(t, np.ones(size))
        np.testing.assert_array_equal(x, np.ones(size))

    def test_gradients_share_no_memory(self):
        g, h = mg.grad(lambda x, y: np.sum(x + y), (0, 1))(np.ones(3), np.ones(3))
        g[...] = 7.0
        np.testing.assert_array_equal(h, np.ones(3))
        _, pullback = mg.vjp(lambda x: x, np.ones(3))
        cotangent = np.ones(3)
        (pulled,) = pullback(cotangent)
        pulled[...] = 7.0
        np.testing.assert_array_equal(cotangent, np.ones(3))

    def test_keywords_are_passed_on(self):
        assert mg.grad(lambda x, *, k: k * x)(2.0, k=3.0) == 3.0

    def test_argnums_may_be_any_integer(self):
        f = lambda x, y: x * y**2  # noqa: E731
        assert mg.grad(f, np.int64(1))(2.0, 3.0) == 12.0
        assert mg.grad(f, -1)(2.0, 3.0) == 12.0
        assert mg.grad(f, [1, 0])(2.0, 3.0) == (12.0, 9.0)

    @pytest.mark.parametrize(
        ("call", "match"),
        [
            (lambda: mg.grad(lambda x: x * 2)(np.ones(2)), r"shape \(2,\).*real scalar"),
            (lambda: mg.grad(lambda x: x * 2j)(1.0), "complex128.*real scalar"),
            (lambda: mg.grad(lambda x: None)(1.0), "NoneType.*real scalar"),
            (lambda: mg.grad(np.sum)(np.arange(3)), "int64|int32"),
            (lambda: mg.grad(np.sum, 1)(np.ones(2)), "argument 1"),
            (lambda: mg.grad(np.add, (0, -2))(1.0, 2.0), "twice"),
            (lambda: mg.grad(np.add, 0.5)(1.0, 2.0), "not 0.5"),
        ],
    )
    def test_errors_say_what_to_do(self, call, match):
        with pytest.raises(TypeError, match=match):
            call()

    def test_works_under_no_autodiff(self):
        with mg.no_autodiff:
            np.testing.assert_allclose(mg.grad(np.exp)(0.0), 1.0)
            g = mg.grad(np.exp)(mg.tensor(0.0))
        assert g.constant

    def test_leaves_no_cycles(self):
        def run():
            x = np.array([0.3, 0.4])
            f = lambda x: np.sum(np.sin(x) * x[::-1])  # noqa: E731
            mg.grad(f)(x)
            mg.hvp(f, x, x)
            mg.hessian(f)(x)
            mg.vjp(f, x)[1](1.0)
            mg.jvp(f, (x,), (x,))
            mg.grad(f)(mg.tensor(x))

        run()
        gc.collect()
        gc.disable()
        try:
            run()
            assert gc.collect() == 0
        finally:
            gc.enable()


class TestElementwiseGrad:
    def test_of_real_numbers(self):
        x = np.linspace(-1, 1, 5)
        np.testing.assert_allclose(mg.elementwise_grad(np.tanh)(x), 1 - np.tanh(x) ** 2)
        of_x, of_y = mg.elementwise_grad(np.multiply, (0, 1))(x, 2.0)
        np.testing.assert_array_equal(of_x, np.full(5, 2.0))
        np.testing.assert_array_equal(of_y, np.sum(x))

    def test_nests(self):
        second = mg.elementwise_grad(mg.elementwise_grad(np.sin))
        x = np.linspace(-1, 1, 5)
        np.testing.assert_allclose(second(x), -np.sin(x))

    def test_of_a_complex_result(self):
        x = np.linspace(-1, 1, 5)
        wave = mg.elementwise_grad(lambda x: np.exp(2j * x))(x)
        np.testing.assert_allclose(wave, 2j * np.exp(2j * x))
        z = x + 0.5j
        np.testing.assert_allclose(mg.elementwise_grad(lambda z: z**3)(z), 3 * z**2)
        with pytest.raises(TypeError, match="not holomorphic"):
            mg.elementwise_grad(np.conj)(z)


class TestVjp:
    def test_can_be_pulled_twice(self):
        value, pullback = mg.vjp(
            lambda x, y: {"s": x + y, "p": x * y}, np.array(2.0), np.array(3.0)
        )
        assert value["p"] == 6.0
        assert pullback({"s": 1.0, "p": 0.0}) == (1.0, 1.0)
        assert pullback({"p": 1.0, "s": 0.0}) == (3.0, 2.0)  # keys name, their order does not

    def test_aux_and_keywords(self):
        value, pullback, aux = mg.vjp(lambda x, k: (k * x, x), 2.0, has_aux=True, k=3.0)
        assert value == 6.0
        assert type(aux) is np.ndarray
        assert pullback(1.0) == (3.0,)

    def test_a_tensor_for_a_cotangent_brings_history(self):
        _, pullback = mg.vjp(np.square, 3.0)
        u = mg.tensor(2.0)
        (pulled,) = pullback(u)
        pulled.backward()
        assert u.grad == 6.0

    @pytest.mark.parametrize(
        ("cotangent", "error", "match"),
        [
            ({"s": np.ones(2), "p": 1.0}, mg.InvalidGradient, r"\['s'\] must have shape \(\)"),
            ({"s": 1.0, "p": 1j}, mg.InvalidGradient, r"\['p'\] must be real"),
            ({"s": 1.0, "p": "one"}, mg.InvalidGradient, r"\['p'\] must hold numbers"),
            ({"s": 1.0}, TypeError, r"keys \['s', 'p'\]; it is the keys \['s'\]"),
            ((1.0, 1.0), TypeError, "it is tuple"),
            (1.0, TypeError, "it is float"),
        ],
    )
    def test_errors(self, cotangent, error, match):
        _, pullback = mg.vjp(lambda x, y: {"s": x + y, "p": x * y}, 2.0, 3.0)
        with pytest.raises(error, match=match):
            pullback(cotangent)


class TestJvp:
    def test_is_the_transpose_of_vjp(self):
        rng = np.random.default_rng(1)
        x, v, u = rng.normal(size=(3, 4))

        def f(x):
            return np.cumsum(np.sin(x)) * x

        _, forward = mg.jvp(f, (x,), (v,))
        _, pullback = mg.vjp(f, x)
        np.testing.assert_allclose(u @ forward, pullback(u)[0] @ v)

    def test_nests(self):
        second = mg.grad(lambda x: mg.jvp(lambda y: y**3, (x,), (1.0,))[1])
        np.testing.assert_allclose(second(2.0), 12.0)
        twice = lambda x: mg.jvp(lambda y: mg.jvp(np.sin, (y,), (1.0,))[1], (x,), (1.0,))[1]  # noqa: E731
        np.testing.assert_allclose(twice(0.3), -np.sin(0.3))

    def test_of_complex_numbers_is_the_derivative_along_a_direction(self):
        z, v = np.array([1 + 2j, 0.5 - 1j]), np.array([0.3j, 1.0 + 0.1j])
        x = np.array([0.3, 0.4])
        _, pushed = mg.jvp(np.abs, (z,), (v,))
        np.testing.assert_allclose(pushed, (np.conj(z) * v).real / np.abs(z))
        np.testing.assert_allclose(mg.jvp(np.conj, (z,), (v,))[1], np.conj(v))
        np.testing.assert_allclose(
            mg.jvp(lambda x: np.exp(1j * x), (x,), (x,))[1], 1j * x * np.exp(1j * x)
        )

    def test_where_rules_take_short_cuts_for_a_zero_gradient(self):
        # The gradients of the differences of equal cotangents are zero.
        def f(p):
            return np.diff(np.sort(np.roots(p).real))

        p, v = np.array([1.0, -6.0, 11.0, -6.0]), np.array([0.0, 0.1, 0.2, 0.3])
        step = 1e-6
        differences = (f(p + step * v) - f(p - step * v)) / (2 * step)
        np.testing.assert_allclose(mg.jvp(f, (p,), (v,))[1], differences, rtol=1e-6)

    def test_linearize_evaluates_once(self):
        calls = []

        def f(x, pair):
            calls.append(x)
            return {"y": x * pair[0], "z": pair[1] ** 2}

        value, pushforward = mg.linearize(f, 2.0, (3.0, 4.0))
        assert value == {"y": 6.0, "z": 16.0}
        assert pushforward(1.0, (0.0, 0.0)) == {"y": 3.0, "z": 0.0}
        assert pushforward(0.0, [1.0, 1.0]) == {"y": 2.0, "z": 8.0}
        assert len(calls) == 1

    def test_linearize_aux_and_keywords(self):
        value, pushforward, aux = mg.linearize(lambda x, k: (k * x, x), 2.0, has_aux=True, k=3.0)
        assert (value, pushforward(1.0), aux) == (6.0, 3.0, 2.0)
        assert mg.jvp(lambda x, k: (k * x, "aux"), (2.0,), (1.0,), has_aux=True, k=3.0) == (
            6.0,
            3.0,
            "aux",
        )

    def test_linearize_of_a_tensor_has_history(self):
        x = mg.tensor(2.0)
        _, pushforward = mg.linearize(lambda x: x**3, x)
        pushforward(1.0).backward()
        assert x.grad == 12.0

    def test_of_a_constant(self):
        value, pushed = mg.jvp(lambda x: (x, 3.0), (2.0,), (1.0,))
        assert value == (2.0, 3.0)
        assert pushed == (1.0, 0.0)

    @pytest.mark.parametrize(
        ("args", "tangents", "error", "match"),
        [
            (1.0, (1.0,), TypeError, "args as a tuple.*float"),
            ((1.0,), 1.0, TypeError, "tangents as a tuple.*float"),
            ((1.0, 2.0), (1.0,), TypeError, "length 2; it is of length 1"),
            ((1.0, 2.0), (1.0, [1.0]), mg.InvalidGradient, r"tangents\[1\] must have shape \(\)"),
        ],
    )
    def test_errors(self, args, tangents, error, match):
        with pytest.raises(error, match=match):
            mg.jvp(np.add, args, tangents)


class TestHvp:
    def test_of_a_neural_loss_is_the_hessian_times_the_vector(self):
        rng = np.random.default_rng(3)
        x, y = rng.normal(size=(5, 3)), rng.normal(size=5)
        w, v = rng.normal(size=(2, 3))

        def loss(w):
            return np.mean((np.tanh(x @ w) - y) ** 2)

        np.testing.assert_allclose(mg.hvp(loss, w, v), mg.hessian(loss)(w) @ v)

    @pytest.mark.parametrize("form", ["w @ w", "x @ w @ w.T", "w", "x @ w", "w[0] @ w"])
    def test_of_matrix_products(self, form):
        # The gradient of a factor is not computed, but all that it would have led to.
        rng = np.random.default_rng(4)
        x, w, v = rng.normal(size=(3, 2, 2))

        def f(w):
            return np.sum(np.sin(eval(form, {"x": x, "w": w})) * np.tanh(w)) + np.sum(w**3)

        h = mg.jacobian(mg.grad(f))(w)
        np.testing.assert_allclose(mg.hvp(f, w, v), np.tensordot(h, v, 2))

    def test_of_stacks_of_matrices(self):
        rng = np.random.default_rng(5)
        x, w, v = rng.normal(size=(4, 2, 3)), *rng.normal(size=(2, 3, 2))

        def f(w):
            return np.sum(np.tanh(x @ w) ** 2)

        np.testing.assert_allclose(mg.hvp(f, w, v), np.tensordot(mg.hessian(f)(w), v, 2))

    def test_of_a_nest(self):
        p, v = {"a": np.array([1.0, 2.0]), "b": 3.0}, {"b": 1.0, "a": np.array([0.5, 0.0])}
        product = mg.hvp(lambda p: np.sum(p["a"] ** 2) * p["b"], p, v)
        np.testing.assert_array_equal(product["a"], 2 * 3.0 * v["a"] + 2 * p["a"])
        assert product["b"] == 2 * p["a"] @ v["a"]

    def test_of_complex_arguments(self):
        rng = np.random.default_rng(6)
        z, v = (rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3)),)[0]

        def f(z):
            return np.sum(np.abs(z) ** 4) + np.sum(z**3).real

        step = 1e-6
        differences = (mg.grad(f)(z + step * v) - mg.grad(f)(z - step * v)) / (2 * step)
        np.testing.assert_allclose(mg.hvp(f, z, v), differences, rtol=1e-6)

    def test_tensors_and_closures_have_history(self):
        x, a = mg.tensor(2.0), mg.tensor(3.0)
        product = mg.hvp(lambda x: a * x**4, x, 1.0)  # 12 a x²
        product.backward()
        assert (x.grad, a.grad) == (24 * 3.0 * 2.0, 12 * 4.0)
        v = mg.tensor(1.0)
        mg.hvp(lambda x: x**4, 2.0, v).backward()
        assert v.grad == 48.0
        w = mg.tensor([[2.0]])
        np.sum(mg.hvp(lambda w: np.sum((w @ w) ** 2), w, np.ones((1, 1)))).backward()
        assert w.grad == 24 * 2.0

    def test_of_a_linear_function_is_zero(self):
        np.testing.assert_array_equal(mg.hvp(np.sum, np.ones(2), np.ones(2)), np.zeros(2))
        np.testing.assert_array_equal(
            mg.hvp(lambda w: np.sum(np.ones((2, 2)) @ w), np.ones(2), np.ones(2)), np.zeros(2)
        )

    @pytest.mark.parametrize(
        ("call", "error", "match"),
        [
            (lambda: mg.hvp(np.sum, np.ones(2)), TypeError, "x and v by position"),
            (lambda: mg.hvp(np.sin, np.ones(2), np.ones(2)), TypeError, "real scalar"),
            (lambda: mg.hvp(np.sum, np.ones(2), np.ones(3)), mg.InvalidGradient, "v must have"),
            (lambda: mg.hvp(sum, [1.0], (1.0, 2.0)), TypeError, "v must be a list of length 1"),
        ],
    )
    def test_errors(self, call, error, match):
        with pytest.raises(error, match=match):
            call()


class TestScipy:
    """Its optimizers take what the transforms return, without adapters."""

    start = np.array([-1.2, 1.0, 0.5])

    def test_derivatives_are_those_that_it_knows(self):
        value, gradient = mg.value_and_grad(rosen)(self.start)
        assert type(value) is np.float64
        assert value == rosen(self.start)
        np.testing.assert_allclose(gradient, rosen_der(self.start))
        np.testing.assert_allclose(mg.hessian(rosen)(self.start), rosen_hess(self.start))

    @pytest.mark.parametrize(
        ("method", "more"),
        [
            ("BFGS", {}),
            ("L-BFGS-B", {}),
            ("Newton-CG", {"hess": mg.hessian(rosen)}),
            ("Newton-CG", {"hessp": mg.hvp(rosen)}),
            ("trust-ncg", {"hess": mg.hessian(rosen)}),
            ("trust-ncg", {"hessp": mg.hvp(rosen)}),
            ("trust-exact", {"hess": mg.hessian(rosen)}),
        ],
    )
    def test_optimizers(self, method, more):
        fit = minimize(mg.value_and_grad(rosen), self.start, jac=True, method=method, **more)
        assert fit.success
        np.testing.assert_allclose(fit.x, np.ones(3), atol=1e-3)

    def test_arguments_of_the_function(self):
        def f(x, target, scale):
            return scale * np.sum((x - target) ** 4)

        fit = minimize(
            mg.value_and_grad(f),
            self.start,
            args=(np.arange(3.0), 2.0),
            jac=True,
            hess=mg.hessian(f),
            method="trust-exact",
        )
        np.testing.assert_allclose(fit.x, np.arange(3.0), atol=0.1)
        product = mg.hvp(f)(self.start, np.ones(3), np.arange(3.0), 2.0)
        np.testing.assert_allclose(product, 24 * (self.start - np.arange(3.0)) ** 2)


def test_a_gradient_can_be_checked_like_any_function():
    check_gradients(mg.grad(lambda x: np.sum(np.sin(x) ** 3)), np.array([0.1, 0.7]), order=2)


# ------------------------------------------------ functions that look at arrays


def looks(x):
    _ = x.data


def looks_detached(x):
    np.asarray(x.detach())


def looks_at_a_part(x):
    np.asarray(x[:2].detach())


def keeps_a_reshaped(x):
    return np.reshape(x, (1, 3)), np.asarray(x[::-1].detach())


@pytest.mark.parametrize("look", [looks, looks_detached, looks_at_a_part, keeps_a_reshaped])
@pytest.mark.parametrize("kind", [np.asarray, mg.tensor], ids=["array", "tensor"])
def test_looking_at_an_argument_loses_nothing(look, kind):
    def f(x):
        y = x * x  # holds what x was before somebody looked
        kept = look(x)
        z = np.sum(y * x) + np.sum(x)
        look(x)
        x *= 2
        del kept
        return z + np.sum(x * x)

    a = np.array([1.0, 2.0, 3.0])
    slope, curvature = 3 * a**2 + 1 + 8 * a, np.diag(6 * a + 8)
    np.testing.assert_allclose(np.asarray(mg.grad(f)(kind(a))), slope)
    np.testing.assert_allclose(np.asarray(mg.jacobian(f)(kind(a))), slope)
    np.testing.assert_allclose(np.asarray(mg.hessian(f)(kind(a))), curvature)
    np.testing.assert_allclose(np.asarray(mg.hvp(f, kind(a), a)), curvature @ a)
    np.testing.assert_allclose(np.asarray(mg.jvp(f, (kind(a),), (a,))[1]), slope @ a)
    np.testing.assert_allclose(np.asarray(mg.vjp(f, kind(a))[1](1.0)[0]), slope)
    np.testing.assert_allclose(np.asarray(mg.linearize(f, kind(a))[1](a)), slope @ a)


# ---------------------------------------- values that users change or backpropagate from


@pytest.mark.parametrize("size", [3, 5000])
def test_a_value_is_the_callers_to_change(size):
    x = np.linspace(0.1, 1, size)
    for transform in (mg.vjp, mg.linearize):
        value, function = transform(np.exp, x)
        value -= 1.0
        (pulled,) = np.atleast_2d(function(value))
        np.testing.assert_allclose(pulled, (np.exp(x) - 1) * np.exp(x))
    _, pullback, aux = mg.vjp(lambda x: (np.sum(y := np.exp(x)), y), x, has_aux=True)
    aux *= 0
    np.testing.assert_allclose(pullback(1.0)[0], np.exp(x))


def test_a_pullback_is_of_the_value_of_its_time():
    x = mg.tensor([1.0, 2.0])
    value, pullback = mg.vjp(lambda x: x**2, x)
    value -= 1.0
    np.testing.assert_array_equal(pullback(np.ones(2))[0], 2 * x)
    seen = []
    value, pullback = mg.vjp(lambda x: x**2, x)
    value.register_hook(seen.append)
    np.testing.assert_array_equal(pullback(np.ones(2))[0], 2 * x)
    np.testing.assert_array_equal(seen, [np.ones(2)])


def test_what_was_gone_back_from_has_no_derivative():
    x = mg.tensor([1.0, 2.0])
    value, pullback = mg.vjp(lambda x: x**2, x)
    np.sum(value).backward()
    with pytest.raises(InvalidBackprop, match="released by an earlier backward"):
        pullback(np.ones(2))

    def f(x, retain_graph):
        y = np.sum(x**3)
        y.backward(retain_graph=retain_graph)
        return y

    a = np.array([1.0, 2.0])
    np.testing.assert_array_equal(mg.grad(f)(a, True), 3 * a**2)
    for transform in (mg.grad, mg.value_and_grad, mg.jacobian, mg.hessian):
        with pytest.raises(InvalidBackprop, match="Pass retain_graph=True to it"):
            transform(f)(a, False)


def test_arguments_with_masks_are_refused():
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    for transform in (mg.grad, mg.value_and_grad, mg.jacobian):
        with pytest.raises(TypeError, match="the mask would be lost"):
            transform(np.sum)(masked)


@pytest.mark.parametrize("result", [1.0, np.ones(2), (1.0, 2.0, 3.0)])
def test_aux_takes_a_pair(result):
    with pytest.raises(TypeError, match="of has_aux=True, must return a pair"):
        mg.grad(lambda x: result, has_aux=True)(1.0)


def test_keywords_of_hvp_need_its_arguments():
    with pytest.raises(TypeError, match="x and v by position"):
        mg.hvp(lambda x, k=2: np.sum(x**k), k=3)


def test_errors_name_what_was_called():
    with pytest.raises(
        TypeError, match=r"^grad: argnums names argument 3, but the call has 1 by pos"
    ):
        mg.grad(np.sum, 3)(1.0)
    with pytest.raises(
        TypeError, match=r"^value_and_grad: argnums names argument 0.* 0 by position"
    ):
        mg.value_and_grad(np.sum)(a=1.0)
