"""NumPy's protocols: which operand handles a call, forms of calls, and unknown functions."""

from __future__ import annotations

import operator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

import mygrad as mg
from mygrad.engine.operation import Operation
from mygrad.engine.registry import registry
from mygrad.testing import check_gradients
from tests.checks import assert_same, raw

F = np.array([1.5, -2.0, 0.5])
P = np.array([0.7, 2.2, 1.35])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

OPERATORS = [operator.add, operator.mul, operator.matmul, operator.mod, operator.pow, operator.lt]

# --------------------------------------------------------- operands of other types


class OptsOut:
    """NEP 13: NumPy's operators are to leave everything to this class."""

    __array_ufunc__ = None

    def answer(self, other: Any) -> tuple[str, str]:
        return "OptsOut", type(other).__name__

    __radd__ = __rmul__ = __rmatmul__ = __rmod__ = __rpow__ = __gt__ = __eq__ = answer  # type: ignore[assignment]
    __add__ = __mul__ = __matmul__ = __mod__ = __pow__ = __lt__ = answer
    __hash__ = None  # type: ignore[assignment]


class Duck:
    """A foreign array that wraps whatever NumPy takes, as a quantity with a unit does."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        def plain(values: Any) -> Any:
            return tuple(value.inner if isinstance(value, Duck) else value for value in values)

        if "out" in kwargs:
            kwargs["out"] = plain(kwargs["out"])
        return Duck(getattr(ufunc, method)(*plain(inputs), **kwargs))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        def plain(value: Any) -> Any:
            if isinstance(value, list | tuple):
                return type(value)(map(plain, value))
            return value.inner if isinstance(value, Duck) else value

        return Duck(function(*plain(args), **kwargs))

    def __rmul__(self, other: Any) -> Any:
        return np.multiply(other, self)


class Higher:
    """A class of the days before NEP 13."""

    __array_priority__ = 1000

    def answer(self, other: Any) -> tuple[str, str]:
        return "Higher", type(other).__name__

    __radd__ = __rmul__ = __rmatmul__ = __rmod__ = __rpow__ = __gt__ = answer


class Lower(Higher):
    """One that wants to come second: a tensor tries to make an array of it."""

    __array_priority__ = -1

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(P)


class Subclass(np.ndarray):
    """An ndarray subclass that leaves ufuncs to ndarray."""


class Loud(np.ndarray):
    """An ndarray subclass with a protocol of its own."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return "Loud"


@pytest.mark.parametrize("function", OPERATORS)
@pytest.mark.parametrize("other", [OptsOut(), Higher()], ids=["opts out", "priority"])
def test_operators_leave_the_work_to_those_who_ask_for_it(function: Any, other: Any) -> None:
    assert function(mg.tensor(F), other) == (type(other).__name__, "Tensor")
    assert function(F, other) == (type(other).__name__, "ndarray")


def test_comparisons_and_in_place_updates_do_so_too() -> None:
    assert (mg.tensor(F) == OptsOut()) == ("OptsOut", "Tensor")
    x: Any = mg.tensor(F)
    x += OptsOut()
    assert x == ("OptsOut", "Tensor")


def test_ufuncs_cannot_take_what_opts_out() -> None:
    for x in (mg.tensor(F), F):
        with pytest.raises(TypeError, match="does not support ufuncs"):
            np.add(x, OptsOut())


@pytest.mark.parametrize("function", OPERATORS)
def test_lower_priority_is_an_operand_as_for_arrays(function: Any) -> None:
    assert_same(function(mg.tensor(P), Lower()), function(P, P))


@pytest.mark.parametrize("function", [np.add, np.multiply, np.arctan2, operator.sub, operator.mul])
def test_foreign_arrays_wrap_tensors(function: Any) -> None:
    for swap in (False, True):
        x = mg.tensor(P)
        args = (Duck(F), x) if swap else (x, Duck(F))
        if function is operator.sub and swap:
            continue
        result = function(*args)
        assert isinstance(result, Duck)
        assert isinstance(result.inner, mg.Tensor)
        result.inner.backward()
        assert x.grad is not None


def test_functions_and_methods_of_ufuncs_on_foreign_arrays() -> None:
    x = mg.tensor(P)
    for result in (
        np.concatenate([x, Duck(F)]),
        np.dot(Duck(F), x),
        np.add.outer(x, Duck(F)),
        np.where(Duck(F > 0), x, 0.0),
    ):
        assert isinstance(result, Duck)
        assert isinstance(result.inner, mg.Tensor)
    assert isinstance(np.add(P, F, out=(Duck(P.copy()),)), Duck)
    assert isinstance(np.sum(Duck(x)).inner, mg.Tensor)


