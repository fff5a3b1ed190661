"""Dropout."""

from __future__ import annotations

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import dropout
from mygrad.testing import check_gradients
from tests.checks import normal


def test_a_share_is_dropped() -> None:
    mg.random.seed(0)
    result = dropout(np.ones(10_000), 0.3).data
    assert set(result.tolist()) == {0, 1 / 0.7}
    assert np.mean(result) == pytest.approx(1, abs=0.02)


def test_gradients_follow_the_mask() -> None:
    x = mg.tensor(normal(20))
    result = dropout(x, 0.5, rng=np.random.default_rng(0))
    result.backward()
    assert np.array_equal(x.grad, 2.0 * (result.data != 0))
    check_gradients(lambda x: dropout(x, 0.5, rng=np.random.default_rng(0)), normal(5))


def test_sources_of_random_numbers() -> None:
    x = np.ones(50)
    mg.random.seed(3)
    first = dropout(x)
    mg.random.seed(3)
    assert np.array_equal(dropout(x), first)
    ours, theirs = mg.random.default_rng(3), np.random.default_rng(3)
    assert np.array_equal(dropout(x, rng=ours), dropout(x, rng=theirs))


def test_no_training() -> None:
    x = mg.tensor([1.0, 2.0])
    for result in (dropout(x, training=False), dropout(x, 0)):
        assert result is not x
        assert result.data.tolist() == [1, 2]
        assert not result.constant
    assert dropout([1, 2], training=False).constant


def test_edges() -> None:
    x = mg.tensor([2.0, -1.0], dtype="float32")
    result = dropout(x, 1)
    assert result.data.tolist() == [0, 0]
    assert result.dtype == np.float32
    result.backward()
    assert x.grad.tolist() == [0, 0]
    assert dropout(np.ones((0, 2))).shape == (0, 2)
    assert dropout(1.0).shape == ()
    assert dropout(x, constant=True).constant
    for p in (-0.1, 1.1, np.nan, "a", None):
        with pytest.raises(ValueError, match="dropout: p must be a probability, from 0 to 1, not"):
            dropout(x, p)
    for rng in (0, np.random.default_rng):
        with pytest.raises(TypeError, match="dropout: rng must be a generator, such as"):
            dropout(x, 0.5, rng=rng)
