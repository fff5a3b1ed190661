"""Values and gradients are those of MyGrad 2.5, stored in tests/data."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path

import numpy as np
import pytest

import mygrad as mg
from tests.checks import assert_close

DATA = Path(__file__).parents[1] / "data"
TABLES = ("mygrad2_nnet.json", "mygrad2_layers.json")
CASES = [
    row for name in TABLES for row in json.loads((DATA / name).read_text(encoding="utf-8"))["cases"]
]
NAMES = [f"{row['function'].split('.')[-1]}-{position}" for position, row in enumerate(CASES)]

#: The tolerance, relative to the largest number: some tens of rounding errors.
TOLERANCE = {"float16": 1e-2, "float32": 5e-6, "float64": 2e-14, "int64": 0.0}


def decode(value):
    if isinstance(value, dict):
        array = np.array(value["data"], value["dtype"]).reshape(value["shape"])
        return mg.tensor(array) if array.dtype.kind == "f" else array
    return value


@pytest.mark.parametrize("position", range(len(CASES)), ids=NAMES)
def test_the_oracle_agrees(position):
    row = CASES[position]
    function = reduce(getattr, row["function"].split("."), mg.nnet)
    args = [decode(each) for each in row["args"]]
    kwargs = {key: decode(each) for key, each in row["kwargs"].items()}
    if isinstance(kwargs.get("axis"), list):
        kwargs["axis"] = tuple(kwargs["axis"])
    if row["seed"] is not None:
        mg.random.seed(row["seed"])
    value = function(*args, **kwargs)

    expected = decode(row["value"])
    tensors = {str(i): each for i, each in enumerate(args)} | kwargs
    tensors = {key: each for key, each in tensors.items() if isinstance(each, mg.Tensor)}
    # In MyGrad 2, combining float32 with a Python number wrongly gave float64.
    dtype = tensors["0"].dtype if "0" in tensors else expected.dtype
    assert value.dtype == dtype
    assert value.shape == expected.shape
    largest = max(np.max(np.abs(each.data), initial=1) for each in [value, *tensors.values()])
    tolerance = TOLERANCE[dtype.name] * largest
    assert_close(value.data, expected, tolerance=tolerance, label="value")
    if tensors:
        value.backward(decode(row["cotangent"]).data)
    for key, gradient in row["gradients"].items():
        assert tensors[key].grad.dtype == tensors[key].dtype
        assert_close(
            tensors[key].grad, decode(gradient), tolerance=tolerance, label=f"gradient of {key}"
        )
