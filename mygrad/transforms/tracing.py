"""The evaluation that all transforms share: on tensors of their own, to which alone gradients are pulled back."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mygrad.dispatch.operands import check_class
from mygrad.engine import guard
from mygrad.engine.backward import NEVER, Walk
from mygrad.engine.gradients import ARRAYS, Tensors
from mygrad.engine.modes import (
    every,
    guarding,
    is_recording,
    leak_check,
    none_at_all,
    record_as,
    recording,
)
from mygrad.engine.nans import raw
from mygrad.engine.nodes import (
    CONSTANT,
    EXPOSED,
    RELEASED,
    Handle,
    Leaf,
    Node,
    Same,
    creation,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.engine.routes import Route
from mygrad.engine.views import is_variable, touch
from mygrad.errors import (
    GradientLost,
    InvalidBackprop,
    InvalidGradient,
    MyGradException,
    name_of_function,
)
from mygrad.tensors.tensor import Tensor
from mygrad.transforms.pytrees import flatten, map_leaves, matching

Function = Callable[..., Any]
_ndarray = np.ndarray
_by_creation = operator.attrgetter("order")

#: Gradients that can be differentiated in turn.
TENSORS = Tensors(Tensor)

#: A copy of an array of so many bytes costs less than a lock on it.
SMALL = 1 << 14


class _Watch:
    """True of the nodes that depend on ``ends``, all made after ``start``, or that ``outer`` is true of."""

    __slots__ = ("behind", "ends", "outer", "start")

    def __init__(self, ends: list[Node], start: float, outer: Any) -> None:
        self.ends = ends
        self.behind = [end.inputs for end in ends]
        self.start = start
        self.outer = outer

    def __call__(self, node: Node) -> bool:
        ends = {*self.ends, *map(lowered, self.ends, self.behind)}
        nodes, seen = [node], {node}
        for each in nodes:  # the list grows while it is read
            if each in ends:
                return True
            fresh = [n for n in each.inputs or () if n.order > self.start and n not in seen]
            nodes += fresh
            seen.update(fresh)
        return self.outer is not None and self.outer(node)


@contextmanager
def watching(ends: list[Node], start: float) -> Iterator[None]:
    """Evaluate a function: what depends on ``ends``, made after ``start``, must not become plain data."""
    outer = leak_check.get()
    watch = outer if outer in (every, none_at_all) else _Watch(ends, start, outer)
    tokens = recording.set(record_as(True)), leak_check.set(watch)
    try:
        yield
    except Exception as error:
        if (loss := _loss_behind(error)) is not None:
            raise loss from None
        raise
    finally:
        recording.reset(tokens[0])
        leak_check.reset(tokens[1])


def _loss_behind(error: BaseException) -> GradientLost | None:
    """The `GradientLost` that led to another ``error``: NumPy's own, of ``array[i] = tensor``, names no reason."""
    if isinstance(error, MyGradException):
        return None
    cause = error.__cause__ or error.__context__
    while cause is not None and not isinstance(cause, GradientLost):
        cause = cause.__cause__ or cause.__context__
    return cause


class Trace:
    """One evaluation of a function with respect to some of its arguments, those at ``at``.

    ``ends`` are the nodes of the tensors that it was evaluated on, in the places of the leaves of these
    arguments; ``rebuild`` makes arguments of others, ``result`` is what the function returned.
    """

    __slots__ = ("_from_tensors", "ends", "name", "rebuild", "result", "start", "traceable")

    def __init__(
        self, function: Function, args: Sequence[Any], at: Sequence[int], kwargs: dict[str, Any]
    ) -> None:
        self.name = name_of_function(function)
        self.start = creation()
        self.traceable = is_recording()
        leaves, self.rebuild = flatten([args[i] for i in at])
        self._from_tensors = have_tensors(leaves)
        inputs = [_entry(leaf, self.name) for leaf in leaves]
        # The function may update them: then they get other nodes.
        nodes: list[Node] = [tensor._node for tensor in inputs]
        behind = [node.inputs for node in nodes]
        traced = list(args)
        for position, value in zip(at, self.rebuild(inputs), strict=True):
            traced[position] = value
        with watching(nodes, self.start):
            self.result = function(*traced, **kwargs)
        self.ends = [*map(lowered, nodes, behind)]

    def parts(self, has_aux: bool) -> tuple[Any, Any]:
        """The part of the result to differentiate, and the rest."""
        if not has_aux:
            return self.result, None
        if not isinstance(self.result, tuple | list) or len(self.result) != 2:
            raise TypeError(
                f"{self.name}, of has_aux=True, must return a pair: what is to be differentiated, and anything"
                f" else; it returned {type(self.result).__name__}"
            )
        value, aux = self.result
        return value, aux

    def derivatives(self, values: list[Any]) -> Any:
        """``values``, one for each input, nested as the arguments are."""
        return self.rebuild(values)

    def route(self, outputs: list[Any]) -> Route:
        """The way from ``outputs`` back to the inputs."""
        return Route(roots_of(outputs), self.ends)

    def has_history(self, route: Route) -> bool:
        """True if derivatives can depend on tensors that carry a gradient beyond this evaluation."""
        if self._from_tensors:
            return True
        # Leaves made during the evaluation are nobody's outside.
        start = self.start
        return any(node.order < start and isinstance(node, Leaf) for node in route.behind)

    def pull(
        self,
        route: Route,
        cotangents: list[Any],
        *,
        history: bool,
        last: bool = False,
    ) -> list[Any]:
        """The gradients with respect to the inputs: arrays, or tensors if there is ``history``.

        After the ``last`` pull the graph of the evaluation is of no use.
        """
        recorded = history and self.traceable
        return pull(
            Walk(TENSORS if recorded else ARRAYS),
            route,
            cotangents,
            self.ends,
            history=history,
            recorded=recorded,
            since=self.start if last and not history else NEVER,
        )