def test_subclasses_of_ndarray() -> None:
    other = P.view(Subclass)
    x = mg.tensor(F)
    for result in (x * other, other * x, np.multiply(other, x), x + other):
        assert type(result) is mg.Tensor
    (other * x).backward()
    assert_same(x.grad, P)
    assert type(np.dot(other, x)) is mg.Tensor
    assert type(mg.tensor(other).data) is np.ndarray
    for loud in (x * P.view(Loud), P.view(Loud) * x):
        assert loud == "Loud"


MASKED = np.ma.array(P, mask=[True, False, False])
MATRIX = P[None].view(np.matrix)


def test_arrays_with_other_operations_are_refused() -> None:
    for x in (mg.tensor(F), mg.tensor(F, constant=True)):
        for call in (
            lambda x: x * MASKED,
            lambda x: x > MASKED,
            lambda x: np.add(MASKED, x),
            lambda x: np.add(x, 1.0, out=MASKED),
            lambda x: np.add.outer(x, MASKED),
            lambda x: np.concatenate([x, MASKED]),
            lambda x: mg.add(x, MASKED),
            lambda x: mg.sum(MASKED),
        ):
            with pytest.raises(
                TypeError, match="MaskedArray combined with a tensor: the mask would be"
            ):
                call(x)
        for call in (
            lambda x: x * MATRIX,
            lambda x: MATRIX * x,
            lambda x: np.dot(MATRIX, x),
        ):
            with pytest.raises(
                TypeError, match=r"matrix combined with a tensor: its \* is a matrix product"
            ):
                call(x)
    assert_same(mg.tensor(MATRIX).data, P[None])


def test_sparse_arrays_are_refused() -> None:
    sparse = csr_array(np.diag(P))
    x = mg.tensor(P)
    for call in (lambda: x @ sparse, lambda: x * sparse, lambda: np.matmul(sparse, x)):
        with pytest.raises(TypeError, match=r"csr_array combined with a tensor.*toarray\(\)"):
            call()
    assert_same(raw(x @ sparse.toarray()), P * P)


# ------------------------------------------------------- what tensors cannot hold


def test_results_that_are_no_numbers_lose_no_gradient_in_silence() -> None:
    x = mg.tensor(F)
    for call in (
        lambda: x * np.timedelta64(3, "s"),
        lambda: x * np.array([Fraction(1, 2), 1, 2], dtype=object),
        lambda: np.where(F > 0, x, Decimal(1)),
        lambda: np.concatenate([x, [Decimal(1)]]),
    ):
        with pytest.raises(TypeError, match="but tensors hold numbers only"):
            call()
    with pytest.raises(TypeError, match="unsupported operand"):
        x * Decimal(2)


def test_fractions_are_numbers() -> None:
    half = Fraction(1, 2)
    for call in (
        lambda x: x * half,
        lambda x: half * x,
        lambda x: np.add(x, half),
        lambda x: mg.power(x, half),
        lambda x: operator.iadd(x, half),
    ):
        x = mg.tensor(P, dtype=np.float32)
        result = call(x)
        assert result.dtype == np.float32
        (result * 1).backward()
        assert x.grad.dtype == np.float32
    assert_same(mg.tensor(P) > half, P > 0.5)


class Named(mg.Tensor):
    """A tensor of a class of the user's own."""

    __slots__ = ()


def test_subclasses_of_tensor() -> None:
    x = Named(F)
    for result in (
        x * 2,
        2 * x,
        np.exp(x),
        x[0],
        np.sum(x),
        x.T,
        x + mg.tensor(P),
        mg.tensor(P) + x,
    ):
        assert type(result) is Named
    np.sum(x * mg.tensor(P) + x).backward()
    assert_same(x.grad, P + 1)


# --------------------------------------------------------------- ways of a call


def test_tensors_by_keyword() -> None:
    check_gradients(lambda x: np.sum(a=x, axis=0), M)
    check_gradients(lambda x: np.clip(M, a_min=x, a_max=None), P)
    check_gradients(lambda x: np.where(F > 0, x, 2.0), P)
    check_gradients(lambda x: np.linspace(start=0.0, stop=x, num=3), P)
    check_gradients(lambda x: mg.full((2, 3), fill_value=x), P)
    check_gradients(lambda x: np.einsum("ij,j", M, x), P)


def test_nested_lists() -> None:
    check_gradients(lambda x: mg.concatenate([[x, P], [F, x]]), P)
    check_gradients(lambda x: np.stack([x[0], x[2]]), P)
    check_gradients(lambda x: np.block([[x, x], [x * 2, F]]), P)
    check_gradients(lambda x: np.add(x, [1.0, 2.0, 3.0]), P)
    assert_same(np.vstack([mg.tensor(P), F]), np.vstack([P, F]))


