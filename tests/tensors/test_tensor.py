"""The tensor itself: construction, attributes, gradients, pickling."""

from __future__ import annotations

import copy
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.errors import GradientLost
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

# ------------------------------------------------------------------ construction

VALUES = [
    2,
    2.5,
    True,
    1 + 2j,
    np.float32(1.5),
    np.int8(3),
    [],
    [1, 2],
    [1.0, 2],
    [[1, 2], [3, 4]],
    (1.0, [2.0][0]),
    range(4),
    M,
    M.T,
    M.astype(np.float16),
    M.astype(">f8"),
    M.astype(np.longdouble),
    np.array(1.5),
    np.arange(3, dtype=np.uint8),
    np.zeros((0, 2)),
    [np.float32(1), np.float32(2)],
    memoryview(b"ab"),
]


@pytest.mark.parametrize("value", VALUES, ids=[f"{i}" for i in range(len(VALUES))])
def test_a_tensor_is_what_an_array_would_be(value: Any) -> None:
    expected = np.array(value)
    for make in (mg.Tensor, mg.tensor, mg.astensor):
        made = make(value)
        assert type(made) is mg.Tensor
        assert_same(made, expected)
        assert made.constant == (expected.dtype.kind not in "fc")
        assert made.creator is made.grad is made.base is None


@pytest.mark.parametrize("dtype", [np.float32, "f2", float, int, complex, np.int8, bool])
def test_dtype(dtype: Any) -> None:
    assert_same(mg.tensor([1, 2], dtype), np.array([1, 2], dtype))
    assert_same(mg.Tensor(mg.tensor([1.0, 2.0]), dtype=dtype), np.array([1.0, 2.0], dtype))
    assert_same(mg.astensor([1.0, 2.0], dtype), np.array([1.0, 2.0], dtype))


def test_constant() -> None:
    assert mg.tensor(F, constant=True).constant
    assert not mg.tensor(F, constant=False).constant
    assert mg.tensor(mg.tensor(F, constant=True)).constant
    assert not mg.tensor(mg.tensor(F, constant=True), constant=False).constant
    assert mg.tensor(mg.tensor(F), constant=True).constant
    assert mg.tensor(F, constant=np.True_).constant


@pytest.mark.parametrize(
    "array", [M, M.T, M[:, ::-1], M[:, :1], np.broadcast_to(M, (2, *M.shape)), M.astype(int).T]
)
def test_the_layout_in_memory_is_that_of_a_copy_by_numpy(array: Any) -> None:
    for made in (mg.tensor(array), mg.tensor(array, ndmin=1)):
        assert made.data.strides == np.array(array).strides
        assert made.data.flags.writeable


def test_copy_and_ndmin() -> None:
    assert not np.shares_memory(mg.tensor(F).data, F)
    assert mg.tensor(F, copy=False).data is F
    assert mg.tensor([F], copy=False).shape == (1, 3)
    assert_same(mg.tensor(F, ndmin=2), np.array(F, ndmin=2))
    x = mg.tensor(F)
    assert mg.tensor(x, copy=False) is x
    assert mg.astensor(x) is x
    assert mg.astensor(x, constant=True) is not x
    assert mg.astensor(F).data is F
    assert not np.shares_memory(mg.Tensor(x).data, x.data)


def test_order_and_layout_are_kept() -> None:
    fortran = np.asfortranarray(M)
    assert mg.tensor(fortran).data.flags.f_contiguous
    assert mg.tensor(M[:, ::-1]).shape == M.shape


REFUSED = [
    "text",
    ["a"],
    None,
    [None],
    {"a": 1},
    ...,
    np.array([1], object),
    np.datetime64("2020-01-01"),
    b"x",
]


@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_only_numbers(value: Any) -> None:
    with pytest.raises(TypeError, match=r"a tensor holds numbers: .* became an array of dtype"):
        mg.tensor(value)


