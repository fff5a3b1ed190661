"""The memory guard: which arrays it locks, and for how long."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import guard


def is_open(array: np.ndarray) -> bool:
    return array.flags.writeable


def test_an_operand_is_locked_while_a_graph_needs_it() -> None:
    array = np.ones(3)
    x = mg.tensor(np.ones(3))
    y = x * array
    assert not is_open(array)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2
    np.sum(y).backward()
    assert is_open(array)


def test_an_array_that_no_rule_needs_is_not_locked() -> None:
    array = np.ones(3)
    y = mg.tensor(np.ones(3)) + array
    assert is_open(array)
    del y


@pytest.mark.parametrize("how", ["backward", "clear_graph", "dropped"])
def test_a_lock_goes_with_the_last_that_needs_it(how: str) -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    y, z = x * x, np.exp(x) * array
    assert not is_open(array)
    del z
    assert not is_open(array)
    if how == "backward":
        np.sum(y).backward()
    elif how == "clear_graph":
        y.clear_graph()
    del y
    assert is_open(array)


def test_the_error_names_mygrad_and_the_way_out() -> None:
    array = np.ones(3)
    y = mg.tensor([1.0, 2.0, 3.0]) * array
    constant = mg.tensor(1.0, constant=True)
    with pytest.raises(ValueError, match="read-only") as caught:
        array += constant
    assert any("mem_guard_off" in note for note in caught.value.__notes__)
    del y
    array += constant
    array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only") as caught:
        np.add(constant, 1, out=array)
    assert not any("mem_guard_off" in note for note in caught.value.__notes__)


def test_what_was_read_only_stays_so() -> None:
    array = np.ones(3)
    array.flags.writeable = False
    y = mg.tensor(array, copy=False) ** 2
    np.sum(y).backward()
    assert not is_open(array)


def test_views_and_bases() -> None:
    base = np.ones(4)
    view, other = base[1:], base[:2]
    y = mg.tensor(view, copy=False) ** 2
    assert not is_open(view)
    assert not is_open(base)
    z = mg.tensor(base, copy=False) ** 2
    del y
    assert not is_open(base)
    del z
    assert is_open(view)
    assert is_open(base)
    assert is_open(other)


def test_a_view_that_went_in_while_its_base_was_locked() -> None:
    base = np.ones(4)
    y = mg.tensor(base, copy=False) ** 2
    view = base[1:]
    z = mg.tensor(view, copy=False) ** 2
    del y
    assert not is_open(view)
    del z
    assert is_open(base)
    assert is_open(view)


def test_a_base_that_was_read_only_before_stays_so() -> None:
    base = np.ones(4)
    view = base[1:]
    base.flags.writeable = False
    y = mg.tensor([1.0, 2.0, 3.0]) * view
    assert not is_open(view)
    del y
    assert is_open(view)
    assert not is_open(base)


@pytest.mark.parametrize(
    "take",
    [np.diagonal, lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, 0)[0]],
    ids=["diagonal", "sliding window"],
)
def test_a_view_that_numpy_made_read_only_stays_so(take: Callable[[Any], Any]) -> None:
    base = np.ones((3, 3))
    view = take(base)
    y = mg.tensor(1.0) * view
    assert not is_open(view)
    del y
    assert not is_open(view)
    assert is_open(base)


@pytest.mark.parametrize(
    "take",
    [lambda a: a[1:], lambda a: a.T, lambda a: np.reshape(a, (-1, 1)), lambda a: a.detach()],
    ids=["slice", "T", "reshape", "detach"],
)
def test_a_view_of_a_view_that_was_taken_while_locked(take: Callable[[Any], Any]) -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    kept = np.sin(x)
    view = x[...]
    np.sum(kept + view).backward()
    part = take(view)
    with mg.no_autodiff:
        part += 1.0
    assert np.array_equal(part, np.full(part.shape, 2.0))
    assert array[-1] == 2
    part += 1.0
    assert x[-1] == 3


def test_to_look_at_a_view_locks_nothing() -> None:
    x = mg.tensor(np.ones(4))
    y = x * 1
    part = y[1:]
    assert is_open(part.data)
    assert is_open(y.data)
    z = part**2
    assert not is_open(part.data)
    assert not is_open(y.data)
    del z
    assert is_open(part.data)
    assert is_open(y.data)


def test_the_array_of_a_view_that_was_taken_while_locked() -> None:
    x = mg.tensor(np.ones(4))
    data = x.data
    y = x**2
    view = x[1:]
    part = view.data
    assert not is_open(data)
    assert not is_open(part)
    del y
    assert is_open(data)
    assert is_open(part)
    assert view.flags.writeable


def test_what_data_hands_out_is_locked_for_operations_before_and_after() -> None:
    x = mg.tensor(np.ones(3))
    before = x**2
    data = x.data
    assert not is_open(data)
    after = np.sin(x)
    del before
    assert not is_open(data)
    del after
    assert is_open(data)


def test_a_view_handed_out_is_locked_when_an_operation_needs_the_base() -> None:
    x = mg.tensor(np.ones(4))
    before = x**2
    part = x[1:].data
    assert not is_open(part)
    del before
    assert is_open(part)
    after = np.sin(x)
    assert not is_open(part)
    del after
    assert is_open(part)
    constant = mg.tensor(np.ones(4), constant=True)
    part = constant[1:].data
    y = x * constant
    assert not is_open(part)
    del y
    assert is_open(part)
    del part, constant
    assert not guard._handed_out or len(guard._handed_out) == 1


def test_a_leaf_behind_an_array_handed_out_still_gets_its_gradient() -> None:
    x = mg.tensor(np.ones(3))
    y = x**2
    assert np.array_equal(x.data, [1, 1, 1])
    z = x * 3
    np.sum(y + z).backward()
    assert np.array_equal(x.grad, [5, 5, 5])


def test_tensors_alone_cost_nothing() -> None:
    x = mg.tensor(np.ones(3))
    y = np.exp(x * x)
    assert not guard._locks
    del y


def writable_buffer() -> np.ndarray:
    return np.frombuffer(bytearray(np.ones(3).tobytes()))


def test_buffers() -> None:
    array = writable_buffer()
    y = mg.tensor(array, copy=False) ** 2
    assert not is_open(array)
    del y
    assert is_open(array)
    array = np.frombuffer(np.ones(3).tobytes())
    y = mg.tensor(array, copy=False) ** 2
    np.sum(y).backward()
    assert not is_open(array)


def test_memory_maps(tmp_path: Path) -> None:
    array = np.memmap(tmp_path / "numbers", float, "w+", shape=(3,))
    array[:] = 1
    x = mg.tensor(array, copy=False)
    y = x * array
    assert not is_open(array)
    np.sum(y).backward()
    assert is_open(array)
    assert np.array_equal(x.grad, [1, 1, 1])


class Foreign:
    """Memory that is no array's, described by NumPy's array interface."""

    def __init__(self) -> None:
        self.memory = np.ones(3)
        self.__array_interface__ = self.memory.__array_interface__


def test_arrays_whose_base_is_no_array() -> None:
    """NumPy would not let them be opened again: they are left open."""
    array = np.asarray(Foreign())
    x = mg.tensor(array, copy=False)
    np.sum(x * array).backward()
    assert is_open(array)
    assert np.array_equal(x.grad, [1, 1, 1])


def test_strided_views() -> None:
    array = np.ones(6)
    windows = np.lib.stride_tricks.sliding_window_view(array, 2)
    y = mg.tensor(windows, copy=False) ** 2
    assert not is_open(array)
    del y
    assert is_open(array)
    x = mg.tensor(array, copy=False)
    y = np.lib.stride_tricks.sliding_window_view(x, 2) ** 2
    assert not is_open(array)
    del y
    assert is_open(array)


def test_a_view_that_is_needed_locks_the_very_array_the_user_holds() -> None:
    array = np.asfortranarray(np.ones((2, 3)))[::-1]
    x = mg.tensor(array, copy=False)
    y = np.sin(x[:, 1:])
    assert not is_open(array)
    del y
    assert is_open(array)


@pytest.mark.parametrize(
    "fails",
    [
        lambda x, array: np.add(mg.tensor([1.0, 2.0]), array),
        lambda x, array: np.matmul(x * array, np.ones((2, 2))),
        lambda x, array: np.multiply(x, array, out=mg.tensor(np.ones(7))),
        lambda x, array: np.multiply(x, array, out=np.ones(3)),
    ],
    ids=["add", "after another", "out does not fit", "out is an array"],
)
def test_an_operation_that_fails_leaves_no_lock(fails: Callable[..., Any]) -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    with pytest.raises((ValueError, TypeError)):
        fails(x, array)
    gc.collect()  # the error's traceback refers to its frames
    assert is_open(array)


def test_off_and_on() -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    with mg.mem_guard_off:
        assert not mg.mem_guard_active()
        y = x**2
        assert is_open(array)
        with mg.mem_guard_on:
            z = x**2
            assert not is_open(array)
        del z
    assert mg.mem_guard_active()
    assert is_open(array)
    del y
    mg.turn_memory_guarding_off()
    assert not mg.mem_guard_active()
    mg.turn_memory_guarding_on()
    assert mg.mem_guard_active()

    @mg.mem_guard_off
    def without() -> bool:
        return mg.mem_guard_active()

    assert not without()


def test_an_update_does_not_reach_an_array_handed_out() -> None:
    x = mg.tensor(np.ones(3))
    data = x.data
    x += 1
    assert np.array_equal(data, [1, 1, 1])
    assert np.array_equal(x, [2, 2, 2])
    assert is_open(data)


def test_without_recording_an_update_reaches_the_users_array() -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    with mg.no_autodiff:
        x += 1
    assert np.array_equal(array, [2, 2, 2])


def test_without_recording_a_graph_keeps_the_old_contents() -> None:
    array = np.ones(3)
    x = mg.tensor(array, copy=False)
    y = x**2
    with mg.no_autodiff:
        x += 1
    assert np.array_equal(array, [1, 1, 1])
    assert np.array_equal(x, [2, 2, 2])
    np.sum(y).backward()
    assert np.array_equal(x.grad, [2, 2, 2])


def test_updates_of_a_constant_copy_what_a_graph_needs() -> None:
    array = np.ones(3)
    c = mg.tensor(array, constant=True, copy=False)
    x = mg.tensor(np.ones(3))
    y = x * c
    c += 1
    assert np.array_equal(array, [1, 1, 1])
    np.sum(y).backward()
    assert np.array_equal(x.grad, [1, 1, 1])
    c += 1
    assert np.array_equal(c, [3, 3, 3])
