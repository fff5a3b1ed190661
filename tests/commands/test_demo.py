"""The output of ``python -m mygrad``, and its correctness."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from mygrad.__main__ import main
from mygrad.commands.demo import iris, model


@pytest.fixture(scope="module")
def parameters():
    return model.initial_parameters(4, 3, 3, np.random.default_rng(1))


def test_the_model_imports_numpy_and_nothing_of_ours():
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(Path(model.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported == {"__future__", "numpy", "typing"}


def test_the_data_are_fishers():
    rows = iris.load()
    assert rows.x.shape == (150, 4)
    assert np.bincount(rows.labels).tolist() == [50, 50, 50]
    # The means of the four measurements over all plants, from Fisher's table.
    np.testing.assert_allclose(
        rows.x.mean(axis=0), [5.843333, 3.057333, 3.758, 1.199333], atol=1e-6
    )
    # The 35th and 38th plants, which are wrong in a widely used copy.
    assert rows.x[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert rows.x[37].tolist() == [4.9, 3.6, 1.4, 0.1]


def test_the_split_leaves_every_row_on_one_side():
    rows = iris.Rows(np.arange(20.0).reshape(10, 2), np.arange(10))
    train, test = iris.split(rows, 3, np.random.default_rng(0))
    assert len(test.labels) == 3
    assert sorted([*train.labels, *test.labels]) == list(range(10))
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train.x.std(axis=0), 1)


def test_the_gradient_is_that_of_differences(parameters):
    rows = iris.Rows(np.random.default_rng(2).normal(size=(5, 4)), np.array([0, 1, 2, 1, 0]))
    loss, gradient = iris.loss_and_gradient(parameters, rows)
    assert loss == pytest.approx(float(model.loss(parameters, *rows)))
    differences = iris.central_differences(lambda moved: model.loss(moved, *rows), parameters)
    for ours, theirs in zip(gradient, differences, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_central_differences_of_a_known_function():
    (slope,) = iris.central_differences(
        lambda arrays: np.sum(arrays[0] ** 2), [np.array([1.0, -3.0])]
    )
    np.testing.assert_allclose(slope, [2.0, -6.0], atol=1e-8)


def test_what_is_printed(capsys):
    main([])
    printed = capsys.readouterr().out
    losses = [float(loss) for loss in re.findall(r"step +\d+ +loss (\S+)", printed)]
    assert len(losses) == 11
    assert losses == sorted(losses, reverse=True)
    right, of = map(int, re.search(r"classified correctly: (\d+) of (\d+)", printed).groups())
    assert of == 30
    assert right >= 27
    assert float(re.search(r"central differences: (\S+)", printed).group(1)) < 1e-9
