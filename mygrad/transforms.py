"""Derivatives of functions, as functions: ``grad``, ``jacobian``, ``hessian`` and their like.

They take functions written in plain NumPy. Arrays in, arrays out; where an argument is a tensor, or the
function uses a tensor from outside that carries a gradient, the derivative is a tensor with a history:
so they nest to any depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from mygrad.backprop import Walk, collect
from mygrad.errors import InvalidGradient
from mygrad.graph import CONSTANT, EXPOSED, Leaf, Same, creation, make_handle, make_leaf, make_node
from mygrad.modes import recording
from mygrad.tensor import Tensor
from mygrad.trees import flatten, map_leaves
from mygrad.views import is_variable, touch

Function = Callable[..., Any]


class _Trace:
    """One evaluation of a function with respect to some of its arguments."""

    def __init__(self, function: Function, args: Sequence[Any], at: Sequence[int], **kwargs: Any):
        self.start = creation()
        leaves, build = flatten([args[i] for i in at])
        self.rebuild = build
        self.from_tensors = any(isinstance(leaf, Tensor) for leaf in leaves)
        self.inputs = [_entry(leaf, function) for leaf in leaves]
        traced = list(args)
        for position, value in zip(at, build(self.inputs), strict=True):
            traced[position] = value
        token = recording.set(True)
        try:
            self.result = function(*traced, **kwargs)
        finally:
            recording.reset(token)

    def has_history(self, outputs: list[Any]) -> bool:
        """Whether derivatives can depend on tensors that carry a gradient beyond this evaluation."""
        if self.from_tensors:
            return True
        roots = [out._node for out in outputs if isinstance(out, Tensor) and not out.constant]
        # Leaves made during the evaluation are nobody's outside.
        return any(n.__class__ is Leaf and n.order < self.start for n in collect(roots))

    def pull(self, outputs: list[Any], cotangents: list[Any], *, recorded: bool) -> list[Any]:
        """The gradients with respect to the inputs: arrays, or tensors if ``recorded``."""
        roots = [
            (touch(out), cotangent)
            for out, cotangent in zip(outputs, cotangents, strict=True)
            if isinstance(out, Tensor) and not out.constant
        ]
        stops = tuple(tensor._node for tensor in self.inputs)
        walk = Walk(keep=True, handle=_revive if recorded else None)
        token = recording.set(recorded)
        try:
            grads = walk.run(roots, stops) if roots else {}
        finally:
            recording.reset(token)
        return [self._gradient(tensor, grads.get(tensor._node), recorded) for tensor in self.inputs]

    def _gradient(self, tensor: Any, gradient: Any, recorded: bool) -> Any:
        data = tensor._data
        if gradient is None:
            gradient = np.zeros(data.shape, data.dtype)
        if recorded:
            return gradient if isinstance(gradient, Tensor) else Tensor(gradient, constant=True)
        return np.array(gradient)


def _entry(leaf: Any, function: Function) -> Any:
    """A tensor to evaluate ``function`` on in the place of ``leaf``."""
    data = leaf._value() if isinstance(leaf, Tensor) else np.asarray(leaf)
    if data.dtype.kind not in "fc":
        name = getattr(function, "__name__", "the function")
        raise TypeError(
            f"{name} is to be differentiated with respect to {leaf!r}: it takes floating or complex"
            f" numbers, not {data.dtype}"
        )
    if isinstance(leaf, Tensor) and is_variable(leaf):
        return make_handle(Tensor, data, make_node(Same, (touch(leaf),), data.shape, data.dtype))
    return make_handle(Tensor, data, make_leaf(data, EXPOSED))


def _revive(data: Any, node: Any) -> Tensor:
    if node.stale:
        node = make_node(Same, (node,), node.shape, node.dtype)
    return make_handle(Tensor, np.asarray(data), node)


def _ones(out: Any, recorded: bool) -> Any:
    one = np.ones(out.shape, out.dtype)
    return make_handle(Tensor, one, CONSTANT) if recorded else one


def _plain(tree: Any) -> Any:
    """``tree`` with arrays in the place of tensors."""
    return map_leaves(lambda leaf: leaf._value() if isinstance(leaf, Tensor) else leaf, tree)


def _chosen(argnums: int | Sequence[int], args: Sequence[Any], name: str) -> list[int]:
    at = [argnums] if isinstance(argnums, int) else list(argnums)
    for i in at:
        if not -len(args) <= i < len(args):
            raise TypeError(f"{name}: argnums names argument {i}, but the call has {len(args)}")
    return [i % len(args) for i in at]


def value_and_grad(
    function: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """A function that returns the value of ``function`` and its gradient.

    Parameters
    ----------
    function : callable
        Returns a real scalar, of shape () or of one element; with ``has_aux`` a pair of that and
        anything else, which is handed through.
    argnums : int or sequence of ints
        The positional arguments to differentiate with respect to. Each may be a nest of tuples, lists,
        dicts and dataclasses of floating arrays.

    Returns
    -------
    callable
        Returns ``(value, gradient)``, or ``((value, aux), gradient)``. The gradient has the structure
        of the argument, and each entry its shape and dtype; it is a tuple if ``argnums`` is a sequence.

    Raises
    ------
    TypeError
        The result is no scalar, or an argument is not floating.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    @wraps(function)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        at = _chosen(argnums, args, "value_and_grad")
        trace = _Trace(function, args, at, **kwargs)
        value, aux = trace.result if has_aux else (trace.result, None)
        value = Tensor(value) if isinstance(value, list | tuple) else value
        if np.size(value) != 1 or np.iscomplexobj(value):
            raise TypeError(
                f"{_name(function)} returned {type(value).__name__} of shape {np.shape(value)}; a"
                " gradient is of a real scalar. See mygrad.jacobian, mygrad.vjp, or sum the result."
            )
        recorded = trace.has_history([value])
        cotangent = _ones(value, recorded) if isinstance(value, Tensor) else None
        gradients = trace.rebuild(trace.pull([value], [cotangent], recorded=recorded))
        if not recorded:
            value, aux = _plain(value), _plain(aux)
            value = value[()] if isinstance(value, np.ndarray) else value
        gradient = gradients[0] if isinstance(argnums, int) else tuple(gradients)
        return ((value, aux) if has_aux else value), gradient

    return with_gradient


