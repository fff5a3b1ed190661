"""The registry: how each NumPy callable is handled, and the functions that declare it."""

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
    """How a NumPy callable without an operation class of its own is handled."""

    __slots__ = ("function", "reason")

    def __init__(self, function: Any, reason: str = "") -> None:
        self.function = function
        self.reason = reason


class PiecewiseConstant(Fate):
    """Acts on the data and returns NumPy's result: its gradient is undefined, or zero almost everywhere."""

    __slots__ = ()


class Creation(Fate):
    """Creates an array; if NumPy dispatches the call to mygrad, the result is a new tensor."""

    __slots__ = ()


class Refused(Fate):
    """Has no meaning for tensors; ``reason`` says why."""

    __slots__ = ()


class Mutation(Fate):
    """Writes into its first argument; ``run`` does so for tensors."""

    __slots__ = ("run",)

    def __init__(self, function: Any, run: Callable[..., Any]) -> None:
        super().__init__(function)
        self.run = run


#: NumPy callable → its fate.
registry: dict[Any, type[Operation] | Fate] = {}


#: An optional module → the mygrad module that declares how its callables are handled.
DEFERRED = {
    "numpy.char": "mygrad.rules.text",
    "numpy.lib.recfunctions": "mygrad.rules.records",
    "numpy.polynomial": "mygrad.rules.polynomial",
    "numpy.strings": "mygrad.rules.text",
    "scipy.special": "mygrad.rules.special",
}


def fate_of(function: Any) -> type[Operation] | Fate | None:
    """The registry entry of ``function``, after loading the rules of all optional modules in use."""
    if function not in registry:
        for theirs, ours in DEFERRED.items():
            if theirs in sys.modules:
                import_module(ours)
    return registry.get(function)


def _register(function: Any, fate: type[Operation] | Fate) -> None:
    special = sys.modules.get("scipy.special")
    if isinstance(function, np.ufunc) and getattr(special, function.__name__, None) is function:
        fate_of(
            function
        )  # loads mygrad's own rules first, so that a clash is found in any order of calls
    there = registry.get(function, fate)
    if there is not fate:
        declared = there if isinstance(there, type) else type(there)
        raise ValueError(f"mygrad already has a rule for {function!r}: {declared.__qualname__}")
    registry[function] = fate


def implements(*functions: Any) -> Callable[[type[Operation]], type[Operation]]:
    """Class decorator: declare the class to be the operation of ``functions``, callables that NumPy dispatches.

    A function with several aliases (``np.divide is np.true_divide``) is given once. Ufuncs with different
    values have a class each; one may derive from another to share its rules.

    Raises
    ------
    TypeError
        NumPy does not dispatch calls of a function to mygrad. It does so for ufuncs, including SciPy's and
        Numba's, and for its own functions; for others see :func:`mygrad.custom_vjp`. Or a rule is for an
        argument that the function does not have.
    ValueError
        A function already has rules.

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
    """Raise if a rule could never be called."""
    for function in functions:
        # mygrad's own operations may also implement functions that exist only in mygrad.
        if not (_is_dispatched(function) or operation.__module__.startswith("mygrad.")):
            raise TypeError(
                f"implements: {function!r} is neither a ufunc nor a function that NumPy dispatches to mygrad"
                " when it is called with tensors, so the rules would never be used. For your own functions,"
                " use mygrad.custom_vjp."
            )
        names = parameters_of(function)[0] if hasattr(function, "nin") else ()
        for name in operation.differentiable if names else ():
            if name not in names:
                raise TypeError(
                    f"{operation.__qualname__} has a rule for {name!r}, which is not an argument of"
                    f" {function!r}. Its arguments are called {', '.join(names)}"
                )


def _is_dispatched(function: Any) -> bool:
    """True if a call of ``function`` with tensors is dispatched to mygrad."""
    if isinstance(function, np.ufunc | type(np.sum)):
        return True
    if isinstance(function, FunctionType):
        return str(function.__globals__.get("__name__")).startswith("mygrad.")
    return callable(function) and hasattr(
        function, "nin"
    )  # like a ufunc, but of another class, as Numba's are


def piecewise_constant(*functions: Any, reason: str = "") -> None:
    """Declare that ``functions`` act on the data, without a gradient."""
    for function in functions:
        _register(function, PiecewiseConstant(function, reason))


def creates(*functions: Any) -> None:
    """Declare that ``functions`` create new tensors."""
    for function in functions:
        _register(function, Creation(function))


def refuse(*functions: Any, reason: str) -> None:
    """Declare that ``functions`` have no meaning for tensors."""
    for function in functions:
        _register(function, Refused(function, reason))


def mutates(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function runs calls of ``functions`` with tensors."""

    def declare(run: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            _register(function, Mutation(function, run))
        return run

    return declare


class Composed(Fate):
    """Has NumPy's value, and the gradient of an expression made of operations that have rules."""

    __slots__ = ("differentiable", "expression")

    def __init__(self, function: Any, expression: Callable[..., Any], but: Sequence[str]) -> None:
        super().__init__(function)
        self.expression = expression
        names, rest = parameters_of(expression)
        self.differentiable = tuple(n for n in (*names, rest) if n is not None and n not in but)


#: The name of a ufunc method → the function that runs it on tensors.
ufunc_methods: dict[str, Callable[..., Any]] = {}


def ufunc_method(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the function runs ``ufunc.<name>`` on tensors."""

    def declare(run: Callable[..., Any]) -> Callable[..., Any]:
        ufunc_methods[name] = run
        return run

    return declare


def composed(
    *functions: Any, but: Sequence[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the derivative of ``functions`` is that of the decorated expression.

    The expression has the parameters of the function, and is written with NumPy functions that have
    rules. Arguments named in ``but`` have no derivative.
    """

    def declare(expression: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            _register(function, Composed(function, expression, but))
        return expression

    return declare
