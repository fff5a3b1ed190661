"""The attributes and methods of ``ndarray``, on tensors: NumPy's functions of the same names."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.mygrad2 import TRANSLATIONS, checked
from mygrad.dispatch.protocols import run
from mygrad.engine.inplace import assign, is_itself, let_go, reshape_in_place
from mygrad.engine.modes import leak_check, lost, must_stay
from mygrad.engine.nodes import CONSTANT, CONSTANT_VIEW, VIEW, Handle, Node
from mygrad.engine.registry import PiecewiseConstant, registry
from mygrad.engine.views import base_of, getitem, is_variable, sync
from mygrad.tensors.operators import Operators

#: NumPy's stubs know arrays only. What is called by this name gets tensors, and returns them.
_np: Any = np


#: What an array has and a tensor has not, and why.
LEFT_OUT = {
    "__array_finalize__": "for subclasses of ndarray, and a tensor is none",
    "__array_interface__": "hands out memory behind the back of the memory guard; __array__ is asked instead",
    "__array_struct__": "as __array_interface__",
    "__array_wrap__": "for subclasses of ndarray, and a tensor is none",
    "__buffer__": "NumPy would ask it before __array__, and np.asarray(tensor) would not be tensor.data",
    "__class_getitem__": "a tensor's type says nothing of its shape or dtype",
    "__delitem__": "NumPy's only raises: elements cannot be deleted",
    "__setstate__": "__reduce__ says all that pickle needs",
    "byteswap": "the bytes of a number have no derivative",
    "ctypes": "a bare address in memory; use np.asarray(tensor).ctypes",
    "getfield": "the bytes of a number have no derivative",
    "resize": "the graph and the views of a tensor count on its size; np.resize makes a new one",
    "setfield": "the bytes of a number have no derivative",
    "setflags": "who may write to a tensor's memory is the memory guard's to say",
}


def _delegate(function: Any) -> Callable[..., Any]:
    """A method that is a NumPy function of the tensor."""

    name = function.__name__
    translate = TRANSLATIONS.get(name)

    @wraps(function)
    def method(self: Methods, /, *args: Any, **kwargs: Any) -> Any:
        args = (self, *args)
        if translate is not None and len(args) > 2:
            args, kwargs = translate(args, kwargs)
        constant = None
        if "constant" in kwargs and not isinstance(registry[function], PiecewiseConstant):
            constant = checked(name, kwargs.pop("constant"))
        return run(type(self), registry[function], function, args, kwargs, constant)

    method.__doc__ = f"See :func:`numpy.{function.__name__}`."
    return method


def _on_data(name: str) -> Callable[..., Any]:
    """A method that acts on the data and returns what NumPy returns."""
    of_array = getattr(np.ndarray, name)

    @wraps(of_array)
    def method(self: Methods, /, *args: Any, **kwargs: Any) -> Any:
        self._leaks(f"was turned into plain data by {name}()")
        args, kwargs = unwrap(args, []), unwrap(kwargs, [])
        return of_array(self._value(), *args, **kwargs)

    method.__doc__ = f"See :meth:`numpy.ndarray.{name}`: acts on the data."
    return method


_clip = _delegate(np.clip)
_ravel = _delegate(np.ravel)
_reshape = _delegate(np.reshape)
_transpose = _delegate(np.transpose)


class Methods(Operators):
    """Gives a handle what an array has."""

    __slots__ = ()

    def _of(self, value: Any, **options: Any) -> Any:
        """A tensor of the same class made of ``value``."""
        tensor_class: Any = type(self)
        return tensor_class(value, **options)

    def _value(self) -> np.ndarray[Any, Any]:
        """The array, up to date, for use inside the library."""
        if self._node.state & VIEW:
            sync(self)
        return self._data

    def _current_node(self) -> Node:
        """The node of the value that the tensor has now."""
        self._value()
        return self._node

    def _leaks(self, what: str) -> None:
        """Raise if this tensor carries a gradient that is about to be lost, and must not be."""
        if leak_check.get() is not None and is_variable(self) and must_stay(self._current_node()):
            lost(
                f"a tensor that carries a gradient {what}",
                "Use a NumPy function on the tensor itself, mygrad.tensor([...]) for a list of tensors, or"
                " tensor.detach() where no gradient is wanted.",
            )

    # ------------------------------------------------------------------- attributes

    @property
    def constant(self) -> bool:
        """True if the tensor carries no gradient."""
        return self._node is CONSTANT or self._node is CONSTANT_VIEW

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes. Assigning a shape rearranges the tensor in place."""
        return self._value().shape

    @shape.setter
    def shape(self, shape: Any) -> None:
        reshape_in_place(self, shape)

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

    def __array_namespace__(self, *, api_version: Any = None) -> Any:
        """NumPy: its functions are those that take tensors."""
        return self._value().__array_namespace__(api_version=api_version)

    @property
    def T(self) -> Any:
        """The transpose, a view; the tensor itself if it has fewer than two axes."""
        return self if self.ndim < 2 else _np.transpose(self)

    @property
    def mT(self) -> Any:
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
        if self.dtype.kind != "c":
            raise TypeError("array does not have imaginary part to set")
        _np.imag(self)[...] = value

    @property
    def flat(self) -> Flat:
        """The elements in C order, to be iterated over, indexed and assigned."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        self.flat[:] = value

    # --------------------------------------------------------------- indexing

    def __getitem__(self, index: Any) -> Any:
        return getitem(self, index if index.__class__ is int else unwrap_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        found: list[Any] = []
        if isinstance(value, list | tuple):
            value = self._of(value)
        plain = unwrap(value, found)
        source = found[0] if found else None
        base = base_of(self)
        if source is not None and base._node is CONSTANT:
            source._leaks("was assigned into a constant tensor")
        index = unwrap_index(index)
        if source is not None and base_of(source) is base:
            if is_itself(self, index, plain):  # the end of `x[index] += y`
                return
            # A part of the memory that is written to: copied, so that the whole need not be.
            plain = plain.copy()
            let_go(source)
        assign(self, index, plain, source)

    def __len__(self) -> int:
        return len(self._value())

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(len(self)))

    def __contains__(self, item: Any) -> bool:
        return unwrap(item, []) in self._value()

    __hash__ = None

    def __round__(self, ndigits: int | None = None) -> Any:
        if ndigits is not None:
            return _np.round(self, ndigits)
        self._leaks("was rounded to an int")
        return round(self._value().item())

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
        self._leaks("was turned into a number by item()")
        return self._value().item(*args)

    # ------------------------------------- NumPy's functions, and ndarray's methods

    all = _delegate(np.all)
    any = _delegate(np.any)
    argmax = _delegate(np.argmax)
    argmin = _delegate(np.argmin)
    argpartition = _delegate(np.argpartition)
    argsort = _delegate(np.argsort)
    choose = _delegate(np.choose)
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

    def reshape(
        self,
        *shape: Any,
        order: Any = "C",
        copy: bool | None = None,
        constant: bool | None = None,
    ) -> Any:
        """See :func:`numpy.reshape`; the shape as a tuple or as separate integers."""
        options = {} if order == "C" and copy is None else {"order": order, "copy": copy}
        target = shape[0] if len(shape) == 1 else shape
        return _reshape(self, target, constant=constant, **options)

    def transpose(self, *axes: Any, constant: bool | None = None) -> Any:
        """See :func:`numpy.transpose`; the axes as a tuple or as separate integers."""
        if not axes or axes[0] is None:
            return _transpose(self, constant=constant)
        return _transpose(self, axes[0] if np.ndim(axes[0]) else axes, constant=constant)

    def flatten(self, order: Any = "C", *, constant: bool | None = None) -> Any:
        """A copy with one axis."""
        flat = _ravel(self, order, constant=constant)
        return flat if flat._base is None else flat.copy()

    def conjugate(self, *args: Any, **kwargs: Any) -> Any:
        """See :func:`numpy.conjugate`; a real tensor returns itself, as an array does."""
        if self.dtype.kind != "c" and not (args or kwargs):
            return self
        return _np.conjugate(self, *args, **kwargs)

    conj = conjugate

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
        """See :func:`numpy.clip`."""
        low, high = kwargs.pop("a_min", min), kwargs.pop("a_max", max)
        return _clip(self, low, high, out=out, **kwargs)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """See :func:`numpy.compress`."""
        return _np.compress(condition, self, axis, out)

    def fill(self, value: Any) -> None:
        """Set all elements to ``value``."""
        if np.ndim(value):
            np.empty((), self.dtype).fill(unwrap(value, []))  # NumPy's own error
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, **options: Any) -> None:
        """Sort in place; see :func:`numpy.sort`, whose version says which options there are."""
        self[...] = _np.sort(self, operator.index(axis), kind, order, **options)

    def partition(
        self, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None
    ) -> None:
        """Partition in place; see :func:`numpy.partition`."""
        self[...] = _np.partition(self, kth, operator.index(axis), kind, order)

    def view(self, dtype: Any = None) -> Any:
        """A view of the whole tensor. ``dtype``: only of a constant, whose bytes may be read anew."""
        if dtype is None or np.dtype(dtype) == self.dtype:
            return self[...]
        if not self.constant:
            raise TypeError(
                f"view(dtype={np.dtype(dtype)}) of a tensor that carries a gradient: the bytes of a"
                " number have no derivative. Use astype to convert, or view np.asarray(tensor)."
            )
        return self._of(self._value().view(dtype), constant=True, copy=False)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """The tensor itself: ``"cpu"`` is the only device."""
        self._value().to_device(device, stream=stream)
        return self


class Flat:
    """The elements of a tensor in C order, as ``ndarray.flat`` gives them."""

    __slots__ = ("_position", "base")

    def __init__(self, base: Any) -> None:
        self.base = base
        self._position = 0

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Iterator[Any]:
        flat = _np.ravel(self.base)
        return (flat[i] for i in range(len(self)))

    def __next__(self) -> Any:
        if self._position >= len(self):
            raise StopIteration
        self._position += 1
        return self[self._position - 1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(_np.ravel(self.base), dtype=dtype)

    def _places(self, index: Any) -> tuple[Any, Any]:
        """The base, with an axis at least, and where in it the elements lie."""
        base = self.base if self.base.ndim else self.base[None]
        picked = np.arange(base.size)[unwrap_index(index)]
        return base, np.unravel_index(picked, base.shape)

    def __getitem__(self, index: Any) -> Any:
        base, places = self._places(index)
        return base[places]

    def __setitem__(self, index: Any, value: Any) -> None:
        base, places = self._places(index)
        shape = np.shape(places[0])
        if isinstance(value, list | tuple):
            value = self.base._of(value)
        if isinstance(value, Handle | np.ndarray):
            if _np.ndim(value) and not shape:
                raise ValueError("Error setting single item of array.")
            if np.size(places[0]) and not _np.size(value):
                return  # no values are none to write
            if _np.size(value) != np.size(places[0]):
                value = _np.resize(value, shape)  # NumPy repeats or cuts the values
            value = _np.reshape(value, shape)
        base[places] = value


def unwrap_index(index: Any) -> Any:
    """An index with arrays in the place of tensors, and integers in that of what stands for one.

    For NumPy, objects with ``__index__`` are integers, and select views; arrays without axes are arrays.
    """
    index_class = index.__class__
    if index_class is int or index_class is np.ndarray:
        return index
    if index_class is tuple:
        return tuple(map(unwrap_index, index))
    if index_class is slice:
        start, stop, step = index.start, index.stop, index.step
        if start.__class__ in _BOUNDS and stop.__class__ in _BOUNDS and step.__class__ in _BOUNDS:
            return index
        return slice(unwrap_index(start), unwrap_index(stop), unwrap_index(step))
    if index_class is list:
        return unwrap(index, [])
    if hasattr(index_class, "__index__") and index_class is not bool and index_class is not np.bool:
        try:
            return operator.index(index)
        except TypeError:  # a tensor of several elements, or not of integers
            return unwrap(index, [])
    return index


#: What bounds of slices are that are integers already, or missing.
_BOUNDS = frozenset((int, type(None)))
