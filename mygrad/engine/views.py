"""Views: tensors that share the memory of another.

A view is a region into its base's memory. An update of any member of a family gives the base new values
and a new node, and raises its version (mygrad/engine/inplace.py); each view notices when it is next touched, and
takes its region into the base's memory and graph again. A base knows nothing of its views.
"""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np

from mygrad.engine import guard
from mygrad.engine.modes import Recording, recording
from mygrad.engine.nans import has_nan
from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    GRADIENT,
    RELEASED,
    USERS_ARRAY,
    VIEW,
    Handle,
    Leaf,
    Node,
    creation,
    make_handle,
    make_leaf,
    make_node,
    new,
)
from mygrad.engine.regions import Array, Layout, Region, region_between

_ndarray = np.ndarray
_asarray = np.asarray
OFF = Recording.OFF


def is_variable(tensor: Any) -> bool:
    """Whether an operation on ``tensor`` is to be recorded."""
    node = tensor._node
    return node is not CONSTANT and node is not CONSTANT_VIEW and recording.get() is not OFF


def base_of(tensor: Any) -> Any:
    """The tensor whose memory ``tensor`` uses: itself, unless it is a view."""
    return tensor if tensor._base is None else tensor._base


def link(view: Any, parent: Any, read_only: bool = False, source: Any = None) -> None:
    """Make ``view``, a tensor whose array is a view of ``parent``'s, known as such.

    ``read_only`` says that NumPy makes such views read-only; it has made this one so if ``source``, the
    array that it was taken of, is not. That the guard keeps the parent so does not count.
    """
    base = parent._base
    if base is None:
        base = parent
    view._base = base
    view._version = base._version
    view._region = None
    data = view._data
    if not guard.is_writeable(data) and (
        read_only or (source is not None and guard.is_writeable(source)) or is_read_only(parent)
    ):
        view._region = region_between(data, base._data)._replace(writeable=False)
    if view._region is None and (base._data.base is not None or data.base is not base._data):
        view._region = region_between(data, base._data)
    if view._node is CONSTANT:
        view._node = CONSTANT_VIEW
    else:
        view._node.state |= VIEW


def is_read_only(tensor: Any) -> bool:
    """Whether ``tensor`` is read-only by itself, not because the guard locked it."""
    base = tensor
    if tensor._base is not None:
        if tensor._region is not None and not tensor._region.writeable:
            return True
        base = tensor._base
    return not guard.is_writeable(base._data) and not guard.is_locked(base._data)


def region_of(view: Any) -> Region:
    """The region that ``view`` is."""
    if view._region is None:
        # The base's memory as it was when the view was taken, wherever the base has moved since.
        view._region = region_between(view._data, view._data.base)
    return view._region


def current_array(view: Any) -> Array:
    """The array of ``view``: its region into the base's memory as it is now."""
    region = region_of(view)
    data = region.of(view._base._data)
    if not region.writeable:
        data.flags.writeable = False
    return data


def open_view(view: Any) -> None:
    """See to it that the array of ``view``, if it was taken of a locked base, is opened when that is."""
    if guard.is_writeable(view._data) or is_read_only(view) or guard.follow(view._data):
        return
    view._data = current_array(view)


def sync(view: Any) -> None:
    """Bring a view up to date with its base."""
    base = view._base
    if view._version == base._version:
        return
    region = region_of(view)
    view._data = current_array(view)
    view._version = base._version
    if base._node is CONSTANT or view._node is CONSTANT_VIEW:
        view._node = CONSTANT_VIEW
    else:
        view._node = make_node(
            RegionOfBase,
            (base._node,),
            region.shape,
            region.dtype,
            saved=(region, Layout(base._data)),
            state=VIEW,
            has_nan=True if nans_in(base._node, base._data) else None,
        )


def view_of(base: Any, region: Region) -> Any:
    """The part of ``base``, a tensor that is no view, at ``region``."""
    view = make_handle(type(base), base._data, CONSTANT)
    view._base = base
    view._region = region
    view._version = None
    sync(view)
    return view


