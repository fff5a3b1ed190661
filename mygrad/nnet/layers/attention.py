"""Attention: means of values, weighted by the similarity of keys and queries."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import floats
from mygrad.nnet.layers._shapes import as_array, check_shapes
from mygrad.nnet.layers.recurrent import projected

__all__ = ["multi_head_attention", "scaled_dot_product_attention"]


@expression
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Any:
    """For each query, a mean of the values, weighted by the similarity of their keys to the query.

    ``softmax(query keyᵀ · scale) value``

    Parameters
    ----------
    query : array_like, shape (…, L, D)
    key : array_like, shape (…, S, D)
    value : array_like, shape (…, S, V)
        The leading axes are broadcast against each other.
    mask : array_like, shape (…, L, S), optional
        Booleans: True where a query may attend to a key. Numbers: added to the products, so that
        -inf masks.
    causal : bool
        If True, query i attends only to the keys 0 to i.
    scale : float, optional
        By default ``1 / sqrt(D)``, which keeps the products of order one.

    Returns
    -------
    Tensor, shape (…, L, V)
        Zeros for a query that may not attend to any key.

    Raises
    ------
    ValueError
        Shapes do not match.
    TypeError
        `mask` holds integers, which are ambiguous.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.1.

    Examples
    --------
    The query is most similar to the first key:

    >>> import mygrad as mg
    >>> from mygrad.nnet.layers import scaled_dot_product_attention
    >>> q, k = mg.tensor([[9.0, 0.0]]), mg.tensor([[9.0, 0.0], [0.0, 9.0]])
    >>> scaled_dot_product_attention(q, k, mg.tensor([[1.0], [2.0]]))
    Tensor([[1.]])
    >>> scaled_dot_product_attention(q, k, mg.tensor([[1.0], [2.0]]), mask=[[False, True]])
    Tensor([[2.]])
    """
    query, key, value = floats(query), floats(key), floats(value)
    check_shapes(
        "scaled_dot_product_attention",
        query=(query, "… L D"),
        key=(key, "… S D"),
        value=(value, "… S V"),
    )
    if scale is None:
        scale = 1 / math.sqrt(max(1, query.shape[-1]))
    products = (query * scale) @ np.swapaxes(key, -1, -2)
    allowed = np.tri(*products.shape[-2:], dtype=np.bool_) if causal else None
    if mask is not None:
        mask = as_array(mask)
        _check_mask(mask, products)
        if mask.dtype == bool:
            allowed = mask if allowed is None else mask & allowed
        elif mask.dtype.kind == "f":
            products = products + mask
        else:  # zeros and ones would be ambiguous
            raise TypeError(
                "scaled_dot_product_attention: mask must be booleans, True where a query may attend, or"
                f" floating-point numbers to be added; not {mask.dtype}. Convert it with mask.astype(bool)"
            )
    return attention_weights(products, allowed) @ value


def _check_mask(mask: Any, products: Any) -> None:
    queries, keys = products.shape[-2:]
    leading = products.shape[:-2]
    try:
        fits = np.broadcast_shapes(mask.shape, products.shape)[-2:] == (queries, keys)
    except ValueError:
        fits = False
    if not fits:
        axes = f"broadcast against {leading}" if leading else "any"
        raise ValueError(
            f"scaled_dot_product_attention: mask must have shape (…, L, S) with L = {queries}, S = {keys},"
            f" each of the two may be 1, the axes in front {axes}; not {mask.shape}"
        )


@expression
def multi_head_attention(
    query: Any,
    key: Any,
    value: Any,
    Wq: Any,
    Wk: Any,
    Wv: Any,
    Wo: Any,
    bq: Any = None,
    bk: Any = None,
    bv: Any = None,
    bo: Any = None,
    *,
    heads: int,
    mask: Any = None,
    causal: bool = False,
) -> Any:
    """Multi-head attention: heads with their own projections, combined by a final projection.

    The columns of ``query Wq + bq``, ``key Wk + bk`` and ``value Wv + bv`` are divided among the
    heads in consecutive blocks::

        concatenate([attention(q, k, v) of each head]) Wo + bo

    Parameters
    ----------
    query : array_like, shape (N, L, E)
    key : array_like, shape (N, S, K)
    value : array_like, shape (N, S, V)
        N sequences each. For self-attention, pass ``x, x, x``.
    Wq, Wk : array_like, shapes (E, P) and (K, P)
        P is a multiple of `heads`.
    Wv : array_like, shape (V, Q)
        Q is a multiple of `heads`.
    Wo : array_like, shape (Q, O)
    bq, bk, bv, bo : array_like, shapes (P,), (P,), (Q,) and (O,), optional
    heads : int
    mask : array_like, broadcast to (N, heads, L, S), optional
    causal : bool
        Both as in :func:`scaled_dot_product_attention`.

    Returns
    -------
    Tensor, shape (N, L, O)

    Raises
    ------
    ValueError
        Shapes do not match, or columns cannot be divided evenly among the heads.

    Notes
    -----
    In terms of PyTorch's ``MultiheadAttention``, ``Wq``, ``Wk`` and ``Wv`` are the transposed
    thirds of ``in_proj_weight``, and ``Wo`` is ``out_proj.weight.T``.

    References
    ----------
    A. Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.2.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.layers import multi_head_attention
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(2, 5, 8))
    >>> weights = [mg.tensor(rng.normal(size=(8, 8))) for _ in range(4)]
    >>> multi_head_attention(x, x, x, *weights, heads=2, causal=True).shape
    (2, 5, 8)
    """
    query, key, value, Wq, Wk, Wv, Wo = map(floats, (query, key, value, Wq, Wk, Wv, Wo))
    bq, bk, bv, bo = (None if bias is None else floats(bias) for bias in (bq, bk, bv, bo))
    sizes = check_shapes(
        "multi_head_attention",
        query=(query, "N L E"),
        key=(key, "N S K"),
        value=(value, "N S V"),
        Wq=(Wq, "E P"),
        Wk=(Wk, "K P"),
        Wv=(Wv, "V Q"),
        Wo=(Wo, "Q O"),
        bq=(bq, "P"),
        bk=(bk, "P"),
        bv=(bv, "Q"),
        bo=(bo, "O"),
    )
    if heads < 1 or sizes["P"] % heads or sizes["Q"] % heads:
        raise ValueError(
            f"multi_head_attention: heads={heads} must divide the numbers of columns, of Wq and"
            f" Wk {sizes['P']}, of Wv {sizes['Q']}"
        )
    q, k, v = (
        _shared(_affine(x, W, b), heads)
        for x, W, b in ((query, Wq, bq), (key, Wk, bk), (value, Wv, bv))
    )
    seen = np.swapaxes(scaled_dot_product_attention(q, k, v, mask, causal=causal), 1, 2)
    return _affine(np.reshape(seen, (sizes["N"], sizes["L"], sizes["Q"])), Wo, bo)


def _affine(x: Any, W: Any, b: Any) -> Any:
    product = projected(x, W)
    return product if b is None else product + b


def _shared(x: Any, heads: int) -> Any:
    """(N, L, P) as (N, heads, L, P / heads)."""
    N, L, P = x.shape
    return np.swapaxes(np.reshape(x, (N, L, heads, P // heads)), 1, 2)


@dispatched
def attention_weights(products, allowed):
    """Softmax of the ``allowed`` elements along the last axis; zeros where none is."""
    if allowed is not None:
        products = np.where(allowed, products, -np.inf)
    largest = np.max(products, axis=-1, keepdims=True, initial=-np.inf)
    largest[largest == -np.inf] = 0
    powers = products - largest
    np.exp(powers, out=powers)
    total = np.sum(powers, axis=-1, keepdims=True)
    total[total == 0] = 1
    powers /= total
    return powers


@implements(attention_weights)
class AttentionWeights(Operation):
    def vjp_products(grad, out):
        return out * (grad - np.sum(grad * out, axis=-1, keepdims=True))
