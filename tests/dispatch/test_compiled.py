"""Calls specialized for a pattern of arguments do what the general call does."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.dispatch import compiled, kinds, protocols, ufuncs
from mygrad.engine import guard, modes
from mygrad.engine.modes import Recording
from mygrad.engine.operation import Plan
from mygrad.engine.registry import registry
from mygrad.tensors.tensor import Tensor
from mygrad.testing import check_gradients, leaves, random_like
from tests.checks import Sample, assert_same, raw

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


class GeneralWay:
    """A ``with`` block in which all calls take the general way."""

    def __enter__(self) -> None:
        self.token = modes.recording.set(Recording.CHECKED)

    def __exit__(self, *_: object) -> None:
        modes.recording.reset(self.token)


def recorded(call: Callable[..., Any], arguments: list[Any], users: list[np.ndarray]) -> list[Any]:
    """All that a call makes: results, nodes, what is locked of the arrays ``users`` have, gradients."""
    try:
        result = call(*arguments)
    except (TypeError, ValueError) as error:
        return [type(error), str(error)]
    results = [value for _, value in leaves(result) if isinstance(value, Tensor)]
    tensors = [argument for argument in arguments if isinstance(argument, Tensor)]
    seen: list[Any] = [type(result), *[described(each, tensors) for each in results]]
    del result
    seen.append([array.flags.writeable for array in users])
    seen.append([each._data.copy() for each in results])
    rng = np.random.default_rng(0)
    for each in results:
        each.backward(random_like(each._data, rng), retain_graph=True)
        seen.append([None if t.grad is None else t.grad.copy() for t in tensors])
        for tensor in tensors:
            tensor.null_grad()
    while results:
        results.pop().clear_graph()
    seen.append([array.flags.writeable for array in users])
    return seen


def described(tensor: Tensor, arguments: list[Any]) -> list[Any]:
    """A tensor and its node, except for attributes that differ between any two calls."""
    node = tensor._node
    node = node.inputs[0] if node.is_output else node  # type: ignore[index]
    saved = node.saved
    plans = [node.plan]
    if isinstance(saved, tuple) and len(saved) == 4 and isinstance(saved[1], Plan):
        _, plan, saved, routes = saved
        plans += [plan, routes]
    base = next((i for i, each in enumerate(arguments) if tensor._base is each), None)
    writeable = guard.is_writeable(tensor._data), tensor._is_array, tensor._version
    facts = [type(node), plans, node.shape, node.dtype, node.state, node.has_nan, node.grad]
    inputs = [i for each in node.inputs or () for i, a in enumerate(arguments) if a._node is each]
    return [*facts, inputs, base, tensor._base is not None, writeable, saved]


def assert_alike(one: Any, other: Any) -> None:
    """Equal, arrays and the types of numbers included; what is neither is the same object or equal."""
    if isinstance(one, np.ndarray | np.generic):
        assert type(one) is type(other)
        assert_same(one, other)
    elif isinstance(one, list | tuple):  # which is which matters to no rule
        assert isinstance(other, list | tuple)
        assert len(one) == len(other)
        for mine, its in zip(one, other, strict=True):
            assert_alike(mine, its)
    elif isinstance(one, float):
        assert type(one) is type(other)
        assert one == other or (one != one and other != other)
    else:
        assert one is other or one == other


def assert_both_ways_agree(call: Callable[..., Any], make: Callable[[], Any]) -> None:
    """The general way and the short one make the same of ``make()``, the arguments and the users' arrays."""
    with GeneralWay():
        general = recorded(call, *make())
    assert_alike(recorded(call, *make()), general)
    assert_alike(recorded(call, *make()), general)  # by the text that the line before has written


@pytest.mark.parametrize("copy", [True, False], ids=["unseen", "exposed"])
@by_call
def test_both_ways_agree(call: Any, copy: bool) -> None:
    users = [*KEPT, A.copy(), V.copy(), V.copy()]

    def make() -> Any:
        a, v, c = users[-3:]
        constant = Tensor(c, copy=False, constant=True)
        return [mg.tensor(a, copy=copy), mg.tensor(v, copy=copy), constant], users

    assert_both_ways_agree(call, make)


