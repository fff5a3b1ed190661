"""The base class of optimizers: parameters, learning rate, and a state that can be saved."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mygrad.engine.inplace import can_write_to, memory_of
from mygrad.engine.modes import no_autodiff
from mygrad.engine.views import is_read_only
from mygrad.optim.parameters import (
    Array,
    Parameters,
    as_given,
    as_real,
    gradient_of,
    named,
    widened,
)
from mygrad.tensors.tensor import Tensor

Rate = float | Callable[[int], float]


class Optimizer:
    """Base class of optimizers, which update tensors in place, using their gradients.

    A step writes into the memory of the parameters: ``parameter.data`` stays the same array, unless
    a retained graph still needs its values. Parameters without a gradient are not changed.

    To write your own optimizer, derive from this class, define ``change``, and list in
    ``self.buffers`` the arrays to keep for each parameter, if any.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
        Leaves that carry a gradient. The keys of a dict name them in the saved state.
    lr : float or callable
        The learning rate, or a function of the number of steps taken that returns it: one of the
        schedules of :mod:`mygrad.optim`, or your own.

    Raises
    ------
    TypeError
        A parameter is not a tensor.
    ValueError
        A parameter is constant, an integer, the result of an operation, or given twice.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> class SignDescent(mg.optim.Optimizer):
    ...     def change(self, value, gradient, state, rate):
    ...         return rate * np.sign(gradient)
    >>> w = mg.tensor([3.0, -2.0])
    >>> np.sum(w**2).backward()
    >>> SignDescent([w], lr=0.5).step()
    >>> w
    Tensor([ 2.5, -1.5])
    """

    def __init__(self, parameters: Parameters, lr: Rate) -> None:
        self.parameters = named(type(self).__name__, parameters)
        if not callable(lr):
            self._check(lr=(lr, 0, math.inf))
        #: The learning rate, or its schedule.
        self.lr = lr
        #: The arrays kept for each parameter: name → initial value.
        self.buffers: dict[str, float] = {}
        #: The number of steps taken.
        self.steps = 0
        self._state: dict[str, dict[str, Array]] = {}

    def _check(self, **settings: tuple[Any, float, float]) -> None:
        """Raise unless each setting, given with its bounds, is a number: ``low <= it < high``."""
        for name, (value, low, high) in settings.items():
            try:
                fits = bool(low <= value < high)
            except (TypeError, ValueError):
                takes = "a number or a schedule" if name == "lr" else "a number"
                raise TypeError(
                    f"{type(self).__name__}: {name} must be {takes}, not {value!r}"
                ) from None
            if not fits:
                below = f", less than {high}" if high < math.inf else ""
                raise ValueError(
                    f"{type(self).__name__}: {name}={value!r} is out of range; it must be at"
                    f" least {low}{below}"
                )

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.lr(self.steps)) if callable(self.lr) else self.lr

    def step(self) -> None:
        """Update each parameter that has a gradient.

        Raises
        ------
        ValueError
            One of them is read-only; then none is changed.
        """
        rate = self.rate
        self._check_writeable(
            {name: each for name, each in self.parameters.items() if each.grad is not None}
        )
        with no_autodiff:
            for name, parameter in self.parameters.items():
                gradient = gradient_of(parameter)
                if gradient is not None:
                    self._step(name, parameter, gradient, rate)
        self.steps += 1

    def _check_writeable(self, parameters: dict[str, Tensor]) -> None:
        """Raise before anything is changed rather than in the middle of a step."""
        for name, parameter in parameters.items():
            if is_read_only(parameter):
                raise ValueError(
                    f"{type(self).__name__}.step: parameter {name!r} is read-only, like its array. Make the"
                    " parameter from a copy: mygrad.tensor(array)."
                )

    def _step(self, name: str, parameter: Tensor, gradient: Array, rate: float) -> None:
        value = widened(as_real(parameter._value()))
        if name not in self._state:
            self._state[name] = self._fresh(name)
        state = self._state[name]
        state["count"] += 1
        change = as_given(self.change(value, widened(gradient), state, rate), parameter.dtype)
        del value  # holders of the memory count as needing its values
        if can_write_to(parameter):
            memory = memory_of(parameter)
            np.subtract(memory, change, memory)
        else:
            parameter[...] = parameter._value() - change

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """Return what a step subtracts from a parameter.

        Parameters
        ----------
        value, gradient : ndarray
            The parameter's value and gradient; do not write to them. Complex numbers are passed as
            real and imaginary part, along a last axis of length 2; float16 as float32, as are the
            buffers.
        state : dict of ndarray
            The ``buffers`` of the parameter, to be updated in place, and ``"count"``, the number of
            this step of the parameter, starting from 1.
        rate : float
            The learning rate.
        """
        raise NotImplementedError

    def _fresh(self, name: str) -> dict[str, Array]:
        like = widened(as_real(self.parameters[name]._value()))
        state = {key: np.full(like.shape, fill, like.dtype) for key, fill in self.buffers.items()}
        return state | {"count": np.zeros((), int)}

    def null_grad(self) -> None:
        """Delete the gradients of all parameters.

        This is rarely needed: a parameter that is used again loses its gradient anyway.
        """
        for parameter in self.parameters.values():
            parameter.null_grad()

    # ------------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Array]:
        """The state that further steps depend on, except parameters and settings, as plain arrays.

        Returns
        -------
        dict of ndarray
            Copies. ``numpy.savez(file, **state)`` saves them; :meth:`load_state_dict` accepts the
            result of ``numpy.load``.

        Examples
        --------
        >>> import io, numpy as np, mygrad as mg
        >>> w = mg.tensor([3.0, -2.0])
        >>> optimizer = mg.optim.SGD({"w": w}, lr=0.1, momentum=0.9)
        >>> np.sum(w**2).backward()
        >>> optimizer.step()
        >>> sorted(optimizer.state_dict())
        ['steps', 'w.count', 'w.velocity']
        >>> file = io.BytesIO()
        >>> np.savez(file, **optimizer.state_dict())
        >>> _ = file.seek(0)
        >>> optimizer.load_state_dict(np.load(file))
        """
        state = {"steps": np.array(self.steps)}
        if hasattr(self.lr, "state_dict"):
            state |= {f"lr.{key}": value for key, value in self.lr.state_dict().items()}
        for name, arrays in self._state.items():
            state |= {f"{name}.{key}": array.copy() for key, array in arrays.items()}
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state that :meth:`state_dict` returned.

        Parameters
        ----------
        state : mapping of str to array_like

        Raises
        ------
        TypeError
            It is not a mapping.
        ValueError
            It belongs to another optimizer or to other parameters; then nothing is changed.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"{type(self).__name__}.load_state_dict takes the result of state_dict(), a mapping of names"
                f" to arrays, not {type(state).__name__}"
            )
        left = {key: np.asarray(state[key]) for key in state}
        steps = self._taken(left, "steps", np.zeros((), int))
        schedule = {}
        if hasattr(self.lr, "state_dict"):
            own = self.lr.state_dict()
            schedule = {key: self._taken(left, f"lr.{key}", own[key]) for key in own}
        loaded = {}
        for name in self.parameters:
            fresh = self._fresh(name)
            if any(f"{name}.{key}" in left for key in fresh):  # otherwise it never had a gradient
                loaded[name] = {
                    key: self._taken(left, f"{name}.{key}", array) for key, array in fresh.items()
                }
        if left:
            raise ValueError(
                f"{type(self).__name__} does not use {', '.join(map(repr, left))}: the state belongs to"
                " another optimizer or to other parameters"
            )
        self.steps = int(steps)
        if schedule:
            self.lr.load_state_dict(schedule)  # type: ignore[union-attr]
        self._state = loaded

    def _taken(self, left: dict[str, Array], key: str, like: Array) -> Array:
        """A copy of ``left.pop(key)``, with the dtype and shape of ``like``."""
        if key not in left:
            raise ValueError(
                f"{type(self).__name__}: no {key!r} in the state, which has"
                f" {', '.join(map(repr, left)) or 'nothing'} left"
            )
        array = left.pop(key)
        if array.shape != like.shape or array.dtype.kind not in "biuf":
            raise ValueError(
                f"{type(self).__name__}: {key!r} must be an array of shape {like.shape}; in the state it"
                f" has shape {array.shape} and dtype {array.dtype}"
            )
        if like.dtype.kind == "i" and not (array >= 0 and array % 1 == 0):
            raise ValueError(
                f"{type(self).__name__}: {key!r} must be a count, a non-negative integer; in the"
                f" state it is {array}"
            )
        return array.astype(like.dtype)
