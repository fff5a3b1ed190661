"""Views and in-place updates.

A view is a window into its base's memory: a place, a shape and strides. An update of any member of a
family writes into the base's memory, gives the base a new node, and counts the base's version up; each
view notices when it is next touched, and takes its window into the base's memory and graph again. A base
knows nothing of its views.

The memory is copied before it is written to only if somebody may still need what it holds: a rule that
kept the array, or a user. Reference counts tell; where they cannot be trusted, it is copied.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from mygrad import guard
from mygrad.backprop import Layout, Walk
from mygrad.graph import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    GRADIENT,
    NEXT,
    OWNED,
    RELEASED,
    VIEW,
    Constant,
    Handle,
    Node,
    make_handle,
    make_leaf,
    make_node,
)
from mygrad.modes import guarding, recording

Array = np.ndarray[Any, Any]


class Window(NamedTuple):
    """Where a view lies in the memory of its base."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int
    dtype: np.dtype[Any]
    writeable: bool

    def look(self, array: Array) -> Array:
        """The window into ``array``, which is laid out as the base was when the window was made."""
        memory, start = _memory(array)
        if 0 in self.shape:
            view: Array = np.empty(self.shape, self.dtype)
        elif memory is None:
            view = np.asarray(_Interface(self, array))
        else:
            view = np.ndarray(self.shape, self.dtype, memory, start + self.offset, self.strides)
            if not guard.is_writeable(array):
                view.flags.writeable = False
        return view

    @property
    def overlaps(self) -> bool:
        """Whether two of its elements are one in memory."""
        size = self.dtype.itemsize
        for stride, n in sorted((abs(s), n) for s, n in zip(self.strides, self.shape, strict=True)):
            if n > 1:
                if stride < size:
                    return True
                size += stride * (n - 1)
        return False

    def is_imaginary(self, dtype: np.dtype[Any]) -> bool:
        """Whether the window shows imaginary parts of a base of ``dtype``."""
        return self.dtype != dtype and self.offset % dtype.itemsize != 0

    def positions(self, layout: Layout, dtype: np.dtype[Any]) -> Array:
        """For each element, its position in the flattened base."""
        flat = _offsets(layout.shape, layout.strides).ravel()
        mine = _offsets(self.shape, self.strides) + self.offset // dtype.itemsize * dtype.itemsize
        order = np.argsort(flat, kind="stable")
        return order[np.searchsorted(flat, mine, sorter=order)]


