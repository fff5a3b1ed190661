"""conv_nd against its definition, in any number of dimensions; its derivatives; its memory."""

from __future__ import annotations

import tracemalloc
from itertools import product

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import conv_nd, convolution
from mygrad.testing import check_gradients
from tests.checks import assert_close, complex_normal, normal


def by_definition(x, w, stride, padding, dilation):
    """One sum for each entry."""
    ndim = x.ndim - 2
    stride, padding, dilation = (
        np.broadcast_to(each, ndim) for each in (stride, padding, dilation)
    )
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    reach = dilation * (np.array(w.shape[2:]) - 1)
    grid = (np.array(x.shape[2:]) - reach - 1) // stride + 1
    out = np.zeros((len(x), len(w), *grid), np.result_type(x, w))
    for place in product(*map(range, grid)):
        window = tuple(
            slice(g * s, g * s + r + 1, d)
            for g, s, r, d in zip(place, stride, reach, dilation, strict=True)
        )
        patches = x[(slice(None), slice(None), *window)]
        out[(..., *place)] = np.tensordot(patches, w, [range(1, x.ndim)] * 2)
    return out


CASES = [
    ((2, 2, 5), (3, 2, 3), {"stride": 1}),
    ((1, 1, 7), (2, 1, 3), {"stride": 2}),
    ((1, 2, 7), (1, 2, 3), {"stride": 1, "dilation": 3}),
    ((1, 1, 4), (1, 1, 2), {"stride": 3, "padding": 2}),
    ((1, 1, 3), (1, 1, 2), {"stride": 7, "padding": 3}),
    ((2, 1, 2), (1, 1, 2), {"stride": 4}),
    ((1, 2, 4, 3), (2, 2, 2, 2), {"stride": 1}),
    ((1, 1, 5, 4), (1, 1, 3, 2), {"stride": (2, 1), "padding": (1, 0)}),
    ((1, 1, 3, 4), (1, 1, 2, 2), {"stride": (1, 2), "padding": (1, 2), "dilation": (2, 3)}),
    ((1, 1, 2, 3, 3), (1, 1, 2, 2, 1), {"stride": (1, 1, 2), "padding": (0, 0, 1)}),
    ((1, 1, 2, 2, 1, 3), (1, 1, 1, 2, 1, 2), {"stride": 1}),
]


@pytest.mark.parametrize(("shape", "filters", "options"), CASES)
def test_definition_and_derivatives(shape, filters, options):
    x, w = normal(*shape), normal(*filters)
    expected = by_definition(x, w, **{"padding": 0, "dilation": 1} | options)
    assert_close(conv_nd(x, w, **options), expected)
    check_gradients(lambda x, w: conv_nd(x, w, **options), x, w, order=2)


def test_third_derivatives():
    check_gradients(
        lambda x, w: conv_nd(np.tanh(x), w, stride=1), normal(1, 1, 3), normal(1, 1, 2), order=3
    )


def test_one_tensor_for_both():
    check_gradients(lambda x: conv_nd(x, x, stride=1, padding=1), normal(2, 2, 2))


def test_complex():
    x, w = complex_normal(1, 1, 4), complex_normal(1, 1, 2)
    assert_close(conv_nd(x, w, stride=1), by_definition(x, w, 1, 0, 1))
    check_gradients(lambda x, w: conv_nd(x, w, stride=1), x, w)


@pytest.mark.parametrize("block", [1, 200, 10**9])
def test_blocks_of_samples_make_no_difference(monkeypatch, block):
    x, w = mg.tensor(normal(5, 2, 6)), mg.tensor(normal(3, 2, 3))
    y = normal(5, 3, 4)
    monkeypatch.setattr(convolution, "BLOCK", block)
    out = conv_nd(x, w, stride=1)
    out.backward(y)
    assert_close(out.data, by_definition(x.data, w.data, 1, 0, 1))
    padded = np.pad(y, [(0, 0), (0, 0), (2, 2)])
    turned = w.data.swapaxes(0, 1)[..., ::-1]
    assert_close(x.grad, by_definition(padded, turned, 1, 0, 1))
    swapped = by_definition(x.data.swapaxes(0, 1), y.swapaxes(0, 1), 1, 0, 1)
    assert_close(w.grad, swapped.swapaxes(0, 1))


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda a: a[..., ::-1]])
def test_any_layout_in_memory(layout):
    x, w = layout(normal(2, 2, 4, 3)), layout(normal(2, 2, 2, 2))
    tensors = mg.tensor(x, copy=False), mg.tensor(w, copy=False)
    out = conv_nd(*tensors, stride=1)
    assert_close(out.data, by_definition(x, w, 1, 0, 1))
    out.backward(layout(normal(2, 2, 3, 2)))
    assert all(tensor.grad.shape == tensor.shape for tensor in tensors)


