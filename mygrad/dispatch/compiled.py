"""Calls of functions, written out for each pattern of arguments.

A pattern says which arguments are tensors that carry a gradient, which are constant, which are arrays,
numbers or lists. For ``np.where(mask, x, 0.5)`` the text reads, in short::

    def call(tensor_class, p0, p1, p2):
        a1 = p1._data
        data = function(p0, a1, p2)
        node = new(operation)
        node.inputs = (p1._node,)
        node.saved = (p0,)
        lock(node, p0)
        …
        result = new(tensor_class)
        result._data = data
        result._node = node
        return result

What is said of an argument in a pattern does not have to be asked again in each call: a fifth of the
price of :func:`mygrad.dispatch.general.apply`, which does the same for all calls there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import explain
from mygrad.dispatch.description import as_array
from mygrad.dispatch.general import general, link_views, wrap
from mygrad.engine import guard
from mygrad.engine.modes import Recording, guarding, recording
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    GRADIENT,
    REACHABLE,
    SLOW,
    VIEW,
    Handle,
    creation,
    new,
)
from mygrad.engine.operation import Elementwise, asked_of
from mygrad.engine.registry import registry
from mygrad.engine.signatures import parameters_of
from mygrad.engine.views import forget, is_fleeting, nans_in

_ndarray = np.ndarray
ON = Recording.ON
NUMERIC = frozenset("biufc")

# What an argument can be in a pattern: numbers, lest one be taken for the name of a keyword.
VARIABLE = 0  # a tensor that carries a gradient, and that nothing else is to be said of
FIXED = 1  # a constant tensor
ARRAY = 2
ATOM = 3  # holds no tensor, and cannot change
ARRAYS = 4  # a list or tuple of the above, a variable among them

_IN_ARRAYS = {VARIABLE, FIXED, ARRAY, ATOM}

_ATOMS = frozenset(
    {int, float, complex, bool, str, type(None), slice, type, np.dtype, type(Ellipsis)}
)
#: Every array in a list is asked for its kind; in long lists this costs more than it saves.
_FEW = 32
#: So many patterns no program has; their texts must not fill the memory of one that has.
_MANY = 2000

_ways: dict[tuple[Any, ...], Any] = {}
#: Those of one variable and nothing else, by the function.
sole: dict[Any, Any] = {}


def settled(tensor: Any) -> bool:
    """True if the short way is open to a tensor: to a view, if its base has nothing new to tell it."""
    node = tensor._node
    if node.state & SLOW != VIEW:
        return not node.state & SLOW
    base = tensor._base
    return (
        node is not CONSTANT_VIEW
        and base._version == tensor._version
        and not base._node.state & ~EXPOSED
        and not is_fleeting(tensor)
    )


def kind_of(value: Any) -> int | None:
    """What ``value`` is in a pattern; None where only the general way will do."""
    if value.__class__ in _ATOMS:
        return ATOM
    if isinstance(value, Handle):
        node = value._node
        if node is CONSTANT:
            return FIXED
        return VARIABLE if not node.state & SLOW or settled(value) else None
    if value.__class__ is _ndarray:
        return ARRAY if value.dtype.kind in NUMERIC else None
    if isinstance(value, np.generic):
        return ATOM if value.dtype.kind in NUMERIC else None
    sequence: Any = value.__class__
    if (sequence is tuple or sequence is list) and len(value) <= _FEW:
        kinds = set(map(kind_of, value))
        if VARIABLE in kinds and kinds <= _IN_ARRAYS:
            return ARRAYS
        if kinds <= {ATOM} and sequence is tuple:
            return ATOM
    return None


def shortly(tensor_class: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function(*args, **kwargs)``, results of class ``tensor_class``; NotImplemented where it has no short way."""
    if recording.get() is not ON:
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
        if function not in registry or len(_ways) == _MANY:  # it may yet be registered
            return NotImplemented
        kinds = [kind_of(value) for value in args]
        named = {name: kind_of(value) for name, value in kwargs.items()}
        way = None if None in (*kinds, *named.values()) else _write(function, kinds, named)
        _ways[key] = way
        if way is not None and key[1:] == (VARIABLE,):
            sole[function] = way
    if way is None:
        return NotImplemented
    result = way(tensor_class, *args, **kwargs)
    if result is NotImplemented:  # no floats: the next call need not try
        sole.pop(function, None)
        _ways[key] = None
    return result


# ------------------------------------------------------------------ the texts

