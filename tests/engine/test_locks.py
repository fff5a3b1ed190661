"""Locks of the memory guard: shared by nodes, and safe against interruptions at any line."""

from __future__ import annotations

import gc
import linecache
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import guard


class Holder:
    """Stands for a node."""

    def __init__(self) -> None:
        self.locks: Any = None


def locked(*arrays: Any) -> Any:
    """A holder of locks on ``arrays``."""
    holder: Any = Holder()
    for array in arrays:
        guard.lock(holder, array)
    return holder


def is_open(*arrays: Any) -> bool:
    (answer,) = {array.flags.writeable for array in arrays}
    return answer


# Each line of a table: the holders that are made and let go, and whether the arrays are open then.
SEQUENCES: dict[str, list[tuple[str, bool]]] = {
    "one": [("+a", False), ("-a", True)],
    "two, the first goes first": [("+a", False), ("+b", False), ("-a", False), ("-b", True)],
    "two, the second goes first": [("+a", False), ("+b", False), ("-b", False), ("-a", True)],
    "again": [("+a", False), ("-a", True), ("+a", False), ("-a", True)],
    "in turn": [("+a", False), ("+b", False), ("-a", False), ("+a", False), ("-b", False)],
    "one holder twice": [("+a", False), ("+a", False), ("-a", True)],
}

FAMILIES: dict[str, Callable[[], list[Any]]] = {
    "an array": lambda: [np.ones(4)],
    "a view": lambda: [(base := np.ones(4))[1:], base],
    "a view of a view": lambda: [(view := (base := np.ones((4, 4)))[1:])[::2].T, view, base],
    "a view of a buffer": lambda: [np.frombuffer(bytearray(32))[1:]],
}


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("steps", SEQUENCES.values(), ids=SEQUENCES)
def test_sequences(steps: list[tuple[str, bool]], make: Callable[[], list[Any]]) -> None:
    array, *bases = make()
    holders: dict[str, Any] = {}
    for (act, name), opened in steps:
        if act == "+":
            guard.lock(holders.setdefault(name, Holder()), array)
        else:
            del holders[name]
        assert is_open(array) == opened
    holders.clear()
    assert is_open(array, *bases)
    assert not guard._locks
    assert not guard._waiting


def test_views_and_bases_with_holders_of_their_own() -> None:
    base = np.ones(4)
    view, part = base[1:], base[2:]
    first, second, third = locked(view), locked(base), locked(part)
    del first
    assert not is_open(base, view, part)
    del second
    assert not is_open(base, view, part)
    del third
    assert is_open(base, view, part)


def test_a_base_that_the_user_opens_while_a_view_of_it_is_locked() -> None:
    base = np.ones(4)
    view = base[1:]
    base.flags.writeable = False
    first = locked(view)
    base.flags.writeable = True
    second = locked(view)
    assert not is_open(base, view)
    del first, second
    assert is_open(base, view)


def test_nodes_share_a_lock() -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    y, z = x * x, x * 2.0 * array
    assert len(guard._locks) == 1
    assert y.creator is not None
    assert {*y.creator.locks} == {guard._locks[id(array)]()}
    del y
    assert not is_open(array)
    del z
    assert is_open(array)


def test_a_lock_keeps_the_array_so_that_its_identity_is_not_used_again() -> None:
    for _ in range(100):
        array = np.ones(3)
        gone = ref(array)
        holder = locked(array)
        del array
        assert gone() is not None
        del holder
        assert gone() is None
        assert not guard._locks


# ------------------------------------------------------------------- threads


def test_a_lock_while_that_before_is_being_let_go() -> None:
    array = np.ones(3)
    holders = [locked(array)]
    watch = guard._locks[id(array)]
    with guard._mutex:  # where the other thread has to wait before it can open the array
        thread = threading.Thread(target=holders.clear)
        thread.start()
        while watch() is not None:
            pass
        second = locked(array)
        third = locked(array)
    thread.join()
    assert not is_open(array)
    del second
    assert not is_open(array)
    del third
    assert is_open(array)
    assert not guard._locks


def test_one_thread_at_a_time_makes_locks() -> None:
    array = np.ones(3)
    holders: list[Any] = []
    thread = threading.Thread(target=lambda: holders.append(locked(array)))
    with guard._mutex:
        thread.start()
        thread.join(0.05)
        assert is_open(array)
    thread.join()
    assert not is_open(array)


