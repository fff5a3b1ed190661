"""The description of a call: its node, the values saved for the rules, and the arrays to lock.

It depends on the operation, the names of the arguments, and which of them carry a gradient.
:mod:`mygrad.dispatch.general` reads it at run time, for arguments of any kind; :mod:`mygrad.dispatch.compiled`
generates Python source from it, for arguments whose kinds are known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.operation import Elementwise, Operation, Plan, asked_of

_asarray = np.asarray
_ndarray = np.ndarray

#: The name of the result of the call, beside the names of the arguments.
RESULT = "out"


class Kept(NamedTuple):
    """A value saved for the rules: ``make(*of)``, or the argument itself if ``make`` is None.

    Arguments that the call omits have the defaults of the rules.
    """

    make: Callable[..., Any] | None
    of: tuple[str, ...]
    by_name: bool = False

    def value(self, values: dict[str, Any]) -> Any:
        """The saved value, for a call with the arguments ``values``."""
        if self.make is None:
            return values[self.of[0]]
        if self.by_name:
            return self.make(**{name: values[name] for name in self.of})
        return self.make(*[values[name] for name in self.of])


class Description:
    """How a call of ``operation`` is recorded; see :func:`describe`.

    ``needed`` are the arguments that carry a gradient, in the order of their rules. ``kept`` are the saved values, by
    the names of the plan. ``holds`` are the arguments whose arrays may be saved, and must then be locked if user code
    can access them: True for one that is saved, False for one that is saved only if a fact returns it unchanged.
    ``nested`` are the arguments that hold tensors in a list.
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
        #: For calls whose result does not depend on all entries of the arguments.
        self.masked_plan = operation.plan_for(self.needed, True)
        self.kept = {name: _kept(name, operation, arguments, nested) for name in self.plan.names}
        self.holds: dict[str, bool] = {}
        for kept in self.kept.values():
            for name in kept.of if kept.make not in (np.shape, shapes) else ():
                if name in arguments:
                    self.holds[name] = self.holds.get(name, False) or not kept.by_name

    def is_simple(self, several: bool) -> bool:
        """True if each input has one rule, and each rule is for one input.

        Otherwise the node is a ``General`` one, which has a pullback of its own.
        """
        return not several and self.operation.joint is None and not self.nested

    def plan_of(self, masked: bool) -> Plan:
        """The plan of the node; ``masked`` if the result does not depend on all entries of the arguments."""
        return self.masked_plan if masked else self.plan


@cache
def describe(
    operation: type[Operation],
    arguments: tuple[str, ...],
    needed: tuple[str, ...],
    nested: tuple[str, ...] = (),
) -> Description:
    """The description of calls of ``operation`` with these ``arguments``.

    Those in ``needed`` carry a gradient; those in ``nested`` do so as lists or tuples of tensors.
    """
    return Description(operation, arguments, needed, nested)


def _kept(
    name: str, operation: type[Operation], arguments: tuple[str, ...], nested: tuple[str, ...]
) -> Kept:
    """The description of the value saved under ``name``."""
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
    """``value``, copied if it is a list, which the caller may change later."""
    return list(value) if value.__class__ is list else value


def operand(value: Any) -> Any:
    """An operand of an elementwise operation as passed to rules: sequences become arrays."""
    return _asarray(value) if isinstance(value, list | tuple) else value


def as_array(value: Any, out: Any) -> Any:
    """An argument as passed to rules: an array, with the precision of the result for Python numbers."""
    if value.__class__ is int or value.__class__ is float:
        return _asarray(value, getattr(out, "dtype", None))
    if value is None or isinstance(value, np.ndarray):
        return value
    if isinstance(value, list | tuple) and any(isinstance(item, np.ndarray) for item in value):
        return value  # a sequence of arrays, not one array
    return _asarray(value)