_CALL = """\
def call(tensor_class_, {parameters}):
    {data}
    {computed}
    {nodes}
    node_ = new_(class_)
    node_.inputs = ({inputs})
    node_.plan = {plan}
    node_.saved = {saved}
    node_.shape = shape_
    node_.dtype = dtype_
    node_.order = creation_()
    node_.grad = node_.locks = node_.has_nan = None
    node_.state = 0
    {locks}
    {wrapped}
    {views}
    return result_
"""
# Of one result and of several: how they are computed, and the tensors made of them. Several are handed over
# by the text for one, which does not know before.
_COMPUTED = """try:
        data_ = compute_({arguments})
    except Exception as error_:
        explain_(error_, function_, ({positional}), {{{keywords}}})
        raise
    if data_.__class__ is not ndarray_:
        if isinstance(data_, sequences_):
            return several_()(tensor_class_, {passed}, data_=data_)
        if not isinstance(data_, generic_):
            return NotImplemented
        data_ = asarray_(data_)
    dtype_ = data_.dtype
    if dtype_.kind not in "fc":
        return NotImplemented
    shape_ = data_.shape"""
_SEVERAL_COMPUTED = """shape_ = ()
    dtype_ = float_"""
_WRAPPED = """result_ = new_(tensor_class_)
    result_._data = data_
    result_._node = node_
    result_._base = None
    result_._version = 0
    result_._is_array = False"""
_SEVERAL_WRAPPED = "result_ = wrap_(node_, data_, tensor_class_)"