@pytest.mark.parametrize(
    ("shape", "filters", "result"),
    [((0, 2, 4), (3, 2, 2), (0, 3, 3)), ((2, 2, 4), (0, 2, 2), (2, 0, 3))],
)
def test_empty_batch_and_no_filters(shape, filters, result):
    x, w = mg.tensor(np.ones(shape)), mg.tensor(np.ones(filters))
    out = conv_nd(x, w, stride=1)
    assert out.shape == result
    out.backward()
    assert not np.any(x.grad)
    assert not np.any(w.grad)


def test_no_channels():
    assert not np.any(conv_nd(np.ones((1, 0, 4)), np.ones((2, 0, 2)), stride=1).data)


def test_single_precision_stays():
    x, w = mg.tensor(normal(2, 2, 4).astype("f4")), mg.tensor(normal(1, 2, 2).astype("f4"))
    out = conv_nd(x, w, stride=1, padding=1)
    out.backward()
    assert out.dtype == x.grad.dtype == w.grad.dtype == np.float32


def test_integers_lists_and_constants():
    out = conv_nd([[[1, 2, 3]]], [[[1, 1]]], stride=1)
    assert out.constant
    assert out.tolist() == [[[3, 5]]]
    assert conv_nd(mg.tensor([[[1.0, 2.0]]]), [[[1.0]]], stride=1, constant=True).constant
    x = mg.tensor(2.0)
    conv_nd([[[x, 1.0, x]]], [[[3.0, 1.0]]], stride=1).backward()
    assert x.grad == 4


@pytest.mark.parametrize(
    ("shape", "filters", "options", "error", "message"),
    [
        ((1, 1, 5), (1, 1, 2), {"stride": 2}, ValueError, r"= 3 must be a multiple"),
        ((1, 1, 5), (1, 1, 6), {"stride": 1}, ValueError, r"windows of \(6,\) do not fit on axes"),
        ((1, 1, 5), (1, 1, 3), {"stride": 1, "dilation": 3}, ValueError, r"dilation \(3,\)"),
        ((1, 1, 5), (1, 1, 0), {"stride": 1}, ValueError, r"windows of \(0,\)"),
        (
            (1, 2, 5),
            (1, 3, 2),
            {"stride": 1},
            ValueError,
            r"equally many channels C .* \(1, 2, 5\)",
        ),
        ((1, 2, 5), (1, 2, 2, 2), {"stride": 1}, ValueError, "channels C and dimensions"),
        ((2, 5), (1, 2), {"stride": 1}, ValueError, "at least three"),
        ((1, 1, 5), (1, 1, 2), {"stride": 0}, ValueError, "each at least 1, not 0"),
        ((1, 1, 5), (1, 1, 2), {"stride": (1, 1)}, ValueError, "an integer or a tuple of 1"),
        ((1, 1, 5), (1, 1, 2), {"stride": 1, "padding": -1}, ValueError, "padding .* at least 0"),
        ((1, 1, 5), (1, 1, 2), {"stride": 1, "dilation": 0}, ValueError, "dilation must be"),
        ((1, 1, 5), (1, 1, 2), {"stride": 1.0}, TypeError, "stride must be an integer .* not 1.0"),
        ((1, 1, 5), (1, 1, 2), {"stride": (1.5,)}, TypeError, "stride must be an integer"),
    ],
)
def test_what_cannot_be_is_refused(shape, filters, options, error, message):
    with pytest.raises(error, match=message) as caught:
        conv_nd(np.ones(shape), np.ones(filters), **options)
    assert "conv_nd" in str(caught.value)


def test_memory_stays_below_an_unrolled_array():
    x, w = np.ones((32, 3, 32, 32), np.float32), np.ones((16, 3, 5, 5), np.float32)
    unrolled = 32 * 28 * 28 * 3 * 5 * 5 * 4
    tensors = mg.tensor(x), mg.tensor(w)
    y = np.ones((32, 16, 28, 28), np.float32)
    tracemalloc.start()
    try:
        conv_nd(*tensors, stride=1).backward(y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    results = 2 * y.nbytes + x.nbytes + w.nbytes  # the output, its gradient, those of the inputs
    assert peak - results < 0.7 * unrolled  # the documented limit is 1.5
