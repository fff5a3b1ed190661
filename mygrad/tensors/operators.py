"""The operators of a tensor."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.operands import accepts, defers
from mygrad.dispatch.ufuncs import binary, unary
from mygrad.engine.nodes import Handle


def _swapped(operator: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Operators, other: Any) -> Any:
        return operator(other, self)

    return method


def _operator(ufunc: np.ufunc) -> Callable[..., Any]:
    def method(self: Operators, other: Any) -> Any:
        return NotImplemented if defers(self, other) else ufunc(self, other)

    return method


def _reflected(ufunc: np.ufunc) -> Callable[..., Any]:
    def method(self: Operators, other: Any) -> Any:
        return NotImplemented if defers(self, other) else ufunc(other, self)

    return method


def _augmented(ufunc: np.ufunc) -> Callable[..., Any]:
    def method(self: Operators, other: Any) -> Any:
        if defers(self, other):
            return NotImplemented
        if stands_for_scalar(self, other):
            return ufunc(self, other)
        if (
            ufunc is np.matmul and np.ndim(other) < 2
        ):  # whose result np.matmul would repeat to fill the tensor
            raise ValueError(
                f"tensor @= takes a matrix, or a stack of them, on its right; it got shape {np.shape(other)}"
            )
        return ufunc(self, other, out=(self,))

    return method


def _comparison(compare: Callable[[Any, Any], Any], ufunc: np.ufunc) -> Callable[..., Any]:
    """As arrays compare, with what is no number as well, which the ufunc would refuse."""

    def method(self: Operators, other: Any) -> Any:
        if defers(self, other):
            return NotImplemented
        if not accepts(other):
            return ufunc(self, other)
        return compare(unwrap(self, []), unwrap(other, []))

    return method


def stands_for_scalar(tensor: Any, other: Any) -> bool:
    """True if ``tensor += other`` makes a new tensor, as it does for a NumPy scalar.

    A tensor without axes that an operation made stands where NumPy has a scalar; one that a user made
    is updated in place, unless the result has axes.
    """
    if tensor.ndim or tensor._base is not None:
        return False
    return np.ndim(other) > 0 or not tensor._is_array


class Operators(Handle):
    """Gives a handle Python's operators. The hottest call their operation without NumPy's dispatch."""

    __slots__ = ()
    __array_priority__ = 15.0

    __add__ = binary(np.add)
    __radd__ = _swapped(__add__)
    __sub__ = binary(np.subtract)
    __rsub__ = _swapped(__sub__)
    __mul__ = binary(np.multiply)
    __rmul__ = _swapped(__mul__)
    __truediv__ = binary(np.divide)
    __rtruediv__ = _swapped(__truediv__)
    __pow__ = binary(np.power)
    __rpow__ = _swapped(__pow__)
    __matmul__ = binary(np.matmul)
    __rmatmul__ = _swapped(__matmul__)
    __mod__ = binary(np.remainder)
    __rmod__ = _swapped(__mod__)
    __neg__ = unary(np.negative)
    __pos__ = unary(np.positive)

    def __abs__(self) -> Any:
        return np.absolute(self)  # type: ignore[call-overload]

    __divmod__ = _operator(np.divmod)
    __rdivmod__ = _reflected(np.divmod)
    __floordiv__ = _operator(np.floor_divide)
    __rfloordiv__ = _reflected(np.floor_divide)
    __and__ = _operator(np.bitwise_and)
    __rand__ = _reflected(np.bitwise_and)
    __or__ = _operator(np.bitwise_or)
    __ror__ = _reflected(np.bitwise_or)
    __xor__ = _operator(np.bitwise_xor)
    __rxor__ = _reflected(np.bitwise_xor)
    __lshift__ = _operator(np.left_shift)
    __rlshift__ = _reflected(np.left_shift)
    __rshift__ = _operator(np.right_shift)
    __rrshift__ = _reflected(np.right_shift)

    def __invert__(self) -> Any:
        ufunc: Any = np.invert
        return ufunc(self)

    __eq__ = _comparison(operator.eq, np.equal)
    __ne__ = _comparison(operator.ne, np.not_equal)
    __lt__ = _comparison(operator.lt, np.less)
    __le__ = _comparison(operator.le, np.less_equal)
    __gt__ = _comparison(operator.gt, np.greater)
    __ge__ = _comparison(operator.ge, np.greater_equal)
    __hash__ = None  # type: ignore[assignment]

    __iadd__ = _augmented(np.add)
    __isub__ = _augmented(np.subtract)
    __imul__ = _augmented(np.multiply)
    __itruediv__ = _augmented(np.divide)
    __ifloordiv__ = _augmented(np.floor_divide)
    __imod__ = _augmented(np.remainder)
    __ipow__ = _augmented(np.power)
    __imatmul__ = _augmented(np.matmul)
    __iand__ = _augmented(np.bitwise_and)
    __ior__ = _augmented(np.bitwise_or)
    __ixor__ = _augmented(np.bitwise_xor)
    __ilshift__ = _augmented(np.left_shift)
    __irshift__ = _augmented(np.right_shift)
