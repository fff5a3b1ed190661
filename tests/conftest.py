"""Fixtures for all tests: no global state leaks from one test into the next."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.checks")

from mygrad.engine import guard, modes  # noqa: E402, the line above must come first
from tests.checks import forget_drawn  # noqa: E402

# The same examples in every run, so that failures can be reproduced.
settings.register_profile("mygrad", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("mygrad")


def global_state() -> dict[str, Any]:
    """The global state that a test could change."""
    return {
        "modes.recording": modes.recording.get(),
        "modes.guarding": modes.guarding.get(),
        "modes.leak_check": modes.leak_check.get(),
        "np.geterr": np.geterr(),
        "np.geterrcall": np.geterrcall(),
        "np.get_printoptions": np.get_printoptions(),
    }


def locked_arrays(expected: int) -> int:
    """The number of arrays that the memory guard keeps read-only."""
    if len(guard._locks) > expected:
        # A test that catches an error forms a reference cycle, freed only by the garbage collector.
        gc.collect()
    return len(guard._locks)


@contextmanager
def no_leaks() -> Iterator[None]:
    """Fail if the block changes global state, which is then restored, or leaves arrays locked."""
    before, locked_before = global_state(), len(guard._locks)
    yield
    after = global_state()
    changed = [
        f"{key}: {before[key]} -> {after[key]}" for key in before if after[key] != before[key]
    ]
    if changed:
        modes.recording.set(before["modes.recording"])
        modes.guarding.set(before["modes.guarding"])
        modes.leak_check.set(before["modes.leak_check"])
        np.seterr(**before["np.geterr"])
        np.seterrcall(before["np.geterrcall"])
        np.set_printoptions(**before["np.get_printoptions"])
        pytest.fail("the test leaks global state: " + "; ".join(changed), pytrace=False)
    if (locked := locked_arrays(locked_before)) > locked_before:
        pytest.fail(
            f"the test leaves {locked - locked_before} arrays locked by the memory guard",
            pytrace=False,
        )


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """Each test leaves global state unchanged, and starts from the same random arrays."""
    forget_drawn()
    with no_leaks():
        yield
