"""Compute again what the backward pass needs, instead of keeping it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from functools import wraps
from numbers import Number
from typing import Any

import numpy as np

from mygrad.engine import guard
from mygrad.engine.backward import NEVER, Walk
from mygrad.engine.modes import guarding, is_recording, record_as, recording
from mygrad.engine.nodes import (
    CONSTANT,
    EXPOSED,
    Node,
    Same,
    creation,
    make_handle,
    make_leaf,
    make_node,
    output_node,
)
from mygrad.engine.routes import Route
from mygrad.engine.views import base_of, is_fleeting, is_variable, touch
from mygrad.errors import InvalidBackprop, name_of_function
from mygrad.tensors.tensor import Tensor
from mygrad.transforms.pytrees import flatten
from mygrad.transforms.tracing import lowered, varies, watching

Function = Callable[..., Any]

#: What a function may return beside tensors and arrays, which has no tensor in it.
_PLAIN = (Number, str, bytes, np.generic, np.dtype, type, Enum)


def checkpoint(function: Function) -> Function:
    """``function``, of which only the arguments are kept: the backward pass evaluates it again.

    Of a chain of n operations n results are kept. Cut into k checkpoints it keeps k of them, and while
    in the backward pass n / k more: of 64 operations on 1 MB, eight to a checkpoint, 21 MB at most instead of 66 MB.
    The price is one more evaluation. Checkpoints nest, and may be differentiated to any order.

    Parameters
    ----------
    function : callable
        Takes and returns tensors, arrays, or nests of them: tuples, lists, dicts, dataclasses, with numbers,
        strings and the like among them; it gets new containers, and what it puts into these does not reach
        the caller. Tensors from outside it that it uses get their gradient too.

        Evaluated again, it must do what it did before. Neither these tensors nor anything else that it
        reads may be updated until then, also not under :data:`mygrad.no_autodiff`; random numbers have to
        come from a generator that it seeds itself. It is noticed if some elements of the result are no
        longer what they were: 64 are looked at. What it changes outside of itself is changed twice.

    Returns
    -------
    callable
        Takes and returns what ``function`` does. Tensors in a result are new: none is a view. Under
        :data:`mygrad.no_autodiff` it is ``function`` itself.

    Raises
    ------
    TypeError
        ``function`` returned an object of another kind, in which a tensor would lose its gradient.
    ValueError
        ``function`` updated an argument in place, or a view of one. What it makes itself, copies too, it
        may update.
    InvalidBackprop
        In the backward pass: evaluated again, ``function`` returned other shapes or values, or used tensors that
        carry a gradient and that it did not use before. Or the backward pass started from a tensor that ``function``
        computed of its arguments, and put somewhere instead of returning it.

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
        if not is_recording():
            return function(*args, **kwargs)
        leaves, rebuild = flatten((args, kwargs))
        variables = [leaf for leaf in leaves if _is_variable(leaf)]
        evaluation = _Evaluation(function, leaves, rebuild)
        results, build, outside = evaluation.first()
        inputs = (*(touch(leaf) for leaf in variables), *outside)
        varying = [varies(result) for result in results]
        if not inputs or not any(varying):
            return build(results)
        node = make_node(Checkpoint, inputs, (), np.dtype(float), (evaluation,))
        count = sum(varying)
        position = 0
        for i, varied in enumerate(varying):
            if varied:
                data = results[i]._data
                output = output_node(node, data, position, count)
                results[i] = make_handle(type(results[i]), data, output)
                position += 1
        return build(results)

    return public


