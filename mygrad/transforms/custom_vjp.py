"""Derivatives that users state themselves: functions with a rule of their own, and none at all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial, update_wrapper
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from mygrad.dispatch.general import lock_reachable
from mygrad.engine import anomalies
from mygrad.engine.modes import debugging, every, guarding, leak_check
from mygrad.engine.nodes import CONSTANT, Handle, Node, make_handle, make_node, output_node
from mygrad.engine.signatures import parameters_of
from mygrad.engine.views import is_fleeting, is_variable, touch
from mygrad.errors import GradientLost
from mygrad.tensors.tensor import Tensor
from mygrad.transforms.custom_nodes import Call, CustomCall, Rule
from mygrad.transforms.pytrees import flatten, map_leaves

Function = Callable[..., Any]


def stop_gradient(x: Any) -> Any:
    """``x`` without its gradient: to what it was computed from it is a constant.

    Parameters
    ----------
    x : nest of array_like
        An array, a tensor, or these in nested tuples, lists, dicts and dataclasses.

    Returns
    -------
    nest of array_like
        Nested alike: in the place of a tensor a constant one that shares its memory, as
        :meth:`mygrad.Tensor.detach` returns; all else as it is.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> mg.grad(lambda x: np.sum(x * mg.stop_gradient(x)))(np.array([1.0, 2.0]))
    array([1., 2.])
    >>> mg.stop_gradient({"w": mg.tensor(1.0), "name": "first"})
    {'w': Tensor(1.), 'name': 'first'}
    """
    return map_leaves(lambda leaf: leaf.detach() if isinstance(leaf, Tensor) else leaf, x)


def custom_vjp(function: Function | None = None, *, has_aux: bool = False) -> Any:
    """Decorator: a function whose derivative is what a rule says, not that of the code.

    For functions that NumPy does not hand to mygrad (of SciPy, in C), for those whose derivative is
    known better than their code tells (a fixed point), and for gradients that are to be something else.

    Parameters
    ----------
    function : callable
        Gets arrays in the place of tensors, and returns an array or a nest of arrays. All arrays in it
        become tensors where the call was given one; else they are returned as they are.
    has_aux : bool
        The function returns a pair: its result, and anything else that rules may ask for as ``aux``.
        Callers get the result alone.

    Returns
    -------
    CustomFunction
        Called as ``function``. Its rules are declared by its method ``rule``::

            @function.rule("x")
            def _(grad, x): ...

        A rule asks, by the names of its parameters, for what it needs: ``grad``, the gradient with
        respect to the result, nested as that is; ``out``, the result; any parameter of the function;
        ``aux``. What no rule asks for is not kept. It returns the gradient with respect to ``x``, nested
        as ``x`` is, None standing for zero. Each has the shape of the argument or, where this was
        broadcast, of the result: then it is summed.

        ``@function.rule("x", "y")`` declares a rule that returns a tuple of both gradients, and
        ``@function.rule`` alone one for all parameters without a default.

        A rule in NumPy functions can be differentiated in turn. Where gradients are computed as tensors,
        it is an error if it turns one of its arguments into a plain array.

    Raises
    ------
    TypeError
        A tensor that carries a gradient was passed for a parameter without a rule, or used by
        ``function`` without being passed; a rule asks for something else than listed above.
    GradientLost
        ``function`` turned such a tensor from outside into plain numbers; or, where gradients are computed
        as tensors, a rule did so with one of its arguments.
    InvalidGradient
        In the backward pass: a rule returned too few or too many gradients, or one of another shape.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from scipy import integrate
    >>> @mg.custom_vjp
    ... def area(b):
    ...     return integrate.quad(lambda t: np.exp(-t * t), 0, b)[0]
    >>> @area.rule
    ... def _(grad, b):
    ...     return grad * np.exp(-b * b)
    >>> x = mg.tensor(1.0)
    >>> area(x).backward()
    >>> x.grad
    array(0.36787944)
    >>> mg.grad(mg.grad(area))(1.0)
    array(-0.73575888)
    """
    if function is None:
        return partial(custom_vjp, has_aux=has_aux)
    if not callable(function):
        raise TypeError(f"custom_vjp decorates a function, not {function!r}")
    return CustomFunction(function, has_aux)


_OUTSIDE = (
    ": a rule can send none there. Pass the tensor as an argument, or mygrad.stop_gradient of it."
)

_OFFERED = {
    "grad": "the gradient with respect to the result",
    "out": "the result",
    "aux": "what the function returns beside its result",
}


class Argument(NamedTuple):
    """An argument of a call: its leaves, what nests others in their places, and where tensors are."""

    leaves: list[Any]
    build: Callable[..., Any]
    varying: list[int]

    def pattern(self) -> Any:
        """The argument with numbers in the places of its leaves."""
        return self.build(np.zeros(len(self.leaves)))


class CustomFunction:
    """The result of :func:`custom_vjp`: a function with derivative rules of its own."""

    def __init__(self, function: Function, has_aux: bool) -> None:
        update_wrapper(self, function)
        self._function = function
        self._has_aux = has_aux
        self._name = getattr(function, "__name__", None) or repr(function)
        self._signature = _signature(function)
        self._offered = ("grad", "out", "aux") if has_aux else ("grad", "out")
        for name in self._offered:
            if name in self._signature.parameters:
                raise TypeError(
                    f"custom_vjp: {self._name} has a parameter {name!r}. Call it something else: by that name"
                    " rules ask for " + _OFFERED[name]
                )
        self._rules: dict[str, Rule] = {}
        self._kind = type(self._name, (CustomCall,), {"__slots__": (), "__doc__": function.__doc__})

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def rule(self, *names: Any) -> Any:
        """Declare the decorated function to be the rule for the parameters ``names``.

        Without names it is the rule for all that have no default. See :func:`custom_vjp`.
        """
        parameters = self._signature.parameters
        if len(names) == 1 and callable(names[0]):
            empty = inspect.Parameter.empty
            required = [
                p.name
                for p in parameters.values()
                if p.default is empty and p.kind is not p.VAR_KEYWORD
            ]
            return self.rule(*required)(names[0])
        for name in names:
            if name not in parameters:
                raise TypeError(
                    f"{self._name}.rule: {self._name} has no parameter {name!r}, only"
                    f" {', '.join(parameters)}"
                )
        if not names:
            raise TypeError(f"{self._name}.rule takes names of parameters, or the rule itself")

        def declare(call: Function) -> Function:
            asked = tuple(inspect.signature(call).parameters)
            known = [*self._offered, *parameters]
            for each in asked:
                if each not in known:
                    raise TypeError(
                        f"a rule of {self._name} asks for {each!r}; there are {', '.join(known)}"
                    )
            self._rules |= dict.fromkeys(names, Rule(call, names, asked))
            return call

        return declare

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = {name: _argument(value) for name, value in bound.arguments.items()}
        found = [
            leaf for each in given.values() for leaf in each.leaves if isinstance(leaf, Tensor)
        ]
        plain = {name: [_plain(leaf) for leaf in each.leaves] for name, each in given.items()}
        if found:
            for name, each in given.items():
                bound.arguments[name] = each.build(plain[name])
        result, aux = self._evaluate(bound), None
        if self._has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(
                    f"{self._name}, of has_aux=True, must return its result and something else; it"
                    f" returned {type(result).__name__}"
                )
            result, aux = result
        leaves, build = flatten(result)
        if any(isinstance(leaf, Tensor) and is_variable(leaf) for leaf in leaves):
            raise TypeError(
                f"{self._name} uses a tensor from outside that carries a gradient{_OUTSIDE}"
            )
        if not found:
            return result
        rules = self._needed(given)
        results = [*map(_owned, leaves)]
        if debugging.get():
            numbers = tuple(value for value in results if isinstance(value, np.ndarray))
            anomalies.check(self._name, bound.args, bound.kwargs, numbers, True)
        made = [_tensor(value, CONSTANT) for value in results]
        varying = [tensor for tensor, value in zip(made, results, strict=True) if _is_result(value)]
        if rules and varying:
            node = self._record(rules, bound, given, plain, results, build, aux)
            for count, tensor in enumerate(varying):
                tensor._node = (
                    node
                    if len(varying) == 1
                    else output_node(node, tensor._data, count, len(varying))
                )
        return build(made)

    def _evaluate(self, bound: inspect.BoundArguments) -> Any:
        """The result of the function; no tensor from outside may become an array in it."""
        token = leak_check.set(every)
        try:
            return self._function(*bound.args, **bound.kwargs)
        except GradientLost as error:
            error.add_note(f"{self._name} used a tensor from outside{_OUTSIDE}")
            raise
        finally:
            leak_check.reset(token)

    def _again(self, bound: inspect.BoundArguments, arguments: Mapping[str, Any]) -> Any:
        """The auxiliary values for the rules, computed on tensors."""
        values = {name: arguments[name] for name in bound.arguments}
        live = inspect.BoundArguments(bound.signature, values)
        return self._function(*live.args, **live.kwargs)[1]

    def _needed(self, given: Mapping[str, Argument]) -> dict[str, Rule]:
        """The rules for the arguments that carry a gradient."""
        needed = {}
        for name, argument in given.items():
            if argument.varying:
                if name not in self._rules:
                    raise TypeError(
                        f"{self._name} has no rule for {name!r}, which carries a gradient. Declare one,"
                        f" @{self._name}.rule({name!r}), or pass a constant: mygrad.stop_gradient({name})."
                    )
                needed[name] = self._rules[name]
        return needed

    def _record(
        self,
        rules: dict[str, Rule],
        bound: inspect.BoundArguments,
        given: dict[str, Argument],
        plain: dict[str, list[Any]],
        results: list[Any],
        build: Callable[..., Any],
        aux: Any,
    ) -> Node:
        asked = {name for rule in rules.values() for name in rule.asked}
        # To compute `aux` again takes all arguments.
        kept = {name: each for name, each in given.items() if name in asked or "aux" in asked}
        nodes = [touch(given[name].leaves[i]) for name in rules for i in given[name].varying]
        facts = [(value.shape, value.dtype) for value in results if _is_result(value)]
        call = Call(
            name=self._name,
            rules=rules,
            wanted={name: given[name].varying for name in rules},
            patterns={name: given[name].pattern() for name in rules},
            arguments={
                name: ([*map(_lasting, argument.leaves, plain[name])], argument.build)
                for name, argument in kept.items()
            },
            results=list(results) if "out" in asked else [None] * len(results),
            places=[i for i, value in enumerate(results) if _is_result(value)],
            facts=facts,
            build=build,
            aux=aux if "aux" in asked else None,
            again=partial(self._again, bound) if "aux" in asked else None,
        )
        shape, dtype = facts[0] if len(facts) == 1 else ((), np.dtype(float))
        node: Node = make_node(self._kind, tuple(nodes), shape, dtype, (call, *call.results))
        if guarding.get():
            for name, argument in kept.items():
                for leaf, array in zip(argument.leaves, plain[name], strict=True):
                    lock_reachable(node, leaf, array)
        anomalies.note(node)
        return node


def _signature(function: Function) -> inspect.Signature:
    try:
        if not isinstance(
            function, np.ufunc
        ):  # which have parameters that are no arguments of theirs
            return inspect.signature(function)
        raise ValueError
    except ValueError:
        Parameter = inspect.Parameter
        names, rest = parameters_of(function)
        parameters = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in names]
        if rest is not None:
            parameters.append(Parameter(rest, Parameter.VAR_POSITIONAL))
        return inspect.Signature([*parameters, Parameter("options", Parameter.VAR_KEYWORD)])


def _argument(value: Any) -> Argument:
    leaves, build = flatten(value)
    varying = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor) and is_variable(leaf)]
    return Argument(leaves, build, varying)


def _plain(leaf: Any) -> Any:
    return leaf._value() if isinstance(leaf, Tensor) else leaf


def _lasting(leaf: Any, array: Any) -> Any:
    """``array``, that of ``leaf``, to be kept."""
    return array.copy() if isinstance(leaf, Handle) and is_fleeting(leaf) else array


def _owned(value: Any) -> Any:
    """A leaf of a result; what is numbers as an array that nobody else has, a cache of the function's too."""
    result = value._value() if isinstance(value, Tensor) else value
    numeric = isinstance(result, np.ndarray | np.number | np.bool | float | complex)
    return np.array(result) if numeric else result


def _is_result(value: Any) -> bool:
    """True if a leaf of a result carries a gradient."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "fc"


def _tensor(value: Any, node: Node) -> Any:
    """The tensor of a leaf of a result, if that is an array of numbers."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return make_handle(Tensor, value, node)
    return value
