"""A call of a NumPy function on tensors, in general: unwrap, run, record, wrap.

:mod:`mygrad.dispatch.protocols` decides what is called, and knows shorter ways for the plainest calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from numbers import Real
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import bind, explain, name_of, paths_in, unwrap
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
from mygrad.engine.operation import Elementwise, Operation, OperationType, asked_of
from mygrad.engine.views import is_fleeting, is_variable, link, nans_in, touch

_asarray = np.asarray


def apply(
    operation: type[Operation],
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    tensor_class: Any,
    constant: bool | None = None,
) -> Any:
    """Call ``function`` on arguments among which are tensors; record ``operation``.

    ``tensor_class`` is the class of the results. ``constant=True`` makes them constant.
    """
    args = stacked(operation, args, tensor_class)
    found: list[Any] = []
    plain = [unwrap(value, found) for value in args]
    options = {key: unwrap(value, found) for key, value in kwargs.items()} if kwargs else kwargs
    variable = constant is not True and any(is_variable(tensor) for tensor in found)
    has_mask = mask_of(operation, options) is not True
    if has_mask:
        options = {**options, **NO_OUTPUT}
    if variable:
        bound = bind(function, args, kwargs)
        needed = needed_of(operation, function, bound)
    try:
        result = function(*plain, **options)
    except Exception as error:
        explain(error, function, args, kwargs)
        raise
    if debugging.get() and not in_backward_pass():
        mask = options["where"] if has_mask else True
        anomalies.check(name_of(function), plain, options, result, mask)
    if not variable:
        return constants(operation, result, tensor_class, found, constant)
    arrays = [tensor._data for tensor in found] if operation.may_view else None
    made = record(operation, bound, needed, bind(function, tuple(plain), options), result)
    results = wrap(made, result, tensor_class)
    if has_mask:
        return _masked(options["where"], results)
    if operation.may_view:
        link_views(operation, results, found, arrays)
    return results


def stacked(
    operation: type[Operation], args: tuple[Any, ...], tensor_class: Any
) -> tuple[Any, ...]:
    """The arguments; to an elementwise operation a list of tensors is one array, a fraction a float."""
    if not issubclass(operation, Elementwise):
        return args
    return tuple(_operand(value, tensor_class) for value in args)


def _operand(value: Any, tensor_class: Any) -> Any:
    if isinstance(value, Handle | np.ndarray | np.generic | int | float):
        return value
    if isinstance(value, list | tuple):
        return tensor_class(value) if any(path for path, _ in paths_in(value)) else value
    return float(value) if isinstance(value, Real) else value


def needed_of(operation: Any, function: Any, bound: dict[str, Any]) -> dict[str, list[Any]]:
    """The arguments to differentiate, each with the paths to its tensors."""
    needed = {}
    for name, value in bound.items():
        paths = list(paths_in(value))
        if paths:
            if name not in operation.differentiable:
                raise TypeError(
                    f"{name_of(function)} has no derivative with respect to {name!r}, which carries"
                    " a gradient. Pass a constant: tensor.detach(), or np.asarray(tensor)."
                )
            needed[name] = paths
    return needed


def record(
    operation: Any,
    bound: dict[str, Any],
    needed: dict[str, list[Any]],
    plain: dict[str, Any],
    result: Any,
) -> Node:
    """The node of a call: ``bound`` holds its arguments as given, ``plain`` as arrays."""
    names = tuple(sorted(needed, key=operation.differentiable.index))
    masked = bound.get("where", True) is not True
    if operation.selects:
        tensors = [tensor for name in names for _, tensor in needed[name]]
        masked = any(nans_in(tensor._node, tensor._data) for tensor in tensors)
    plan = operation.plan_for(names, masked)
    several = not isinstance(result, np.ndarray | np.generic)
    if several:
        shape, dtype = (), np.dtype(float)
        out: Any = tuple(result)
    else:
        out = _asarray(result)
        shape, dtype = out.shape, out.dtype
    for name in plan.names:
        if isinstance(bound.get(name), Handle) and is_fleeting(bound[name]):
            plain[name] = plain[name].copy()
    saved = [_kept(name, out, plan, plain, operation, needed) for name in plan.names]
    simple = (
        not several
        and operation.joint is None
        and all(len(paths) == 1 and paths[0][0] == () for paths in needed.values())
    )
    inputs = tuple(touch(tensor) for name in names for _, tensor in needed[name])
    if simple:
        node = make_node(operation, inputs, shape, dtype, tuple(saved), plan)
    else:
        routes = [
            (position, path) for position, name in enumerate(names) for path, _ in needed[name]
        ]
        call = (operation, plan, tuple(saved), routes)
        node = make_node(general(operation), inputs, shape, dtype, call)
    if guarding.get():
        _guard(node, saved, bound, plain)
    anomalies.note(node)
    return node


def _kept(
    name: str,
    out: Any,
    plan: Any,
    plain: dict[str, Any],
    operation: Any,
    needed: dict[str, list[Any]],
) -> Any:
    """What is kept of a call under ``name``."""
    if name == "out":
        return out
    if name in operation.facts:
        fact = operation.facts[name]
        return fact(**{asked: plain[asked] for asked in asked_of(fact) if asked in plain})
    of = name.removesuffix("_shape") if name not in plain else name
    if of not in plain:
        return plan.defaults[name]
    value = plain[of]
    nested = any(path for path, _ in needed.get(of, ()))
    if of != name:
        return tuple(np.shape(item) for item in value) if nested else np.shape(value)
    if nested or of not in operation.differentiable:
        return list(value) if value.__class__ is list else value  # the caller's own may change
    if issubclass(operation, Elementwise):
        return _asarray(value) if isinstance(value, list | tuple) else value
    return as_array(value, out)


def as_array(value: Any, out: Any) -> Any:
    """An argument as rules like it: an array, Python's numbers with the precision of the result."""
    if value.__class__ is int or value.__class__ is float:
        return _asarray(value, getattr(out, "dtype", None))
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | tuple) and any(isinstance(item, np.ndarray) for item in value):
        return value  # several arrays, not one
    return _asarray(value)