def _is_variable(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and is_variable(leaf)


class _Kept:
    """The value of a tensor among the arguments: later updates of that do not reach it."""

    __slots__ = ("data", "is_array", "tensor_class", "variable")

    def __init__(self, tensor: Tensor) -> None:
        data = tensor._value()
        self.data = data.copy() if is_fleeting(tensor) else data
        self.tensor_class = type(tensor)
        self.variable = is_variable(tensor)
        self.is_array = base_of(tensor)._is_array


class _Evaluation:
    """How ``function`` was called, so that it can be called again.

    ``shapes`` are those of the tensors it returned, ``samples`` some of their elements, ``below`` the inputs
    of the nodes from outside that it used, ``locks`` those on the arrays it was given.
    """

    __slots__ = ("below", "function", "leaves", "locks", "rebuild", "samples", "shapes")

    def __init__(self, function: Function, leaves: list[Any], rebuild: Any) -> None:
        self.function = function
        self.leaves = [_Kept(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        self.rebuild = rebuild
        self.shapes: list[tuple[int, ...]] = []
        self.samples: list[Any] = []
        self.below: list[Any] = []
        self.locks: Any = None
        if guarding.get():
            for leaf, kept in zip(leaves, self.leaves, strict=True):
                self._lock(leaf, kept)

    def _lock(self, leaf: Any, kept: Any) -> None:
        """Lock the array of an argument, before ``function`` can write into it."""
        holder: Any = self
        if isinstance(kept, _Kept):
            guard.lock(holder, kept.data)
            base = base_of(leaf)
            if base is not leaf and kept.data is leaf._data:
                guard.lock(holder, base._data)
        elif isinstance(leaf, np.ndarray):
            guard.lock(holder, leaf)

    def run(self, inputs: Iterable[Node] | None) -> tuple[list[Any], Any, list[Node]]:
        """Evaluate; returns the leaves of the result, what builds it of others, and the variables' nodes.

        These hang on ``inputs``, if that is given.
        """
        start = creation()
        behind = None if inputs is None else iter(inputs)
        ends: list[Node] = []
        tensors: list[Tensor] = []
        leaves = []
        for leaf in self.leaves:
            if not isinstance(leaf, _Kept):
                leaves.append(leaf)
                continue
            data = leaf.data
            node = CONSTANT
            if leaf.variable:
                if behind is None:
                    node = make_leaf(data, EXPOSED)
                else:
                    node = make_node(Same, (next(behind),), data.shape, data.dtype)
                ends.append(node)
            tensors.append(make_handle(leaf.tensor_class, data, node, leaf.is_array))
            leaves.append(tensors[-1])
        args, kwargs = self.rebuild(leaves)
        try:
            with watching(ends, start):
                result = self.function(*args, **kwargs)
        except ValueError as error:
            if "read-only" in str(error):
                error.add_note(f"If that is an argument of mygrad.checkpoint: {self._updated()}")
            raise
        if any(tensor._version for tensor in tensors):
            raise ValueError(f"checkpoint: {self._updated()}")
        results, build = flatten(result)
        for each in results:
            self._check(each)
        return results, build, ends

    def _updated(self) -> str:
        name = name_of_function(self.function)
        return (
            f"{name} is evaluated twice on the same arguments, so that it must not update one in place. Let it"
            " compute new values, x = x + 1 instead of x += 1, or update a copy."
        )

    def _check(self, result: Any) -> None:
        """Refuse what may hold tensors that nobody can find."""
        if isinstance(result, (Tensor, *_PLAIN)):
            return
        what = f"an object of type {type(result).__name__}"
        if isinstance(result, np.ndarray):
            if result.dtype.kind != "O":
                return
            what = "an array of objects"
        raise TypeError(
            f"checkpoint: {name_of_function(self.function)} returned {what}, and tensors in it would lose their"
            " gradient. It may return tensors, arrays of numbers, plain values such as numbers, strings and"
            " None, and nests of these: tuples, lists, dicts, dataclasses."
        )

    def first(self) -> tuple[list[Any], Any, list[Node]]:
        """Evaluate, keep nothing; the last of what is returned are the nodes from outside that were used."""
        start = creation()
        results, build, ends = self.run(None)
        nodes = [touch(result) for result in results if varies(result)]
        self.shapes = [node.shape for node in nodes]
        outside = older(nodes, start)
        self.below = [node.inputs for node in outside]
        for i, result in enumerate(results):
            if varies(result):
                data = result._value()
                self.samples.append(sample(data))
                if data.base is not None or self._lent(data) or result._node.order < start:
                    data = data.copy()
                results[i] = make_handle(type(result), data, result._node)
        cut(ends)
        return results, build, outside

    def _lent(self, data: Any) -> bool:
        return any(isinstance(leaf, _Kept) and leaf.data is data for leaf in self.leaves)


def sample(data: Any) -> Any:
    """Some elements of ``data``, by which its values are known again."""
    if data.size <= len(_SPREAD):
        return data.flatten()
    return data.flat[(_SPREAD * data.size).astype(np.intp)]


#: Parts of 1 that are nowhere close to each other, nor at regular distances: multiples of the golden ratio.
_SPREAD = np.arange(64) * 0.6180339887498949 % 1


def is_same(one: Any, other: Any) -> bool:
    """True if two samples are the same, but for rounding: linear algebra may round in another order."""
    if np.array_equal(one, other, equal_nan=True):
        return True
    scale = np.max(np.abs(one), initial=0, where=np.isfinite(one))
    tolerance = np.sqrt(np.finfo(one.dtype).eps)
    return np.allclose(one, other, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


class Cut(Node):
    """An argument, once the evaluation is over: what was computed of it leads nowhere."""

    __slots__ = ()
    visible = False

    @property
    def inputs(self) -> Any:  # type: ignore[override]
        """Raise: somebody asks where a gradient is to go."""
        raise InvalidBackprop(
            "the backward pass led into a function of mygrad.checkpoint: a tensor that it computed was put somewhere,"
            " in a list or an attribute, instead of returning it. Return all that is to be differentiated, and"
            " put detached tensors elsewhere."
        )


def cut(ends: Iterable[Node]) -> None:
    """Part an evaluation that is over from what it was evaluated on."""
    for end in ends:
        end.__class__ = Cut


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
        """Evaluate again, and backpropagate through that."""
        (evaluation,) = self.saved
        inputs: Any = self.inputs
        count = len(inputs) - len(evaluation.below)
        outside = [*map(lowered, inputs[count:], evaluation.below)]
        recorded = walk.gradients.recorded
        # Used again, tensors from outside would forget gradients that have arrived from elsewhere.
        held = [(node, node.grad, node.state) for node in (*inputs, *outside)]
        start = creation()
        results, _, ends = evaluation.run(inputs if recorded else None)
        results = [result for result in results if varies(result)]
        outputs = [touch(result) for result in results]
        for node, gradient, state in held:
            node.grad, node.state = gradient, state
        name = name_of_function(evaluation.function)
        if [node.shape for node in outputs] != evaluation.shapes:
            raise InvalidBackprop(
                f"checkpoint: evaluated again, {name} returned tensors of other shapes,"
                f" {[node.shape for node in outputs]} instead of {evaluation.shapes}. Of the same"
                " arguments it must compute the same."
            )
        route = Route(outputs, [*ends, *outside])
        route.hooked = [
            end for end in route.hooked if end not in outside
        ]  # the outer walk's to call
        if not {*older(outputs, start)} <= {*inputs, *outside, *self._stood_for(route, start)}:
            raise InvalidBackprop(
                f"checkpoint: evaluated again, {name} used tensors that carry a gradient and that it did not"
                " use before. Do not assign or update what it uses before the backward pass, or pass it as an"
                " argument."
            )
        samples = [sample(result._value()) for result in results]
        if not all(map(is_same, evaluation.samples, samples)):
            raise InvalidBackprop(
                f"checkpoint: evaluated again, {name} returned other values. What it uses must not be updated"
                " before the backward pass, and random numbers have to come from a generator that it seeds itself."
            )
        inner = Walk(walk.gradients)
        inner.check_nans = walk.check_nans
        pairs = [(node, each) for node, each in zip(outputs, grad, strict=True) if each is not None]
        del results
        since = NEVER if recorded else start
        token = recording.set(record_as(recorded))
        try:
            grads = inner.between(route, pairs, since)
        finally:
            recording.reset(token)
        walk.check_nans = walk.check_nans or inner.check_nans
        for node, end in zip(inputs, (*ends, *outside), strict=True):
            gradient = grads.get(end)
            if gradient is not None:
                walk.add(node, gradient)
        if not recorded:
            cut(ends)

    @staticmethod
    def _stood_for(route: Route, start: float) -> Iterable[Node]:
        """The nodes on the way that were made before: views that were taken again in the first evaluation."""
        return [node for node in route.path if node.order < start]
