"""Calls of functions, written out for each pattern of arguments.

A pattern says which arguments are tensors that carry a gradient, which are constant, which are arrays,
numbers or lists. For ``np.where(mask, x, 0.5)`` the text reads, in short::

    def call(kind, p0, p1, p2):
        a1 = p1._data
        data = function(p0, a1, p2)
        node = new(operation)
        node.inputs = (p1._node,)
        node.saved = (p0,)
        lock(node, p0)
        …
        result = new(kind)
        result._data = data
        result._node = node
        return result

What is said of an argument in a pattern does not have to be asked again in each call: a fifth of the
price of :func:`mygrad.calls.apply`, which does the same for all calls there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from mygrad import guard
from mygrad.calls import as_array, explain, general, link_views
from mygrad.graph import (
    CONSTANT,
    CONSTANT_VIEW,
    HOLED,
    NEXT,
    SLOW,
    VIEW,
    WHOLE,
    Handle,
    creation,
    new,
)
from mygrad.modes import guarding, recording
from mygrad.operation import Elementwise, asked_of, registry
from mygrad.signatures import parameters_of
from mygrad.views import forget, holes_in

_ndarray = np.ndarray
NUMERIC = frozenset("biufc")

# What an argument can be in a pattern: numbers, lest one be taken for the name of a keyword.
VARIABLE = 0  # a tensor that carries a gradient, and that nothing else is to be said of
FIXED = 1  # a constant tensor
ARRAY = 2
ATOM = 3  # holds no tensor, and cannot change
ARRAYS = 4  # a list or tuple of the above, a variable among them

_ATOMS = frozenset(
    {int, float, complex, bool, str, type(None), slice, type, np.dtype, type(Ellipsis)}
)
#: Every array in a list is asked for its kind; in long lists this costs more than it saves.
_FEW = 32
#: So many patterns no program has; their texts must not fill the memory of one that has.
_MANY = 2000

_ways: dict[tuple[Any, ...], Callable[..., Any] | None] = {}
#: Those of one variable and nothing else, by the function.
sole: dict[Any, Callable[..., Any]] = {}


def settled(tensor: Any) -> bool:
    """Whether the short way is open to a tensor: to a view, as long as its base was never updated."""
    node = tensor._node
    if node.stale & SLOW != VIEW:
        return not node.stale & SLOW
    base = tensor._base
    return (
        node is not CONSTANT_VIEW
        and base._version == tensor._version < NEXT
        and not base._node.stale & ~(WHOLE | HOLED)
    )


def kind_of(value: Any) -> int | None:
    """What ``value`` is in a pattern; None where only the general way will do."""
    if value.__class__ in _ATOMS:
        return ATOM
    if isinstance(value, Handle):
        node = value._node
        if node is CONSTANT:
            return FIXED
        return VARIABLE if not node.stale & SLOW or settled(value) else None
    if value.__class__ is _ndarray:
        return ARRAY if value.dtype.kind in NUMERIC else None
    if isinstance(value, np.generic):
        return ATOM if value.dtype.kind in NUMERIC else None
    sequence: Any = value.__class__
    if (sequence is tuple or sequence is list) and len(value) <= _FEW:
        kinds = set(map(kind_of, value))
        if VARIABLE in kinds and kinds <= {VARIABLE, FIXED, ARRAY, ATOM}:
            return ARRAYS
        if kinds <= {ATOM} and sequence is tuple:
            return ATOM
    return None


def shortly(kind: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function(*args, **kwargs)``, results of class ``kind``; NotImplemented where it has no short way."""
    if not recording.get():
        return NotImplemented
    if kwargs:
        key = (function, *map(kind_of, args), *kwargs, *map(kind_of, kwargs.values()))
    elif len(args) == 1:
        key = (function, kind_of(args[0]))
    else:
        key = (function, *map(kind_of, args))
    try:
        way = _ways[key]
    except KeyError:
        kinds = [kind_of(value) for value in args]
        named = {name: kind_of(value) for name, value in kwargs.items()}
        way = None if None in (*kinds, *named.values()) else _write(function, kinds, named)
        if len(_ways) < _MANY:
            _ways[key] = way
            if way is not None and key[1:] == (VARIABLE,):
                sole[function] = way
    if way is None:
        return NotImplemented
    result = way(kind, *args, **kwargs)
    if result is NotImplemented:  # no array of floats: the next call need not try
        _ways[key] = None
        sole.pop(function, None)
    return result


