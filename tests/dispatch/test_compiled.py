"""Calls written out for a pattern of arguments do what the general way does."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.dispatch import compiled, protocols, ufuncs
from mygrad.engine.registry import registry
from mygrad.testing import check_gradients
from tests.checks import assert_same, raw

tensor = import_module("mygrad.tensors.tensor")

A = np.array([[3.0, -1.0], [0.5, 4.0]])
V = np.array([0.5, -2.0])
MASK = np.array([True, False])
ORDER = np.array([1, 0, 1])
KEPT = (A, V, MASK, ORDER)

# Functions of a variable matrix, a variable vector, and a constant tensor.
CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "one variable": lambda a, v, c: np.sum(a),
    "keywords": lambda a, v, c: np.max(a, axis=1, keepdims=True),
    "view": lambda a, v, c: np.swapaxes(a, 0, 1),
    "view of a view": lambda a, v, c: np.reshape(np.transpose(a)[1:], (2, 1)),
    "array kept": lambda a, v, c: np.where(MASK, a, v),
    "number": lambda a, v, c: np.where(MASK, 2, a),
    "NumPy's number": lambda a, v, c: np.where(MASK, np.float32(2), a),
    "constant tensor": lambda a, v, c: np.outer(c, v),
    "shared rule": lambda a, v, c: np.linalg.solve(a, v),
    "shared rule, one variable": lambda a, v, c: np.linalg.solve(A, v),
    "the same twice": lambda a, v, c: np.dot(a, a),
    "list": lambda a, v, c: np.concatenate([v, c, V, v]),
    "tuple and keyword": lambda a, v, c: np.stack((v, c), axis=-1),
    "list kept": lambda a, v, c: np.linalg.multi_dot([A, a, c]),
    "any number of arrays": lambda a, v, c: np.einsum("ij,j,j,jk->ik", a, v, c, A),
    "any number, keyword": lambda a, v, c: np.einsum(a, [0, 1], V, [1], optimize=True),
    "selects": lambda a, v, c: np.take(a, ORDER, axis=1),
    "tuple of numbers": lambda a, v, c: np.pad(a, ((1, 0), (0, 2)), constant_values=3),
    "array by name": lambda a, v, c: np.average(a, axis=0, weights=V),
    "several results": lambda a, v, c: np.linalg.svd(a)[1],
    "several results in turn": lambda a, v, c: np.concatenate(
        [np.linalg.svd(a, compute_uv=uv)[uv] for uv in (False, True, False)], axis=None
    ),
    "several results, views": lambda a, v, c: np.split(a, 2, axis=1)[1],
}
by_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def gone_back(call: Any, exposed: bool = False) -> tuple[Any, ...]:
    """The result of a call, what of it users can see, and the gradients."""
    a, v, c = mg.tensor(A), mg.tensor(V), mg.tensor(V, constant=True)
    arrays = (*KEPT, c.data, *((a.data, v.data) if exposed else ()))
    result = call(a, v, c)
    locked = [array.flags.writeable for array in arrays]
    seen = type(result.creator).__name__, result.base is not None, result.constant, locked
    value = raw(result).copy()
    np.sum(result * result).backward()
    assert all(array.flags.writeable for array in arrays)
    return seen, value, a.grad, v.grad


@pytest.mark.parametrize("exposed", [False, True], ids=["unseen", "exposed"])
@by_call
def test_both_ways_agree(call: Any, exposed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    gone_back(call, exposed)
    short = gone_back(call, exposed)
    for module in (tensor, protocols):
        monkeypatch.setattr(module, "shortly", lambda *_: NotImplemented)
    monkeypatch.setattr(tensor, "sole", {})
    general = gone_back(call, exposed)
    assert short[0] == general[0]
    for one, other in zip(short[1:], general[1:], strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            assert_same(one, other)


@by_call
def test_derivatives(call: Any) -> None:
    check_gradients(lambda a, v: call(a, v, mg.tensor(V, constant=True)), A, V)


def test_a_pattern_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    write = compiled._write
    monkeypatch.setattr(compiled, "_ways", {})
    monkeypatch.setattr(compiled, "sole", {})
    monkeypatch.setattr(tensor, "sole", compiled.sole)
    monkeypatch.setattr(compiled, "_write", lambda *args: written.append(args) or write(*args))
    x = mg.tensor(V)
    for _ in range(3):
        np.sum(x), np.max(x, axis=0), np.where(MASK, x, 0.0), np.hstack([x, x])
    assert [function.__name__ for function, *_ in written] == ["sum", "max", "where", "hstack"]
    np.hstack([x, x, V])  # a list may have any length
    np.where(MASK, 1, x)
    assert len(written) == 5


def test_there_is_an_end_to_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_ways", {})
    monkeypatch.setattr(compiled, "_MANY", 2)
    x = mg.tensor(V)
    results = [np.max(x, axis=0), np.min(x, axis=0), np.ptp(x, axis=0)]
    assert len(compiled._ways) == 2
    assert [result.constant for result in results] == [False] * 3


def test_calls_with_several_results_have_ways_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_ways", {})
    monkeypatch.setattr(compiled, "sole", {})
    monkeypatch.setattr(tensor, "sole", compiled.sole)
    monkeypatch.setattr(protocols, "apply", lambda *_: pytest.fail("the general way"))
    x = mg.tensor(A)
    u, s, vh = np.linalg.svd(x)
    assert u.creator is s.creator is vh.creator
    calls: list[Any] = []
    (way,) = compiled._ways.values()
    compute = way.__globals__["compute_"]
    monkeypatch.setitem(
        way.__globals__, "compute_", lambda *args: calls.append(args) or compute(*args)
    )
    np.linalg.svd(x)
    assert len(calls) == 1


def test_a_call_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def shortly(_: Any, function: Any, *__: Any) -> Any:
        asked.append(function)
        return NotImplemented

    for module in (tensor, protocols):
        monkeypatch.setattr(module, "shortly", shortly)
    monkeypatch.setattr(tensor, "sole", {})
    x = mg.tensor(V)
    np.where(MASK, x, 0.0), mg.where(MASK, x, 0.0), x.max(), np.add(x, x, dtype=float)
    assert asked == [np.where, np.where, np.max, np.add]


def test_a_function_registered_later_gets_a_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_ways", {})
    x = mg.tensor(A)
    with monkeypatch.context() as patch:
        patch.delitem(registry, np.trace)
        assert compiled.shortly(mg.Tensor, np.trace, (x,), {}) is NotImplemented
    assert compiled.shortly(mg.Tensor, np.trace, (x,), {}).item() == 7.0


@pytest.mark.parametrize("state", ["released", "updated base", "constant view", "no_autodiff"])
def test_tensors_that_need_care_take_the_general_way(state: str) -> None:
    x = mg.tensor(V)
    y = x * 2
    if state == "released":
        np.sum(y).backward()
        assert compiled.kind_of(y) is None
    elif state == "updated base":
        view = y[:1]
        y *= 2
        assert compiled.kind_of(view) is None
        assert raw(np.sum(view)) == 4 * V[0]
    elif state == "constant view":
        assert compiled.kind_of(x.detach()) is None
    else:
        with mg.no_autodiff:
            assert compiled.shortly(mg.Tensor, np.sum, (x,), {}) is NotImplemented
            assert np.sum(x).constant


def after(act: Callable[[Any], Any], x: Any) -> Any:
    """``x``, after ``act`` has had it."""
    act(x)
    return x


def step(x: Any) -> None:
    x.data -= 0.0


def update(x: Any) -> None:
    x[0] = x[0]


#: Tensors of V whose array a user holds, has held or could hold.
EXPOSED: dict[str, Callable[[], Any]] = {
    "copy=False": lambda: mg.tensor(V.copy(), copy=False),
    "data": lambda: after(lambda x: x.data, mg.tensor(V)),
    "np.asarray": lambda: after(np.asarray, mg.tensor(V)),
    "printed": lambda: after(str, mg.tensor(V)),
    "needed before": lambda: after(lambda x: np.sum(x * x.data).backward(), mg.tensor(V)),
    "updated through data": lambda: after(step, mg.tensor(V)),
    "a view": lambda: mg.tensor(V.copy(), copy=False)[:],
    "a view that was seen": lambda: after(np.asarray, mg.tensor(V)[:]),
    "a view of an updated base": lambda: after(step, after(update, mg.tensor(V)))[:],
}


@pytest.mark.parametrize("make", EXPOSED.values(), ids=EXPOSED)
def test_exposed_tensors_take_the_short_way(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (ufuncs, protocols):
        monkeypatch.setattr(module, "apply", lambda *_: pytest.fail("the general way"))
    for kept, call in {
        "x": lambda x: x * x,
        "x, the second": lambda x: mg.tensor(V) * x,
        "out": np.exp,
        "nothing": lambda x: 2.0 * x + x - V,
        "x, of a function": lambda x: np.outer(x, x),
        "x, in a list": lambda x: np.linalg.multi_dot([A, x]),
        "nothing, of a list": lambda x: np.concatenate([x, V]),
    }.items():
        x = make()
        array = x.data
        for _ in range(2 if x.base is None else 1):  # after backward() the base holds a gradient
            result = call(x)
            assert array.flags.writeable == ("x" not in kept), kept
            assert x.base is None or x.base.data.flags.writeable == ("x" not in kept), kept
            np.sum(result).backward()
            assert array.flags.writeable, kept
            assert x.grad.shape == V.shape
        x = make()
        array = x.data
        with mg.mem_guard_off:
            result = call(x)
        assert array.flags.writeable
        del result


def test_small_views_of_updated_bases_take_the_general_way() -> None:
    """What is kept of them is copied, lest the next update copy the base."""
    x = mg.tensor(np.ones(100))
    assert compiled.kind_of(x[:2]) == compiled.VARIABLE
    update(x)
    assert compiled.kind_of(x[:2]) is None
    assert compiled.kind_of(x[:50]) == compiled.VARIABLE


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        np.array(["a"]),
        np.timedelta64(1, "s"),
        np.ma.array(V),
        object(),
        [[mg.tensor(1.0)]],
        [mg.tensor(1.0)] * 100,
    ],
    ids=["list of numbers", "text", "time", "masked", "object", "nested", "long"],
)
def test_other_arguments_take_the_general_way(value: Any) -> None:
    assert compiled.kind_of(value) is None


def test_errors_say_what_was_called() -> None:
    with pytest.raises(ValueError, match="broadcast") as caught:
        np.where(MASK, mg.tensor(V), np.ones(3))
    (note,) = caught.value.__notes__
    assert note == (
        "mygrad called np.where(<array of shape (2,), bool>, <tensor of shape (2,), float64>,"
        " <array of shape (3,), float64>)"
    )
    assert MASK.flags.writeable
