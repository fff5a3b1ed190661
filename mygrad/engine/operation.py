"""How an operation is declared: a class with its derivative rules.

A class for each differentiable callable, a plain function ``vjp_<argument>`` for each argument that
has a derivative::

    @implements(np.multiply)
    class Multiply(Elementwise):
        def vjp_x1(grad, x2):
            return grad * x2

        def vjp_x2(grad, x1):
            return grad * x1

A rule asks by name for what it needs: ``grad``; ``out``, the result; an argument of the callable;
``<argument>_shape``, that argument's shape. What no rule asks for is not kept. The names are read once,
when the class is made, and turned into a :class:`Plan` that the engine follows without looking again.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

from mygrad.engine.nodes import Node

Rule = Callable[..., Any]


class Plan:
    """What to keep in the forward pass for a set of arguments, and which rules to call going back.

    ``names`` are the names kept, ``defaults`` what the rules take for one that the caller left out,
    ``rules`` the rules in the order of ``needed``, each called as ``rule(grad, *saved)``.
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
        # A saved argument is a value of the graph where it is an input or the output of the node.
        where = {name: position for position, name in enumerate(needed)}
        self.sources = tuple(-1 if name == "out" else where.get(name) for name in self.names)

    def _adapt(self, rule: Rule, extra: tuple[str, ...] = ()) -> Rule:
        """``rule`` as a function of ``grad`` and all that is kept, in order."""
        if rule is unchanged:
            return rule
        if asked_of(rule) == self.names and _parameters(rule)[0] == "grad" and not extra:
            return rule
        lead = ", ".join(("grad", *extra, *self.names))
        return eval(f"lambda {lead}: rule({arguments_of(rule)})", {"rule": rule})


def unchanged(grad: Any, *_kept: Any) -> Any:
    """The rule of an argument that the result rises with, one for one: the walk need not call it."""
    return grad


def _parameters(rule: Rule) -> tuple[str, ...]:
    code = rule.__code__
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def arguments_of(rule: Rule) -> str:
    """The arguments of a call of ``rule`` where all names have their values."""
    by_position = rule.__code__.co_argcount
    return ", ".join(
        name if position < by_position else f"{name}={name}"
        for position, name in enumerate(_parameters(rule))
    )


def asked_of(rule: Rule) -> tuple[str, ...]:
    """What ``rule`` needs kept."""
    return tuple(name for name in _parameters(rule) if name not in ("grad", "needs"))


def defaults_of(rule: Rule) -> dict[str, Any]:
    """What ``rule`` takes for an argument that the caller left out."""
    values = rule.__defaults__ or ()
    code = rule.__code__
    names = code.co_varnames[: code.co_argcount][-len(values) :] if values else ()
    keywords = rule.__kwdefaults__ or {}
    return dict(zip(names, values, strict=True)) | keywords


class OperationType(type):
    """Keeps the instances of operations lean: no ``__dict__``, without each class saying so."""

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
    #: Name → what derives it from the arguments in the forward pass, so that they need not be kept.
    facts: ClassVar[dict[str, Rule]] = {}
    #: Argument name → rule.
    rules: ClassVar[dict[str, Rule]] = {}
    #: A rule ``vjp(grad, needs, …)`` that returns the gradients of several arguments at once.
    joint: ClassVar[Rule | None] = None
    #: The arguments that ``joint`` can differentiate.
    differentiable: ClassVar[tuple[str, ...]] = ()
    #: Computes what the callable does on an array, without NumPy's detour through Python.
    direct: ClassVar[Callable[..., Any] | None] = None
    #: Each rule is the product of the incoming gradient with the other argument, entries summed.
    bilinear: ClassVar[bool] = False
    #: The result may leave out entries of an argument: if there are NaN among them, it gates.
    selects: ClassVar[bool] = False
    #: NumPy may return a view of the first argument.
    may_view: ClassVar[bool] = False
    #: NumPy makes such views read-only.
    read_only: ClassVar[bool] = False
    #: Makes a new array: of no tensors, ``mg.<name>`` makes a variable.
    creates: ClassVar[bool] = False
    #: ``copy=False`` writes the result into the first argument.
    overwrites: ClassVar[bool] = False
    #: Of real numbers piecewise constant: then it acts on the data, and returns what NumPy returns.
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

        ``masked`` says that entries of them are left out, by ``where=`` or otherwise.
        """
        return plan_of(cls, needed, masked)


@cache
def plan_of(operation: type[Operation], needed: tuple[str, ...], masked: bool) -> Plan:
    """The plan of ``operation`` for gradients with respect to the arguments ``needed``."""
    return Plan(operation, needed, masked)


class Elementwise(Operation):
    """An operation that acts on each element alone, after broadcasting.

    That a zero incoming gradient gives zero, even at a point where the derivative is infinite or
    undefined, is seen to by the engine for the whole family.
    """

    __slots__ = ()
