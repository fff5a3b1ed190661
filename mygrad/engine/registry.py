"""The registry: what becomes of each NumPy callable, and how that is declared."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FunctionType
from typing import Any

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.signatures import parameters_of


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
        declared = there if isinstance(there, type) else type(there)
        raise ValueError(f"mygrad has a rule for {function!r} already: {declared.__qualname__}")
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
