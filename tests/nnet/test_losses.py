"""Losses: values, derivatives, edges, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import special

import mygrad as mg
from mygrad.nnet import losses
from mygrad.nnet.activations import logsoftmax, sigmoid, softmax
from mygrad.nnet.losses import _surprise
from mygrad.testing import check_gradients
from tests.checks import assert_close, normal, positive

LABELS = np.array([2, 0, 3])
HUGE = np.array([[1e4, -1e4, 0.0, 9999.0], [-1e4, 1e4, -1e4, 0.0], [0.0, 0.0, 0.0, 1e4]])

CLASSIFIERS: dict[str, Callable[..., Any]] = {
    "softmax_crossentropy": losses.softmax_crossentropy,
    "smoothed": lambda x, y: losses.softmax_crossentropy(x, y, label_smoothing=0.1),
    "negative_log_likelihood": losses.negative_log_likelihood,
    "multiclass_hinge": losses.multiclass_hinge,
    "focal_loss": lambda x, y: losses.focal_loss(special.expit(x), y, gamma=2.0),
    "softmax_focal_loss": lambda x, y: losses.softmax_focal_loss(x, y, gamma=2.0),
}
DISTANCES: dict[str, Callable[..., Any]] = {
    name: getattr(losses, name) for name in ("mse", "l1", "huber", "bce_with_logits", "kl_div")
}
each_classifier = pytest.mark.parametrize("name", CLASSIFIERS)
each_distance = pytest.mark.parametrize("name", DISTANCES)


def grad_of(function: Callable[[mg.Tensor], Any], x: Any) -> np.ndarray:
    x = mg.tensor(x)
    function(x).backward()
    return x.grad


# ------------------------------------------------------------------ classifiers


def test_crossentropy() -> None:
    x = normal(3, 4)
    expected = -np.mean(special.log_softmax(x, axis=1)[range(3), LABELS])
    assert_close(losses.softmax_crossentropy(x, LABELS), expected, tolerance=1e-15)
    chained = losses.negative_log_likelihood(logsoftmax(x), LABELS)
    assert_close(chained, expected, tolerance=1e-15)


def test_label_smoothing() -> None:
    x = normal(3, 4)
    targets = 0.9 * np.eye(4)[LABELS] + 0.1 / 4
    expected = -np.mean(np.sum(targets * special.log_softmax(x, axis=1), axis=1))
    smoothed = losses.softmax_crossentropy(x, LABELS, label_smoothing=0.1)
    assert_close(smoothed, expected, tolerance=1e-15)
    uniform = losses.softmax_crossentropy(x, LABELS, label_smoothing=1)
    assert_close(uniform, -np.mean(special.log_softmax(x, axis=1)), tolerance=1e-15)
    for share in (-0.1, 1.5):
        with pytest.raises(ValueError, match=r"label_smoothing must be a number from 0 to 1, not"):
            losses.softmax_crossentropy(x, LABELS, label_smoothing=share)


@each_classifier
def test_derivatives_of_classifiers(name: str) -> None:
    x = normal(3, 4)
    check_gradients(lambda x: CLASSIFIERS[name](x, LABELS), x, order=2)
    check_gradients(lambda x: CLASSIFIERS[name](x, LABELS), x.T.copy().T, order=1)
    check_gradients(lambda x: CLASSIFIERS[name](x, [[1, 0], [2, 1]]), normal(2, 2, 3), order=2)


def test_the_third_derivative_of_crossentropy() -> None:
    check_gradients(lambda x: losses.softmax_crossentropy(x, LABELS), normal(3, 4), order=3)


@each_classifier
def test_single_precision_of_classifiers(name: str) -> None:
    x = normal(3, 4)
    function = CLASSIFIERS[name]
    single = mg.tensor(x, dtype="float32")
    if name == "focal_loss":  # the other variant takes scores
        single = sigmoid(single)
        function = losses.focal_loss
    result = function(single, LABELS)
    assert result.dtype == np.float32
    result.backward()
    assert single.grad.dtype == np.float32
    exact = mg.tensor(single, dtype="float64")
    function(exact, LABELS).backward()
    assert_close(single.grad, exact.grad, tolerance=1e-6)


@each_classifier
def test_labels(name: str) -> None:
    function, x = CLASSIFIERS[name], normal(3, 4)
    expected = function(x, LABELS).data
    for labels in (list(LABELS), tuple(LABELS), mg.tensor(LABELS), LABELS.astype("u1")):
        assert_close(function(x, labels).data, expected)
    stacked = function(np.stack([x, x]), np.stack([LABELS, LABELS])).data
    assert_close(stacked, np.broadcast_to(expected, stacked.shape))
    one = function(x[0], 2).data
    assert one.shape == ()


@each_classifier
def test_wrong_labels(name: str) -> None:
    function, x = CLASSIFIERS[name], normal(3, 4)
    with pytest.raises(TypeError, match=r"must be integers, the class of each sample, not float64"):
        function(x, [2.0, 0.0, 3.0])
    with pytest.raises(TypeError, match=r"must be integers, .*argmax"):
        function(x, np.eye(4)[LABELS] > 0)
    for labels in ([0, 1], [[2], [0], [3]], 1):
        with pytest.raises(ValueError, match=r"must have shape \(3,\), one label for each row"):
            function(x, labels)
    for wrong in (-1, 4, -100):
        with pytest.raises(IndexError, match=rf"classes from 0 to 3; they include {wrong}"):
            function(x, [0, wrong, 1])
    with pytest.raises(ValueError, match=r"must have shape \(N, C\)"):
        function(1.0, 0)


@each_classifier
def test_an_empty_batch(name: str) -> None:
    x = mg.tensor(np.zeros((0, 4)))
    if "focal" in name:
        assert CLASSIFIERS[name](x.data, []).shape == (0,)
        return
    with pytest.warns(RuntimeWarning):
        result = CLASSIFIERS[name](x, [])
    assert np.isnan(result)  # like NumPy's mean of an empty array
    result.backward()
    assert x.grad.shape == (0, 4)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_large_scores(dtype: str) -> None:
    x = HUGE.astype(dtype)
    expected = np.array([1e4 + np.log1p(np.exp(-1)), 2e4, 0])
    chances = np.array(
        [[1 / (1 + np.exp(-1)), 0, 0, 1 / (1 + np.exp(1))], [0, 1, 0, 0], [0, 0, 0, 1]]
    )
    gradient = chances - np.eye(4)[LABELS]
    assert_close(losses.softmax_crossentropy(x, LABELS), np.mean(expected), tolerance=1e-7)
    assert_close(losses.softmax_focal_loss(x, LABELS, gamma=0.5), expected, tolerance=1e-7)
    assert_close(
        grad_of(lambda x: losses.softmax_crossentropy(x, LABELS), x), gradient / 3, tolerance=1e-7
    )
    for gamma in (0, 0.5, 1, 2):
        actual = grad_of(lambda x, g=gamma: losses.softmax_focal_loss(x, LABELS, gamma=g), x)
        assert_close(actual, gradient, tolerance=1e-6)
    smoothed = grad_of(lambda x: losses.softmax_crossentropy(x, LABELS, label_smoothing=0.2), x)
    targets = 0.8 * np.eye(4)[LABELS] + 0.05
    assert_close(smoothed, (chances - targets) / 3, tolerance=1e-7)
    assert np.all(np.isfinite(mg.hessian(lambda x: losses.softmax_crossentropy(x, LABELS))(x)))


def test_small_losses_keep_their_digits() -> None:
    assert losses.softmax_crossentropy([[30.0, 0.0]], [0]).item() == pytest.approx(
        np.log1p(np.exp(-30)), rel=1e-2
    )
    assert losses.softmax_crossentropy([[1e4, -1e4]], [0]).item() == 0


def test_rows_that_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    x = normal(3, 4)
    expected = losses.softmax_crossentropy(x, LABELS).data
    monkeypatch.setattr(_surprise, "SHORT", 3)
    assert_close(losses.softmax_crossentropy(x, LABELS).data, expected)
    check_gradients(lambda x: losses.softmax_crossentropy(x, LABELS), x, order=2)


def test_labels_are_kept_as_they_were() -> None:
    x, labels = mg.tensor(normal(3, 4)), LABELS.copy()
    loss = losses.softmax_crossentropy(x, labels)
    with pytest.raises(ValueError, match="read-only"):
        labels[0] = 1
    loss.backward()
    labels[0] = 1


def test_going_back_twice() -> None:
    x = mg.tensor(normal(3, 4))
    loss = losses.softmax_crossentropy(x, LABELS)
    loss.backward(retain_graph=True)
    once = x.grad.copy()
    loss.backward()
    assert_close(x.grad, 2 * once)


def test_minus_infinity_is_no_choice() -> None:
    x = [[0.0, -np.inf, 0.0]]
    assert_close(losses.softmax_crossentropy(x, [0]), np.log(2))
    gradient = grad_of(lambda x: losses.softmax_crossentropy(x, [0]), x)
    assert gradient.tolist() == [[-0.5, 0, 0.5]]


def test_weights() -> None:
    x, weights = normal(3, 4), positive(4)
    loss = losses.negative_log_likelihood(x, LABELS, weights=weights)
    assert_close(loss, -np.mean(weights[LABELS] * x[range(3), LABELS]))
    check_gradients(
        lambda x, w: losses.negative_log_likelihood(x, LABELS, weights=w), x, weights, order=2
    )
    single = losses.negative_log_likelihood(np.float32(x), LABELS, weights=[1, 2, 3, 0.5])
    assert single.dtype == np.float32
    with pytest.raises(ValueError, match=r"weights must have shape \(4,\), .* not \(3,\)"):
        losses.negative_log_likelihood(x, LABELS, weights=[1, 2, 3])


def test_a_score_that_reaches_the_hinge_has_no_gradient() -> None:
    gradient = grad_of(lambda x: losses.multiclass_hinge(x, [0]), [[1.0, 0.0, 0.5]])
    assert gradient.tolist() == [[-1, 0, 1]]


def test_focal_loss() -> None:
    x = normal(3, 4)
    p = special.softmax(x, axis=1)[range(3), LABELS]
    expected = -0.25 * (1 - p) ** 1.5 * np.log(p)
    options = {"alpha": 0.25, "gamma": 1.5}
    assert_close(losses.focal_loss(softmax(x), LABELS, **options), expected)
    assert_close(losses.softmax_focal_loss(x, LABELS, **options), expected)
    for gamma in (0, 0.5, 1, 3):
        check_gradients(lambda x, g=gamma: losses.softmax_focal_loss(x, LABELS, gamma=g), x)
    for function in (losses.focal_loss, losses.softmax_focal_loss):
        with pytest.raises(ValueError, match="gamma must be a non-negative number, not -1"):
            function(x, LABELS, gamma=-1)


@pytest.mark.parametrize("name", ["focal_loss", "softmax_focal_loss"])
def test_a_weight_for_each_sample(name: str) -> None:
    function, x, weights = getattr(losses, name), positive(3, 4), [0.5, 1.0, 2.0]
    plain = function(x, LABELS, gamma=1.5)
    for alpha in (weights, tuple(weights), np.array(weights), np.float32(weights)):
        assert_close(function(x, LABELS, alpha=alpha, gamma=1.5), weights * plain.data)
        assert function(np.float32(x), LABELS, alpha=alpha, gamma=1.5).dtype == np.float32
    assert function(np.float32(x), LABELS, alpha=np.float64(0.25)).dtype == np.float32
    check_gradients(lambda alpha: function(x, LABELS, alpha=alpha, gamma=1.5), np.array(weights))


@pytest.mark.parametrize("gamma", [0.5, 1, 2])
def test_certainty_has_no_focal_loss(gamma: float) -> None:
    gradient = grad_of(lambda p: losses.focal_loss(p, [0], gamma=gamma), [[1.0, 0.0]])
    assert gradient.tolist() == [[0, 0]]


@pytest.mark.parametrize("shape", [(3,), (3, 2)], ids=str)
@pytest.mark.parametrize("y", [1, -1, [1, -1, 1]], ids=str)
def test_margin_ranking(shape: tuple[int, ...], y: Any) -> None:
    x1, x2 = normal(*shape), normal(*shape)
    signs = np.reshape(y, (-1,) + (1,) * (len(shape) - 1)) if isinstance(y, list) else y
    expected = np.mean(np.maximum(0, 0.4 - signs * (x1 - x2)))
    assert_close(losses.margin_ranking_loss(x1, x2, y, 0.4), expected)
    check_gradients(lambda x1, x2: losses.margin_ranking_loss(x1, x2, y, 0.4), x1, x2, order=2)
    single = losses.margin_ranking_loss(np.float32(x1), np.float32(x2), np.array(y), 0.4)
    assert single.dtype == np.float32


def test_wrong_rankings() -> None:
    x = normal(3, 2)
    with pytest.raises(ValueError, match=r"x1 and x2 must have the same shape"):
        losses.margin_ranking_loss(x, x[:2], 1, 0.5)
    with pytest.raises(ValueError, match=r"the same shape"):
        losses.margin_ranking_loss(x[..., None], x[..., None], 1, 0.5)
    with pytest.raises(ValueError, match=r"margin must be a non-negative number"):
        losses.margin_ranking_loss(x, x, 1, -0.5)
    with pytest.raises(ValueError, match=r"y must be a number or have shape \(3,\)"):
        losses.margin_ranking_loss(x, x, [1, 1], 0.5)


# ------------------------------------------------------------------ distances


@each_distance
def test_derivatives_of_distances(name: str) -> None:
    x, target = normal(3, 4), positive(3, 4) / 2
    for reduction in ("mean", "sum", "none"):
        check_gradients(
            lambda x, t, r=reduction: DISTANCES[name](x, t, reduction=r), x, target, order=2
        )


@each_distance
def test_single_precision_of_distances(name: str) -> None:
    x, target = mg.tensor(normal(3, 4), dtype="float32"), np.float32(positive(3, 4))
    result = DISTANCES[name](x, target)
    assert result.dtype == np.float32
    result.backward()
    assert x.grad.dtype == np.float32
    for weak in (0.5, [[0.5] * 4] * 3):
        if name != "kl_div" or isinstance(weak, list):
            assert DISTANCES[name](x, weak).dtype == np.float32


@each_distance
def test_integers_and_booleans_take_the_precision_of_the_scores(name: str) -> None:
    x = mg.tensor(normal(2, 2), dtype="float32")
    for target in (
        [[True, False], [False, True]],
        np.eye(2, dtype=int),
        mg.tensor(np.eye(2, dtype=bool)),
    ):
        result = DISTANCES[name](x, target)
        assert result.dtype == np.float32
        assert_close(result, DISTANCES[name](x, np.eye(2, dtype=np.float32)))


@each_distance
def test_reductions(name: str) -> None:
    x, target = normal(3, 4), positive(3, 4) / 2
    function = DISTANCES[name]
    parts = function(x, target, reduction="none").data
    assert parts.shape == ((3,) if name == "kl_div" else (3, 4))
    assert_close(function(x, target), np.mean(parts))
    assert_close(function(x, target, reduction="sum"), np.sum(parts))
    with pytest.raises(ValueError, match=f"{name}: reduction must be 'mean', 'sum' or 'none'"):
        function(x, target, reduction="median")


@each_distance
def test_shapes_are_not_broadcast(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: (target|x and target) must have"):
        DISTANCES[name](np.ones((3, 1)), np.ones(3))


@each_distance
def test_lists_and_constants(name: str) -> None:
    x = mg.tensor(2.0)
    result = DISTANCES[name]([x, 1.0], [1, 0])
    assert not result.constant
    result.backward()
    assert x.grad != 0
    assert DISTANCES[name]([x, 1.0], [1, 0], constant=True).constant
    assert DISTANCES[name]([2, 1], [1, 0]).dtype == np.float64


def test_errors_of_numbers() -> None:
    x, target = np.array([1.0, 2.0, -3.0]), np.array([1.0, 2.5, 1.0])
    assert_close(losses.mse(x, target), (0 + 0.25 + 16) / 3)
    assert_close(losses.mse(x, 1), (0 + 1 + 16) / 3)
    assert_close(losses.l1(x, target), 4.5 / 3)
    assert grad_of(lambda x: losses.l1(x, target, reduction="sum"), x).tolist() == [0, -1, -1]
    assert_close(losses.huber(x, target, reduction="none"), [0, 0.125, 3.5])
    assert_close(losses.huber(x, target, delta=2.0, reduction="none"), [0, 0.125, 6])
    assert np.isfinite(losses.huber(np.float32([1e30]), np.float32([-1e30])))
    for delta in (0, -1.0, None):
        with pytest.raises(ValueError, match="huber: delta must be a positive number, not"):
            losses.huber(x, target, delta=delta)


def test_binary_crossentropy() -> None:
    x, target = normal(5), np.array([0.0, 1.0, 0.25, 0.5, 1.0])
    p = special.expit(x)
    expected = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))
    assert_close(losses.bce_with_logits(x, target), expected, tolerance=1e-15)
    assert losses.bce_with_logits([40.0], [1.0]).item() == pytest.approx(np.exp(-40))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_binary_crossentropy_of_large_scores(dtype: str) -> None:
    x = np.array([1e4, 1e4, -1e4, -1e4], dtype)
    target = np.array([1, 0, 1, 0], dtype)
    parts = losses.bce_with_logits(x, target, reduction="none")
    assert parts.data.tolist() == [0, 1e4, 1e4, 0]
    gradient = grad_of(lambda x: losses.bce_with_logits(x, target, reduction="sum"), x)
    assert gradient.tolist() == [0, 1, -1, 0]


def test_divergence() -> None:
    p, q = special.softmax(normal(3, 4), axis=1), special.softmax(normal(3, 4), axis=1)
    expected = np.sum(special.rel_entr(p, q), axis=1)
    assert_close(losses.kl_div(np.log(q), p, reduction="none"), expected)
    assert losses.kl_div(np.log(p), p).item() == pytest.approx(0, abs=1e-15)


def test_divergence_of_zeros() -> None:
    target, x = np.array([0.0, 1.0]), np.array([-np.inf, 0.0])
    assert losses.kl_div(x, target).item() == 0
    assert grad_of(lambda x: losses.kl_div(x, target), x).tolist() == [0, -1]
    assert losses.kl_div(np.array([-1e4, 0.0]), [1.0, 0.0]).item() == 1e4