def renew(tensor: Any) -> Node:
    """Start afresh after going back: the tensor becomes a leaf, its gradient is None."""
    tensor._node = make_leaf(tensor._data, tensor._node.state & EXPOSED)
    tensor._version += 1
    return tensor._node


def touch(tensor: Any) -> Node:
    """The node to build on, for a tensor that enters a graph; its gradient is forgotten."""
    node: Node = tensor._node
    state = node.state
    if not state:
        return node
    if state & VIEW:
        touch(tensor._base)
        sync(tensor)
        node = tensor._node
        if node is CONSTANT_VIEW:
            return CONSTANT
        if node.state & RELEASED:
            tensor._version = None
            sync(tensor)
            node = tensor._node
        elif node.state & GRADIENT:
            forget(node)
    elif state & RELEASED:
        node = renew(tensor)
    elif state & GRADIENT:
        forget(node)
    return node


def forget(node: Node) -> None:
    """Drop the gradient that ``node`` holds."""
    node.grad = None
    node.state &= ~(GRADIENT | USERS_ARRAY)


def nans_in(node: Node, value: Array) -> bool:
    """True if ``value``, that of ``node``, has NaN in it that an operation may have made.

    An index or an update that leaves NaN out must not send it back: see `backprop`. What is found is
    noted at the node, so that any number of indices cost one look.
    """
    found = node.has_nan
    if found is None:
        found = node.has_nan = node.__class__ is not Leaf and has_nan(value)
    return found


class RegionOfBase(Node):
    """A view, taken from its base after an update: the region into the base's memory."""

    __slots__ = ()

    @property
    def gates(self) -> bool:  # type: ignore[override]
        """Whether the base has NaN outside the region."""
        return bool(self.has_nan)

    def pullback(self, walk: Any, grad: Any) -> None:
        """Add into the region of the base's gradient."""
        (base,) = self.inputs  # type: ignore[misc]
        region, layout = self.saved
        imaginary = region.is_imaginary(base.dtype)
        if not region.overlaps:
            walk.add_part(base, region, layout, -grad if imaginary else grad)
            return
        positions = region.positions(layout, base.dtype)
        walk.add(base, scatter(-1j * grad if imaginary else grad, positions, base.shape))


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
        """Whether NaN may not have been selected."""
        return bool(self.has_nan)

    @staticmethod
    def specialised(
        walk: Any,
        node: GetItem,
        grad: Any,
        grads: dict[Node, Any],
        exclusive: set[Node],
        since: float,
        leave: bool,
    ) -> None:
        """As :meth:`pullback`, of a gradient that is an array."""
        if node.has_nan:
            walk.check_nans = True
        (parent,) = node.inputs  # type: ignore[misc]
        index = node.saved
        if index.__class__ in BASIC and parent in exclusive:
            grads[parent][index] += grad
        else:
            GetItem.pullback(node, walk, grad)
        if leave:
            node.grad = grad
            node.state = node.state & ~USERS_ARRAY | GRADIENT
        if node.order > since:
            node.inputs = node.saved = node.locks = None
            node.state |= RELEASED

    def pullback(self, walk: Any, grad: Any) -> None:
        """Add into the selected part of the gradient."""
        (parent,) = self.inputs  # type: ignore[misc]
        index = self.saved
        walk.add_at(parent, index, grad, repeats=not is_basic(index) and repeats(index))


