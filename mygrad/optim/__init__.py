"""Optimizers, learning-rate schedules and gradient clipping.

>>> import numpy as np, mygrad as mg
>>> from mygrad.optim import SGD
>>> w = mg.tensor([3.0, -2.0])
>>> optimizer = SGD([w], lr=0.1)
>>> for _ in range(100):
...     np.sum((w - 1) ** 2).backward()
...     optimizer.step()
>>> w
Tensor([1., 1.])
"""

from mygrad.optim.clipping import clip_by_norm, clip_by_value
from mygrad.optim.descent import SGD, Adagrad, Adam, AdamW, RMSprop
from mygrad.optim.lbfgs import LBFGS
from mygrad.optim.optimizer import Optimizer
from mygrad.optim.schedules import (
    CosineDecay,
    ExponentialDecay,
    ReduceOnPlateau,
    StepDecay,
    WarmUp,
)

__all__ = [
    "LBFGS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineDecay",
    "ExponentialDecay",
    "Optimizer",
    "RMSprop",
    "ReduceOnPlateau",
    "StepDecay",
    "WarmUp",
    "clip_by_norm",
    "clip_by_value",
]
