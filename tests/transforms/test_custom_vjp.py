"""Functions with custom rules, and values without a gradient."""

from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import integrate

import mygrad as mg
from mygrad.errors import Anomaly, GradientLost, InvalidGradient
from mygrad.testing import check_gradients
from tests.checks import assert_same

V = np.array([0.5, -1.0, 2.0])
W = np.array([[0.2, -0.3, 0.1], [0.4, 0.1, -0.2], [-0.1, 0.3, 0.25]])


@mg.custom_vjp
def log1pexp(x: Any) -> Any:
    """The textbook case: the code overflows, its derivative need not."""
    return np.log1p(np.exp(x))


@log1pexp.rule
def _(grad: Any, x: Any) -> Any:
    return grad / (1 + np.exp(-x))


@mg.custom_vjp
def fixed_point(W: Any, b: Any) -> Any:
    """The ``x`` with ``x = tanh(W x + b)``, found by iteration."""
    x = np.zeros_like(b)
    for _ in range(100):
        x = np.tanh(W @ x + b)
    return x


@fixed_point.rule
def _(grad: Any, W: Any, b: Any, out: Any) -> tuple[Any, Any]:
    # By the implicit function theorem, with the derivative D of the tanh: dx = (1 - D W)⁻¹ D (dW x
    # + db).
    slope = 1 - out * out
    pulled = slope * np.linalg.solve(np.eye(len(b)) - (slope[:, None] * W).T, grad)
    return np.outer(pulled, out), pulled


def unrolled(W: Any, b: Any) -> Any:
    x = np.zeros(len(b))
    for _ in range(100):
        x = np.tanh(W @ x + b)
    return x


# ------------------------------------------------------------- derivatives


def test_a_rule_takes_the_place_of_the_code() -> None:
    with np.errstate(over="ignore"):
        assert_same(mg.grad(log1pexp)(1000.0), np.array(1.0))
    check_gradients(log1pexp, V)


def test_an_implicit_fixed_point() -> None:
    check_gradients(fixed_point, W, V)
    for argnum in (0, 1):
        for transform in (mg.jacobian, mg.grad, mg.hessian):
            scalar = (lambda x: x) if transform is mg.jacobian else (lambda x: np.sum(x**3))
            results = [
                transform(lambda *a, f=f, s=scalar: s(f(*a)), argnum)(W, V)
                for f in (fixed_point, unrolled)
            ]
            np.testing.assert_allclose(*results, rtol=1e-9, atol=1e-12)


def test_forward_mode() -> None:
    value, tangent = mg.jvp(lambda b: fixed_point(W, b), (V,), (V,))
    np.testing.assert_allclose(value, unrolled(W, V))
    np.testing.assert_allclose(tangent, mg.jacobian(lambda b: unrolled(W, b))(V) @ V)


def test_code_that_numpy_does_not_hand_over() -> None:
    @mg.custom_vjp
    def area(b: Any) -> float:
        return float(integrate.quad(lambda t: np.exp(-t * t), 0, b)[0])

    @area.rule
    def _(grad: Any, b: Any) -> Any:
        return grad * np.exp(-b * b)

    check_gradients(area, np.array(0.7))
    assert type(area(0.7)) is float


def test_gradients_that_are_to_be_something_else() -> None:
    @mg.custom_vjp
    def rounded(x: Any) -> Any:
        return np.round(x)

    @mg.custom_vjp
    def reversal(x: Any) -> Any:
        return x

    @mg.custom_vjp
    def clipping(x: Any, bound: float) -> Any:
        return x

    rounded.rule(lambda grad: grad)
    reversal.rule(lambda grad: -grad)
    clipping.rule("x")(lambda grad, bound: np.clip(grad, -bound, bound))
    assert_same(mg.grad(lambda x: np.sum(rounded(x) ** 2))(V), 2 * np.round(V))
    assert_same(mg.grad(lambda x: np.sum(reversal(x) ** 2))(V), -2 * V)
    assert_same(mg.grad(lambda x: np.sum(clipping(x, 3.0) ** 2))(V), np.clip(2 * V, -3, 3))
    x = mg.tensor(V)
    assert not np.shares_memory(reversal(x).data, x.data)