def grad(
    function: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """A function that returns the gradient of ``function``; see :func:`value_and_grad`.

    With ``has_aux`` it returns ``(gradient, aux)``.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.grad(np.sin)(0.0)
    array(1.)
    >>> mg.grad(mg.grad(mg.grad(lambda x: x**4)))(2.0)
    array(48.)
    """
    both = value_and_grad(function, argnums, has_aux=has_aux)

    @wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def elementwise_grad(function: Function, argnums: int = 0) -> Function:
    """The derivative of a function that acts on each element alone, at each element.

    It is the gradient of the sum of the result, whose shape is any.

    >>> import numpy as np, mygrad as mg
    >>> mg.elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    @wraps(function)
    def total(*args: Any, **kwargs: Any) -> Any:
        return np.sum(function(*args, **kwargs))

    return grad(total, argnums)


def vjp(function: Function, *args: Any) -> tuple[Any, Function]:
    """The value of ``function``, and its pullback: from a cotangent to the gradients of all arguments.

    Returns
    -------
    value : nest of arrays
    pullback : callable
        Takes a cotangent of the structure and shapes of ``value``; returns a tuple, an entry an
        argument. It can be called any number of times.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> value, pullback = mg.vjp(np.exp, np.array([0.0, 1.0]))
    >>> pullback(np.array([1.0, 0.0]))
    (array([1., 0.]),)
    """
    trace = _Trace(function, args, range(len(args)))
    outputs, _ = flatten(trace.result)
    history = trace.has_history(outputs)

    def pullback(cotangent: Any) -> Any:
        given, _ = flatten(cotangent)
        recorded = history or any(isinstance(leaf, Tensor) for leaf in given)
        fitted = [_cotangent(c, out, recorded) for c, out in zip(given, outputs, strict=True)]
        return tuple(trace.rebuild(trace.pull(outputs, fitted, recorded=recorded)))

    return (trace.result if history else _plain(trace.result)), pullback


def _cotangent(value: Any, out: Any, recorded: bool) -> Any:
    shape, dtype = np.shape(out), getattr(out, "dtype", None)
    if np.shape(value) != shape:
        raise InvalidGradient(
            f"a cotangent of shape {np.shape(value)} for a result of shape {shape}"
        )
    if isinstance(value, Tensor):
        return value
    array = np.asarray(value, dtype)
    return make_handle(Tensor, array, CONSTANT) if recorded else array


def jvp(function: Function, args: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """The value of ``function`` at ``args`` and its derivative along ``tangents``.

    The derivative is taken by going back twice: the pullback is linear in its cotangent, and its own
    pullback is the pushforward.

    >>> import numpy as np, mygrad as mg
    >>> mg.jvp(np.sin, (0.0,), (2.0,))
    (array(0.), array(2.))
    """
    trace = _Trace(function, args, range(len(args)))
    outputs, rebuild = flatten(trace.result)
    history = trace.has_history(outputs) or any(
        isinstance(leaf, Tensor) for leaf in flatten(list(tangents))[0]
    )
    cotangents = [make_handle(Tensor, z, make_leaf(z)) for z in map(_zeros, outputs)]
    pulled = trace.pull(outputs, cotangents, recorded=True)
    back = object.__new__(_Trace)
    back.inputs = cotangents
    directions = [
        _cotangent(tangent, gradient, history)
        for tangent, gradient in zip(flatten(list(tangents))[0], pulled, strict=True)
    ]
    pushed = back.pull(pulled, directions, recorded=history)
    return (trace.result if history else _plain(trace.result)), rebuild(pushed)


def _zeros(out: Any) -> Any:
    return np.zeros(np.shape(out), getattr(out, "dtype", float))


def jacobian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """A function that returns the derivatives of every element of the result.

    Returns
    -------
    callable
        Returns an array of shape ``result.shape + argument.shape``: for a nest of arguments a nest of
        such arrays, for a sequence of ``argnums`` a tuple.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @wraps(function)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        at = _chosen(argnums, args, "jacobian")
        trace = _Trace(function, args, at, **kwargs)
        out = trace.result
        if not isinstance(out, Tensor):
            out = Tensor(out)
        recorded = trace.has_history([out])
        rows = []
        for position in range(out.size):
            cotangent = np.zeros(out.shape, out.dtype)
            cotangent.flat[position] = 1
            given = make_handle(Tensor, cotangent, CONSTANT) if recorded else cotangent
            rows.append(trace.pull([out], [given], recorded=recorded))
        columns = [
            np.reshape(np.stack(parts), out.shape + parts[0].shape)
            if rows
            else np.zeros(out.shape + tensor.shape)
            for tensor, parts in zip(
                trace.inputs, zip(*rows, strict=True) if rows else trace.inputs, strict=True
            )
        ]
        result = trace.rebuild(columns)
        return result[0] if isinstance(argnums, int) else tuple(result)

    return matrix


def hessian(function: Function, argnums: int = 0) -> Function:
    """A function that returns the second derivatives of a scalar ``function`` of one array argument.

    Their shape is that of the argument, twice.

    >>> import numpy as np, mygrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Function, x: Any, v: Any) -> Any:
    """The Hessian of a scalar ``function`` at ``x`` times ``v``, without the Hessian.

    ``v`` has the structure and shapes of ``x``, and so has the result.

    >>> import numpy as np, mygrad as mg
    >>> mg.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """

    def along(x: Any) -> Any:
        gradients, _ = flatten(grad(function)(x))
        return sum(np.sum(g * d) for g, d in zip(gradients, flatten(v)[0], strict=True))

    return grad(along)(x)


def _name(function: Function) -> str:
    return getattr(function, "__name__", "the function")
