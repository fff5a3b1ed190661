"""Generic checks: each sample call of a NumPy function is a row of a table that runs every check.

The expected values are NumPy's. A test module passes its table to `generic_checks`::

    SAMPLES = [
        Sample(np.multiply, normal(3, 4), normal(4)),
        Sample(np.sum, normal(2, 3), axis=0, keepdims=True),
    ]
    TestSamples = generic_checks(SAMPLES)

Derivatives are checked with respect to every floating-point or complex array in the call, also
inside lists and tuples. `Sample.but` exempts a row from checks, and `Sample.since` from versions of
NumPy that do not accept the call, both with a reason; an exemption that is no longer needed fails.
"""

from __future__ import annotations

import inspect
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from mygrad.engine.operation import Operation
from mygrad.engine.registry import Composed, registry
from mygrad.errors import name_of_function
from mygrad.tensors.tensor import Tensor
from mygrad.testing import (
    TOLERANCE,
    backward,
    compare_orders,
    difference_gradients,
    double,
    float_outputs,
    gradients,
    is_inexact_array,
    leaves,
    random_cotangents,
    random_like,
    substitute,
)
from tests.versions import numpy_since

# ------------------------------------------------------------------ random arrays

_drawn: Counter[tuple[Any, ...]] = Counter()


def forget_drawn() -> None:
    """Restart the sequence of random arrays; done before each test."""
    _drawn.clear()


def _generator(shape: tuple[int, ...]) -> np.random.Generator:
    """A generator for the next array of a kind and shape that a module asks for.

    Two arrays in a row differ, or a rule that mixes up its arguments would pass. Yet they depend on
    the module alone, never on which others were imported before it.
    """
    kind = sys._getframe(1).f_code.co_name
    module = sys._getframe(2).f_globals["__name__"]
    key = (module, kind, shape)
    _drawn[key] += 1
    return np.random.default_rng(zlib.crc32(repr((kind, shape, _drawn[key])).encode()))


def normal(*shape: int) -> np.ndarray:
    """Normally distributed numbers, none closer to zero than 0.1."""
    values = _generator(shape).normal(size=shape)
    return np.asarray(values + np.copysign(0.1, values))


def positive(*shape: int) -> np.ndarray:
    """Numbers in (0.3, 2)."""
    return np.asarray(_generator(shape).uniform(0.3, 2, size=shape))


def unit(*shape: int) -> np.ndarray:
    """Numbers in (-0.9, 0.9), none closer to zero than 0.05."""
    random = _generator(shape)
    return np.asarray(random.uniform(0.05, 0.9, shape) * random.choice([-1.0, 1.0], shape))


def distinct(*shape: int) -> np.ndarray:
    """Distinct numbers in random order, any two at least 0.2 apart."""
    random = _generator(shape)
    size = int(np.prod(shape))
    values = (random.permutation(size) - (size - 1) / 2) * 0.5
    return np.asarray((values + random.uniform(-0.15, 0.15, size)).reshape(shape))


def complex_normal(*shape: int) -> np.ndarray:
    """Complex numbers whose parts are not closer to zero than 0.1."""
    values = _generator(shape).normal(size=(2, *shape))
    values += np.copysign(0.1, values)
    return np.asarray(values[0] + 1j * values[1])


# ------------------------------------------------------------------ samples


