"""Learning-rate schedules, compared with PyTorch's: see tests/data/make_optimizers.py."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.optim import CosineDecay, ExponentialDecay, ReduceOnPlateau, StepDecay, WarmUp

DATA = json.loads((Path(__file__).parents[1] / "data" / "optimizers.json").read_text())

SCHEDULES = {
    "step": StepDecay(0.5, every=3, factor=0.3),
    "exponential": ExponentialDecay(0.5, factor=0.8),
    "cosine": CosineDecay(0.5, steps=8, end=0.1),
    "warm-up": WarmUp(0.5, steps=4, start=0.1),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_are_those_of_pytorch(name: str) -> None:
    expected = DATA["schedules"][name]
    schedule: Any = SCHEDULES[name]
    np.testing.assert_allclose([schedule(i) for i in range(len(expected))], expected, rtol=1e-12)
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_the_cosine_ends() -> None:
    assert [SCHEDULES["cosine"](step) for step in (8, 9, 1000)] == [0.1] * 3


def test_a_warm_up_before_another_schedule() -> None:
    schedule = WarmUp(StepDecay(1.0, every=2, factor=0.5), steps=2, start=0.5)
    assert [schedule(step) for step in range(7)] == [0.5, 0.75, 1, 1, 0.5, 0.5, 0.25]


def test_a_plateau() -> None:
    schedule = ReduceOnPlateau(0.5, factor=0.5, patience=1, cooldown=1, minimum=0.1)
    rates = []
    for loss in DATA["plateau"]["losses"]:
        schedule.observe(loss)
        rates.append(schedule(0))
    assert rates == DATA["plateau"]["rates"]
    assert len(set(rates)) > 2


def test_a_plateau_below_zero() -> None:
    schedule = ReduceOnPlateau(1.0, factor=0.5, patience=0, threshold=0.1)
    for loss in (-1.0, -1.05, -2.0, -3.0):  # the second is too little progress to count
        schedule.observe(mg.tensor(loss))
    assert schedule(0) == 0.5


def test_the_state_of_a_plateau() -> None:
    one, other = (ReduceOnPlateau(1.0, factor=0.5, patience=2) for _ in range(2))
    for loss in (1.0, 2.0, 2.0):
        one.observe(loss)
    other.load_state_dict(one.state_dict())
    for schedule in (one, other):
        schedule.observe(2.0)
        assert schedule(0) == 0.5


@pytest.mark.parametrize(
    "make",
    [
        lambda: StepDecay(1.0, every=0),
        lambda: StepDecay(1.0, every=1, factor=-3),
        lambda: ExponentialDecay(1.0, factor=-3),
        lambda: CosineDecay(1.0, steps=0),
        lambda: WarmUp(1.0, steps=-1),
        lambda: ReduceOnPlateau(1.0, factor=1.5),
        lambda: ReduceOnPlateau(1.0, patience=-1),
    ],
    ids=[
        "StepDecay",
        "StepDecay-factor",
        "ExponentialDecay",
        "CosineDecay",
        "WarmUp",
        "factor",
        "patience",
    ],
)
def test_settings_out_of_range(make: Any) -> None:
    with pytest.raises(ValueError, match="is out of range"):
        make()
