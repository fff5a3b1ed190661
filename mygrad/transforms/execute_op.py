"""Runs operations written as MyGrad 2 has them: see :mod:`mygrad.operation_base`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.general import leaf_or_error, link_views, lock_reachable, wrap
from mygrad.dispatch.mygrad2 import checked
from mygrad.dispatch.out import check_outputs
from mygrad.engine.inplace import replace
from mygrad.engine.modes import Recording, every, guarding, leak_check, recording
from mygrad.engine.nodes import (
    CONSTANT,
    EXPOSED,
    Handle,
    Node,
    Same,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.engine.unbroadcast import broadcasts_to
from mygrad.engine.views import is_fleeting, is_variable, touch
from mygrad.errors import GradientLost, InvalidBackprop, InvalidGradient, MyGradException
from mygrad.functions.mirror import as_one
from mygrad.operation_base import Operation, Ufunc
from mygrad.tensors.tensor import Tensor


def execute_op(
    Op: type[Operation],
    *input_vars: Any,
    op_args: Sequence[Any] | None = None,
    op_kwargs: dict[str, Any] | None = None,
    constant: bool | None = None,
    out: Any = None,
) -> Tensor:
    """Run an operation that is written as a subclass of :class:`mygrad.operation_base.Operation`.

    Parameters
    ----------
    Op : type of Operation
        An instance is made, and called with ``(*inputs, *op_args, **op_kwargs)``.
    *input_vars : array_like
        Become tensors, which share the memory of arrays; these are read-only while a graph needs them.
    op_args : sequence, optional
    op_kwargs : dict, optional
    constant : bool, optional
        As anywhere: True for a result without gradient, False for a variable even if no input is one.
    out : Tensor or ndarray, optional
        Gets the result, and is returned. An array cannot carry a gradient: it is refused where there is one.

    Returns
    -------
    Tensor
        Its ``creator`` is the instance.

    Raises
    ------
    TypeError
        ``Op`` is no such class; ``op_args`` is no sequence; or though an input carries a gradient, ``__call__``
        set no ``variables``, or put something else than tensors there.
    InvalidGradient
        In the backward pass: ``backward_var`` returned no array, one of a shape that does not fit, or complex numbers
        where all is real.
    InvalidBackprop
        In a backward pass with ``create_graph``: the operation has first derivatives only.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.operation_base import Operation
    >>> class Clamp(Operation):
    ...     def __call__(self, x, limit):
    ...         self.variables = (x,)
    ...         self.inside = np.abs(x.data) < limit
    ...         return np.clip(x.data, -limit, limit)
    ...
    ...     def backward_var(self, grad, index, **kwargs):
    ...         return grad * self.inside
    >>> x = mg.tensor([1.0, 5.0])
    >>> y = mg.execute_op(Clamp, x, op_args=(2.0,))
    >>> y.creator.inside
    array([ True, False])
    >>> y.backward()
    >>> x.grad
    array([1., 0.])
    """
    given_class: Any = Op
    if not (isinstance(given_class, type) and issubclass(given_class, Operation)):
        raise TypeError(
            "execute_op takes a class derived from mygrad.operation_base.Operation, then the inputs; it got"
            f" {Op!r}. An operation declared by mygrad.implements is run by calling its function."
        )
    checked("execute_op", constant)
    args, kwargs = _arguments(Op, op_args, op_kwargs)
    given: list[Any] = [as_one(value, None) for value in input_vars]
    inputs = [_snapshot(value) for value in given]
    op = Op()
    token = recording.set(Recording.OFF)
    try:
        result: Any = op(*inputs, *args, **kwargs)
    finally:
        recording.reset(token)
    data = np.asarray(unwrap(result, []))
    if any(
        not isinstance(value, Handle) and np.may_share_memory(data, each._data)
        for value, each in zip(given, inputs, strict=True)
    ):
        data = data.copy()  # no update of the result may reach an array of the user's
    sources = {id(each): value for each, value in zip(inputs, given, strict=True)}
    varying = [value for value in given if _varies(value)] if constant is not True else []
    if varying and not isinstance(getattr(op, "variables", None), tuple | list):
        raise TypeError(
            f"{Op.__name__}.__call__ must set self.variables: a tuple of those of its arguments that"
            " backward_var can be asked for"
        )
    variables = op.variables if varying else ()
    for variable in variables:
        if not isinstance(variable, Handle):
            raise TypeError(
                f"{Op.__name__}.__call__ put {type(variable).__name__} into self.variables: no gradient could"
                " reach it. Put the tensors there that it was called with, not their data."
            )
    of_variables = enumerate(sources.get(id(v), v) for v in variables)
    wanted = [(i, source) for i, source in of_variables if _varies(source)]
    for value in varying if leak_check.get() is not None else ():
        if not any(value is source for _, source in wanted):
            value._leaks(f"is none of the variables that {Op.__name__} set")
    if not wanted:
        tensor = Tensor(data, constant=constant is not False, copy=False)
    else:
        tensor = _recorded(op, given, inputs, wanted, (args, kwargs), data)
        if constant is False and tensor.constant:
            tensor._node = leaf_or_error(data)
    if out is not None:
        return _into(out, tensor, op)
    tensors = [value for value in given if isinstance(value, Handle)]
    arrays = [each._data for each, v in zip(inputs, given, strict=True) if isinstance(v, Handle)]
    link_views(_Linked, tensor, tensors, arrays)
    return tensor


def _arguments(Op: type[Operation], op_args: Any, op_kwargs: Any) -> tuple[tuple[Any, ...], Any]:
    """The arguments of ``Op.__call__`` after the inputs, by position and by name."""
    args: Any = () if op_args is None else op_args
    kwargs: Any = {} if op_kwargs is None else op_kwargs
    if not isinstance(args, Iterable) or isinstance(args, str):
        raise TypeError(
            f"execute_op: op_args is a tuple of what {Op.__name__}.__call__ takes after the inputs, not"
            f" {op_args!r}"
        )
    if not isinstance(kwargs, Mapping):
        raise TypeError(
            f"execute_op: op_kwargs is a dict of what {Op.__name__}.__call__ takes by name, not {op_kwargs!r}"
        )
    return tuple(args), kwargs


class _Linked:
    """The attributes of an operation that `link_views` reads."""

    read_only = False


def _varies(value: Any) -> bool:
    return isinstance(value, Handle) and is_variable(value)


def _snapshot(value: Any) -> Tensor:
    """A snapshot of an input for the operation: later updates of the tensor do not reach it."""
    if not isinstance(value, Handle):
        return Tensor(value, constant=True, copy=False)
    data = value._value()  # type: ignore[attr-defined]
    if is_fleeting(value):
        data = data.copy()
    constant = value.constant  # type: ignore[attr-defined]
    return make_handle(Tensor, data, CONSTANT if constant else make_leaf(data, EXPOSED))


def _recorded(
    op: Operation, given: list[Any], inputs: list[Any], wanted: list[Any], rest: Any, data: Any
) -> Tensor:
    mask: Any = op.where
    if mask is not True:
        mask = np.array(unwrap(mask, []))
    args, kwargs = rest
    call = Call(op, inputs, [index for index, _ in wanted], args, kwargs, mask)
    nodes = tuple(touch(source) for _, source in wanted)
    saved: tuple[Any, ...] = (call,)
    if any(
        isinstance(kept, np.ndarray) and np.may_share_memory(kept, data)
        for kept in vars(op).values()
    ):
        saved = (call, data)  # where those look who ask whether an array is still needed
    node = make_node(node_class(type(op)), nodes, data.shape, data.dtype, saved)
    tensor = wrap(node, data, Tensor)
    if guarding.get() and not tensor.constant:
        for value, each in zip(given, inputs, strict=True):
            lock_reachable(node, value, each._data)
    return tensor


def _into(out: Any, tensor: Any, op: Operation) -> Any:
    """``out``, holding the value of ``tensor``."""
    name = type(op).__name__
    is_array = isinstance(out, np.ndarray)
    if not (is_array or isinstance(out, Handle)):
        raise TypeError(f"execute_op: out is a tensor or an array, not {type(out).__name__}")
    if not tensor.constant:
        check_outputs(type(op), (out,), [tensor])
    mask = unwrap(op.where, []) if isinstance(op, Ufunc) else True
    if out.shape != tensor.shape:
        raise ValueError(
            f"{name} gave a result of shape {tensor.shape}, and out has shape {out.shape}"
        )
    if not np.can_cast(tensor.dtype, out.dtype, "same_kind"):
        raise TypeError(f"{name} gave {tensor.dtype}, which out of {out.dtype} cannot hold")
    if is_array:
        np.copyto(out, tensor._data, where=mask)
        return make_handle(Tensor, out, CONSTANT)
    if tensor.dtype != out.dtype:
        tensor = tensor.astype(out.dtype)
    replace(out, tensor, mask)
    return out


class Call(NamedTuple):
    """An instance of an operation and what it was called with; ``wanted`` are indices of its variables."""

    op: Operation
    inputs: list[Any]
    wanted: list[int]
    args: Any
    kwargs: Any
    mask: Any


@cache
def node_class(operation: type[Operation]) -> type[Node]:
    """The class of the nodes of ``operation``, by whose name users know them."""
    return type(operation.__name__, (Custom,), {"__slots__": (), "__doc__": operation.__doc__})


class Custom(Node):
    """A call of such an operation."""

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """True if entries of the inputs were left out."""
        return self.saved[0].mask is not True

    @property
    def shown(self) -> Any:
        """The instance of the user's class."""
        return self.saved[0].op

    def pullback(self, walk: Any, grad: Any) -> None:
        """Ask for the gradient of each variable that carries one."""
        call: Call = self.saved[0]
        op: Any = call.op
        recorded = isinstance(grad, Handle)
        if not recorded:
            if not isinstance(grad, np.ndarray | np.generic | float | complex):
                raise TypeError("such an operation takes one gradient at a time")
            grad = np.asarray(grad)
        elif call.wanted:
            op = self._revived(walk)
        inputs: Any = self.inputs
        if call.mask is not True and isinstance(op, Ufunc):
            grad = np.where(call.mask, grad, 0)
        for index, node in zip(call.wanted, inputs, strict=True):
            gradient = self._gradient(op, index, grad)
            if isinstance(gradient, Handle) and not recorded:
                gradient = gradient._value()  # type: ignore[attr-defined]
            gradient = self._checked(gradient, index, node)
            if recorded and not isinstance(gradient, Handle):
                gradient = walk.gradients.value(gradient, CONSTANT)
            walk.add(node, gradient)

    def _gradient(self, op: Any, index: int, grad: Any) -> Any:
        """The gradient that the rule returns, given copies that it may write to."""
        if isinstance(grad, Handle):
            own = make_handle(Live, *_parts(grad.copy()))  # type: ignore[attr-defined]
            gradient = _differentiably(op, lambda: op.backward_var(own, index))
            if isinstance(gradient, Handle):
                return make_handle(Tensor, *_parts(gradient))
            return gradient
        token = recording.set(Recording.OFF)
        try:
            return op.backward_var(grad.copy(), index)
        finally:
            recording.reset(token)

    def _checked(self, gradient: Any, index: int, node: Node) -> Any:
        """The gradient, if it is one, with the shape of the variable."""
        op, mask = self.saved[0].op, self.saved[0].mask
        rule = f"{type(op).__name__}.backward_var(grad, index={index})"
        if isinstance(gradient, int | float | complex):
            gradient = np.asarray(gradient)
        is_array = isinstance(gradient, np.ndarray | np.generic | Handle)
        if not is_array or gradient.dtype.kind not in "biufc":
            raise InvalidGradient(
                f"{rule} returned {gradient!r}; it takes an array of numbers of the shape of the variable,"
                f" {node.shape}, or of one that this was broadcast to"
            )
        if mask is not True and broadcasts_to(mask.shape, gradient.shape):
            gradient = np.where(mask, gradient, 0)
        self._check_kind(gradient, node, rule)
        summed = op.grad_post_process_fn(gradient, node.shape)
        if summed.shape != node.shape:
            raise InvalidGradient(
                f"{rule} returned an array of shape {gradient.shape}; the variable has shape {node.shape}."
                " Return an array of that shape, or of one that it was broadcast to."
            )
        return summed

    def _check_kind(self, gradient: Any, node: Node, rule: str) -> None:
        """Refuse a gradient of which a part would be lost, or count more than once."""
        call: Call = self.saved[0]
        inputs = [each._data for each in call.inputs]
        kinds = {self.dtype.kind, node.dtype.kind, *(data.dtype.kind for data in inputs)}
        if "c" not in kinds and gradient.dtype.kind == "c" and not _is_nearly_real(gradient):
            raise InvalidGradient(
                f"{rule} returned complex numbers, and the variable, the result and all inputs are real. If"
                " their real part is the gradient, return that."
            )
        if type(call.op).grad_post_process_fn is not Operation.grad_post_process_fn:
            return
        counted = _repeated(gradient.shape, node.shape)
        shapes = [self.shape, *(data.shape for data in inputs)]
        if counted and not any(broadcasts_to(counted, shape) for shape in shapes):
            raise InvalidGradient(
                f"{rule} returned an array of shape {gradient.shape}; the variable has shape {node.shape}, and"
                f" was broadcast neither to the result, of shape {self.shape}, nor to another input. Return an"
                " array of the shape of the variable."
            )

    def _revived(self, walk: Any) -> Any:
        """The operation, called again on tensors that carry the history of the variables."""
        op, inputs, wanted, args, kwargs, _ = self.saved[0]
        nodes = dict(zip(wanted, self.inputs or (), strict=True))
        alive = {id(op.variables[i]): node for i, node in nodes.items()}
        if not alive.keys() <= {id(each) for each in inputs}:
            raise _first_only(op, "one of its variables is none of its inputs")
        live = [
            make_handle(
                Live, *_parts(walk.gradients.value(each._data, alive.get(id(each), CONSTANT)))
            )
            for each in inputs
        ]
        again: Any = type(op)()
        _differentiably(op, lambda: again(*live, *args, **kwargs))
        for name, value in vars(op).items():
            if name != "variables" and not _same(value, vars(again).get(name)):
                raise _first_only(op, f"called once more, it computed another self.{name}")
        return again