class Sample:
    """A sample call: ``Sample(np.sum, normal(2, 3), axis=0)``.

    ``arrays`` are the arrays to differentiate with respect to, ``labels`` their positions; `call`
    runs the call with other arrays in their place.
    """

    def __init__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.order = 2
        self.tolerance = TOLERANCE
        self.constant: tuple[int | str, ...] = ()
        self.skip: tuple[str, ...] = ()
        self.reasons: tuple[str, ...] = ()
        self.supported = True
        self._prepare()

    def _prepare(self) -> None:
        arguments: dict[int | str, Any] = {**dict(enumerate(self.args)), **self.kwargs}
        if unknown := set(self.constant) - set(arguments):
            raise ValueError(f"{self.name}: no argument {unknown} to keep constant")
        self._variable = {
            key: value
            for key, value in arguments.items()
            if key not in self.constant and any(is_inexact_array(leaf) for _, leaf in leaves(value))
        }
        found = [(path, leaf) for path, leaf in leaves(self._variable) if is_inexact_array(leaf)]
        self.arrays: list[np.ndarray] = [leaf for _, leaf in found]
        self.labels = ["argument " + "".join(f"[{key!r}]" for key in path) for path, _ in found]

    def but(
        self,
        *,
        reason: str,
        order: int | None = None,
        tolerance: float | None = None,
        constant: int | str | Sequence[int | str] = (),
        skip: str | Sequence[str] = (),
    ) -> Sample:
        """The same sample with exemptions.

        Parameters
        ----------
        reason : str
            The reason for the exemption.
        order : int
            The highest order of derivative that is correct; the next one is checked to fail.
        tolerance : float
            The tolerance of the comparison with finite differences.
        constant : int or str
            Positions and keywords of arguments that have no derivative.
        skip : str
            Names of checks that the row cannot pass ("layout"); they are checked to fail.
        """
        if not reason.strip():
            raise ValueError("an exemption needs a reason")
        other = Sample(self.function, *self.args, **self.kwargs)
        other.order = self.order if order is None else order
        other.tolerance = self.tolerance if tolerance is None else tolerance
        other.constant = self.constant + _as_tuple(constant)
        other.skip = self.skip + _as_tuple(skip)
        if unknown := set(other.skip) - {name_of_check(check) for check in CHECKS}:
            raise ValueError(f"there is no check {', '.join(sorted(unknown))}")
        other.reasons = (*self.reasons, reason)
        other.supported = self.supported
        other._prepare()
        return other

    def since(self, version: str, *, reason: str) -> Sample:
        """The same sample for NumPy ``version`` and later; earlier versions must refuse it.

        Parameters
        ----------
        version : str
            The first version of NumPy that accepts the call, such as ``"2.4"``.
        reason : str
            The change in that version.
        """
        other = self.but(reason=reason)
        other.supported = numpy_since(version)
        return other

    def call(self, *arrays: Any, **more: Any) -> Any:
        """The call with `arrays` in place of those of the sample, and with `more` keywords."""
        filled = substitute(self._variable, iter(arrays))
        args = [filled.get(position, value) for position, value in enumerate(self.args)]
        kwargs = {key: filled.get(key, value) for key, value in self.kwargs.items()}
        return self.function(*args, **kwargs, **more)

    @cached_property
    def cotangents(self) -> list[np.ndarray]:
        """A random cotangent for each floating-point output."""
        outputs = float_outputs(self.call(*self.copies()))
        random = np.random.default_rng(0)
        return [
            np.where(np.isnan(out), 0, random_like(out, random)).astype(out.dtype)
            for out in outputs
        ]

    @cached_property
    def gradients(self) -> list[np.ndarray | None]:
        """mygrad's gradients for these cotangents."""
        return gradients(self.call, self.arrays, self.cotangents)

    def copies(self) -> list[np.ndarray]:
        """Copies of the arrays, which a call may write to."""
        return [array.copy("K") for array in self.arrays]

    def single(self) -> Sample:
        """The same sample with every array in single precision."""
        other = Sample(self.function, *_single(self.args), **_single(self.kwargs))
        other.constant, other.tolerance = self.constant, self.tolerance
        other._prepare()
        return other

    @property
    def differentiable(self) -> bool:
        """True if the function has a rule, so that its results are tensors."""
        fate = registry.get(self.function)
        return isinstance(fate, Composed) or (
            isinstance(fate, type) and issubclass(fate, Operation)
        )

    @property
    def name(self) -> str:
        """The function as NumPy's users write it, without the module."""
        name = name_of_function(self.function)
        owner = getattr(self.function, "__self__", None)
        return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else name

    def __repr__(self) -> str:
        args = [_show(value) for value in self.args]
        kwargs = [f"{key}={_show(value)}" for key, value in self.kwargs.items()]
        return f"{self.name}({', '.join(args + kwargs)})"


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, int | str) else tuple(value)