_CALL = """\
def call(kind_, {parameters}):
    {data}
    try:
        data_ = compute_({given})
    except Exception as error_:
        explain_(error_, function_, ({positional}), {{{keywords}}})
        raise
    if data_.__class__ is not ndarray_:
        if not isinstance(data_, generic_):
            return NotImplemented
        data_ = asarray_(data_)
    dtype_ = data_.dtype
    if dtype_.kind not in "fc":
        return NotImplemented
    {nodes}
    node_ = new_(operation_)
    node_.inputs = ({inputs})
    node_.plan = {plan}
    node_.saved = {saved}
    node_.shape = data_.shape
    node_.dtype = dtype_
    node_.order = creation_()
    node_.grad = node_.locks = None
    node_.stale = 0
    {locks}
    result_ = new_(kind_)
    result_._data = data_
    result_._node = node_
    result_._base = None
    result_._version = 0
    {views}
    return result_
"""

# What is written for an argument of each kind: its array or arrays, and the nodes of its variables.
_DATA = {
    VARIABLE: "{name}_data = {name}._data",
    FIXED: "{name}_data = {name}._data",
    ARRAYS: """{name}_data = [each_._data if isinstance(each_, Handle_) else each_ for each_ in {name}]
    {name}_places = [
        place_ for place_, each_ in enumerate({name})
        if isinstance(each_, Handle_) and each_._node is not CONSTANT_
    ]""",
}
_NODES = {
    VARIABLE: """{name}_node = {name}._node
    if {name}_node.stale:
        forget_({name}_node)""",
    ARRAYS: """{name}_nodes = [{name}[place_]._node for place_ in {name}_places]
    for each_ in {name}_nodes:
        if each_.stale:
            forget_(each_)""",
}
_HOLES = {
    VARIABLE: "holes_in_({name}_node, {name}_data)",
    ARRAYS: "any([holes_in_({name}[place_]._node, {name}_data[place_]) for place_ in {name}_places])",
}
_LOCKS = {
    FIXED: "lock_(node_, {name}_data)",
    ARRAY: "lock_(node_, {name})",
    ARRAYS: """for each_ in {name}:
            if each_.__class__ is ndarray_:
                lock_(node_, each_)
            elif isinstance(each_, Handle_) and each_._node is CONSTANT_:
                lock_(node_, each_._data)""",
}


