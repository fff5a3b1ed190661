"""Derivatives of functions, as functions: ``grad``, ``vjp``, ``jvp``, ``hvp`` and their like.

They take functions written in plain NumPy. Arrays in, arrays out; where an argument is a tensor, or the
function uses a tensor from outside that carries a gradient, the derivative is a tensor with a history:
so they nest to any depth. Arguments and results may be nested in tuples, lists, dicts and dataclasses.

There is one way back, no way forward: a pullback is linear in its cotangent, so that its own pullback is
the pushforward (``linearize``, ``jvp``), and that of a gradient is the Hessian (``hvp``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np

from mygrad.engine.backward import Walk
from mygrad.engine.gradients import ARRAYS
from mygrad.engine.nans import raw
from mygrad.engine.nodes import Node, make_handle, make_leaf
from mygrad.engine.routes import Route
from mygrad.rules.products import Matmul
from mygrad.tensors.tensor import Tensor
from mygrad.transforms.pytrees import flatten
from mygrad.transforms.tracing import (
    TENSORS,
    Function,
    Trace,
    apart,
    array_of,
    complex_derivative,
    fitted,
    have_tensors,
    is_one,
    ones,
    plain,
    positions,
    pull,
    roots_of,
    scalar,
)


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
        dicts and dataclasses of floating or complex arrays; None in a nest is left alone.

    Returns
    -------
    callable
        Takes the arguments of ``function``, keywords too; returns ``(value, gradient)``, or
        ``((value, aux), gradient)``. The gradient is nested as the argument is, and each entry has its
        shape and dtype; it is a tuple if ``argnums`` is a sequence. With respect to a complex argument
        ``x + iy`` it is ``∂/∂x - i ∂/∂y``.

    Raises
    ------
    TypeError
        The result is no real scalar, an argument is not floating or complex, or ``argnums`` names none.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))

    It is what SciPy's optimizers take with ``jac=True``:

    >>> from scipy.optimize import minimize
    >>> def f(x):
    ...     return np.sum((x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> minimize(mg.value_and_grad(f), np.zeros(3), jac=True).x.round(3)
    array([1., 1., 1.])
    """

    return _value_and_grad(function, argnums, has_aux, "value_and_grad")


