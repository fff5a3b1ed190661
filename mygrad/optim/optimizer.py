"""What all optimisers share: their parameters, the learning rate, and a state that can be saved."""

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
    """Changes tensors in place, step by step, against their gradients.

    A step writes into the memory of the parameters: ``parameter.data`` stays the same array, unless a graph
    that was kept still needs what is in it. Parameters that have no gradient are left as they are.

    To make an optimiser of your own, derive from this class, write ``change``, and name in
    ``self.buffers`` the arrays to keep for each parameter, if any.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
        Leaves that carry a gradient. The names of a dict are those in the saved state.
    lr : float or callable
        The learning rate, or a function from the number of steps taken to the learning rate: one of
        :mod:`mygrad.optim`'s schedules, or your own.

    Raises
    ------
    TypeError
        A parameter is no tensor.
    ValueError
        A parameter is constant, an integer, the result of an operation, or there twice.

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
        #: The learning rate, or the schedule that it follows.
        self.lr = lr
        #: The arrays kept for each parameter: name → what they are filled with at first.
        self.buffers: dict[str, float] = {}
        #: How many steps have been taken.
        self.steps = 0
        self._state: dict[str, dict[str, Array]] = {}

    def _check(self, **settings: tuple[Any, float, float]) -> None:
        """Raise unless each setting, given with two bounds, is a number in range: ``low <= it < high``."""
        for name, (value, low, high) in settings.items():
            try:
                fits = bool(low <= value < high)
            except (TypeError, ValueError):
                takes = "a number or a schedule" if name == "lr" else "a number"
                raise TypeError(
                    f"{type(self).__name__}: {name} takes {takes}, not {value!r}"
                ) from None
            if not fits:
                below = f", less than {high}" if high < math.inf else ""
                raise ValueError(
                    f"{type(self).__name__}: {name}={value!r} is out of range; it takes a number that is at"
                    f" least {low}{below}"
                )

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.lr(self.steps)) if callable(self.lr) else self.lr

    def step(self) -> None:
        """Change each parameter that has a gradient.

        Raises
        ------
        ValueError
            One of them is read-only. None is changed then.
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
        """Raise before anything is changed, not in the middle of a step."""
        for name, parameter in parameters.items():
            if is_read_only(parameter):
                raise ValueError(
                    f"{type(self).__name__}.step: parameter {name!r} is read-only, as its array is. Make the"
                    " parameter of a copy, mygrad.tensor(array)."
                )

    def _step(self, name: str, parameter: Tensor, gradient: Array, rate: float) -> None:
        value = widened(as_real(parameter._value()))
        if name not in self._state:
            self._state[name] = self._fresh(name)
        state = self._state[name]
        state["count"] += 1
        change = as_given(self.change(value, widened(gradient), state, rate), parameter.dtype)
        del value  # whoever holds the memory counts as somebody who needs what is in it
        if can_write_to(parameter):
            memory = memory_of(parameter)
            np.subtract(memory, change, memory)
        else:
            parameter[...] = parameter._value() - change

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """What is subtracted from a parameter in a step.

        Parameters
        ----------
        value, gradient : ndarray
            Of the parameter; not to be written to. Complex numbers come as their parts, along a last axis
            of length 2; float16 as float32, which the buffers then are of, too.
        state : dict of ndarray
            The ``buffers`` of the parameter, to be updated in place, and ``"count"``, which step of
            this parameter it is: 1 for the first.
        rate : float
            The learning rate.
        """
        raise NotImplementedError

    def _fresh(self, name: str) -> dict[str, Array]:
        like = widened(as_real(self.parameters[name]._value()))
        state = {key: np.full(like.shape, fill, like.dtype) for key, fill in self.buffers.items()}
        return state | {"count": np.zeros((), int)}

    def null_grad(self) -> None:
        """Forget the gradients of all parameters.

        A parameter that is used again forgets its gradient by itself.
        """
        for parameter in self.parameters.values():
            parameter.null_grad()

    # ------------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Array]:
        """All that further steps depend on, besides the parameters and the settings, as plain arrays.

        Returns
        -------
        dict of ndarray
            Copies. ``numpy.savez(file, **state)`` writes them, and what ``numpy.load`` returns,
            :meth:`load_state_dict` takes.

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
        """Take over a state that :meth:`state_dict` returned.

        Parameters
        ----------
        state : mapping of str to array_like

        Raises
        ------
        TypeError
            It is no mapping.
        ValueError
            It is that of another optimiser, or of other parameters. Nothing is changed then.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"{type(self).__name__}.load_state_dict takes what state_dict() returned, a mapping of names"
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
            if any(f"{name}.{key}" in left for key in fresh):  # else it never had a gradient
                loaded[name] = {
                    key: self._taken(left, f"{name}.{key}", array) for key, array in fresh.items()
                }
        if left:
            raise ValueError(
                f"{type(self).__name__} has no use for {', '.join(map(repr, left))}: the state is that of"
                " another optimiser, or of other parameters"
            )
        self.steps = int(steps)
        if schedule:
            self.lr.load_state_dict(schedule)  # type: ignore[union-attr]
        self._state = loaded

    def _taken(self, left: dict[str, Array], key: str, like: Array) -> Array:
        """A copy of ``left.pop(key)``, in the dtype of ``like`` and of its shape."""
        if key not in left:
            raise ValueError(
                f"{type(self).__name__} finds no {key!r} in the state, which has"
                f" {', '.join(map(repr, left)) or 'nothing'} left"
            )
        array = left.pop(key)
        if array.shape != like.shape or array.dtype.kind not in "biuf":
            raise ValueError(
                f"{type(self).__name__} takes for {key!r} an array of shape {like.shape}; in the state it"
                f" has shape {array.shape} and dtype {array.dtype}"
            )
        if like.dtype.kind == "i" and not (array >= 0 and array % 1 == 0):
            raise ValueError(
                f"{type(self).__name__} takes for {key!r} a count, an integer that is not negative; in the"
                f" state it is {array}"
            )
        return array.astype(like.dtype)
