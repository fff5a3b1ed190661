"""What holds for every test: no global state leaks from one into the next."""

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

# The same examples in every run: what fails here fails elsewhere.
settings.register_profile("mygrad", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("mygrad")


def global_state() -> dict[str, Any]:
    """All that a test could leave changed behind it."""
    return {
        "modes.recording": modes.recording.get(),
        "modes.guarding": modes.guarding.get(),
        "modes.leak_check": modes.leak_check.get(),
        "np.geterr": np.geterr(),
        "np.geterrcall": np.geterrcall(),
        "np.get_printoptions": np.get_printoptions(),
    }


def locked_arrays(expected: int) -> int:
    """How many arrays the memory guard keeps read-only."""
    if len(guard._locks) > expected:
        # A test that catches an error refers to itself: it is freed by the garbage collector only.
        gc.collect()
    return len(guard._locks)


@contextmanager
def no_leaks() -> Iterator[None]:
    """Fail if the block leaves global state changed, which is restored, or arrays locked."""
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
    """Each test leaves nothing behind, and starts from the same random arrays."""
    forget_drawn()
    with no_leaks():
        yield
