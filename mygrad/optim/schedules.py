"""Learning-rate schedules: functions of the number of steps taken that return the learning rate.

Pass a schedule, or any other such function, as ``lr=``.

>>> import mygrad as mg
>>> w = mg.tensor([1.0])
>>> optimizer = mg.optim.SGD([w], lr=mg.optim.StepDecay(0.1, every=100))
>>> optimizer.rate
0.1
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


def _check(schedule: object, **settings: tuple[Any, bool]) -> None:
    for name, (value, in_range) in settings.items():
        if not in_range:
            raise ValueError(f"{type(schedule).__name__}: {name}={value!r} is out of range")


@dataclass(frozen=True)
class StepDecay:
    """Multiplies the learning rate by ``factor`` every ``every`` steps.

    Parameters
    ----------
    lr : float
    every : int
    factor : float, default 0.1

    Examples
    --------
    >>> from mygrad.optim import StepDecay
    >>> lr = StepDecay(0.5, every=10, factor=0.5)
    >>> lr(0), lr(9), lr(10), lr(25)
    (0.5, 0.5, 0.25, 0.125)
    """

    lr: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _check(self, every=(self.every, self.every >= 1), factor=(self.factor, self.factor >= 0))

    def __call__(self, step: int) -> float:
        """The learning rate after ``step`` steps."""
        return self.lr * self.factor ** (step // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """Multiplies the learning rate by ``factor`` after each step.

    Parameters
    ----------
    lr : float
    factor : float

    Examples
    --------
    >>> from mygrad.optim import ExponentialDecay
    >>> lr = ExponentialDecay(1.0, factor=0.5)
    >>> lr(0), lr(1), lr(2)
    (1.0, 0.5, 0.25)
    """

    lr: float
    factor: float

    def __post_init__(self) -> None:
        _check(self, factor=(self.factor, self.factor >= 0))

    def __call__(self, step: int) -> float:
        """The learning rate after ``step`` steps."""
        return self.lr * self.factor**step


@dataclass(frozen=True)
class CosineDecay:
    """Decreases the learning rate along half a cosine wave, then keeps it constant [1]_.

    Parameters
    ----------
    lr : float
        The learning rate of the first step.
    steps : int
        The number of steps of the decrease.
    end : float, default 0
        The final learning rate.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts, ICLR 2017,
       equation 5.

    Examples
    --------
    >>> from mygrad.optim import CosineDecay
    >>> lr = CosineDecay(1.0, steps=10)
    >>> lr(0), lr(5), lr(10), lr(100)
    (1.0, 0.5, 0.0, 0.0)
    """

    lr: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        _check(self, steps=(self.steps, self.steps >= 1))

    def __call__(self, step: int) -> float:
        """The learning rate after ``step`` steps."""
        done = min(step / self.steps, 1)
        return self.end + (self.lr - self.end) * (1 + math.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class WarmUp:
    """Increases the learning rate linearly, then follows another schedule.

    Parameters
    ----------
    lr : float or callable
        The learning rate or schedule after the increase.
    steps : int
        The number of steps of the increase.
    start : float, default 0
        The learning rate of the first step.

    Examples
    --------
    >>> from mygrad.optim import ExponentialDecay, WarmUp
    >>> lr = WarmUp(ExponentialDecay(1.0, factor=0.5), steps=4)
    >>> [lr(step) for step in range(7)]
    [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.25]
    """

    lr: float | Callable[[int], float]
    steps: int
    start: float = 0.0

    def __post_init__(self) -> None:
        _check(self, steps=(self.steps, self.steps >= 1))

    def __call__(self, step: int) -> float:
        """The learning rate after ``step`` steps."""
        after = max(step - self.steps, 0)
        top = self.lr(after) if callable(self.lr) else self.lr
        return self.start + (top - self.start) * min(step / self.steps, 1)


class ReduceOnPlateau:
    """Multiplies the learning rate by ``factor`` when a loss stops decreasing.

    Parameters
    ----------
    lr : float
        The initial learning rate.
    factor : float, default 0.1
    patience : int, default 10
        The number of observations without progress to tolerate.
    threshold : float, default 1e-4
        The smallest decrease that counts as progress, relative to the best loss so far.
    cooldown : int, default 0
        The number of observations to ignore after a reduction.
    minimum : float, default 0
        A lower bound of the learning rate.

    Examples
    --------
    >>> import mygrad as mg
    >>> lr = mg.optim.ReduceOnPlateau(0.5, factor=0.5, patience=1)
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=lr)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     lr.observe(loss)
    >>> optimizer.rate
    0.25
    """

    def __init__(
        self,
        lr: float,
        *,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        cooldown: int = 0,
        minimum: float = 0.0,
    ) -> None:
        _check(
            self,
            factor=(factor, 0 < factor < 1),
            patience=(patience, patience >= 0),
            threshold=(threshold, threshold >= 0),
            cooldown=(cooldown, cooldown >= 0),
            minimum=(minimum, minimum >= 0),
        )
        self.lr = lr
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.cooldown = cooldown
        self.minimum = minimum
        self._best = math.inf
        self._waited = 0
        self._resting = 0

    def __call__(self, _step: int) -> float:
        """The current learning rate."""
        return self.lr

    def observe(self, loss: Any) -> None:
        """Record a loss, after each epoch or whenever it was measured.

        Parameters
        ----------
        loss : float or Tensor
        """
        loss = float(np.asarray(loss.detach() if hasattr(loss, "detach") else loss))
        margin = 0.0 if math.isinf(self._best) else self.threshold * abs(self._best)
        if loss < self._best - margin:
            self._best = loss
            self._waited = 0
        else:
            self._waited += 1
        if self._resting:
            self._resting -= 1
            self._waited = 0
        if self._waited > self.patience:
            self.lr = max(self.lr * self.factor, self.minimum)
            self._resting = self.cooldown
            self._waited = 0

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """The current learning rate and what determined it; part of the optimizer's state."""
        return {
            "lr": np.array(self.lr),
            "best": np.array(self._best),
            "waited": np.array(self._waited),
            "resting": np.array(self._resting),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state that :meth:`state_dict` returned."""
        self.lr = float(state["lr"])
        self._best = float(state["best"])
        self._waited = int(state["waited"])
        self._resting = int(state["resting"])