def test_integers_carry_no_gradient() -> None:
    with pytest.raises(
        ValueError, match=r"constant=False: a tensor of dtype int.* carries no gradient"
    ):
        mg.tensor([1, 2], constant=False)
    with pytest.raises(ValueError, match="constant=False"):
        mg.tensor(F).astype(int, constant=False)
    with pytest.raises(TypeError, match="constant takes True, False or None, not 1"):
        mg.tensor(F, constant=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unexpected keyword"):
        mg.Tensor(F, order="F")  # type: ignore[call-arg]


# ----------------------------------------------- what the gradient passes through

KEEP: dict[str, Callable[[Any], Any]] = {
    "tensor": mg.tensor,
    "Tensor": mg.Tensor,
    "list of tensors": lambda x: mg.tensor([x, x]),
    "nested": lambda x: mg.tensor([[x[0], 2.0], [3.0, x[1] * 2]]),
    "tuple with arrays": lambda x: mg.tensor((x, F)),
    "ndmin": lambda x: mg.tensor(x, ndmin=3),
    "list, ndmin": lambda x: mg.tensor([x[0], x[1]], ndmin=2),
    "dtype": lambda x: mg.tensor(x, dtype=np.float32),
    "copy": lambda x: x.copy(),
    "copy.copy": copy.copy,
    "np.copy": np.copy,
    "np.array": lambda x: mg.array(x),
    "astype": lambda x: x.astype(np.float32),
    "astype, same": lambda x: x.astype(np.float64),
    "astype, no copy": lambda x: x.astype(np.float64, copy=False),
    "astensor": lambda x: mg.astensor(x, np.float32),
    "asarray": lambda x: mg.array([x, x]),
    "constant=False": lambda x: mg.tensor(x, constant=False),
    "view": lambda x: x.view(),
    "real": lambda x: x.real,
    "flat": lambda x: x.flat[:],
    "iteration": lambda x: mg.tensor(list(x)),
}


@pytest.mark.parametrize("name", KEEP)
def test_the_gradient_passes_through(name: str) -> None:
    x = mg.tensor(F)
    y = KEEP[name](x)
    assert not y.constant
    (y * 3.0).backward()
    assert x.grad is not None
    assert np.all(x.grad[:2] >= 3.0)


CUT: dict[str, Callable[[Any], Any]] = {
    "detach": lambda x: x.detach(),
    "copy": lambda x: x.copy(constant=True),
    "tensor": lambda x: mg.tensor(x, constant=True),
    "astensor": lambda x: mg.astensor(x, constant=True),
    "astype": lambda x: x.astype(np.float32, constant=True),
    "astype to integers": lambda x: x.astype(int),
    "deepcopy": lambda x: mg.tensor(copy.deepcopy(x), constant=True),
    "data": lambda x: mg.tensor(x.data, constant=True),
}


@pytest.mark.parametrize("name", CUT)
def test_the_gradient_is_cut(name: str) -> None:
    x = mg.tensor(F)
    y = CUT[name](x)
    assert y.constant
    (x * y).backward()
    assert_same(x.grad, y.data.astype(float))


def test_a_copy_has_no_creator_and_lets_the_gradient_through() -> None:
    x = mg.tensor(F)
    y = (x * 2).copy()
    assert y.creator is None
    y[0] = 5.0
    y.backward()
    assert_same(x.grad, np.array([0.0, 2.0, 2.0]))


def test_detach_shares_memory() -> None:
    x = mg.tensor(F)
    constant = x.detach()
    assert np.shares_memory(constant, x)
    x[0] = 9.0
    assert constant.data[0] == 9.0


# ---------------------------------------------------------------- what it holds


def test_data_is_a_direct_reference() -> None:
    x = mg.tensor(F)
    assert x.data is x.data
    assert np.asarray(x) is x.data
    assert np.array(x, copy=False) is x.data
    x.data[0] = 7.0
    assert x.data[0] == 7.0
    assert np.sum(x).item() == 5.5


def test_conversion_to_arrays() -> None:
    x = mg.tensor(F)
    copied = np.array(x)
    assert type(copied) is np.ndarray
    assert not np.shares_memory(copied, x.data)
    assert np.asarray(x, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.array(x, dtype=np.float32, copy=False)
    assert_same(np.asarray([x, x]), np.array([F, F]))
    assert mg.asarray(x) is x.data
    assert mg.asarray(F) is F


def test_creator_is_the_operation_that_made_it() -> None:
    x = mg.tensor(F)
    y = x * 2
    assert x.creator is None
    assert type(y.creator).__name__ == "Multiply"
    assert isinstance(y.creator, mg.Operation)
    assert (mg.tensor([1, 2]) * 2).creator is None
    for made, name in [
        (np.concatenate([x, x]), "Concatenate"),
        (np.clip(x, 0, 1), "Clip"),
        (np.modf(x)[0], "Modf"),
    ]:
        assert isinstance(made.creator, mg.Operation)
        assert type(made.creator).__name__ == name


def test_base() -> None:
    x = mg.tensor(M)
    assert x.base is None
    assert x[0].base is x
    assert x[0][1:].base is x
    assert (x + 1).base is None
    assert x[0, 0].base is None
    assert np.reshape(x, -1).base is x


def test_what_cannot_be_assigned() -> None:
    x = mg.tensor(F)
    for name in ("grad", "creator", "base", "constant", "dtype", "anything"):
        with pytest.raises(AttributeError):
            setattr(x, name, 1)


REPRS = [
    (mg.tensor(2.3), "Tensor(2.3)"),
    (mg.tensor([1.2, 3.0]), "Tensor([1.2, 3. ])"),
    (mg.tensor([[1.0, 2.0], [3.0, 4.0]]), "Tensor([[1., 2.],\n        [3., 4.]])"),
    (mg.tensor([16], dtype=np.int32), "Tensor([16], dtype=int32)"),
    (mg.tensor([]), "Tensor([], dtype=float64)"),
    (mg.tensor([True]), "Tensor([ True])"),
]


@pytest.mark.parametrize(("tensor", "text"), REPRS, ids=range(len(REPRS)))
def test_repr(tensor: Any, text: str) -> None:
    assert repr(tensor) == text
    assert str(tensor) == str(tensor.data)


def test_weak_references_and_no_dictionary() -> None:
    x = mg.tensor(F)
    reference = weakref.ref(x)
    assert not hasattr(x, "__dict__")
    del x
    assert reference() is None


# ------------------------------------------------------------ pickles and deep copies


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.complex128])
def test_pickle(protocol: int, dtype: Any) -> None:
    for x in (mg.tensor(M.astype(dtype)), mg.tensor(M.astype(dtype), constant=True)):
        again = pickle.loads(pickle.dumps(x, protocol))
        assert_same(again, x.data)
        assert again.constant == x.constant