# ------------------------------------------------------------ every sample row

MODULES = [
    path.stem
    for path in sorted((Path(__file__).parents[1] / "rules").glob("test_*.py"))
    if "generic_checks(SAMPLES)" in path.read_text()
]
by_module = pytest.mark.parametrize("module", MODULES)

# What stands in the place of an array of a sample: from an array, a tensor or array and what the
# user has of it.
STANDING = {
    "variable": lambda array: (Tensor(array), None),
    "exposed": lambda array: (Tensor(array, copy=False), array),
    "constant": lambda array: (Tensor(array, copy=False, constant=True), array),
    "detached": lambda array: (Tensor(array, copy=False).detach(), array),
    "array": lambda array: (array, array),
}


def rows(module: str) -> list[Sample]:
    """The samples in a module of tests/rules of which arrays can be differentiated."""
    samples = import_module(f"tests.rules.{module}").SAMPLES
    return [sample for sample in samples if sample.arrays]


def standing(sample: Sample, names: list[str]) -> Any:
    """The arguments of a sample, by turns as ``names`` say, and the arrays that users have of them."""
    kinds = [STANDING[names[i % len(names)]] for i in range(len(sample.arrays))]
    pairs = [make(array) for make, array in zip(kinds, sample.copies(), strict=True)]
    others = [leaf for _, leaf in leaves([*sample.args, *sample.kwargs.values()])]
    users = [array for array in [*(a for _, a in pairs), *others] if isinstance(array, np.ndarray)]
    return [argument for argument, _ in pairs], users