def _value_and_grad(function: Function, argnums: Any, has_aux: bool, name: str) -> Function:
    @wraps(function)
    def with_gradient(*args: Any, **kwargs: Any) -> Any:
        at = positions(argnums, args, name)
        trace = Trace(function, args, at, kwargs)
        value, aux = trace.parts(has_aux)
        value = scalar(trace, value)
        route = trace.route([value])
        history = trace.has_history(route)
        pulled = trace.pull(route, [ones(value)], history=history, last=True)
        gradients = trace.derivatives(pulled)
        if not history:
            value, aux = plain(value), plain(aux)
            value = value[()] if isinstance(value, np.ndarray) else value
        gradient = gradients[0] if is_one(argnums) else tuple(gradients)
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
    >>> mg.grad(lambda p: p["a"] * p["b"] ** 2)({"a": 2.0, "b": 3.0})
    {'a': array(9.), 'b': array(12.)}
    """
    both = _value_and_grad(function, argnums, has_aux, "grad")

    @wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def vjp(function: Function, *args: Any, has_aux: bool = False, **kwargs: Any) -> Any:
    """The value of ``function``, and its pullback: from a cotangent to the gradients of all arguments.

    Parameters
    ----------
    function : callable
        Returns an array or a nest of arrays; with ``has_aux`` a pair of that and anything else.
    *args : nests of arrays
        Where to evaluate it. It is differentiated with respect to all of them.
    **kwargs
        Passed to ``function``, without derivative.

    Returns
    -------
    value : nest of arrays
    pullback : callable
        Takes a cotangent, nested as ``value`` is and of the same shapes; returns a tuple, an entry an
        argument, nested as that is. It can be called any number of times.
    aux
        With ``has_aux``: what the function returned besides.

    Raises
    ------
    TypeError
        An argument is not floating or complex; of the pullback, the cotangent is nested otherwise.
    InvalidGradient
        Of the pullback: a part of the cotangent has another shape.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> value, pullback = mg.vjp(np.exp, np.array([0.0, 1.0]))
    >>> pullback(np.array([1.0, 0.0]))
    (array([1., 0.]),)
    """
    trace = Trace(function, args, range(len(args)), kwargs)
    result, aux = trace.parts(has_aux)
    outputs, _ = flatten(result)
    route = trace.route(outputs)
    history = trace.has_history(route)

    def pullback(cotangent: Any) -> Any:
        given = fitted(cotangent, result, "the cotangent")
        tensors = history or have_tensors(given)
        way = route.again() if history else route
        return tuple(trace.derivatives(trace.pull(way, given, history=tensors)))

    value, aux = (result, aux) if history else (apart(result), apart(aux))
    return (value, pullback, aux) if has_aux else (value, pullback)


def linearize(function: Function, *args: Any, has_aux: bool = False, **kwargs: Any) -> Any:
    """The value of ``function``, and its pushforward: from tangents of all arguments to that of the result.

    The function is evaluated once, however often it is pushed forward.

    Parameters
    ----------
    function : callable
        Returns an array or a nest of arrays; with ``has_aux`` a pair of that and anything else.
    *args : nests of arrays
        Where to evaluate it.
    **kwargs
        Passed to ``function``, without derivative.

    Returns
    -------
    value : nest of arrays
    pushforward : callable
        Takes a tangent for each argument, nested as that is and of the same shapes; returns the
        derivative of the result along them, nested as ``value`` is.
    aux
        With ``has_aux``: what the function returned besides.

    Raises
    ------
    TypeError
        An argument is not floating or complex; of the pushforward, the tangents are too few or nested
        otherwise.
    InvalidGradient
        Of the pushforward: a tangent has another shape.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> value, pushforward = mg.linearize(np.sin, np.array([0.0, np.pi]))
    >>> pushforward(np.array([1.0, 1.0]))
    array([ 1., -1.])
    """
    trace = Trace(function, args, range(len(args)), kwargs)
    result, aux = trace.parts(has_aux)
    outputs, rebuild = flatten(result)
    history = trace.has_history(trace.route(outputs))
    pulled, ends = transposed(trace, outputs)
    back = Route(roots_of(pulled), ends)

    def pushforward(*tangents: Any) -> Any:
        given = fitted(tangents, args, "the tangents")
        tensors = history or have_tensors(given)
        recorded = tensors and trace.traceable
        walk = Walk(TENSORS if recorded else ARRAYS)
        pushed = pull(walk, back, given, ends, history=tensors, recorded=recorded)
        return rebuild(pushed)

    value, aux = (result, aux) if history else (apart(result), apart(aux))
    return (value, pushforward, aux) if has_aux else (value, pushforward)


def transposed(
    trace: Trace, outputs: list[Any], *, guarded: bool = True
) -> tuple[list[Any], list[Node]]:
    """The gradients of ``outputs`` for some cotangents, as functions of these; and their nodes."""
    cotangents = [_somewhere(out) for out in outputs]
    walk = Walk(TENSORS)
    route = trace.route(outputs)
    pulled = pull(
        walk,
        route,
        cotangents,
        trace.ends,
        history=True,
        recorded=True,
        guarded=guarded,
    )
    return pulled, [each._node for each in cotangents]


def _somewhere(out: Any) -> Any:
    """A cotangent at which to take the derivative of a linear function: nothing is special about it.

    Zero would be special, and so would be ones, whose differences are zero: there rules take short cuts.
    """
    dtype = getattr(out, "dtype", None)
    dtype = dtype if dtype is not None and dtype.kind in "fc" else np.dtype(float)
    irregular = 1 + np.arange(1, np.size(out) + 1) * 0.6180339887498949 % 1
    data = irregular.reshape(np.shape(out)).astype(dtype)
    return make_handle(Tensor, data, make_leaf(data))


def jvp(
    function: Function,
    args: Sequence[Any],
    tangents: Sequence[Any],
    *,
    has_aux: bool = False,
    **kwargs: Any,
) -> Any:
    """The value of ``function`` at ``args`` and its derivative along ``tangents``.

    For several directions at the same point, see :func:`linearize`.

    Parameters
    ----------
    function : callable
        Returns an array or a nest of arrays; with ``has_aux`` a pair of that and anything else.
    args : sequence
        All positional arguments, each a nest of arrays.
    tangents : sequence
        A tangent for each, nested as that is and of the same shapes.
    **kwargs
        Passed to ``function``, without derivative.

    Returns
    -------
    value, derivative : nests of arrays
        Nested alike, of the same shapes. With ``has_aux`` a third entry is what the function returned
        besides.

    Raises
    ------
    TypeError
        An argument is not floating or complex, or the tangents are too few or nested otherwise.
    InvalidGradient
        A tangent has another shape.

    Examples
    --------
    >>> import mygrad as mg, numpy as np
    >>> mg.jvp(np.sin, (0.0,), (2.0,))
    (array(0.), array(2.))
    """
    for name, given in (("args", args), ("tangents", tangents)):
        if not isinstance(given, list | tuple):
            raise TypeError(
                f"jvp takes {name} as a tuple, an entry an argument; it got {type(given).__name__}"
            )
    value, pushforward, *aux = linearize(function, *args, has_aux=has_aux, **kwargs)
    return value, pushforward(*tangents), *aux


class _Along:
    """Takes products of matrices over in a walk for the sum of the products of gradients and ``directions``.

    The gradient of a factor is itself a product of matrices, and the largest there is. It is not computed: its
    product with the direction is that of the gradient of the result with the product in which the direction takes
    the factor's place. Such ``pairs`` remain to be multiplied and summed. ``directions`` maps the ends of the walk.
    """

    __slots__ = ("directions", "pairs")

    def __init__(self, directions: dict[Node, Any]) -> None:
        self.directions = directions
        self.pairs: list[tuple[Any, Any]] = []

    def __call__(self, walk: Walk, node: Node, grad: Any) -> bool:
        """Send ``grad`` on from ``node`` if that is a product with one of the ends."""
        directions = self.directions
        if not isinstance(node, Matmul) or directions.keys().isdisjoint(node.inputs or ()):
            return False
        plan = node.plan
        saved = walk.gradients.saved(node)
        known = dict(zip(plan.names, saved, strict=True))
        for parent, name, rule in zip(node.inputs or (), plan.needed, plan.rules, strict=True):
            if parent in directions and known["axes"] is None and not parent.hooked:
                factors = {**known, name: directions[parent]}
                self.pairs.append((grad, np.matmul(factors["x1"], factors["x2"])))
            elif parent in walk.grads:
                walk.add(parent, rule(grad, *saved))
        return True


_MISSING: Any = object()


def hvp(
    function: Function, x: Any = _MISSING, v: Any = _MISSING, /, *args: Any, **kwargs: Any
) -> Any:
    """The Hessian of a scalar ``function`` times a vector, without the Hessian.

    Parameters
    ----------
    function : callable
        Returns a real scalar, of shape () or of one element.
    x : nest of arrays, optional
        Its first argument, with respect to which it is differentiated twice. Left out with ``v``, the
        result is a function of all that follows ``function`` here.
    v : nest of arrays, optional
        Nested as ``x`` is and of the same shapes.
    *args, **kwargs
        What else ``function`` takes.

    Returns
    -------
    nest of arrays, or callable
        Nested as ``x`` is and of the same shapes: the derivative along ``v`` of the gradient.

    Raises
    ------
    TypeError
        The result is no real scalar, ``x`` is not floating or complex, or ``v`` is nested otherwise.
    InvalidGradient
        A part of ``v`` has another shape.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])

    Without ``x`` and ``v`` it is what SciPy's optimizers call ``hessp``:

    >>> from scipy.optimize import minimize
    >>> def f(x):
    ...     return np.sum((x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> minimize(mg.value_and_grad(f), np.zeros(3), jac=True, hessp=mg.hvp(f),
    ...          method="trust-ncg").x.round(3)
    array([1., 1., 1.])
    """

    def product(x: Any, v: Any, /, *args: Any, **kwargs: Any) -> Any:
        trace = Trace(function, (x, *args), [0], kwargs)
        value = scalar(trace, trace.result)
        route = trace.route([value])
        directions = fitted(v, x, "v")
        history = trace.has_history(route) or have_tensors(directions)
        along = _Along(dict(zip(trace.ends, directions, strict=True)))
        factors = pull(
            Walk(TENSORS, instead=along),
            route,
            [ones(value)],
            trace.ends,
            history=True,
            recorded=True,
            guarded=history,
        )
        cotangents = list(directions)
        for one, other in along.pairs:
            factors += one, other
            cotangents += other, one
        if not history:
            cotangents = [raw(each) for each in cotangents]
        products = trace.pull(trace.route(factors), cotangents, history=history, last=True)
        return trace.derivatives(products)[0]

    if x is _MISSING and v is _MISSING and not kwargs:
        return wraps(function)(product)
    if x is _MISSING or v is _MISSING:
        raise TypeError(
            "hvp takes x and v by position, or nothing but the function: then it returns a function of them"
            " and of what else the function takes"
        )
    return product(x, v, *args, **kwargs)


def elementwise_grad(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The derivative of a function that acts on each element alone, at each element.

    Parameters
    ----------
    function : callable
        Returns an array. Every element of it may depend on one element of an argument, after broadcasting.
    argnums : int or sequence of ints
        The positional arguments to differentiate with respect to.

    Returns
    -------
    callable
        Takes the arguments of ``function``; returns an array of the shape of the argument, in which the
        derivatives of the elements that it was broadcast to are summed; a tuple if ``argnums`` is a
        sequence. Where result or argument is complex, see :func:`jacobian`.

    Raises
    ------
    TypeError
        As :func:`jacobian`.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    @wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        at = positions(argnums, args, "elementwise_grad")
        trace = Trace(function, args, at, kwargs)
        out = array_of(trace.result)
        route = trace.route([out])
        history = trace.has_history(route)

        def along(factor: complex) -> list[Any]:
            return trace.pull(route, [np.full(out.shape, factor)], history=history)

        pulled = along(1)
        if out.dtype.kind == "c":
            turned = zip(pulled, along(-1j), strict=True)
            pulled = [complex_derivative(one, other, trace.name) for one, other in turned]
        derivatives = trace.derivatives(pulled)
        return derivatives[0] if is_one(argnums) else tuple(derivatives)

    return derivative