def test_rules_work_wherever_derivatives_do() -> None:
    def loss(x: Any) -> Any:
        return np.sum(log1pexp(x * x))

    expected = mg.grad(loss)(V)
    x = mg.tensor(V)
    loss(x).backward()
    assert_same(x.grad, expected)
    assert_same(mg.grad(lambda x: mg.checkpoint(loss)(x))(V), expected)
    with mg.strict:
        assert_same(mg.grad(loss)(V), expected)
    check_gradients(mg.grad(loss), V)


def test_levels_are_not_confused() -> None:
    x = mg.tensor(2.0)

    def inner(y: Any) -> Any:
        return log1pexp(x * y)  # the product carries both levels

    slope = mg.grad(inner)(3.0 * x)  # x σ(3x²)
    slope.backward()
    sigma = 1 / (1 + np.exp(-12.0))
    np.testing.assert_allclose(x.grad, sigma + 2.0 * sigma * (1 - sigma) * 12.0)


# --------------------------------------------------- arguments and results


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Layer:
    w: Any
    b: Any
    name: str = "dense"


@mg.custom_vjp
def dense(layer: Any, x: Any) -> Any:
    return {"y": x @ layer.w + layer.b, "parts": Pair(x.sum(), layer.name)}


@dense.rule("layer")
def _(grad: Any, layer: Any, x: Any) -> Layer:
    return Layer(np.outer(x, grad["y"]), grad["y"], layer.name)


@dense.rule("x")
def _(grad: Any, layer: Any, x: Any) -> Any:
    return layer.w @ grad["y"] + grad["parts"].left * np.ones_like(x)


def test_nests_of_arrays() -> None:
    def loss(w: Any, b: Any, x: Any) -> Any:
        result = dense(Layer(w, b), x)
        assert result["parts"].right == "dense"
        return np.sum(result["y"] ** 2) * result["parts"].left

    check_gradients(loss, W[:, :2], V[:2], V)
    check_gradients(lambda x: np.sum(dense(Layer(W, V), x)["y"] ** 2), V)  # one result is not used


def test_arrays_in_arrays_out() -> None:
    assert type(log1pexp(V)) is np.ndarray
    assert type(dense(Layer(W, V), V)["y"]) is np.ndarray
    assert type(log1pexp(mg.tensor(V))) is mg.Tensor
    assert log1pexp(mg.tensor(V, constant=True)).constant
    assert log1pexp(mg.tensor([1, 2])).constant
    with mg.no_autodiff:
        assert log1pexp(mg.tensor(V)).constant


def test_the_creator_is_named_for_the_function() -> None:
    assert type(log1pexp(mg.tensor(V)).creator).__name__ == "log1pexp"
    assert log1pexp.__doc__ is not None
    assert log1pexp.__doc__.startswith("The textbook case")


def test_keywords_defaults_and_methods() -> None:
    class Model:
        scale = 3.0

        @mg.custom_vjp
        def __call__(self, x: Any, *, power: int = 2) -> Any:
            return self.scale * x**power

        @__call__.rule("x")
        def _(self, grad: Any, x: Any, power: int) -> Any:
            return grad * self.scale * power * x ** (power - 1)

    model = Model()
    check_gradients(lambda x: model(x), V)
    check_gradients(lambda x: model(x=x, power=3), V)


def test_what_rules_need_besides() -> None:
    @mg.custom_vjp(has_aux=True)
    def root(x: Any, scale: float = 1.0) -> Any:
        result = scale * np.sqrt(x)
        return result, {"slope": scale**2 / (2 * result)}

    root.rule(lambda grad, aux: grad * aux["slope"])
    x = np.array([1.0, 4.0])
    assert_same(root(x), np.sqrt(x))
    assert_same(mg.grad(lambda x: np.sum(root(x, scale=2.0)))(x), np.array([1.0, 0.5]))
    check_gradients(lambda x: root(x, scale=2.0), x)  # of second order too: aux depends on x

    @mg.custom_vjp(has_aux=True)
    def forgetful(x: Any) -> Any:
        return x

    with pytest.raises(TypeError, match="must return its result and something else"):
        forgetful(x)


def test_gradients_are_made_to_fit() -> None:
    @mg.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    @product.rule
    def _(grad: Any, x: Any, y: Any) -> Any:
        return grad * y, grad * x  # of the shape of the result

    check_gradients(product, W, V)
    x = mg.tensor(V, dtype=np.float32)
    np.sum(product(x, W)).backward()
    assert_same(x.grad, W.sum(0).astype(np.float32))


