"""Calls specialised for a pattern of kinds of arguments, generated once.

A pattern says which arguments are tensors that carry a gradient, constant tensors, arrays, numbers or
lists. For ``np.where(mask, x, 0.5)`` the generated source is, in short::

    def call(tensor_class, condition, x, y):
        x_data = x._data
        data = compute(condition, x_data, y)
        node = new(operation)
        node.inputs = (x._node,)
        node.saved = (condition,)
        lock(node, condition)
        …
        result = new(tensor_class)
        result._data = data
        result._node = node
        return result

The source is printed from the :class:`~mygrad.dispatch.description.Description` of the call, which the general path
reads in each call. What the pattern says of an argument need not be checked at run time, so a call costs a fifth of
the general path. :func:`source_of` returns the source of a call.

Operators, ufuncs and functions share these calls. :mod:`mygrad.dispatch.ufuncs` chooses among them by the classes of
two operands, :func:`shortly` by the kinds of all arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, partial
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import explain, name_of
from mygrad.dispatch.description import Description, as_array, describe, operand, own
from mygrad.dispatch.general import (
    general,
    has_mask,
    holds,
    link_views,
    lock_constant,
    lock_reachable,
    wrap,
)
from mygrad.dispatch.kinds import (
    ARRAY,
    ARRAY_0D,
    ARRAYS,
    ATOM,
    FIXED,
    IN_ARRAYS,
    TUPLE,
    VARIABLE,
    kind_of,
)
from mygrad.engine import guard
from mygrad.engine.modes import Recording, guarding, recording
from mygrad.engine.nodes import GRADIENT, REACHABLE, Constant, Handle, creation, new
from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import registry
from mygrad.engine.signatures import parameters_of
from mygrad.engine.views import forget, nans_in

ON = Recording.ON
#: The maximum number of generated calls, more than programs need: it bounds the memory that they take.
_MANY = 2000

_INEXACT = set(np.typecodes["AllFloat"])
_NUMBERS = _INEXACT | set(np.typecodes["AllInteger"]) | {"?"}

#: (function, kinds of positional arguments, names and kinds of keyword arguments) → the call, or None.
_calls: dict[tuple[Any, ...], Any] = {}
#: Function → its call with one variable as the only argument.
sole: dict[Any, Any] = {}


def shortly(tensor_class: Any, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """``function(*args, **kwargs)`` with results of class ``tensor_class``; NotImplemented without a fast path."""
    if recording.get() is not ON:
        return NotImplemented
    if kwargs:
        key = (function, *map(kind_of, args), *kwargs, *map(kind_of, kwargs.values()))
    elif len(args) == 1:
        key = (function, kind_of(args[0]))
    else:
        key = (function, *map(kind_of, args))
    try:
        call = _calls[key]
    except KeyError:
        call = specialised(function, key[1 : len(args) + 1], _named(kwargs))
    if call is None:
        return NotImplemented
    result = call(tensor_class, *args, **kwargs)
    if result is NotImplemented:  # the result is not floating: later calls need not try
        sole.pop(function, None)
        _calls[key] = None
    return result


def _named(kwargs: dict[str, Any]) -> dict[str, int | None]:
    return {name: kind_of(value) for name, value in kwargs.items()}


def specialised(
    function: Any, kinds: tuple[int | None, ...], named: dict[str, int | None] | None = None
) -> Any:
    """The call of ``function`` with arguments of these kinds; None if only the general path supports it.

    Its first parameter, before the arguments, is the class of its results. It returns NotImplemented if the result
    cannot carry a gradient.
    """
    named = named or {}
    key = (function, *kinds, *named, *named.values())
    if key not in _calls:
        if function not in registry or len(_calls) == _MANY:  # it may be registered later
            return None
        writer = _writer(function, kinds, named)
        _calls[key] = None if writer is None else writer.call()
        if kinds == (VARIABLE,) and not named and writer is not None:
            sole[function] = _calls[key]
    return _calls[key]


def source_of(function: Any, *args: Any, **kwargs: Any) -> str:
    """The source generated for ``function(*args, **kwargs)``, for contributors to read.

    Operators use the source of their ufuncs. If NumPy returns several arrays, only the first part of it runs.
    """
    writer = _writer(function, tuple(map(kind_of, args)), _named(kwargs))
    return "only the general path supports this call" if writer is None else writer.source()


def gives_floats(function: Any) -> bool:
    """True if ``function`` is a ufunc with one result, which is floating whenever an operand is."""
    return (
        isinstance(function, np.ufunc)
        and function.nout == 1
        and all(
            _INEXACT.issuperset(results)
            for operands, results in (types.split("->") for types in function.types)
            if _NUMBERS.issuperset(operands) and not _INEXACT.isdisjoint(operands)
        )
    )


# -------------------------------------------------------------- the templates

_CALL = """\
def call(tensor_class_, {parameters}):
    {data}
    {computed}
    {nodes}
    node_ = new_(class_)
    node_.inputs = ({inputs})
    node_.plan = {plan}
    node_.saved = {saved}
    node_.shape = {shape}
    node_.dtype = {dtype}
    node_.order = creation_()
    node_.grad = node_.locks = node_.has_nan = None
    node_.state = 0
    state_ = {states}
    if state_:
        if state_ & GRADIENT_:
            {forgotten}
        {exposed}
    {fixed}
    {wrapped}
    {views}
    return result_
