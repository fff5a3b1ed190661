"""The memory guard: an array that a live graph needs is read-only where a user could write to it.

Only arrays that a user can reach are locked: those passed in, and those handed out by ``.data`` or
``np.asarray``. A lock is an object held by the node that needs the array; when the last lock on an array
goes, the array can be written to again. Graphs made of tensors alone, whose arrays nobody has seen, cost
nothing.
"""

from __future__ import annotations

import sys
from itertools import takewhile
from threading import RLock
from typing import Any
from weakref import ref

import numpy as np

from mygrad.engine.nodes import (
    CONSTANT,
    CONSTANT_VIEW,
    EXPOSED,
    GRADIENT,
    RELEASED,
    USERS_ARRAY,
    VIEW,
    Alias,
    Handle,
    Leaf,
    Node,
    Same,
    insert_below,
    new,
)

Array = np.ndarray[Any, Any]

#: How many locks there are on an array, by its identity; the locks keep the arrays alive.
_locks: dict[int, int] = {}
#: Views that can be written to again once their base, given by its identity, can; each by its own.
_waiting: dict[int, dict[int, ref[Array]]] = {}
#: Views that users were given, by the identity of the array that owns their memory, and that array.
_handed_out: dict[int, tuple[ref[Array], list[ref[Array]]]] = {}
_mutex = RLock()


class Lock:
    """Keeps an array, and the views of it that the guard has closed, read-only while the lock lives."""

    __slots__ = ("_array",)

    _array: Array

    def __del__(self) -> None:
        array = self._array
        key = id(array)
        with _mutex:
            count = _locks[key]
            if count > 1:
                _locks[key] = count - 1
            else:
                del _locks[key]
                _open(array)


def lock(node: Node, array: Array) -> None:
    """Keep ``array``, and with it what it is a view of, read-only until ``node`` lets go of it."""
    root: Any = array if array.base is None else _root(array)
    key = id(root)
    with _mutex:
        count = _locks.get(key, 0)
        if not count:
            if root is None or not is_writeable(root):
                return
            root.setflags(write=False)
        _locks[key] = count + 1
        if not count and key in _handed_out:
            for view in _views_of(root):
                _close(view, root, born_closed=False)
        if root is not array:
            _close(array, root, born_closed=count > 0)
    held = new(Lock)
    held._array = root
    node.locks = (held,) if node.locks is None else (*node.locks, held)


def _root(view: Array) -> Array | None:
    """Of ``view`` and its bases the one to lock: the outermost that the guard may close."""
    base = view.base
    if id(base) in _locks and base.base is None:  # type: ignore[union-attr]
        return base
    for array in reversed((view, *_bases(view))):
        if id(array) in _locks or (is_writeable(array) and _can_be_opened(array)):
            return array
    return None


def _close(view: Array, root: Any, born_closed: bool) -> None:
    """Make ``view`` read-only for as long as ``root``, which it is a view of.

    ``born_closed`` says that ``view`` may be read-only because ``root`` was locked when it was taken.
    """
    family = [view]
    if view.base is not root:
        family.extend(takewhile(lambda base: base is not root, _bases(view)))
    for array in reversed(family):
        if is_writeable(array):
            if not _can_be_opened(array):
                continue
            array.setflags(write=False)
        elif 0 in array.strides or not born_closed:
            continue  # read-only by its nature
        _waiting.setdefault(id(root), {})[id(array)] = ref(array)


def _hand_out(view: Array) -> None:
    """A user is given ``view``: it is to be locked whenever its base is."""
    owner = (_bases(view) or [view])[-1]
    key = id(owner)
    with _mutex:
        if key not in _handed_out:
            _handed_out[key] = (ref(owner, lambda _: _handed_out.pop(key, None)), [])
        known = _handed_out[key][1]
        known[:] = [other for other in known if other() is not None]
        if all(other() is not view for other in known):
            known.append(ref(view))
        if is_locked(owner) and is_writeable(view) and _can_be_opened(view):
            view.flags.writeable = False
            follow(view)


def _views_of(owner: Any) -> list[Array]:
    views = [view() for view in _handed_out[id(owner)][1]]
    return [view for view in views if view is not None]


def follow(view: Array) -> bool:
    """Let ``view``, which was taken of a locked array, be opened when that is."""
    with _mutex:
        for base in _bases(view) if _can_be_opened(view) else ():
            if id(base) in _locks:
                _waiting.setdefault(id(base), {})[id(view)] = ref(view)
                return True
    return False


