"""Every error says what was called, what it got and what it expects, and changes nothing."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import modes
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])


def plain_target(x: Any) -> Any:
    array = np.ones(3)
    array += x
    return array


def second_backward(x: Any) -> None:
    y = x * 2
    y.backward()
    y.backward()


# A call with a tensor, the error, and what its message must contain.
ERRORS: dict[str, tuple[Callable[[Any], Any], type[Exception], list[str]]] = {
    # the data of a tensor
    "text": (lambda x: mg.tensor("ab"), TypeError, ["tensor holds numbers", "str", "<U2"]),
    "object": (lambda x: mg.tensor([None]), TypeError, ["tensor holds numbers", "list", "object"]),
    "ragged": (lambda x: mg.tensor([[1.0], [1.0, 2.0]]), ValueError, ["inhomogeneous"]),
    "ragged tensors": (lambda x: mg.tensor([x, x[:2]]), ValueError, ["shape"]),
    "ints": (
        lambda x: mg.tensor(1, constant=False),
        ValueError,
        ["constant=False", "int", "floating dtype"],
    ),
    "ints of a function": (
        lambda x: mg.sum([1, 2], constant=False),
        ValueError,
        ["constant=False", "int"],
    ),
    "ints like": (
        lambda x: mg.zeros_like(x, dtype=int, constant=False),
        ValueError,
        ["constant=False", "int"],
    ),
    "constant": (
        lambda x: mg.exp(x, constant=2),
        TypeError,
        ["exp", "constant", "True, False or None", "2"],
    ),
    "unknown keyword": (lambda x: mg.Tensor(x, order="C"), TypeError, ["order"]),
    # backpropagation
    "shape": (
        lambda x: x.backward(np.ones(2)),
        mg.InvalidGradient,
        ["backward", "(3,)", "(2,)", "ndarray"],
    ),
    "no numbers": (
        lambda x: x.backward("ab"),
        mg.InvalidGradient,
        ["backward", "(3,)", "str", "<U2"],
    ),
    "twice": (second_backward, mg.InvalidBackprop, ["backward()", "released", "retain_graph=True"]),
    # NumPy's own errors, with NumPy's messages
    "broadcast": (lambda x: x + np.ones(2), ValueError, ["broadcast", "(3,)", "(2,)"]),
    "matmul": (lambda x: x @ np.ones(2), ValueError, ["matmul", "2", "3"]),
    "keyword": (lambda x: np.exp(x, axis=0), TypeError, ["exp()", "axis"]),
    "keyword of a function": (lambda x: np.sum(x, along=0), TypeError, ["along"]),
    "keyword of mg": (lambda x: mg.exp(x, axis=0), TypeError, ["exp()", "axis"]),
    "too few": (lambda x: np.arctan2(x), TypeError, ["arctan2", "2"]),
    "axis": (lambda x: np.sum(x, axis=3), np.exceptions.AxisError, ["axis 3", "dimension 1"]),
    "index": (lambda x: x[7], IndexError, ["7", "3"]),
    "index type": (lambda x: x["a"], IndexError, ["integers"]),
    "reshape": (lambda x: x.reshape(2, 2), ValueError, ["reshape", "(2,2)"]),
    "concatenate": (lambda x: np.concatenate([x, M]), ValueError, ["dimensions"]),
    "einsum": (lambda x: np.einsum("ij", x), ValueError, ["einsum|operand"]),
    "casting": (lambda x: np.exp(x, dtype=int), TypeError, ["exp"]),
    "out of another shape": (
        lambda x: np.exp(x, out=mg.tensor(np.ones(2))),
        ValueError,
        ["(2,)", "(3,)"],
    ),
    "out of another dtype": (
        lambda x: np.exp(x, out=mg.tensor([1, 2, 3])),
        TypeError,
        ["exp", "int"],
    ),
    "assignment": (lambda x: x.__setitem__(0, F), ValueError, ["sequence|scalar"]),
    "assignment of another shape": (
        lambda x: x.__setitem__(slice(2), F),
        ValueError,
        ["broadcast", "3"],
    ),
    "bits": (lambda x: x & 1, TypeError, ["bitwise_and"]),
    "shift": (lambda x: x << 1, TypeError, ["left_shift"]),
    "operand": (lambda x: x + object(), TypeError, [r"\+|add"]),
    "truth": (lambda x: bool(x), ValueError, ["ambiguous"]),
    "float": (lambda x: float(x), TypeError, ["scalar|0-dimensional"]),
    "item": (lambda x: x.item(), ValueError, ["size 1"]),
    "singular": (lambda x: np.linalg.inv(np.outer(x, x)), np.linalg.LinAlgError, ["Singular"]),
    # errors specific to differentiation
    "plain target": (
        plain_target,
        TypeError,
        ["np.add", "plain array", r"array = array \+ tensor"],
    ),
    "plain out": (
        lambda x: np.exp(x, out=np.ones(3)),
        TypeError,
        ["np.exp", "plain array", "np.asarray"],
    ),
    "plain out of a sum": (
        lambda x: np.sum(x, out=np.array(0.0)),
        TypeError,
        ["np.sum", "plain array"],
    ),
    "plain out of clip": (
        lambda x: np.clip(x, 1, 2, out=np.ones(3)),
        TypeError,
        ["np.clip", "plain array"],
    ),
    "copyto": (lambda x: np.copyto(np.ones(3), x), TypeError, ["np.copyto", "plain array"]),
    "put": (lambda x: np.put(np.ones(3), [0], x), TypeError, ["np.put", "plain array"]),
    "no rule": (
        np.frompyfunc(abs, 1, 1),
        TypeError,
        ["no rule in mygrad", "implements", "np.asarray"],
    ),
    "refused": (lambda x: np.isnat(x), TypeError, ["np.isnat", "dates"]),
    "no derivative": (
        lambda x: np.linspace(0, x[0], x[0]),
        TypeError,
        ["np.linspace", "'num'", "detach"],
    ),
    "bytes": (lambda x: x.view(np.int64), TypeError, ["view", "int64", "astype"]),
    "attribute": (
        lambda x: operator.attrgetter("nothing")(x),
        AttributeError,
        ["Tensor", "nothing"],
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_says_what_was_wrong(name: str) -> None:
    function, error, words = ERRORS[name]
    with pytest.raises(error) as caught:
        function(mg.tensor(F))
    for word in words:
        caught.match(
            word.replace("(", r"\(").replace(")", r"\)")
            if "|" not in word and "\\" not in word
            else word
        )


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "twice"])
def test_nothing_half_done_stays_behind(name: str) -> None:
    """A failure changes no value, node, gradient, error state or mode, and locks no memory."""
    function, error, _ = ERRORS[name]
    source = mg.tensor(F)
    x = source * 1.0
    view = x[1:]
    state = np.geterr(), modes.recording.get(), modes.guarding.get(), modes.leak_check.get()
    creator = x.creator
    with pytest.raises(error):
        function(x)
    assert (
        np.geterr(),
        modes.recording.get(),
        modes.guarding.get(),
        modes.leak_check.get(),
    ) == state
    assert x.creator is creator
    assert_same(x, F)
    assert_same(view, F[1:])
    np.sum(x * 2 + 0 * np.sum(view)).backward()
    assert_same(source.grad, np.full(3, 2.0))


def test_a_failed_operation_keeps_the_gradient() -> None:
    x = mg.tensor(F)
    (x * 2).backward()
    for fail in (
        lambda: x + np.ones(2),
        lambda: np.exp(x, axis=0),
        lambda: x[9],
        lambda: np.dot(x, M),
    ):
        with pytest.raises((ValueError, TypeError, IndexError)):
            fail()
    assert_same(x.grad, np.full(3, 2.0))


def test_a_failed_operation_leaves_no_array_locked() -> None:
    array = np.ones(3)
    x = mg.tensor(F)
    for fail in (
        lambda: x * array[:2],
        lambda: np.concatenate([x, array[None]]),
        lambda: np.dot(x, array[:2]),
    ):
        with pytest.raises(ValueError, match=r"."):
            fail()
        assert array.flags.writeable


def test_a_failed_update_leaves_the_family_as_it_was() -> None:
    x = mg.tensor(M)
    y = x * 1.0
    row = y[0]
    for fail in (
        lambda: row.__setitem__(slice(None), np.ones(7)),
        lambda: row.__iadd__(np.ones(7)),
        lambda: np.exp(M, out=row),
        lambda: y.__setitem__((5, 5), 1.0),
        lambda: row.__setitem__(0, "text"),
    ):
        with pytest.raises((ValueError, TypeError, IndexError)):
            fail()
        assert_same(y, M)
        assert_same(row, M[0])
    np.sum(row * 2).backward()
    assert_same(x.grad, np.array([[2.0] * 3, [0.0] * 3]))


def test_numpys_errors_carry_a_note_of_the_call() -> None:
    with pytest.raises(ValueError, match=r"broadcast") as caught:
        mg.tensor(F) + np.ones(2)
    (note,) = caught.value.__notes__
    assert note == (
        "mygrad called np.add(<tensor of shape (3,), float64>, <array of shape (2,), float64>)"
    )


def test_the_errors_of_mygrad_share_a_base() -> None:
    for error in (mg.InvalidBackprop, mg.InvalidGradient, mg.DisconnectedView, mg.GradientLost):
        assert issubclass(error, mg.MyGradException)
    assert issubclass(mg.InvalidGradient, ValueError)
