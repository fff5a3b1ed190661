"""The optimizers take the same steps as PyTorch's, recorded by tests/data/make_optimizers.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad import optim

DATA = json.loads((Path(__file__).parents[1] / "data" / "optimizers.json").read_text())
PROBLEM = DATA["problem"]
CASES = DATA["trajectories"]
NAMES = [f"{case['optimizer']}-{','.join(case['settings'])}" for case in CASES]


def start(dtype: Any = float) -> dict[str, mg.Tensor]:
    return {name: mg.tensor(value, dtype=dtype) for name, value in PROBLEM["start"].items()}


def loss(w: Any, b: Any) -> Any:
    x, y = (np.array(PROBLEM[key], w.dtype) for key in "xy")
    return np.mean((np.tanh(x @ w + b) - y) ** 2)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_steps_are_those_of_pytorch(case: Any) -> None:
    parameters = start()
    arrays = {name: parameter.data for name, parameter in parameters.items()}
    optimizer = getattr(optim, case["optimizer"])(parameters, **case["settings"])
    noted = dict(zip(PROBLEM["noted"], case["noted"], strict=True))
    for step in range(1, PROBLEM["steps"] + 1):
        loss(**parameters).backward()
        optimizer.step()
        for name, expected in noted.get(step, {}).items():
            np.testing.assert_allclose(parameters[name], expected, rtol=1e-10, atol=1e-12)
    # All in place, in the parameters' own arrays.
    assert all(parameters[name].data is array for name, array in arrays.items())


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_single_precision_stays(case: Any) -> None:
    parameters = start(np.float32)
    optimizer = getattr(optim, case["optimizer"])(parameters, **case["settings"])
    loss(**parameters).backward()
    optimizer.step()
    for name, expected in case["noted"][0].items():
        assert parameters[name].dtype == np.float32
        np.testing.assert_allclose(parameters[name], expected, rtol=2e-4, atol=1e-6)
    state = optimizer.state_dict()
    assert {array.dtype for array in state.values()} <= {np.dtype(np.float32), np.dtype(int)}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_complex_parameters_are_pairs_of_real_ones(case: Any) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3))
    target = np.array([1 + 2j, 0.5j, -1])
    z, pair = mg.tensor(values), mg.tensor(np.stack([values.real, values.imag], -1))
    make = getattr(optim, case["optimizer"])
    of_complex, of_real = make([z], **case["settings"]), make([pair], **case["settings"])
    for _ in range(5):
        np.sum(np.abs(z * z - target) ** 2).backward()
        of_complex.step()
        re, im = pair[..., 0], pair[..., 1]
        off = (re * re - im * im - target.real) ** 2 + (2 * re * im - target.imag) ** 2
        np.sum(off).backward()
        of_real.step()
    np.testing.assert_allclose(z.data.real, pair.data[..., 0], rtol=1e-9)
    np.testing.assert_allclose(z.data.imag, pair.data[..., 1], rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {"lr": -0.1}),
        ("SGD", {"lr": np.nan}),
        ("SGD", {"momentum": -1}),
        ("SGD", {"weight_decay": -1}),
        ("Adam", {"betas": (0.9, 1.0)}),
        ("Adam", {"eps": -1e-8}),
        ("AdamW", {"weight_decay": np.inf}),
        ("RMSprop", {"alpha": 1.0}),
        ("RMSprop", {"momentum": -0.5}),
        ("Adagrad", {"lr_decay": -1}),
        ("Adagrad", {"initial_accumulator_value": -1}),
    ],
)
def test_settings_out_of_range(name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{name}: {next(iter(settings))}=.* is out of range"):
        getattr(optim, name)([mg.tensor(1.0)], **settings)


@pytest.mark.parametrize(
    ("name", "settings", "match"),
    [
        ("SGD", {"lr": "a"}, "SGD: lr must be a number or a schedule, not 'a'"),
        ("SGD", {"lr": None}, "SGD: lr must be a number or a schedule, not None"),
        ("SGD", {"momentum": [0.9]}, r"SGD: momentum must be a number, not \[0.9\]"),
        ("Adam", {"betas": 0.9}, r"Adam: betas must be two numbers, .*, not 0.9"),
        ("AdamW", {"betas": (0.9,)}, r"AdamW: betas must be two numbers, .*, not \(0.9,\)"),
        ("Adam", {"betas": (0.9, "a")}, "Adam: betas must be a number, not 'a'"),
    ],
)
def test_settings_that_are_no_numbers(name: str, settings: dict[str, Any], match: str) -> None:
    with pytest.raises(TypeError, match=match):
        getattr(optim, name)([mg.tensor(1.0)], **settings)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_half_precision_takes_the_steps_of_single(case: Any) -> None:
    gradients = np.array([0.0, 1e-4, -0.5, 300.0], "f2")
    half, single = (mg.tensor(np.ones(4), dtype=dtype) for dtype in ("f2", "f4"))
    make = getattr(optim, case["optimizer"])
    optimizers = [make([each], **case["settings"]) for each in (half, single)]
    for _ in range(3):
        for each, optimizer in zip((half, single), optimizers, strict=True):
            np.sum(each * gradients.astype(each.dtype)).backward()
            optimizer.step()
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, single, rtol=5e-3, atol=5e-3)


def test_nesterov_needs_momentum() -> None:
    with pytest.raises(ValueError, match="nesterov=True needs momentum"):
        optim.SGD([mg.tensor(1.0)], nesterov=True)


def test_a_centered_mean_square_that_rounds_below_zero() -> None:
    w = mg.tensor(1.0)
    optimizer = optim.RMSprop([w], lr=0.1, alpha=0.5, centered=True)
    for _ in range(60):  # the variance of a constant gradient tends to 0
        (w * 0.1).backward()
        optimizer.step()
    assert np.isfinite(w.item())
