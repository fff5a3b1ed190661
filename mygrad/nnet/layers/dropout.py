"""Dropout."""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.functions.primitives import expression
from mygrad.nnet._arguments import floats

__all__ = ["dropout"]


@expression
def dropout(x: Any, p: float = 0.5, *, training: bool = True, rng: Any = None) -> Any:
    """Set entries to zero at random, and scale the others up, so that the mean stays.

    Parameters
    ----------
    x : array_like
    p : float
        The probability of an entry to be set to zero, in [0, 1]. The others are multiplied by
        ``1 / (1 - p)``.
    training : bool
        False: nothing is done, as is right once the model is trained.
    rng : generator, optional
        NumPy's, or that of :func:`mygrad.random.default_rng`. By default random numbers come from NumPy's
        global state, which :func:`mygrad.random.seed` sets.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Raises
    ------
    ValueError
        `p` is no probability.
    TypeError
        `rng` is no generator.

    References
    ----------
    N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, "Dropout: a simple way to prevent
    neural networks from overfitting", JMLR 15, 2014.

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
        raise ValueError(f"dropout: p takes a probability, from 0 to 1, not {p!r}")
    if not (rng is None or callable(getattr(rng, "random", None))):
        raise TypeError(
            f"dropout: rng takes a generator, such as np.random.default_rng(seed), not {rng!r}"
        )
    if not training or p == 0:
        return +x
    source = np.random if rng is None else rng
    kept = np.asarray(source.random(x.shape)) >= p
    return x * np.multiply(kept, 1 / (1 - p) if p < 1 else 0, dtype=x.dtype)