def placed(grad: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """An array of zeros with ``grad`` added at ``index``: what ``[index]`` sends back."""
    if isinstance(grad, Handle):
        node = touch(grad)
        data = placed(grad._data, index, shape)
        if is_variable(grad):
            node = make_node(Placed, (node,), data.shape, data.dtype, index)
        return make_handle(grad.__class__, data, node)
    if grad.__class__ is np.ndarray:
        zeros = np.zeros(shape, grad.dtype)
    else:
        zeros = np.zeros_like(grad, shape=shape)
    if is_basic(index) or not repeats(index):
        zeros[index] = grad
    else:
        np.add.at(zeros, index, grad)
    return zeros


class Placed(Node):
    """Zeros with values added at an index."""

    __slots__ = ()

    def pullback(self, walk: Any, grad: Any) -> None:
        """Take them out again."""
        (values,) = self.inputs  # type: ignore[misc]
        walk.add(values, grad[self.saved])


def getitem(tensor: Any, index: Any) -> Any:
    """``tensor[index]``: a view exactly where NumPy makes one."""
    node = tensor._node
    if node.state & VIEW:
        sync(tensor)
        node = tensor._node
    parent = tensor._data
    data = parent[index]
    basic = index.__class__ in BASIC or is_basic(index)
    is_view = basic and data.__class__ is _ndarray
    if data.__class__ is not _ndarray:
        data = _asarray(data)
    result = new(tensor.__class__)
    result._data = data
    result._base = None
    result._version = 0
    result._is_array = False
    if node is CONSTANT or node is CONSTANT_VIEW or recording.get() is OFF:
        result._node = CONSTANT
    else:
        if node.state & ~EXPOSED:
            node = touch(tensor)
        nans = node.__class__ is not Leaf and nans_in(node, parent)
        # As `make_node` does: single elements are read in loops.
        result._node = made = new(GetItem)
        made.inputs = (node,)
        made.saved = index if basic else frozen(index)
        made.plan = made.grad = made.locks = None
        made.shape = data.shape
        made.dtype = data.dtype
        made.order = creation()
        made.state = 0
        # No part of a view without NaN needs to be looked at again.
        made.has_nan = nans if nans or is_view else None
    if is_view:
        link(result, tensor)
    return result


def is_fleeting(tensor: Any) -> bool:
    """Whether ``tensor`` is a small view of a base that is updated bit by bit.

    What a rule needs of such a view is copied: kept as it is, it would cost a copy of the whole base at
    the next update.
    """
    base = tensor._base
    if base is None or not base._version:
        return False
    return bool(8 * tensor._data.nbytes <= base._data.nbytes)


# -------------------------------------------------------------------- indices

BASIC = frozenset((int, slice, type(None), type(Ellipsis)))


def is_basic(index: Any) -> bool:
    """Whether ``index`` selects a view: integers, slices, None and the ellipsis alone."""
    if index.__class__ in BASIC:
        return True
    if index.__class__ is tuple:
        return BASIC.issuperset(map(type, index)) or all(
            part.__class__ in BASIC or isinstance(part, np.integer) for part in index
        )
    return isinstance(index, np.integer)


def repeats(index: Any) -> bool:
    """Whether ``index`` may name an element twice: integer arrays can."""
    parts = index if isinstance(index, tuple) else (index,)
    return any(
        np.ndim(part) > 0 and np.asarray(part).dtype.kind in "iu"
        for part in parts
        if not isinstance(part, slice)
    )


def frozen(index: Any) -> Any:
    """``index`` with arrays that nobody else can change."""
    if isinstance(index, tuple):
        return tuple(frozen(part) for part in index)
    if isinstance(index, list) and not index:
        return np.zeros(0, np.intp)  # NumPy takes [] for no integers, not for no floats
    return np.array(index) if isinstance(index, np.ndarray | list) else index


# --------------------------------------------------- gradients, as users see them


def _gradient_references(node: Node) -> int:
    gradient = node.grad
    return getrefcount(gradient)  # asked as in `gradient_of`


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
    state = node.state
    if state & VIEW:
        return _gradient_of_view(tensor)
    gradient = node.grad
    if gradient is None or state & USERS_ARRAY or isinstance(gradient, Handle):
        return gradient
    if not (
        gradient.__class__ is _ndarray
        and gradient.base is None
        and gradient.flags.writeable
        and gradient.strides == tensor._data.strides
        and getrefcount(gradient) <= _unshared_gradient
    ):
        node.grad = Layout(tensor._data).zeros(node.dtype)
        node.grad[...] = gradient
    node.state = state | USERS_ARRAY
    return node.grad


def _gradient_of_view(view: Any) -> Any:
    gradient = gradient_of(view._base)
    if gradient is None or view._node is CONSTANT_VIEW:
        return None
    if isinstance(gradient, Handle):
        return view._node.grad
    sync(view)
    region = region_of(view)
    section = region.of(gradient)
    return -section if region.is_imaginary(gradient.dtype) else section
