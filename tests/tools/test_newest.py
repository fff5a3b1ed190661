"""The tables of tools/newest.py agree with the newest NumPy, and have no redundant entry."""

from __future__ import annotations

import numpy as np
import pytest

import mygrad as mg
from tests.versions import OLDEST, numpy_since
from tools.newest import GONE, LATER, NEWEST, PARAMETERS
from tools.stubs import parameters

is_newest = numpy_since(NEWEST)
is_oldest = np.__version__.startswith(f"{OLDEST}.")

COVERAGE = mg.coverage()
NAMES = {covered.name for covered in COVERAGE}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name: str) -> None:
    same = parameters(getattr(mg, name)) == PARAMETERS[name]
    if is_newest:
        assert same
    if is_oldest:
        assert not same, "all versions have these: drop the entry"


def test_functions_that_are_gone() -> None:
    if is_newest:
        assert not GONE & NAMES
    if is_oldest:
        assert GONE <= NAMES


def test_functions_that_came_later() -> None:
    assert len({covered.name for covered in LATER}) == len(LATER)
    if is_newest:
        assert set(LATER) <= set(COVERAGE)
    if is_oldest:
        assert not {covered.name for covered in LATER} & NAMES