def pull(
    walk: Walk,
    route: Route,
    cotangents: list[Any],
    ends: list[Node],
    *,
    history: bool,
    recorded: bool,
    since: float = NEVER,
    guarded: bool = True,
) -> list[Any]:
    """The gradients with respect to ``ends``: tensors if there is ``history``, which may be ``recorded``.

    ``cotangents`` are those of the outputs of ``route``. A graph that nobody else gets to see need not be ``guarded``: rules write to no array of a user's.
    """
    pairs = zip(route.roots, cotangents, strict=True)
    roots = [(root, given) for root, given in pairs if root is not None]
    tokens = recording.set(record_as(recorded)), guarding.set(guarding.get() and guarded)
    try:
        grads = walk.between(route, roots, since)
        return [_gradient(node, grads, history) for node in ends]
    finally:
        recording.reset(tokens[0])
        guarding.reset(tokens[1])


def _gradient(node: Node, grads: dict[Node, Any], history: bool) -> Any:
    if grads.get(node) is None:
        zeros = np.zeros(node.shape, node.dtype)
        return constant(zeros) if history else zeros
    mine = _references(grads, node) <= _alone
    gradient = grads[node]
    if isinstance(gradient, Handle):
        return gradient
    if not (mine and gradient.__class__ is _ndarray and gradient.base is None):
        gradient = np.array(gradient)
    return constant(gradient) if history else gradient


def _references(grads: dict[Any, Any], node: Any) -> int:
    return sys.getrefcount(grads[node])


#: How many references there are to a gradient that nobody else holds; -1 where that cannot be known.
_alone = -1 if guard._unshared < 0 else _references({None: np.zeros(1)}, None)


def _entry(leaf: Any, name: str) -> Any:
    """A tensor to evaluate a function on in the place of ``leaf``."""
    check_class(type(leaf))
    data = leaf._value() if isinstance(leaf, Tensor) else np.asarray(leaf)
    if data.dtype.kind not in "fc":
        raise TypeError(
            f"{name} is to be differentiated with respect to {leaf!r}: it takes floating or complex"
            f" numbers, not {data.dtype}"
        )
    if isinstance(leaf, Tensor) and is_variable(leaf):
        return make_handle(Tensor, data, make_node(Same, (touch(leaf),), data.shape, data.dtype))
    if data.nbytes <= SMALL:
        data = data.copy()
        return make_handle(Tensor, data, make_leaf(data))
    return make_handle(Tensor, data, make_leaf(data, EXPOSED))


def lowered(node: Node, inputs: tuple[Node, ...] | None) -> Node:
    """Where the node is now that was ``node`` and had these ``inputs``.

    The memory guard may have put it below itself: see `guard.expose`.
    """
    while node.inputs is not inputs and node.inputs:
        (node,) = node.inputs
    return node


def constant(data: Any) -> Tensor:
    """A tensor of ``data`` that carries no gradient."""
    return make_handle(Tensor, np.asarray(data), CONSTANT)


def varies(out: Any) -> bool:
    """True if the result ``out`` depends on anything."""
    return isinstance(out, Tensor) and not out.constant


def roots_of(outputs: Iterable[Any]) -> list[Node | None]:
    """The nodes to backpropagate from: those of ``outputs`` now, None for an output that depends on nothing."""
    return [_root(out) if varies(out) else None for out in outputs]


