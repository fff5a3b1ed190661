"""From a NumPy call on tensors to a result and a node: look up, unwrap, run, record.

``unary`` and ``binary`` are the short way for operators and ufuncs on tensors that nothing is to be said
about; everything else takes :func:`apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

import numpy as np

from mygrad import guard
from mygrad.backprop import Walk
from mygrad.errors import GradientLost
from mygrad.graph import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    SLOW,
    VIEW,
    Handle,
    Node,
    Same,
    creation,
    make_handle,
    make_leaf,
    make_node,
    new,
)
from mygrad.modes import guarding, leak_check, recording
from mygrad.operation import (
    Composed,
    Creation,
    Elementwise,
    Mutation,
    Operation,
    PiecewiseConstant,
    Plan,
    Refused,
    parameters_of,
    registry,
    ufunc_methods,
)
from mygrad.views import forget, is_contended, is_variable, link, replace, sync, touch

_ndarray = np.ndarray
_asarray = np.asarray


# ---------------------------------------------------------------- the short way


def unary(operation: Any, x: Any) -> Any:
    """``operation`` of a tensor."""
    node = x._node
    if node.stale & SLOW or node is CONSTANT or not recording.get():
        return apply(operation, operation.function, (x,), {}, x.__class__)
    value = x._data
    data = operation.function(value)
    if data.__class__ is not _ndarray:
        data = _asarray(data)
    if node.stale:
        forget(node)
    plan = operation.plans[1]
    made = new(operation)
    made.inputs = (node,)
    made.saved = plan.pack(data, value)
    made.plan = plan
    made.shape = data.shape
    made.dtype = data.dtype
    made.order = creation()
    made.grad = made.locks = None
    made.stale = 0
    result = new(x.__class__)
    result._data = data
    result._node = made
    result._base = None
    result._version = 0
    return result


def binary(operation: Any, x: Any, y: Any) -> Any:
    """``operation`` of two operands, of which one at least is a tensor."""
    kind = x.__class__
    other = y.__class__
    if other is float or other is int:
        left = x._node
        stale = left.stale
        if stale & SLOW or left is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x._data
        b = y
        inputs: tuple[Node, ...] = (left,)
        plan = operation.plans[1]
    elif kind is float or kind is int:
        kind = other
        right = y._node
        stale = right.stale
        if stale & SLOW or right is CONSTANT or not recording.get():
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x
        b = y._data
        inputs = (right,)
        plan = operation.plans[2]
    elif kind is other:
        left = x._node
        right = y._node
        stale = left.stale | right.stale
        if (
            stale & SLOW
            or left is CONSTANT
            or right is CONSTANT
            or not recording.get()
        ):
            return apply(operation, operation.function, (x, y), {}, kind)
        a = x._data
        b = y._data
        inputs = (left, right)
        plan = operation.plans[3]
    elif isinstance(x, Handle):
        if defers(x, y):
            return NotImplemented
        return operation.function(x, y) if not accepts(y) else apply(
            operation, operation.function, (x, y), {}, kind
        )
    else:
        if defers(y, x):
            return NotImplemented
        return operation.function(x, y) if not accepts(x) else apply(
            operation, operation.function, (x, y), {}, other
        )
    data = operation.function(a, b)
    if data.__class__ is not _ndarray:
        data = _asarray(data)
    if stale:
        for node in inputs:
            forget(node)
    made = new(operation)
    made.inputs = inputs
    made.saved = plan.pack(data, a, b)
    made.plan = plan
    made.shape = data.shape
    made.dtype = data.dtype
    made.order = creation()
    made.grad = made.locks = None
    made.stale = 0
    result = new(kind)
    result._data = data
    result._node = made
    result._base = None
    result._version = 0
    return result


# ------------------------------------------------------------- the general way


def unwrap(value: Any, found: list[Any]) -> Any:
    """``value`` with arrays in the place of tensors, which are noted in ``found``."""
    if isinstance(value, Handle):
        if value._node.stale & VIEW:
            sync(value)
        found.append(value)
        return value._data
    if value.__class__ is list or value.__class__ is tuple:
        before = len(found)
        plain = [unwrap(item, found) for item in value]
        if len(found) > before:
            return plain if value.__class__ is list else tuple(plain)
    elif value.__class__ is dict:
        return {key: unwrap(item, found) for key, item in value.items()}
    return value


def paths_in(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    """The tensors in ``value`` that carry a gradient, each with the way to it through the nesting."""
    if isinstance(value, Handle):
        if value._node is not CONSTANT and value._node is not CONSTANT_VIEW:
            yield path, value
    elif value.__class__ is list or value.__class__ is tuple:
        for position, item in enumerate(value):
            yield from paths_in(item, (*path, position))


def bind(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name."""
    names, rest = parameters_of(function)
    bound = dict(zip(names, args, strict=False))
    if rest is not None:
        bound[rest] = args[len(names) :]
    bound |= kwargs
    return {name: value for name, value in bound.items() if value is not np._NoValue}  # type: ignore[attr-defined]


