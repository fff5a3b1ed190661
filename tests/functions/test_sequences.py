"""Sums and products of any number of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import normal


@pytest.mark.parametrize(("name", "fold"), [("add_sequence", sum), ("multiply_sequence", np.prod)])
def test_sequences(name: str, fold: Any) -> None:
    function = getattr(mg, name)
    x, y, z = normal(2, 3), normal(3), normal()
    assert function(2.0, 3, 4).item() == fold([2, 3, 4])
    np.testing.assert_allclose(function(x, y), np.add(x, y) if fold is sum else x * y)
    for arrays in ((x, y), (x, y, z), (y, x, x, z)):
        check_gradients(function, *arrays, order=2)
    assert function(x.astype("f4"), 2.0, 3).dtype == np.float32
    assert function(x, y).constant
    assert function(mg.tensor(x), y, constant=True).constant
    w = mg.tensor(2.0)
    function([w, 1.0], [3.0, w]).backward()
    assert w.grad == (2 if fold is sum else 4)


def test_a_product_with_zeros() -> None:
    x = mg.tensor([0.0, 2.0])
    mg.multiply_sequence(x, x, 3.0, x).backward()
    assert x.grad.tolist() == [0, 36]


@pytest.mark.parametrize("name", ["add_sequence", "multiply_sequence"])
@pytest.mark.parametrize("arrays", [(), (np.ones(3),)], ids=len)
def test_two_at_least(name: str, arrays: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} takes two or more arrays.*{name}\(\*arrays\)"):
        getattr(mg, name)(*arrays)


@pytest.mark.parametrize(
    "arrays",
    [
        [normal(2, 3), normal(3, 4)],
        [normal(2, 3), normal(3, 1), normal(1, 4)],
        [normal(3), normal(3, 2), normal(2, 4), normal(4)],
        [normal(3), normal(3)],
        (normal(2, 2), normal(2)),
    ],
    ids=["2", "3", "vectors", "dot", "tuple"],
)
def test_multi_matmul(arrays: Any) -> None:
    result = mg.multi_matmul(arrays)
    assert type(result) is mg.Tensor
    np.testing.assert_allclose(result, np.linalg.multi_dot(arrays))
    check_gradients(lambda *given: mg.multi_matmul(given), *arrays, order=2)


@pytest.mark.parametrize(
    "shapes", [[], [(2, 2)], [(2, 2, 2), (2, 2)], [(2, 3), (2, 3)], [(3,), (3,), (3,)]]
)
def test_products_that_there_are_not(shapes: Any) -> None:
    with pytest.raises(ValueError, match=r"two arrays|takes matrices|mismatch|not aligned"):
        mg.multi_matmul([np.ones(shape) for shape in shapes])


@pytest.mark.parametrize("tensors", [3, None, 2.5])
def test_multi_matmul_takes_a_sequence(tensors: Any) -> None:
    with pytest.raises(
        TypeError, match=f"multi_matmul takes a sequence of matrices, not {tensors}"
    ):
        mg.multi_matmul(tensors)