@by_module
def test_both_ways_agree_on_every_sample(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_calls", {})
    for sample in rows(module):
        turns = [["variable"], ["exposed"]]
        if len(sample.arrays) > 1:
            turns += [["variable", "constant"], ["array", "variable"], ["exposed", "detached"]]
        for names in turns:
            try:
                assert_both_ways_agree(sample.call, partial(standing, sample, names))
            except Exception as error:
                error.add_note(f"{sample}, its arrays by turns: {', '.join(names)}")
                raise


#: The functions of samples that have no text of their own, because of an argument or of what they return.
GENERAL = {"block", "pad", "percentile", "polyval", "select", "sign"}


@by_module
def test_samples_have_short_ways(module: str) -> None:
    for sample in rows(module):
        if isinstance(registry.get(sample.function), type):
            listed = copy(sample)
            listed.function = lambda *args, **kwargs: (args, kwargs)
            args, kwargs = listed.call(*map(Tensor, sample.arrays))
            text = compiled.source_of(sample.function, *args, **kwargs)
            assert text.startswith("def call(") or sample.name in GENERAL, f"{sample}: {text}"


@by_call
def test_derivatives(call: Any) -> None:
    check_gradients(lambda a, v: call(a, v, mg.tensor(V, constant=True)), A, V)


def test_a_pattern_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    writer = compiled._writer
    monkeypatch.setattr(compiled, "_calls", {})
    monkeypatch.setattr(compiled, "sole", {})
    monkeypatch.setattr(tensor, "sole", compiled.sole)
    monkeypatch.setattr(compiled, "_writer", lambda *args: written.append(args) or writer(*args))
    x = mg.tensor(V)
    for _ in range(3):
        np.sum(x), np.max(x, axis=0), np.where(MASK, x, 0.0), np.hstack([x, x])
    assert [function.__name__ for function, *_ in written] == ["sum", "max", "where", "hstack"]
    np.hstack([x, x, V])  # a list may have any length
    np.where(MASK, 1, x)
    assert len(written) == 5


def test_a_list_of_numbers_may_change_later() -> None:
    x, indices = mg.tensor(V), [0, 0]
    y = np.take(x, indices)
    indices[:] = [1, 1]
    y.backward()
    assert x.grad.tolist() == [2, 0]


def test_there_is_an_end_to_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_calls", {})
    monkeypatch.setattr(compiled, "_MANY", 2)
    x = mg.tensor(V)
    results = [np.max(x, axis=0), np.min(x, axis=0), np.ptp(x, axis=0)]
    assert len(compiled._calls) == 2
    assert [result.constant for result in results] == [False] * 3


def test_calls_with_several_results_have_ways_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_calls", {})
    monkeypatch.setattr(compiled, "sole", {})
    monkeypatch.setattr(tensor, "sole", compiled.sole)
    monkeypatch.setattr(protocols, "apply", lambda *_: pytest.fail("the general way"))
    x = mg.tensor(A)
    u, s, vh = np.linalg.svd(x)
    assert u.creator is s.creator is vh.creator
    calls: list[Any] = []
    (way,) = compiled._calls.values()
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
    monkeypatch.setattr(compiled, "_calls", {})
    x = mg.tensor(A)
    with monkeypatch.context() as patch:
        patch.delitem(registry, np.trace)
        assert compiled.shortly(mg.Tensor, np.trace, (x,), {}) is NotImplemented
    assert compiled.shortly(mg.Tensor, np.trace, (x,), {}).item() == 7.0


@pytest.mark.parametrize("state", ["released", "updated base", "no_autodiff"])
def test_tensors_that_need_care_take_the_general_way(state: str) -> None:
    x = mg.tensor(V)
    y = x * 2
    if state == "released":
        np.sum(y).backward()
        assert kinds.kind_of(y) is None
    elif state == "updated base":
        view = y[:1]
        y *= 2
        assert kinds.kind_of(view) is None
        assert raw(np.sum(view)) == 4 * V[0]
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
    """Saved values are copied, so that the next update need not copy the base."""
    x = mg.tensor(np.ones(100))
    assert compiled.kind_of(x[:2]) == compiled.VARIABLE
    update(x)
    assert compiled.kind_of(x[:2]) is None
    assert compiled.kind_of(x[:50]) == compiled.VARIABLE


@pytest.mark.parametrize(
    "value",
    [
        {0: 1},
        np.array(["a"]),
        np.timedelta64(1, "s"),
        np.ma.array(V),
        object(),
        [[mg.tensor(1.0)]],
        [mg.tensor(1.0)] * 100,
    ],
    ids=["dict", "text", "time", "masked", "object", "nested", "long"],
)
def test_other_arguments_take_the_general_way(value: Any) -> None:
    assert kinds.kind_of(value) is None


def test_errors_say_what_was_called() -> None:
    with pytest.raises(ValueError, match="broadcast") as caught:
        np.where(MASK, mg.tensor(V), np.ones(3))
    (note,) = caught.value.__notes__
    assert note == (
        "mygrad called np.where(<array of shape (2,), bool>, <tensor of shape (2,), float64>,"
        " <array of shape (3,), float64>)"
    )
    assert MASK.flags.writeable


def test_contributors_can_read_what_is_written() -> None:
    x = mg.tensor(V)
    text = compiled.source_of(np.multiply, x, 2.0)
    assert text.startswith("def call(tensor_class_, x1, x2):\n")
    assert "node_.saved = (x2, )" in text
    assert (
        compiled.source_of(np.multiply, x, x, out=x) == "only the general path supports this call"
    )


def test_what_is_written_belongs_to_mygrad(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that errors which name the user's line do not name one of the text."""
    monkeypatch.setattr(compiled, "_calls", {})
    x = mg.tensor([-1.0])
    with np.errstate(invalid="warn"), pytest.warns(RuntimeWarning, match="invalid") as caught:
        np.where([True], x, 0.0) ** 0.5
    assert [warning.filename for warning in caught] == ["<call of np.power>"]
    (call,) = [call for key, call in compiled._calls.items() if key[0] is np.where][:1]
    assert call.__module__ == "mygrad.dispatch.compiled"
