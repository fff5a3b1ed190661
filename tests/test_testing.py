"""check_gradients detects wrong gradients, and says where they are."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pytest

from mygrad.errors import MyGradException
from mygrad.tensors.tensor import Tensor
from mygrad.testing import GradientMismatch, check_gradients, difference_gradients, leaves
from tests.checks import complex_normal, distinct, normal, positive, raw


class Pair(NamedTuple):
    first: Any
    second: Any


# ------------------------------------------------------------------ correct gradients


RIGHT = {
    "a function of NumPy": np.sin,
    "a product with itself": lambda x: x @ x.T,
    "nested results": lambda x: (np.exp(x), [x**2, {"mean": np.mean(x)}]),
    "a single number": lambda x: np.sum(np.abs(x)),
    "a complex result": lambda x: x * (1 + 2j),
    "integers among the results": lambda x: (np.argsort(x, axis=None), x**3),
    "branches": lambda x: np.where(x > 0, np.sqrt(np.abs(x)), 0.0),
    "a view": lambda x: x[:, ::2],
    "nothing to be done": lambda x: x,
}


@pytest.mark.parametrize("f", RIGHT.values(), ids=RIGHT)
def test_right_functions_pass(f: Any) -> None:
    check_gradients(f, normal(2, 3))


def test_any_order() -> None:
    check_gradients(lambda x, y: np.exp(x * y) * y, normal(3), normal(3), order=4)


def test_complex_functions() -> None:
    z = complex_normal(3)
    check_gradients(lambda z: z**2 * np.exp(z), z)
    check_gradients(lambda z: np.real(z) * np.imag(z), z)
    check_gradients(lambda z: np.conj(z) * z * z, z)
    check_gradients(np.abs, z)
    check_gradients(lambda z, x: z * x, z, normal(3))


def test_nested_arguments() -> None:
    check_gradients(
        lambda parameters, pair, name: (
            parameters["layers"][0] @ parameters["layers"][1] + pair.first * pair.second
        ),
        {"layers": [normal(2, 3), normal(3)]},
        Pair(normal(2), normal(2)),
        "a name",
    )


def test_other_arguments_are_passed_on() -> None:
    check_gradients(lambda x, indices, scale: x[indices] * scale, normal(4), np.array([0, 0, 3]), 2)


def test_empty_and_0d() -> None:
    check_gradients(np.exp, np.zeros((0, 2)))
    check_gradients(lambda x: x * x, np.array(3.0))


def test_python_numbers() -> None:
    check_gradients(lambda x: [np.sum(x), 2.0, 3], normal(3))
    with pytest.raises(GradientMismatch, match="no gradient reached it"):
        check_gradients(lambda x: float(np.sum(x)), normal(3))


def test_arguments_are_left_alone() -> None:
    x = normal(2, 3)
    before = x.copy()
    check_gradients(lambda x: x * x, x)
    assert np.array_equal(x, before)
    assert x.flags.writeable


def test_functions_that_update_their_arguments() -> None:
    def doubled(x: Any) -> Any:
        x *= 2
        return np.sum(x**2)

    def entries(arrays: Any) -> Any:
        arrays[0][1:] = arrays[1] ** 2
        return arrays[0] * arrays[1]

    check_gradients(doubled, normal(3), order=3)
    check_gradients(entries, [normal(3), normal()])
    x = normal(3)
    before = x.copy()
    check_gradients(doubled, x)
    assert np.array_equal(x, before)


def test_tensors_and_single_precision_are_checked_in_double() -> None:
    check_gradients(lambda x, y: np.exp(x * y), Tensor(normal(3)), np.float32(normal(3)))


def test_undefined_results_count_for_nothing() -> None:
    check_gradients(np.nansum, np.array([1.0, np.nan, 2.0]))


# ------------------------------------------------------------------ wrong gradients


def test_message_shows_the_worst_entry() -> None:
    def wrong(x: Any, weights: Any) -> Any:
        # The value is x * weights, yet the gradient of one entry is doubled.
        factor = np.array([[1.0, 1.0, 2.0]])
        return x * weights * factor - raw(x * weights) * (factor - 1)

    with pytest.raises(GradientMismatch) as caught:
        check_gradients(wrong, normal(2, 3), normal(3))
    message = str(caught.value)
    assert "the gradient of wrong with respect to 'x' (argument 0)" in message
    assert "wrong in 2 of 6 entries" in message
    assert re.search(r"2\)\n  analytic:    -?\d\.\d+\n  numeric:     -?\d\.\d+ \(", message)
    assert isinstance(caught.value, AssertionError)
    assert isinstance(caught.value, MyGradException)


def test_names_of_arguments() -> None:
    def wrong(x: Any, options: Any) -> Any:
        return x * raw(options["weights"][1])

    with pytest.raises(GradientMismatch, match=r"'options' \(argument 1\['weights'\]\[1\]\)"):
        check_gradients(wrong, normal(3), {"weights": (0, normal(3))})


def test_a_lost_gradient() -> None:
    with pytest.raises(GradientMismatch, match="no gradient reached it"):
        check_gradients(lambda x: np.exp(raw(x)), normal(3))


def test_a_wrong_second_derivative() -> None:
    def wrong(x: Any) -> Any:
        # x**2, whose derivative is treated as a constant 2 * x.
        return 2 * x * raw(x) - raw(x) ** 2

    check_gradients(wrong, normal(3), order=1)
    with pytest.raises(GradientMismatch, match="order 2 of wrong"):
        check_gradients(wrong, normal(3))


def test_a_wrong_third_derivative() -> None:
    def wrong(x: Any) -> Any:
        # exp(y), expanded around the current x to second order only.
        point = raw(x)
        step = x - point
        return np.exp(point) * (1 + step + step * step / 2)

    check_gradients(wrong, normal(3))
    with pytest.raises(GradientMismatch, match="order 3 of wrong"):
        check_gradients(wrong, normal(3), order=3)


def test_a_gradient_that_is_no_number() -> None:
    def wrong(x: Any) -> Any:
        return x + (x - raw(x)) * (np.nan if isinstance(x, Tensor) else 1.0)

    with pytest.raises(GradientMismatch, match="analytic"):
        check_gradients(wrong, normal(3))


def test_a_missing_conjugate() -> None:
    def wrong(z: Any) -> Any:
        return np.conj(raw(z)) + (z - raw(z))

    with pytest.raises(GradientMismatch):
        check_gradients(wrong, complex_normal(3), order=1)


def test_small_errors_are_found() -> None:
    def wrong(x: Any) -> Any:
        return x * x + (x - raw(x)) * 1e-9

    with pytest.raises(GradientMismatch, match="complex step"):
        check_gradients(wrong, normal(3))
    check_gradients(wrong, complex_normal(3))  # too small for central differences


def test_tolerance() -> None:
    def wrong(x: Any) -> Any:
        return np.abs(x) + (x - raw(x)) * 1e-4

    with pytest.raises(GradientMismatch, match="central differences"):
        check_gradients(wrong, normal(3))
    check_gradients(wrong, normal(3), tolerance=1e-3)


def test_nothing_to_differentiate() -> None:
    with pytest.raises(TypeError, match=r"sin got no floating-point .* only float"):
        check_gradients(np.sin, 2.0)
    with pytest.raises(TypeError, match="only nothing"):
        check_gradients(lambda: 1)
    with pytest.raises(TypeError, match="argsort returned no floating-point"):
        check_gradients(np.argsort, normal(3))


@pytest.mark.parametrize(
    ("order", "error"), [("2", TypeError), (1.5, TypeError), (0, ValueError), (-1, ValueError)]
)
def test_orders_that_there_are_not(order: Any, error: Any) -> None:
    with pytest.raises(error, match=r"check_gradients: order must be a positive integer"):
        check_gradients(np.sin, normal(3), order=order)


# ------------------------------------------------------------------ the estimates


def test_complex_step_is_used_where_it_means_something() -> None:
    x, cotangent = positive(3), normal(3)
    (estimate,) = difference_gradients(np.log, [x], [cotangent])
    assert estimate.method == "complex step"
    assert np.allclose(estimate.gradient, cotangent / x, rtol=1e-15, atol=0)
    for function in (np.abs, lambda x: np.real(x) ** 2, lambda x: np.arctan2(x, 1.0)):
        (estimate,) = difference_gradients(function, [x], [cotangent])
        assert estimate.method == "central differences"
    (estimate,) = difference_gradients(lambda x: x * 1j, [x], [cotangent + 0j])
    assert estimate.method == "central differences"


def test_central_differences_of_complex_arguments() -> None:
    z, cotangent = complex_normal(3), complex_normal(3)
    (estimate,) = difference_gradients(np.exp, [z], [cotangent])
    assert np.allclose(estimate.gradient, cotangent * np.exp(z), rtol=1e-8)
    # L = real(c * conj(z)): dL/dx - i dL/dy = conj(c).
    (estimate,) = difference_gradients(np.conj, [z], [cotangent])
    assert np.allclose(estimate.gradient, np.conj(cotangent), rtol=1e-8)


def test_large_and_tiny_arguments() -> None:
    check_gradients(lambda x: x * x, distinct(3) * 1e6)
    check_gradients(lambda x: x * x, distinct(3) * 1e-9)


def test_leaves() -> None:
    assert list(leaves({"a": [1, (2, 3)], "b": 4})) == [
        (("a", 0), 1),
        (("a", 1, 0), 2),
        (("a", 1, 1), 3),
        (("b",), 4),
    ]