@contextmanager
def frequent_switches() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def test_threads_that_lock_and_let_go() -> None:
    base = np.ones((3, 4))
    arrays = [np.ones(3), base, base[1:], base.T]
    failures: list[Any] = []

    def hammer(seed: int) -> None:
        draw = random.Random(seed)
        held: list[Any] = []
        for _ in range(2000):
            array = draw.choice(arrays)
            held.append((locked(array), array))
            failures.extend(array.shape for _, array in held if array.flags.writeable)
            while len(held) > draw.randrange(4):
                held.pop(draw.randrange(len(held)))

    with frequent_switches():
        threads = [threading.Thread(target=hammer, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    assert is_open(*arrays)
    assert not guard._locks
    assert not guard._waiting


def test_threads_that_compute() -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    failures: list[Any] = []

    def compute() -> None:
        for _ in range(300):
            y = np.exp(x * x)
            if array.flags.writeable:
                failures.append("open")
            del y

    with frequent_switches():
        threads = [threading.Thread(target=compute) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failures
    assert is_open(array)


# ------------------------------------------------- the collector and finalizers


def test_holders_that_the_collector_frees_at_any_time() -> None:
    arrays = [np.ones(3), (base := np.ones(4)), base[1:]]
    thresholds = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for step in range(500):
            cyclic = locked(arrays[step % 3])
            cyclic.itself = cyclic
            holder = locked(arrays[step // 3 % 3])
            assert not is_open(arrays[step // 3 % 3])
            del cyclic, holder
    finally:
        gc.set_threshold(*thresholds)
    gc.collect()
    assert is_open(*arrays)
    assert not guard._locks


def test_a_finalizer_that_locks_the_array_that_is_being_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array = np.ones(3)
    others: list[Any] = []

    def watch(*args: Any) -> Any:
        monkeypatch.undo()
        others.append(locked(array))
        return guard.Watch(*args)

    monkeypatch.setattr(guard, "Watch", watch)
    holder = locked(array)
    del holder
    assert not is_open(array)
    others.clear()
    assert is_open(array)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_finalizer_that_locks_the_array_that_is_being_opened(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = np.ones(4)
    view = base[1:]
    others: list[Any] = []
    really = guard._make_writeable

    def make_writeable(array: Any) -> None:
        if when == "after":
            really(array)
        monkeypatch.undo()
        others.append(locked(base))
        if when == "before":
            really(array)

    holder = locked(view)
    monkeypatch.setattr(guard, "_make_writeable", make_writeable)
    del holder
    assert others
    assert is_open(base) == (when == "before")  # too late for it, yet nothing is lost:
    others.clear()
    assert is_open(base, view)
    assert not guard._locks


# -------------------------------------------------------------------- signals


class Interrupt:
    """Raises KeyboardInterrupt before the line that is the ``count``-th to run of the guard."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != guard.__file__:
            return None
        # Python looks for no signals at `try:` and at the end of a with block, which count as lines
        # too.
        line = linecache.getline(guard.__file__, frame.f_lineno)
        if event == "line" and not line.strip().startswith(("try:", "with _mutex")):
            self.count -= 1
            if not self.count:
                raise KeyboardInterrupt
        return self


def lock_two_and_let_go(array: Any, bases: list[Any]) -> None:
    first = locked(array)
    second = locked(*bases[-1:], array)
    del first
    del second


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
def test_interrupts_between_any_two_lines(
    make: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: ignored.append(args.exc_type))
    before = sys.gettrace()
    for count in range(1, 1000):
        array, *bases = make()
        if bases:
            guard._hand_out(array)
        interrupt = Interrupt(count)
        sys.settrace(interrupt)
        try:
            lock_two_and_let_go(array, bases)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
        assert is_open(array, *bases), count
        assert not guard._locks
        assert not guard._waiting
        assert not guard._mutex._is_owned()  # type: ignore[attr-defined]
        if interrupt.count > 0:  # all lines have had their turn
            break
    assert count > 25
    assert {*ignored} == {KeyboardInterrupt}


def test_an_array_that_an_interrupt_left_closed_opens_with_the_next_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array = np.ones(3)
    monkeypatch.setattr(guard, "_let_go", lambda watch: None)
    holder = locked(array)
    del holder
    monkeypatch.undo()
    assert not is_open(array)
    holder = locked(array)
    del holder
    assert is_open(array)
    assert not guard._locks