def test_none_is_no_gradient() -> None:
    @mg.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.rule(lambda grad, y: (grad * y, None))
    x, y = mg.tensor(2.0), mg.tensor(3.0)
    product(x, y).backward()
    assert x.grad == 3.0
    assert y.grad is None


def test_only_the_rules_needed_are_asked() -> None:
    @mg.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.rule("x")(lambda grad, y: grad * y)
    product.rule("y")(lambda grad: pytest.fail("nobody needs it"))
    assert_same(mg.grad(product)(2.0, 3.0), np.array(3.0))


def test_arrays_that_rules_need_are_guarded() -> None:
    array = V.copy()

    @mg.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.rule("x")(lambda grad, y: grad * y)
    result = product(mg.tensor(W), array)
    assert not array.flags.writeable
    np.sum(result).backward()
    assert array.flags.writeable


def test_a_long_chain() -> None:
    y = x = mg.tensor(1.0)
    for _ in range(5000):
        y = log1pexp(y) * 0.5
    y.backward()
    assert np.isfinite(x.grad)


# ------------------------------------------------------------------ errors


def test_what_has_no_rule() -> None:
    @mg.custom_vjp
    def square(x: Any) -> Any:
        return x * x

    assert square(3.0) == 9.0
    with pytest.raises(TypeError, match=r"square has no rule for 'x'.*@square\.rule\('x'\)"):
        square(mg.tensor(3.0))


def test_a_tensor_from_outside() -> None:
    w = mg.tensor(3.0)

    @mg.custom_vjp
    def scaled(x: Any) -> Any:
        return x * w

    scaled.rule(lambda grad: grad)
    for x in (2.0, mg.tensor(2.0)):
        with pytest.raises(
            TypeError, match=r"uses a tensor from outside.*Pass the tensor as an arg"
        ):
            scaled(x)


@pytest.mark.parametrize("answer", [np.ones(2), "text", (1.0, 2.0), 1.0])
def test_answers_that_are_no_gradients(answer: Any) -> None:
    @mg.custom_vjp
    def bad(x: Any) -> Any:
        return x * x

    bad.rule(lambda grad: answer)
    shape = np.shape(answer)
    message = f"a rule of bad returned .* to x of shape {shape} .*has to be numbers of shape (3,)"
    with pytest.raises(InvalidGradient, match=re.sub(r"[()]", r"\\\g<0>", message)):
        np.sum(bad(mg.tensor(V))).backward()


def test_too_few_gradients() -> None:
    @mg.custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    product.rule(lambda grad, y: grad * y)
    with pytest.raises(InvalidGradient, match=r"must return a tuple of 2 gradients.*x, y"):
        product(mg.tensor(1.0), mg.tensor(2.0)).backward()


DECLARATIONS: list[tuple[Callable[[], Any], str]] = [
    (lambda: log1pexp.rule("y"), "log1pexp has no parameter 'y', only x"),
    (lambda: log1pexp.rule(), "takes names of parameters, or the rule itself"),
    (lambda: log1pexp.rule("x")(lambda grad, z: z), "asks for 'z'; there are grad, out, x"),
    (lambda: log1pexp.rule("x")(lambda grad, aux: aux), "asks for 'aux'"),
    (lambda: mg.custom_vjp(lambda grad: grad), "a parameter 'grad'.*the gradient with respect"),
    (lambda: mg.custom_vjp(lambda x, out: x), "a parameter 'out'.*the result"),
    (lambda: mg.custom_vjp(3), "custom_vjp decorates a function, not 3"),
]


