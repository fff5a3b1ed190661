"""Python's operators and conversions on tensors, as on arrays, with the tensor on either side."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
G = np.array([[2.0], [-1.5]])
P = np.array([0.7, 2.2, 1.35])
I = np.array([3, -7, 2])
B = np.array([True, False, True])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0], [2.0, 1.0, -1.0]])

ARITHMETIC = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]
BITS = ["and_", "or_", "xor"]
SHIFTS = ["lshift", "rshift"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]

OPERANDS: dict[str, tuple[Any, Any]] = {
    "array, array": (P, G + 3),
    "array, int": (P, 2),
    "array, float": (P, 2.5),
    "array, bool": (P, True),
    "array, np.float32": (P, np.float32(2.5)),
    "array, np.int64": (P, np.int64(2)),
    "array, 0-d": (P, np.array(2.5)),
    "float32, float": (P.astype("f4"), 2.5),
    "float32, int": (P.astype("f4"), 3),
    "float32, float64": (P.astype("f4"), P),
    "float16, float32": (P.astype("f2"), P.astype("f4")),
    "ints, int": (np.abs(I), 2),
    "ints, floats": (np.abs(I), P),
    "int8, int16": (np.abs(I).astype("i1"), np.abs(I).astype("i2")),
    "list": (P, [1, 2.0, 3]),
    "empty": (P[:0], 2.0),
    "0-d, 0-d": (np.array(2.5), np.array(1.5)),
}
INTEGERS: dict[str, tuple[Any, Any]] = {
    "ints, ints": (I, np.array([1, 2, 3])),
    "ints, int": (I, 1),
    "uint8, int": (np.array([1, 2], "u1"), 1),
}


def two_sided(function: Callable[[Any, Any], Any], a: Any, b: Any) -> None:
    """`function` with a tensor on the left, on the right, and on both sides."""
    left, right = mg.tensor, mg.tensor
    expected = function(a, b)
    assert_same(function(left(a), b), expected)
    if not isinstance(b, list):
        assert_same(function(b, left(a)), function(b, a))
        if isinstance(b, np.ndarray | np.generic):
            assert_same(function(left(a), right(b)), expected)
            assert_same(function(a, right(b)), expected)


@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS])
@pytest.mark.parametrize("case", OPERANDS)
def test_binary(name: str, case: str) -> None:
    a, b = OPERANDS[case]
    two_sided(getattr(operator, name), a, b)


@pytest.mark.parametrize("name", [*BITS, *SHIFTS])
@pytest.mark.parametrize("case", INTEGERS)
def test_integers(name: str, case: str) -> None:
    two_sided(getattr(operator, name), *INTEGERS[case])


@pytest.mark.parametrize("name", BITS)
def test_booleans(name: str) -> None:
    two_sided(getattr(operator, name), B, ~B)
    two_sided(getattr(operator, name), B, True)


@pytest.mark.parametrize("case", OPERANDS)
def test_divmod(case: str) -> None:
    two_sided(divmod, *OPERANDS[case])


@pytest.mark.parametrize("name", ["neg", "pos", "abs", "invert"])
@pytest.mark.parametrize("array", [F, F.astype("f4"), I, np.array(-2.5), F + 1j], ids=repr)
def test_unary(name: str, array: np.ndarray) -> None:
    if name == "invert" and array.dtype.kind != "i":
        with pytest.raises(TypeError, match="invert"):
            ~mg.tensor(array)
        return
    assert_same(getattr(operator, name)(mg.tensor(array)), getattr(operator, name)(array))


def test_complex_operands() -> None:
    for name in ("add", "sub", "mul", "truediv", "pow"):
        two_sided(getattr(operator, name), F + 2j, P)
        two_sided(getattr(operator, name), P, 1 + 2j)


@pytest.mark.parametrize(
    ("a", "b"), [(M, M.T), (M, F), (F, M), (F, P)], ids=["mm", "mv", "vm", "vv"]
)
def test_matmul(a: np.ndarray, b: np.ndarray) -> None:
    two_sided(operator.matmul, a, b)
    check_gradients(operator.matmul, a, b)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "mod", "pow"])
@pytest.mark.parametrize("other", [2, 2.5, np.float64(2.5), P + 0.9, np.array(2.5)], ids=repr)
def test_gradients_on_either_side(name: str, other: Any) -> None:
    function = getattr(operator, name)
    check_gradients(lambda x: function(x, other), P)
    check_gradients(lambda x: function(other, x), P)


@pytest.mark.parametrize("name", ["neg", "pos", "abs"])
def test_gradients_of_unary(name: str) -> None:
    check_gradients(getattr(operator, name), F)


def test_gradient_of_divmod() -> None:
    check_gradients(lambda x: divmod(x, 0.7)[1], F)
    check_gradients(lambda x: divmod(2.0, x)[1], P)


# --------------------------------------------------------------------- in place

IN_PLACE = ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"]
IN_PLACE_BITS = ["iand", "ior", "ixor", "ilshift", "irshift"]


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("other", [2, 2.5, P[[1, 2, 0]], np.float32(2.0), np.array(2.0)], ids=repr)
def test_in_place(name: str, other: Any) -> None:
    function = getattr(operator, name)
    expected = P.copy()
    function(expected, other)
    tensor = mg.tensor(P)
    view = tensor[:2]
    assert function(tensor, other) is tensor
    assert_same(tensor, expected)
    assert_same(view, expected[:2])
    if name == "ifloordiv":
        return

    def program(x: Any) -> Any:
        y = x * 1.0
        y = function(y, other)
        return y**2

    check_gradients(program, P)


@pytest.mark.parametrize("name", IN_PLACE_BITS)
def test_in_place_on_integers(name: str) -> None:
    expected, tensor = I.copy(), mg.tensor(I)
    getattr(operator, name)(expected, 1)
    assert getattr(operator, name)(tensor, 1) is tensor
    assert_same(tensor, expected)


def test_in_place_matmul() -> None:
    expected, tensor = M.copy(), mg.tensor(M)
    expected @= M.T
    before = tensor
    tensor @= M.T
    assert tensor is before
    assert_same(tensor, expected)

    def program(x: Any) -> Any:
        y = x * 1.0
        y @= x
        return y

    check_gradients(program, M)


def test_in_place_keeps_the_dtype_and_refuses_what_numpy_refuses() -> None:
    x = mg.tensor(P.astype("f4"))
    x += P
    assert x.dtype == np.float32
    with pytest.raises(TypeError, match="Cannot cast"):
        mg.tensor(I).__iadd__(P)
    with pytest.raises(ValueError, match="broadcast"):
        mg.tensor(P).__iadd__(np.zeros((2, 3)))


def test_a_scalar_result_is_rebound_by_an_augmented_assignment() -> None:
    for start in (lambda x: np.sum(x), lambda x: x[0]):
        x = mg.tensor(F)
        s = first = start(x)
        value = float(s)
        s += 1.0
        assert s is not first
        assert float(first) == value
        s *= P
        assert s.shape == (3,)
        s.backward()
        assert x.grad is not None


def test_a_0d_tensor_becomes_an_array_by_an_augmented_assignment() -> None:
    s = first = mg.tensor(0.0)
    s += P
    assert s is not first
    assert_same(s, P)
    assert_same(first, np.array(0.0))
    # One that a user made is an array, which NumPy updates in place.
    t = other = mg.tensor(1.0)
    t += 2
    assert t is other
    assert float(t) == 3.0


def test_an_array_on_the_left_of_an_augmented_assignment_says_why_it_cannot_be() -> None:
    array, kept = np.ones(3), np.ones(3)
    with pytest.raises(TypeError, match=r"np\.add.*plain array.*array = array \+ tensor"):
        array += mg.tensor(F)
    assert_same(array, kept)
    array += mg.tensor(F, constant=True)
    assert_same(array, 1 + F)


# ------------------------------------------------------------------ conversions

NUMBERS = [np.array(2.5), np.array(-3), np.array([4.0]).reshape(()), np.array(True)]


@pytest.mark.parametrize("array", NUMBERS, ids=repr)
@pytest.mark.parametrize("kind", [int, float, complex, bool])
def test_to_a_python_number(array: np.ndarray, kind: type) -> None:
    actual, expected = kind(mg.tensor(array)), kind(array)
    assert type(actual) is type(expected)
    assert actual == expected


@pytest.mark.parametrize("kind", [int, float, complex, bool, operator.index])
@pytest.mark.parametrize("array", [F, I, np.array(2.5), np.array(1 + 2j), np.zeros(0)], ids=repr)
def test_what_numpy_refuses_to_convert_is_refused_alike(array: Any, kind: Any) -> None:
    try:
        expected = kind(array)
    except (TypeError, ValueError) as error:
        with pytest.raises(type(error)):
            kind(mg.tensor(array))
    else:
        assert kind(mg.tensor(array)) == expected


def test_truth() -> None:
    assert not mg.tensor([0.0])
    assert mg.tensor([[3]])
    with pytest.raises(ValueError, match="ambiguous"):
        bool(mg.tensor(F))


def test_index() -> None:
    assert [10, 20, 30][mg.tensor(1)] == 20
    assert list(range(mg.tensor(2))) == [0, 1]
    assert_same(F[mg.tensor([2, 0])], F[[2, 0]])
    assert_same(mg.tensor(F)[mg.tensor([2, 0])], F[[2, 0]])
    assert_same(mg.tensor(F)[mg.tensor(B)], F[B])


@pytest.mark.parametrize("spec", ["", ".2f", "e", ">12.3f", "g"])
def test_format(spec: str) -> None:
    assert format(mg.tensor(2.345), spec) == format(np.float64(2.345), spec)
    assert f"{mg.tensor(2.345):.1f}" == "2.3"
    if spec:
        with pytest.raises(TypeError, match="format"):
            format(mg.tensor(F), spec)
    else:
        assert format(mg.tensor(F)) == str(F)


def test_round() -> None:
    assert round(mg.tensor(2.6)) == 3
    assert isinstance(round(mg.tensor(2.6)), int)
    assert_same(round(mg.tensor(2.346), 2), np.array(2.35))
    assert_same(round(mg.tensor(F * 1.111), 1), np.round(F * 1.111, 1))


def test_iteration() -> None:
    assert [row.shape for row in mg.tensor(M)] == [(3,)] * 3
    _, b, _ = mg.tensor(F)
    assert_same(b, F[1])
    x = mg.tensor(F)
    sum(v**2 for v in x).backward()
    assert_same(x.grad, 2 * F)
    assert [v.item() for v in reversed(mg.tensor(F))] == list(F)[::-1]
    with pytest.raises(TypeError, match="0-d"):
        iter(mg.tensor(1.0))
    with pytest.raises(TypeError, match="unsized"):
        len(mg.tensor(1.0))


def test_membership() -> None:
    assert 1.5 in mg.tensor(F)
    assert mg.tensor(1.5) in mg.tensor(F)
    assert mg.tensor(1.5) in F
    assert 9 not in mg.tensor(F)
    assert (F[:1] in mg.tensor(M)) == (F[:1] in M)


def test_equality_is_elementwise_and_there_is_no_hash() -> None:
    x = mg.tensor(F)
    assert_same(x == x, np.ones(3, bool))
    assert_same(x != F, np.zeros(3, bool))
    assert_same(x == np.float32(1.5), np.array([True, False, False]))
    for other in (None, "text", object(), [1.5, "a", 0]):
        assert_same(x == other, other == F)
        assert_same(x != other, other != F)
    for value in (x, F):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparison_with_a_list_of_tensors(name: str) -> None:
    compare = getattr(operator, name)
    assert_same(compare(mg.tensor(F), [mg.tensor(v) for v in P]), compare(F, P))


@pytest.mark.parametrize("value", ["text", None, ..., {}, b"x"], ids=repr)
def test_operands_that_are_no_numbers(value: Any) -> None:
    for function in (operator.add, operator.mul, operator.truediv):
        with pytest.raises(TypeError):
            function(mg.tensor(F), value)
        with pytest.raises(TypeError):
            function(value, mg.tensor(F))


def test_copies() -> None:
    x = mg.tensor(F)
    shallow, deep = copy.copy(x), copy.deepcopy(x)
    for other in (shallow, deep):
        assert_same(other, F)
        assert not other.constant
        assert other.creator is None
        assert not np.shares_memory(other.data, x.data)
    (shallow * 2).backward()
    assert_same(x.grad, np.full(3, 2.0))
    (deep * 2).backward()
    assert_same(deep.grad, np.full(3, 2.0))


def test_augmented_products_of_matrices_keep_the_shape() -> None:
    vector = np.array([1.0, 2.0, 3.0])
    for shape in ((3,), (3, 3)):
        y = mg.tensor(np.ones(shape)) * 1
        with pytest.raises(ValueError, match=r"takes a matrix.*it got shape \(3,\)"):
            y @= vector
        assert_same(y.data, np.ones(shape))
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's own
        np.ones(3).__imatmul__(vector)