def name_of(function: Any) -> str:
    """How a user calls ``function``."""
    module = getattr(function, "__module__", None) or "numpy"
    name = getattr(function, "__name__", repr(function))
    return f"{module.replace('numpy', 'np', 1)}.{name}"


#: Classes whose values hold no tensor.
_ATOMS = frozenset({int, float, complex, bool, str, type(None), slice, type, np.dtype, type(Ellipsis)})


def _are_atoms(values: Any) -> bool:
    for value in values:
        kind = value.__class__
        if kind not in _ATOMS and not (kind is tuple and _are_atoms(value)):
            return False
    return True


@cache
def _keeper(
    operation: type[Operation], function: Any, count: int, keywords: tuple[str, ...]
) -> tuple[Plan, Callable[..., Any]] | None:
    """For calls of ``count`` positional and some keyword arguments: what to keep of them.

    None where such calls cannot go the short way.
    """
    names = parameters_of(function)[0]
    if not names or names[0] not in operation.differentiable or operation.joint is not None:
        return None
    if count > len(names) or {"where", "out"} & {*names[:count], *keywords}:
        return None
    plan = operation.plan_for((names[0],))
    given = {name: f"args[{i}]" for i, name in enumerate(names[:count])}
    given |= {name: f"kwargs[{name!r}]" for name in keywords}
    given |= {names[0]: "array", f"{names[0]}_shape": "array.shape", "out": "data"}
    kept = [given.get(name, f"defaults[{name!r}]") for name in plan.names]
    source = f"lambda array, data, args, kwargs: ({''.join(value + ', ' for value in kept)})"
    return plan, eval(source, {"defaults": plan.defaults})


