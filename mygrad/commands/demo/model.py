"""A small classifier and its loss in plain NumPy, without any code for derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def initial_parameters(
    features: int, hidden: int, classes: int, rng: np.random.Generator
) -> list[npt.NDArray[np.float64]]:
    """Weights and biases of a network with one hidden layer."""
    return [
        rng.normal(0, features**-0.5, (features, hidden)),
        np.zeros(hidden),
        rng.normal(0, hidden**-0.5, (hidden, classes)),
        np.zeros(classes),
    ]


def scores(parameters: Any, x: Any) -> Any:
    """The score of each class for each row of `x`, shape ``(rows, classes)``."""
    weights1, bias1, weights2, bias2 = parameters
    return np.tanh(x @ weights1 + bias1) @ weights2 + bias2


def loss(parameters: Any, x: Any, labels: Any) -> Any:
    """Mean cross-entropy between the softmax of the scores and the labels."""
    z = scores(parameters, x)
    z = z - np.max(z, axis=1, keepdims=True)
    log_probabilities = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(log_probabilities[np.arange(len(labels)), labels])


def accuracy(parameters: Any, x: Any, labels: Any) -> float:
    """The fraction of rows whose highest score is that of their label."""
    return float(np.mean(np.argmax(scores(parameters, x), axis=1) == labels))
