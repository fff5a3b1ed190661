"""The node that a call of a function with a custom rule leaves in the graph: see mygrad/transforms/custom_vjp.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from mygrad.engine.hooks import read_only
from mygrad.engine.modes import every, leak_check
from mygrad.engine.nodes import CONSTANT, Handle, Node, output_node
from mygrad.engine.unbroadcast import broadcasts_to, fit
from mygrad.errors import GradientLost, InvalidGradient
from mygrad.transforms.pytrees import matching

Function = Callable[..., Any]


class Rule(NamedTuple):
    """A rule, the arguments whose gradients it returns, and what it asks for."""

    call: Function
    names: tuple[str, ...]
    asked: tuple[str, ...]


class Call(NamedTuple):
    """The record of a call: for each argument its rule, the values that the rule asks for, and the nesting."""

    name: str
    rules: dict[str, Rule]
    #: The leaves that carry a gradient.
    wanted: dict[str, list[int]]
    #: The arguments, with the numbers of their leaves in the places of these.
    patterns: dict[str, Any]
    arguments: dict[str, tuple[list[Any], Callable[..., Any]]]
    results: list[Any]
    #: Which leaves of the result are arrays, and their shapes and dtypes.
    places: list[int]
    facts: list[tuple[tuple[int, ...], Any]]
    build: Callable[..., Any]
    aux: Any
    #: Computes ``aux`` of arguments; None if no rule asks for it.
    again: Callable[[Mapping[str, Any]], Any] | None


class CustomCall(Node):
    """A call of a function that has a rule of its own."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        """Ask the rules, and send on what they return."""
        call: Call = self.saved[0]
        several = len(call.places) > 1
        known: dict[str, Any] = {"grad": self._nested(walk, grad if several else (grad,))}
        known |= self._revived(walk, several)
        known["aux"] = call.aux
        if call.again is not None and walk.gradients.recorded:
            known["aux"] = self._by_numpy(call.again, known, recorded=True)
        inputs: Iterator[Node] = iter(self.inputs or ())
        answers: dict[Rule, dict[str, Any]] = {}
        for name, rule in call.rules.items():
            if rule not in answers:
                asked = [known[name] for name in rule.asked]
                answer = self._by_numpy(rule.call, *asked, recorded=walk.gradients.recorded)
                answers[rule] = self._by_name(rule, answer)
            gradients = self._leaves(name, answers[rule][name])
            for i in call.wanted[name]:
                node = next(inputs)
                if gradients[i] is not None:
                    walk.add(node, self._checked(walk, gradients[i], name, node))

    def _nested(self, walk: Any, grads: tuple[Any, ...]) -> Any:
        """The gradient with respect to the result, nested as that is, without a None."""
        call: Call = self.saved[0]
        leaves: list[Any] = [None] * len(call.results)
        for place, value, (shape, dtype) in zip(call.places, grads, call.facts, strict=True):
            grad = value
            if grad is None:
                grad = np.zeros(shape, dtype)
                if walk.gradients.recorded:
                    grad = walk.gradients.value(grad, CONSTANT)
            leaves[place] = read_only(grad)
        return call.build(leaves)

    def _revived(self, walk: Any, several: bool) -> dict[str, Any]:
        """The values of the call that the rules ask for, as tensors with their history if the walk is recorded."""
        call: Call = self.saved[0]
        results = list(call.results)
        inputs = iter(self.inputs or ())
        nodes = {name: {i: next(inputs) for i in wanted} for name, wanted in call.wanted.items()}
        arguments = {name: list(leaves) for name, (leaves, _) in call.arguments.items()}
        if walk.gradients.recorded:
            for name in arguments.keys() & nodes.keys():
                for i, node in nodes[name].items():
                    arguments[name][i] = walk.gradients.value(arguments[name][i], node)
            for count, place in enumerate(call.places):
                if results[place] is not None:
                    node = self
                    if several:
                        node = output_node(self, results[place], count, len(call.places))
                    results[place] = walk.gradients.value(results[place], node)
        known = {name: call.arguments[name][1](leaves) for name, leaves in arguments.items()}
        return known | {"out": call.build(results)}

    def _by_numpy(self, function: Function, *args: Any, recorded: bool) -> Any:
        """``function(*args)``, of tensors if the walk is ``recorded``: none of them may become an array."""
        call: Call = self.saved[0]
        token = leak_check.set(every if recorded else leak_check.get())
        try:
            return function(*args)
        except GradientLost as error:
            error.add_note(
                f"mygrad was computing a gradient as a tensor, by a rule of {call.name}: for derivatives of"
                " derivatives a rule, and a function that hands it aux, have to be written in NumPy functions."
            )
            raise
        finally:
            leak_check.reset(token)

    def _by_name(self, rule: Rule, answer: Any) -> dict[str, Any]:
        """The ``answer`` of a rule, by argument."""
        call: Call = self.saved[0]
        if len(rule.names) == 1:
            return {rule.names[0]: answer}
        if not isinstance(answer, tuple | list) or len(answer) != len(rule.names):
            got = f"{len(answer)} of them" if isinstance(answer, tuple | list) else repr(answer)
            raise InvalidGradient(
                f"a rule of {call.name} must return a tuple of {len(rule.names)} gradients, with respect to"
                f" {', '.join(rule.names)}; it returned {got}"
            )
        return dict(zip(rule.names, answer, strict=True))

    def _leaves(self, name: str, gradient: Any) -> list[Any]:
        """The parts of the gradient with respect to the argument ``name``, in the order of its leaves."""
        call: Call = self.saved[0]
        pattern = call.patterns[name]
        if gradient is None:
            return [None] * (max(call.wanted[name]) + 1)
        what = f"the gradient that a rule of {call.name} returns with respect to {name}"
        try:
            return [part for part, *_ in matching(gradient, pattern, what)]
        except TypeError as error:
            raise InvalidGradient(str(error)) from None

    def _checked(self, walk: Any, gradient: Any, name: str, node: Node) -> Any:
        """``gradient`` as one of ``node``, a leaf of the argument ``name``."""
        call: Call = self.saved[0]
        value = gradient if hasattr(gradient, "dtype") else np.asarray(gradient)
        if isinstance(value, Handle) and not walk.gradients.recorded:
            value = value._data
        elif isinstance(value, np.ndarray | np.generic) and walk.gradients.recorded:
            value = walk.gradients.value(value, CONSTANT)
        fits = value.shape == node.shape
        if not fits and len(call.facts) == 1 and value.shape == call.facts[0][0]:
            fits = broadcasts_to(node.shape, value.shape)
        if not fits or value.dtype.kind not in "biufc":
            raise InvalidGradient(
                f"a rule of {call.name} returned a gradient with respect to {name} of shape {value.shape}"
                f" and dtype {value.dtype}; it has to be numbers of shape {node.shape}"
            )
        return fit(value, node, self)
