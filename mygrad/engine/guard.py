"""The memory guard: an array that a live graph needs is read-only where a user could write to it.

Only arrays that a user can reach are locked: those passed in, and those handed out by ``.data`` or
``np.asarray``. Graphs made of tensors alone, whose arrays nobody has seen, cost nothing.

The nodes that need an array share one :class:`Lock`, an object without contents. ``_locks`` has for each
locked array a :class:`Watch`, a weak reference to that lock: when the last node lets go of the lock, the watch
opens the array. Nothing is counted, so that no count can be wrong.

Threads, finalizers that the garbage collector runs, and signals may come between any two lines. Therefore an
array is closed after its watch is noted, and opened before the watch is forgotten; a watch whose lock is gone
counts as a lock until it has opened the array, unless another has taken its place: then that one will.
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

#: NumPy's bit in ``flags.num``; it warns who asks results of ``broadcast_arrays`` by name.
WRITEABLE = 0x0400

#: The watches over the locks, by the identity of the array. A watch keeps its array alive, so that no other
#: array can have this identity.
_locks: dict[int, Watch] = {}
#: Views that can be written to again once their base, given by its identity, can; each by its own.
_waiting: dict[int, dict[int, ref[Array]]] = {}
#: Views that users were given, by the identity of the array that owns their memory, and that array.
_handed_out: dict[int, tuple[ref[Array], list[ref[Array]]]] = {}
#: Held by who makes or removes locks. Reentrant: the collector may free nodes, and so locks, meanwhile.
_mutex = RLock()


class Lock:
    """Keeps an array, and the views of it that the guard has closed, read-only while a node holds it."""

    __slots__ = ("__weakref__",)


class Watch(ref[Lock]):
    """Refers to the lock on ``array``, and opens that when the lock is gone."""

    __slots__ = ("array",)

    array: Array


def lock(node: Node, array: Array) -> None:
    """Keep ``array``, and with it what it is a view of, read-only until ``node`` lets go of it."""
    watch = _locks.get(id(array)) if array.base is None else None
    held = (watch and watch()) or _lock_on(array)
    if held is not None:
        node.locks = (held,) if node.locks is None else (*node.locks, held)


def lock_exposed(node: Node, tensor: Any, array: Array) -> None:
    """Lock ``array``, which is that of the variable ``tensor``, if users can reach it.

    Of a view whose own array nobody has seen it is enough to lock what users have of its base.
    """
    base = tensor._base
    if tensor._node.state & EXPOSED:
        lock(node, array)
    if base is not None and base._node.state & EXPOSED:
        lock(node, base._data)


def _lock_on(array: Array) -> Lock | None:
    """The lock on ``array``, a new one unless nodes have it; None if it is read-only by itself."""
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
        if held is None:  # let go of, but not yet opened
            _locks[key] = watch
            held = made
        if held is made:
            root.setflags(False)  # by position: by name it takes three times as long
        if not was_locked and key in _handed_out:
            for view in _views_of(root):
                _close(view, root, born_closed=False)
        if root is not array:
            _close(array, root, born_closed=was_locked)
    return held


def _let_go(watch: Watch, again: bool = True) -> None:
    """Open the array of ``watch``: the last node that needed it has let go of the lock."""
    try:
        array: Any = watch.array
        key = id(array)
        with _mutex:
            if key in _locks and _locks[key] is watch:  # else it has been locked anew
                if array.base is None and key not in _waiting:
                    array.setflags(True)
                else:
                    _open(array)
                if key in _locks and _locks[key] is watch:
                    del _locks[key]
    except (
        BaseException
    ):  # of a signal, which Python ignores here: the array must not stay closed for it
        if again:
            _let_go(watch, again=False)
        raise


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
            if _can_be_opened(array):
                _wait(array, root)
                array.flags.writeable = False
        elif born_closed and 0 not in array.strides:  # else it is read-only by its nature
            _wait(array, root)


def _wait(view: Array, base: Array) -> None:
    """Have ``view`` opened when ``base`` is."""
    _waiting.setdefault(id(base), {})[id(view)] = ref(view)


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
        if is_writeable(view) and follow(view):
            view.flags.writeable = False


def _views_of(owner: Any) -> list[Array]:
    views = [view() for view in _handed_out[id(owner)][1]]
    return [view for view in views if view is not None]


def follow(view: Array) -> bool:
    """Let ``view``, if it was taken of a locked array, be opened when that is; True if so."""
    with _mutex:
        for base in _bases(view) if _can_be_opened(view) else ():
            if id(base) in _locks and not is_writeable(base):  # that is not just being opened
                _wait(view, base)
                return True
    return False


def _open(array: Array) -> None:
    """Open ``array`` and the views that wait for it, unless something else keeps them closed."""
    if array.base is not None and (follow(array) or not _can_be_opened(array)):
        return
    _make_writeable(array)
    key = id(array)
    if key in _waiting:
        for reference in [*_waiting[key].values()]:
            view = reference()
            if view is not None and id(view) not in _locks:
                _open(view)
        if is_writeable(array):  # and has not been locked anew
            _waiting.pop(key, None)


def _make_writeable(array: Array) -> None:
    """Open ``array``, also where its base is read-only, which NumPy does not like."""
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
        # What NumPy puts between as_strided and its base has one too.
        base = getattr(base, "base", None)
    return bases


def is_writeable(array: Array) -> bool:
    """True if ``array`` can be written to."""
    return bool(array.flags.num & WRITEABLE)


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
