"""In-place updates.

The new values are computed first, then written into the base's memory; the base gets a new node, the old
base with the region replaced. The memory is copied before it is written to only if somebody may still
need what it holds: a rule that kept the array, or a user. Reference counts tell; where they cannot be
trusted, it is copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine import anomalies, guard
from mygrad.engine.backward import Walk
from mygrad.engine.modes import debugging, guarding
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    HOLED,
    NEXT,
    WHOLE,
    Constant,
    Node,
    make_node,
)
from mygrad.engine.regions import Array, Layout, address, window_between
from mygrad.engine.views import (
    base_of,
    frozen,
    getitem,
    holes_in,
    is_basic,
    is_read_only,
    is_variable,
    look,
    repeats,
    sync,
    touch,
    window_of,
)


class Update(Node):
    """A base after an update of a region: the old base with new values there.

    ``saved`` is the window of the view that was updated (None for the base itself), the index into it,
    and the base's layout. The first input is the old base, the second, if any, the new values.
    """

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """Whether NaN may have been overwritten."""
        return bool(self.stale & HOLED)

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


def survivors(shape: tuple[int, ...], index: Any) -> Array:
    """For each value written at ``index`` into an array of ``shape``: whether it is still there."""
    tags = np.zeros(shape, np.intp)
    written = tags[index]
    written = np.arange(written.size).reshape(written.shape)
    tags[index] = written
    return tags[index] == written


def memory_of(tensor: Any) -> Array:
    """The array to write into for an update of ``tensor`` that nothing hinders."""
    if tensor._base is None:
        return tensor._data
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


def is_itself(target: Any, index: Any, value: Array) -> bool:
    """Whether ``target[index] = value`` would write an array over itself."""
    if not is_basic(index):
        return False
    check_writeable(target)
    if target._base is not None:
        sync(target)
    region = target._data[index]
    return (
        isinstance(region, np.ndarray)
        and (region.shape, region.strides, region.dtype)
        == (value.shape, value.strides, value.dtype)
        and address(region) == address(value)
    )


def assign(target: Any, index: Any, value: Any, source: Any = None) -> None:
    """``target[index] = value``, where ``value`` is the array of the tensor ``source``, if of any.

    What NumPy refuses is refused with NumPy's error, and nothing has changed.
    """
    check_writeable(target)
    let_go(target)
    base = base_of(target)
    window = None if base is target else target._window
    copied = is_contended(base)
    data = Layout(base._data).copy(base._data) if copied else base._data
    holes = holes_in(base._node, data) if is_variable(base) else 0
    region = data if window is None else window.look(data)
    region[index] = value
    del region
    # Not before: what is refused forgets no gradient either.
    node = CONSTANT if source is None or not is_variable(source) else touch(source)
    if source is not None and source._base is base:
        let_go(source)
    exposed = 0 if copied else base._node.stale & EXPOSED
    if is_variable(base):
        if node is not CONSTANT:
            holes |= holes_in(node, value)
        old = touch(base)
        base._node = make_node(
            Update,
            (old,) if node is CONSTANT else (old, node),
            data.shape,
            data.dtype,
            saved=(window, frozen(index), Layout(data)),
            stale=exposed | (holes or WHOLE),
        )
    base._data = data
    base._version += NEXT
    if debugging.get() is not None:
        written = (data if window is None else window.look(data))[index]
        anomalies.look("an update in place", [value], {}, written)


def replace(target: Any, value: Any, mask: Any = True) -> None:
    """Give ``target`` the value of ``value``, a new tensor of its shape and dtype, where ``mask`` is true."""
    if mask is not True:
        mask = np.broadcast_to(np.asarray(mask, bool), value._data.shape)
        value = getitem(value, mask)
        assign(target, mask, value._data, value)
    elif (
        target._base is None
        and value._node is not CONSTANT
        and value._data.strides == target._data.strides
        and is_variable(target)
    ):
        check_writeable(target)
        target._data = value._data
        target._node = value._node
        target._version += NEXT
    else:
        assign(target, Ellipsis, value._data, value)


class Reshaped(Node):
    """A base whose shape was assigned."""

    __slots__ = ()

    def pullback(self, walk: Walk, grad: Any) -> None:
        """Give the gradient the old shape."""
        (old,) = self.inputs  # type: ignore[misc]
        walk.add(old, np.reshape(grad, old.shape))


def viewed_in(shape: Any, array: Any) -> Any:
    """A view of ``array`` in another shape; the errors are those of ``array.shape = shape``.

    NumPy deprecates that assignment.
    """
    try:
        return np.reshape(array, shape, copy=False)
    except ValueError:
        np.reshape(array, shape)  # raises its own error if the sizes differ
    raise AttributeError(
        f"no view of this memory has the shape {shape}, so it cannot be assigned; reshape makes a copy"
    )


def reshape_in_place(tensor: Any, shape: Any) -> None:
    """``tensor.shape = shape``, whether operations are recorded or not; views stay views."""
    if tensor._base is not None:
        sync(tensor)
    reshaped = viewed_in(shape, tensor._data)
    if tensor._base is not None:
        writeable = window_of(tensor).writeable
        tensor._window = window_between(reshaped, tensor._base._data)._replace(writeable=writeable)
        tensor._data = reshaped
        if tensor._node is not CONSTANT_VIEW:
            tensor._version = -1  # the node of the new shape is made when next needed
        return
    del reshaped
    if is_contended(tensor):
        # Who needs the old array is not known to the node to come: it gets memory of its own.
        tensor._data = Layout(tensor._data).copy(tensor._data)
    reshaped = viewed_in(shape, tensor._data)
    guard.follow(reshaped)
    if tensor._node is not CONSTANT:
        old = touch(tensor)
        tensor._node = make_node(
            Reshaped, (old,), reshaped.shape, reshaped.dtype, stale=old.stale & EXPOSED
        )
    tensor._data = reshaped
    tensor._version += NEXT
