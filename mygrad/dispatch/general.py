"""The general path of a call of a NumPy function on tensors: unwrap, run, record, wrap.

:mod:`mygrad.dispatch.protocols` decides which function runs, and takes faster paths for common calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from numbers import Real
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import bind, explain, name_of, paths_in, unwrap
from mygrad.dispatch.description import RESULT, describe
from mygrad.dispatch.kinds import NUMERIC
from mygrad.engine import anomalies, guard
from mygrad.engine.modes import debugging, guarding, lost, must_stay
from mygrad.engine.nans import in_backward_pass
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    Handle,
    Node,
    make_handle,
    make_leaf,
    make_node,
    output_node,
)
from mygrad.engine.operation import Elementwise, Operation, OperationType
from mygrad.engine.views import is_fleeting, is_variable, link, nans_in, touch

_asarray = np.asarray


class Call:
    """A call with tensors among its arguments: as given, and without ``out=`` and with arrays in place of tensors.

    ``operation`` is the registry's entry for ``function``; None if the call is not recorded.
    """

    __slots__ = (
        "args",
        "bound",
        "found",
        "function",
        "kwargs",
        "mask",
        "needed",
        "operation",
        "options",
        "plain",
    )

    #: The arguments by name; for each that carries a gradient, the paths to its tensors.
    bound: dict[str, Any]
    needed: dict[str, list[Any]]

    def __init__(
        self, operation: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.operation = operation
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.found: list[Any] = []
        self.plain = tuple([unwrap(value, self.found) for value in args])
        self.options = {
            key: unwrap(value, self.found) for key, value in kwargs.items() if key != "out"
        }
        self.mask = self.options.get("where", True) if has_mask(operation) else True

    def is_variable(self) -> bool:
        """True if the call is recorded, because an argument carries a gradient."""
        return any(is_variable(tensor) for tensor in self.found)

    def find_needed(self) -> None:
        """Find the arguments to differentiate; raise if one of them has no rule."""
        named = {key: value for key, value in self.kwargs.items() if key != "out"}
        self.bound = bind(self.function, self.args, named)
        self.needed = {}
        for name, value in self.bound.items():
            paths = list(paths_in(value))
            if paths:
                if name not in self.operation.differentiable:
                    raise TypeError(
                        f"{name_of(self.function)} has no derivative with respect to {name!r}, which carries"
                        " a gradient. Pass a constant: tensor.detach(), or np.asarray(tensor)."
                    )
                self.needed[name] = paths

    def run(self, outputs: dict[str, Any] | None = None) -> Any:
        """The result of NumPy's function on the arrays; ``outputs`` are the keyword arguments for ``out``."""
        if outputs is None:
            outputs = {} if self.mask is True else no_output(self.function)
        try:
            result = self.function(*self.plain, **self.options, **outputs)
        except Exception as error:
            explain(error, self.function, self.args, self.kwargs)
            raise
        if debugging.get() and not in_backward_pass():
            for each in result if isinstance(result, list | tuple) else (result,):
                anomalies.check(name_of(self.function), self.plain, self.options, each, self.mask)
        return result

    def record(self, result: Any) -> Node:
        """Record the call as its description says, and return its node."""
        operation, bound, needed = self.operation, self.bound, self.needed
        nested = tuple([name for name, paths in needed.items() if any(path for path, _ in paths)])
        description = describe(operation, tuple(bound), tuple(needed), nested)
        plain = bind(self.function, self.plain, self.options)
        for name in description.holds:
            if isinstance(bound[name], Handle) and is_fleeting(bound[name]):
                plain[name] = plain[name].copy()
        several = not isinstance(result, np.ndarray | np.generic)
        out: Any = tuple(result) if several else _asarray(result)
        values = {**description.plan.defaults, **plain, RESULT: out}
        saved = tuple([kept.value(values) for kept in description.kept.values()])
        tensors = [tensor for name in description.needed for _, tensor in needed[name]]
        if operation.selects:
            masked = any(nans_in(tensor._node, tensor._data) for tensor in tensors)
        else:
            masked = bound.get("where", True) is not True
        plan = description.plan_of(masked)
        inputs = tuple([touch(tensor) for tensor in tensors])
        shape, dtype = ((), np.dtype(float)) if several else (out.shape, out.dtype)
        if description.is_simple(several):
            node = make_node(operation, inputs, shape, dtype, saved, plan)
        else:
            routes = [
                (position, path)
                for position, name in enumerate(description.needed)
                for path, _ in needed[name]
            ]
            node = make_node(
                general(operation), inputs, shape, dtype, (operation, plan, saved, routes)
            )
        if guarding.get():
            for name in description.holds:
                lock_reachable(node, bound[name], plain[name], saved)
        anomalies.note(node)
        return node


