"""The tensor: what users hold, an array that takes part in a computational graph."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from mygrad import guard
from mygrad.backprop import Walk
from mygrad.calls import apply, unwrap
from mygrad.dispatch import binary, call_function, call_ufunc, defers, follow, unary
from mygrad.errors import GradientLost, InvalidBackprop, InvalidGradient
from mygrad.graph import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    RELEASED,
    VIEW,
    Copy,
    Handle,
    Node,
    Same,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.modes import guarding, leak_check, recording
from mygrad.operation import registry, ufunc_operations
from mygrad.rules import arithmetic, exponents, manipulation, products, rounding
from mygrad.views import (
    assign,
    forget,
    getitem,
    gradient_of,
    is_variable,
    link,
    sync,
    touch,
)

#: NumPy's stubs know arrays only. What is called by this name gets tensors, and returns them.
_np: Any = np


def _delegate(function: Any) -> Callable[..., Any]:
    """A method that is a NumPy function of the tensor."""

    @wraps(function)
    def method(self: Tensor, /, *args: Any, **kwargs: Any) -> Any:
        return follow(type(self), registry[function], function, (self, *args), kwargs)

    method.__doc__ = f"See :func:`numpy.{function.__name__}`."
    return method


def _on_data(name: str) -> Callable[..., Any]:
    """A method that acts on the data and returns what NumPy returns."""
    of_array = getattr(np.ndarray, name)

    @wraps(of_array)
    def method(self: Tensor, /, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = unwrap(args, []), unwrap(kwargs, [])
        return of_array(self._value(), *args, **kwargs)

    method.__doc__ = f"See :meth:`numpy.ndarray.{name}`: acts on the data."
    return method


def _comparison(ufunc: np.ufunc) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        if defers(self, other):
            return NotImplemented
        return ufunc(self, other)

    return method


def _augmented(ufunc: np.ufunc) -> Callable[..., Any]:
    def method(self: Tensor, other: Any) -> Any:
        if defers(self, other):
            return NotImplemented
        if stands_for_scalar(self, other):
            return ufunc(self, other)
        return ufunc(self, other, out=(self,))

    return method


class Tensor(Handle):
    """A NumPy array that remembers how it was computed.

    Parameters
    ----------
    x : array_like
        Numbers, sequences, arrays, tensors, and nested sequences of these. A tensor in it that carries a
        gradient passes it on.
    dtype : data type, optional
    constant : bool, optional
        True: carries no gradient. False: an error for integers and booleans, which never carry one. By
        default floating and complex tensors are variables.
    copy : bool, default True
        False: the memory of an array is used as it is. While a graph needs it, the array is read-only.
    ndmin : int, default 0
        The least number of dimensions.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> x = mg.Tensor([1.0, 2.0, 3.0])
    >>> loss = np.sum(x**2)
    >>> loss.backward()
    >>> x.grad
    array([2., 4., 6.])
    """

    __slots__ = ()
    __array_priority__ = 15.0

    def __new__(
        cls,
        x: Any,
        *,
        dtype: Any = None,
        constant: bool | None = None,
        copy: bool = True,
        ndmin: int = 0,
    ) -> Tensor:
        if not (constant is None or isinstance(constant, bool | np.bool)):
            raise TypeError(f"constant takes True, False or None, not {constant!r}")
        found: list[Any] = []
        plain = unwrap(x, found)
        data = np.array(plain, dtype=dtype, copy=True if copy else None, ndmin=ndmin)
        if data.dtype.kind not in "biufc":
            raise TypeError(
                f"a tensor holds numbers: {type(x).__name__} became an array of dtype {data.dtype}"
            )
        data = np.asarray(data)
        inexact = data.dtype.kind in "fc"
        if constant is False and not inexact:
            raise ValueError(
                f"constant=False: a tensor of dtype {data.dtype} carries no gradient. Pass a floating"
                " dtype, or leave constant out."
            )
        if not inexact or constant:
            return make_handle(cls, data, CONSTANT)
        if any(is_variable(tensor) for tensor in found):
            source = x if isinstance(x, Handle) else _stack(x, cls)
            if source._data.ndim < ndmin:
                source = _np.reshape(source, data.shape)
            node = make_node(Copy, (touch(source),), data.shape, data.dtype)
        elif isinstance(x, Handle) and constant is None and x._node in (CONSTANT, CONSTANT_VIEW):
            node = CONSTANT
        else:
            shared = isinstance(plain, np.ndarray) and np.may_share_memory(data, plain)
            node = make_leaf(data, EXPOSED if shared else 0)
        return make_handle(cls, data, node)

    # ------------------------------------------------------------ value and graph

    def _value(self) -> np.ndarray[Any, Any]:
        """The array, up to date, for use inside the library."""
        if self._node.stale & VIEW:
            sync(self)
        return self._data

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The array itself. It is read-only while a graph needs its contents."""
        array = self._value()
        if guarding.get():
            guard.expose(self)
        return array

    @property
    def constant(self) -> bool:
        """Whether the tensor carries no gradient."""
        return self._node is CONSTANT or self._node is CONSTANT_VIEW

    @property
    def creator(self) -> Node | None:
        """The operation that produced the tensor; None for a leaf, a constant, and after backward."""
        node = self._node
        if node.stale & RELEASED or not node.visible:
            return None
        return node.inputs[0] if node.is_output else node  # type: ignore[index]

    @property
    def base(self) -> Tensor | None:
        """The tensor that this one is a view of."""
        return self._base  # type: ignore[return-value]

    @property
    def grad(self) -> Any:
        """The derivative with respect to this tensor of what was gone back from, or None."""
        return gradient_of(self)

    def null_grad(self, *, _clear_view_info: bool = False) -> Tensor:
        """Forget the gradient; returns the tensor."""
        if self._base is not None:
            forget(self._base._node)
        forget(self._node)
        return self

    def null_gradients(self, clear_graph: bool = True) -> None:
        """Deprecated, as in MyGrad 2: forget the gradient and, if asked, the graph."""
        self.null_grad()
        if clear_graph:
            self.clear_graph()

    def clear_graph(self) -> None:
        """Release the graph that led to this tensor."""
        stack = [self._node]
        while stack:
            node = stack.pop()
            if node.inputs:
                stack.extend(node.inputs)
                node.release()

    def backward(
        self, grad: Any = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Compute the derivative with respect to every tensor that this one was computed from.

        Parameters
        ----------
        grad : array_like, optional
            The derivative of the eventual result with respect to this tensor; broadcast to its shape. By
            default ones: going back from a tensor of several elements is going back from their sum.
        retain_graph : bool
            Keep the graph, to go back through it again.
        create_graph : bool
            The gradients are tensors with a history: they can be differentiated in turn. Implies
            ``retain_graph``.

        Raises
        ------
        InvalidBackprop
            Part of the graph has been released by an earlier ``backward``.
        InvalidGradient
            ``grad`` does not fit the tensor's shape or is not numeric.

        Examples
        --------
        >>> import mygrad as mg
        >>> x = mg.tensor(3.0)
        >>> (x**2).backward()
        >>> x.grad
        array(6.)
        """
        if self._node.stale & VIEW:
            sync(self)
        node = self._node
        if node is CONSTANT or node is CONSTANT_VIEW:
            return
        if node.stale & RELEASED:
            raise InvalidBackprop(
                "backward() was called before on this tensor, and released its graph. Pass"
                " retain_graph=True to the first call to go back twice, or compute the tensor again."
            )
        walk = Walk(keep=retain_graph, handle=self._revive if create_graph else None)
        walk.run([(node, self._cotangent(grad, create_graph))])

    def _cotangent(self, grad: Any, create_graph: bool) -> Any:
        data = self._data
        if grad is None:
            one = data.dtype.type(1)
            grad = one if data.ndim == 0 else np.ones(data.shape, data.dtype)
            return self._revive(np.asarray(grad), CONSTANT) if create_graph else grad
        value = grad if create_graph and isinstance(grad, Handle) else unwrap(grad, [])
        array = np.asarray(value._data if isinstance(value, Handle) else value)
        try:
            if array.dtype.kind not in "biufc":
                raise ValueError
            fits = np.broadcast_shapes(array.shape, data.shape) == data.shape
        except ValueError:
            fits = False
        if not fits:
            raise InvalidGradient(
                f"backward takes a gradient of the tensor's shape, {data.shape}; it got"
                f" {type(grad).__name__} of shape {array.shape} and dtype {array.dtype}"
            )
        if isinstance(value, Handle):
            return value
        array = np.broadcast_to(array, data.shape)
        return self._revive(np.array(array), CONSTANT) if create_graph else array

    def _revive(self, data: Any, node: Node) -> Tensor:
        data = np.asarray(data)
        if node.stale:  # what the node says of its own tensor does not concern this one
            node = make_node(Same, (node,), node.shape, node.dtype)
        return make_handle(type(self), data, node)

    def detach(self) -> Tensor:
        """A constant tensor that shares the memory of this one.

        >>> import mygrad as mg
        >>> mg.tensor([1.0, 2.0]).detach().constant
        True
        """
        result = make_handle(type(self), self._value().view(), CONSTANT)
        link(result, self)
        return result

    def copy(self, order: Any = "C", *, constant: bool | None = None) -> Tensor:
        """A copy with ``creator`` None, through which the gradient passes to the original.

        ``constant=True`` cuts the gradient off, as :meth:`detach` does.
        """
        data = self._value().copy(order)
        if constant or (self.constant and constant is None):
            return make_handle(type(self), data, CONSTANT)
        if not is_variable(self):
            return make_handle(type(self), data, _leaf_or_error(data))
        return make_handle(
            type(self), data, make_node(Copy, (touch(self),), data.shape, data.dtype)
        )

    def __copy__(self) -> Tensor:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return _rebuild(type(self), self._value().copy("K"), self.constant)

    def __reduce__(self) -> Any:
        """Pickled as a leaf: the values, and whether it is constant; no graph, no gradient."""
        return _rebuild, (type(self), np.array(self._value()), self.constant)

    def astype(
        self,
        dtype: Any,
        order: Any = "K",
        casting: Any = "unsafe",
        subok: bool = True,
        copy: bool = True,
        *,
        constant: bool | None = None,
    ) -> Tensor:
        """A copy in another dtype; the gradient passes through. ``copy=False``: itself if it can be."""
        data = self._value().astype(dtype, order, casting, subok, copy)
        if data is self._data and (constant is None or constant == self.constant):
            return self
        if data is self._data:
            data = data.copy()
        if data.dtype.kind not in "fc" and constant is not False:
            return make_handle(type(self), data, CONSTANT)
        if constant or (self.constant and constant is None):
            return make_handle(type(self), data, CONSTANT)
        node = (
            make_node(Copy, (touch(self),), data.shape, data.dtype)
            if is_variable(self)
            else _leaf_or_error(data)
        )
        return make_handle(type(self), data, node)

    # ------------------------------------------------------- NumPy's own protocols

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        self._leaks("was turned into a plain array")
        array = self.data if not copy else self._value()
        if dtype is None and not copy:
            return array
        return np.array(array, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__" and ufunc in ufunc_operations:
            operation = ufunc_operations[ufunc]
            if len(inputs) == 1:
                return unary(operation, self)
            x, y = inputs
            if operation.plans[3] is not None and x.__class__ in _SHORT and y.__class__ in _SHORT:
                return binary(operation, x, y)
        return call_ufunc(type(self), ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(type(self), function, types, args, kwargs)

    def __dlpack__(self, **kwargs: Any) -> Any:
        self._leaks("was handed to another library")
        return self.data.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._data.__dlpack_device__()

    def _leaks(self, what: str) -> None:
        """In strict mode, raise if this tensor carries a gradient that is about to be lost."""
        if leak_check.get() and is_variable(self):
            raise GradientLost(
                f"a tensor that carries a gradient {what}{_place()}: the gradient would be lost. Use a"
                " NumPy function on the tensor itself, mygrad.tensor([...]) for a list of tensors, or"
                " tensor.detach() where no gradient is wanted."
            )

    # ------------------------------------------------------------------- attributes

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes. Assigning a shape rearranges the tensor in place."""
        return self._value().shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        reshaped = self._value().view()
        reshaped.shape = shape
        if self.constant or not recording.get():
            node = self._node
        else:
            node = apply(manipulation.Reshape, np.reshape, (self, reshaped.shape), {}, Tensor)._node
            node.stale &= ~VIEW
        if self._base is None:
            del reshaped
            self._data = _reshaped(self._data, shape)
            self._version += 1
        else:
            self._data = reshaped
            self._window = None
            node.stale |= VIEW
        self._node = node

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""
        return self._value().dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._value().ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._value().size

    @property
    def itemsize(self) -> int:
        """Bytes an element takes."""
        return self._value().itemsize

    @property
    def nbytes(self) -> int:
        """Bytes all elements take."""
        return self._value().nbytes

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes to step along each axis."""
        return self._value().strides

    @property
    def flags(self) -> Any:
        """The memory flags of the array."""
        return self._value().flags

    @property
    def device(self) -> str:
        """``"cpu"``."""
        return "cpu"

    @property
    def T(self) -> Tensor:
        """The transpose, a view."""
        return _np.transpose(self)

    @property
    def mT(self) -> Tensor:
        """The transpose of each matrix, a view."""
        return _np.matrix_transpose(self)

    @property
    def real(self) -> Any:
        """The real part, a view. Can be assigned."""
        return _np.real(self)

    @real.setter
    def real(self, value: Any) -> None:
        _np.real(self)[...] = value

    @property
    def imag(self) -> Any:
        """The imaginary part: a view of a complex tensor, zeros for a real one. Can be assigned."""
        return _np.imag(self)

    @imag.setter
    def imag(self, value: Any) -> None:
        _np.imag(self)[...] = value

    @property
    def flat(self) -> Flat:
        """The elements in C order, to be iterated over, indexed and assigned."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        self.flat[:] = value

    # --------------------------------------------------------------- indexing

    def __getitem__(self, index: Any) -> Tensor:
        return getitem(self, unwrap_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        found: list[Any] = []
        if isinstance(value, list | tuple):
            value = type(self)(value)
        plain = unwrap(value, found)
        node = touch(found[0]) if found and is_variable(found[0]) else CONSTANT
        if node is not CONSTANT and self.constant:
            found[0]._leaks("was assigned into a constant tensor")
        assign(self, unwrap_index(index), plain, node)

    def __len__(self) -> int:
        return len(self._value())

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))

    def __contains__(self, item: Any) -> bool:
        return unwrap(item, []) in self._value()

    __hash__ = None  # type: ignore[assignment]

    # -------------------------------------------------------------- arithmetic

    def __add__(self, other: Any) -> Any:
        return binary(arithmetic.Add, self, other)

    def __radd__(self, other: Any) -> Any:
        return binary(arithmetic.Add, other, self)

    def __sub__(self, other: Any) -> Any:
        return binary(arithmetic.Subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return binary(arithmetic.Subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return binary(arithmetic.Multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return binary(arithmetic.Multiply, other, self)

    def __truediv__(self, other: Any) -> Any:
        return binary(arithmetic.Divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return binary(arithmetic.Divide, other, self)

    def __pow__(self, other: Any) -> Any:
        return binary(exponents.Power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return binary(exponents.Power, other, self)

    def __matmul__(self, other: Any) -> Any:
        return binary(products.Matmul, self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return binary(products.Matmul, other, self)

    def __mod__(self, other: Any) -> Any:
        return binary(rounding.Remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        return binary(rounding.Remainder, other, self)

    def __neg__(self) -> Any:
        return unary(arithmetic.Negative, self)

    def __pos__(self) -> Any:
        return unary(arithmetic.Positive, self)

    def __abs__(self) -> Any:
        return np.absolute(self)

    __divmod__ = _comparison(np.divmod)
    __floordiv__ = _comparison(np.floor_divide)
    __eq__ = _comparison(np.equal)
    __ne__ = _comparison(np.not_equal)
    __lt__ = _comparison(np.less)
    __le__ = _comparison(np.less_equal)
    __gt__ = _comparison(np.greater)
    __ge__ = _comparison(np.greater_equal)

    def __rdivmod__(self, other: Any) -> Any:
        return np.divmod(other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return np.floor_divide(other, self)

    def __round__(self, ndigits: int | None = None) -> Any:
        return np.round(self, ndigits or 0) if ndigits is not None else round(self._value().item())

    def __invert__(self) -> Any:
        return np.invert(self)

    def __and__(self, other: Any) -> Any:
        return np.bitwise_and(self, other)

    def __rand__(self, other: Any) -> Any:
        return np.bitwise_and(other, self)

    def __or__(self, other: Any) -> Any:
        return np.bitwise_or(self, other)

    def __ror__(self, other: Any) -> Any:
        return np.bitwise_or(other, self)

    def __xor__(self, other: Any) -> Any:
        return np.bitwise_xor(self, other)

    def __rxor__(self, other: Any) -> Any:
        return np.bitwise_xor(other, self)

    def __lshift__(self, other: Any) -> Any:
        return np.left_shift(self, other)

    def __rlshift__(self, other: Any) -> Any:
        return np.left_shift(other, self)

    def __rshift__(self, other: Any) -> Any:
        return np.right_shift(self, other)

    def __rrshift__(self, other: Any) -> Any:
        return np.right_shift(other, self)

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

    # ------------------------------------------------------------- conversions

    def __bool__(self) -> bool:
        return bool(self._value())

    def __int__(self) -> int:
        self._leaks("was turned into an int")
        return int(self._value())

    def __index__(self) -> int:
        return operator.index(self._value())

    def __float__(self) -> float:
        self._leaks("was turned into a float")
        return float(self._value())

    def __complex__(self) -> complex:
        self._leaks("was turned into a complex number")
        return complex(self._value())

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return format(self._value()[()], spec)

    def __repr__(self) -> str:
        return repr(self._value()).replace("array", "Tensor", 1).replace("\n", "\n ")

    def __str__(self) -> str:
        return str(self._value())

    def item(self, *args: Any) -> Any:
        """An element as a Python number."""
        return self._value().item(*args)

    # ------------------------------------- NumPy's functions, and ndarray's methods

    all = _delegate(np.all)
    any = _delegate(np.any)
    argmax = _delegate(np.argmax)
    argmin = _delegate(np.argmin)
    argpartition = _delegate(np.argpartition)
    argsort = _delegate(np.argsort)
    choose = _delegate(np.choose)
    conj = _delegate(np.conjugate)
    conjugate = _delegate(np.conjugate)
    cumprod = _delegate(np.cumprod)
    cumsum = _delegate(np.cumsum)
    diagonal = _delegate(np.diagonal)
    dot = _delegate(np.dot)
    max = _delegate(np.max)
    mean = _delegate(np.mean)
    min = _delegate(np.min)
    moveaxis = _delegate(np.moveaxis)
    nonzero = _delegate(np.nonzero)
    prod = _delegate(np.prod)
    put = _delegate(np.put)
    ravel = _delegate(np.ravel)
    repeat = _delegate(np.repeat)
    round = _delegate(np.round)
    searchsorted = _delegate(np.searchsorted)
    squeeze = _delegate(np.squeeze)
    std = _delegate(np.std)
    sum = _delegate(np.sum)
    swapaxes = _delegate(np.swapaxes)
    take = _delegate(np.take)
    trace = _delegate(np.trace)
    var = _delegate(np.var)

    dump = _on_data("dump")
    dumps = _on_data("dumps")
    tobytes = _on_data("tobytes")
    tofile = _on_data("tofile")
    tolist = _on_data("tolist")

    def reshape(self, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
        """See :func:`numpy.reshape`; the shape as a tuple or as separate integers."""
        target = shape[0] if len(shape) == 1 else shape
        if order == "C" and copy is None:
            return _np.reshape(self, target)
        return _np.reshape(self, target, order=order, copy=copy)

    def transpose(self, *axes: Any) -> Any:
        """See :func:`numpy.transpose`; the axes as a tuple or as separate integers."""
        if not axes or axes[0] is None:
            return _np.transpose(self)
        return _np.transpose(self, axes[0] if np.ndim(axes[0]) else axes)

    def flatten(self, order: Any = "C") -> Any:
        """A copy with one axis."""
        flat = _np.ravel(self, order)
        return flat if flat._base is None else flat.copy()

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
        """See :func:`numpy.clip`."""
        return np.clip(self, min, max, out=out, **kwargs)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """See :func:`numpy.compress`."""
        return np.compress(condition, self, axis, out)

    def fill(self, value: Any) -> None:
        """Set all elements to ``value``."""
        self[...] = value

    def sort(
        self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None
    ) -> None:
        """Sort in place; see :func:`numpy.sort`."""
        self[...] = _np.sort(self, axis, kind, order, stable=stable)

    def partition(
        self, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None
    ) -> None:
        """Partition in place; see :func:`numpy.partition`."""
        self[...] = _np.partition(self, kth, axis, kind, order)

    def view(self, dtype: Any = None) -> Tensor:
        """A view of the whole tensor. ``dtype``: only of a constant, whose bytes may be read anew."""
        if dtype is None or np.dtype(dtype) == self.dtype:
            return self[...]
        if not self.constant:
            raise TypeError(
                f"view(dtype={np.dtype(dtype)}) of a tensor that carries a gradient: the bytes of a"
                " number have no derivative. Use astype to convert, or view np.asarray(tensor)."
            )
        return type(self)(self._value().view(dtype), constant=True, copy=False)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """The tensor itself: ``"cpu"`` is the only device."""
        self._value().to_device(device, stream=stream)
        return self


def stands_for_scalar(tensor: Tensor, other: Any) -> bool:
    """Whether ``tensor += other`` makes a new tensor, as it does for a NumPy scalar.

    A tensor without axes that an operation made stands where NumPy has a scalar; one that a user made
    is updated in place, unless the result has axes.
    """
    if tensor.ndim or tensor._base is not None:
        return False
    return np.ndim(other) > 0 or tensor.creator is not None


class Flat:
    """The elements of a tensor in C order, as ``ndarray.flat`` gives them."""

    __slots__ = ("_position", "base")

    def __init__(self, base: Tensor) -> None:
        self.base = base
        self._position = 0

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Iterator[Tensor]:
        flat = _np.ravel(self.base)
        return (flat[i] for i in range(len(self)))  # type: ignore[misc]

    def __next__(self) -> Tensor:
        if self._position >= len(self):
            raise StopIteration
        self._position += 1
        return self[self._position - 1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(_np.ravel(self.base), dtype=dtype)

    def _places(self, index: Any) -> Any:
        size = self.base.size
        picked = np.arange(size)[unwrap_index(index)]
        return np.unravel_index(picked, self.base.shape)

    def __getitem__(self, index: Any) -> Tensor:
        return self.base[self._places(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        places = self._places(index)
        count = np.size(places[0]) if places else 1
        if isinstance(value, Tensor | np.ndarray | list | tuple) and np.size(value) != count:
            value = _np.resize(value, count)  # NumPy repeats or cuts the values
        if isinstance(value, Tensor | np.ndarray | list | tuple) and places:
            value = _np.reshape(value, np.shape(places[0]))
        self.base[places] = value


_SHORT = frozenset((Tensor, float, int))


# --------------------------------------------------------------- construction


def tensor(
    arr_like: Any,
    dtype: Any = None,
    *,
    constant: bool | None = None,
    copy: bool = True,
    ndmin: int = 0,
) -> Tensor:
    """Make a tensor of numbers, sequences, arrays or tensors. See :class:`Tensor`.

    >>> import mygrad as mg
    >>> mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    if not copy and isinstance(arr_like, Tensor) and arr_like.ndim >= ndmin:
        return astensor(arr_like, dtype, constant=constant)
    return Tensor(arr_like, dtype=dtype, constant=constant, copy=copy, ndmin=ndmin)


def astensor(t: Any, dtype: Any = None, *, constant: bool | None = None) -> Tensor:
    """``t`` itself if it is a tensor as asked for, else a tensor that uses its memory if it can.

    >>> import mygrad as mg
    >>> x = mg.tensor([1.0])
    >>> mg.astensor(x) is x
    True
    """
    if not isinstance(t, Tensor):
        return Tensor(t, dtype=dtype, constant=constant, copy=False)
    if (dtype is None or t.dtype == dtype) and constant in (None, t.constant):
        return t
    if dtype is not None and t.dtype != dtype:
        return t.astype(dtype, constant=constant)
    if constant:
        return t.detach()
    return Tensor(t._value(), constant=constant, copy=False)


def asarray(a: Any, dtype: Any = None, order: Any = None) -> np.ndarray[Any, Any]:
    """The values of ``a`` as a plain array: of a tensor, its own."""
    return np.asarray(a._value() if isinstance(a, Tensor) else a, dtype, order)


def _stack(items: Any, kind: type[Tensor]) -> Tensor:
    """The tensor of a nested sequence among whose members are tensors."""
    if isinstance(items, list | tuple):
        return _np.stack([_stack(item, kind) for item in items])
    return items if isinstance(items, Handle) else kind(items, constant=True)  # type: ignore[return-value]


def _leaf_or_error(data: np.ndarray[Any, Any]) -> Node:
    if data.dtype.kind not in "fc":
        raise ValueError(f"constant=False: a tensor of dtype {data.dtype} carries no gradient")
    return make_leaf(data)


def _rebuild(kind: type[Tensor], data: np.ndarray[Any, Any], constant: bool) -> Tensor:
    return make_handle(kind, data, CONSTANT if constant else make_leaf(data))


def _reshaped(data: np.ndarray[Any, Any], shape: Any) -> np.ndarray[Any, Any]:
    """``data`` with another shape, not a view of it where it can be helped: it stays its own owner."""
    view = data.view()
    view.shape = shape
    return view


def unwrap_index(index: Any) -> Any:
    """An index with arrays in the place of tensors; integer tensors without axes become integers."""
    if isinstance(index, Handle):
        index = index._value()  # type: ignore[attr-defined]
        return int(index) if index.ndim == 0 and index.dtype.kind in "iu" else index
    if index.__class__ is tuple and any(
        isinstance(part, Handle | tuple | list | slice) for part in index
    ):
        return tuple(unwrap_index(part) for part in index)
    if index.__class__ is slice and any(
        isinstance(part, Handle) for part in (index.start, index.stop, index.step)
    ):
        return slice(*(unwrap_index(part) for part in (index.start, index.stop, index.step)))
    return unwrap(index, []) if index.__class__ is list else index


def _place() -> str:
    """Where the user's code is, outside this library and NumPy."""
    frame = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "").split(".")[0]
        if module not in ("mygrad", "numpy"):
            return f" at {frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""
