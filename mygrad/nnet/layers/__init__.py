"""Layers of neural networks."""

from mygrad.nnet.layers.attention import multi_head_attention, scaled_dot_product_attention
from mygrad.nnet.layers.convolution import conv_nd
from mygrad.nnet.layers.dropout import dropout
from mygrad.nnet.layers.embedding import embedding
from mygrad.nnet.layers.normalization import batchnorm, layer_norm, rms_norm
from mygrad.nnet.layers.pooling import avg_pool, global_avg_pool, global_max_pool, max_pool
from mygrad.nnet.layers.recurrent import gru, lstm

__all__ = [
    "avg_pool",
    "batchnorm",
    "conv_nd",
    "dropout",
    "embedding",
    "global_avg_pool",
    "global_max_pool",
    "gru",
    "layer_norm",
    "lstm",
    "max_pool",
    "multi_head_attention",
    "rms_norm",
    "scaled_dot_product_attention",
]