def single(
    operation: type[Operation], function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """The short way for a function of one tensor, the first argument, with plain options.

    NotImplemented where the general way has to be taken.
    """
    x = args[0]
    parent = x._node
    if parent.stale & SLOW or parent is CONSTANT or not recording.get():
        return NotImplemented
    keeper = _keeper(operation, function, len(args), tuple(kwargs))
    if keeper is None or not _are_atoms(args[1:]) or not _are_atoms(kwargs.values()):
        return NotImplemented
    plan, keep = keeper
    array = x._data
    data = function(array, *args[1:], **kwargs)
    if data.__class__ is not _ndarray:
        if not isinstance(data, np.generic):
            return NotImplemented
        data = _asarray(data)
    dtype = data.dtype
    if dtype.kind not in "fc":
        return NotImplemented
    if parent.stale:
        forget(parent)
    node = new(operation)
    node.inputs = (parent,)
    node.saved = keep(array, data, args, kwargs)
    node.plan = plan
    node.shape = data.shape
    node.dtype = dtype
    node.order = creation()
    node.grad = node.locks = None
    node.stale = 0
    result = new(x.__class__)
    result._data = data
    result._node = node
    result._base = None
    result._version = 0
    if operation.may_view:
        _link(result, x)
    return result


def apply(
    operation: type[Operation],
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: Any,
    constant: bool | None = None,
) -> Any:
    """Call ``function`` on arguments among which are tensors; record ``operation``.

    ``kind`` is the class of the results. ``constant=True`` makes them constant.
    """
    if "out" in kwargs:
        out = kwargs["out"]
        if any(o is not None for o in (out if out.__class__ is tuple else (out,))):
            return into(operation, function, args, kwargs, kind)
    found: list[Any] = []
    plain = [unwrap(value, found) for value in args]
    options = {key: unwrap(value, found) for key, value in kwargs.items()} if kwargs else kwargs
    variable = constant is not True and any(is_variable(tensor) for tensor in found)
    masked = _mask(operation, options) is not True
    if variable:
        bound = bind(function, args, kwargs)
        needed = _needed(operation, function, bound)
    result = function(*plain, **options)
    if not variable:
        return _constants(operation, result, kind, found, constant)
    made = _record(operation, function, bound, needed, bind(function, tuple(plain), options), result)
    results = _wrap(made, result, kind)
    if masked:
        return _where(options["where"], results, None)
    if operation.may_view:
        _link(results, found[0])
    return results


def _needed(operation: Any, function: Any, bound: dict[str, Any]) -> dict[str, list[Any]]:
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


def _record(
    operation: Any,
    function: Any,
    bound: dict[str, Any],
    needed: dict[str, list[Any]],
    plain: dict[str, Any],
    result: Any,
) -> Node:
    """The node of a call: ``bound`` holds its arguments as given, ``plain`` as arrays."""
    names = tuple(sorted(needed, key=operation.differentiable.index))
    plan = operation.plan_for(names)
    several = not isinstance(result, np.ndarray | np.generic)
    if several:
        shape, dtype = (), np.dtype(float)
        out: Any = tuple(result)
    else:
        out = _asarray(result)
        shape, dtype = out.shape, out.dtype
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
        routes = [(position, path) for position, name in enumerate(names) for path, _ in needed[name]]
        node = make_node(General, inputs, shape, dtype, (operation, plan, tuple(saved), routes))
    if guarding.get():
        _guard(node, saved, bound)
    return node  # type: ignore[no-any-return]


def _kept(
    name: str, out: Any, plan: Any, plain: dict[str, Any], operation: Any, needed: dict[str, list[Any]]
) -> Any:
    """What is kept of a call under ``name``."""
    if name == "out":
        return out
    of = name.removesuffix("_shape") if name not in plain else name
    if of not in plain:
        return plan.defaults[name]
    value = plain[of]
    nested = any(path for path, _ in needed.get(of, ()))
    if of != name:
        return tuple(np.shape(item) for item in value) if nested else np.shape(value)
    if value.__class__ is list and of in operation.differentiable and not nested:
        return _asarray(value)
    return value


class General(Operation):
    """A call of an operation with several outputs, sequences of arrays, or one rule for several arguments."""

    __slots__ = ()

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Call the rules, and follow the routes from what they return to the inputs."""
        operation, plan, saved, routes = self.saved
        inputs: Any = self.inputs
        if walk.handle is not None:
            saved = [
                self._revived(walk.handle, value, source, routes)
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
            outputs = [_output(self, v, i, len(value)) for i, v in enumerate(value)]
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


def _output(node: Node, data: Any, position: int, count: int) -> Node:
    """The node of one of the results of ``node``."""
    if data.dtype.kind not in "fc":
        return CONSTANT
    return make_node(Output, (node,), data.shape, data.dtype, (position, count))  # type: ignore[no-any-return]


class Output(Node):
    """One of the results of an operation that has several."""

    __slots__ = ()
    is_output = True

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Put the gradient in its place among those of the other results."""
        (origin,) = self.inputs  # type: ignore[misc]
        position, count = self.saved
        gradients = walk.grads[origin]
        if gradients is None:
            gradients = (None,) * count
        present = gradients[position]
        total = grad if present is None else present + grad
        walk.grads[origin] = (*gradients[:position], total, *gradients[position + 1 :])


def _guard(node: Node, saved: list[Any], bound: dict[str, Any]) -> None:
    """Lock the arrays in ``saved`` that the user can reach."""
    kept = {id(value) for value in saved if value.__class__ is not str}
    for item in saved:
        if item.__class__ is list or item.__class__ is tuple:
            kept.update(map(id, item))
    for array in _reachable(bound.values()):
        if id(array) in kept:
            guard.lock(node, array)


def _reachable(values: Any) -> Iterator[Any]:
    for value in values:
        if isinstance(value, Handle):
            base = value if value._base is None else value._base
            if (value._node.stale | base._node.stale) & EXPOSED or base._node is CONSTANT:
                yield value._data
        elif isinstance(value, np.ndarray):
            yield value
        elif value.__class__ is list or value.__class__ is tuple:
            yield from _reachable(value)


def _wrap(node: Node, result: Any, kind: Any) -> Any:
    """Tensors of the results of a recorded call."""
    if isinstance(result, np.ndarray | np.generic):
        data = _asarray(result)
        return make_handle(kind, data, node if data.dtype.kind in "fc" else CONSTANT)
    tensors = []
    for position, value in enumerate(result):
        data = _asarray(value)
        tensors.append(make_handle(kind, data, _output(node, data, position, len(result))))
    return _like(result, tensors)


def _like(result: Any, items: list[Any]) -> Any:
    """``items`` in a sequence of the type of ``result``: tuple, list or named tuple."""
    if hasattr(result, "_fields"):
        return result._make(items)
    return items if isinstance(result, list) else tuple(items)


def _constants(
    operation: Any, result: Any, kind: Any, found: list[Any], constant: bool | None
) -> Any:
    """Tensors of the results of a call that was not recorded."""
    if not isinstance(result, np.ndarray | np.generic):
        made = [_constants(operation, value, kind, found, constant) for value in result]
        return _like(result, made)
    data = _asarray(result)
    tensor = make_handle(kind, data, CONSTANT)
    if constant is False and data.dtype.kind in "fc":
        tensor._node = make_leaf(data)
    if operation.may_view and found:
        _link(tensor, found[0])
    return tensor


def _link(results: Any, parent: Any) -> None:
    """Tell those of ``results`` that share memory with ``parent`` that they are views of it."""
    for tensor in results if isinstance(results, list | tuple) else (results,):
        data = tensor._data
        if data is parent._data:
            tensor._data = data = data.view()
        if data.base is not None and np.may_share_memory(data, parent._data):
            link(tensor, parent)


# ------------------------------------------------------------ where= and out=


def _mask(operation: type[Operation], options: dict[str, Any]) -> Any:
    """The ``where=`` of an elementwise call; reductions have one of another meaning."""
    elementwise = issubclass(operation, Elementwise) or isinstance(operation.function, np.ufunc)
    return options.get("where", True) if elementwise else True


class Masked(Node):
    """``ufunc(…, where=mask)``: the operation's result where the mask is true, else the old ``out``."""

    __slots__ = ()
    gates = True

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Divide the gradient between the operation and what was there before."""
        mask = self.saved
        inputs: Any = self.inputs
        walk.add(inputs[0], np.where(mask, grad, 0))
        for old in inputs[1:]:
            walk.add(old, np.where(mask, 0, grad))


def _where(mask: Any, results: Any, old: Any) -> Any:
    for tensor in results if isinstance(results, tuple) else (results,):
        if tensor._node is not CONSTANT:
            inputs = (tensor._node,) if old is None else (tensor._node, old)
            data = tensor._data
            tensor._node = make_node(Masked, inputs, data.shape, data.dtype, np.array(mask))
    return results


def into(
    operation: type[Operation],
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: Any,
) -> Any:
    """A call with ``out=``: the result goes into arrays that exist already."""
    outs = kwargs["out"] if isinstance(kwargs["out"], tuple) else (kwargs["out"],)
    rest = {key: value for key, value in kwargs.items() if key != "out"}
    found: list[Any] = []
    plain = tuple(unwrap(value, found) for value in args)
    options = {key: unwrap(value, found) for key, value in rest.items()}
    variable = any(is_variable(tensor) for tensor in found)
    unwrap(outs, [])
    for out in outs:
        if out is not None and not isinstance(out, Handle) and variable:
            lost(
                f"{name_of(function)} was to write a tensor that carries a gradient into a plain array,"
                " which cannot carry it on",
                "Write `array = array + tensor` instead of `array += tensor`, make the array a tensor"
                " (mygrad.tensor), or take the values alone with np.asarray(tensor).",
                TypeError,
            )
    tuple_form = isinstance(kwargs["out"], tuple)

    def run(arrays: list[Any]) -> Any:
        return function(*plain, **options, out=tuple(arrays) if tuple_form else arrays[0])

    targets = [out for out in outs if isinstance(out, Handle)]
    if not any(is_variable(t) for t in targets) and not any(
        is_contended(t if t._base is None else t._base) for t in targets
    ):
        result = run([out._data if isinstance(out, Handle) else out for out in outs])
        if not targets:
            return result
        results = [out if out is not None else None for out in outs]
        if any(out is None for out in outs):
            made = result if isinstance(result, tuple) else (result,)
            results = [
                make_handle(kind, _asarray(value), CONSTANT) if out is None else out
                for out, value in zip(outs, made, strict=True)
            ]
        return tuple(results) if len(results) > 1 else results[0]
    mask = _mask(operation, options)
    scratch = [
        (np.empty_like(out._data) if mask is True else out._data.copy("K"))
        if isinstance(out, Handle)
        else out
        for out in outs
    ]
    for target, array in zip(targets, [s for s, o in zip(scratch, outs, strict=True) if isinstance(o, Handle)], strict=True):
        if not target._data.flags.writeable and not guard.is_locked(target._data):
            array.flags.writeable = False
    if variable:
        needed = _needed(operation, function, bind(function, args, rest))
    result = run(scratch)
    made_results = result if isinstance(result, tuple) else (result,)
    if variable:
        node = _record(
            operation,
            function,
            bind(function, args, rest),
            needed,
            bind(function, plain, options),
            result,
        )
        wrapped = _wrap(node, result, kind)
        wrapped = wrapped if isinstance(wrapped, tuple) else (wrapped,)
    else:
        wrapped = tuple(make_handle(kind, _asarray(v), CONSTANT) for v in made_results)
    final = []
    for out, tensor in zip(outs, wrapped, strict=True):
        if not isinstance(out, Handle):
            final.append(tensor)
            continue
        value_node = tensor._node
        if mask is not True and is_variable(out):
            inputs = (touch(out),) if value_node is CONSTANT else (value_node, touch(out))
            old_only = value_node is CONSTANT
            data = tensor._data
            value_node = make_node(
                KeptWhere if old_only else Masked, inputs, data.shape, data.dtype, np.array(mask)
            )
        replace(out, tensor._data, value_node)
        final.append(out)
    return tuple(final) if len(final) > 1 else final[0]


class KeptWhere(Node):
    """What ``where=`` left untouched, where the new values carry no gradient."""

    __slots__ = ()
    gates = True

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Only what was there before has a gradient."""
        (old,) = self.inputs  # type: ignore[misc]
        walk.add(old, np.where(self.saved, 0, grad))


def lost(what: str, remedy: str, error: type[Exception] = GradientLost) -> None:
    """Raise ``error``: a gradient would be lost."""
    raise error(f"{what}. {remedy}")


# -------------------------------------------------------------- the protocols

_SCALARS = (float, int, complex, bool, np.generic)


def accepts(value: Any) -> bool:
    """Whether ``value`` may stand beside a tensor: foreign array types handle the call themselves."""
    kind = value.__class__
    if kind is np.ndarray or kind in (float, int) or isinstance(value, Handle):
        return True
    if isinstance(value, _SCALARS):
        return True
    protocol = getattr(kind, "__array_ufunc__", _ndarray.__array_ufunc__)
    return protocol is _ndarray.__array_ufunc__


def defers(tensor: Any, other: Any) -> bool:
    """Whether an operator of ``tensor`` leaves the work to ``other``, by the rule of NEP 13."""
    kind = other.__class__
    if kind is np.ndarray or kind is tensor.__class__ or isinstance(other, _SCALARS):
        return False
    if hasattr(kind, "__array_ufunc__"):
        return kind.__array_ufunc__ is None
    if kind is list or kind is tuple or issubclass(kind, tensor.__class__):
        return False
    return bool(getattr(other, "__array_priority__", -1e9) > tensor.__array_priority__)


def call_ufunc(
    kind: Any, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``ufunc.method(*inputs, **kwargs)``, tensors among the arguments."""
    for value in inputs:
        if not accepts(value):
            return NotImplemented
    for value in kwargs.get("out", ()):
        if not (value is None or accepts(value)):
            return NotImplemented
    if method == "__call__":
        fate = registry.get(ufunc)
    else:
        return registry_method(kind, ufunc, method, inputs, kwargs)
    return follow(kind, fate, ufunc, inputs, kwargs)


def registry_method(
    kind: Any, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``ufunc.reduce`` and its siblings."""
    fate = registry.get(ufunc)
    if isinstance(fate, type) or (fate is not None and method == "at"):
        return ufunc_methods[method](kind, ufunc, *inputs, **kwargs)
    return data_call(getattr(ufunc, method), inputs, kwargs)


def follow(
    kind: Any,
    fate: Any,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    constant: bool | None = None,
) -> Any:
    """Do what the registry says of ``function``."""
    if isinstance(fate, type):
        if constant is None and args and isinstance(args[0], Handle):
            result = single(fate, function, args, kwargs)
            if result is not NotImplemented:
                return result
        return apply(fate, function, args, kwargs, kind, constant)
    if isinstance(fate, PiecewiseConstant):
        return data_call(function, args, kwargs)
    if isinstance(fate, Composed):
        return _compose(fate, function, args, kwargs, kind, constant)
    if isinstance(fate, Creation):
        return _create(function, args, kwargs, kind, constant)
    if isinstance(fate, Mutation):
        return fate.run(*args, **kwargs)
    if isinstance(fate, Refused):
        raise TypeError(f"{name_of(function)} cannot be used on tensors: {fate.reason}")
    raise TypeError(
        f"{name_of(function)} has no rule in mygrad. Declare one with mygrad.implements, or pass the"
        " values alone: np.asarray(tensor)."
    )


def data_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function`` on the data; what it returns is NumPy's."""
    found: list[Any] = []
    plain = [unwrap(value, found) for value in args]
    options = {key: unwrap(value, found) for key, value in kwargs.items()}
    if kwargs.get("out") is not None:
        outs = kwargs["out"] if isinstance(kwargs["out"], tuple) else (kwargs["out"],)
        if any(isinstance(out, Handle) for out in outs):
            return _data_into(function, plain, options, outs, isinstance(kwargs["out"], tuple))
    return function(*plain, **options)


def _data_into(
    function: Any, plain: list[Any], options: dict[str, Any], outs: tuple[Any, ...], as_tuple: bool
) -> Any:
    scratch = tuple(o._data.copy("K") if isinstance(o, Handle) else o for o in outs)
    options["out"] = scratch if as_tuple else scratch[0]
    result = function(*plain, **options)
    results = result if isinstance(result, tuple) else (result,)
    final = []
    for out, value in zip(outs, results, strict=True):
        if isinstance(out, Handle):
            replace(out, value, CONSTANT)
            final.append(out)
        else:
            final.append(value)
    return tuple(final) if len(final) > 1 else final[0]


def _create(
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: Any,
    constant: bool | None,
) -> Any:
    result = data_call(function, args, kwargs)
    if not isinstance(result, np.ndarray):
        return result
    return make_handle(
        kind,
        result,
        make_leaf(result)
        if result.dtype.kind in "fc" and not constant and recording.get()
        else CONSTANT,
    )


def _compose(
    fate: Composed,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    kind: Any,
    constant: bool | None,
) -> Any:
    """The value is NumPy's, the node that of the expression."""
    found: list[Any] = []
    plain = [unwrap(value, found) for value in args]
    options = {key: unwrap(value, found) for key, value in kwargs.items()}
    variable = constant is not True and any(is_variable(tensor) for tensor in found)
    if variable:
        _needed(fate, function, bind(function, args, kwargs))
    result = function(*plain, **options)
    if not variable:
        return _constants(Operation, result, kind, found, constant)
    traced = fate.expression(*args, **kwargs)
    if isinstance(result, np.ndarray | np.generic):
        return _with_value(result, traced, kind)
    return _like(
        result, [_with_value(v, t, kind) for v, t in zip(result, traced, strict=True)]
    )


def _with_value(value: Any, traced: Any, kind: Any) -> Any:
    data = _asarray(value)
    if not isinstance(traced, Handle) or data.dtype.kind not in "fc":
        return make_handle(kind, data, CONSTANT)
    node = traced._node
    if node.stale or node.shape != data.shape or node.dtype != data.dtype:
        node = make_node(Same, (touch(traced),), data.shape, data.dtype)
    return make_handle(kind, data, node)


def call_function(
    kind: Any, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """``function(*args, **kwargs)``, tensors among the arguments."""
    for foreign in types:
        if not issubclass(foreign, Handle):
            protocol = getattr(foreign, "__array_function__", None)
            if protocol is not _ndarray.__array_function__:
                return NotImplemented
    return follow(kind, registry.get(function), function, args, kwargs)


def dispatched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make ``function`` look itself up in the registry when it is given tensors, as NumPy's do."""

    @wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        unwrap(args, found)
        unwrap(kwargs, found)
        if not found:
            return function(*args, **kwargs)
        return apply(registry[public], function, args, kwargs, found[0].__class__)  # type: ignore[arg-type]

    return public
