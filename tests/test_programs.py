"""Random programs of views and updates, checked as described in tests/programs.py."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.programs import run_program, run_second_order

BLOCKS = 8
PER_BLOCK = 50


@pytest.mark.parametrize("block", range(BLOCKS))
def test_values_memory_and_gradients(block: int) -> None:
    for seed in range(block * PER_BLOCK, (block + 1) * PER_BLOCK):
        with_seed(run_program, seed)


@pytest.mark.parametrize("block", range(2))
def test_gradients_of_gradients(block: int) -> None:
    for seed in range(block * PER_BLOCK, (block + 1) * PER_BLOCK):
        with_seed(run_second_order, seed)


def with_seed(run: Any, seed: int) -> None:
    try:
        run(random.Random(seed).randrange)
    except AssertionError as error:
        error.add_note(f"the program of seed {seed}")
        raise


# Hypothesis also makes choices: it searches for a failing program, and then for the shortest one.
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.data(), length=st.integers(1, 10))
def test_programs_that_can_be_shrunk(data: st.DataObject, length: int) -> None:
    run_program(lambda n: data.draw(st.integers(0, n - 1)), length)
