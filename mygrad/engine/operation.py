"""The declaration of an operation: a class with its derivative rules.

Each differentiable callable has a class, and each argument with a derivative a plain function
``vjp_<argument>`` in it::

    @implements(np.multiply)
    class Multiply(Elementwise):
        def vjp_x1(grad, x2):
            return grad * x2

        def vjp_x2(grad, x1):
            return grad * x1

The parameter names of a rule say what it needs: ``grad``; ``out``, the result; an argument of the callable;
``<argument>_shape``, that argument's shape. Values that no rule names are not saved. The names are read once,
when a :class:`Plan` is made, and not again at run time.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from mygrad.engine.nodes import Node

Rule = Callable[..., Any]


class Plan:
    """The values to save in the forward pass, and the rules to call in the backward pass.

    A plan belongs to an operation and its arguments ``needed``, those that carry a gradient. ``names`` are the names
    of the saved values, ``defaults`` the values of arguments that the caller omitted, ``rules`` the rules in the
    order of ``needed``, each called as ``rule(grad, *saved)``.
    """

    __slots__ = (
        "bilinear",
        "chosen",
        "defaults",
        "elementwise",
        "gates",
        "names",
        "needed",
        "pullback",
        "rules",
        "sources",
    )

    def __init__(self, operation: type[Operation], needed: tuple[str, ...], masked: bool) -> None:
        if operation.joint is None:
            chosen = [operation.rules[name] for name in needed]
        else:
            chosen = [operation.joint]
        self.chosen = chosen
        self.needed = needed
        self.pullback: Any = None  # made when first needed: see pullbacks.py
        self.elementwise = issubclass(operation, Elementwise)
        self.bilinear = operation.bilinear
        self.gates = operation.gates or masked
        self.names = tuple(dict.fromkeys(name for rule in chosen for name in asked_of(rule)))
        self.defaults: dict[str, Any] = {}
        for rule in chosen:
            self.defaults |= defaults_of(rule)
        extra = () if operation.joint is None else ("needs",)
        self.rules = tuple(self._adapt(rule, extra) for rule in chosen)
        # A saved value is part of the graph if it is an input (its position) or the output (-1) of the node.
        where = {name: position for position, name in enumerate(needed)}
        self.sources = tuple(-1 if name == "out" else where.get(name) for name in self.names)

    def _adapt(self, rule: Rule, extra: tuple[str, ...] = ()) -> Rule:
        """``rule`` as a function of ``grad`` and all saved values, in order."""
        if rule is unchanged:
            return rule
        if asked_of(rule) == self.names and _parameters(rule)[0] == "grad" and not extra:
            return rule
        lead = ", ".join(("grad", *extra, *self.names))
        return eval(f"lambda {lead}: rule({arguments_of(rule)})", {"rule": rule})


def unchanged(grad: Any, *_kept: Any) -> Any:
    """The rule of an argument whose derivative is one: the walk need not call it."""
    return grad


def _parameters(rule: Rule) -> tuple[str, ...]:
    code = rule.__code__
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def arguments_of(rule: Rule) -> str:
    """The source text of the arguments of a call of ``rule``, each given by the variable of its name."""
    by_position = rule.__code__.co_argcount
    return ", ".join(
        name if position < by_position else f"{name}={name}"
        for position, name in enumerate(_parameters(rule))
    )


def asked_of(rule: Rule) -> tuple[str, ...]:
    """The names of the values that ``rule`` needs saved."""
    return tuple(name for name in _parameters(rule) if name not in ("grad", "needs"))


def defaults_of(rule: Rule) -> dict[str, Any]:
    """The defaults of ``rule``, used for arguments that the caller omitted."""
    values = rule.__defaults__ or ()
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount][-len(values) :] if values else ()
    keywords = rule.__kwdefaults__ or {}
    return dict(zip(names, values, strict=True)) | keywords


class OperationType(type):
    """Metaclass that gives each operation empty ``__slots__``, so that instances have no ``__dict__``."""

    def __new__(
        cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kwargs: Any
    ) -> Any:
        namespace.setdefault("__slots__", ())
        return super().__new__(cls, name, bases, namespace, **kwargs)


class Operation(Node, metaclass=OperationType):
    """A differentiable callable; an instance is one application of it, a node of the graph."""

    __slots__ = ()

    #: The callable that the operation implements (the first, where several share the class).
    function: ClassVar[Any] = None
    #: Name → function that computes this value from the arguments in the forward pass, so that they need not be saved.
    facts: ClassVar[dict[str, Rule]] = {}
    #: Argument name → rule.
    rules: ClassVar[dict[str, Rule]] = {}
    #: A rule ``vjp(grad, needs, …)`` that returns the gradients of several arguments at once.
    joint: ClassVar[Rule | None] = None
    #: The arguments that ``joint`` can differentiate.
    differentiable: ClassVar[tuple[str, ...]] = ()
    #: The callable on arrays, without the Python layer of NumPy's function.
    direct: ClassVar[Callable[..., Any] | None] = None
    #: True if each rule is a (possibly summed) product of the incoming gradient with the other argument.
    bilinear: ClassVar[bool] = False
    #: True if the result may not depend on some entries of an argument: if these hold NaN, it gates (see `Node`).
    selects: ClassVar[bool] = False
    #: True if NumPy may return a view of the first argument.
    may_view: ClassVar[bool] = False
    #: True if NumPy makes such views read-only.
    read_only: ClassVar[bool] = False
    #: True if it creates an array: without tensor arguments, ``mg.<name>`` returns a variable.
    creates: ClassVar[bool] = False
    #: True if ``copy=False`` writes the result into the first argument.
    overwrites: ClassVar[bool] = False
    #: True if it is piecewise constant on real numbers: it then acts on the data and returns NumPy's result.
    of_complex: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        rules = dict(cls.rules)
        cls.facts = dict(cls.facts)
        for name, value in list(vars(cls).items()):
            if inspect.isfunction(value) and name.startswith("fact_"):
                setattr(cls, name, staticmethod(value))
                cls.facts[name.removeprefix("fact_")] = value
            if inspect.isfunction(value) and name == "direct":
                cls.direct = staticmethod(value)
            if inspect.isfunction(value) and (name == "vjp" or name.startswith("vjp_")):
                setattr(cls, name, staticmethod(value))
                if name == "vjp":
                    cls.joint = staticmethod(value)
                else:
                    rules[name.removeprefix("vjp_")] = value
        cls.rules = rules
        if cls.joint is None:
            cls.differentiable = tuple(rules)

    @classmethod
    def plan_for(cls, needed: tuple[str, ...], masked: bool = False) -> Plan:
        """The plan for gradients with respect to the arguments ``needed``.

        ``masked`` is True if the result does not depend on all their entries, because of ``where=`` or otherwise.
        """
        return plan_of(cls, needed, masked)


@cache
def plan_of(operation: type[Operation], needed: tuple[str, ...], masked: bool) -> Plan:
    """The plan of ``operation`` for gradients with respect to the arguments ``needed``."""
    return Plan(operation, needed, masked)


class Elementwise(Operation):
    """An operation that acts on each element independently, after broadcasting.

    The engine ensures for all of them that a zero incoming gradient gives zero, even at a point where the
    derivative is infinite or undefined.
    """

    __slots__ = ()