def _single(value: Any) -> Any:
    kinds = {np.dtype(np.float64): np.float32, np.dtype(np.complex128): np.complex64}
    return substitute(
        value,
        iter(
            [
                leaf.astype(kinds.get(leaf.dtype, leaf.dtype))
                for _, leaf in leaves(value)
                if is_inexact_array(leaf)
            ]
        ),
    )


def _show(value: Any) -> str:
    """A short representation of an argument, for the name of a test."""
    if isinstance(value, np.ndarray):
        shape = "x".join(map(str, value.shape)) or "0d"
        return shape if value.dtype == np.float64 else f"{value.dtype}:{shape}"
    if isinstance(value, list | tuple):
        brackets = "[]" if isinstance(value, list) else "()"
        return brackets[0] + ",".join(map(_show, value)) + brackets[1]
    if isinstance(value, slice):
        parts = (
            [value.start, value.stop]
            if value.step is None
            else [value.start, value.stop, value.step]
        )
        return ":".join("" if part is None else _show(part) for part in parts)
    if callable(value):
        return name_of_function(value)
    return repr(value)


# ------------------------------------------------------------------ the checks


def check_value(sample: Sample) -> None:
    """Value, dtype, shape, type and memory sharing of the result are NumPy's."""
    arrays = sample.copies()
    expected = sample.call(*arrays)
    tensors = [Tensor(array) for array in sample.arrays]
    actual = sample.call(*tensors)
    assert_same(actual, expected)
    for (_, result), (_, model) in zip(leaves(actual), leaves(expected), strict=True):
        if not isinstance(model, np.ndarray | np.generic):
            continue
        if sample.differentiable and tensors and model.dtype.kind in "fc":
            assert isinstance(result, Tensor), f"{sample} returned {type(result).__name__}"
        for label, array, argument in zip(sample.labels, arrays, tensors, strict=True):
            is_view, should_be = (
                np.shares_memory(raw(result), argument.data),
                np.shares_memory(model, array),
            )
            assert is_view == should_be, f"{label}: a view of it? {is_view}; in NumPy: {should_be}"


def raw(value: Any) -> Any:
    """The array of a tensor; anything else as it is."""
    return value.data if isinstance(value, Tensor) else value


def assert_same(actual: Any, expected: Any) -> None:
    """`actual` is what NumPy returned, with tensors in place of arrays or scalars."""
    if isinstance(expected, list | tuple):
        assert type(actual) is type(expected)
        assert len(actual) == len(expected)
        for item, model in zip(actual, expected, strict=True):
            assert_same(item, model)
    elif isinstance(expected, np.ndarray | np.generic):
        if isinstance(actual, Tensor):
            actual = actual.data
            assert type(actual) is np.ndarray
        else:
            assert type(actual) is type(expected)
        assert actual.dtype == expected.dtype
        assert actual.shape == expected.shape
        assert np.array_equal(actual, expected, equal_nan=expected.dtype.kind in "fc"), (
            f"{actual!r} is not {expected!r}"
        )
    else:
        assert type(actual) is type(expected)
        assert actual == expected


def check_gradient(sample: Sample) -> None:
    """The gradients agree with finite differences of NumPy's function, to second order."""

    def compare(order: int) -> None:
        compare_orders(
            sample.call,
            [double(array) for array in sample.arrays],
            sample.labels,
            order=order,
            tolerance=sample.tolerance,
            name=repr(sample),
        )

    compare(sample.order)
    if sample.order < 2:
        assert fails(lambda: compare(2)), f"{sample} is right to second order: drop the exemption"
    for key in sample.constant:
        assert fails(lambda key=key: _differentiate_constant(sample, key)), (
            f"{sample}: argument {key!r} is said to be constant, but has a gradient"
        )


