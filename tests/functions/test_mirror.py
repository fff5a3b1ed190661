"""NumPy's functions as `mg.…`: completeness, arguments, and `constant=`."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine.operation import Operation
from mygrad.engine.registry import Creation, Mutation, PiecewiseConstant, Refused, registry
from mygrad.functions.mirror import SHARED
from mygrad.testing import check_gradients
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

MODULES: list[tuple[ModuleType, ModuleType]] = [(mg, np), (mg.linalg, np.linalg), (mg.fft, np.fft)]
MIRRORED = [
    (ours, name, getattr(theirs, name))
    for ours, theirs in MODULES
    for name in dir(theirs)
    if not name.startswith("_")
    and callable(getattr(theirs, name))
    and not isinstance(getattr(theirs, name), type)
    and getattr(theirs, name) in registry
    and not isinstance(registry[getattr(theirs, name)], Refused)
]
NAMES = [f"{ours.__name__}.{name}" for ours, name, _ in MIRRORED]

#: NumPy's names that mean something else here, as in MyGrad 2.
OTHERS = {"asarray", "save"}


def test_all_is_what_there_is() -> None:
    for module in (mg, mg.linalg, mg.fft):
        assert len(set(module.__all__)) == len(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)
    assert set(SHARED) <= set(mg.__all__)
    assert all(getattr(mg, name) is getattr(np, name) for name in SHARED)


def test_every_function_with_a_fate_is_mirrored() -> None:
    missing = {f"{ours.__name__}.{name}" for ours, name, _ in MIRRORED if name not in ours.__all__}
    assert missing == set()
    assert len(MIRRORED) > 300


@pytest.mark.parametrize(("ours", "name", "theirs"), MIRRORED, ids=NAMES)
def test_signature_and_docstring(ours: Any, name: str, theirs: Any) -> None:
    function = getattr(ours, name)
    fate = registry[theirs]
    assert (getattr(function, "__wrapped__", None) is not theirs) == (name in OTHERS)
    if name in OTHERS:
        return
    assert function.__name__ == name
    parameters = dict(inspect.signature(function).parameters)
    if not isinstance(fate, PiecewiseConstant | Mutation):
        constant = parameters.pop("constant")
        assert constant.default is None
        assert constant.kind is constant.KEYWORD_ONLY
    try:
        expected = dict(inspect.signature(theirs).parameters)
    except ValueError:
        expected = None  # NumPy does not tell
    if isinstance(theirs, np.ufunc):
        assert len([p for p in parameters.values() if p.default is p.empty]) == theirs.nin
        assert {"out", "where", "dtype", "casting", "order"} <= set(parameters)
    elif expected is not None:
        assert parameters == expected
    summary, *_ = (theirs.__doc__ or "").strip().splitlines()
    assert summary in function.__doc__


CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("exp", (F,)),
    ("add", (F, 2)),
    ("sum", (M,)),
    ("where", (F > 0, F, 0.0)),
    ("concatenate", ([F, F],)),
    ("stack", ([F, F],)),
    ("einsum", ("ij,j", M, F)),
    ("reshape", (M, -1)),
    ("split", (M, 2)),
    ("modf", (F,)),
    ("broadcast_to", (F, (2, 3))),
    ("linspace", (0.0, 1.0, 3)),
    ("meshgrid", (F, F)),
    ("cov", (M,)),
]


def tensors(result: Any) -> list[Any]:
    return list(result) if isinstance(result, list | tuple) else [result]


@pytest.mark.parametrize(("name", "args"), CALLS, ids=[name for name, _ in CALLS])
def test_constant(name: str, args: Any) -> None:
    function = getattr(mg, name)
    creates = name == "linspace"
    expected = getattr(np, name)(*args)
    for constant in (None, True, False):
        result = function(*args, constant=constant)
        assert_same(result, expected)
        for tensor in tensors(result):
            assert type(tensor) is mg.Tensor
            assert tensor.constant == (not creates if constant is None else constant)
    found = [arg for arg in args if isinstance(arg, np.ndarray) and arg.dtype == float]
    if not found:
        return
    wrapped = [
        mg.tensor(arg) if isinstance(arg, np.ndarray) and arg.dtype == float else arg
        for arg in args
    ]
    for constant in (None, True, False):
        for tensor in tensors(function(*wrapped, constant=constant)):
            assert tensor.constant == bool(constant)


@pytest.mark.parametrize("constant", [0, 1, "yes", "True"])
def test_constant_is_true_false_or_none(constant: Any) -> None:
    for function in (mg.exp, mg.zeros, mg.sum):
        with pytest.raises(
            TypeError, match=f"{function.__name__}: constant takes True, False or None"
        ):
            function(3, constant=constant)


def test_integers_are_constant_whatever_is_asked() -> None:
    assert mg.sum([1, 2]).constant
    assert mg.arange(3).constant
    assert mg.zeros(3, int).constant
    for make in (lambda: mg.arange(3, constant=False), lambda: mg.zeros(3, int, constant=False)):
        with pytest.raises(ValueError, match=r"constant=False.*int"):
            make()


CREATION: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("zeros", ((2, 3),), {}),
    ("ones", (3,), {"dtype": np.float32}),
    ("full", ((2,), 1.5), {}),
    ("eye", (2,), {"k": 1}),
    ("identity", (2,), {}),
    ("arange", (0.0, 1.0, 0.25), {}),
    ("linspace", (0, 1), {"num": 3}),
    ("logspace", (0, 1, 3), {}),
    ("geomspace", (1, 4, 3), {}),
    ("tri", (2,), {}),
    ("array", ([1.0, 2.0],), {}),
    ("fromfunction", (lambda i, j: i + j, (2, 2)), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CREATION, ids=[name for name, *_ in CREATION])
def test_creation_makes_variables_with_numpys_defaults(name: str, args: Any, kwargs: Any) -> None:
    function = getattr(mg, name)
    made = function(*args, **kwargs)
    assert_same(made, getattr(np, name)(*args, **kwargs))
    assert not made.constant
    assert made.creator is None
    assert function(*args, **kwargs, constant=True).constant
    np.sum(made * 2).backward()
    assert_same(made.grad, np.full(made.shape, 2, made.dtype))


LIKE: list[Any] = [
    mg.zeros_like,
    mg.ones_like,
    mg.empty_like,
    lambda a, **kw: mg.full_like(a, 3.0, **kw),
]


@pytest.mark.parametrize("make", LIKE, ids=["zeros", "ones", "empty", "full"])
def test_arrays_like_another_are_variables_if_it_is_one(make: Any) -> None:
    for plain in (F, [1.0, 2.0], 2.0, mg.tensor(F, constant=True), mg.tensor([1, 2])):
        assert make(plain).constant
        assert make(plain, dtype=float).constant
        assert not make(plain, dtype=float, constant=False).constant
    x = mg.tensor(F)
    assert not make(x).constant
    assert make(x, constant=True).constant
    assert make(x, dtype=int).constant
    for like in (make, np.zeros_like):
        made = like(x)
        made[...] = x * 2
        made.sum().backward()
        assert_same(x.grad, np.full(3, 2.0))


def test_full_like_is_a_variable_if_its_value_is() -> None:
    value = mg.tensor(3.0)
    np.sum(mg.full_like(F, value)).backward()
    assert value.grad == 3


def test_empty_is_of_numpys_default_dtype() -> None:
    assert mg.empty((2, 3)).dtype == np.float64
    assert mg.empty_like(F.astype("f4")).dtype == np.float32


def test_lists_of_tensors_where_one_array_is_asked_for() -> None:
    def program(x: Any) -> Any:
        return mg.exp([x[0], x[1] * 2]) + mg.sum([[x[1], 1.0], [2.0, x[2]]], axis=0)

    check_gradients(program, F)
    check_gradients(lambda x: mg.concatenate(([x], [F, x * 2])), F)
    check_gradients(lambda x: mg.where(F > 0, [x[0], x[1], 2.0], x), F)


def test_every_array_like_is_taken_and_tensors_are_returned() -> None:
    for value in (2.0, [1.0, 2.0], (1, 2), F, mg.tensor(F), np.float32(2), range(3)):
        assert type(mg.sin(value)) is mg.Tensor
        assert_same(mg.sin(value), np.asarray(np.sin(np.asarray(value))))


def test_piecewise_constant_functions_return_what_numpy_returns() -> None:
    x = mg.tensor(F)
    assert_same(mg.floor(x), np.floor(F))
    assert type(mg.argmax(x)) is np.intp
    assert mg.allclose(x, F) is True
    assert mg.shape(x) == (3,)
    with pytest.raises(TypeError, match="constant"):
        mg.floor(x, constant=True)


def test_functions_that_write() -> None:
    x = mg.tensor(F)
    mg.copyto(x, 2.0)
    assert_same(x, np.full(3, 2.0))
    array = F.copy()
    mg.copyto(array, 3.0)
    assert_same(array, np.full(3, 3.0))
    mg.put(x, [0], 9.0)
    assert x.data[0] == 9.0


def test_keywords_and_mistakes_are_numpys() -> None:
    assert_same(mg.sum(M, axis=0, keepdims=True), M.sum(0, keepdims=True))
    out = mg.tensor(np.zeros(3))
    assert mg.exp(F, out=out) is out
    with pytest.raises(TypeError, match=r"unexpected keyword|no keyword|got an unexpected"):
        mg.sum(M, along=0)
    with pytest.raises(TypeError):
        mg.exp()


def test_linalg_and_fft() -> None:
    assert type(mg.linalg.norm(F)) is mg.Tensor
    assert mg.linalg.norm(F, constant=False).constant is False
    assert type(mg.fft.fft(F)) is mg.Tensor
    check_gradients(lambda x: mg.linalg.norm(x, axis=1), M)


def test_fates_are_of_a_kind_that_is_mirrored() -> None:
    for _, name, theirs in MIRRORED:
        fate = registry[theirs]
        if isinstance(fate, type):
            assert issubclass(fate, Operation), name
        assert not isinstance(fate, Creation) or callable(fate.function)