class Live(Tensor):
    """A tensor whose ``data`` is itself: code written for arrays is recorded."""

    __slots__ = ()

    @property
    def data(self) -> Any:
        """The tensor itself, with its history."""
        return self

    @data.setter
    def data(self, values: Any) -> None:
        """Record ``tensor.data += …``, which on arrays is an update in place."""
        if values is not self:
            self[...] = values


def _parts(tensor: Any) -> tuple[Any, Node]:
    """The array of ``tensor``, and a node for a tensor that is no view and has no gradient."""
    data, node = tensor._value(), touch(tensor)
    return data, make_node(Same, (node,), node.shape, node.dtype) if node.state else node


def _differentiably(op: Operation, run: Any) -> Any:
    """The result of ``run()``, computed without losing the gradient of a tensor."""
    token = leak_check.set(every)
    try:
        return run()
    except GradientLost as error:
        raise _first_only(op, str(error)) from error
    except MyGradException:
        raise
    except Exception as error:
        raise _first_only(op, f"on tensors it raises {type(error).__name__}: {error}") from error
    finally:
        leak_check.reset(token)


def _first_only(op: Operation, why: str) -> InvalidBackprop:
    return InvalidBackprop(
        f"{type(op).__name__} has first derivatives only: {why.rstrip('.')}. For higher ones its __call__ and"
        " backward_var must be NumPy functions and operators alone, and do the same each time they are run."
    )


def _same(one: Any, other: Any) -> bool:
    """True if two runs left the same values, as far as numbers tell."""
    one, other = unwrap(one, []), unwrap(other, [])
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if not isinstance(one, np.ndarray | np.generic | int | float | complex):
        return True
    if np.shape(one) != np.shape(other):
        return False
    return bool(np.all((one == other) | ((one != one) & (other != other))))  # noqa: PLR0124 - NaN


def _repeated(shape: tuple[int, ...], of: tuple[int, ...]) -> tuple[int, ...]:
    """``shape`` from the first axis along which an array of the shape ``of`` is repeated in it."""
    padded = (1,) * (len(shape) - len(of)) + of
    if len(padded) > len(shape):
        return ()  # too few axes
    repeated = [i for i, (a, b) in enumerate(zip(shape, padded, strict=True)) if b == 1 != a]
    return shape[repeated[0] :] if repeated else ()


def _is_nearly_real(gradient: Any) -> bool:
    """True if the imaginary part is no larger than rounding."""
    data = unwrap(gradient, [])
    scale = np.max(np.abs(data), initial=0, where=np.isfinite(data))
    return bool(np.all(np.abs(data.imag) <= np.sqrt(np.finfo(data.dtype).eps) * scale))