def test_a_tensor_of_a_live_graph_pickles_as_a_leaf() -> None:
    x = mg.tensor(M)
    y = np.exp(x)
    view = y[0]
    loss = np.sum(y * view)
    for tensor in (x, y, view, loss):
        again = pickle.loads(pickle.dumps(tensor))
        assert_same(again, tensor.data)
        assert again.creator is again.base is again.grad is None
        assert not again.constant
    loss.backward()
    assert pickle.loads(pickle.dumps(x)).grad is None
    assert x.grad is not None


def test_deepcopy_of_structures() -> None:
    x = mg.tensor(M)
    model = {"weights": [x, x], "bias": mg.tensor(F)}
    again = copy.deepcopy(model)
    assert again["weights"][0] is again["weights"][1]
    assert again["weights"][0] is not x
    np.sum(again["weights"][0] * 2).backward()
    assert x.grad is None
    assert_same(again["weights"][0].grad, np.full_like(M, 2))


def test_other_libraries() -> None:
    x = mg.tensor(F)
    shared = np.from_dlpack(x.detach())
    assert_same(shared, F)
    assert np.shares_memory(shared, x.data)
    assert x.__array_namespace__() is np
    assert x.device == "cpu"
    assert memoryview(x.data).tolist() == F.tolist()


def test_strict_names_the_place_where_a_gradient_is_lost() -> None:
    x = mg.tensor(F)
    scalar = np.sum(x)
    array = np.zeros(3)
    losses: list[Callable[[], Any]] = [
        lambda: np.asarray(x),
        lambda: np.array([scalar, scalar]),
        lambda: float(scalar),
        lambda: int(scalar),
        lambda: complex(scalar),
        lambda: round(scalar),
        lambda: array.__setitem__(slice(2), scalar),
        lambda: np.exp([x, x]),
        lambda: np.from_dlpack(x),
        lambda: mg.tensor([1.0, 2.0, 3.0], constant=True).__setitem__(0, scalar),
    ]
    for lose in losses:
        with mg.strict, pytest.raises(mg.GradientLost, match=r"test_tensor\.py:\d+.*detach"):
            lose()
    with mg.strict, pytest.raises(ValueError, match="array element") as error:
        array[0] = scalar  # NumPy raises its own error, and names ours as the cause
    assert isinstance(error.value.__cause__, mg.GradientLost)
    with mg.strict:
        np.asarray(x.detach())
        np.asarray(mg.tensor([1, 2]))
        bool(scalar)
        np.sum(mg.tensor([scalar, scalar])).backward()
    assert x.grad is not None