def _root(out: Any) -> Node:
    if out._base is None and out._node.state & RELEASED:
        raise InvalidBackprop(
            "the result to be differentiated was backpropagated from by backward(), which released its"
            " graph. Pass retain_graph=True to it."
        )
    return touch(out)


def plain(tree: Any) -> Any:
    """``tree`` with arrays in the place of tensors."""
    return map_leaves(lambda leaf: leaf._value() if isinstance(leaf, Tensor) else leaf, tree)


def apart(tree: Any) -> Any:
    """``tree`` with copies of the arrays in the place of tensors: a graph that lives on needs its own."""
    return map_leaves(lambda leaf: leaf._value().copy() if isinstance(leaf, Tensor) else leaf, tree)


def fitted(given: Any, pattern: Any, what: str) -> list[Any]:
    """The leaves of ``given`` as cotangents or tangents of those of ``pattern``: nested alike, and of the
    same shapes.
    """
    return [_fitted(value, of, what + at) for value, of, at in matching(given, pattern, what)]


def _fitted(value: Any, of: Any, what: str) -> Any:
    shape, dtype = _facts(of)
    of_value, given = _facts(value)
    if of_value != shape:
        raise InvalidGradient(f"{what} must have shape {shape}; it has shape {of_value}")
    if given.kind not in "biufc":
        raise InvalidGradient(f"{what} must hold numbers; it is {value!r}")
    if dtype.kind == "f" and given.kind == "c":
        raise InvalidGradient(f"{what} must be real, as the value it belongs to; it is complex")
    if isinstance(value, Handle):
        return value
    return np.asarray(value, dtype if dtype.kind in "fc" else None)


def _facts(value: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    array = value if isinstance(value, np.ndarray | Handle) else np.asarray(value)
    return array.shape, array.dtype  # type: ignore[union-attr]


def have_tensors(values: list[Any]) -> bool:
    """True if one of ``values`` is a tensor."""
    return any(isinstance(value, Handle) for value in values)


def positions(argnums: Any, args: Sequence[Any], name: str) -> list[int]:
    """The positions that ``argnums`` names among ``args``."""
    if not (is_one(argnums) or (isinstance(argnums, Sequence) and all(map(is_one, argnums)))):
        raise TypeError(f"{name}: argnums is an integer or a sequence of integers, not {argnums!r}")
    at = []
    for each in [argnums] if is_one(argnums) else argnums:
        i = operator.index(each)
        if not -len(args) <= i < len(args):
            raise TypeError(
                f"{name}: argnums names argument {i}, but the call has {len(args)} by position"
            )
        at.append(i % len(args))
    if len(set(at)) < len(at):
        raise TypeError(f"{name}: argnums={argnums!r} names an argument twice")
    return at


def is_one(argnums: Any) -> bool:
    """True if ``argnums`` is an integer, not a sequence of them."""
    return hasattr(argnums, "__index__")


def scalar(trace: Trace, value: Any) -> Any:
    """``value`` as something to take the gradient of; an error if it is not a real scalar."""
    if isinstance(value, list | tuple):
        value = Tensor(value)
    data = value._data if isinstance(value, Tensor) else np.asarray(value)
    if data.size != 1 or data.dtype.kind not in "biuf":
        raise TypeError(
            f"{trace.name} returned {type(value).__name__} of shape {data.shape} and dtype {data.dtype}; a"
            " gradient is of a real scalar. See mygrad.jacobian, mygrad.vjp, or sum the result."
        )
    return value


def ones(value: Any) -> Any:
    """The cotangent of a scalar, with which its gradient is taken."""
    return np.ones(np.shape(value)) if not isinstance(value, Tensor) else np.ones_like(value._data)


def array_of(result: Any) -> Any:
    """A result that is no nest as a tensor."""
    return result if isinstance(result, Tensor) else Tensor(result)


def complex_derivative(one: Any, turned: Any, name: str) -> Any:
    """The derivative of a complex result, from the gradients for the cotangents 1 and -1j.

    These are its real and its imaginary part, with respect to a real argument. With respect to a complex
    one they agree if the function is holomorphic; no one number is its derivative if it is not.
    """
    if one.dtype.kind != "c":
        return one + 1j * turned
    value, other = raw(one), raw(turned)
    scale = np.max(np.abs(value) + np.abs(other), initial=0)
    tolerance = np.sqrt(np.finfo(value.dtype).eps)
    if not np.all(np.abs(other + 1j * value) <= tolerance * scale):
        raise TypeError(
            f"{name} is not holomorphic at its complex argument: no complex number is its derivative. Write"
            " it as a function of real and imaginary parts, or see mygrad.vjp and mygrad.jvp."
        )
    return one
