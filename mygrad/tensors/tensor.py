"""The tensor: what users hold, an array that takes part in a computational graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any, Self

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.compiled import shortly, sole
from mygrad.dispatch.general import leaf_or_error
from mygrad.dispatch.kinds import NUMBERS
from mygrad.dispatch.protocols import call_function, call_ufunc
from mygrad.dispatch.ufuncs import choosers
from mygrad.engine import anomalies, guard
from mygrad.engine.backward import Walk
from mygrad.engine.gradients import ARRAYS, Tensors
from mygrad.engine.hooks import RegisteredHook, register
from mygrad.engine.modes import Recording, debugging, guarding, no_autodiff, recording
from mygrad.engine.nans import has_zeros
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    RELEASED,
    SLOW,
    VIEW,
    Copied,
    Handle,
    Node,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.engine.unbroadcast import fit
from mygrad.engine.views import (
    base_of,
    forget,
    gradient_of,
    is_variable,
    link,
    open_view,
    sync,
    touch,
)
from mygrad.errors import InvalidBackprop, InvalidGradient
from mygrad.tensors.methods import Methods

#: NumPy's stubs know arrays only. What is called by this name gets tensors, and returns them.
_np: Any = np
ON = Recording.ON


class Tensor(Methods):
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

    def __new__(
        cls,
        x: Any,
        *,
        dtype: Any = None,
        constant: bool | None = None,
        copy: bool = True,
        ndmin: int = 0,
    ) -> Self:
        if (
            x.__class__ is np.ndarray
            and x.dtype.kind in "fc"
            and constant is None
            and dtype is None
            and not ndmin
        ):
            # As below, of a plain array.
            data = x.copy("K") if copy else x
            return make_handle(cls, data, make_leaf(data, 0 if copy else EXPOSED), True)
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
        if found and debugging.get():
            anomalies.check("mygrad.tensor", [plain], {"dtype": dtype}, data)
        inexact = data.dtype.kind in "fc"
        if constant is False and not inexact:
            leaf_or_error(data)
        if not inexact or constant:
            for tensor in found if not constant else ():
                tensor._leaks(f"was converted to {data.dtype}")
            return make_handle(cls, data, CONSTANT, is_array=True)
        if any(is_variable(tensor) for tensor in found):
            source = x if isinstance(x, Handle) else _stack(x, cls)
            if source._data.ndim < ndmin:
                source = _np.reshape(source, data.shape)
            node = make_node(Copied, (touch(source),), data.shape, data.dtype)
        elif isinstance(x, Handle) and constant is None and x._node in (CONSTANT, CONSTANT_VIEW):
            node = CONSTANT
        else:
            shared = isinstance(plain, np.ndarray) and np.may_share_memory(data, plain)
            node = make_leaf(data, EXPOSED if shared else 0)
        return make_handle(cls, data, node, is_array=True)

    # ------------------------------------------------------------ value and graph

    @property
    def data(self) -> np.ndarray[Any, Any]:
        """The array itself. It is read-only while a graph needs its contents.

        Values of the same shape can be assigned to it: the tensor changes, and no graph hears of it.
        """
        self._value()
        if self._base is not None:
            open_view(self)
        if guarding.get():
            guard.expose(self)
        return self._data

    @data.setter
    def data(self, values: Any) -> None:
        # As under no_autodiff. `x.data -= step` is an update in place, and then an assignment of the same array.
        if values is self._data:  # updated in place
            return
        mine, shape = self._value(), np.shape(values)
        if shape != mine.shape:
            raise ValueError(
                f"tensor.data takes values of the tensor's shape, {mine.shape}; it got some of shape"
                f" {shape}. A tensor keeps its shape; make another, or assign to tensor[...] what broadcasts."
            )
        dtype = getattr(values, "dtype", mine.dtype)
        if dtype != mine.dtype and (dtype.kind in "fc" or not np.can_cast(dtype, mine.dtype)):
            raise TypeError(
                f"tensor.data takes values of the tensor's dtype, {mine.dtype}; it got {dtype}. A tensor keeps"
                " its dtype; make another, or assign to tensor[...] what is to be cast."
            )
        with no_autodiff:
            self[...] = values

    @property
    def creator(self) -> Node | None:
        """The operation that produced the tensor; None for a leaf, a constant, and after backward."""
        node = self._node
        if node.state & RELEASED or not node.visible:
            return None
        return node.inputs[0].shown if node.is_output else node.shown  # type: ignore[index]

    @property
    def base(self) -> Tensor | None:
        """The tensor that this one is a view of."""
        return self._base  # type: ignore[return-value]

    grad = property(
        gradient_of,
        doc="The gradient from the last backward pass, or None.",
    )

    def null_grad(self, *, _clear_view_info: bool = False) -> Tensor:
        """Forget the gradient; returns the tensor."""
        if self._base is not None:
            forget(self._base._node)
        forget(self._node)
        return self

    def null_gradients(self, clear_graph: bool = True) -> None:  # noqa: ARG002 - as MyGrad 2 has it
        """Deprecated, as in MyGrad 2: does nothing. The backward pass releases the graph, and the next use of a tensor
        its gradient.
        """
        warnings.warn(
            "null_gradients() does nothing: remove the call. The backward pass releases the graph by itself, and a"
            " tensor that is used again forgets its gradient; null_grad() makes it do so at once.",
            FutureWarning,
            stacklevel=2,
        )

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
            default ones: a tensor of several elements stands for their sum.
        retain_graph : bool
            Keep the graph, to backpropagate through it again.
        create_graph : bool
            The gradients are tensors with a history: they can be differentiated in turn. Implies
            ``retain_graph``. A tensor then holds a gradient whose graph holds the tensor's own node: such
            a cycle is freed by the garbage collector, or as soon as :meth:`null_grad` is called.
            :func:`mygrad.grad` and its like leave nothing on tensors, hence no cycle.

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
        if self._node.state & VIEW:
            sync(self)
        node = self._node
        if node is CONSTANT or node is CONSTANT_VIEW:
            return
        if node.state & RELEASED:
            raise InvalidBackprop(
                "the graph of this tensor has been released: by a backward() before, even one that an error"
                " ended, or by clear_graph(). Pass retain_graph=True to backpropagate twice, or compute the tensor"
                " again."
            )
        keep = retain_graph or create_graph
        if grad is None and not create_graph:
            if node.shape:
                ones = np.empty(node.shape, node.dtype)
                ones.fill(1)
            else:
                ones = np.array(1, node.dtype)
            Walk().back(node, ones, keep)
            return
        walk = Walk(Tensors(type(self)) if create_graph else ARRAYS)
        cotangent = fit(self._cotangent(grad, create_graph), node, node)
        walk.check_nans = grad is not None and has_zeros(cotangent)
        walk.back(node, cotangent, keep)

    def _cotangent(self, grad: Any, create_graph: bool) -> Any:
        data = self._data
        if grad is None:
            return make_handle(type(self), np.ones(data.shape, data.dtype), CONSTANT)
        value = grad if create_graph and isinstance(grad, Handle) else unwrap(grad, [])
        # A copy: gradients are shared until a user asks for one, and this array is the caller's.
        array = np.array(value._data if isinstance(value, Handle) else value)
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
        if array.dtype.kind == "c" and data.dtype.kind != "c":
            raise InvalidGradient(
                f"backward takes a real gradient of a tensor of dtype {data.dtype}; it got {array.dtype}. If its"
                " real part is meant, pass that."
            )
        if isinstance(value, Handle):
            return value
        array = np.broadcast_to(array, data.shape)
        return make_handle(type(self), array, CONSTANT) if create_graph else array

    def detach(self) -> Tensor:
        """A constant tensor that shares the memory of this one.

        >>> import mygrad as mg
        >>> mg.tensor([1.0, 2.0]).detach().constant
        True
        """
        result = make_handle(type(self), self._value().view(), CONSTANT)
        link(result, self)
        return result

    def register_hook(self, hook: Callable[[Any], Any]) -> RegisteredHook:
        """Have the gradient of this tensor shown to ``hook`` on its way back, to look at it or to change it.

        Parameters
        ----------
        hook : callable
            Is called with the gradient as soon as all of it has arrived: a read-only array of the tensor's
            shape, or a tensor where gradients are computed as tensors (``create_graph``, nested
            transforms). Returns None, or what takes the gradient's place in ``.grad`` and on the way to
            what the tensor was computed from: of the same shape; the tensor's dtype is restored.

        Returns
        -------
        RegisteredHook
            Its method ``remove()`` undoes the registration.

        Raises
        ------
        TypeError
            The tensor is a constant, or ``hook`` cannot be called.
        InvalidGradient
            In the backward pass: ``hook`` returned something else than numbers of the tensor's shape.

        Notes
        -----
        Hooks run in the order of their registration, each on what the one before left, once for each time
        that the gradient is computed. Where no gradient arrives they do not run.

        A hook belongs to the value that the tensor has now. A leaf keeps it from one ``backward()`` to the
        next; any other tensor has lost it once its graph is released. After an update in place, other
        than under :data:`mygrad.no_autodiff`, the tensor has a new value, without hooks. A view's hook is
        shown what comes through the view alone.

        Going forward (``jvp``, ``linearize``, Jacobians of many results) is two backward passes: there a hook
        counts by its derivative, so that it should be linear in the gradient.

        Examples
        --------
        >>> import numpy as np, mygrad as mg
        >>> x = mg.tensor([1.0, 2.0, 3.0])
        >>> hook = x.register_hook(lambda grad: np.clip(grad, -4, 4))
        >>> np.sum(x**2).backward()
        >>> x.grad
        array([2., 4., 4.])
        >>> hook.remove()
        >>> np.sum(x**2).backward()
        >>> x.grad
        array([2., 4., 6.])
        """
        return register(self, hook)

    def copy(self, order: Any = "C", *, constant: bool | None = None) -> Tensor:
        """A copy with ``creator`` None, through which the gradient passes to the original.

        ``constant=True`` cuts the gradient off, as :meth:`detach` does.
        """
        data = self._value().copy(order)
        if constant or (self.constant and constant is None):
            node = CONSTANT
        elif is_variable(self):
            node = make_node(Copied, (touch(self),), data.shape, data.dtype)
        else:
            node = leaf_or_error(data)
        return make_handle(type(self), data, node, base_of(self)._is_array)

    def __copy__(self) -> Tensor:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A leaf of its own, as pickling makes one; :meth:`copy` passes the gradient."""
        self._leaks("was copied by copy.deepcopy, which copies no graph")
        return _rebuild(type(self), self._value().copy("K"), self.constant)

    def __reduce__(self) -> Any:
        """Pickled as a leaf: the values, and whether it is constant; no graph, no gradient."""
        self._leaks("was pickled, which keeps no graph")
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
        if isinstance(order, str) and len(order) > 1:  # as in MyGrad 2: dtype, casting, copy
            order, casting, copy = "K", order, casting if isinstance(casting, bool) else copy
        data = self._value().astype(dtype, order, casting, subok, copy)
        if debugging.get():
            anomalies.check("tensor.astype", [self._data], {"dtype": dtype}, data)
        if data is self._data and (constant is None or constant == self.constant):
            return self
        if data is self._data:
            data = data.copy()
        if constant or (constant is None and (self.constant or data.dtype.kind not in "fc")):
            if not constant:
                self._leaks(f"was converted to {data.dtype}")
            return make_handle(type(self), data, CONSTANT)
        node = (
            make_node(Copied, (touch(self),), data.shape, data.dtype)
            if is_variable(self) and data.dtype.kind in "fc"
            else leaf_or_error(data)
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
        if not kwargs and method == "__call__":
            choose = choosers[ufunc]
            if choose is not None:
                if len(inputs) == 1:
                    return choose(self)
                x, y = inputs
                if x.__class__ in _PLAIN and y.__class__ in _PLAIN:
                    return choose(x, y)
        return call_ufunc(type(self), ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        call = sole.get(function) if len(args) == 1 and not kwargs and args[0] is self else None
        node = self._node
        if call is None or node.state & SLOW or node is CONSTANT or recording.get() is not ON:
            result = shortly(type(self), function, args, kwargs)
        else:
            result = call(type(self), self)
        if result is not NotImplemented:
            return result
        return call_function(type(self), function, types, args, kwargs)

    def __dlpack__(self, **kwargs: Any) -> Any:
        self._leaks("was handed to another library")
        return self.data.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._data.__dlpack_device__()

    def _repr_html_(self) -> str:
        """The display in a notebook: dtype, shape, some of the values, and the graph."""
        page = import_module("mygrad.computational_graph.drawing").page  # only notebooks need it
        return str(page(self))


#: Operands that take no part in the choice of who runs a ufunc.
_PLAIN = NUMBERS | {Tensor, np.ndarray}


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
    # As Tensor(…) would, which costs half a microsecond more.
    return Tensor.__new__(Tensor, arr_like, dtype=dtype, constant=constant, copy=copy, ndmin=ndmin)


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


def _stack(items: Any, tensor_class: type[Tensor]) -> Tensor:
    """The tensor of a nested sequence among whose members are tensors."""
    if isinstance(items, list | tuple):
        return _np.stack([_stack(item, tensor_class) for item in items])
    return items if isinstance(items, Handle) else tensor_class(items, constant=True)  # type: ignore[return-value]


def _rebuild(tensor_class: type[Tensor], data: np.ndarray[Any, Any], constant: bool) -> Tensor:
    return make_handle(tensor_class, data, CONSTANT if constant else make_leaf(data), is_array=True)
