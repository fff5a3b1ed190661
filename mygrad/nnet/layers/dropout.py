"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import floats

__all__ = ["dropout"]


@expression
def dropout(x: Any, p: float = 0.5, *, training: bool = True, rng: Any = None) -> Any:
    """Set random entries to zero, and scale up the others to preserve the mean.

    Parameters
    ----------
    x : array_like
    p : float
        The probability, in [0, 1], that an entry is set to zero. The others are multiplied by
        ``1 / (1 - p)``.
    training : bool
        If False, return `x` unchanged, as after training.
    rng : generator, optional
        A NumPy generator, or one of :func:`mygrad.random.default_rng`. By default, NumPy's
        global state is used, which :func:`mygrad.random.seed` sets.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        `p` is not a probability.
    TypeError
        `rng` is not a generator.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: a simple way
    to prevent neural networks from overfitting", JMLR 15, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from mygrad.nnet.layers import dropout
    >>> dropout(np.ones(8), 0.25, rng=np.random.default_rng(2))
    Tensor([1.33333333, 1.33333333, 1.33333333, 0.        , 1.33333333,
            1.33333333, 0.        , 0.        ])
    >>> dropout(np.ones(2), 0.25, training=False)
    Tensor([1., 1.])
    """
    x = floats(x)
    try:
        fits = bool(0 <= p <= 1)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"dropout: p must be a probability, from 0 to 1, not {p!r}")
    if not (rng is None or callable(getattr(rng, "random", None))):
        raise TypeError(
            f"dropout: rng must be a generator, such as np.random.default_rng(seed), not {rng!r}"
        )
    if not training or p == 0:
        return +x
    source = np.random if rng is None else rng
    kept = np.asarray(source.random(x.shape)) >= p
    return x * np.multiply(kept, 1 / (1 - p) if p < 1 else 0, dtype=x.dtype)