def _write(function: Any, kinds: list[Any], named: dict[str, Any]) -> Any:
    """The way of calls of ``function`` with arguments of these kinds; None where there is none."""
    fate = registry.get(function)
    names = parameters_of(function)[0]
    if not isinstance(fate, type) or len(kinds) > len(names):
        return None
    operation: Any = fate
    given = dict(zip(names, kinds, strict=False)) | named
    needed = [name for name, kind in given.items() if kind in (VARIABLE, ARRAYS)]
    elementwise = issubclass(operation, Elementwise)
    if (
        not {*needed} <= {*operation.differentiable}
        or not needed
        or len(given) < len(kinds) + len(named)
        or {"where", "out", "overwrite_input"} & given.keys()
        or (operation.overwrites and "copy" in given)
        or (elementwise and ARRAYS in given.values())
    ):
        return None
    needed.sort(key=operation.differentiable.index)
    plan = operation.plan_for(tuple(needed))
    value = {n: n if kind in (ARRAY, ATOM) else f"{n}_data" for n, kind in given.items()}
    known = {
        "function_": function,
        # What NumPy and `dispatched` wrap looks for tensors among the arguments, of which there are none.
        "compute_": operation.direct or getattr(function, "__wrapped__", function),
        "operation_": operation,
        "plan_": plan,
        "masked_plan_": operation.plan_for(tuple(needed), True),
        **{f"{name}_default": default for name, default in plan.defaults.items()},
        **{f"{name}_fact": fact for name, fact in operation.facts.items()},
        **_KNOWN,
    }

    def kept(name: str) -> str:
        of = name if name in given else name.removesuffix("_shape")
        if name == "out":
            return "data_"
        if name in operation.facts:
            asked = [each for each in asked_of(operation.facts[name]) if each in given]
            return f"{name}_fact({', '.join(f'{each}={value[each]}' for each in asked)})"
        if of not in given:
            return f"{name}_default"
        if of != name:
            return (
                f"tuple(map(shape_, {value[of]}))"
                if given[of] == ARRAYS
                else f"shape_({value[of]})"
            )
        if given[of] == ATOM and name in operation.differentiable and not elementwise:
            return f"as_array_({name}, data_)"
        return value[name]

    def lines(of: Iterable[str], texts: dict[int, str], separator: str = "\n    ") -> str:
        chosen = [texts[given[name]].format(name=name) for name in of if given[name] in texts]
        return separator.join(chosen)

    saved = f"({''.join(f'{kept(name)}, ' for name in plan.names)})"
    chosen_plan = "plan_"
    if operation.selects:
        chosen_plan = f"masked_plan_ if {lines(needed, _HOLES, ' or ')} else plan_"
    if operation.joint is not None or ARRAYS in given.values():
        routes = "".join(
            f"*[({position}, (place_,)) for place_ in {name}_places], "
            if given[name] == ARRAYS
            else f"({position}, ()), "
            for position, name in enumerate(needed)
        )
        saved = f"(operation_, {chosen_plan}, {saved}, [{routes}])"
        chosen_plan = "None"
        known["operation_"], known["general_"] = general(operation), operation
        saved = saved.replace("(operation_, ", "(general_, ", 1)
    locks = lines((name for name in plan.names if name in given), _LOCKS, "\n        ")
    tensors = "".join(
        f"*[each_ for each_ in {name} if isinstance(each_, Handle_)], "
        if kind == ARRAYS
        else f"{name}, "
        for name, kind in given.items()
        if kind not in (ARRAY, ATOM)
    )
    positional = list(given)[: len(kinds)]
    text = _CALL.format(
        parameters=", ".join([*positional, *(["*", *named] if named else [])]),
        data=lines(given, _DATA),
        given=", ".join(
            [value[n] for n in positional] + [f"{name}={value[name]}" for name in named]
        ),
        positional="".join(f"{name}, " for name in positional),
        keywords=", ".join(f"{name!r}: {name}" for name in named),
        nodes=lines(needed, _NODES),
        inputs="".join(
            f"*{name}_nodes, " if given[name] == ARRAYS else f"{name}_node, " for name in needed
        ),
        plan=chosen_plan,
        saved=saved,
        locks=f"if guarding_.get():\n        {locks}" if locks else "",
        views=f"link_views_(operation_, result_, [{tensors}])" if operation.may_view else "",
    )
    exec(text, known)
    return known["call"]


_KNOWN = {
    "CONSTANT_": CONSTANT,
    "Handle_": Handle,
    "as_array_": as_array,
    "asarray_": np.asarray,
    "creation_": creation,
    "explain_": explain,
    "forget_": forget,
    "generic_": np.generic,
    "guarding_": guarding,
    "holes_in_": holes_in,
    "link_views_": link_views,
    "lock_": guard.lock,
    "ndarray_": np.ndarray,
    "new_": new,
    "shape_": np.shape,
}
