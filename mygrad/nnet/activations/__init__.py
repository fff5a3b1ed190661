"""Activation functions of neural networks."""

from mygrad.nnet.activations.rectifiers import elu, hard_tanh, leaky_relu, relu, selu
from mygrad.nnet.activations.sigmoids import (
    gelu,
    glu,
    mish,
    sigmoid,
    silu,
    soft_sign,
    softplus,
    tanh,
)
from mygrad.nnet.activations.softmax import logsoftmax, softmax

__all__ = [
    "elu",
    "gelu",
    "glu",
    "hard_tanh",
    "leaky_relu",
    "logsoftmax",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "soft_sign",
    "softmax",
    "softplus",
    "tanh",
]
