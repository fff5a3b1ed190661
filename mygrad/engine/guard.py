"""The memory guard: an array that a live graph needs is read-only where a user could write to it.

Only arrays that user code can access are locked: those passed in, and those returned by ``.data`` or
``np.asarray``. Graphs of tensors whose arrays were never accessed cost nothing.

The nodes that need an array share one :class:`Lock`, an empty object. ``_locks`` maps each locked array to a
:class:`Watch`, a weak reference to that lock: when the last node drops the lock, the watch makes the array
writeable again (opens it). Nothing is counted, so no count can be wrong.

Threads, finalizers run by the garbage collector, and signals may interrupt between any two lines. Therefore an
array is made read-only (closed) after its watch is stored, and opened before the watch is removed. A watch whose
lock is gone still counts as a lock until it has opened the array, unless a new watch has replaced it, which will.
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
)

Array = np.ndarray[Any, Any]

#: NumPy's bit in ``flags.num``; ``flags.writeable`` would warn for results of ``broadcast_arrays``.
WRITEABLE = 0x0400

#: id of an array → the watch of its lock. A watch keeps its array alive, so that the id stays unique.
_locks: dict[int, Watch] = {}
#: id of a base → its views to open when it is opened, by their ids.
_waiting: dict[int, dict[int, ref[Array]]] = {}
#: id of an array that owns memory → the array, and the views of it that users hold.
_handed_out: dict[int, tuple[ref[Array], list[ref[Array]]]] = {}
#: Held while locks are created or removed. Reentrant: the collector may free nodes, and so locks, meanwhile.
_mutex = RLock()


class Lock:
    """Keeps an array, and its views that the guard has closed, read-only while a node holds the lock."""

    __slots__ = ("__weakref__",)


class Watch(ref[Lock]):
    """A weak reference to the lock on ``array`` that opens the array when the lock is gone."""

    __slots__ = ("array",)

    array: Array


def lock(node: Node, array: Array) -> None:
    """Keep ``array`` and its base read-only until ``node`` is released."""
    watch = _locks.get(id(array)) if array.base is None else None
    held = (watch and watch()) or _lock_on(array)
    if held is not None:
        node.locks = (held,) if node.locks is None else (*node.locks, held)


def lock_exposed(node: Node, tensor: Any, array: Array) -> None:
    """Lock ``array``, that of the variable ``tensor``, if user code can access it.

    If only the base of a view was accessed, it is enough to lock the base.
    """
    base = tensor._base
    if tensor._node.state & EXPOSED:
        lock(node, array)
    if base is not None and base._node.state & EXPOSED:
        lock(node, base._data)


def _lock_on(array: Array) -> Lock | None:
    """The lock on ``array``, created if there is none; None if the array is read-only independently of the guard."""
    with _mutex:
        root: Any = array if array.base is None else _root(array)
        key = id(root)
        watch = _locks.get(key)
        was_locked = watch is not None
        if not was_locked and (root is None or not root.flags.num & WRITEABLE):
            return None
        made = Lock()
        watch = Watch(made, _let_go)
        watch.array = root
        held = _locks.setdefault(key, watch)()
        if held is None:  # dropped, but the array not yet opened
            _locks[key] = watch
            held = made
        if held is made:
            root.setflags(False)  # positional: as a keyword it takes three times as long
        if not was_locked and key in _handed_out:
            for view in _views_of(root):
                _close(view, root, born_closed=False)
        if root is not array:
            _close(array, root, born_closed=was_locked)
    return held


def _let_go(watch: Watch, again: bool = True) -> None:
    """Open the array of ``watch``: the last node that needed it has dropped the lock."""
    try:
        array: Any = watch.array
        key = id(array)
        with _mutex:
            if key in _locks and _locks[key] is watch:  # else it has been locked again
                if array.base is None and key not in _waiting:
                    array.setflags(True)
                else:
                    _open(array)
                if key in _locks and _locks[key] is watch:
                    del _locks[key]
    except BaseException:  # from a signal handler, and ignored by Python here: the array must not stay closed because of it
        if again:
            _let_go(watch, again=False)
        raise


def _root(view: Array) -> Array | None:
    """The array to lock for ``view``: the outermost of its bases, or itself, that the guard may close."""
    base = view.base
    if id(base) in _locks and base.base is None:  # type: ignore[union-attr]
        return base
    for array in reversed((view, *_bases(view))):
        if id(array) in _locks or (is_writeable(array) and _can_be_opened(array)):
            return array
    return None


def _close(view: Array, root: Any, born_closed: bool) -> None:
    """Make ``view`` read-only for as long as its base ``root`` is.

    ``born_closed`` is True if ``view`` may be read-only because ``root`` was locked when it was taken.
    """
    family = [view]
    if view.base is not root:
        family.extend(takewhile(lambda base: base is not root, _bases(view)))
    for array in reversed(family):
        if is_writeable(array):
            if _can_be_opened(array):
                _wait(array, root)
                array.flags.writeable = False
        elif (
            born_closed and 0 not in array.strides
        ):  # else it is read-only independently of the guard
            _wait(array, root)


def _wait(view: Array, base: Array) -> None:
    """Register ``view`` to be opened when ``base`` is."""
    _waiting.setdefault(id(base), {})[id(view)] = ref(view)


def _hand_out(view: Array) -> None:
    """Register ``view``, which is returned to the user, to be locked whenever its base is."""
    owner = (_bases(view) or [view])[-1]
    key = id(owner)
    with _mutex:
        if key not in _handed_out:
            _handed_out[key] = (ref(owner, lambda _: _handed_out.pop(key, None)), [])
        known = _handed_out[key][1]
        known[:] = [other for other in known if other() is not None]
        if all(other() is not view for other in known):
            known.append(ref(view))
        if is_writeable(view) and follow(view):
            view.flags.writeable = False


def _views_of(owner: Any) -> list[Array]:
    views = [view() for view in _handed_out[id(owner)][1]]
    return [view for view in views if view is not None]


def follow(view: Array) -> bool:
    """If ``view`` was taken from a locked array, register it to be opened with that and return True."""
    with _mutex:
        for base in _bases(view) if _can_be_opened(view) else ():
            if id(base) in _locks and not is_writeable(base):  # and is not being opened right now
                _wait(view, base)
                return True
    return False


def _open(array: Array) -> None:
    """Open ``array`` and the views registered with it, unless another lock keeps them closed."""
    if array.base is not None and (follow(array) or not _can_be_opened(array)):
        return
    _make_writeable(array)
    key = id(array)
    if key in _waiting:
        for reference in [*_waiting[key].values()]:
            view = reference()
            if view is not None and id(view) not in _locks:
                _open(view)
        if is_writeable(array):  # and has not been locked again
            _waiting.pop(key, None)


def _make_writeable(array: Array) -> None:
    """Open ``array`` even if its base is read-only, which NumPy refuses to do directly."""
    closed = [*takewhile(lambda base: not is_writeable(base), _bases(array))]
    try:
        for base in reversed(closed):
            base.flags.writeable = True
        array.flags.writeable = True
    finally:
        for base in closed:
            base.flags.writeable = False


def _bases(array: Array) -> list[Array]:
    bases = []
    base: Any = array.base
    while base is not None:
        if isinstance(base, np.ndarray):
            bases.append(base)
        # as_strided puts an object that is not an array between a view and its base; it has a base too.
        base = getattr(base, "base", None)
    return bases


def is_writeable(array: Array) -> bool:
    """True if ``array`` can be written to."""
    return bool(array.flags.num & WRITEABLE)


def _can_be_opened(array: Array) -> bool:
    """True if NumPy allows ``array`` to be made writeable again after it was made read-only."""
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
    """True if the guard keeps ``array`` or one of its bases read-only."""
    return id(array) in _locks or any(id(base) in _locks for base in _bases(array))


# -------------------------------------------------- arrays returned to users


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
    """True if anything but ``tensor`` may need the current contents of its array.

    Always True where reference counts are unreliable.
    """
    if _references(tensor) > _unshared:
        return True
    if tensor._data.base is None:
        return False
    # A result may be a view of memory that has no other reference.
    return _references_to_base(tensor._data) > _unshared_base or not _owns(tensor._data.base)


def _owns(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.base is None and array.flags.owndata


def expose(tensor: Any) -> None:
    """Mark the array of ``tensor`` as accessed by the user: it is locked while a graph needs it.

    Later operations see that it is exposed. Earlier ones that saved the array cannot be found from here, but hold
    the tensor's node as an input. So that node keeps the lock for them, and the tensor gets a new node below it.
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
    """True if ``array`` is among the ``saved`` values of a node, or in a tuple of results among them."""
    return saved.__class__ is tuple and any(v is array or _holds(v, array) for v in saved)


def _split(tensor: Any) -> Node:
    """Leave the node of ``tensor``, with a lock, to the nodes that hold it; give the tensor a new one."""
    upper = tensor._node
    lower = insert_below(upper, Alias if isinstance(upper, Leaf) else Same)
    upper.grad = None
    upper.state &= ~(VIEW | GRADIENT | USERS_ARRAY)
    lock(upper, tensor._data)
    tensor._node = lower
    return lower