def apply(
    operation: type[Operation],
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tensor_class: Any,
    constant: bool | None = None,
) -> Any:
    """Call ``function`` with tensors among its arguments, and record ``operation``.

    ``tensor_class`` is the class of the results. ``constant=True`` makes them constant.
    """
    call = Call(operation, function, stacked(operation, args, tensor_class), kwargs)
    variable = constant is not True and call.is_variable()
    if variable:
        call.find_needed()
    result = call.run()
    if not variable:
        return constants(operation, result, tensor_class, call.found, constant)
    arrays = [tensor._data for tensor in call.found] if operation.may_view else None
    results = wrap(call.record(result), result, tensor_class)
    if call.mask is not True:
        return _masked(call.mask, results)
    if operation.may_view:
        link_views(operation, results, call.found, arrays)
    return results


def stacked(
    operation: type[Operation], args: tuple[Any, ...], tensor_class: Any
) -> tuple[Any, ...]:
    """The arguments as an elementwise operation takes them; those of other operations unchanged.

    A list of tensors becomes one tensor, a number of another type (a fraction) a float, and a 0-d array a scalar.
    """
    if not issubclass(operation, Elementwise):
        return args
    return tuple(_operand(value, tensor_class) for value in args)


def _operand(value: Any, tensor_class: Any) -> Any:
    if isinstance(value, np.ndarray) and not value.ndim and value.dtype.kind in NUMERIC:
        return value[()]  # a copy, which need not be locked
    if isinstance(value, Handle | np.ndarray | np.generic | int | float):
        return value
    if isinstance(value, list | tuple):
        return tensor_class(value) if any(path for path, _ in paths_in(value)) else value
    return float(value) if isinstance(value, Real) else value


@cache
def general(operation: type[Operation]) -> Any:
    """The subclass of :class:`General` for ``operation``, with the operation's name."""
    namespace = {"__module__": operation.__module__, "__doc__": operation.__doc__}
    return OperationType(operation.__name__, (General, operation), namespace)


class General(Operation):
    """A call with several results, with sequences of tensors, or with one rule for several arguments."""

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """True if the plan gates."""
        return self.saved[1].gates

    def pullback(self, walk: Any, grad: Any) -> None:
        """Call the rules, and pass the gradients that they return along the routes to the inputs."""
        operation, plan, saved, routes = self.saved
        inputs: Any = self.inputs
        if walk.gradients.recorded:
            saved = [
                self._revived(walk.gradients.value, value, source, routes)
                for value, source in zip(saved, plan.sources, strict=True)
            ]
        if operation.joint is not None:
            by_name = plan.rules[0](grad, plan.needed, *saved)
            gradients = [by_name.get(name) for name in plan.needed]
        else:
            gradients = [rule(grad, *saved) for rule in plan.rules]
        for node, (position, path) in zip(inputs, routes, strict=True):
            gradient = gradients[position]
            for step in path:
                gradient = None if gradient is None else gradient[step]
            if gradient is not None:
                walk.add(node, gradient)

    def _revived(self, handle: Any, value: Any, source: int | None, routes: Any) -> Any:
        if source is None:
            return value
        if source < 0:
            if value.__class__ is not tuple:
                return handle(value, self)
            outputs = [output_node(self, v, i, len(value)) for i, v in enumerate(value)]
            return tuple(handle(v, n) for v, n in zip(value, outputs, strict=True))
        inputs: Any = self.inputs
        for node, (position, path) in zip(inputs, routes, strict=True):
            if position == source:
                value = _replaced(value, path, node, handle)
        return value


def _replaced(value: Any, path: tuple[int, ...], node: Node, handle: Any) -> Any:
    """``value`` with the item at ``path`` replaced by a tensor."""
    if not path:
        return handle(value, node)
    items = list(value)
    items[path[0]] = _replaced(items[path[0]], path[1:], node, handle)
    return items if value.__class__ is list else tuple(items)


def lock_reachable(
    node: Node, value: Any, array: Any, saved: tuple[Any, ...] | None = None
) -> None:
    """Lock ``array``, or those of its items, that user code can access; if ``saved`` is given, only arrays in it.

    ``value`` is the argument whose tensors were replaced by arrays in ``array``.
    """
    for reached, base in reachable(value, array):
        if saved is None or holds(saved, reached):
            guard.lock(node, reached)
            if base is not reached:
                guard.lock(node, base)


def lock_constant(node: Node, tensor: Any, array: Any) -> None:
    """Lock ``array``, that of the constant ``tensor``, and the array of its base."""
    guard.lock(node, array)
    if tensor._base is not None:
        guard.lock(node, tensor._base._data)


def holds(saved: tuple[Any, ...], array: Any) -> bool:
    """True if ``array`` is among the values ``saved``, or in a sequence among them."""
    return any(
        each is array or (each.__class__ in (list, tuple) and any(item is array for item in each))
        for each in saved
    )