# What is written for an argument of a kind: to get its array or arrays, and the nodes of its variables; to
# ask whether NaN is hidden in these; to lock what users can reach.
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
    if {name}_node.state & GRADIENT_:
        forget_({name}_node)""",
    ARRAYS: """{name}_nodes = [{name}[place_]._node for place_ in {name}_places]
    for each_ in {name}_nodes:
        if each_.state & GRADIENT_:
            forget_(each_)""",
}
_NANS = {
    VARIABLE: "nans_in_({name}_node, {name}_data)",
    ARRAYS: "any([nans_in_({name}[place_]._node, {name}_data[place_]) for place_ in {name}_places])",
}
_LOCKS = {
    VARIABLE: """if {name}_node.state & REACHABLE_ and guarding_.get():
        lock_exposed_(node_, {name}, {name}_data)""",
    FIXED: """if guarding_.get():
        lock_(node_, {name}_data)""",
    ARRAY: """if guarding_.get():
        lock_(node_, {name})""",
    ARRAYS: """if guarding_.get():
        for each_, array_ in zip({name}, {name}_data):
            if each_.__class__ is ndarray_:
                lock_(node_, each_)
            elif not isinstance(each_, Handle_):
                pass
            elif each_._node is CONSTANT_:
                lock_(node_, array_)
            elif each_._node.state & REACHABLE_:
                lock_exposed_(node_, each_, array_)""",
}
_INPUTS = {VARIABLE: "{name}_node, ", ARRAYS: "*{name}_nodes, "}
_TENSORS = {
    VARIABLE: "{name}, ",
    FIXED: "{name}, ",
    ARRAYS: "*[each_ for each_ in {name} if isinstance(each_, Handle_)], ",
}


def _write(function: Any, kinds: list[Any], named: dict[str, Any]) -> Any:
    """The way of calls of ``function`` with arguments of these kinds; None where there is none."""
    operation: Any = registry.get(function)
    if not isinstance(operation, type):
        return None
    names, rest = parameters_of(function)
    given = dict(zip(names, kinds, strict=False))
    spare = kinds[len(names) :]
    if spare and (rest is None or VARIABLE not in spare or not {*spare} <= _IN_ARRAYS):
        return None
    if rest is not None and spare:
        given[rest] = ARRAYS
    else:
        rest = None
    if given.keys() & named.keys() or {"where", "out", "overwrite_input"} & (given | named).keys():
        return None
    writer = _Writer(function, operation, given, named, rest)
    return writer.call() if writer.possible() else None


class _Writer:
    """Writes the way of one pattern: ``given`` and ``named`` are the kinds of its arguments.

    The argument ``rest`` takes all that the other positional ones leave.
    """

    def __init__(
        self,
        function: Any,
        operation: Any,
        given: dict[str, int],
        named: dict[str, int],
        rest: str | None,
    ) -> None:
        self.function = function
        self.operation = operation
        self.positional = [f"*{name}" if name == rest else name for name in given]
        self.named = named
        self.kinds = given | named
        self.elementwise = issubclass(operation, Elementwise)
        self.needed = [name for name, kind in self.kinds.items() if kind in (VARIABLE, ARRAYS)]
        self.arrays = {
            name: name if kind in (ARRAY, ATOM) else f"{name}_data"
            for name, kind in self.kinds.items()
        }
        if rest is not None:
            self.arrays[rest] = f"tuple({rest}_data)"

    def possible(self) -> bool:
        """Whether the short way does what the general way does for such calls."""
        return (
            bool(self.needed)
            and {*self.needed} <= {*self.operation.differentiable}
            and not self.operation.of_complex
            and not (self.operation.overwrites and "copy" in self.kinds)
            and not (self.elementwise and ARRAYS in self.kinds.values())
        )

    def call(self, several: bool = False) -> Any:
        """The function that the text defines, of calls with one result or with ``several``."""
        operation = self.operation
        self.needed.sort(key=operation.differentiable.index)
        plan = operation.plan_for(tuple(self.needed))
        chosen = "plan_"
        if operation.selects:
            nans = " or ".join(self.each(_NANS, self.needed))
            chosen = f"masked_plan_ if {nans} else plan_"
        saved = f"({''.join(f'{self.kept(name, several)}, ' for name in plan.names)})"
        simple = not several and operation.joint is None and ARRAYS not in self.kinds.values()
        if not simple:
            saved = f"(operation_, {chosen}, {saved}, [{self.routes()}])"
        arguments = [
            each.replace(name, self.arrays[name])
            for each, name in zip(self.positional, self.kinds, strict=False)
        ]
        arguments += [f"{name}={self.arrays[name]}" for name in self.named]
        locks = self.each(_LOCKS, [name for name in plan.names if name in self.kinds])
        tensors = "".join(self.each(_TENSORS))
        computed = _COMPUTED.format(
            arguments=", ".join(arguments),
            positional="".join(f"{name}, " for name in self.positional),
            keywords=", ".join(f"{name!r}: {name}" for name in self.named),
            passed=", ".join([*self.positional, *(f"{name}={name}" for name in self.named)]),
        )
        text = _CALL.format(
            parameters=", ".join([*self.positional, *self.named, *(["data_"] if several else [])]),
            data="\n    ".join(self.each(_DATA)),
            computed=_SEVERAL_COMPUTED if several else computed,
            nodes="\n    ".join(self.each(_NODES)),
            inputs="".join(self.each(_INPUTS, self.needed)),
            plan=chosen if simple else "None",
            saved=saved,
            locks="\n    ".join(locks),
            wrapped=_SEVERAL_WRAPPED if several else _WRAPPED,
            views=f"link_views_(operation_, result_, [{tensors}])" if operation.may_view else "",
        )
        known = {
            "class_": operation if simple else general(operation),
            # What NumPy and `dispatched` wrap looks for tensors among the arguments: there are none.
            "compute_": operation.direct or getattr(self.function, "__wrapped__", self.function),
            "function_": self.function,
            "masked_plan_": operation.plan_for(tuple(self.needed), True),
            "operation_": operation,
            "plan_": plan,
            "several_": cache(partial(self.call, several=True)),
            **{f"{name}_default": default for name, default in plan.defaults.items()},
            **{f"{name}_fact": fact for name, fact in operation.facts.items()},
            **_KNOWN,
        }
        exec(text, known)
        return known.pop("call")  # which holds what is known: no cycle

    def each(self, texts: dict[int, str], names: Iterable[str] | None = None) -> list[str]:
        """What ``texts`` has for the arguments ``names``, by default all."""
        names = self.kinds if names is None else names
        return [
            texts[self.kinds[name]].format(name=name) for name in names if self.kinds[name] in texts
        ]

    def kept(self, name: str, several: bool) -> str:
        """What is kept for the rules under ``name``."""
        if name == "out":
            return "tuple(data_)" if several else "data_"
        if name in self.operation.facts:
            asked = [each for each in asked_of(self.operation.facts[name]) if each in self.kinds]
            return f"{name}_fact({', '.join(f'{each}={self.arrays[each]}' for each in asked)})"
        of = name if name in self.kinds else name.removesuffix("_shape")
        if of not in self.kinds:
            return f"{name}_default"
        if of != name and self.kinds[of] == ARRAYS:
            return f"tuple(map(shape_of_, {self.arrays[of]}))"
        if of != name:
            return f"shape_of_({self.arrays[of]})"
        if (
            self.kinds[name] == ATOM
            and name in self.operation.differentiable
            and not self.elementwise
        ):
            return f"as_array_({name}, data_)"
        return self.arrays[name]

    def routes(self) -> str:
        """The ways from what the rules return to the inputs: see `calls.General`."""
        return "".join(
            f"*[({position}, (place_,)) for place_ in {name}_places], "
            if self.kinds[name] == ARRAYS
            else f"({position}, ()), "
            for position, name in enumerate(self.needed)
        )


_KNOWN = {
    "CONSTANT_": CONSTANT,
    "GRADIENT_": GRADIENT,
    "Handle_": Handle,
    "REACHABLE_": REACHABLE,
    "as_array_": as_array,
    "asarray_": np.asarray,
    "creation_": creation,
    "explain_": explain,
    "float_": np.dtype(float),
    "forget_": forget,
    "generic_": np.generic,
    "guarding_": guarding,
    "nans_in_": nans_in,
    "link_views_": link_views,
    "lock_": guard.lock,
    "lock_exposed_": guard.lock_exposed,
    "ndarray_": np.ndarray,
    "new_": new,
    "sequences_": (tuple, list),
    "shape_of_": np.shape,
    "wrap_": wrap,
}
