"""Are the gradients of a function right? Compare them with differences.

`check_gradients` is what mygrad's own tests use for every operation, and what users need for
functions and rules of their own.

The loss is ``L = sum(real(cotangent * out))`` over the outputs, with random cotangents. Its
gradient with respect to ``z = x + iy`` is ``dL/dx - i dL/dy``, so that along a direction ``v`` the
loss changes by ``sum(real(v * gradient))``. That number is the loss of the next order: its own
gradient is, since second derivatives are symmetric, the change of the first gradient along ``v``.
Each order therefore costs two gradients more, however many entries there are.
"""

from __future__ import annotations

import inspect
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from mygrad.errors import MyGradException, name_of_function
from mygrad.tensors.tensor import Tensor

__all__ = ["GradientMismatch", "check_gradients"]

Array = npt.NDArray[Any]
Call = Callable[..., Any]

# A central difference errs by about step**2 (truncation) and eps / step (rounding): equal here.
STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
# The complex step subtracts nothing, so that its step can be as small as floats go.
COMPLEX_STEP = 1e-30

# Relative to the largest entry. Central differences are good to about 1e-10 for functions with
# derivatives near one; what is left covers derivatives up to 1e4 times as large.
TOLERANCE = 1e-6
# A complex step is good to a few roundings.
COMPLEX_TOLERANCE = 1e-11


class GradientMismatch(MyGradException, AssertionError):
    """A gradient disagrees with differences of the function."""


class Estimate(NamedTuple):
    """A gradient that differences gave, and how far it can be trusted."""

    gradient: Array
    tolerance: float
    method: str


