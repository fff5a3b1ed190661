"""Tensors have all attributes of ndarrays, with NumPy's values and with gradients."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.tensors.methods import LEFT_OUT
from mygrad.testing import check_gradients
from tests.checks import assert_same, raw
from tests.versions import numpy_since

# What a tensor has besides: public names only.
OWN = {
    "backward",
    "clear_graph",
    "constant",
    "creator",
    "detach",
    "grad",
    "moveaxis",
    "null_grad",
    "null_gradients",
    "register_hook",
}

F = np.array([[3.0, -1.0, 2.0], [0.5, 4.0, -2.5]])
V = np.array([0.5, -2.0, 1.5])
S = np.array(2.5)
SQUARE = np.array([[4.0, 1.0], [2.0, 3.0]])
C = np.array([1 + 2j, 3 - 1j])
I = np.array([[3, 1, 2], [0, 2, 1]])
B = np.array([True, False, True])


# name, receiver, positional arguments, keywords
CALLS: list[tuple[str, np.ndarray, tuple[Any, ...], dict[str, Any]]] = [
    ("all", B, (), {}),
    ("all", F, (), {"axis": 0, "keepdims": True}),
    ("any", F, (1,), {}),
    ("any", B, (), {"where": np.array([False, True, False])}),
    ("argmax", F, (), {}),
    ("argmax", F, (1,), {"keepdims": True}),
    ("argmin", F, (0,), {}),
    ("argpartition", V, (1,), {}),
    ("argsort", F, (), {"axis": 0}),
    ("argsort", F, (1, "stable"), {}),
    ("astype", F, (np.float32,), {}),
    ("astype", F, (int,), {"order": "F"}),
    ("astype", I, ("f8",), {"casting": "safe"}),
    ("astype", C, (np.complex64,), {}),
    ("choose", np.array([0, 2, 1]), ([V, 2 * V, 3 * V],), {}),
    ("choose", np.array([0, 3, 1]), ([V, 2 * V],), {"mode": "clip"}),
    ("clip", F, (-0.7, 2.2), {}),
    ("clip", F, (), {"max": 0.7}),
    ("clip", F, (), {"min": np.array([0.0, 1.0, 1.5])}),
    ("compress", F, ([True, False, True],), {"axis": 1}),
    ("compress", V, (B,), {}),
    ("conj", C, (), {}),
    ("conjugate", C, (), {}),
    ("copy", F.T, (), {}),
    ("copy", F.T, ("K",), {}),
    ("cumprod", F, (), {}),
    ("cumprod", F, (), {"axis": 1, "dtype": np.float32}),
    ("cumsum", F, (0,), {}),
    ("cumsum", I, (), {}),
    ("diagonal", F, (), {}),
    ("diagonal", F, (1,), {"axis1": 1, "axis2": 0}),
    ("dot", F, (V,), {}),
    ("dot", V, (2,), {}),
    ("flatten", F, (), {}),
    ("flatten", F, ("F",), {}),
    ("item", F, (1, 2), {}),
    ("item", F, (-1,), {}),
    ("item", S, (), {}),
    ("max", F, (), {}),
    ("max", F, (0,), {"keepdims": True, "initial": 1.0}),
    ("mean", F, (), {"axis": (0, 1)}),
    ("mean", I, (), {"axis": 1, "dtype": np.float32}),
    ("min", F, (1,), {}),
    ("min", F, (), {"where": F > 0, "initial": 9.0}),
    ("nonzero", F, (), {}),
    ("prod", F, (), {"axis": 0}),
    ("prod", I, (), {"dtype": float}),
    ("ravel", F, (), {}),
    ("ravel", F, ("F",), {}),
    ("repeat", V, (2,), {}),
    ("repeat", F, ([1, 2],), {"axis": 0}),
    ("reshape", F, (3, 2), {}),
    ("reshape", F, ((3, -1),), {"order": "F"}),
    ("reshape", F, (-1,), {"copy": True}),
    ("round", F, (), {}),
    ("round", F * 1.2345, (2,), {}),
    ("round", F, (), {"decimals": -1}),
    ("searchsorted", np.arange(5.0), (V,), {}),
    ("searchsorted", np.arange(5.0), (2.0,), {"side": "right"}),
    ("squeeze", F[None, :, None], (), {}),
    ("squeeze", F[None, :, None], (), {"axis": 2}),
    ("std", F, (), {"axis": 0, "ddof": 1}),
    ("std", F, (), {}),
    ("sum", F, (), {}),
    ("sum", F, (-1,), {"keepdims": True}),
    ("sum", I, (), {"dtype": np.float32}),
    ("sum", F, (), {"where": F > 0, "initial": 2.0}),
    ("swapaxes", F, (0, 1), {}),
    ("take", F, ([0, 5, 1],), {}),
    ("take", F, ([0, -1],), {"axis": 1}),
    ("take", F, (7,), {"mode": "wrap"}),
    ("to_device", F, ("cpu",), {}),
    ("tobytes", F, (), {}),
    ("tobytes", F.T, ("F",), {}),
    ("tolist", F, (), {}),
    ("tolist", S, (), {}),
    ("trace", SQUARE, (), {}),
    ("trace", F, (1,), {}),
    ("transpose", F, (), {}),
    ("transpose", F[None], (2, 0, 1), {}),
    ("transpose", F[None], ((1, 2, 0),), {}),
    ("transpose", F, (None,), {}),
    ("var", F, (1,), {}),
    ("var", F, (), {"ddof": 1, "keepdims": True, "where": F > -2}),
    ("view", F, (), {}),
    ("view", I, (np.uint8,), {}),
]

# Methods that write into the array or elsewhere: compared by what the array holds afterwards.
UPDATES: list[tuple[str, np.ndarray, tuple[Any, ...], dict[str, Any]]] = [
    ("fill", F, (7,), {}),
    ("fill", I, (7,), {}),
    ("partition", V, (1,), {}),
    ("partition", F, (0,), {"axis": 0}),
    ("put", F, ([0, 4], [9.0, 8.0]), {}),
    ("put", F, ([7, -1], 3.0), {"mode": "wrap"}),
    ("sort", F, (), {}),
    ("sort", F, (0,), {"kind": "stable"}),
    ("sort", F, (-1,), {"stable": True}),
]

ATTRIBUTES = [
    "T",
    "device",
    "dtype",
    "flags",
    "imag",
    "itemsize",
    "mT",
    "nbytes",
    "ndim",
    "real",
    "shape",
    "size",
    "strides",
]

# Compared in tests of their own: here, or where what they are about is tested.
ELSEWHERE = {"base", "data", "dump", "dumps", "flat", "tofile"}


# NumPy has removed them since 2.0; that version and some later ones keep the names, to say so.
REMOVED = {"itemset", "newbyteorder", "ptp", "tostring"}


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")} - REMOVED


def test_what_a_tensor_lacks_is_listed_with_a_reason() -> None:
    # `__buffer__` is there from Python 3.12 on. One underscore alone is no part of an interface.
    names = {name for name in dir(np.ndarray) if name.startswith("__") or name[0] != "_"}
    lacks = names - set(dir(mg.Tensor)) - REMOVED
    assert lacks | {"__buffer__"} == set(LEFT_OUT)
    assert all(reason.strip() for reason in LEFT_OUT.values())


def test_what_a_tensor_has_besides_is_listed() -> None:
    assert public(mg.Tensor) - public(np.ndarray) == OWN


def test_every_option_is_accepted() -> None:
    """Parameters with a default, by name; those without have names that nobody writes."""
    asked = 0
    for name in sorted(public(np.ndarray) & public(mg.Tensor)):
        theirs, ours = getattr(np.ndarray, name), getattr(mg.Tensor, name)
        if callable(theirs) and getattr(theirs, "__text_signature__", None):
            accepted = inspect.signature(ours).parameters.values()
            anything = any(each.kind is each.VAR_KEYWORD for each in accepted)
            for option in inspect.signature(theirs).parameters.values():
                if option.default is not option.empty:
                    assert anything or option.name in {each.name for each in accepted}, (
                        name,
                        option,
                    )
                    asked += 1
    assert asked > 40 if numpy_since("2.4") else asked == 0, "before, methods do not tell"


def test_every_name_has_a_row() -> None:
    rows = {name for name, *_ in CALLS + UPDATES}
    assert rows | set(ATTRIBUTES) | ELSEWHERE == public(np.ndarray) - set(LEFT_OUT)


def ids(rows: list[tuple[str, np.ndarray, tuple[Any, ...], dict[str, Any]]]) -> list[str]:
    return [f"{name}{position}" for position, (name, *_) in enumerate(rows)]


@pytest.mark.parametrize(("name", "array", "args", "kwargs"), CALLS, ids=ids(CALLS))
@pytest.mark.parametrize("constant", [True, None], ids=["constant", "variable"])
def test_value(name: str, array: np.ndarray, args: Any, kwargs: Any, constant: Any) -> None:
    expected = getattr(array, name)(*args, **kwargs)
    tensor = mg.Tensor(array, constant=constant)
    actual = getattr(tensor, name)(*args, **kwargs)
    assert_same(actual, expected)
    if isinstance(expected, np.ndarray) and isinstance(actual, mg.Tensor):
        assert np.shares_memory(raw(actual), tensor.data) == np.shares_memory(expected, array)
        if name in ("astype", "copy"):
            assert raw(actual).strides == expected.strides


@pytest.mark.parametrize(("name", "array", "args", "kwargs"), CALLS, ids=ids(CALLS))
def test_tensors_as_arguments(name: str, array: np.ndarray, args: Any, kwargs: Any) -> None:
    if not any(isinstance(value, np.ndarray) for value in (*args, *kwargs.values())):
        return

    def wrap(value: Any) -> Any:
        return mg.Tensor(value) if isinstance(value, np.ndarray) else value

    expected = getattr(array, name)(*args, **kwargs)
    tensor = mg.Tensor(array)
    actual = getattr(tensor, name)(
        *map(wrap, args), **{key: wrap(value) for key, value in kwargs.items()}
    )
    assert_same(actual, expected)


@pytest.mark.parametrize(("name", "array", "args", "kwargs"), UPDATES, ids=ids(UPDATES))
def test_update(name: str, array: np.ndarray, args: Any, kwargs: Any) -> None:
    expected = array.copy()
    tensor = mg.Tensor(array)
    view = tensor[...]
    assert getattr(expected, name)(*args, **kwargs) is None
    assert getattr(tensor, name)(*args, **kwargs) is None
    assert_same(tensor, expected)
    assert_same(view, expected)


@pytest.mark.parametrize("array", [F, V, S, C, I, B, F[:, ::-1], F[:0]], ids=repr)
def test_attributes(array: np.ndarray) -> None:
    names = [name for name in ATTRIBUTES if name != "mT" or array.ndim >= 2]
    tensor = mg.Tensor(array, copy=False)
    for name in names:
        expected, actual = getattr(array, name), getattr(tensor, name)
        if name == "flags":
            assert actual.c_contiguous == expected.c_contiguous
        else:
            assert_same(actual, expected)
        if isinstance(expected, np.ndarray) and array.dtype.kind in "fc":
            assert not actual.constant


@pytest.mark.parametrize(("name", "array", "args", "kwargs"), CALLS, ids=ids(CALLS))
def test_gradient(name: str, array: np.ndarray, args: Any, kwargs: Any) -> None:
    if array.dtype.kind != "f" or name == "view":
        return
    expected = getattr(array, name)(*args, **kwargs)
    tensor = mg.Tensor(array)
    actual = getattr(tensor, name)(*args, **kwargs)
    if not isinstance(expected, np.ndarray | np.floating) or expected.dtype.kind != "f":
        # What does not vary smoothly is NumPy's plain result.
        assert not isinstance(actual, mg.Tensor) or actual.constant
        return
    assert not actual.constant
    if expected.dtype == array.dtype and name != "round":
        check_gradients(lambda x: getattr(x, name)(*args, **kwargs), array)


@pytest.mark.parametrize(("name", "array", "args", "kwargs"), UPDATES, ids=ids(UPDATES))
def test_gradient_of_an_update(name: str, array: np.ndarray, args: Any, kwargs: Any) -> None:
    def function(x: Any) -> Any:
        y = x * 1.0
        getattr(y, name)(*args, **kwargs)
        return y**2

    if array.dtype.kind == "f":
        check_gradients(function, array)


def test_setters() -> None:
    x = mg.tensor([1 + 1j, 2 + 2j])
    x.real = [3.0, 4.0]
    x.imag = mg.tensor(5.0)
    assert_same(x, np.array([3 + 5j, 4 + 5j]))
    y = mg.tensor(F)
    y.shape = (3, 2)
    y.flat = [1.0, 2.0]
    expected = F.reshape(3, 2).copy()
    expected.flat = [1.0, 2.0]
    assert_same(y, expected)
    with pytest.raises(AttributeError, match="dtype"):
        y.dtype = int


FLAT_READS = [
    0,
    -1,
    slice(1, 4),
    slice(None, None, -2),
    [0, 5, 0],
    np.array([True, False] * 3),
    ...,
]


@pytest.mark.parametrize("index", FLAT_READS, ids=repr)
def test_flat(index: Any) -> None:
    assert_same(mg.tensor(F.T).flat[index], F.T.flat[index])
    check_gradients(lambda x: x.T.flat[index] ** 2, F)
    tensor, expected = mg.tensor(F), F.copy()
    tensor.flat[index] = 9.0
    expected.flat[index] = 9.0
    assert_same(tensor, expected)
    if not isinstance(index, int):
        tensor.flat[index] = [1.0, 2.0]
        expected.flat[index] = [1.0, 2.0]
        assert_same(tensor, expected)


def test_flat_is_an_iterator() -> None:
    tensor = mg.tensor(F)
    assert [float(v.data) for v in tensor.flat] == list(F.flat)
    assert len(tensor.flat) == F.size
    assert tensor.flat.base is tensor
    elements = tensor.flat
    assert_same(next(elements), next(F.flat))
    assert_same(np.asarray(tensor.T.flat), np.asarray(F.T.flat))
    sum(v**2 for v in tensor.flat).backward()
    assert_same(tensor.grad, 2 * F)


def test_files(tmp_path: Any) -> None:
    tensor = mg.tensor(F)
    tensor.dump(tmp_path / "dump")
    tensor.tofile(tmp_path / "raw")
    assert_same(pickle.loads((tmp_path / "dump").read_bytes()), F)
    assert_same(pickle.loads(tensor.dumps()), F)
    assert_same(np.fromfile(tmp_path / "raw").reshape(F.shape), F)


def test_out_of_methods() -> None:
    x = mg.tensor(F)
    out = mg.tensor(np.zeros(3))
    assert x.sum(axis=0, out=out) is out
    (out**2).backward(np.ones(3))
    assert_same(x.grad, np.broadcast_to(2 * F.sum(0), F.shape).copy())
    places = np.zeros(2, np.intp)
    assert x.argmax(1, out=places) is places
    assert_same(places, F.argmax(1))


def test_view_of_a_variable_as_another_dtype_is_refused() -> None:
    with pytest.raises(TypeError, match=r"view\(dtype=int64\).*no derivative.*astype"):
        mg.tensor(F).view(np.int64)


def test_sorting_in_place_is_differentiable_through_views() -> None:
    x = mg.tensor(V)
    y = x * 2
    head = y[:2]
    head.sort()
    np.sum(y * [1.0, 10.0, 100.0]).backward()
    assert_same(x.grad, np.array([20.0, 2.0, 200.0]))


def test_the_transpose_of_fewer_than_two_axes_is_the_tensor_itself() -> None:
    for x in (mg.tensor(1.0), mg.tensor([1.0, 2.0]), mg.tensor([1, 2])):
        assert x.T is x
    x = mg.tensor(F)
    assert x.T.base is x
