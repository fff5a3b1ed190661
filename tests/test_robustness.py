"""Deep graphs, long loops, no memory leaks: all without the garbage collector."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import guard
from tests.checks import assert_same

F = np.array([1.5, -2.0, 0.5])
DEEP = 100_000


@contextmanager
def no_collector() -> Iterator[None]:
    """Disable the garbage collector: only reference counting frees memory."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# ------------------------------------------------------------------ deep graphs


def chain_of_operations(y: Any) -> Any:
    for _ in range(DEEP):
        y = y + 1.0
    return y


def chain_of_updates(y: Any) -> Any:
    y = y * 1.0
    for _ in range(DEEP // 10):
        y += 1.0
    return y


def chain_of_views(y: Any) -> Any:
    for _ in range(DEEP // 10):
        y = y[...]
    return y


def chain_of_updated_views(y: Any) -> Any:
    y = y * 1.0
    for _ in range(DEEP // 100):
        y = y[:]
        y += 1.0
    return y


def chain_of_functions(y: Any) -> Any:
    for _ in range(DEEP // 20):
        y = np.concatenate([y[:1], np.where([True, False], y[1:], 0.0)])
    return y


def chain_of_lists(y: Any) -> Any:
    for _ in range(DEEP // 100):
        y = mg.tensor([y[0], y[1], y[2]])
    return y


CHAINS = [
    chain_of_operations,
    chain_of_updates,
    chain_of_views,
    chain_of_updated_views,
    chain_of_functions,
    chain_of_lists,
]


@pytest.mark.parametrize("chain", CHAINS, ids=[chain.__name__ for chain in CHAINS])
def test_a_long_chain_goes_forward_and_back_and_is_freed(chain: Callable[[Any], Any]) -> None:
    with no_collector():
        x = mg.tensor(F)
        y = chain(x)
        y.backward()
        assert x.grad.shape == F.shape
        assert np.all(x.grad == 1) or chain is chain_of_functions
        del y
        dropped = chain(x)
        node = weakref.ref(dropped)
        del dropped
        assert node() is None


def test_a_long_chain_is_cleared_and_differentiated_twice() -> None:
    x = mg.tensor(F)
    y = chain_of_operations(x)
    y.clear_graph()
    assert y.creator is None
    x = mg.tensor(1.1)
    y = x
    for _ in range(DEEP // 50):
        y = np.sin(y)
    y.backward(create_graph=True)
    slope = x.grad
    x.null_grad()
    slope.backward()
    assert np.isfinite(x.grad)


def test_a_wide_graph() -> None:
    x = mg.tensor(F)
    np.sum(np.stack([x * 1.0 for _ in range(5000)])).backward()
    assert_same(x.grad, np.full(3, 5000.0))


# ------------------------------------------------------------------ long loops


def forward_and_back(x: Any) -> None:
    np.sum(np.exp(x * 0.1) @ x).backward()


def forward_only(x: Any) -> None:
    np.sum(np.exp(x * 0.1) @ x)


def updates_of_views(x: Any) -> None:
    y = x * 1.0
    y[:2] *= 2.0
    y[0] = 3.0
    np.sum(y).backward()


def second_order(x: Any) -> None:
    np.sum(x**3).backward(create_graph=True)
    slope = x.grad
    x.null_grad()
    np.sum(slope).backward()
    x.null_grad()


def guarded_arrays(x: Any) -> None:
    array = np.ones(3)
    y = x * array
    y.data
    np.sum(y * y).backward()


def several_outputs(x: Any) -> None:
    parts = np.split(x * 2, [1])
    np.sum(np.concatenate([parts[1], *np.modf(parts[0])])).backward()


def failures(x: Any) -> None:
    for fail in (
        lambda: x * np.ones(7),
        lambda: np.dot(x, np.ones(5)),
        lambda: x[9],
        lambda: x.reshape(7),
    ):
        with suppress(ValueError, IndexError):
            fail()


def optimizer(x: Any) -> None:
    np.sum(x**2).backward()
    with mg.no_autodiff:
        x -= 0.001 * x.grad


@pytest.mark.parametrize("step", [forward_and_back, forward_only])
def test_ten_thousand_steps_leave_memory_flat(step: Callable[[Any], None]) -> None:
    with no_collector():
        x = mg.tensor(F)
        for _ in range(100):
            step(x)
        tracemalloc.start()
        try:
            step(x)
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(10_000):
                step(x)
            after = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert after - before < 2000


STEPS = [
    updates_of_views,
    second_order,
    guarded_arrays,
    several_outputs,
    failures,
    optimizer,
]


@pytest.mark.parametrize("step", STEPS, ids=[step.__name__ for step in STEPS])
def test_no_object_outlives_its_step(step: Callable[[Any], None]) -> None:
    with no_collector():
        x = mg.tensor(F)
        for _ in range(5):
            step(x)
        before = len(gc.get_objects())
        for _ in range(200):
            step(x)
        assert len(gc.get_objects()) - before < 20
        assert not guard._waiting


def test_memory_falls_while_going_back() -> None:
    size = 200_000
    x = mg.tensor(np.ones(size))
    tracemalloc.start()
    try:
        y = x
        for _ in range(20):
            y = np.exp(-y)
        forward = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        y.backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Saved arrays are freed as gradients are computed.
    assert peak < forward + 4 * 8 * size


# ----------------------------------------------------------- no reference cycles


def a_graph(x: Any) -> Any:
    y = x * 2
    y[:2] += 1
    z = np.concatenate([y, np.sqrt(np.abs(y))])
    values, *_ = np.split(z, 2)
    return np.sum(np.where(z > 0, z, 0)) + np.sum(values)


@pytest.mark.parametrize("back", [False, True], ids=["dropped", "backward"])
def test_a_graph_is_freed_by_reference_counting(back: bool) -> None:
    with no_collector():
        x = mg.tensor(F)
        loss = a_graph(x)
        if back:
            loss.backward()
        references = weakref.ref(loss), weakref.ref(x)
        del loss, x
        assert [reference() for reference in references] == [None, None]
        assert gc.collect() == 0


def test_gradients_with_a_history_are_freed_by_the_collector() -> None:
    """Such a gradient depends on the tensor that holds it."""
    x = mg.tensor(F)
    a_graph(x).backward(create_graph=True)
    gradient = weakref.ref(x.grad)
    del x
    gc.collect()
    assert gradient() is None


def test_an_array_is_freed_as_soon_as_nobody_needs_it() -> None:
    class Traced(np.ndarray):
        pass

    with no_collector():
        x = mg.tensor(F)
        kept = np.ones(3).view(Traced)
        reference = weakref.ref(kept)
        loss = np.sum(x * kept)
        del kept
        assert reference() is not None  # the rule needs it
        loss.backward()
        assert reference() is None