"""
# The computation of the result, and the tensors made of one result and of several. The source for one result calls
# that for several, as the number is known only after NumPy has run.
_COMPUTED = """try:
        data_ = compute_({arguments})
    except Exception as error_:
        explain_(error_, function_, ({positional}), {{{keywords}}})
        raise
    if data_.__class__ is not ndarray_:
        {converted}
    {checked}"""
_CONVERTED = """if isinstance(data_, sequences_):
            return several_()(tensor_class_, {passed}, data_=data_)
        if not isinstance(data_, generic_):
            return NotImplemented
        data_ = asarray_(data_)"""
_CHECKED = """if data_.dtype.kind not in "fc":
        return NotImplemented"""
_WRAPPED = """result_ = new_(tensor_class_)
    result_._data = data_
    result_._node = node_
    result_._base = None
    result_._version = 0
    result_._is_array = False"""
_SEVERAL_WRAPPED = "result_ = wrap_(node_, data_, tensor_class_)"

# The source for an argument of each kind: get its array or arrays, the nodes of its variables, and their states; drop
# the gradients of these; check them for NaN; lock the arrays that user code can access.
_DATA = {
    VARIABLE: "{name}_data = {name}._data",
    FIXED: "{name}_data = {name}._data",
    ARRAY_0D: "{name}_data = {name}[()]",
    ARRAYS: """{name}_data = [each_._data if isinstance(each_, Handle_) else each_ for each_ in {name}]
    {name}_places = [
        place_ for place_, each_ in enumerate({name})
        if isinstance(each_, Handle_) and each_._node.__class__ is not Constant_
    ]""",
}
_NODES = {
    VARIABLE: "{name}_node = {name}._node",
    ARRAYS: """{name}_nodes = [{name}[place_]._node for place_ in {name}_places]
    {name}_state = 0
    for each_ in {name}_nodes:
        {name}_state |= each_.state""",
}
_STATES = {VARIABLE: "{name}_node.state", ARRAYS: "{name}_state"}
_FORGOTTEN = {
    VARIABLE: "forget_({name}_node)",
    ARRAYS: """for each_ in {name}_nodes:
                forget_(each_)""",
}
_NANS = {
    VARIABLE: "nans_in_({name}_node, {name}_data)",
    ARRAYS: "any([nans_in_({name}[place_]._node, {name}_data[place_]) for place_ in {name}_places])",
}
_EXPOSED = {
    VARIABLE: "lock_exposed_(node_, {name}, {name}_data)",
    ARRAYS: """for place_ in {name}_places:
                lock_exposed_(node_, {name}[place_], {name}_data[place_])""",
}
_FIXED = {
    FIXED: "lock_constant_(node_, {name}, {name}_data)",
    ARRAY: "lock_(node_, {name})",
    ARRAYS: """for place_, each_ in enumerate({name}):
            if place_ not in {name}_places:
                lock_reachable_(node_, each_, {name}_data[place_])""",
}
_INPUTS = {VARIABLE: "{name}_node, ", ARRAYS: "*{name}_nodes, "}
_ROUTES = {
    VARIABLE: "({position}, ()), ",
    ARRAYS: "*[({position}, (place_,)) for place_ in {name}_places], ",
}
_TENSORS = {
    VARIABLE: "{name}, ",
    FIXED: "{name}, ",
    ARRAYS: "*[each_ for each_ in {name} if isinstance(each_, Handle_)], ",
}

_WITH_SHAPE = {VARIABLE, FIXED, ARRAY}
#: Function → the kinds of arguments that it returns unchanged.
_UNCHANGED: dict[Any, set[int]] = {
    as_array: _WITH_SHAPE,
    operand: _WITH_SHAPE | {ATOM, ARRAY_0D},
    own: _WITH_SHAPE | {ATOM, TUPLE, ARRAYS, ARRAY_0D},
}


def _writer(
    function: Any, kinds: tuple[int | None, ...], named: dict[str, int | None]
) -> _Writer | None:
    """The writer of the call of ``function`` with arguments of these kinds; None if only the general path supports it."""
    operation: Any = registry.get(function)
    if not isinstance(operation, type) or None in kinds or None in named.values():
        return None
    names, rest = parameters_of(function)
    given: dict[str, Any] = dict(zip(names, kinds, strict=False))
    spare = kinds[len(names) :]
    if spare and (rest is None or VARIABLE not in spare or not IN_ARRAYS.issuperset(spare)):
        return None
    if rest is not None and spare:
        given[rest] = ARRAYS
    else:
        rest = None
    if given.keys() & named.keys() or {"out", "overwrite_input"} & (given | named).keys():
        return None
    writer = _Writer(function, operation, given, named, rest)
    return writer if writer.is_possible() else None


class _Writer:
    """Generates the call for one pattern: ``given`` and ``named`` are the kinds of its arguments.

    ``rest`` is the name of the variadic parameter (``*args``), or None.
    """

    def __init__(
        self, function: Any, operation: Any, given: dict[str, Any], named: dict[str, Any], rest: Any
    ) -> None:
        self.function = function
        self.operation = operation
        self.positional = [f"*{name}" if name == rest else name for name in given]
        self.named = named
        self.kinds: dict[str, int] = given | named
        self.elementwise = issubclass(operation, Elementwise)
        if not self.elementwise:  # other operations may treat a 0-d array differently from a number
            self.kinds = {n: ARRAY if k == ARRAY_0D else k for n, k in self.kinds.items()}
        self.needed = [name for name, kind in self.kinds.items() if kind in (VARIABLE, ARRAYS)]
        self.values = {
            name: f"{name}_data" if kind in _DATA else name for name, kind in self.kinds.items()
        }
        if rest is not None:
            self.values[rest] = f"tuple({rest}_data)"

    def is_possible(self) -> bool:
        """True if the generated source can do all that the general path does for such calls."""
        return (
            bool(self.needed)
            and {*self.needed} <= {*self.operation.differentiable}
            and not self.operation.of_complex
            and not (self.operation.overwrites and "copy" in self.kinds)
            and not (self.elementwise and ARRAYS in self.kinds.values())
            and not ("where" in self.kinds and has_mask(self.operation))
        )

    def call(self, several: bool = False) -> Any:
        """The function that the source defines, for calls with one result or with ``several``."""
        description = self.description()
        operation = self.operation
        known = {
            "class_": operation if description.is_simple(several) else general(operation),
            # The wrappers of NumPy and of `dispatched` search the arguments for tensors; here there are none.
            "compute_": operation.direct or getattr(self.function, "__wrapped__", self.function),
            "function_": self.function,
            "operation_": operation,
            "plan_": description.plan,
            "masked_plan_": description.masked_plan,
            "several_": cache(partial(self.call, several=True)),
            **{f"{name}_default": value for name, value in description.plan.defaults.items()},
            **{f"{name}_made": kept.make for name, kept in description.kept.items()},
            **_KNOWN,
        }
        text = self.source(several)
        exec(compile(text, f"<call of {name_of(self.function)}>", "exec"), known)
        return known.pop(
            "call"
        )  # removed, as the function refers to these globals: no reference cycle

    def description(self) -> Description:
        """The description of the call."""
        nested = [name for name in self.needed if self.kinds[name] == ARRAYS]
        return describe(self.operation, tuple(self.kinds), tuple(self.needed), tuple(nested))

    def source(self, several: bool = False) -> str:
        """The source."""
        description = self.description()
        needed = description.needed
        chosen = "plan_"
        if self.operation.selects:
            chosen = f"masked_plan_ if {' or '.join(self.each(_NANS, needed))} else plan_"
        elif "where" in self.kinds:
            chosen = "masked_plan_ if where is not True else plan_"
        kept = [self.kept(name, several) for name in description.kept]
        saved = "".join(f"{each}, " for each in kept)
        simple = description.is_simple(several)
        tensors = "".join(self.each(_TENSORS))
        text = _CALL.format(
            parameters=", ".join([*self.positional, *self.named, *(["data_"] if several else [])]),
            data="\n    ".join(self.each(_DATA)),
            computed="" if several else self.computed(),
            shape="()" if several else "data_.shape",
            dtype="float_" if several else "data_.dtype",
            nodes="\n    ".join(self.each(_NODES)),
            states=" | ".join(self.each(_STATES)),
            forgotten="\n            ".join(self.each(_FORGOTTEN)),
            inputs="".join(self.each(_INPUTS, needed)),
            plan=chosen if simple else "None",
            saved=f"({saved})"
            if simple
            else f"(operation_, {chosen}, ({saved}), [{''.join(self.each(_ROUTES, needed))}])",
            exposed=self.locks(_EXPOSED, "state_ & REACHABLE_ and guarding_.get()", 12),
            fixed=self.locks(_FIXED, "guarding_.get()", 8),
            wrapped=_SEVERAL_WRAPPED if several else _WRAPPED,
            views=f"link_views_(operation_, result_, [{tensors}])"
            if self.operation.may_view
            else "",
        )
        return "".join(line for line in text.splitlines(keepends=True) if not line.isspace())

    def computed(self) -> str:
        """The lines that compute one result."""
        keywords = [f"{name}={name}" for name in self.named]
        arguments = [
            each.replace(name, self.values[name])
            for each, name in zip(self.positional, self.kinds, strict=False)
        ]
        passed = ", ".join([*self.positional, *keywords])
        sure = gives_floats(self.function) and not self.named
        return _COMPUTED.format(
            arguments=", ".join([*arguments, *(f"{n}={self.values[n]}" for n in self.named)]),
            positional="".join(f"{name}, " for name in self.positional),
            keywords=", ".join(f"{name!r}: {name}" for name in self.named),
            converted="data_ = asarray_(data_)" if sure else _CONVERTED.format(passed=passed),
            checked="" if sure else _CHECKED,
        )

    def each(self, texts: dict[int, str], names: Iterable[str] | None = None) -> list[str]:
        """The source in ``texts`` for each of the arguments ``names``, by default all."""
        names = self.kinds if names is None else names
        return [
            texts[self.kinds[name]].format(name=name, position=position)
            for position, name in enumerate(names)
            if self.kinds[name] in texts
        ]

    def locks(self, texts: dict[int, str], condition: str, indent: int) -> str:
        """The lines that lock the arrays saved by the node that user code can access."""
        lines = []
        for name, surely in self.description().holds.items():
            for line in self.each(texts, [name]):
                if not (surely or self.kinds[name] == ARRAYS):
                    # The value of a fact may be the argument itself.
                    lines.append(f"if holds_(node_.saved, {self.values[name]}):")
                    lines.append(f"    {line}")
                else:
                    lines.append(line)
        return f"\n{' ' * indent}".join([f"if {condition}:", *lines]) if lines else ""

    def kept(self, name: str, several: bool) -> str:
        """The expression for the value saved under ``name``."""
        kept = self.description().kept[name]
        values = dict(self.values, out="tuple(data_)" if several else "data_")
        of = [values.get(each, f"{each}_default") for each in kept.of]
        kind = self.kinds.get(kept.of[0]) if kept.of else None
        if kept.make is None or kind in _UNCHANGED.get(kept.make, ()):
            return of[0]
        if kept.make is np.shape and kind in _WITH_SHAPE:
            return f"{of[0]}.shape"
        if kept.by_name:
            of = [f"{each}={value}" for each, value in zip(kept.of, of, strict=True)]
        return f"{name}_made({', '.join(of)})"


_KNOWN = {
    "__name__": __name__,
    "Constant_": Constant,
    "GRADIENT_": GRADIENT,
    "Handle_": Handle,
    "REACHABLE_": REACHABLE,
    "asarray_": np.asarray,
    "creation_": creation,
    "explain_": explain,
    "float_": np.dtype(float),
    "forget_": forget,
    "generic_": np.generic,
    "guarding_": guarding,
    "holds_": holds,
    "link_views_": link_views,
    "lock_": guard.lock,
    "lock_constant_": lock_constant,
    "lock_exposed_": guard.lock_exposed,
    "lock_reachable_": lock_reachable,
    "nans_in_": nans_in,
    "ndarray_": np.ndarray,
    "new_": new,
    "sequences_": (tuple, list),
    "wrap_": wrap,
}
