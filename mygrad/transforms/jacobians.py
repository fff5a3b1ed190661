"""All derivatives of a function: ``jacobian`` and ``hessian``.

Two ways lead there. *Reverse*: a unit cotangent for each element of the result is pulled back, all of them
together as a batch (mygrad/transforms/batching.py). *Forward*: the pullback is recorded once and itself pulled back, with
a unit tangent for each element of the arguments. That costs a walk more through a longer graph, and pays
where a function has many more results than arguments.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np

from mygrad.engine.backward import Walk
from mygrad.engine.gradients import ARRAYS
from mygrad.engine.modes import record_as, recording
from mygrad.engine.nodes import Handle, Node
from mygrad.engine.routes import Route
from mygrad.tensors.tensor import Tensor
from mygrad.transforms import batching_rules  # noqa: F401 - the functions of NumPy's that take batches
from mygrad.transforms.batching import Batch, Batches
from mygrad.transforms.derivatives import grad, transposed
from mygrad.transforms.pytrees import flatten
from mygrad.transforms.tracing import (
    TENSORS,
    Function,
    Trace,
    array_of,
    complex_derivative,
    constant,
    is_one,
    positions,
    roots_of,
    varies,
)

#: Forward pays for so many times as many results as arguments, and so many more: measured.
FORWARD = 2
MORE = 100

#: How many numbers the largest batch of gradients on the way may have: 32 MB of them.
LIMIT = 1 << 22


def jacobian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """A function that returns the derivatives of every element of the result.

    Parameters
    ----------
    function : callable
        Returns an array, a list of numbers that stands for one, or a nest of arrays.
    argnums : int or sequence of ints
        The positional arguments to differentiate with respect to. Each may be a nest of tuples, lists,
        dicts and dataclasses of floating or complex arrays.

    Returns
    -------
    callable
        Takes the arguments of ``function``, keywords too; returns an array of shape
        ``result.shape + argument.shape``. For a nest of arguments it is a nest of such arrays, for a
        sequence of ``argnums`` a tuple, for a nest of results a nest of all that.

        Of a real result with respect to a complex argument ``x + iy`` it holds ``∂/∂x - i ∂/∂y``, as
        gradients do; of a complex result its complex derivatives.

    Raises
    ------
    TypeError
        An argument is not floating or complex; a complex result is not a holomorphic function of a
        complex argument; a result holds no numbers, or is a list of lists of different lengths.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> mg.jacobian(lambda x, k: {"sum": k * np.sum(x)})(np.array([1.0, 2.0]), 3)
    {'sum': array([3., 3.])}
    """

    @wraps(function)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        at = positions(argnums, args, "jacobian")
        trace = Trace(function, args, at, kwargs)
        result = trace.result
        if _is_array(result):
            result = _stacked(result, trace)
        leaves, build = flatten(result)
        if trace.ends and not leaves:
            raise TypeError(f"{trace.name} returned {result!r}: only numbers have derivatives")
        outputs = [leaf if isinstance(leaf, Tensor) else _constant(leaf, trace) for leaf in leaves]
        columns = [trace.derivatives(row) for row in _blocks(trace, outputs)]
        return build([row[0] if is_one(argnums) else tuple(row) for row in columns])

    return matrix


def hessian(function: Function, argnums: int | Sequence[int] = 0) -> Function:
    """A function that returns the second derivatives of a scalar ``function``.

    Parameters
    ----------
    function : callable
        Returns a real scalar, of shape () or of one element.
    argnums : int or sequence of ints
        The positional arguments to differentiate with respect to. Each may be a nest of floating arrays.

    Returns
    -------
    callable
        Takes the arguments of ``function``, keywords too; returns an array of the shape of the argument,
        twice. For a nest of arguments it is a nest of nests: ``result["a"]["b"]`` holds the derivatives
        by ``a`` and ``b``. For a sequence of ``argnums`` it is a tuple of tuples.

    Raises
    ------
    TypeError
        The result is no real scalar, or an argument is not floating. With respect to complex arguments
        there is no matrix of second derivatives; :func:`hvp` has them along a direction.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """
    return jacobian(grad(function, argnums), argnums)


def _is_array(result: Any) -> bool:
    """True if ``result`` is one array: a list of numbers stands for one, as in SciPy's functions."""
    return isinstance(result, list) and _all_numbers(result)


def _all_numbers(items: Any) -> bool:
    return all(
        _all_numbers(item) if isinstance(item, list) else np.ndim(item) == 0 and not _is_nest(item)
        for item in items
    )


def _is_nest(item: Any) -> bool:
    return isinstance(item, dict | tuple) or item is None or hasattr(item, "__dataclass_fields__")


def _stacked(result: list[Any], trace: Trace) -> Any:
    try:
        return array_of(result)
    except ValueError:
        raise TypeError(
            f"{trace.name} returned lists of different lengths, which stand for no array. Return an array, or a"
            " tuple or a dict of arrays."
        ) from None