@cache
def general(operation: type[Operation]) -> Any:
    """The class of such calls of ``operation``, by whose name users know them."""
    namespace = {"__module__": operation.__module__, "__doc__": operation.__doc__}
    return OperationType(operation.__name__, (General, operation), namespace)


class General(Operation):
    """A call of an operation with several outputs, sequences of arrays, or one rule for several arguments."""

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """As the operation says."""
        return self.saved[1].gates

    def pullback(self, walk: Any, grad: Any) -> None:
        """Call the rules, and follow the routes from what they return to the inputs."""
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
    """``value`` with a tensor in the place that ``path`` leads to."""
    if not path:
        return handle(value, node)
    items = list(value)
    items[path[0]] = _replaced(items[path[0]], path[1:], node, handle)
    return items if value.__class__ is list else tuple(items)


def _guard(node: Node, saved: list[Any], bound: dict[str, Any], plain: dict[str, Any]) -> None:
    """Lock the arrays in ``saved`` that the user can reach."""
    kept = {id(value) for value in saved if value.__class__ is not str}
    for item in saved:
        if item.__class__ is list or item.__class__ is tuple:
            kept.update(map(id, item))
    for name, value in bound.items():
        for array, base in reachable(value, plain[name]):
            if id(array) in kept:
                guard.lock(node, array)
                if base is not array:
                    guard.lock(node, base)


def reachable(value: Any, array: Any) -> Iterator[tuple[Any, Any]]:
    """The arrays in ``array`` that a user can write to, each with that which it is a view of.

    ``value`` holds the tensors in their places. By now a tensor may have another array than the call.
    """
    if isinstance(value, Handle):
        base = value if value._base is None else value._base
        # A constant view is no input of the node: who keeps its array could not be found later.
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
        if data.dtype.kind not in "biufc":
            raise TypeError(
                f"{type(node).__name__} of a tensor that carries a gradient gave {data.dtype}, which cannot"
                " carry it: tensors hold numbers. Pass numbers, as float(value), or the values of the"
                " tensor alone, np.asarray(tensor)."
            )
        if data.dtype.kind in "fc":
            return make_handle(tensor_class, data, node)
        if must_stay(node):
            lost(
                f"{type(node).__name__} of a tensor that carries a gradient gave {data.dtype}",
                "Ask for a floating dtype, or use tensor.detach().",
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
    """The node of a variable, which ``constant=False`` asked for."""
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
            # Of several results, the integers among them stay constant whatever is asked.
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
    """Tell those of ``results`` that share memory with one of ``parents`` that they are views of it.

    ``arrays`` are those of the parents that the call used, if by now a parent may have another.
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
                tensor._data = tensor._data.copy()  # nobody's view, read-only because of a lock


def _have_one_base(array: Any, parent: Any) -> bool:
    """Whether ``array``, which is empty and so shares no memory, is a view of ``parent`` all the same."""
    return array.base is parent or array.base is parent.base


# ------------------------------------------------------------------- where=


#: A caller's own `out=None`, by which NumPy knows that memory without values is meant, NumPy removes.
NO_OUTPUT = {"out": None}


def mask_of(operation: type[Operation], options: dict[str, Any]) -> Any:
    """The ``where=`` of an elementwise call; reductions have one of another meaning."""
    elementwise = issubclass(operation, Elementwise) or isinstance(operation.function, np.ufunc)
    return options.get("where", True) if elementwise else True


class Masked(Node):
    """``ufunc(…, where=mask)`` without ``out``: the result where the mask is true, else anything."""

    __slots__ = ()
    gates = True

    def pullback(self, walk: Any, grad: Any) -> None:
        """What is no result has no gradient."""
        (result,) = self.inputs  # type: ignore[misc]
        walk.add(result, np.where(self.saved, grad, 0))


def _masked(mask: Any, results: Any) -> Any:
    for tensor in results if isinstance(results, tuple) else (results,):
        data, node = tensor._data, tensor._node
        if node is not CONSTANT:
            tensor._node = make_node(Masked, (node,), data.shape, data.dtype, np.array(mask))
    return results