def _differentiate_constant(sample: Sample, key: int | str) -> None:
    """Raise unless a gradient reaches the argument that the sample keeps constant."""
    other = Sample(sample.function, *sample.args, **sample.kwargs)
    other.constant = tuple(each for each in sample.constant if each != key)
    other._prepare()
    prefix = f"argument [{key!r}]"
    reached = [
        grad
        for label, grad in zip(other.labels, other.gradients, strict=True)
        if label.startswith(prefix) and grad is not None
    ]
    if not reached:
        raise LookupError(key)


def check_grad(sample: Sample) -> None:
    """`.grad` has the dtype and shape of its tensor, and does not share memory."""
    tensors = [Tensor(array) for array in sample.arrays]
    cotangents = [cotangent.copy() for cotangent in sample.cotangents]
    backward(sample.call(*tensors), cotangents)
    assert_own_grads(tensors, cotangents)


def assert_own_grads(tensors: Sequence[Tensor], cotangents: Sequence[np.ndarray]) -> None:
    """Writing to one gradient, to data or to a cotangent changes no other gradient."""
    grads = [(each, each.grad) for each in tensors if each.grad is not None]
    for each, grad in grads:
        assert type(grad) is np.ndarray
        assert grad.dtype == each.dtype
        assert grad.shape == each.shape
        assert grad.flags.writeable
        # A broadcast gradient cannot be written to entry by entry.
        assert grad.size < 2 or 0 not in [
            stride for stride, n in zip(grad.strides, grad.shape, strict=True) if n > 1
        ]
        for other in tensors:
            assert not np.shares_memory(grad, other.data), "a gradient shares memory with data"
        for cotangent in cotangents:
            assert not np.shares_memory(grad, cotangent), "a gradient is the cotangent itself"
    for (_, one), (_, another) in combinations(grads, 2):
        assert not np.shares_memory(one, another), "two gradients share memory"


def check_float32(sample: Sample) -> None:
    """Single precision stays single, and its gradients are those of double precision, rounded."""
    single = sample.single()
    check_value(single)
    exact = gradients(
        sample.call,
        [double(array) for array in single.arrays],
        [double(each) for each in single.cotangents],
    )
    for label, array, grad, model in zip(
        single.labels, single.arrays, single.gradients, exact, strict=True
    ):
        assert (grad is None) == (model is None), label
        if grad is not None:
            assert grad.dtype == array.dtype, label
            # A thousand rounding errors.
            assert_close(grad, model, tolerance=1e3 * float(np.finfo(np.float32).eps), label=label)


def check_constants(sample: Sample) -> None:
    """Constants give constants; making one argument constant changes no other gradient."""
    arrays, cotangents = sample.arrays, sample.cotangents
    for _, result in leaves(sample.call(*(Tensor(array, constant=True) for array in arrays))):
        if isinstance(result, Tensor):
            assert result.constant
            assert result.creator is None
    if len(arrays) < 2:
        return
    for position, (label, array) in enumerate(zip(sample.labels, arrays, strict=True)):
        for constant in (array.copy(), Tensor(array, constant=True)):
            arguments = [Tensor(each) for each in arrays]
            arguments[position] = constant
            backward(sample.call(*arguments), cotangents)
            if isinstance(constant, Tensor):
                assert constant.grad is None
            for other, (argument, grad) in enumerate(zip(arguments, sample.gradients, strict=True)):
                if other != position:
                    assert_close(
                        argument.grad,
                        grad,
                        label=f"{sample.labels[other]}, with a constant for {label}",
                    )