def check_gradients(
    f: Call,
    *args: Any,
    order: int = 2,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> None:
    """Check the derivatives of a NumPy function against differences.

    Every array of floats or complex numbers in `args`, also inside lists, tuples and dictionaries,
    is differentiated, in double precision. Everything else is passed on as it is: to keep an array
    out, close over it (``lambda x: f(x, weights)``). The differences call `f` on plain arrays, two
    to four times for each entry. All it gets are copies, which it may update in place.

    Parameters
    ----------
    f : Callable[..., Any]
        Returns an array, or arrays in nested tuples, lists or dictionaries.
    *args : Any
        Where to check. Stay away from kinks: differences must not step over them.
    order : int
        The highest order of derivative to check.
    tolerance : float
        What the worst entry may err by, relative to the largest entry of the gradient or to one.
    seed : int
        Of the random cotangents and directions.

    Raises
    ------
    GradientMismatch
        Names the argument and its worst entry, analytic and numeric. An `AssertionError`.
    TypeError
        There is nothing to differentiate, or ``order`` is no integer.
    ValueError
        ``order`` is less than one.

    Examples
    --------
    >>> import numpy as np
    >>> from mygrad.testing import check_gradients
    >>> check_gradients(lambda x, w: np.tanh(x @ w), np.ones((2, 3)), np.ones(3))
    >>> check_gradients(lambda x: np.array(x.tolist()), np.ones(3))
    Traceback (most recent call last):
        ...
    mygrad.testing.GradientMismatch: ...
    """
    if not isinstance(order, SupportsIndex):
        raise TypeError(
            f"check_gradients: order is 1 for first derivatives, 2 for second ones too, and so on; not {order!r}"
        )
    if operator.index(order) < 1:
        raise ValueError(
            f"check_gradients: order={order} checks nothing. It is 1 for first derivatives, 2 for second ones"
            " too, and so on."
        )
    arrays = [double(leaf) for _, leaf in leaves(args) if is_inexact_array(leaf)]
    if not arrays:
        raise TypeError(
            f"check_gradients: {name_of_function(f)} got no array of floats or complex numbers to "
            f"differentiate, only {', '.join(type(arg).__name__ for arg in args) or 'nothing'}"
        )
    names = _parameter_names(f)
    labels = [_label(path, names) for path, leaf in leaves(args) if is_inexact_array(leaf)]

    def call(*arrays: Any) -> Any:
        return f(*substitute(args, map(own, arrays)))

    if not float_outputs(call(*arrays)):
        raise TypeError(
            f"check_gradients: {name_of_function(f)} returned no array of floats or complex numbers"
        )
    compare_orders(
        call, arrays, labels, order=order, tolerance=tolerance, seed=seed, name=name_of_function(f)
    )


def compare_orders(
    call: Call,
    arrays: Sequence[Array],
    labels: Sequence[str],
    *,
    order: int,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    name: str,
) -> None:
    """Check the derivatives of ``call(*arrays)`` with respect to all its arguments."""
    rng = np.random.default_rng(seed)
    cotangents = random_cotangents(call, arrays, rng)
    actual = gradients(call, arrays, cotangents)
    expected = difference_gradients(call, arrays, cotangents, tolerance)
    for label, array, gradient, estimate in zip(labels, arrays, actual, expected, strict=True):
        _compare(f"the gradient of {name} with respect to {label}", array, gradient, estimate)

    directions: list[list[Array]] = []
    for depth in range(2, order + 1):
        direction = [random_like(array, rng) * _sizes(array) for array in arrays]
        with np.errstate(all="ignore"):
            ahead, behind = (
                _nested_gradients(call, _move(arrays, direction, step), cotangents, directions)
                for step in (STEP, -STEP)
            )
        directions.append(direction)
        actual = _nested_gradients(call, arrays, cotangents, directions)
        # A rule must be differentiable in the incoming gradient, too.
        variables = [*zip(labels, arrays, strict=True)]
        variables += [("the cotangent", cotangent) for cotangent in cotangents]
        for (label, array), gradient, above, below in zip(
            variables, actual, ahead, behind, strict=True
        ):
            slope = (_or_zeros(above, array) - _or_zeros(below, array)) / (2 * STEP)
            _compare(
                f"the derivative of order {depth} of {name} with respect to {label}",
                array,
                gradient,
                Estimate(slope, tolerance, f"differences of the derivatives of order {depth - 1}"),
            )


def gradients(
    call: Call, arrays: Sequence[Array], cotangents: Sequence[Array]
) -> list[Array | None]:
    """The gradients of the loss that mygrad computes, one an array; None where none came back."""
    tensors = [Tensor(array) for array in arrays]
    backward(call(*tensors), cotangents)
    return [each.grad for each in tensors]


def backward(outputs: Any, cotangents: Sequence[Array]) -> None:
    """Go back from the loss of `outputs`, unless it depends on no tensor."""
    loss = _inner(cotangents, float_outputs(outputs))
    if isinstance(loss, Tensor):
        loss.backward()


def difference_gradients(
    call: Call,
    arrays: Sequence[Array],
    cotangents: Sequence[Array],
    tolerance: float = TOLERANCE,
) -> list[Estimate]:
    """The gradients of the loss by differences of `call` on plain arrays.

    Where complex numbers carry the derivative as well, as they do through every analytic function
    that does not take conjugates or absolute values, the complex step makes it nearly exact.
    Whether they do, central differences tell.
    """
    estimates = []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for position, array in enumerate(arrays):

            def at(moved: Array, position: int = position) -> list[Array]:
                return float_outputs(call(*arrays[:position], moved, *arrays[position + 1 :]))

            estimate = Estimate(
                _central_differences(at, array, cotangents), tolerance, "central differences"
            )
            precise = _complex_step(at, array, cotangents)
            if precise is not None and np.all(
                np.abs(precise - estimate.gradient) <= tolerance * _scale(estimate.gradient)
            ):
                estimate = Estimate(precise, min(COMPLEX_TOLERANCE, tolerance), "complex step")
            estimates.append(estimate)
    return estimates


def random_cotangents(call: Call, arrays: Sequence[Array], rng: np.random.Generator) -> list[Array]:
    """A random cotangent for each output of floats; 0 where the output is not a number."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = float_outputs(call(*arrays))
    return [np.where(np.isnan(out), 0, random_like(out, rng)) for out in outputs]


def random_like(array: Array, rng: np.random.Generator) -> Array:
    """Random doubles of either sign, none so small that an error in it could hide."""

    values = rng.uniform(-1, 1, (2, *array.shape))
    values += np.copysign(0.5, values)
    return np.asarray(values[0] + 1j * values[1] if array.dtype.kind == "c" else values[0])


def own(value: Any) -> Any:
    """A copy for a function to update in place; of a tensor one whose gradient is that of the tensor."""
    return +value if isinstance(value, Tensor) else value.copy("K")


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """What nested sequences and dictionaries hold, each with the keys that lead to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def substitute(value: Any, replacements: Iterator[Any]) -> Any:
    """The same nested structure with the next replacement for each array of floats."""
    if isinstance(value, dict):
        return {key: substitute(item, replacements) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [substitute(item, replacements) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return next(replacements) if is_inexact_array(value) else value


def is_inexact_array(value: Any) -> bool:
    """Whether `value` is an array or a tensor of floats or of complex numbers."""
    return isinstance(value, np.ndarray | Tensor) and value.dtype.kind in "fc"


def float_outputs(outputs: Any) -> list[Any]:
    """The outputs that can have a derivative; of Python's numbers arrays."""
    arrays = [
        output if hasattr(output, "dtype") else np.asarray(output) for _, output in leaves(outputs)
    ]
    return [array for array in arrays if array.dtype.kind in "fc"]


def double(array: Any) -> Array:
    """A copy in double precision."""
    return np.array(array, np.complex128 if array.dtype.kind == "c" else np.float64)


def _nested_gradients(
    call: Call,
    arrays: Sequence[Array],
    cotangents: Sequence[Array],
    directions: Sequence[Sequence[Array]],
) -> list[Array | None]:
    """The gradients of the loss, or of its derivative along each direction in turn.

    With respect to the arrays, then to the cotangents.
    """
    tensors = [Tensor(array) for array in arrays]
    weights = [Tensor(cotangent) for cotangent in cotangents]
    loss = _inner(weights, float_outputs(call(*tensors)))
    for direction in directions:
        loss.backward(create_graph=True)
        loss = _inner(direction, [each.grad for each in tensors])
        for each in (*tensors, *weights):
            each.null_grad()
        if not isinstance(loss, Tensor):
            return [None] * (len(tensors) + len(weights))
    loss.backward()
    return [each.grad for each in (*tensors, *weights)]


def _inner(weights: Sequence[Any], values: Sequence[Any]) -> Any:
    """``sum(real(weight * value))`` over all pairs; a value of None counts as zero."""
    total: Any = 0.0
    with np.errstate(all="ignore"):  # the loss itself is of no interest
        for weight, value in zip(weights, values, strict=True):
            if value is not None:
                product = weight * value
                total = np.sum(np.real(product) if product.dtype.kind == "c" else product) + total
    return total


def _central_differences(
    at: Callable[[Array], list[Array]], array: Array, cotangents: Sequence[Array]
) -> Array:
    def slope(index: tuple[int, ...], step: complex) -> float:
        ahead, behind = array.copy("K"), array.copy("K")
        ahead[index] += step
        behind[index] -= step
        # What rounding has left of the step, not the step that was asked for.
        width = float(abs(ahead[index] - behind[index]))
        return _change(at(ahead), at(behind), cotangents) / width

    sizes = _sizes(array)
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        if np.isfinite(array[index]):
            step = STEP * float(sizes[index])
            gradient[index] = slope(index, step)
            if array.dtype.kind == "c":
                gradient[index] -= 1j * slope(index, 1j * step)
    return gradient


def _complex_step(
    at: Callable[[Array], list[Array]], array: Array, cotangents: Sequence[Array]
) -> Array | None:
    """The gradient by the complex step, or None where that means nothing."""
    if array.dtype.kind == "c" or any(each.dtype.kind == "c" for each in cotangents):
        return None
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        moved = array.astype(np.complex128)
        moved[index] += COMPLEX_STEP * 1j
        try:
            outputs = [np.imag(out) for out in at(moved)]
        except Exception:  # noqa: BLE001, each function says in its own way that it takes no complex
            return None
        if [out.shape for out in outputs] != [each.shape for each in cotangents]:
            return None
        gradient[index] = _change(outputs, None, cotangents) / COMPLEX_STEP
    return gradient


def _change(
    ahead: Sequence[Array], behind: Sequence[Array] | None, cotangents: Sequence[Array]
) -> float:
    """How much the loss changes. Subtracting the outputs first rounds less than the losses."""
    total = 0.0
    for position, cotangent in enumerate(cotangents):
        change = ahead[position] if behind is None else ahead[position] - behind[position]
        total += float(np.sum(np.real(cotangent * change), where=cotangent != 0))
    return total


def _move(arrays: Sequence[Array], direction: Sequence[Array], step: float) -> list[Array]:
    moved = [array.copy("K") for array in arrays]  # some functions depend on the memory layout
    for position, each in enumerate(direction):
        moved[position] += step * each
    return moved


def _compare(what: str, array: Array, gradient: Any, estimate: Estimate) -> None:
    """Raise unless the gradient agrees with the estimate."""
    actual, expected = _or_zeros(gradient, array), estimate.gradient
    if actual.shape != array.shape:
        raise GradientMismatch(f"{what} has shape {actual.shape}, not {array.shape}")
    errors = np.abs(actual - expected)
    allowed = estimate.tolerance * _scale(expected)
    # Written so that NaN is wrong: unlike any error, it is not within what is allowed.
    wrong = ~(errors <= allowed)
    if not np.any(wrong):
        return
    index = np.unravel_index(np.argmax(np.where(np.isnan(errors), np.inf, errors)), errors.shape)
    position = tuple(int(i) for i in index)
    lost = " (no gradient reached it)" if gradient is None else ""
    raise GradientMismatch(
        f"{what} is wrong in {np.count_nonzero(wrong)} of {errors.size} entries.\n"
        f"  worst entry: {position}\n"
        f"  analytic:    {actual[position].item()!r}{lost}\n"
        f"  numeric:     {expected[position].item()!r} ({estimate.method})\n"
        f"  difference:  {errors[position]:.3g}, allowed {allowed:.3g}"
    )


def _or_zeros(gradient: Any, array: Array) -> Array:
    return np.zeros(array.shape) if gradient is None else np.asarray(gradient)


def _sizes(array: Array) -> Array:
    """What a step in each entry is relative to: its size, or one."""
    return np.asarray(np.maximum(1.0, np.nan_to_num(np.abs(array), nan=1.0, posinf=1.0)))


def _scale(gradient: Array) -> float:
    return float(np.max(np.abs(gradient), initial=1.0))


def _parameter_names(f: Call) -> list[str]:
    """The names of the parameters that positional arguments fill, as far as they are known."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):  # C functions need not have a signature
        return []
    return [
        each.name
        for each in parameters
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]


def _label(path: tuple[Any, ...], names: Sequence[str]) -> str:
    position, *keys = path
    name = f"{names[position]!r} " if position < len(names) else ""
    return f"{name}(argument {position}{''.join(f'[{key!r}]' for key in keys)})"
