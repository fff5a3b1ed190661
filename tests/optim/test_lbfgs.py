"""L-BFGS."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.optim import LBFGS
from tests.optim.test_descent import DATA, loss, start

pytest.importorskip("scipy")


def test_the_minimum_is_that_of_pytorch() -> None:
    parameters = start()
    optimizer = LBFGS(parameters, max_iter=200, gtol=1e-10, ftol=0)
    value = optimizer.step(
        lambda: loss(**parameters) + 0.01 * np.sum(parameters["w"] ** 2)  # type: ignore[operator]
    )
    assert value == pytest.approx(DATA["minimum"]["loss"], abs=1e-10)
    for name, parameter in parameters.items():
        np.testing.assert_allclose(parameter, DATA["minimum"][name], atol=1e-5)
    assert optimizer.steps == 1


def test_steps_of_few_iterations() -> None:
    w = mg.tensor([-1.0, 2.0], dtype=np.float32)
    held = w.data
    optimizer = LBFGS([w], max_iter=3)
    losses = [
        optimizer.step(lambda: (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2) for _ in range(3)
    ]
    assert losses[0] > losses[1] > losses[2]
    assert w.data is held
    assert w.dtype == np.float32


def test_complex_and_unused_parameters() -> None:
    z, unused = mg.tensor([1j, 2.0]), mg.tensor([[3.0]])
    LBFGS([z, unused]).step(lambda: np.sum(np.abs(z - np.array([2 - 1j, 1j])) ** 2))
    np.testing.assert_allclose(z, [2 - 1j, 1j], atol=1e-6)
    assert unused.item() == 3


@pytest.mark.parametrize(
    "result",
    [1.0, mg.tensor(1.0, constant=True), mg.tensor([1.0, 2.0])],
    ids=["number", "constant", "vector"],
)
def test_functions_that_return_no_loss(result: Any) -> None:
    with pytest.raises(TypeError, match="must return the loss, a tensor of one element"):
        LBFGS([mg.tensor(1.0)]).step(lambda: result)


def test_a_step_needs_a_function() -> None:
    with pytest.raises(TypeError, match="takes a function that computes the loss"):
        LBFGS([mg.tensor(1.0)]).step()


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_function_that_raises_leaves_the_parameters_as_they_were(error: Any) -> None:
    w, z = mg.tensor([3.0, -2.0], dtype=np.float32), mg.tensor(1.0 + 0.1j)
    before = [w.data.copy(), z.data.copy()]
    seen = []

    def closure() -> Any:
        seen.append(w.data.copy())
        if len(seen) == 3:
            raise error
        return np.sum(w**4) + np.abs(z) ** 2

    optimizer = LBFGS([w, z])
    with pytest.raises(error):
        optimizer.step(closure)
    assert not np.array_equal(seen[-1], before[0])
    for parameter, old in zip((w, z), before, strict=True):
        np.testing.assert_array_equal(parameter, old)
        assert parameter.creator is None
    assert optimizer.steps == 0


def test_a_read_only_parameter_is_named() -> None:
    w = mg.tensor(np.broadcast_to(1.0, 2), copy=False)
    with pytest.raises(ValueError, match=r"LBFGS.step: parameter 'w' is read-only"):
        LBFGS({"w": w}).step(lambda: np.sum(w**2))


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"needs SciPy.*pip install scipy"):
        LBFGS([mg.tensor(1.0)])


def test_the_state() -> None:
    w = mg.tensor([3.0])
    one, other = LBFGS([w]), LBFGS([w])
    one.step(lambda: np.sum(w**2))
    other.load_state_dict(one.state_dict())
    assert other.steps == 1
