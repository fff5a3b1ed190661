"""Gradient clipping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.optim import clip_by_norm, clip_by_value


def parameters(scale: float = 1.0) -> dict[str, mg.Tensor]:
    """Two with the gradients [2, -6] and [[3j]] (up to its sign), one without."""
    w, z = mg.tensor([1.0, -3.0]), mg.tensor([[1.5j]])
    (np.sum(w**2) + np.sum(np.abs(z) ** 2)).backward(np.array(scale))
    return {"w": w, "z": z, "unused": mg.tensor(5.0)}


@pytest.mark.parametrize(("ord", "norm"), [(2, 7.0), (1, 11.0), (math.inf, 6.0)])
def test_the_norm_of_all_gradients(ord: float, norm: float) -> None:
    given = parameters()
    held = given["w"].grad
    assert clip_by_norm(given, 3.5, ord=ord) == pytest.approx(norm)
    assert given["w"].grad is held
    np.testing.assert_allclose(held, np.array([2, -6]) * 3.5 / norm)
    np.testing.assert_allclose(np.abs(given["z"].grad), [[3 * 3.5 / norm]])
    assert given["unused"].grad is None
    assert clip_by_norm(given, 1e9, ord=ord) == pytest.approx(3.5)


def test_short_gradients_stay() -> None:
    given = parameters()
    assert clip_by_norm(given, 7.5) == pytest.approx(7)
    assert given["w"].grad.tolist() == [2, -6]


def test_squares_that_single_precision_cannot_hold() -> None:
    w = mg.tensor([1.0, 1.0], dtype=np.float32)
    np.sum(w * np.float32(3e30)).backward()
    assert clip_by_norm([w], 1.0) == pytest.approx(3e30 * 2**0.5)
    np.testing.assert_allclose(w.grad, 0.5**0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_gradients_that_are_no_numbers(bad: float) -> None:
    given = parameters()
    given["w"].grad[0] = bad
    with pytest.raises(ValueError, match=r"gradient of parameter 'w'.* holds 1 entries"):
        clip_by_norm(given, 1.0)
    assert given["w"].grad[1] == -6


def test_no_gradients_at_all() -> None:
    assert clip_by_norm([mg.tensor(1.0)], 1.0) == 0
    clip_by_value([mg.tensor(1.0)], 1.0)


def test_values() -> None:
    given = parameters()
    held = given["w"].grad
    clip_by_value(given.values(), 2.5)
    assert given["w"].grad is held
    assert held.tolist() == [2, -2.5]
    assert np.abs(given["z"].grad.imag).tolist() == [[2.5]]


def test_gradients_that_have_a_history() -> None:
    w = mg.tensor([1.0, 2.0])
    np.sum(w**2).backward(create_graph=True)
    clip_by_value([w], 3.0)
    assert w.grad.data.tolist() == [2, 3]
    clip_by_norm([w], 1.0)
    np.testing.assert_allclose(np.linalg.norm(w.grad.data), 1)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_mistakes(clip: Any) -> None:
    with pytest.raises(ValueError, match=f"{clip.__name__}: limit=-1"):
        clip([mg.tensor(1.0)], -1)
    with pytest.raises(TypeError, match=rf"write {clip.__name__}\(\[tensor\]\)"):
        clip(mg.tensor([1.0]), 1)