def test_data_can_be_assigned() -> None:
    x = mg.tensor(F)
    np.sum(x**2).backward()
    array = x.data
    x.data -= 0.5 * x.grad  # MyGrad 2's step of gradient descent
    assert x.data is array
    assert_same(x.data, F - F)
    assert_same(x.grad, 2 * F)
    assert x.creator is None
    view = x[:1]
    view.data = [2.0]
    x.data[1:] = 3
    assert_same(x.data, np.array([2.0, 3.0, 3.0]))


def test_data_can_be_assigned_while_a_graph_needs_the_old() -> None:
    x = mg.tensor(F)
    y = x * x
    x.data = np.zeros(F.shape)
    assert_same(x.data, np.zeros(F.shape))
    np.sum(y).backward()
    assert_same(x.grad, 2 * F)
    z = x * x
    with pytest.raises(ValueError, match="read-only"):
        x.data += 1  # in NumPy alone, which knows of no graph
    assert_same(x.data, np.zeros(F.shape))
    del z


def test_data_keeps_its_dtype() -> None:
    x = mg.tensor(F)
    x.data = np.array([1, 2, 3])
    assert_same(x.data, np.array([1.0, 2.0, 3.0]))
    for values in (F.astype("f4"), F + 1j, mg.tensor(F, dtype="f4")):
        with pytest.raises(TypeError, match="values of the tensor's dtype, float64; it got"):
            x.data = values
    i = mg.tensor([1, 2])
    with pytest.raises(TypeError, match="dtype, int64; it got float64"):
        i.data = i.data * 0.5
    assert_same(i.data, np.array([1, 2]))


def test_data_keeps_its_shape() -> None:
    x = mg.tensor(F)
    with pytest.raises(ValueError, match=r"shape, \(3,\); it got some of shape \(2,\)"):
        x.data = F[:2]
    with pytest.raises(TypeError, match="a tensor holds numbers"):
        x.data = ["text"] * len(F)
    assert_same(x.data, F)


def test_a_deep_copy_is_a_leaf() -> None:
    x = mg.tensor(F)
    y = x * 2
    copied = copy.deepcopy(y)
    assert copied.creator is None
    np.sum(copied).backward()
    assert x.grad is None
    with mg.strict, pytest.raises(GradientLost, match=r"copied by copy\.deepcopy"):
        copy.deepcopy(y)
    with mg.strict:
        assert_same(copy.deepcopy(y.detach()).data, 2 * F)
