"""Classification losses: scores or probabilities of classes, compared with labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import check_number, floats, labels_of, scores_of
from mygrad.nnet.activations.rectifiers import rectified
from mygrad.nnet.losses._surprise import surprise

__all__ = [
    "focal_loss",
    "margin_ranking_loss",
    "multiclass_hinge",
    "negative_log_likelihood",
    "softmax_crossentropy",
    "softmax_focal_loss",
]


@expression
def softmax_crossentropy(x: Any, y_true: Any, *, label_smoothing: float = 0.0) -> Any:
    """The mean cross-entropy between the labels and the softmax of the scores.

    ``mean(log(sum(exp(x[n]))) - x[n, y_true[n]])`` over the samples n, computed without overflow
    and without logarithms of zero.

    Parameters
    ----------
    x : array_like, shape (N, C) or (…, C)
        Scores (logits): C for each of N samples.
    y_true : array_like of int, shape (N,) or (…)
        The labels, 0 ≤ ``y_true`` < C.
    label_smoothing : float
        In [0, 1]. With smoothing ``s`` every class has the weight ``s / C``, and the label ``1 -
        s`` more (C. Szegedy et al., "Rethinking the inception architecture for computer vision",
        CVPR 2016).

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    TypeError, ValueError, IndexError
        The labels are not integers, have the wrong shape, or are out of range.

    Examples
    --------
    >>> import mygrad as mg
    >>> from mygrad.nnet.losses import softmax_crossentropy
    >>> x = mg.tensor([[2.0, 2.0, 2.0], [1e4, -1e4, 0.0]])
    >>> loss = softmax_crossentropy(x, [2, 0])
    >>> loss
    Tensor(0.54930614)
    >>> loss.backward()
    >>> x.grad
    array([[ 0.16666667,  0.16666667, -0.33333333],
           [ 0.        ,  0.        ,  0.        ]])
    """
    x, labels, losses = _surprises("softmax_crossentropy", "x", x, "y_true", y_true)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            f"softmax_crossentropy: label_smoothing must be a number from 0 to 1, not {label_smoothing!r}"
        )
    if label_smoothing:
        # The surprise of any class is that of the label plus the difference of their scores.
        picked = np.take_along_axis(x, labels[..., None], axis=-1)
        losses = losses + label_smoothing * np.mean(picked - x, axis=-1)
    return np.mean(losses)


def _surprises(
    function: str, of_x: str, x: Any, of_labels: str, labels: Any
) -> tuple[Any, Any, Any]:
    """The scores, the labels, and the surprise of each label."""
    x = scores_of(function, of_x, x)
    labels = labels_of(function, of_labels, labels, x)
    if x.ndim == 2:
        return x, labels, surprise(x, labels)[0]
    losses = surprise(np.reshape(x, (labels.size, x.shape[-1])), np.reshape(labels, -1))[0]
    return x, labels, np.reshape(losses, labels.shape)


@expression
def negative_log_likelihood(x: Any, y_true: Any, *, weights: Any = None) -> Any:
    """The mean of ``-x[n, y_true[n]]`` over the samples n, for log-probabilities ``x``.

    Parameters
    ----------
    x : array_like, shape (N, C) or (…, C)
        Log-probabilities, such as those of :func:`~mygrad.nnet.activations.logsoftmax`.
    y_true : array_like of int, shape (N,) or (…)
        The labels, 0 ≤ ``y_true`` < C.
    weights : array_like, shape (C,), optional
        The weight of each class. The sum is still divided by the number of samples.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    TypeError, ValueError, IndexError
        The labels are not integers, have the wrong shape, or are out of range; or there are not C
        weights.

    Examples
    --------
    >>> import numpy as np
    >>> from mygrad.nnet.losses import negative_log_likelihood
    >>> x = np.log([[0.5, 0.5], [0.25, 0.75]])
    >>> negative_log_likelihood(x, [0, 1])
    Tensor(0.49041463)
    >>> negative_log_likelihood(x, [0, 1], weights=[1.0, 0.0])
    Tensor(0.34657359)
    """
    x = scores_of("negative_log_likelihood", "x", x)
    labels = labels_of("negative_log_likelihood", "y_true", y_true, x)
    picked = np.take_along_axis(x, labels[..., None], axis=-1)[..., 0]
    if weights is not None:
        weights = floats(weights, like=x)
        if weights.shape != x.shape[-1:]:
            raise ValueError(
                f"negative_log_likelihood: weights must have shape {x.shape[-1:]}, a number for each"
                f" class, not {weights.shape}"
            )
        picked = picked * weights[labels]
    return -np.mean(picked)


@expression
def multiclass_hinge(x: Any, y_true: Any, hinge: float = 1.0) -> Any:
    """The multiclass hinge loss: the label's score should exceed all others by ``hinge``.

    ``mean(sum(max(0, x[n, c] - x[n, y_true[n]] + hinge)))``, with the sum over all classes c except
    the label and the mean over the samples n.

    Parameters
    ----------
    x : array_like, shape (N, C) or (…, C)
        Scores.
    y_true : array_like of int, shape (N,) or (…)
        The labels, 0 ≤ ``y_true`` < C.
    hinge : float
        The margin by which the label's score should be the largest.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    TypeError, ValueError, IndexError
        The labels are not integers, have the wrong shape, or are out of range.

    References
    ----------
    J. Weston, C. Watkins, "Support vector machines for multi-class pattern recognition", ESANN
    1999.

    Examples
    --------
    >>> from mygrad.nnet.losses import multiclass_hinge
    >>> multiclass_hinge([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]], [0, 2])
    Tensor(2.5)
    """
    x = scores_of("multiclass_hinge", "x", x)
    labels = labels_of("multiclass_hinge", "y_true", y_true, x)
    picked = np.take_along_axis(x, labels[..., None], axis=-1)
    others = np.arange(x.shape[-1]) != labels[..., None]
    lacking = np.where(others, rectified(x - picked + hinge), 0)
    return np.mean(np.sum(lacking, axis=-1))


@expression
def margin_ranking_loss(x1: Any, x2: Any, y: Any, margin: float) -> Any:
    """The mean of ``max(0, margin - y * (x1 - x2))``.

    Parameters
    ----------
    x1, x2 : array_like, shape (N,) or (N, D)
        Scores to be compared.
    y : array_like
        1 where ``x1`` should be larger, -1 where ``x2`` should be larger: one for each of N
        samples, or one for all.
    margin : float
        The margin by which it should be larger; non-negative.

    Returns
    -------
    Tensor, shape ()

    Raises
    ------
    ValueError
        The shapes of `x1` and `x2` differ or do not match that of `y`, or `margin` is negative.

    Examples
    --------
    >>> from mygrad.nnet.losses import margin_ranking_loss
    >>> margin_ranking_loss([1.0, 2.0], [0.0, 3.0], y=[1, 1], margin=0.5)
    Tensor(0.75)
    """
    x1, x2 = floats(x1), floats(x2)
    if x1.shape != x2.shape or x1.ndim not in (1, 2):
        raise ValueError(
            "margin_ranking_loss: x1 and x2 must have the same shape, (N,) or (N, D), not"
            f" {x1.shape} and {x2.shape}"
        )
    check_number("margin_ranking_loss", "margin", margin, above=False)
    y = np.asarray(y)
    if y.ndim and y.shape != x1.shape[:1]:
        raise ValueError(
            f"margin_ranking_loss: y must be a number or have shape {x1.shape[:1]}, one for each row of"
            f" x1, not {y.shape}"
        )
    if y.ndim and x1.ndim == 2:
        y = y[:, None]
    return np.mean(rectified(margin - y.astype(x1.dtype) * (x1 - x2)))


@expression
def focal_loss(class_probs: Any, targets: Any, *, alpha: Any = 1, gamma: float = 0) -> Any:
    """The focal loss ``-alpha * (1 - p)**gamma * log(p)``, where p is the probability of the label.

    The larger `gamma`, the smaller the weight of samples that are already classified well.

    Parameters
    ----------
    class_probs : array_like, shape (N, C) or (…, C)
        Probabilities of the classes.
    targets : array_like of int, shape (N,) or (…)
        The labels, 0 ≤ ``targets`` < C.
    alpha : array_like
        A weight: a number, or one for each sample.
    gamma : float
        How strongly the loss focuses on samples that are hard to classify; non-negative.

    Returns
    -------
    Tensor, shape (N,) or (…)
        One loss for each sample.

    Raises
    ------
    TypeError, ValueError, IndexError
        The labels are not integers, have the wrong shape, or are out of range; or `gamma` is
        negative.

    See Also
    --------
    softmax_focal_loss : takes scores, and is accurate also for probabilities near 0 or 1.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection",
    ICCV 2017.

    Examples
    --------
    >>> from mygrad.nnet.losses import focal_loss
    >>> focal_loss([[0.5, 0.5], [0.1, 0.9]], [0, 1], gamma=2)
    Tensor([0.1732868 , 0.00105361])
    """
    check_number("focal_loss", "gamma", gamma, above=False)
    class_probs = scores_of("focal_loss", "class_probs", class_probs)
    labels = labels_of("focal_loss", "targets", targets, class_probs)
    p = np.take_along_axis(class_probs, labels[..., None], axis=-1)[..., 0]
    return _weighted(alpha, -((1 - p) ** gamma * np.log(p)))


def _weighted(alpha: Any, losses: Any) -> Any:
    """``losses`` times their weights, in the dtype of the losses."""
    return floats(alpha, like=losses).astype(losses.dtype, copy=False) * losses


@expression
def softmax_focal_loss(scores: Any, targets: Any, *, alpha: Any = 1, gamma: float = 0) -> Any:
    """:func:`focal_loss` of the softmax of scores, more accurate than from probabilities.

    Parameters
    ----------
    scores : array_like, shape (N, C) or (…, C)
        Scores (logits).
    targets, alpha, gamma
        As in :func:`focal_loss`.

    Returns
    -------
    Tensor, shape (N,) or (…)
        One loss for each sample.

    Raises
    ------
    TypeError, ValueError, IndexError
        The labels are not integers, have the wrong shape, or are out of range; or `gamma` is
        negative.

    Examples
    --------
    >>> from mygrad.nnet.losses import softmax_focal_loss
    >>> softmax_focal_loss([[0.0, 0.0], [1e4, -1e4]], [0, 1], gamma=2)
    Tensor([1.73286795e-01, 2.00000000e+04])
    """
    check_number("softmax_focal_loss", "gamma", gamma, above=False)
    _, _, losses = _surprises("softmax_focal_loss", "scores", scores, "targets", targets)
    return _weighted(alpha, (-np.expm1(-losses)) ** gamma * losses)
