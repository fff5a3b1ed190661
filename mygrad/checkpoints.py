"""Computing again what is needed to go back, instead of keeping it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

from mygrad import guard
from mygrad.batches import Batch, BatchWalk
from mygrad.calls import Output, reachable
from mygrad.errors import InvalidBackprop
from mygrad.graph import (
    CONSTANT,
    EXPOSED,
    Handle,
    Node,
    Same,
    creation,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.modes import guarding, record_as, recording
from mygrad.tensor import Tensor
from mygrad.tracing import PathWalk, Route, name_of, revive, varies
from mygrad.trees import flatten
from mygrad.views import is_fleeting, is_variable, touch

Function = Callable[..., Any]


def checkpoint(function: Function) -> Function:
    """``function``, of which only the arguments are kept: going back evaluates it again.

    Of a chain of n operations n results are kept. Cut into k checkpoints it keeps k of them, and while
    going back n / k more: of 64 operations on 1 MB, eight to a checkpoint, 21 MB at most instead of 66 MB.
    The price is one more evaluation. Checkpoints nest, and may be differentiated to any order.

    Parameters
    ----------
    function : callable
        Takes and returns tensors, arrays, or nests of them: tuples, lists, dicts, dataclasses. Tensors from
        outside it that it uses get their gradient too. Evaluated again, it must do what it did before:
        neither they nor anything else that it reads may change until then, and random numbers have to
        come from a generator that it seeds itself.

    Returns
    -------
    callable
        Takes and returns what ``function`` does. Tensors in a result are new: none is a view.

    Raises
    ------
    InvalidBackprop
        Going back: evaluated again, ``function`` returned other shapes, or used tensors that carry a
        gradient and that it did not use before.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> @mg.checkpoint
    ... def layer(x, w):
    ...     return np.tanh(x @ w)
    >>> x, w = mg.tensor([1.0, 2.0]), mg.tensor(np.eye(2))
    >>> layer(layer(x, w), w).sum().backward()
    >>> x.grad.round(3)
    array([0.247, 0.031])
    """

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if recording.get() is False:
            return function(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs))
        evaluation = _Evaluation(function, [_kept(leaf) for leaf in leaves], rebuild)
        variables = [leaf for leaf in leaves if _varies(leaf)]
        results, build, outside = evaluation.first()
        inputs = (*(touch(leaf) for leaf in variables), *outside)
        varying = [varies(result) for result in results]
        if not inputs or not any(varying):
            return build(results)
        node = make_node(Checkpoint, inputs, (), np.dtype(float), (evaluation,))
        if guarding.get():
            for leaf, kept in zip(leaves, evaluation.leaves, strict=True):
                for array, base in reachable(leaf, raw_of(kept)):
                    guard.lock(node, array)
                    if base is not array:
                        guard.lock(node, base)
        count = sum(varying)
        position = 0
        for i, varied in enumerate(varying):
            if varied:
                data = results[i]._data
                output = make_node(Output, (node,), data.shape, data.dtype, (position, count))
                results[i] = make_handle(Tensor, data, output)
                position += 1
        return build(results)

    return public


def _varies(leaf: Any) -> bool:
    return isinstance(leaf, Handle) and is_variable(leaf)


class _Variable:
    """The value of an argument that carries a gradient."""

    __slots__ = ("data",)

    def __init__(self, data: np.ndarray[Any, Any]) -> None:
        self.data = data


def raw_of(kept: Any) -> Any:
    """The array of what is kept of an argument."""
    return kept.data if isinstance(kept, _Variable) else getattr(kept, "_data", kept)


def _kept(leaf: Any) -> Any:
    """What is kept of an argument: later updates of it do not reach this."""
    if not isinstance(leaf, Tensor):
        return leaf
    data = leaf._value()
    if is_fleeting(leaf):
        data = data.copy()
    return _Variable(data) if is_variable(leaf) else make_handle(Tensor, data, CONSTANT)


class _Evaluation:
    """How ``function`` was called, so that it can be called again."""

    __slots__ = ("function", "leaves", "rebuild", "shapes")

    def __init__(self, function: Function, leaves: list[Any], rebuild: Any) -> None:
        self.function = function
        self.leaves = leaves
        self.rebuild = rebuild
        self.shapes: list[tuple[int, ...]] = []

    def run(self, inputs: Iterable[Node] | None) -> tuple[list[Any], Any, list[Node]]:
        """Evaluate; returns the leaves of the result, what builds it of others, and the variables' nodes.

        These hang on ``inputs``, if that is given.
        """
        behind = None if inputs is None else iter(inputs)
        ends: list[Node] = []
        leaves = []
        for leaf in self.leaves:
            if isinstance(leaf, _Variable):
                data = leaf.data
                if behind is None:
                    end = make_leaf(data, EXPOSED)
                else:
                    end = make_node(Same, (next(behind),), data.shape, data.dtype)
                ends.append(end)
                leaves.append(make_handle(Tensor, data, end))
            else:
                leaves.append(leaf)
        args, kwargs = self.rebuild(leaves)
        token = recording.set(record_as(True))
        try:
            results, build = flatten(self.function(*args, **kwargs))
        finally:
            recording.reset(token)
        return results, build, ends

    def first(self) -> tuple[list[Any], Any, list[Node]]:
        """Evaluate, keep nothing; the last of what is returned are the nodes from outside that were used."""
        start = creation()
        results, build, _ = self.run(None)
        nodes = [touch(result) for result in results if varies(result)]
        self.shapes = [node.shape for node in nodes]
        outside = older(nodes, start)
        for i, result in enumerate(results):
            if varies(result):
                data = result._value()
                if data.base is not None or self._lent(data) or result._node.order < start:
                    data = data.copy()
                results[i] = make_handle(Tensor, data, result._node)
        return results, build, outside

    def _lent(self, data: Any) -> bool:
        return any(raw_of(leaf) is data for leaf in self.leaves)


def older(roots: Iterable[Node], start: float) -> list[Node]:
    """The nodes made before ``start`` that the graph behind ``roots`` ends at."""
    nodes = list(dict.fromkeys(roots))
    seen = set(nodes)
    found = []
    for node in nodes:  # the list grows while it is read
        if node.order < start:
            if node is not CONSTANT:
                found.append(node)
            continue
        for parent in node.inputs or ():
            if parent not in seen:
                seen.add(parent)
                nodes.append(parent)
    return found


class Checkpoint(Node):
    """A call of which nothing but the arguments is kept."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        """Evaluate again, and go back through that."""
        (evaluation,) = self.saved
        inputs: Any = self.inputs
        recorded = walk.handle is not None and not _is_plain_batch(walk)
        # Used again, tensors from outside would forget gradients that have arrived from elsewhere.
        held = [(node, node.grad, node.stale) for node in inputs]
        start = creation()
        results, _, ends = evaluation.run(inputs if recorded else None)
        outputs = [touch(result) for result in results if varies(result)]
        for node, gradient, stale in held:
            node.grad, node.stale = gradient, stale
        name = name_of(evaluation.function)
        if [node.shape for node in outputs] != evaluation.shapes:
            raise InvalidBackprop(
                f"checkpoint: evaluated again, {name} returned tensors of other shapes,"
                f" {[node.shape for node in outputs]} instead of {evaluation.shapes}. Of the same"
                " arguments it must compute the same."
            )
        outside = inputs[len(ends) :]
        ends += outside
        route = Route(outputs, ends)
        route.hooked = [
            end for end in route.hooked if end not in outside
        ]  # the outer walk's to call
        if not {*older(outputs, start)} <= {*inputs, *self._stood_for(route, start)}:
            raise InvalidBackprop(
                f"checkpoint: evaluated again, {name} used tensors that carry a gradient and that it did not"
                " use before. Do not assign or update what it uses before going back, or pass it as an"
                " argument."
            )
        kind = BatchWalk if any(isinstance(each, Batch) for each in grad) else PathWalk
        inner = kind(keep=True, handle=_handle_of(walk, recorded))
        inner.careful = walk.careful
        pairs = [(node, each) for node, each in zip(outputs, grad, strict=True) if each is not None]
        del results
        since = float("inf") if recorded else start
        token = recording.set(record_as(recorded))
        try:
            grads = inner.between(route, pairs, since)
        finally:
            recording.reset(token)
        walk.careful = walk.careful or inner.careful
        for node, end in zip(inputs, ends, strict=True):
            gradient = grads.get(end)
            if gradient is not None:
                walk.add(node, gradient)

    @staticmethod
    def _stood_for(route: Route, start: float) -> Iterable[Node]:
        """The nodes on the way that were made before: views that were taken again in the first evaluation."""
        return [node for node in route.path if node.order < start]


def _is_plain_batch(walk: Any) -> bool:
    return isinstance(walk, BatchWalk) and walk.handle is not revive


def _handle_of(walk: Any, recorded: bool) -> Any:
    if recorded:
        return revive
    return walk.handle if isinstance(walk, BatchWalk) else None