def check_layout(sample: Sample) -> None:
    """Any memory layout gives NumPy's values and the same gradients; data stay unchanged."""
    originals, cotangents = sample.arrays, sample.cotangents
    usual_outputs = float_outputs(sample.call(*sample.copies()))
    for layout in (strided, fortran, read_only):
        arrays = [layout(array) for array in originals]
        expected = sample.call(*arrays)
        tensors = [Tensor(array, copy=False) for array in arrays]
        actual = sample.call(*tensors)
        assert_same(actual, expected)
        backward(actual, cotangents)
        del actual
        outputs = float_outputs(expected)
        if all(
            np.allclose(out, usual_out, rtol=1e-9, atol=1e-9, equal_nan=True)
            for out, usual_out in zip(outputs, usual_outputs, strict=True)
        ):
            grads, tolerance = sample.gradients, 1e-10
        else:  # for ravel(order="K") and the like, the value depends on the layout
            estimates = difference_gradients(sample.call, arrays, cotangents)
            grads, tolerance = [each.gradient for each in estimates], sample.tolerance
        del expected
        for label, argument, array, original, grad in zip(
            sample.labels, tensors, arrays, originals, grads, strict=True
        ):
            assert_close(
                argument.grad, grad, tolerance=tolerance, label=f"{label} ({layout.__name__})"
            )
            assert np.array_equal(array, original, equal_nan=True), f"{label} was written to"
            assert array.flags.writeable == (layout is not read_only), (
                f"{label}: writeable is {array.flags.writeable} after the backward pass"
            )


def check_aliasing(sample: Sample) -> None:
    """The gradient of ``f(x, x)`` is the sum of the gradients with respect to both arguments."""
    originals = [double(array) for array in sample.arrays]
    for one, another in pairs(sample):
        arrays = list(originals)
        arrays[another] = arrays[one]
        if fails(lambda arrays=arrays: sample.call(*arrays)):
            continue  # NumPy refuses, as for log(x, x) of negative numbers
        cotangents = random_cotangents(sample.call, arrays, np.random.default_rng(0))
        grads = gradients(sample.call, arrays, cotangents)
        tensors = [Tensor(array) for array in arrays]
        tensors[another] = tensors[one]
        backward(sample.call(*tensors), cotangents)
        parts = [grad for grad in (grads[one], grads[another]) if grad is not None]
        assert_close(
            tensors[one].grad,
            sum(parts[1:], parts[0]) if parts else None,
            label=f"{sample.labels[one]} and {sample.labels[another]}, the same tensor",
        )


def check_out(sample: Sample) -> None:
    """``out=`` gets result and gradients; elements excluded by ``where=`` keep their own."""
    if not (sample.differentiable and _takes_out(sample)):
        return
    expected = sample.call(*sample.copies())
    models = expected if isinstance(expected, tuple) else (expected,)
    if fails(lambda: sample.call(*sample.copies(), **_outs(list(map(np.empty_like, models))))):
        return  # NumPy refuses, in combination with the other keywords
    _check_out(sample, models, None)
    # SciPy's ufuncs, before its version 1.18, write out of bounds where a mask has gaps.
    is_numpys = getattr(np, name_of_function(sample.function), None) is sample.function
    if is_numpys and isinstance(sample.function, np.ufunc) and sample.function.signature is None:
        chosen = np.arange(models[0].size).reshape(models[0].shape) % 2 == 0
        _check_out(sample, models, chosen)


def _check_out(sample: Sample, models: Sequence[np.ndarray], chosen: np.ndarray | None) -> None:
    old = [Tensor(np.full_like(model, 7)) for model in models]
    outs = [each * 1 for each in old]
    tensors = [Tensor(array) for array in sample.arrays]
    more = {} if chosen is None else {"where": chosen}
    results = sample.call(*tensors, **_outs(outs), **more)
    results = results if isinstance(results, tuple) else (results,)
    for result, out, model in zip(results, outs, models, strict=True):
        assert result is out, f"{more}: the result is not the tensor given as out="
        assert_same(result, np.asarray(model if chosen is None else np.where(chosen, model, 7)))
    backward(results, sample.cotangents)
    new = [np.where(True if chosen is None else chosen, each, 0) for each in sample.cotangents]
    grads = sample.gradients if chosen is None else gradients(sample.call, sample.arrays, new)
    for label, argument, grad in zip(sample.labels, tensors, grads, strict=True):
        assert_close(argument.grad, grad, label=f"{label}, {more} and out=")
    floats = [each for each in old if each.dtype.kind in "fc"]
    for each, cotangent, part in zip(floats, sample.cotangents, new, strict=True):
        assert_close(each.grad, cotangent - part, label=f"{more}: what out= held before")


