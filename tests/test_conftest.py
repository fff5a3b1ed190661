"""A test that leaks global state fails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mygrad.engine import modes
from mygrad.tensors.tensor import Tensor
from tests.conftest import global_state, no_leaks

LEAKS = {
    "modes.recording": lambda: modes.recording.set(modes.Recording.OFF),
    "modes.guarding": modes.turn_memory_guarding_off,
    "modes.leak_check": lambda: modes.leak_check.set(modes.every),
    "np.geterr": lambda: np.seterr(divide="raise"),
    "np.geterrcall": lambda: np.seterrcall(print),
    "np.get_printoptions": lambda: np.set_printoptions(precision=2),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_named_and_mended(name: str) -> None:
    leak: Callable[[], object] = LEAKS[name]
    before = global_state()
    with pytest.raises(pytest.fail.Exception, match=f"leaks global state: {name}"), no_leaks():
        leak()
    assert global_state() == before


def test_all_leaks_are_tried() -> None:
    assert set(LEAKS) == set(global_state())


def test_locked_arrays_are_found() -> None:
    array = np.ones(3)
    results = []
    with pytest.raises(pytest.fail.Exception, match=r"leaves \d+ arrays locked"), no_leaks():
        results.append(np.exp(Tensor(array, copy=False)) * array)
    results.clear()


def test_what_is_put_back_does_not_leak() -> None:
    with no_leaks(), modes.mem_guard_off, np.errstate(all="raise"):
        np.square(Tensor(np.ones(3))).backward()
