"""Attention: its definition, masks, large numbers, derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import multi_head_attention, scaled_dot_product_attention
from mygrad.testing import check_gradients
from tests.checks import assert_close, normal

MASK = np.array(
    [[True, False, True, True], [False, False, False, False], [False, True, False, True]]
)


def by_definition(q, k, v, bias=0.0, scale=None):
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale) + bias
    powers = np.exp(scores)
    return powers / powers.sum(axis=-1, keepdims=True) @ v


def arrays():
    return normal(2, 3, 2), normal(2, 4, 2), normal(2, 4, 3)


def test_definition():
    q, k, v = arrays()
    assert_close(scaled_dot_product_attention(q, k, v), by_definition(q, k, v))
    assert_close(scaled_dot_product_attention(q, k, v, scale=2), by_definition(q, k, v, scale=2))


def test_masks():
    q, k, v = arrays()
    attend = scaled_dot_product_attention
    expected = by_definition(q[:, ::2], k, v, np.where(MASK[::2], 0, -np.inf))
    out = attend(q, k, v, MASK).data
    assert_close(out[:, ::2], expected)
    assert not np.any(out[:, 1])  # it may not attend to any key
    assert_close(attend(q, k, v, np.where(MASK, 0, -np.inf)), out)
    bias = normal(3, 4)
    assert_close(attend(q, k, v, bias), by_definition(q, k, v, bias))
    past = np.where(np.tri(3, 4), 0, -np.inf)
    assert_close(attend(q, k, v, causal=True), by_definition(q, k, v, past))
    assert_close(
        attend(q, k, v, MASK, causal=True), attend(q, k, v, MASK & np.tri(3, 4, dtype=bool))
    )


def test_leading_axes_are_broadcast():
    q, k, v = normal(2, 1, 3, 2), normal(3, 4, 2), normal(4, 1)
    out = scaled_dot_product_attention(q, k, v)
    assert out.shape == (2, 3, 3, 1)
    assert_close(out, by_definition(q, k, v))


def test_derivatives():
    q, k, v = normal(2, 2), normal(3, 2), normal(3, 1)
    attend = scaled_dot_product_attention
    check_gradients(lambda *args: attend(*args), q, k, v)
    check_gradients(lambda *args: attend(*args, causal=True), q, k, v)
    check_gradients(lambda *args: attend(*args, mask=MASK[:2, :3]), q, k, v)
    check_gradients(lambda *args: attend(*args), q, k, v, normal(2, 3))


def test_nothing_is_lost_in_strict_mode():
    q, k, v = arrays()
    bias = mg.tensor(normal(3, 4))
    with mg.strict:
        scaled_dot_product_attention(q, k, v, bias).backward()
    assert np.any(bias.grad)


def test_large_numbers():
    q, k, v = (mg.tensor((1e4 * each).astype(np.float32)) for each in arrays())
    out = scaled_dot_product_attention(q, k, v, MASK)
    out.backward()
    for each in (out.data, q.grad, k.grad, v.grad):
        assert each.dtype == np.float32
        assert np.all(np.isfinite(each))


def test_several_heads():
    q, k, v = normal(2, 3, 4), normal(2, 5, 3), normal(2, 5, 2)
    Wq, Wk, Wv, Wo = normal(4, 6), normal(3, 6), normal(2, 4), normal(4, 5)
    bq, bk, bv, bo = normal(6), normal(6), normal(4), normal(5)
    out = multi_head_attention(q, k, v, Wq, Wk, Wv, Wo, bq, bk, bv, bo, heads=2)
    heads = [
        by_definition(
            (q @ Wq + bq)[..., 3 * i : 3 * i + 3],
            (k @ Wk + bk)[..., 3 * i : 3 * i + 3],
            (v @ Wv + bv)[..., 2 * i : 2 * i + 2],
        )
        for i in range(2)
    ]
    assert_close(out, np.concatenate(heads, axis=-1) @ Wo + bo)


def test_what_comes_later_has_no_influence():
    x, weights = normal(1, 4, 2), [normal(2, 2) for _ in range(4)]
    out = multi_head_attention(x, x, x, *weights, heads=2, causal=True)
    changed = x.copy()
    changed[:, 2:] += 1
    again = multi_head_attention(changed, changed, changed, *weights, heads=2, causal=True)
    assert_close(out.data[:, :2], again.data[:, :2])
    assert np.any(out.data[:, 2:] != again.data[:, 2:])


def test_derivatives_of_several_heads():
    x, weights = normal(1, 2, 2), [normal(2, 2) for _ in range(4)]
    biases = [normal(2) for _ in range(4)]
    check_gradients(
        lambda x, weights, biases: multi_head_attention(x, x, x, *weights, *biases, heads=2),
        x,
        weights,
        biases,
    )


def test_single_precision_constants_and_empty_batch():
    x = mg.tensor(np.ones((2, 3, 2), np.float32))
    weights = [np.ones((2, 2), np.float32)] * 4
    out = multi_head_attention(x, x, x, *weights, heads=1, causal=True)
    out.backward()
    assert out.dtype == x.grad.dtype == np.float32
    assert multi_head_attention(x, x, x, *weights, heads=1, constant=True).constant
    none = mg.tensor(np.ones((0, 3, 2)))
    multi_head_attention(none, none, none, *weights, heads=2).backward()
    assert none.grad.shape == (0, 3, 2)
    empty = scaled_dot_product_attention(np.ones((2, 3)), np.ones((0, 3)), np.ones((0, 4)))
    assert not np.any(empty.data)  # no keys


def test_what_cannot_be_is_refused():
    q, k, v = arrays()
    with pytest.raises(ValueError, match=r"key must have shape \(…, S, D\) with L = 3, D = 2, not"):
        scaled_dot_product_attention(q, v, v)
    with pytest.raises(ValueError, match=r"query must have shape \(…, L, D\), not \(2,\)"):
        scaled_dot_product_attention(q[0, 0], k, v)
    with pytest.raises(
        TypeError, match=r"mask must be booleans, .* or floating-point .* not int64"
    ):
        scaled_dot_product_attention(q, k, v, np.ones((3, 4), np.int64))
    for mask in (np.ones((4, 3), bool), np.zeros((4, 3)), np.ones((2, 3, 5), bool)):
        for causal in (False, True):
            with pytest.raises(
                ValueError, match=r"mask must have shape \(…, L, S\) with L = 3, S = 4.* not"
            ):
                scaled_dot_product_attention(q, k, v, mask, causal=causal)
    x, W = normal(1, 2, 4), normal(4, 4)
    with pytest.raises(ValueError, match="heads=3 must divide the numbers of columns"):
        multi_head_attention(x, x, x, W, W, W, W, heads=3)
    with pytest.raises(ValueError, match=r"multi_head_attention: bo must have shape \(O,\)"):
        multi_head_attention(x, x, x, W, W, W, W, bo=np.ones(3), heads=2)
