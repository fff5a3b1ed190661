"""Modes hold for a context: a block, a function, a thread, a task, a step of a generator."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import modes
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])

SWITCHES = [
    (mg.no_autodiff, modes.recording, modes.Recording.OFF),
    (mg.strict, modes.leak_check, modes.every),
    (mg.mem_guard_off, modes.guarding, False),
    (mg.mem_guard_on, modes.guarding, True),
]
by_switch = pytest.mark.parametrize(
    ("switch", "variable", "value"),
    SWITCHES,
    ids=["no_autodiff", "strict", "guard_off", "guard_on"],
)


@by_switch
def test_block(switch: Any, variable: Any, value: bool) -> None:
    before = variable.get()
    with switch:
        assert variable.get() is value
        with switch:
            assert variable.get() is value
        assert variable.get() is value
    assert variable.get() is before


@by_switch
def test_a_block_left_by_an_error(switch: Any, variable: Any, value: bool) -> None:
    before = variable.get()
    with pytest.raises(KeyError), switch:
        raise KeyError
    assert variable.get() is before


@by_switch
def test_decorated_function(switch: Any, variable: Any, value: bool) -> None:
    before = variable.get()

    @switch
    def function(a: int, *, b: int = 1) -> tuple[bool, int]:
        """Doc."""
        return variable.get(), a + b

    assert function(1, b=2) == (value, 3)
    assert (function.__name__, function.__doc__) == ("function", "Doc.")
    assert variable.get() is before

    @switch
    def recursive(n: int) -> list[bool]:
        return [variable.get(), *(recursive(n - 1) if n else [])]

    assert recursive(3) == [value] * 4
    assert variable.get() is before


@by_switch
def test_decorated_coroutine(switch: Any, variable: Any, value: bool) -> None:
    before = variable.get()

    @switch
    async def inside() -> bool:
        await asyncio.sleep(0)
        return variable.get()

    async def main() -> list[bool]:
        async def outside() -> bool:
            await asyncio.sleep(0)
            return variable.get()

        return await asyncio.gather(inside(), outside(), inside())

    assert asyncio.run(main()) == [value, before, value]


@by_switch
def test_decorated_generator(switch: Any, variable: Any, value: bool) -> None:
    before = variable.get()
    seen = []

    @switch
    def numbers() -> Iterator[Any]:
        seen.append(variable.get())
        got = yield 1
        seen.append(variable.get())
        yield got
        seen.append(variable.get())
        return "end"

    def outer() -> Iterator[Any]:
        result = yield from numbers()
        assert result == "end"

    generator = outer()
    assert next(generator) == 1
    assert variable.get() is before
    assert generator.send(5) == 5
    assert variable.get() is before
    assert list(generator) == []
    assert seen == [value] * 3
    assert variable.get() is before


def test_a_generator_left_early_or_given_an_error() -> None:
    closed: list[str] = []

    @mg.no_autodiff
    def numbers() -> Iterator[int]:
        try:
            yield 1
        except KeyError:
            closed.append("error")
            yield 2
        finally:
            closed.append("closed")

    generator: Any = numbers()
    next(generator)
    assert generator.throw(KeyError) == 2
    generator.close()
    assert closed == ["error", "closed"]
    assert modes.is_recording()


def test_an_asynchronous_generator() -> None:
    @mg.no_autodiff
    async def numbers() -> AsyncIterator[bool]:
        yield modes.is_recording()
        yield modes.is_recording()

    async def main() -> list[bool]:
        seen = []
        async for value in numbers():
            seen += [value, modes.is_recording()]
        return seen

    assert asyncio.run(main()) == [False, True, False, True]


def in_a_thread(function: Callable[[], Any]) -> Any:
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join()
    return result[0]


@by_switch
def test_a_thread_has_its_own_modes(switch: Any, variable: Any, value: bool) -> None:
    before = variable.get()
    with switch:
        assert in_a_thread(variable.get) is before


def test_two_threads_do_not_disturb_each_other() -> None:
    """One thread is always inside `no_autodiff`, the other one always backpropagates."""
    barrier = threading.Barrier(2)
    stop = threading.Event()
    wrong: list[str] = []

    def without() -> None:
        barrier.wait()
        while not stop.is_set():
            with mg.no_autodiff:
                if not (mg.tensor(F) * 2).constant:
                    wrong.append("recorded inside no_autodiff")

    def back() -> None:
        barrier.wait()
        for _ in range(300):
            x = mg.tensor(F)
            np.sum(x * x).backward()
            if x.grad is None or not np.array_equal(x.grad, 2 * F):
                wrong.append("no gradient outside no_autodiff")
        stop.set()

    threads = [threading.Thread(target=without), threading.Thread(target=back)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_tasks_do_not_disturb_each_other() -> None:
    async def without() -> bool:
        with mg.no_autodiff:
            await asyncio.sleep(0)
            return (mg.tensor(F) * 2).constant

    async def back() -> bool:
        await asyncio.sleep(0)
        return (mg.tensor(F) * 2).constant

    async def main() -> list[bool]:
        return await asyncio.gather(without(), back(), without(), back())

    assert asyncio.run(main()) == [True, False, True, False]


# ----------------------------------------------------------------- what they do


def test_no_autodiff_records_nothing() -> None:
    x = mg.tensor(F)
    with mg.no_autodiff:
        results = [x * 2, np.exp(x), np.sum(x), x[0], x[[0]], x.T, x.copy(), np.concatenate([x, x])]
        results += [
            x.astype("f4"),
            np.where(F > 0, x, 0),
            np.stack([x, x]),
            mg.sum(x),
            *np.split(x, 3),
        ]
        assert all(result.creator is None for result in results)
        y = np.sum(x**2)
    y.backward()
    assert x.grad is None
    assert_same(y, np.asarray(np.sum(F**2)))


def test_an_update_inside_no_autodiff_is_a_step_of_an_optimizer() -> None:
    x = mg.tensor(F)
    np.sum(x**2).backward()
    array = x.data
    with mg.no_autodiff:
        x -= 0.5 * x.grad
    assert x.data is array
    assert_same(x, np.zeros(3))
    assert not x.constant
    np.sum(x + 1).backward()
    assert_same(x.grad, np.ones(3))


class Pair(NamedTuple):
    a: Any
    b: Any


def test_to_numpy() -> None:
    @mg.no_autodiff
    def plain(x: Any) -> Any:
        return x * 2

    def everything(x: Any) -> Any:
        return {"list": [x * 2, 1], "pair": Pair(x, None), "tuple": (x[0],), "text": "text"}

    x = mg.tensor(F)
    assert isinstance(plain(x), mg.Tensor)
    result = mg.no_autodiff(everything, to_numpy=True)(x)
    assert_same(result["list"][0], F * 2)
    assert type(result["list"][0]) is np.ndarray
    assert type(result["pair"]) is Pair
    assert type(result["pair"].a) is np.ndarray
    assert type(result["tuple"][0]) is np.ndarray
    assert (result["list"][1], result["pair"].b, result["text"]) == (1, None, "text")


def test_the_switches_of_the_guard() -> None:
    assert mg.mem_guard_active()
    try:
        mg.turn_memory_guarding_off()
        assert not mg.mem_guard_active()
        array = F.copy()
        kept = np.exp(mg.tensor(array, copy=False))
        array[0] = 1.0
        del kept
    finally:
        mg.turn_memory_guarding_on()
    assert mg.mem_guard_active()


@pytest.mark.parametrize(
    ("value", "active"), [("0", False), ("false", False), ("off", False), ("1", True), ("", True)]
)
def test_the_environment_sets_the_guard(value: str, active: bool) -> None:
    command = [sys.executable, "-c", "import mygrad; print(mygrad.mem_guard_active())"]
    env = {**os.environ, "MYGRAD_MEM_GUARD": value}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(active)
