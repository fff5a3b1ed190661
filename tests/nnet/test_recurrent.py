"""gru and lstm against their definition, step by step; truncation, dropout, derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import mygrad as mg
from mygrad.nnet.layers import gru, lstm
from mygrad.testing import check_gradients
from tests.checks import assert_close, normal


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru_weights(C, D):
    return [normal(*shape) for _ in "zrh" for shape in ((C, D), (D, D), (D,))]


def gru_states(X, Uz, Wz, bz, Ur, Wr, br, Uh, Wh, bh, s):
    """The definition, in terms of differentiable operations."""
    states = [s]
    for x in X:
        z = sigmoid(x @ Uz + s @ Wz + bz)
        r = sigmoid(x @ Ur + s @ Wr + br)
        h = np.tanh(x @ Uh + (r * s) @ Wh + bh)
        s = (1 - z) * h + z * s
        states.append(s)
    return np.stack(states)


def lstm_states(X, U, W, b, h, c):
    shown, kept = [h], [c]
    for x in X:
        i, f, g, o = np.split(x @ U + h @ W + b, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        shown.append(h)
        kept.append(c)
    return np.stack(shown), np.stack(kept)


def test_gru_by_definition():
    args = [normal(4, 2, 3), *gru_weights(3, 5), normal(2, 5)]
    ours, theirs = ([mg.tensor(each) for each in args] for _ in "ab")
    y = normal(5, 2, 5)
    states, expected = gru(*ours), gru_states(*theirs)
    assert_close(states.data, expected.data)
    states.backward(y)
    expected.backward(y)
    for one, other in zip(ours, theirs, strict=True):
        assert_close(one.grad, other.grad)


def test_lstm_by_definition():
    C, D = 3, 2
    args = [normal(4, 2, C), normal(C, 4 * D), normal(D, 4 * D), normal(4 * D)]
    args += [normal(2, D), normal(2, D)]
    ours, theirs = ([mg.tensor(each) for each in args] for _ in "ab")
    for one, other in zip(lstm(*ours), lstm_states(*theirs), strict=True):
        assert_close(one.data, other.data)
    sum(np.sum(np.sin(each)) for each in lstm(*ours)).backward()
    sum(np.sum(np.sin(each)) for each in lstm_states(*theirs)).backward()
    for one, other in zip(ours, theirs, strict=True):
        assert_close(one.grad, other.grad)


def test_gru_derivatives():
    check_gradients(lambda *args: gru(*args), normal(3, 2, 1), *gru_weights(1, 2), normal(2, 2))


def test_gru_without_an_initial_state_starts_from_zero():
    X, weights = normal(2, 2, 1), gru_weights(1, 2)
    assert_close(gru(X, *weights), gru(X, *weights, np.zeros((2, 2))))
    check_gradients(lambda *args: gru(*args)[-1], X, *weights)


def test_lstm_derivatives():
    args = [normal(2, 2, 1), normal(1, 8), normal(2, 8), normal(8)]
    check_gradients(lambda *args: lstm(*args), *args, normal(2, 2), normal(2, 2))
    check_gradients(lambda *args: lstm(*args)[0], *args)
    check_gradients(lambda *args: lstm(*args)[1], *args)


def test_third_derivatives():
    check_gradients(lambda *args: gru(*args), normal(2, 1, 1), *gru_weights(1, 1), order=3)
    weights = normal(1, 4), normal(1, 4), normal(4)
    check_gradients(lambda *args: lstm(*args), normal(2, 1, 1), *weights, order=3)


@pytest.mark.parametrize("limit", [0, 1, 2, 3])
def test_truncated_gradients_are_those_of_a_detached_past(limit):
    X, weights = normal(4, 2, 2), gru_weights(2, 3)
    y = normal(5, 2, 3)
    expected = [np.zeros_like(each) for each in (X, *weights)]
    states = gru(X, *weights).data
    for t in range(1, 5):  # from each state, `limit` additional steps
        first = max(0, t - 1 - limit)
        tensors = [mg.tensor(each) for each in (X, *weights)]
        end = gru_states(tensors[0][first:t], *tensors[1:], states[first])[-1]
        end.backward(y[t])
        expected = [total + each.grad for total, each in zip(expected, tensors, strict=True)]
    tensors = [mg.tensor(each) for each in (X, *weights)]
    gru(*tensors, bp_lim=limit).backward(y)
    for tensor, grad in zip(tensors, expected, strict=True):
        assert_close(tensor.grad, grad)


def test_truncation_reaches_the_initial_state():
    X, weights, s0 = normal(3, 1, 1), gru_weights(1, 2), mg.tensor(normal(1, 2))
    gru(X, *weights, s0, bp_lim=1)[-1].backward()
    assert not np.any(s0.grad)
    gru(X, *weights, s0, bp_lim=1)[2].backward()
    assert np.all(s0.grad)


def test_derivatives_that_truncation_leaves_whole():
    weights = gru_weights(1, 2)
    check_gradients(lambda *args: gru(*args, bp_lim=1)[:3], normal(4, 2, 1), *weights, normal(2, 2))


@pytest.mark.parametrize("limit", [-1, 4])
def test_limits_out_of_range(limit):
    with pytest.raises(
        ValueError, match=rf"bp_lim must be None or an integer from 0 to 3.*{limit}"
    ):
        gru(np.ones((4, 1, 1)), *gru_weights(1, 1), bp_lim=limit)


def test_dropout_draws_one_mask_for_all_steps():
    """Within a few runs, a weight is dropped in one, and kept and scaled up in another."""
    X, D = np.ones((3, 1, 1)), 1
    one, none = np.ones((D, D)), np.zeros((D, D))
    # z is closed; the candidate depends only on the entries, or only on the state.
    shut = [none, none, np.full(D, -1e3)]
    for U, W, s0 in ((one, none, 0.0), (none, one, 1.0)):
        seen = set()
        mg.random.seed(0)
        for _ in range(20):
            args = [X, *shut, none, none, np.full(D, 1e3), U, W, np.zeros(D), [[s0]]]
            states = gru(*args, dropout=0.5).data[:, 0, 0]
            step = np.tanh(2 * (states[:-1] if s0 else np.ones(3)))
            kept = bool(states[1])
            assert_close(states[1:], step if kept else np.zeros(3))
            seen.add(kept)
        assert seen == {True, False}


def test_dropout_has_a_gradient_and_a_seed():
    tensors = [mg.tensor(each) for each in (normal(3, 2, 2), *gru_weights(2, 3))]
    mg.random.seed(1)
    first = gru(*tensors, dropout=0.5)
    first.backward()
    assert 0 < np.count_nonzero(tensors[8].grad) < tensors[8].size  # Wh
    mg.random.seed(1)
    assert_close(gru(*tensors, dropout=0.5).data, first.data)
    C, D = 2, 2
    h, _ = lstm(np.ones((2, 1, C)), normal(C, 4 * D), normal(D, 4 * D), normal(4 * D), dropout=0.5)
    assert h.shape == (3, 1, D)


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_dropout_is_a_probability(dropout):
    with pytest.raises(ValueError, match="dropout must be a probability"):
        gru(np.ones((1, 1, 1)), *gru_weights(1, 1), dropout=dropout)


def test_large_numbers_overflow_nowhere():
    for scale in (1e4, -1e4):
        X = mg.tensor(np.full((3, 1, 2), scale, np.float32))
        weights = [mg.tensor(np.abs(each).astype(np.float32)) for each in gru_weights(2, 2)]
        states = gru(X, *weights)
        states.backward()
        assert np.all(np.isfinite(states.data))
        assert np.all(np.isfinite(X.grad))
        U, W, b = (mg.tensor(np.ones(shape, np.float32)) for shape in ((2, 8), (2, 8), 8))
        h, c = lstm(X, U, W, b)
        (np.sum(h) + np.sum(c)).backward()
        assert np.all(np.isfinite(c.data))
        assert np.all(np.isfinite(X.grad))


def test_single_precision_stays():
    tensors = [mg.tensor(each.astype("f4")) for each in (normal(3, 2, 2), *gru_weights(2, 3))]
    states = gru(*tensors, dropout=0.3)
    states.backward()
    assert {states.dtype, *(tensor.grad.dtype for tensor in tensors)} == {np.dtype("f4")}
    U, W, b = (mg.tensor(np.ones(shape, np.float32)) for shape in ((2, 8), (2, 8), 8))
    h, c = lstm(tensors[0], U, W, b)
    np.sum(h).backward()
    assert h.dtype == c.dtype == U.grad.dtype == np.float32


def test_integers_and_constants():
    ones = [np.ones(shape, int) for _ in "zrh" for shape in ((1, 1), (1, 1), (1,))]
    states = gru(np.ones((2, 1, 1), int), *ones)
    assert states.dtype == np.float64
    assert states.constant
    assert gru(mg.tensor(np.ones((2, 1, 1))), *ones, constant=True).constant


@pytest.mark.parametrize(("T", "N"), [(0, 2), (3, 0)])
def test_no_steps_and_empty_batch(T, N):
    X, s0 = mg.tensor(np.ones((T, N, 2))), mg.tensor(np.ones((N, 3)))
    states = gru(X, *gru_weights(2, 3), s0)
    states.backward()
    assert states.shape == (T + 1, N, 3)
    assert_close(s0.grad, np.ones((N, 3)))
    h, c = lstm(X, normal(2, 12), normal(3, 12), normal(12), s0)
    np.sum(h).backward()
    assert h.shape == c.shape == (T + 1, N, 3)
    assert s0.grad.shape == s0.shape


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({0: np.ones((3, 2))}, r"X must have shape \(T, N, C\), not \(3, 2\)"),
        (
            {1: np.ones((3, 4))},
            r"Uz must have shape \(C, D\) with T = 3, N = 2, C = 2, not \(3, 4\)",
        ),
        ({5: np.ones((4, 3))}, r"Wr must have shape \(D, D\) .* D = 4, not \(4, 3\)"),
        ({9: np.ones((1, 4))}, r"bh must have shape \(D,\)"),
        ({10: np.ones((4, 4))}, r"s0 must have shape \(N, D\)"),
    ],
)
def test_shapes_that_do_not_belong_together(changed, message):
    args = dict(enumerate([normal(3, 2, 2), *gru_weights(2, 4), np.zeros((2, 4))])) | changed
    with pytest.raises(ValueError, match="gru: " + message):
        gru(*args.values())


def test_lstm_takes_four_blocks():
    with pytest.raises(ValueError, match=r"lstm: W must have shape \(D, 4 D\)"):
        lstm(np.ones((1, 1, 2)), np.ones((2, 8)), np.ones((2, 7)), np.ones(8))
