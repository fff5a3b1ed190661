"""Embedding."""

from __future__ import annotations

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import embedding
from mygrad.testing import check_gradients
from tests.checks import normal


def test_rows_are_looked_up() -> None:
    table = normal(4, 3)
    for indices in ([2, 0, 2], [[1, 1], [3, 0]], 2, np.array([3], "u1"), mg.tensor([1, 2])):
        assert np.array_equal(embedding(indices, table), table[np.asarray(indices)])
        check_gradients(lambda table, i=indices: embedding(i, table), table, order=2)
    assert embedding([], table).shape == (0, 3)
    assert embedding([1], normal(3)).shape == (1,)
    assert embedding([1], normal(3, 2, 2)).shape == (1, 2, 2)


def test_gradients_of_a_row_add_up() -> None:
    table = mg.tensor(np.ones((3, 2)), dtype="float32")
    embedding([[0, 2], [2, 2]], table).backward()
    assert table.grad.dtype == np.float32
    assert table.grad.tolist() == [[1, 1], [0, 0], [3, 3]]


def test_constants() -> None:
    table = mg.tensor(np.ones((3, 2)))
    assert embedding([0], table, constant=True).constant
    assert embedding([0], table.data).constant
    assert not embedding([0], table).constant


def test_errors() -> None:
    table = normal(4, 3)
    with pytest.raises(TypeError, match="embedding: indices must be integers, not float64"):
        embedding([0.0], table)
    for wrong in (-1, 4):
        with pytest.raises(IndexError, match=rf"from 0 to 3, .*\(4, 3\); they include {wrong}"):
            embedding([0, wrong], table)
    with pytest.raises(ValueError, match=r"weights must be a table of shape \(V, D\)"):
        embedding([0], 1.0)
