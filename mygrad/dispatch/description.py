"""The description of a call: its node, what that keeps for the rules, and what of it is to be locked.

It follows from the operation, the names of the arguments, and which of them carry a gradient.
:mod:`mygrad.dispatch.general` reads it at run time, for arguments of any kind; :mod:`mygrad.dispatch.compiled`
prints it as Python text, for arguments of which nothing has to be asked at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.operation import Elementwise, Operation, Plan, asked_of

_asarray = np.asarray
_ndarray = np.ndarray

#: The name under which the result of the call stands among the arguments.
RESULT = "out"


class Kept(NamedTuple):
    """A value for the rules: ``make`` of the arguments ``of``; without ``make`` the one argument itself.

    An argument that the call left out has the default that the rules give it.
    """

    make: Callable[..., Any] | None
    of: tuple[str, ...]
    by_name: bool = False

    def value(self, values: dict[str, Any]) -> Any:
        """The value, of a call with these arguments."""
        if self.make is None:
            return values[self.of[0]]
        if self.by_name:
            return self.make(**{name: values[name] for name in self.of})
        return self.make(*[values[name] for name in self.of])


class Description:
    """How a call of ``operation`` is recorded; see :func:`describe`.

    ``needed`` are the arguments that carry a gradient, in the order of their rules. ``kept`` are the values
    for the rules, by the names of the plan. ``holds`` are the arguments of which arrays may be among these:
    those that users can reach have to be locked. False says of one that it is, if at all, by a fact that is the
    argument itself. ``nested`` are the arguments that hold tensors inside a list.
    """

    __slots__ = ("holds", "kept", "masked_plan", "needed", "nested", "operation", "plan")

    def __init__(
        self,
        operation: type[Operation],
        arguments: tuple[str, ...],
        needed: tuple[str, ...],
        nested: tuple[str, ...],
    ) -> None:
        self.operation = operation
        self.nested = nested
        self.needed = tuple(sorted(needed, key=operation.differentiable.index))
        self.plan = operation.plan_for(self.needed)
        #: For calls in which entries of the arguments are left out.
        self.masked_plan = operation.plan_for(self.needed, True)
        self.kept = {name: _kept(name, operation, arguments, nested) for name in self.plan.names}
        self.holds: dict[str, bool] = {}
        for kept in self.kept.values():
            for name in kept.of if kept.make not in (np.shape, shapes) else ():
                if name in arguments:
                    self.holds[name] = self.holds.get(name, False) or not kept.by_name

    def is_simple(self, several: bool) -> bool:
        """True if the walk back finds a rule for each input, and a gradient for each rule.

        Else the node is a ``General`` one, which does by itself what takes more than that.
        """
        return not several and self.operation.joint is None and not self.nested

    def plan_of(self, masked: bool) -> Plan:
        """The plan of the node; ``masked`` says that entries of the arguments are left out."""
        return self.masked_plan if masked else self.plan


@cache
def describe(
    operation: type[Operation],
    arguments: tuple[str, ...],
    needed: tuple[str, ...],
    nested: tuple[str, ...] = (),
) -> Description:
    """The description of calls of ``operation`` with these ``arguments``.

    Those ``needed`` carry a gradient; those ``nested`` do so as lists or tuples with tensors in them.
    """
    return Description(operation, arguments, needed, nested)


def _kept(
    name: str, operation: type[Operation], arguments: tuple[str, ...], nested: tuple[str, ...]
) -> Kept:
    """What is kept for the rules under ``name``."""
    if name == RESULT:
        return Kept(None, (RESULT,))
    if name in operation.facts:
        fact = operation.facts[name]
        asked = tuple(each for each in asked_of(fact) if each in arguments)
        return Kept(fact, asked, by_name=True)
    of = name if name in arguments else name.removesuffix("_shape")
    if of not in arguments:
        return Kept(None, (name,))
    if of != name:
        return Kept(shapes if of in nested else np.shape, (of,))
    if of in nested or of not in operation.differentiable:
        return Kept(own, (of,))
    if issubclass(operation, Elementwise):
        return Kept(operand, (of,))
    return Kept(as_array, (of, RESULT))


def shapes(values: Any) -> tuple[tuple[int, ...], ...]:
    """The shape of each of several arrays."""
    return tuple([each.shape if each.__class__ is _ndarray else np.shape(each) for each in values])


def own(value: Any) -> Any:
    """``value``; a copy of a list, which the caller may change."""
    return list(value) if value.__class__ is list else value


def operand(value: Any) -> Any:
    """An operand of an elementwise operation as rules take it: a sequence is an array."""
    return _asarray(value) if isinstance(value, list | tuple) else value


def as_array(value: Any, out: Any) -> Any:
    """An argument as rules take it: an array, Python's numbers with the precision of the result."""
    if value.__class__ is int or value.__class__ is float:
        return _asarray(value, getattr(out, "dtype", None))
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | tuple) and any(isinstance(item, np.ndarray) for item in value):
        return value  # several arrays, not one
    return _asarray(value)