@pytest.mark.parametrize(
    "scalar", [np.float32(2), np.float64(2), np.int64(2), np.array(2.0)], ids=repr
)
def test_numpy_scalars_and_arrays_on_the_left(scalar: Any) -> None:
    for dtype in (np.float32, np.float64):
        x = mg.tensor(P.astype(dtype))
        assert_same(scalar * x, scalar * P.astype(dtype))
        (scalar * x).backward()
        assert x.grad.dtype == dtype


def test_arguments_changed_after_the_call_do_not_matter() -> None:
    x, indices, parts = mg.tensor(P), [0, 1], [mg.tensor(F), mg.tensor(M[0])]
    taken, joined = np.take(x, indices), np.concatenate(parts)
    indices[0] = 2
    first = parts.pop(0)
    taken.backward()
    joined.backward()
    assert_same(x.grad, np.array([1.0, 1.0, 0.0]))
    assert_same(first.grad, np.ones(3))


def test_functions_called_by_their_own_name() -> None:
    x = mg.tensor(P)
    assert_same(np.add(x, 1), P + 1)
    assert_same(np.add.__call__(x, 1), P + 1)
    assert_same(x.__array_ufunc__(np.add, "__call__", x, 1), P + 1)
    assert_same(x.__array_function__(np.sum, (mg.Tensor,), (x,), {}), np.sum(P))


# ------------------------------------------------------------- keywords of ufuncs

KEYWORDS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (np.exp, (P,), {"dtype": np.float32}),
    (np.add, (P, F), {"dtype": "f4", "casting": "same_kind"}),
    (np.multiply, (P.astype("f4"), F.astype("f4")), {"dtype": float}),
    (np.sqrt, (P,), {"order": "F"}),
    (np.add, (M, M), {"order": "F"}),
    (np.sin, (P,), {"subok": False}),
    (np.sin, (P.astype("f4"),), {"signature": ("d", "d")}),
    (np.matmul, (M, M.T), {"axes": [(0, 1), (0, 1), (0, 1)]}),
    (np.vecdot, (M, M), {"axis": 0}),
    (np.divide, (F, P), {"where": np.array(True), "out": None}),
]


@pytest.mark.parametrize(
    ("ufunc", "args", "kwargs"), KEYWORDS, ids=[f"{f.__name__}{list(k)}" for f, _, k in KEYWORDS]
)
def test_keywords_of_ufuncs(ufunc: Any, args: Any, kwargs: Any) -> None:
    tensors = [mg.tensor(arg) for arg in args]
    expected, actual = ufunc(*args, **kwargs), ufunc(*tensors, **kwargs)
    assert_same(actual, expected)
    assert actual.strides == expected.strides
    actual.backward()
    for tensor, arg in zip(tensors, args, strict=True):
        assert tensor.grad.dtype == arg.dtype
    if all(arg.dtype == np.float64 for arg in args) and "dtype" not in kwargs:
        check_gradients(lambda *xs: ufunc(*xs, **kwargs), *args)


@pytest.mark.parametrize("ufunc", [np.exp, np.sqrt, np.reciprocal, np.tanh])
def test_where_and_out(ufunc: Any) -> None:
    where = np.array([True, False, True])
    check_gradients(lambda x, y: ufunc(x, out=y * 1.0, where=where), P, F)
    check_gradients(lambda x: ufunc(x * 1.0, out=np.zeros_like(x)), P)

    def same(x: Any) -> Any:
        y = x * 1.0
        assert ufunc(y, out=y) is y
        return y

    check_gradients(same, P)


def test_where_may_be_a_tensor_and_broadcasts() -> None:
    where = np.array([True, False, True])
    out = np.zeros((2, 3))
    expected = np.add(M, 1.0, out=out.copy(), where=where)
    for mask in (where, mg.tensor(where)):
        x = mg.tensor(M)
        result = np.add(x, 1.0, out=mg.tensor(out), where=mask)
        assert_same(result, expected)
        result.backward()
        assert_same(x.grad, np.broadcast_to(where, M.shape).astype(float))


def test_several_outputs() -> None:
    for ufunc in (np.modf, np.frexp):
        for result, expected in zip(ufunc(mg.tensor(P)), ufunc(P), strict=True):
            assert_same(result, expected)
    whole, part = mg.tensor(np.zeros(3)), mg.tensor(np.zeros(3))
    x = mg.tensor(P)
    assert np.modf(x, out=(part, whole))[0] is part
    assert_same(whole, np.modf(P)[1])
    assert np.modf(x, out=(part, None))[0] is part
    (part * 3).backward()
    assert_same(x.grad, np.full(3, 3.0))