def _takes_out(sample: Sample) -> bool:
    if {"out", "where"} & set(sample.kwargs):
        return False
    if isinstance(sample.function, np.ufunc):
        return len(sample.args) == sample.function.nin
    try:
        return "out" in inspect.signature(sample.function).parameters
    except ValueError:  # C functions may have no signature
        return False


def _outs(outs: list[Any]) -> dict[str, Any]:
    return {"out": outs[0] if len(outs) == 1 else tuple(outs)}


CHECKS = (
    check_value,
    check_gradient,
    check_grad,
    check_float32,
    check_constants,
    check_layout,
    check_aliasing,
    check_out,
)


def name_of_check(check: Callable[[Sample], None]) -> str:
    """The name of a check for `Sample.but`."""
    return check.__name__.removeprefix("check_")


def run(check: Callable[[Sample], None], sample: Sample) -> None:
    """Check a sample, unless it is exempt: then the check must fail."""
    if name_of_check(check) not in sample.skip:
        check(sample)
    else:
        assert fails(lambda: check(sample)), f"{sample} passes: drop the exemption"


def run_all(sample: Sample) -> None:
    """Run every check that a sample allows; the first failure names the others."""
    if not sample.supported:
        assert fails(lambda: sample.call(*sample.copies())), f"{sample} passes: drop the bound"
        return
    failures: dict[str, Exception] = {}
    for check in CHECKS:
        if sample.arrays or check is check_value:
            try:
                run(check, sample)
            except Exception as error:  # noqa: BLE001, raised again below
                failures[name_of_check(check)] = error
    if failures:
        first = next(iter(failures.values()))
        first.add_note(f"{sample} fails: {', '.join(failures)}")
        raise first


def generic_checks(samples: Sequence[Sample]) -> type:
    """Make a class with a test for each sample, which runs every check."""

    class TestSamples:
        @pytest.mark.parametrize("sample", samples, ids=unique_names(samples))
        def test(self, sample: Sample) -> None:
            run_all(sample)

    return TestSamples


def unique_names(samples: Iterable[Sample]) -> list[str]:
    """The samples as names of tests; repeated names are numbered."""
    seen: Counter[str] = Counter()
    names = []
    for sample in samples:
        name = repr(sample)
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return names


# ------------------------------------------------------------------ parts of checks


def strided(array: np.ndarray) -> np.ndarray:
    """The same values, in reverse order and with gaps in memory."""
    memory = np.full([2 * n for n in array.shape], np.nan, array.dtype)
    view = memory[(..., *[slice(None, None, -2)] * array.ndim)]
    view[...] = array
    return view


def fortran(array: np.ndarray) -> np.ndarray:
    """The same values in Fortran order."""
    return np.array(array, order="F")


def read_only(array: np.ndarray) -> np.ndarray:
    """The same values in a read-only array."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def pairs(sample: Sample) -> list[tuple[int, int]]:
    """The positions of arrays that could be the same object."""
    arrays = sample.arrays
    return [
        (i, j)
        for i, j in combinations(range(len(arrays)), 2)
        if arrays[i].shape == arrays[j].shape and arrays[i].dtype == arrays[j].dtype
    ]


def assert_close(actual: Any, expected: Any, *, tolerance: float = 1e-10, label: str = "") -> None:
    """Equal up to rounding, relative to the largest entry or to one. None counts as zero."""
    actual, expected = (0.0 if each is None else np.asarray(each) for each in (actual, expected))
    scale = np.max(np.abs(expected), initial=1.0)
    error = np.max(np.abs(actual - expected), initial=0.0)
    assert error <= tolerance * scale, f"{label}:\n{actual}\nis not\n{expected}"


def fails(run: Callable[[], Any]) -> bool:
    """True if `run` raises an exception; in the tests, warnings do, too."""
    try:
        run()
    except Exception:  # noqa: BLE001, the reasons to fail are as many as the functions
        return True
    return False
