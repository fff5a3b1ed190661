"""Recurrent layers, which process a sequence step by step.

Everything that does not depend on the previous state is computed for the whole sequence at once:
the contributions of the entries to the gates, and the gradients of the weights.

The recurrence returns the gates as well as the states, though users see only the states. So the
backward pass has what it needs, and is differentiable itself.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from mygrad.dispatch.protocols import dispatched
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import floats
from mygrad.nnet.layers._shapes import check_shapes

__all__ = ["gru", "lstm"]


@expression
def gru(
    X: Any,
    Uz: Any,
    Wz: Any,
    bz: Any,
    Ur: Any,
    Wr: Any,
    br: Any,
    Uh: Any,
    Wh: Any,
    bh: Any,
    s0: Any = None,
    bp_lim: int | None = None,
    dropout: float = 0.0,
) -> Any:
    """Process sequences with gated recurrent units (GRU).

    Starting from the state ``s0``, for each entry of the sequence::

        z = sigmoid(x Uz + s Wz + bz)           the update gate: how much of the state to keep
        r = sigmoid(x Ur + s Wr + br)           the reset gate: how much of it to use
        h = tanh(x Uh + (r * s) Wh + bh)        the candidate
        s = (1 - z) * h + z * s                 the new state

    Parameters
    ----------
    X : array_like, shape (T, N, C)
        N sequences of T entries of length C.
    Uz, Ur, Uh : array_like, shape (C, D)
        Weights applied to the entries.
    Wz, Wr, Wh : array_like, shape (D, D)
        Weights applied to the state.
    bz, br, bh : array_like, shape (D,)
        Biases.
    s0 : array_like, shape (N, D), optional
        The initial state, zeros by default; differentiable.
    bp_lim : int, optional
        Backpropagate from each state through at most this many steps, 0 to T - 1. By default,
        through all.
    dropout : float
        The probability, less than 1, with which a weight of the state, and the contribution of the
        entries to a unit, is dropped, the same in all steps. The others are scaled up by
        ``1 / (1 - dropout)``. Uses NumPy's global random state (``np.random.seed``).

    Returns
    -------
    Tensor, shape (T + 1, N, D)
        ``s0``, and the state after each entry.

    Raises
    ------
    ValueError
        Shapes do not match, or `bp_lim` or `dropout` is out of range.

    Notes
    -----
    Gated units: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.
    Dropout of weights: S. Merity, N. Keskar, R. Socher, "Regularizing and optimizing LSTM language
    models", 2017; of entries, with one mask for all steps: Y. Gal, Z. Ghahramani, "A theoretically
    grounded application of dropout in recurrent neural networks", 2016.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.layers import gru
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(5, 2, 3))
    >>> shapes = [(3, 4), (4, 4), (4,)] * 3
    >>> weights = [mg.tensor(rng.normal(size=shape)) for shape in shapes]
    >>> states = gru(X, *weights)
    >>> states.shape
    (6, 2, 4)
    >>> np.sum(states[-1]).backward()
    >>> weights[0].grad.shape
    (3, 4)
    """
    U, W, b = (
        [floats(each) for each in group] for group in ((Uz, Ur, Uh), (Wz, Wr, Wh), (bz, br, bh))
    )
    X, s0 = floats(X), None if s0 is None else floats(s0)
    sizes = check_shapes(
        "gru",
        X=(X, "T N C"),
        Uz=(U[0], "C D"),
        Wz=(W[0], "D D"),
        bz=(b[0], "D"),
        Ur=(U[1], "C D"),
        Wr=(W[1], "D D"),
        br=(b[1], "D"),
        Uh=(U[2], "C D"),
        Wh=(W[2], "D D"),
        bh=(b[2], "D"),
        s0=(s0, "N D"),
    )
    last = len(X) - 1
    limit = last if bp_lim is None else operator.index(bp_lim)
    if bp_lim is not None and not 0 <= limit <= last:
        raise ValueError(
            f"gru: bp_lim must be None or an integer from 0 to {last}, one less than the length of the"
            f" sequences; not {bp_lim}"
        )
    inputs, W = _weighted("gru", X, U, W, dropout)
    inputs = inputs + np.concatenate(b)
    return gru_states(inputs, W, _initial(s0, sizes, inputs.dtype), limit)[0]


@expression
def lstm(
    X: Any, U: Any, W: Any, b: Any, h0: Any = None, c0: Any = None, dropout: float = 0.0
) -> Any:
    """Process sequences with long short-term memory (LSTM), which has a hidden and a cell state.

    Starting from the states ``h0`` and ``c0``, for each entry of the sequence::

        i, f, g, o = x U + h W + b              four blocks of D columns, in this order
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = sigmoid(o) * tanh(c)

    The order of the blocks is that of PyTorch, whose ``weight_ih_l0`` and ``weight_hh_l0`` are
    ``U.T`` and ``W.T``, and whose two biases add up to ``b``.

    Parameters
    ----------
    X : array_like, shape (T, N, C)
        N sequences of T entries of length C.
    U : array_like, shape (C, 4 D)
        Weights applied to the entries, for the input gate, forget gate, candidate and output gate.
    W : array_like, shape (D, 4 D)
        Weights applied to the state.
    b : array_like, shape (4 D,)
        Biases. Ones for the forget gate help it to remember at the start of training.
    h0, c0 : array_like, shape (N, D), optional
        The initial states; zeros by default.
    dropout : float
        As in :func:`gru`.

    Returns
    -------
    h, c : Tensor, shape (T + 1, N, D)
        The hidden and cell states: ``h0`` and ``c0``, then those after each entry.

    Raises
    ------
    ValueError
        Shapes do not match, or `dropout` is out of range.

    Notes
    -----
    S. Hochreiter, J. Schmidhuber, "Long short-term memory", 1997; with the forget gate of F. Gers,
    J. Schmidhuber, F. Cummins, "Learning to forget", 2000.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.nnet.layers import lstm
    >>> rng = np.random.default_rng(0)
    >>> U, W, b = mg.tensor(rng.normal(size=(3, 16))), rng.normal(size=(4, 16)), np.zeros(16)
    >>> h, c = lstm(rng.normal(size=(5, 2, 3)), U, W, b)
    >>> h.shape, c.shape
    ((6, 2, 4), (6, 2, 4))
    >>> np.sum(h[-1]).backward()
    >>> U.grad.shape
    (3, 16)
    """
    X, U, W, b = floats(X), floats(U), floats(W), floats(b)
    h0, c0 = (None if state is None else floats(state) for state in (h0, c0))
    sizes = check_shapes(
        "lstm",
        X=(X, "T N C"),
        W=(W, "D 4D"),
        U=(U, "C 4D"),
        b=(b, "4D"),
        h0=(h0, "N D"),
        c0=(c0, "N D"),
    )
    inputs, W = _weighted("lstm", X, np.split(U, 4, axis=1), np.split(W, 4, axis=1), dropout)
    inputs = inputs + b
    h0, c0 = (_initial(state, sizes, inputs.dtype) for state in (h0, c0))
    return lstm_states(inputs, W, h0, c0)[:2]


def _initial(state: Any, sizes: dict[str, int], dtype: Any) -> Any:
    """The initial state."""
    return np.zeros((sizes["N"], sizes["D"]), dtype) if state is None else state


def _weighted(function: str, X: Any, U: list[Any], W: list[Any], dropout: float) -> tuple[Any, Any]:
    """The contributions of the entries to the gates and the weights of the state, with dropout.

    The masks are drawn as in MyGrad 2: the same seed gives the same masks.
    """
    if not 0 <= dropout < 1:
        raise ValueError(
            f"{function}: dropout must be a probability from 0 to less than 1, not {dropout}"
        )
    inputs, state_weights = projected(X, np.concatenate(U, axis=1)), np.concatenate(W, axis=1)
    if dropout:
        units = [(X.shape[1], each.shape[1]) for each in U]
        inputs = inputs * _mask(dropout, units, inputs.dtype)
        state_weights = state_weights * _mask(dropout, [each.shape for each in W], W[0].dtype)
    return inputs, state_weights


def _mask(dropout: float, shapes: list[tuple[int, int]], dtype: Any) -> Any:
    """Masks of zeros and ``1 / (1 - dropout)``, block by block."""
    keep = 1 - dropout
    random = np.random.binomial  # the global generator, which users seed
    return np.concatenate([random(1, keep, shape) / keep for shape in shapes], axis=1).astype(dtype)


# ------------------------------------------------------------------ shared by the recurrences


def projected(x, weights):
    """``x @ weights`` of (T, N, D) and (D, K), by a single matrix product."""
    steps, N, D = x.shape
    return np.reshape(np.reshape(x, (steps * N, D)) @ weights, (steps, N, weights.shape[1]))


def outer(x, y):
    """The gradient of weights: outer products of (T, N, D) and (T, N, K), summed over T and N."""
    rows = x.shape[0] * x.shape[1]
    return np.reshape(x, (rows, x.shape[2])).T @ np.reshape(y, (rows, y.shape[2]))


# ------------------------------------------------------------------ gated recurrent units


@dispatched
def gru_states(A, W, s0, limit):  # noqa: ARG001 - only the way back is limited
    """The states; the gates z and r, side by side; the candidates h.

    ``A`` of shape (T, N, 3 D) is the contribution of the entries to z, r and h.
    """
    T, N, D = len(A), *s0.shape
    dtype = np.result_type(A, W, s0)
    S = np.empty((T + 1, N, D), dtype)
    G, H = np.empty((T, N, 2 * D), dtype), np.empty((T, N, D), dtype)
    S[0] = s0
    Wg, Wh = W[:, : 2 * D], np.ascontiguousarray(W[:, 2 * D :])
    change = np.empty_like(S[0])
    with np.errstate(over="ignore"):  # in a closed gate
        for a, s, following, g, h in zip(A, S[:-1], S[1:], G, H, strict=True):
            np.matmul(s, Wg, g)
            np.add(g, a[:, : 2 * D], g)
            _to_sigmoid(g)
            np.multiply(g[:, D:], s, change)
            np.matmul(change, Wh, h)
            np.add(h, a[:, 2 * D :], h)
            np.tanh(h, h)
            np.subtract(s, h, change)
            np.multiply(change, g[:, :D], change)
            np.add(change, h, following)
    return S, G, H


def _to_sigmoid(x: Any) -> None:
    """The sigmoid, in place; by exp, which is faster in NumPy than tanh."""
    np.negative(x, x)
    np.exp(x, x)
    np.add(x, 1, x)
    np.reciprocal(x, x)


@implements(gru_states)
class GRU(Operation):
    differentiable = ("A", "W", "s0")

    def vjp(grad, needs, out, W, limit):
        S, G, H = out
        T, D = len(H), H.shape[-1]
        Wg, Wh = W[:, : 2 * D].T, W[:, 2 * D :].T
        dS, dG, dH = grad  # of the gates and candidates: only from derivatives of this rule
        if dS is None:
            dS = np.zeros_like(S)

        def step(ds, t, within=True):
            """Backpropagate from the state after step t to its inputs and the state before."""
            s, g, h = S[t], G[t], H[t]
            z, r = g[..., :D], g[..., D:]
            fresh = 1 - z
            dh = ds * fresh * (1 - h * h)
            if within and dH is not None:
                dh = dh + dH[t] * (1 - h * h)
            seen = dh @ Wh
            dg = np.concatenate([ds * (s - h) * z * fresh, seen * s * r * (1 - r)], axis=-1)
            if within and dG is not None:
                dg = dg + dG[t] * g * (1 - g)
            return np.concatenate([dg, dh], axis=-1), ds * z + seen * r + dg @ Wg

        if not T:
            return {"s0": dS[0]}
        dA, ds = (stepwise if limit >= T - 1 else limited)(dS, step, limit)
        gradients = {"A": dA, "s0": ds}
        if "W" in needs:
            S = S[:-1]
            gates, candidates = outer(S, dA[..., : 2 * D]), outer(G[..., D:] * S, dA[..., 2 * D :])
            gradients["W"] = np.concatenate([gates, candidates], axis=1)
        return gradients


def stepwise(dS, step, limit):  # noqa: ARG001 - called as `limited` is
    """Backpropagate through all steps, one after the other."""
    inputs, ds = [], dS[-1]
    for t in reversed(range(len(dS) - 1)):
        da, before = step(ds, t)
        ds = dS[t] + before
        inputs.append(da)
    return np.stack(inputs[::-1]), ds


def limited(dS, step, limit):
    """Backpropagate at most ``limit`` steps from each state, from all states at once."""
    steps = len(dS) - 1
    inputs, before = step(dS[1:], slice(steps))
    ds = dS[0] + before[0]
    for n in range(steps - 1, steps - 1 - limit, -1):
        da, before = step(before[1:], slice(n), within=False)
        inputs[:n] += da
        ds = ds + before[0]
    return inputs, ds


# ------------------------------------------------------------------ long short-term memory


@dispatched
def lstm_states(A, W, h0, c0):
    """The states h and c, and the gates i, f, g and o, side by side.

    ``A`` of shape (T, N, 4 D) is the contribution of the entries to the gates.
    """
    T, N, D = len(A), *h0.shape
    dtype = np.result_type(A, W, h0, c0)
    H, C = np.empty((T + 1, N, D), dtype), np.empty((T + 1, N, D), dtype)
    G = np.empty(A.shape, dtype)
    H[0], C[0] = h0, c0
    kept = np.empty_like(C[0])
    with np.errstate(over="ignore"):  # in a closed gate
        for t, gates in enumerate(G):
            i, f, g, o = (gates[:, k * D : (k + 1) * D] for k in range(4))
            np.matmul(H[t], W, gates)
            np.add(gates, A[t], gates)
            _to_sigmoid(gates[:, : 2 * D])
            np.tanh(g, g)
            _to_sigmoid(o)
            np.multiply(f, C[t], kept)
            np.multiply(i, g, C[t + 1])
            np.add(C[t + 1], kept, C[t + 1])
            np.tanh(C[t + 1], kept)
            np.multiply(o, kept, H[t + 1])
    return H, C, G


@implements(lstm_states)
class LSTM(Operation):
    differentiable = ("A", "W", "h0", "c0")

    def vjp(grad, needs, out, W):
        H, C, G = out
        D = H.shape[-1]
        dH, dC = (np.zeros_like(H) if each is None else each for each in grad[:2])
        dG = grad[2]  # only from derivatives of this rule
        i, f, g, o = (G[..., k * D : (k + 1) * D] for k in range(4))
        shown = np.tanh(C[1:])
        slope = np.concatenate([i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o)], axis=-1)

        dh, dc, steps = dH[-1], dC[-1], []
        for t in reversed(range(len(G))):
            dc = dc + dh * o[t] * (1 - shown[t] * shown[t])
            dg = np.concatenate([dc * g[t], dc * C[t], dc * i[t], dh * shown[t]], axis=-1)
            if dG is not None:
                dg = dg + dG[t]
            steps.append(dg * slope[t])
            dh = dH[t] + steps[-1] @ W.T
            dc = dC[t] + dc * f[t]
        gradients = {"h0": dh, "c0": dc}
        if steps:
            gradients["A"] = np.stack(steps[::-1])
            gradients["W"] = outer(H[:-1], gradients["A"])
        return gradients