def reachable(value: Any, array: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays in ``array`` that user code can access, each with its base (or itself).

    ``value`` is the argument whose tensors were replaced by arrays in ``array``: a tensor may have been given
    another array since.
    """
    if isinstance(value, Handle):
        base = value if value._base is None else value._base
        # A constant view is not an input of the node: that the node saves its array could not be found out later.
        if (
            value._node is CONSTANT_VIEW
            or base._node is CONSTANT
            or (value._node.state | base._node.state) & EXPOSED
        ):
            yield array, base._data
    elif isinstance(value, np.ndarray):
        yield value, value
    elif value.__class__ is list or value.__class__ is tuple:
        for item, part in zip(value, array, strict=True):
            yield from reachable(item, part)


def wrap(node: Node, result: Any, tensor_class: Any) -> Any:
    """Tensors of the results of a recorded call."""
    if isinstance(result, np.ndarray | np.generic):
        data = _asarray(result)
        if data.dtype.kind not in NUMERIC:
            raise TypeError(
                f"{type(node).__name__} of a tensor that carries a gradient returned dtype {data.dtype}, but"
                " tensors hold numbers only. Pass numbers, as float(value), or only the values of the tensor:"
                " np.asarray(tensor)."
            )
        if data.dtype.kind in "fc":
            return make_handle(tensor_class, data, node)
        if must_stay(node):
            lost(
                f"{type(node).__name__} of a tensor that carries a gradient returned dtype {data.dtype}",
                "Pass a floating dtype, or use tensor.detach().",
            )
        return make_handle(tensor_class, data, CONSTANT)
    tensors = []
    for position, value in enumerate(result):
        data = _asarray(value)
        tensors.append(
            make_handle(tensor_class, data, output_node(node, data, position, len(result)))
        )
    return like(result, tensors)


def like(result: Any, items: list[Any]) -> Any:
    """``items`` in a sequence of the type of ``result``: tuple, list or named tuple."""
    if hasattr(result, "_fields"):
        return result._make(items)
    return items if isinstance(result, list) else tuple(items)


def leaf_or_error(data: np.ndarray[Any, Any]) -> Node:
    """A leaf for ``data``, as ``constant=False`` demands; raise if its dtype cannot carry a gradient."""
    if data.dtype.kind not in "fc":
        raise ValueError(
            f"constant=False: a tensor of dtype {data.dtype} carries no gradient. Pass a floating"
            " dtype, or leave constant out."
        )
    return make_leaf(data)


def _may_vary(value: Any) -> bool:
    return isinstance(value, list | tuple) or _asarray(value).dtype.kind in "fc"


def constants(
    operation: Any, result: Any, tensor_class: Any, found: list[Any], constant: bool | None
) -> Any:
    """Tensors of the results of a call that was not recorded."""
    if isinstance(result, list | tuple):
        made = [
            # Integers among several results are constant even with constant=False.
            constants(operation, value, tensor_class, found, constant if _may_vary(value) else None)
            for value in result
        ]
        return like(result, made)
    data = _asarray(result)
    tensor = make_handle(tensor_class, data, CONSTANT)
    if constant is False:
        tensor._node = leaf_or_error(data)
    if operation.may_view and found:
        link_views(operation, tensor, found)
    return tensor


def link_views(operation: Any, results: Any, parents: list[Any], arrays: Any = None) -> None:
    """Make those of ``results`` that share memory with one of ``parents`` views of it.

    ``arrays`` are the arrays of the parents that the call used, if a parent may have been given another since.
    """
    for tensor in results if isinstance(results, list | tuple) else (results,):
        for position, parent in enumerate(parents):
            array = parent._data if arrays is None else arrays[position]
            data = tensor._data
            if data is array:
                tensor._data = data = data.view()
            if data.base is not None and (
                np.may_share_memory(data, array) or (not data.size and _have_one_base(data, array))
            ):
                link(tensor, parent, operation.read_only, array)
                break
        else:
            if not (tensor._data.size or operation.read_only or guard.is_writeable(tensor._data)):
                tensor._data = (
                    tensor._data.copy()
                )  # not a view, and read-only only because of a lock


def _have_one_base(array: Any, parent: Any) -> bool:
    """True if ``array``, empty and therefore without shared memory, is nevertheless a view of ``parent``."""
    return array.base is parent or array.base is parent.base


# ------------------------------------------------------------------- where=


def no_output(function: Any) -> dict[str, Any]:
    """An explicit ``out=None``, which tells NumPy that the uninitialised entries are intended.

    NumPy removes that of the caller before it dispatches the call.
    """
    return {"out": (None,) * getattr(function, "nout", 1)}


def has_mask(operation: Any) -> bool:
    """True if ``where=`` of ``operation`` leaves entries of the result uninitialised; reductions use it otherwise."""
    return isinstance(operation, type) and (
        issubclass(operation, Elementwise)
        or isinstance(getattr(operation, "function", None), np.ufunc)
    )


class Masked(Node):
    """``ufunc(…, where=mask)`` without ``out``: the result where the mask is true, uninitialised elsewhere."""

    __slots__ = ()
    gates = True

    def pullback(self, walk: Any, grad: Any) -> None:
        """Set the gradient to zero where the mask is false."""
        (result,) = self.inputs  # type: ignore[misc]
        walk.add(result, np.where(self.saved, grad, 0))


def _masked(mask: Any, results: Any) -> Any:
    for tensor in results if isinstance(results, tuple) else (results,):
        data, node = tensor._data, tensor._node
        if node is not CONSTANT:
            tensor._node = make_node(Masked, (node,), data.shape, data.dtype, np.array(mask))
    return results
