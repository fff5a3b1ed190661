"""Operations as MyGrad 2 has them written: a class that computes, and says its derivatives.

A subclass of :class:`Operation` computes in ``__call__``, keeps in ``self.variables`` what it may be
differentiated by, and returns from ``backward_var`` the gradient with respect to one of these. It is run
by :func:`mygrad.execute_op`.

>>> import numpy as np, mygrad as mg
>>> class Multiply(Operation):
...     def __call__(self, x, y):
...         self.variables = (x, y)
...         return x.data * y.data
...
...     def backward_var(self, grad, index, **kwargs):
...         x, y = self.variables
...         return grad * (y if index == 0 else x).data
>>> x, y = mg.tensor([1.0, 2.0]), mg.tensor(3.0)
>>> z = mg.execute_op(Multiply, x, y)
>>> z.backward()
>>> x.grad, y.grad
(array([3., 3.]), array(3.))

New code is shorter as a plain function with rules: see :func:`mygrad.implements`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from mygrad.engine.unbroadcast import sum_to
from mygrad.errors import InvalidBackprop, InvalidGradient

__all__ = [
    "Axis",
    "BinaryUfunc",
    "DTypeLike",
    "InvalidBackprop",
    "InvalidGradient",
    "Mask",
    "Operation",
    "Sequential",
    "Ufunc",
    "UnaryUfunc",
]

Array = np.ndarray[Any, Any]

#: An axis, several, or None for all.
Axis = int | tuple[int, ...] | None
#: What ``where=`` takes.
Mask = bool | Array


class Operation(ABC):
    """An operation that a user writes; an instance is one application of it, a ``tensor.creator``.

    ``mygrad.execute_op(Op, *inputs)`` makes an instance without arguments, and calls it with a tensor for
    each input. An instance may keep what it likes on itself.

    Second derivatives arise by running ``__call__`` and ``backward_var`` once more, with tensors where they
    have met arrays. So they exist if both are NumPy code that does the same each time it is run; else
    asking for them is an `InvalidBackprop`, which says why.
    """

    #: Says that the result may be a view of an input. Whether it is one is seen from its memory.
    can_return_view: bool = False
    #: The tensors that ``backward_var`` can be asked for, in the order of ``index``.
    variables: tuple[Any, ...]
    #: Which elements took part: the gradients of all others are zero.
    where: Any = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "backward" in vars(cls):
            raise TypeError(
                f"{cls.__name__} defines backward, which nothing calls: mygrad goes back by itself, and"
                " calls backward_var(grad, index) for each of self.variables"
            )

    @abstractmethod
    def __call__(self, *input_vars: Any, **kwargs: Any) -> Array:
        """Compute the result from tensors, and set ``self.variables``."""

    @abstractmethod
    def backward_var(self, grad: Array, index: int, **kwargs: Any) -> Array:
        """The gradient with respect to ``self.variables[index]``.

        Parameters
        ----------
        grad : ndarray
            That with respect to the result, and of its shape.
        index : int

        Returns
        -------
        ndarray
            Of the shape of the variable, or of one to which the variable was broadcast in the result or
            against another input: the extra axes are then summed over. Of complex numbers the real part counts
            if the variable is real; it is an error if the result and all inputs are.
        """

    @staticmethod
    def grad_post_process_fn(grad: Any, var_shape: tuple[int, ...]) -> Any:
        """What ``backward_var`` returned, summed to the shape of the variable."""
        if grad.shape == var_shape:
            return grad
        pairs = zip(reversed(var_shape), reversed(grad.shape), strict=False)
        if grad.ndim < len(var_shape) or any(mine not in (1, its) for mine, its in pairs):
            return grad
        return sum_to(grad, var_shape)


class Ufunc(Operation):
    """An operation that acts on each element alone, and has a NumPy ufunc compute it."""

    numpy_ufunc: ClassVar[Any]

    def _run(self, *inputs: Any, out: Any, where: Any, dtype: Any) -> Any:
        self.variables = inputs
        options = {"out": out, "where": where, "dtype": dtype}
        given = {k: v for k, v in options.items() if v is not None and v is not True}
        if where is not True:
            self.where = where
            given.setdefault("out", None)  # memory without values is meant
        return type(self).numpy_ufunc(*(each.data for each in inputs), **given)


class UnaryUfunc(Ufunc):
    """A ufunc of one argument: ``numpy_ufunc`` and ``backward_var`` are all there is to say.

    >>> import numpy as np, mygrad as mg
    >>> class Exp(UnaryUfunc):
    ...     numpy_ufunc = np.exp
    ...
    ...     def backward_var(self, grad, index, **kwargs):
    ...         (x,) = self.variables
    ...         return grad * np.exp(x.data)
    >>> x = mg.tensor([0.0, 1.0])
    >>> mg.execute_op(Exp, x).backward()
    >>> x.grad
    array([1.        , 2.71828183])
    """

    def __call__(
        self,
        x1: Any,
        out: Array | None = None,
        *,
        where: Mask = True,
        dtype: DTypeLike | None = None,
    ) -> Array:
        """``numpy_ufunc(x1)``."""
        return self._run(x1, out=out, where=where, dtype=dtype)


class BinaryUfunc(Ufunc):
    """A ufunc of two arguments, as :class:`UnaryUfunc` is one of one."""

    def __call__(
        self,
        x1: Any,
        x2: Any,
        out: Array | None = None,
        *,
        where: Mask = True,
        dtype: DTypeLike | None = None,
    ) -> Array:
        """``numpy_ufunc(x1, x2)``."""
        return self._run(x1, x2, out=out, where=where, dtype=dtype)


class Sequential(Operation):
    """A reduction along axes, or one that runs along them, which ``numpy_func`` computes.

    Before ``backward_var`` is called, ``axis`` is a tuple or None, ``out_shape`` the shape of the result,
    and ``keepdims``, ``initial``, ``ddof`` and ``where`` are as given.
    """

    #: ``axis`` stays the integer that it is.
    _integer_axis_only: bool = False

    axis: Axis
    out_shape: tuple[int, ...]
    keepdims: Any
    initial: Any
    ddof: Any

    @staticmethod
    @abstractmethod
    def numpy_func(
        a: Array,
        axis: Axis = None,
        dtype: DTypeLike | None = None,
        out: Array | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Array:
        """Compute the result from an array, as a function of NumPy's does."""

    def __call__(
        self,
        a: Any,
        axis: Axis = None,
        dtype: DTypeLike | None = None,
        out: Array | None = None,
        keepdims: Any = np._NoValue,
        initial: Any = np._NoValue,
        *,
        where: Any = np._NoValue,
        ddof: Any = np._NoValue,
    ) -> Array:
        """``numpy_func(a, axis, …)``."""
        self.variables = (a,)
        self.keepdims, self.initial, self.ddof = keepdims, initial, ddof
        self.where = True if where is np._NoValue else where
        given = {"keepdims": keepdims, "initial": initial, "where": where, "ddof": ddof}
        options = {name: value for name, value in given.items() if value is not np._NoValue}
        is_one = hasattr(axis, "__index__")
        self.axis = (axis,) if is_one and not self._integer_axis_only else axis  # type: ignore[assignment]
        result = self.numpy_func(a.data, axis=axis, dtype=dtype, out=out, **options)
        self.out_shape = np.shape(result)
        return result