def _offsets(shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """How many bytes each element lies behind the first."""
    offsets = np.zeros(shape, np.intp)
    for axis, stride in enumerate(strides):
        steps = np.arange(shape[axis]) * stride
        offsets += steps.reshape((-1,) + (1,) * (offsets.ndim - axis - 1))
    return offsets


def _memory(array: Array) -> tuple[Array | None, int]:
    """A C-contiguous array over the memory of ``array``, and where in it ``array`` begins."""
    if array.flags.c_contiguous:
        return array, 0
    dense = array.transpose(np.argsort([-stride for stride in array.strides], kind="stable"))
    if dense.flags.c_contiguous:
        return dense, 0
    if not isinstance(array.base, np.ndarray):
        return None, 0
    memory, start = _memory(array.base)
    return memory, start + address(array) - address(array.base)


class _Interface:
    """A window by NumPy's array interface, for memory that is no array's."""

    def __init__(self, window: Window, array: Array) -> None:
        self.base = array
        start, read_only = array.__array_interface__["data"]
        self.__array_interface__ = {
            "version": 3,
            "shape": window.shape,
            "strides": window.strides,
            "typestr": window.dtype.str,
            "data": (start + window.offset, read_only),
        }


def address(array: Array) -> int:
    """Where the first element lies."""
    return array.__array_interface__["data"][0]


# ----------------------------------------------------------- views of tensors


def link(view: Any, parent: Any, read_only: bool = False) -> None:
    """Make ``view``, a tensor whose array is a view of ``parent``'s, known as such.

    ``read_only`` says that NumPy makes such views read-only. That the guard keeps the parent so does
    not count.
    """
    base = parent._base
    if base is None:
        base = parent
    view._base = base
    view._version = base._version
    view._window = None
    data = view._data
    if not guard.is_writeable(data):
        if read_only or guard.is_writeable(parent._data) or is_read_only(parent):
            view._window = _window(data, base._data)._replace(writeable=False)
    if view._window is None and (base._data.base is not None or data.base is not base._data):
        view._window = _window(data, base._data)
    if view._node is CONSTANT:
        view._node = CONSTANT_VIEW
    else:
        view._node.stale |= VIEW


def is_read_only(tensor: Any) -> bool:
    """Whether ``tensor`` is read-only by itself, not because the guard locked it."""
    base = tensor
    if tensor._base is not None:
        if tensor._window is not None and not tensor._window.writeable:
            return True
        base = tensor._base
    return not guard.is_writeable(base._data) and not guard.is_locked(base._data)


def _window(view: Array, base: Array) -> Window:
    return Window(view.shape, view.strides, address(view) - address(base), view.dtype, True)


def window_of(view: Any) -> Window:
    """The window that ``view`` is."""
    if view._window is None:
        # The base's memory as it was when the view was taken, wherever the base has moved since.
        view._window = _window(view._data, view._data.base)
    return view._window  # type: ignore[no-any-return]


def look(view: Any) -> Array:
    """The array of ``view``: its window into the base's memory as it is now."""
    window = window_of(view)
    data = window.look(view._base._data)
    if not window.writeable:
        data.flags.writeable = False
    return data


def open_view(view: Any) -> None:
    """See to it that the array of ``view``, if it was taken of a locked base, is opened when that is."""
    if guard.is_writeable(view._data) or is_read_only(view) or guard.follow(view._data):
        return
    view._data = look(view)


def sync(view: Any) -> None:
    """Bring a view up to date with its base."""
    base = view._base
    if view._version == base._version:
        return
    window = window_of(view)
    view._data = look(view)
    view._version = base._version
    if base._node is CONSTANT or view._node is CONSTANT_VIEW:
        view._node = CONSTANT_VIEW
    else:
        view._node = make_node(
            WindowOf,
            (base._node,),
            window.shape,
            window.dtype,
            saved=(window, Layout(base._data)),
            stale=VIEW,
        )


def renew(tensor: Any) -> Node:
    """Start afresh after going back: the tensor becomes a leaf, its gradient is None."""
    tensor._node = make_leaf(tensor._data, tensor._node.stale & EXPOSED)
    tensor._version += NEXT
    return tensor._node


def touch(tensor: Any) -> Node:
    """The node to build on, for a tensor that enters a graph; its gradient is forgotten."""
    node: Node = tensor._node
    stale = node.stale
    if not stale:
        return node
    if stale & VIEW:
        touch(tensor._base)
        sync(tensor)
        node = tensor._node
        if node is CONSTANT_VIEW:
            return CONSTANT
        if node.stale & RELEASED:
            tensor._version = -1
            sync(tensor)
            node = tensor._node
        elif node.stale & GRADIENT:
            forget(node)
    elif stale & RELEASED:
        node = renew(tensor)
    elif stale & GRADIENT:
        forget(node)
    return node


def forget(node: Node) -> None:
    """Drop the gradient that ``node`` holds."""
    node.grad = None
    node.stale &= ~(GRADIENT | OWNED)


class WindowOf(Node):
    """A view, taken from its base after an update: the window into the base's memory."""

    __slots__ = ()

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Add into the window of the base's gradient."""
        (base,) = self.inputs  # type: ignore[misc]
        window, layout = self.saved
        if walk.handle is None and not window.overlaps:
            region = window.look(walk.buffer(base, layout))
            if window.is_imaginary(base.dtype):
                region -= grad
            else:
                region += grad
            return
        if window.is_imaginary(base.dtype):
            grad = -1j * grad
        positions = window.positions(layout, base.dtype)
        walk.add(base, scatter(grad, positions, base.shape))


def scatter(grad: Any, positions: Array, shape: tuple[int, ...]) -> Any:
    """An array of zeros with the elements of ``grad`` added at flat ``positions``."""
    flat = np.zeros_like(grad, shape=(int(np.prod(shape)),))
    np.add.at(flat, positions.ravel(), np.ravel(grad))
    return np.reshape(flat, shape)


class GetItem(Node):
    """``x[index]``."""

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """An element that is not selected may hold anything; slices alone rarely hide such."""
        return not is_basic(self.saved)

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Add into the selected region of the gradient."""
        (parent,) = self.inputs  # type: ignore[misc]
        index = self.saved
        if walk.handle is not None:
            positions = np.arange(int(np.prod(parent.shape))).reshape(parent.shape)[index]
            walk.add(parent, scatter(grad, np.asarray(positions), parent.shape))
        elif repeats(index):
            np.add.at(walk.buffer(parent), index, grad)
        else:
            walk.buffer(parent)[index] += grad


def getitem(tensor: Any, index: Any) -> Any:
    """``tensor[index]``: a view exactly where NumPy makes one."""
    node = tensor._node
    if node.stale & VIEW:
        sync(tensor)
        node = tensor._node
    parent = tensor._data
    data = parent[index]
    if data.__class__ is not np.ndarray:
        data = np.asarray(data)
        is_view = False
    else:
        is_view = is_basic(index)
    if node is CONSTANT or node is CONSTANT_VIEW or not recording.get():
        node = CONSTANT
    else:
        if node.stale:
            node = touch(tensor)
        saved = index if is_view or is_basic(index) else frozen(index)
        node = make_node(GetItem, (node,), data.shape, data.dtype, saved)
    result = make_handle(tensor.__class__, data, node)
    if is_view:
        link(result, tensor)
    return result


# ----------------------------------------------------------- in-place updates


class Update(Node):
    """A base after an update of a region: the old base with new values there.

    ``saved`` is the window of the view that was updated (None for the base itself), the index into it,
    and the base's layout. The first input is the old base, the second, if any, the new values.
    """

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """An element that is overwritten may hold anything; slices alone rarely hide such."""
        return not is_basic(self.saved[1])

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Take out the region's gradient for the values, put zero there, hand the rest on."""
        old, *values = self.inputs  # type: ignore[misc]
        window, index, layout = self.saved
        if walk.handle is not None:
            self._pullback_recorded(walk, grad, old, values)
            return
        buffer = walk.take(self, grad, layout)
        region = buffer if window is None else window.look(buffer)
        for value in values:
            taken = np.array(region[index])
            if window is not None and window.is_imaginary(self.dtype):
                taken = -taken
            if repeats(index):
                taken *= survivors(region.shape, index)
            walk.add(value, taken)
        region[index] = 0
        if old.__class__ is not Constant:
            walk.give(old, buffer)

    def _pullback_recorded(self, walk: Walk, grad: Any, old: Node, values: list[Node]) -> None:
        window, index, layout = self.saved
        if window is None:
            positions = np.arange(int(np.prod(self.shape))).reshape(self.shape)
        else:
            positions = window.positions(layout, self.dtype)
        picked = positions[index]
        part = np.ravel(grad)[picked]
        if window is not None and window.dtype != self.dtype:
            part = (1j * part).real if window.is_imaginary(self.dtype) else part.real
        for value in values:
            if repeats(index):
                part = part * survivors(positions.shape, index)
            walk.add(value, part)
        kept = np.ones(int(np.prod(self.shape)), bool)
        kept[np.ravel(picked)] = False
        keep = kept.reshape(self.shape)
        if window is not None and window.dtype != self.dtype:
            other = 1j * grad.imag if not window.is_imaginary(self.dtype) else grad.real
            walk.add(old, np.where(keep, grad, other))
        else:
            walk.add(old, np.where(keep, grad, 0))


BASIC = frozenset((int, slice, type(None), type(Ellipsis)))


def is_basic(index: Any) -> bool:
    """Whether ``index`` selects a view: integers, slices, None and the ellipsis alone."""
    if index.__class__ in BASIC:
        return True
    if index.__class__ is tuple:
        return all(i.__class__ in BASIC or isinstance(i, np.integer) for i in index)
    return isinstance(index, np.integer)


def repeats(index: Any) -> bool:
    """Whether ``index`` may name an element twice: integer arrays can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        np.ndim(part) > 0 and np.asarray(part).dtype.kind in "iu"
        for part in parts
        if not isinstance(part, slice)
    )


def survivors(shape: tuple[int, ...], index: Any) -> Array:
    """For each value written at ``index`` into an array of ``shape``: whether it is still there."""
    tags = np.zeros(shape, np.intp)
    written = tags[index]
    written = np.arange(written.size).reshape(written.shape)
    tags[index] = written
    return tags[index] == written


def is_variable(tensor: Any) -> bool:
    """Whether an operation on ``tensor`` is to be recorded."""
    node = tensor._node
    return node is not CONSTANT and node is not CONSTANT_VIEW and recording.get()


def base_of(tensor: Any) -> Any:
    """The tensor whose memory ``tensor`` uses: itself, unless it is a view."""
    return tensor if tensor._base is None else tensor._base


def memory_of(tensor: Any) -> Array:
    """The array to write into for an update of ``tensor`` that nothing hinders."""
    if tensor._base is None:
        return tensor._data  # type: ignore[no-any-return]
    sync(tensor)
    return look(tensor)


def is_contended(base: Any) -> bool:
    """Whether writing to ``base`` in place could change what somebody still needs.

    What is not recorded is written in place, as NumPy would write it, unless a graph needs the old
    contents: a user who holds the array sees the update.
    """
    if is_variable(base) or not guarding.get():
        return guard.is_shared(base)
    if base._node is CONSTANT or base._node.stale & EXPOSED:
        return guard.is_locked(base._data)
    return guard.is_shared(base)


def let_go(target: Any) -> None:
    """Let a view forget its array until it is next touched.

    While it is updated it must not count as somebody who needs the old contents.
    """
    if target._base is not None:
        window_of(target)
        target._data = None
        target._version = -1


def is_fleeting(tensor: Any) -> bool:
    """Whether ``tensor`` is a small view of a base that is updated bit by bit.

    What a rule needs of such a view is copied: kept as it is, it would cost a copy of the whole base at
    the next update.
    """
    base = tensor._base
    if base is None or base._version < NEXT:
        return False
    return bool(8 * tensor._data.nbytes <= base._data.nbytes)


def can_write_to(target: Any) -> bool:
    """Whether an update of ``target`` may be written straight into its memory, and be forgotten."""
    base = base_of(target)
    if is_variable(base):
        return False
    let_go(target)
    return not is_contended(base)


def check_writeable(target: Any) -> None:
    """Raise NumPy's error if ``target`` is read-only by itself."""
    if is_read_only(target):
        raise ValueError("assignment destination is read-only")


def assign(target: Any, index: Any, value: Any, node: Node) -> None:
    """``target[index] = value``, where ``node`` is the node of ``value``.

    What NumPy refuses is refused with NumPy's error, and nothing has changed.
    """
    check_writeable(target)
    let_go(target)
    base = base_of(target)
    window = None if base is target else target._window
    copied = is_contended(base)
    data = Layout(base._data).copy(base._data) if copied else base._data
    region = data if window is None else window.look(data)
    region[index] = value
    del region
    exposed = 0 if copied else base._node.stale & EXPOSED
    if is_variable(base):
        old = touch(base)
        base._node = make_node(
            Update,
            (old,) if node is CONSTANT else (old, node),
            data.shape,
            data.dtype,
            saved=(window, frozen(index), Layout(data)),
            stale=exposed,
        )
    base._data = data
    base._version += NEXT


def replace(target: Any, value: Any, mask: Any = True) -> None:
    """Give ``target`` the value of ``value``, a new tensor of its shape and dtype, where ``mask`` is true."""
    data, node = value._data, value._node
    if mask is not True:
        mask = np.array(np.broadcast_to(mask, data.shape))
        data = data[mask]
        if node is not CONSTANT:
            node = make_node(GetItem, (node,), data.shape, data.dtype, mask)
        assign(target, mask, data, node)
    elif (
        target._base is None
        and node is not CONSTANT
        and data.strides == target._data.strides
        and is_variable(target)
    ):
        check_writeable(target)
        target._data = data
        target._node = node
        target._version += NEXT
    else:
        assign(target, Ellipsis, data, node)


class Reshaped(Node):
    """A base whose shape was assigned."""

    __slots__ = ()

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Give the gradient the old shape."""
        (old,) = self.inputs  # type: ignore[misc]
        walk.add(old, np.reshape(grad, old.shape))


def reshape_in_place(tensor: Any, shape: Any) -> None:
    """``tensor.shape = shape``, whether operations are recorded or not; views stay views."""
    if tensor._base is not None:
        sync(tensor)
    reshaped = tensor._data.view()
    reshaped.shape = shape
    guard.follow(reshaped)
    if tensor._base is not None:
        writeable = window_of(tensor).writeable
        tensor._window = _window(reshaped, tensor._base._data)._replace(writeable=writeable)
        tensor._data = reshaped
        if tensor._node is not CONSTANT_VIEW:
            tensor._version = -1  # the node of the new shape is made when next needed
        return
    if tensor._node is not CONSTANT:
        old = touch(tensor)
        tensor._node = make_node(
            Reshaped, (old,), reshaped.shape, reshaped.dtype, stale=old.stale & EXPOSED
        )
    tensor._data = reshaped
    tensor._version += NEXT


def frozen(index: Any) -> Any:
    """``index`` with arrays that nobody else can change."""
    if isinstance(index, tuple):
        return tuple(frozen(part) for part in index)
    return np.array(index) if isinstance(index, np.ndarray | list) else index


# --------------------------------------------------- gradients, as users see them


def _gradient_references(node: Node) -> int:
    return sys.getrefcount(node.grad)


def _calibrate_gradient() -> int:
    if guard._unshared < 0:
        return -1
    probe = make_leaf(np.zeros(1))
    probe.grad = np.zeros(1)
    return _gradient_references(probe)


_unshared_gradient = _calibrate_gradient()


def gradient_of(tensor: Any) -> Any:
    """The gradient that ``tensor`` holds, as an array of its own, or a view of its base's gradient."""
    node = tensor._node
    if node.stale & VIEW:
        return _gradient_of_view(tensor)
    if node.grad is None or node.stale & OWNED or isinstance(node.grad, Handle):
        return node.grad
    mine = (
        node.grad.__class__ is np.ndarray
        and node.grad.base is None
        and node.grad.flags.writeable
        and node.grad.strides == tensor._data.strides
        and _gradient_references(node) <= _unshared_gradient
    )
    if not mine:
        gradient = Layout(tensor._data).zeros(node.dtype)
        gradient[...] = node.grad
        node.grad = gradient
    node.stale |= OWNED
    return node.grad


def _gradient_of_view(view: Any) -> Any:
    gradient = gradient_of(view._base)
    if gradient is None or view._node is CONSTANT_VIEW:
        return None
    if isinstance(gradient, Handle):
        return view._node.grad
    sync(view)
    window = window_of(view)
    region = window.look(gradient)
    return -region if window.is_imaginary(gradient.dtype) else region
