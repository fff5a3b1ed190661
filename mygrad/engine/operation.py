"""How an operation is declared: its rules, and the registry that NumPy's calls are looked up in.

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
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from mygrad.engine.nodes import Node
from mygrad.engine.signatures import parameters_of

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
        "pack",
        "rules",
        "sources",
        "visit",
    )

    def __init__(self, operation: type[Operation], needed: tuple[str, ...], masked: bool) -> None:
        if operation.joint is None:
            chosen = [operation.rules[name] for name in needed]
        else:
            chosen = [operation.joint]
        self.chosen = chosen
        self.needed = needed
        self.visit: Any = None  # see visits
        self.elementwise = issubclass(operation, Elementwise)
        self.bilinear = operation.bilinear
        self.gates = operation.gates or masked
        self.names = tuple(dict.fromkeys(name for rule in chosen for name in asked_of(rule)))
        self.defaults: dict[str, Any] = {}
        for rule in chosen:
            self.defaults |= defaults_of(rule)
        extra = () if operation.joint is None else ("needs",)
        self.rules = tuple(self._adapt(rule, extra) for rule in chosen)
        positional = operation.positional
        self.pack = _packer(self.names, positional, self.defaults) if positional else None
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


def _packer(
    names: tuple[str, ...], positional: tuple[str, ...], defaults: dict[str, Any]
) -> Callable[..., Any]:
    """``pack(out, x1, x2)`` for a ufunc called without keywords: the tuple of what is kept."""
    values = [
        f"({of}.shape if {of}.__class__ is ndarray else shape({of}))"
        if (of := name.removesuffix("_shape")) != name
        else name
        if name == "out" or name in positional
        else f"defaults[{name!r}]"
        for name in names
    ]
    source = f"lambda out, {', '.join(positional)}: ({''.join(v + ', ' for v in values)})"
    return eval(source, {"ndarray": np.ndarray, "shape": np.shape, "defaults": defaults})


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
    #: The names of the arguments of a ufunc.
    positional: ClassVar[tuple[str, ...]] = ()

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

    #: For one or two array arguments: the plan for each set of those that need a gradient, as bits.
    plans: ClassVar[tuple[Plan | None, ...]] = ()

    @classmethod
    def prepare(cls, function: Any) -> None:
        """Make the plans for a ufunc of one or two arguments, so that operators need no look-up."""
        cls.positional = parameters_of(function)[0]
        if function.nout == 1 and function.nin <= 2 and cls.joint is None and not cls.of_complex:
            sets = ((), (0,), (1,), (0, 1))[: 2**function.nin]
            names = [tuple(cls.positional[i] for i in positions) for positions in sets]
            ufunc_operations[function] = cls
            cls.plans = tuple(
                cls.plan_for(needed) if needed and set(needed) <= set(cls.differentiable) else None
                for needed in names
            )

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


# ------------------------------------------------------------------ registry


class Fate:
    """What becomes of a NumPy callable that is no differentiable operation."""

    __slots__ = ("function", "reason")

    def __init__(self, function: Any, reason: str = "") -> None:
        self.function = function
        self.reason = reason


class PiecewiseConstant(Fate):
    """Acts on the data and returns what NumPy returns: no gradient, or zero almost everywhere."""

    __slots__ = ()


class Creation(Fate):
    """Makes a new array; where NumPy hands the call over, the result is a new tensor."""

    __slots__ = ()


class Refused(Fate):
    """Cannot mean anything on tensors; ``reason`` says why."""

    __slots__ = ()


class Mutation(Fate):
    """Writes into its first argument, which on tensors ``run`` does."""

    __slots__ = ("run",)

    def __init__(self, function: Any, run: Callable[..., Any]) -> None:
        super().__init__(function)
        self.run = run


#: NumPy callable → its fate.
registry: dict[Any, type[Operation] | Fate] = {}

#: A module that need not be in use → the one here that declares what its callables do.
DEFERRED = {
    "numpy.char": "mygrad.rules.text",
    "numpy.lib.recfunctions": "mygrad.rules.records",
    "numpy.polynomial": "mygrad.rules.polynomial",
    "numpy.strings": "mygrad.rules.text",
    "scipy.special": "mygrad.rules.special",
}


def fate_of(function: Any) -> type[Operation] | Fate | None:
    """What the registry says of ``function``, once the rules for all modules in use are there."""
    if function not in registry:
        for theirs, ours in DEFERRED.items():
            if theirs in sys.modules:
                import_module(ours)
    return registry.get(function)


def _register(function: Any, fate: type[Operation] | Fate) -> None:
    special = sys.modules.get("scipy.special")
    if isinstance(function, np.ufunc) and getattr(special, function.__name__, None) is function:
        fate_of(function)  # whether it has one must not depend on what was called before
    there = registry.get(function, fate)
    if there is not fate:
        kind = there if isinstance(there, type) else type(there)
        raise ValueError(f"mygrad has a rule for {function!r} already: {kind.__qualname__}")
    registry[function] = fate


def implements(*functions: Any) -> Callable[[type[Operation]], type[Operation]]:
    """Class decorator: the class is the operation of ``functions``, callables that NumPy dispatches.

    A function of several aliases (``np.divide is np.true_divide``) is named once. Ufuncs that differ
    in their values have a class each, derived from one another where they share rules.

    Raises
    ------
    TypeError
        NumPy does not hand calls of a function to mygrad, as it does those of ufuncs, SciPy's and Numba's
        too, and of its own functions: see :func:`mygrad.custom_vjp` for all others. Or there is a rule for
        an argument that a function does not have.
    ValueError
        There are rules for a function already.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from scipy.special import spence
    >>> @mg.implements(spence)
    ... class Spence(mg.Elementwise):
    ...     def vjp_x(grad, x):
    ...         return grad * np.log(x) / (1 - x)
    >>> x = mg.tensor(2.0)
    >>> spence(x).backward()
    >>> x.grad
    array(-0.69314718)
    """

    def declare(operation: type[Operation]) -> type[Operation]:
        _check(functions, operation)
        for function in functions:
            _register(function, operation)
        if "function" not in vars(operation):
            operation.function = functions[0]
        if isinstance(functions[0], np.ufunc):
            operation.prepare(functions[0])
        return operation

    return declare


def _check(functions: Sequence[Any], operation: type[Operation]) -> None:
    """Refuse rules that nothing would ever ask for."""
    for function in functions:
        # Those of mygrad's own also stand for functions that it offers by its own names alone.
        if not (_is_dispatched(function) or operation.__module__.startswith("mygrad.")):
            raise TypeError(
                f"implements: {function!r} is no ufunc, nor a function that NumPy hands to mygrad when it is"
                " called with tensors: the rules would never be used. For functions of your own there is"
                " mygrad.custom_vjp."
            )
        names = parameters_of(function)[0] if hasattr(function, "nin") else ()
        for name in operation.differentiable if names else ():
            if name not in names:
                raise TypeError(
                    f"{operation.__qualname__} has a rule for {name!r}, which is no argument of {function!r}:"
                    f" here these are called {', '.join(names)}"
                )


def _is_dispatched(function: Any) -> bool:
    """Whether mygrad is asked for what ``function`` does when it is given tensors."""
    if isinstance(function, np.ufunc | type(np.sum)):
        return True
    if isinstance(function, FunctionType):
        return str(function.__globals__.get("__name__")).startswith("mygrad.")
    return callable(function) and hasattr(function, "nin")  # a ufunc but for its class, as Numba's


def piecewise_constant(*functions: Any, reason: str = "") -> None:
    """Declare ``functions`` to act on the data, without a gradient."""
    for function in functions:
        _register(function, PiecewiseConstant(function, reason))


def creates(*functions: Any) -> None:
    """Declare ``functions`` to make new tensors out of data."""
    for function in functions:
        _register(function, Creation(function))


def refuse(*functions: Any, reason: str) -> None:
    """Declare that ``functions`` cannot mean anything on tensors."""
    for function in functions:
        _register(function, Refused(function, reason))


def mutates(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the decorated function to be what ``functions`` do when given tensors."""

    def declare(run: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            _register(function, Mutation(function, run))
        return run

    return declare


class Composed(Fate):
    """Has the gradient of an expression in operations that have rules; the value is NumPy's own."""

    __slots__ = ("differentiable", "expression")

    def __init__(self, function: Any, expression: Callable[..., Any], but: Sequence[str]) -> None:
        super().__init__(function)
        self.expression = expression
        names, rest = parameters_of(expression)
        self.differentiable = tuple(n for n in (*names, rest) if n is not None and n not in but)


#: Ufunc of one or two arguments → its operation: what the short way of a call needs.
ufunc_operations: dict[Any, type[Operation]] = {}

#: The name of a ufunc method → what runs it on tensors.
ufunc_methods: dict[str, Callable[..., Any]] = {}


def ufunc_method(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the decorated function to be what ``ufunc.<name>`` does when given tensors."""

    def declare(run: Callable[..., Any]) -> Callable[..., Any]:
        ufunc_methods[name] = run
        return run

    return declare


def composed(
    *functions: Any, but: Sequence[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the decorated expression to have the derivative of ``functions``.

    The expression takes the arguments of the function and is written in NumPy functions that have
    rules. Arguments named in ``but`` have no derivative.
    """

    def declare(expression: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            _register(function, Composed(function, expression, but))
        return expression

    return declare
