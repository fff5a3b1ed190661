"""Fit the model to Fisher's iris data, and compare its gradient with finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import mygrad as mg
from mygrad.commands.demo import model

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

HELD_OUT = 30
HIDDEN = 8
STEPS = 300
RATE = 0.5
SEED = 0


class Rows(NamedTuple):
    """Measurements in cm, shape ``(n, 4)``, and the species of each plant, as an integer."""

    x: Array
    labels: Labels


def load() -> Rows:
    """The 150 rows shipped with the package."""
    with files("mygrad").joinpath("data", "iris.csv").open(encoding="utf-8") as file:
        table = np.genfromtxt(file, delimiter=",", dtype=str)
    _, labels = np.unique(table[:, -1], return_inverse=True)
    return Rows(table[:, :-1].astype(np.float64), labels)


def split(rows: Rows, held_out: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Random training and test rows, standardized by the training rows."""
    order = rng.permutation(len(rows.labels))
    test, train = order[:held_out], order[held_out:]
    x = (rows.x - np.mean(rows.x[train], axis=0)) / np.std(rows.x[train], axis=0)
    return Rows(x[train], rows.labels[train]), Rows(x[test], rows.labels[test])


def loss_and_gradient(parameters: Sequence[Array], rows: Rows) -> tuple[float, list[Array]]:
    """The model's loss and its gradients, computed by mygrad."""
    tensors = [mg.tensor(parameter) for parameter in parameters]
    loss = model.loss(tensors, *rows)
    loss.backward()
    return loss.item(), [tensor.grad for tensor in tensors]


def central_differences(
    loss: Callable[[Sequence[Array]], Any], parameters: Sequence[Array], step: float = 1e-5
) -> list[Array]:
    """The derivatives of `loss` by central differences on plain arrays."""
    moved = [np.array(parameter) for parameter in parameters]
    slopes = [np.empty_like(parameter) for parameter in parameters]
    for array, slope in zip(moved, slopes, strict=True):
        for index, here in np.ndenumerate(array.copy()):
            array[index] = here + step
            above = loss(moved)
            array[index] = here - step
            below = loss(moved)
            array[index] = here
            slope[index] = (above - below) / (2 * step)
    return slopes


def main() -> None:
    """Print the decreasing loss, the accuracy on the test rows, and the error of the gradient."""
    rng = np.random.default_rng(SEED)
    rows = load()
    train, test = split(rows, HELD_OUT, rng)
    classes = len(np.unique(rows.labels))
    print(f"Fisher's iris: {len(train.labels)} training rows, {len(test.labels)} test rows")

    parameters = model.initial_parameters(rows.x.shape[1], HIDDEN, classes, rng)
    count = sum(parameter.size for parameter in parameters)
    print(f"A network with {HIDDEN} hidden units, {count} parameters, written in plain NumPy")

    _, gradient = loss_and_gradient(parameters, train)
    differences = central_differences(lambda moved: model.loss(moved, *train), parameters)
    worst = max(
        float(np.max(np.abs(ours - theirs)))
        for ours, theirs in zip(gradient, differences, strict=True)
    )

    for step in range(STEPS):
        loss, gradient = loss_and_gradient(parameters, train)
        if step % (STEPS // 10) == 0:
            print(f"step {step:4d}   loss {loss:.4f}", flush=True)
        parameters = [
            parameter - RATE * slope for parameter, slope in zip(parameters, gradient, strict=True)
        ]
    print(f"step {STEPS:4d}   loss {model.loss(parameters, *train):.4f}")

    right = round(model.accuracy(parameters, *test) * len(test.labels))
    print(f"Test rows classified correctly: {right} of {len(test.labels)}")
    print(f"Largest difference between the gradient and central differences: {worst:.1e}")