@pytest.mark.parametrize(("declare", "message"), DECLARATIONS)
def test_declarations_that_cannot_be(declare: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        declare()


def test_a_rule_that_loses_its_own_gradient() -> None:
    @mg.custom_vjp
    def square(x: Any) -> Any:
        return x * x

    square.rule(lambda grad, x: 2 * np.asarray(x) * grad)
    assert_same(mg.grad(square)(3.0), np.array(6.0))
    with pytest.raises(GradientLost) as caught:
        mg.grad(mg.grad(square))(3.0)
    assert "by a rule of square" in caught.value.__notes__[0]


def test_aux_that_loses_its_own_gradient() -> None:
    @mg.custom_vjp(has_aux=True)
    def square(x: Any) -> Any:
        return x * x, float(x)

    square.rule(lambda grad, aux: 2 * aux * grad)
    assert_same(mg.grad(square)(3.0), np.array(6.0))
    with pytest.raises(GradientLost):
        mg.grad(mg.grad(square))(3.0)


# ----------------------------------------------------------- stop_gradient


def test_stop_gradient() -> None:
    x = mg.tensor(V)
    stopped = mg.stop_gradient(x)
    assert stopped.constant
    assert np.shares_memory(stopped.data, x.data)
    assert mg.stop_gradient(V) is V
    assert_same(mg.grad(lambda x: np.sum(x * mg.stop_gradient(x)))(V), V)


def test_stop_gradient_in_a_nest() -> None:
    pair = mg.stop_gradient({"w": mg.tensor(V), "rest": [mg.tensor(1.0), "name", None]})
    assert pair["w"].constant
    assert pair["rest"][0].constant
    assert pair["rest"][1:] == ["name", None]


def test_stop_gradient_ends_it_at_all_levels() -> None:
    assert_same(mg.grad(mg.grad(lambda x: x**2 * mg.stop_gradient(x)))(3.0), np.array(6.0))
    assert_same(
        mg.grad(lambda x: mg.grad(lambda y: y * mg.stop_gradient(x))(x))(3.0), np.array(0.0)
    )


# --------------------------------------------------------- tensors from outside


def ruled(function: Callable[..., Any], rule: Callable[..., Any], *names: str) -> Any:
    """``function`` with ``rule``."""
    custom = mg.custom_vjp(function)
    (custom.rule(*names) if names else custom.rule)(rule)
    return custom


@pytest.mark.parametrize("x", [2.0, np.array(2.0)])
def test_a_tensor_from_outside_that_becomes_a_number(x: Any) -> None:
    w = mg.tensor(3.0)
    scaled = ruled(lambda x: integrate.quad(lambda t: w * t, 0, x)[0], lambda grad: grad)
    for argument in (x, mg.tensor(x)):
        with pytest.raises(GradientLost) as caught:
            scaled(argument)
        assert "Pass the tensor as an argument" in caught.value.__notes__[0]
    stopped = ruled(lambda x: x * float(mg.stop_gradient(w)), lambda grad: grad)
    assert stopped(x) == 6.0
    with mg.no_autodiff:
        assert scaled(x) == pytest.approx(6.0)


def test_the_variable_of_an_outer_level() -> None:
    def outer(a: Any) -> Any:
        return mg.grad(ruled(lambda x: np.asarray(a) * x, lambda grad: grad))(3.0)

    with pytest.raises(GradientLost):
        mg.grad(outer)(2.0)


def test_a_function_may_go_back_itself() -> None:
    def slope(x: Any) -> Any:
        return mg.grad(lambda v: v**3)(x)

    assert_same(mg.grad(ruled(slope, lambda grad, x: grad * 6 * x))(2.0), np.array(12.0))


def test_a_rule_may_use_tensors_from_outside() -> None:
    w = mg.tensor(2.0)
    f = ruled(lambda x: 1 * x, lambda grad, x: grad * w * x)
    x = mg.tensor(3.0)
    f(x).backward()
    assert x.grad == 6.0
    assert isinstance(x.grad, np.ndarray)
    assert w.grad is None  # of a first derivative
    mg.grad(f)(mg.tensor(3.0)).backward()
    assert w.grad == 3.0


# -------------------------------------------------------------- more of the rest


def test_levels_with_rules_of_several_arguments() -> None:
    product = ruled(lambda x, y: x * y, lambda grad, x, y: (grad * y, grad * x))
    assert_same(mg.grad(lambda x: x * mg.grad(lambda y: product(x, y))(5.0))(3.0), np.array(6.0))
    # x d/dy (x y²) = 2 x³ where y = x
    inner = mg.grad(lambda x: x * mg.grad(lambda y: product(x, product(y, y)))(x))
    assert_same(inner(3.0), np.array(54.0))
    x, w = mg.tensor(2.0), mg.tensor(3.0)
    slope = mg.grad(lambda v: product(product(v, v), product(w, w)))(x)  # 2 x w²
    (slope * w).backward()
    assert x.grad == 54.0
    assert w.grad == 108.0


def test_create_graph() -> None:
    square = ruled(lambda x: x * x, lambda grad, x: 2 * grad * x)
    x = mg.tensor(2.0)
    (square(x) * x).backward(create_graph=True)
    slope = x.grad
    assert slope == 12.0
    x.null_grad()
    slope.backward()
    assert x.grad == 12.0


def test_results_of_which_one_is_used_and_returned() -> None:
    both = ruled(
        lambda x: (np.sin(x), np.cos(x)), lambda grad, out: grad[0] * out[1] - grad[1] * out[0]
    )
    check_gradients(both, V, order=3)
    check_gradients(lambda x: both(x)[1], V)


def test_many_rows_of_a_jacobian() -> None:
    square = ruled(lambda x: x * x, lambda grad, x: 2 * grad * x)
    plain = ruled(lambda x: x * x, lambda grad, x: 2 * np.asarray(grad) * x)  # no batch, row by row
    for f in (square, plain):
        jacobian = mg.jacobian(lambda x, f=f: np.outer(np.ones(20), f(x)))(V)
        assert_same(jacobian, np.broadcast_to(np.diag(2 * V), (20, 3, 3)).copy())


def test_integers_among_the_results() -> None:
    f = ruled(lambda x: (x * 2, np.argmax(x)), lambda grad: 2 * grad[0])
    x = mg.tensor(V)
    doubled, best = f(x)
    assert best.constant
    assert best == 2
    np.sum(doubled).backward()
    assert_same(x.grad, np.full(3, 2.0))
    assert ruled(lambda x: np.argmax(x), lambda grad: grad)(x).constant


def test_results_own_their_memory() -> None:
    cache = np.zeros(3)
    x = mg.tensor(V)
    for result in ruled(lambda x: (x, x[1:], cache), lambda grad: grad[0])(x):
        assert result.base is None
        assert not np.shares_memory(result.data, x.data)
        assert not np.shares_memory(result.data, cache)


def test_any_number_of_arguments() -> None:
    total = ruled(
        lambda *xs, **named: sum(xs) + sum(named.values()),
        lambda grad, xs, named: ((grad,) * len(xs), dict.fromkeys(named, 2 * grad)),
        "xs",
        "named",
    )
    x, y, z = mg.tensor(1.0), mg.tensor(2.0), mg.tensor(3.0)
    total(x, 10.0, y, z=z).backward()
    assert (x.grad, y.grad, z.grad) == (1.0, 1.0, 2.0)


def test_debug_names_the_function_and_the_rule() -> None:
    def bad(x: Any) -> Any:
        return x * np.nan

    with mg.debug, pytest.raises(Anomaly, match=r"bad"):
        ruled(bad, lambda grad: grad)(mg.tensor(V))

    def good(x: Any) -> Any:
        return x * 1

    with mg.debug, pytest.raises(Anomaly, match=r"good"):
        np.sum(ruled(good, lambda grad: grad * np.nan)(mg.tensor(V))).backward()


def test_what_no_rule_asks_for_is_not_kept() -> None:
    def alive(rule: Callable[..., Any]) -> list[bool]:
        x = mg.tensor(V) * 2
        y = ruled(lambda x: x + 1, rule)(x)
        held = [weakref.ref(x.data), weakref.ref(y.data)]
        later = y + 0
        del x, y
        gc.collect()
        assert later.shape == (3,)
        return [each() is not None for each in held]

    assert alive(lambda grad: grad) == [False, False]
    assert alive(lambda grad, x: grad) == [True, False]
    assert alive(lambda grad, out: grad) == [False, True]


def test_updates_after_the_call() -> None:
    square = ruled(lambda x: x * x, lambda grad, x: 2 * grad * x)
    x = mg.tensor(V)
    y = x * 1
    total = np.sum(square(y))
    y *= 10
    total.backward(retain_graph=True)
    assert_same(x.grad, 2 * V)
    total.backward()
    assert_same(x.grad, 4 * V)


def test_parts_of_a_base_that_is_updated_bit_by_bit() -> None:
    def chain(function: Callable[[Any], Any]) -> Any:
        x = mg.tensor(np.ones(20))
        y = x * 1.5
        for i in range(1, 4):
            y[i] = function(y[i - 1 : i])[0] * y[i]
        y[3].backward()
        return x.grad

    square = ruled(lambda x: x * x, lambda grad, x: 2 * grad * x)
    assert_same(chain(square), chain(np.square))


def test_straight_through_without_a_rule() -> None:
    def rounded(x: Any) -> Any:
        return x + mg.stop_gradient(np.round(x) - x)

    assert_same(mg.grad(lambda x: np.sum(rounded(x) ** 2))(V), 2 * np.round(V))
