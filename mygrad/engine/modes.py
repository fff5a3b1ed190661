"""Switches that hold for a context: a thread, an asyncio task, a ``with`` block, a decorated function."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from enum import Enum
from functools import partial, wraps
from typing import Any, NamedTuple

from mygrad.errors import GradientLost, place


class Recording(Enum):
    """How operations on variables are recorded."""

    ON = "by the fastest way that knows the call"
    CHECKED = "by the general way, which checks every value: under mygrad.debug"
    OFF = "not at all"


recording: ContextVar[Recording] = ContextVar("mygrad.recording", default=Recording.ON)
guarding: ContextVar[bool] = ContextVar(
    "mygrad.guarding",
    default=os.environ.get("MYGRAD_MEM_GUARD", "true").lower() not in ("0", "false", "off"),
)
#: Whether a node's gradient must not be lost, as a function of the node; None if nobody asks.
leak_check: ContextVar[Any] = ContextVar("mygrad.strict", default=None)
debugging: ContextVar[bool] = ContextVar("mygrad.debugging", default=False)
_leaks: ContextVar[list[Leak] | None] = ContextVar("mygrad.leaks", default=None)


def is_recording() -> bool:
    """True unless inside :data:`no_autodiff`."""
    return recording.get() is not Recording.OFF


def record_as(on: bool) -> Recording:
    """The value of `recording` where it is switched on or off."""
    if not on:
        return Recording.OFF
    return Recording.CHECKED if debugging.get() else Recording.ON


class Leak(NamedTuple):
    """Where a gradient would be lost (``file:line``, or nothing), how, and what to do instead."""

    where: str
    what: str
    advice: str


def every(_node: Any) -> bool:
    """The value of `leak_check` under :data:`strict`: no gradient may be lost."""
    return True


def none_at_all(_node: Any) -> bool:
    """The value of `leak_check` under ``strict(False)``, which transforms leave as it is."""
    return False


def must_stay(node: Any) -> bool:
    """True if the gradient of ``node`` must not be lost."""
    check = leak_check.get()
    return check is not None and check(node)


@contextmanager
def collect_leaks() -> Iterator[list[Leak]]:
    """Strict mode in which a leak is noted, with its place, instead of raised."""
    found: list[Leak] = []
    tokens = leak_check.set(every), _leaks.set(found)
    try:
        yield found
    finally:
        leak_check.reset(tokens[0])
        _leaks.reset(tokens[1])


def lost(what: str, advice: str) -> None:
    """In strict mode, what becomes of a leak: an error, unless leaks are collected.

    ``what`` says what has happened, to be followed by where.
    """
    where, found = place(), _leaks.get()
    if found is None:
        raise GradientLost(f"{what}{where}: the gradient would be lost. {advice}")
    found.append(Leak(where.removeprefix(" at "), what, advice))


class Switch:
    """Sets a context variable inside a ``with`` block or a decorated function.

    One object serves any number of threads and nested blocks: what to restore is itself kept in the
    context, not on the object.
    """

    def __init__(self, variable: ContextVar[Any], value: Any, doc: str) -> None:
        self._variable = variable
        self._value = value
        self._tokens: ContextVar[tuple[Token[Any], ...]] = ContextVar(f"{variable.name}.tokens")
        self.__doc__ = doc

    def __enter__(self) -> None:
        token = self._variable.set(self._value)
        self._tokens.set((*self._tokens.get(()), token))

    def __exit__(self, *_: object) -> None:
        *rest, token = self._tokens.get()
        self._tokens.set(tuple(rest))
        self._variable.reset(token)

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate ``func``; generators, coroutines and asynchronous generators are understood."""
        return self._around(func, lambda result: result)

    def _around(
        self, function: Callable[..., Any], convert: Callable[[Any], Any]
    ) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def within(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return convert(await function(*args, **kwargs))

        elif inspect.isgeneratorfunction(function):

            @wraps(function)
            def within(*args: Any, **kwargs: Any) -> Any:
                generator = function(*args, **kwargs)
                resume = partial(generator.send, None)
                try:
                    while True:
                        with self:  # left at every yield: the caller's own code keeps its own mode
                            try:
                                item = resume()
                            except StopIteration as stop:
                                return convert(stop.value)
                        try:
                            resume = partial(generator.send, (yield convert(item)))
                        except Exception as error:  # noqa: BLE001 - the generator's to handle
                            resume = partial(generator.throw, error)
                finally:
                    with self:
                        generator.close()

        elif inspect.isasyncgenfunction(function):

            @wraps(function)
            async def within(*args: Any, **kwargs: Any) -> Any:
                generator = function(*args, **kwargs)
                resume = partial(generator.asend, None)
                try:
                    while True:
                        with self:
                            try:
                                item = await resume()
                            except StopAsyncIteration:
                                return
                        try:
                            resume = partial(generator.asend, (yield convert(item)))
                        except Exception as error:  # noqa: BLE001 - the generator's to handle
                            resume = partial(generator.athrow, error)
                finally:
                    with self:
                        await generator.aclose()

        else:

            @wraps(function)
            def within(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return convert(function(*args, **kwargs))

        return within


class NoAutodiff(Switch):
    """The switch :data:`no_autodiff`, whose decorated function can return plain arrays."""

    def __call__(self, func: Callable[..., Any], to_numpy: bool = False) -> Callable[..., Any]:
        """Decorate ``func``; with ``to_numpy`` the tensors that it returns become arrays."""
        return self._around(func, _to_numpy if to_numpy else lambda result: result)


def _to_numpy(result: Any) -> Any:
    if isinstance(result, list | tuple):
        items = [_to_numpy(item) for item in result]
        return result._make(items) if hasattr(result, "_make") else type(result)(items)
    if isinstance(result, dict):
        return {key: _to_numpy(value) for key, value in result.items()}
    return result.data if hasattr(result, "creator") else result


no_autodiff = NoAutodiff(
    recording,
    Recording.OFF,
    "Context manager and decorator: nothing is recorded, results are constants. As a decorator it takes"
    " ``to_numpy=True``: the function then returns arrays instead of tensors.",
)


class Strict(Switch):
    """The switch :data:`strict`, of which ``strict(False)`` is the opposite."""

    def __call__(self, func: Callable[..., Any] | bool) -> Any:
        """Decorate ``func``; of a bool, the switch that turns strict mode on or off."""
        if isinstance(func, bool):
            return strict if func else lenient
        return super().__call__(func)


_STRICT = (
    "Context manager and decorator: a :class:`GradientLost` where a tensor that carries a gradient becomes plain"
    " data. Inside functions that a transform differentiates this holds anyway, of what depends on its"
    " arguments; ``with mg.strict(False):`` turns it off there as well."
)
strict = Strict(leak_check, every, _STRICT)
lenient = Switch(leak_check, none_at_all, "The opposite of :data:`strict`, as ``strict(False)``.")
mem_guard_off = Switch(
    guarding,
    False,
    "Context manager and decorator: arrays are not locked while a graph needs them.",
)
mem_guard_on = Switch(
    guarding, True, "Context manager and decorator: arrays that a graph needs are read-only."
)


def turn_memory_guarding_off() -> None:
    """Stop making arrays read-only while a graph needs them, from here on in this context."""
    guarding.set(False)


def turn_memory_guarding_on() -> None:
    """Make arrays read-only while a graph needs them, from here on in this context."""
    guarding.set(True)


def mem_guard_active() -> bool:
    """Whether arrays are made read-only while a graph needs them.

    >>> import mygrad as mg
    >>> with mg.mem_guard_off:
    ...     mg.mem_guard_active()
    False
    """
    return guarding.get()
