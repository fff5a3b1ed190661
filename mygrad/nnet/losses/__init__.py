"""Losses, which measure the error of a model's results."""

from mygrad.nnet.losses.classification import (
    focal_loss,
    margin_ranking_loss,
    multiclass_hinge,
    negative_log_likelihood,
    softmax_crossentropy,
    softmax_focal_loss,
)
from mygrad.nnet.losses.distances import bce_with_logits, huber, kl_div, l1, mse

__all__ = [
    "bce_with_logits",
    "focal_loss",
    "huber",
    "kl_div",
    "l1",
    "margin_ranking_loss",
    "mse",
    "multiclass_hinge",
    "negative_log_likelihood",
    "softmax_crossentropy",
    "softmax_focal_loss",
]