def _open(array: Array) -> None:
    if array.base is not None and (follow(array) or not _can_be_opened(array)):
        return
    _make_writeable(array)
    for view in _waiting.pop(id(array), {}).values() if _waiting else ():
        waiting = view()
        if waiting is not None and id(waiting) not in _locks:
            _open(waiting)


def _make_writeable(array: Array) -> None:
    """Open ``array``, also where its base is read-only, which NumPy does not like."""
    closed = [*takewhile(lambda base: not is_writeable(base), _bases(array))]
    for base in reversed(closed):
        base.flags.writeable = True
    array.flags.writeable = True
    for base in closed:
        base.flags.writeable = False


def _bases(array: Array) -> list[Array]:
    bases = []
    base: Any = array.base
    while base is not None:
        if isinstance(base, np.ndarray):
            bases.append(base)
        # What NumPy puts between as_strided and its base has one too.
        base = getattr(base, "base", None)
    return bases


def is_writeable(array: Array) -> bool:
    """Whether ``array`` can be written to.

    It reads the bit, NPY_ARRAY_WRITEABLE: NumPy warns who asks results of ``broadcast_arrays`` by name.
    """
    return bool(array.flags.num & 0x0400)


def _can_be_opened(array: Array) -> bool:
    """Whether NumPy lets an array that was closed be opened again."""
    base: Any = array.base
    while isinstance(base, np.ndarray):
        if is_writeable(base) or id(base) in _locks:
            return True
        base = base.base
    if base is None:
        return True
    try:
        return not memoryview(base).readonly
    except TypeError:
        return False


def is_locked(array: Array) -> bool:
    """Whether the guard keeps ``array``, or what it is a view of, read-only."""
    return id(array) in _locks or any(id(base) in _locks for base in _bases(array))


# -------------------------------------------------------- arrays handed out


def _references(tensor: Any) -> int:
    return sys.getrefcount(tensor._data)


def _references_to_base(array: Array) -> int:
    return sys.getrefcount(array.base)


def _calibrate() -> tuple[int, int]:
    if sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)():
        return -1, -1
    probe: Any = Handle()
    probe._data = np.zeros(2)[1:]
    return _references(probe), _references_to_base(probe._data)


_unshared, _unshared_base = _calibrate()


def is_shared(tensor: Any) -> bool:
    """Whether anything but ``tensor`` may need the present contents of its array.

    True where reference counts tell nothing.
    """
    if _references(tensor) > _unshared:
        return True
    if tensor._data.base is None:
        return False
    # A result that is a view of memory which nobody else holds.
    return _references_to_base(tensor._data) > _unshared_base or not _owns(tensor._data.base)


def _owns(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.base is None and array.flags.owndata


def expose(tensor: Any) -> None:
    """The user is handed the array of ``tensor``: it is locked while a graph needs it.

    Operations to come will see that it is exposed. Those that kept the array before are known only by
    what they hold: the array, and the tensor's node. So the node is given to them, with the lock on it,
    and the tensor gets another below it.
    """
    base = tensor if tensor._base is None else tensor._base
    for member in (tensor, base) if tensor is not base else (tensor,):
        node = member._node
        if node is CONSTANT or node is CONSTANT_VIEW or node.state & EXPOSED:
            continue
        if not node.state & RELEASED and (member is tensor or is_shared(member)):
            maker = node.inputs[0] if node.is_output else node
            if _holds(maker.saved, member._data):
                lock(maker, member._data)
            elif _references(member) > _unshared + (tensor._data.base is member._data):
                node = _split(member)
        node.state |= EXPOSED
    if tensor is not base:
        _hand_out(tensor._data)


def _holds(saved: Any, array: Array) -> bool:
    """Whether ``array`` is among what a node keeps; several results it keeps in a tuple of their own."""
    return saved.__class__ is tuple and any(v is array or _holds(v, array) for v in saved)


def _split(tensor: Any) -> Node:
    """Leave the node of ``tensor`` to those that hold it, with a lock; give the tensor a new one."""
    upper = tensor._node
    lower = insert_below(upper, Alias if isinstance(upper, Leaf) else Same)
    upper.grad = None
    upper.state &= ~(VIEW | GRADIENT | USERS_ARRAY)
    lock(upper, tensor._data)
    tensor._node = lower
    return lower
