"""Operations in the style of MyGrad 2: a class that computes a result and its derivatives.

A subclass of :class:`Operation` computes the result in ``__call__``, stores its differentiable
inputs in ``self.variables``, and returns from ``backward_var`` the gradient with respect to one of
them. It is run by :func:`mygrad.execute_op`.

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

In new code, a plain function with rules is shorter: see :func:`mygrad.implements`.
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

#: One axis, several, or None for all.
Axis = int | tuple[int, ...] | None
#: An argument ``where=``.
Mask = bool | Array


class Operation(ABC):
    """Base class of user-defined operations; an instance is one application, a ``tensor.creator``.

    ``mygrad.execute_op(Op, *inputs)`` makes an instance without arguments, and calls it with a
    tensor for each input. An instance may have attributes of its own.

    Second derivatives are computed by running ``__call__`` and ``backward_var`` again, on tensors
    instead of arrays. So they exist if both are deterministic NumPy code; otherwise they raise
    `InvalidBackprop`, which states the reason.
    """

    #: True if the result may be a view of an input. Its memory decides whether it is one.
    can_return_view: bool = False
    #: The tensors to differentiate with respect to, in the order of ``index``.
    variables: tuple[Any, ...]
    #: A mask of the elements that take part; the gradients of all others are zero.
    where: Any = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "backward" in vars(cls):
            raise TypeError(
                f"{cls.__name__} defines backward, which is never called: mygrad backpropagates itself and"
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
            The gradient with respect to the result, of the same shape.
        index : int

        Returns
        -------
        ndarray
            Of the shape of the variable, or of a shape to which it was broadcast: the additional
            axes are summed. If the variable is real, the real part of a complex gradient is used;
            it is an error if the result and all inputs are real.
        """

    @staticmethod
    def grad_post_process_fn(grad: Any, var_shape: tuple[int, ...]) -> Any:
        """The result of ``backward_var``, summed to the shape of the variable."""
        if grad.shape == var_shape:
            return grad
        pairs = zip(reversed(var_shape), reversed(grad.shape), strict=False)
        if grad.ndim < len(var_shape) or any(mine not in (1, its) for mine, its in pairs):
            return grad
        return sum_to(grad, var_shape)


class Ufunc(Operation):
    """An elementwise operation that is computed by a NumPy ufunc."""

    numpy_ufunc: ClassVar[Any]

    def _run(self, *inputs: Any, out: Any, where: Any, dtype: Any) -> Any:
        self.variables = inputs
        options = {"out": out, "where": where, "dtype": dtype}
        given = {k: v for k, v in options.items() if v is not None and v is not True}
        if where is not True:
            self.where = where
            given.setdefault(
                "out", None
            )  # without it, NumPy warns that some memory stays uninitialized
        return type(self).numpy_ufunc(*(each.data for each in inputs), **given)


class UnaryUfunc(Ufunc):
    """A ufunc of one argument; define ``numpy_ufunc`` and ``backward_var``.

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
    """A ufunc of two arguments; see :class:`UnaryUfunc`."""

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
    """A reduction or an accumulation along axes, computed by ``numpy_func``.

    Before ``backward_var`` is called, ``axis`` is a tuple or None, ``out_shape`` the shape of the
    result, and ``keepdims``, ``initial``, ``ddof`` and ``where`` are as given.
    """

    #: True: an integer ``axis`` is not converted to a tuple.
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
        """Compute the result from an array, like a NumPy function."""

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