def test_out_takes_the_place_of_what_was_there() -> None:
    x, old = mg.tensor(P), mg.tensor(F)
    y = old * 1.0
    view = y[1:]
    assert np.exp(x, out=y) is y
    assert_same(view, np.exp(P)[1:])
    np.sum(view).backward()
    assert_same(x.grad, np.exp(P) * [0, 1, 1])
    assert old.grad is None or not np.any(old.grad)


#: Calls with an output by position, as a function of an array and the output.
POSITIONAL: dict[str, tuple[Any, tuple[int, ...]]] = {
    "clip": (lambda x, out: np.clip(x, 0, 1, out), (3,)),
    "dot": (lambda x, out: np.dot(M, x, out), (2,)),
    "outer": (lambda x, out: np.outer(x, x, out), (3, 3)),
    "sum": (lambda x, out: np.sum(x, 0, None, out), ()),
    "max": (lambda x, out: np.max(x, 0, out), ()),
    "std": (lambda x, out: np.std(x, 0, None, out), ()),
    "median": (lambda x, out: np.median(x, 0, out), ()),
    "cumsum, the method": (lambda x, out: x.cumsum(0, None, out), (3,)),
    "trace, the method": (lambda x, out: (x * M).trace(0, 0, 1, None, out), ()),
    "take": (lambda x, out: np.take(x, [0, 2], 0, out, "clip"), (2,)),
    "compress": (lambda x, out: np.compress([True, False, True], x, 0, out), (2,)),
    "concatenate": (lambda x, out: np.concatenate([x, x], 0, out), (6,)),
    "add": (lambda x, out: np.add(x, x, out), (3,)),
}


@pytest.mark.parametrize("name", POSITIONAL)
def test_outputs_by_position(name: str) -> None:
    function, shape = POSITIONAL[name]
    expected = np.zeros(shape)
    function(P, expected)
    old = mg.tensor(np.zeros(shape))
    x, out = mg.tensor(P), old * 1.0
    assert function(x, out) is out
    assert_same(out, expected)
    out.backward()
    assert x.grad is not None
    check_gradients(lambda x: function(x, np.zeros_like(x, shape=shape)), P)
    with pytest.raises(TypeError, match="into a plain array"):
        function(x, np.zeros(shape))
    array = np.zeros(shape)
    function(mg.tensor(P, constant=True), array)
    assert_same(array, expected)


def test_outputs_by_position_of_mygrads_own_names() -> None:
    x, out = mg.tensor(P), mg.tensor(np.zeros(3))
    assert mg.add(x, 1, out) is out
    assert mg.multiply(x, 2, None).creator is not None
    mg.sum(x, 0, None, out[:1], True)
    assert_same(out, np.array([P.sum(), *(P[1:] + 1)]))
    found = np.zeros((), np.intp)
    assert mg.argmax(x, 0, found) is found
    assert found == 1
    with pytest.raises(TypeError, match="positional arguments"):
        np.sum(x, 0, None, out, False, 0, True, 1)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="out"):
        x.cumsum(0, None, out, out=out)


def test_memory_is_not_scrambled_by_position_either() -> None:
    x = mg.tensor(F)
    np.median(x, 0, None, True)
    np.percentile(x, 50, None, None, True)
    assert_same(x, F)


# ------------------------------------------------------- what has no rule, or no use


def test_unknown_functions_say_what_to_do() -> None:
    double = np.frompyfunc(lambda v: 2 * v, 1, 1)
    with pytest.raises(TypeError, match=r"has no rule in mygrad.*mygrad\.implements.*np\.asarray"):
        double(mg.tensor(F))


def test_ufuncs_of_scipy() -> None:
    special = pytest.importorskip("scipy.special")
    check_gradients(special.expit, F)
    with pytest.raises(ValueError, match=r"already has a rule for .*expit"):
        mg.implements(special.expit)(type("Expit", (mg.Elementwise,), {}))


def test_refused_functions_say_why() -> None:
    with pytest.raises(TypeError, match=r"np\.isnat cannot be used on tensors: .*dates"):
        np.isnat(mg.tensor(F))


def test_arguments_without_a_derivative_refuse_a_gradient() -> None:
    with pytest.raises(
        TypeError, match=r"np\.take has no derivative with respect to 'out_of'|'indices'"
    ):
        np.take(mg.tensor(F), mg.tensor([0.0]))


def test_every_public_ufunc_has_a_fate() -> None:
    ufuncs = {
        f
        for f in vars(np).values()
        if isinstance(f, np.ufunc) and f.types and any(t[0] in "fdFD?bil" for t in f.types)
    }
    assert {f.__name__ for f in ufuncs - set(registry)} == set()


def test_operations_are_classes_and_lean() -> None:
    for fate in registry.values():
        if isinstance(fate, type):
            assert issubclass(fate, Operation)
            assert not hasattr(fate, "__dict__") or "__dict__" not in fate.__slots__