def _constant(leaf: Any, trace: Trace) -> Tensor:
    data = np.asarray(leaf)
    if data.dtype.kind not in "biufc":
        raise TypeError(f"{trace.name} returned {leaf!r}: only numbers have derivatives")
    return constant(data)


def _blocks(trace: Trace, outputs: list[Any]) -> list[list[Any]]:
    """For each of ``outputs`` the derivatives with respect to each input."""
    route = trace.route(outputs)
    history = trace.has_history(route)
    is_complex = any(t.dtype.kind == "c" for t in (*outputs, *trace.ends))
    results = sum(out.size for out in outputs if varies(out))
    arguments = sum(math.prod(end.shape) for end in trace.ends)
    if results > FORWARD * arguments + MORE and not is_complex:
        return _forward(trace, outputs, history)
    blocks = _pull_units(trace, route, outputs, trace.ends, 1, history)
    if any(out.dtype.kind == "c" for out in outputs):
        turned = _pull_units(trace, route, outputs, trace.ends, -1j, history)
        for position, out in enumerate(outputs):
            if out.dtype.kind == "c":
                pairs = zip(blocks[position], turned[position], strict=True)
                blocks[position] = [complex_derivative(*pair, trace.name) for pair in pairs]
    return blocks


def _forward(trace: Trace, outputs: list[Any], history: bool) -> list[list[Any]]:
    pulled, ends = transposed(trace, outputs, guarded=history)
    columns = _pull_units(trace, Route(roots_of(pulled), ends), pulled, ends, 1, history)
    return [
        [
            np.moveaxis(column[position], range(len(end.shape)), range(-len(end.shape), 0))
            for end, column in zip(trace.ends, columns, strict=True)
        ]
        for position in range(len(outputs))
    ]


def _pull_units(
    trace: Trace,
    route: Route,
    outputs: list[Any],
    ends: list[Node],
    unit: complex,
    history: bool,
) -> list[list[Any]]:
    """Pull back ``unit`` from every element of every one of ``outputs``.

    Returns for each output and each of ``ends`` an array of both their shapes.
    """
    recorded = history and trace.traceable
    sizes = [out.size for out in outputs]
    number = sum(sizes)
    widest = max((math.prod(node.shape) for node in route.leading), default=1)
    step = max(1, LIMIT // max(1, widest))
    parts: list[list[Any]] = [[] for _ in ends]
    if number == 0:
        parts = [[_rows(end, None, 0, history)] for end in ends]
    for start in range(0, number, step):
        stop = min(start + step, number)
        walk = Walk(Batches(stop - start, TENSORS if recorded else ARRAYS))
        walk.check_nans = True  # unit cotangents are zeros nearly everywhere
        roots = []
        for root, given in zip(route.roots, _units(outputs, sizes, start, stop, unit), strict=True):
            if root is not None:
                roots.append((root, Batch(constant(given) if recorded else given)))
        token = recording.set(record_as(recorded))
        try:
            grads = walk.between(route, roots)
            for part, end in zip(parts, ends, strict=True):
                part.append(_rows(end, grads.get(end), stop - start, history))
        finally:
            recording.reset(token)
    token = recording.set(record_as(recorded))
    try:
        return _split(parts, outputs, ends, sizes)
    finally:
        recording.reset(token)


def _units(outputs: list[Any], sizes: list[int], start: int, stop: int, unit: complex) -> Any:
    """For each output the cotangents of the elements ``start`` to ``stop`` of all."""
    offset = 0
    for out, size in zip(outputs, sizes, strict=True):
        kind = out.dtype if out.dtype.kind in "fc" else np.dtype(float)
        rows = np.zeros((stop - start, size), kind)
        mine = np.arange(max(start, offset), min(stop, offset + size))
        rows[mine - start, mine - offset] = unit if kind.kind == "c" else 1
        yield rows.reshape(stop - start, *out.shape)
        offset += size


def _rows(end: Node, gradient: Any, number: int, history: bool) -> Any:
    """The gradients that arrived at ``end``, as one array that nobody else holds."""
    shape = (number, *end.shape)
    if isinstance(gradient, Batch):
        rows = gradient.rows
    else:  # none, or the same for all cotangents: they do not matter
        rows = np.broadcast_to(end.dtype.type(0) if gradient is None else gradient, shape)
    if history:
        return rows if isinstance(rows, Handle) else constant(np.array(rows))
    return np.array(rows)


def _split(
    parts: list[list[Any]], outputs: list[Any], ends: list[Node], sizes: list[int]
) -> list[list[Any]]:
    """Chunks of rows, a list for each of ``ends``, as a block for each of these and each output."""
    columns = [np.concatenate(part) if len(part) > 1 else part[0] for part in parts]
    blocks, offset = [], 0
    for out, size in zip(outputs, sizes, strict=True):
        blocks.append(
            [
                np.reshape(column[offset : offset + size], out.shape + end.shape)
                for end, column in zip(ends, columns, strict=True)
            ]
        )
        offset += size
    return blocks
