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
from mygrad.engine.modes import debugging, guarding
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    Constant,
    Node,
    make_node,
)
from mygrad.engine.regions import Array, Layout, address, region_between
from mygrad.engine.views import (
    base_of,
    current_array,
    frozen,
    getitem,
    is_basic,
    is_read_only,
    is_variable,
    nans_in,
    region_of,
    repeats,
    sync,
    touch,
)


class Update(Node):
    """A base after an update of a region: the old base with new values there.

    ``saved`` is the region of the view that was updated (None for the base itself), the index into it,
    and the base's layout. The first input is the old base, the second, if any, the new values.
    """

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """Whether NaN may have been overwritten."""
        return bool(self.has_nan)

    def pullback(self, walk: Any, grad: Any) -> None:
        """Take out the region's gradient for the values, put zero there, hand the rest on."""
        old, *values = self.inputs  # type: ignore[misc]
        region, index, layout = self.saved
        buffer = walk.take(self, grad, layout)
        part = buffer if region is None else walk.gradients.part(buffer, region)
        for value in values:
            taken = part[index].copy()
            if region is not None and region.is_imaginary(self.dtype):
                taken = -taken
            if not is_basic(index) and repeats(index):
                taken = taken * survivors(part.shape, index)
            walk.add(value, taken)
        part[index] = 0
        if old.__class__ is not Constant:
            walk.give(old, buffer)


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
    return current_array(tensor)


def is_contended(base: Any) -> bool:
    """Whether writing to ``base`` in place could change what somebody still needs.

    What is not recorded is written in place, as NumPy would write it, unless a graph needs the old
    contents: a user who holds the array sees the update.
    """
    if is_variable(base) or not guarding.get():
        return guard.is_shared(base)
    if base._node is CONSTANT or base._node.state & EXPOSED:
        return guard.is_locked(base._data)
    return guard.is_shared(base)


def let_go(target: Any) -> None:
    """Let a view forget its array until it is next touched.

    While it is updated it must not count as somebody who needs the old contents.
    """
    if target._base is not None:
        region_of(target)
        target._data = None
        target._version = None


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
    section = target._data[index]
    return (
        isinstance(section, np.ndarray)
        and (section.shape, section.strides, section.dtype)
        == (value.shape, value.strides, value.dtype)
        and address(section) == address(value)
    )


def assign(target: Any, index: Any, value: Any, source: Any = None) -> None:
    """``target[index] = value``, where ``value`` is the array of the tensor ``source``, if of any.

    What NumPy refuses is refused with NumPy's error, and nothing has changed.
    """
    check_writeable(target)
    let_go(target)
    base = base_of(target)
    region = None if base is target else target._region
    copied = is_contended(base)
    data = Layout(base._data).copy(base._data) if copied else base._data
    nans = is_variable(base) and nans_in(base._node, data)
    section = data if region is None else region.of(data)
    section[index] = value
    del section
    # Not before: what is refused forgets no gradient either.
    node = CONSTANT if source is None or not is_variable(source) else touch(source)
    if source is not None and source._base is base:
        let_go(source)
    exposed = 0 if copied else base._node.state & EXPOSED
    if is_variable(base):
        if node is not CONSTANT:
            nans = nans_in(node, value) or nans
        old = touch(base)
        base._node = make_node(
            Update,
            (old,) if node is CONSTANT else (old, node),
            data.shape,
            data.dtype,
            saved=(region, frozen(index), Layout(data)),
            state=exposed,
            has_nan=nans,
        )
    base._data = data
    base._version += 1
    if debugging.get():
        written = (data if region is None else region.of(data))[index]
        anomalies.check("an update in place", [value], {}, written)


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
        target._version += 1
    else:
        assign(target, Ellipsis, value._data, value)


class Reshaped(Node):
    """A base whose shape was assigned."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
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
        writeable = region_of(tensor).writeable
        tensor._region = region_between(reshaped, tensor._base._data)._replace(writeable=writeable)
        tensor._data = reshaped
        if tensor._node is not CONSTANT_VIEW:
            tensor._version = None  # the node of the new shape is made when next needed
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
            Reshaped, (old,), reshaped.shape, reshaped.dtype, state=old.state & EXPOSED
        )
    tensor._data = reshaped
    tensor._version += 1
