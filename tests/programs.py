"""Random programs of views and updates, run on tensors and on complex arrays side by side.

A reference array holds the value in its real part and the derivative along one direction, times
``STEP``, in its imaginary part. ``STEP`` is far below rounding, so that NumPy itself differentiates
the program exactly (the complex step). Constants are read without their imaginary part. The choices
depend only on shapes, so that a program can be run again from other values; a few decisions that
depend on values are recorded.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from mygrad.engine.modes import no_autodiff
from mygrad.engine.nodes import RELEASED, Leaf
from mygrad.engine.regions import Layout, region_between
from mygrad.errors import InvalidBackprop
from mygrad.tensors.tensor import Tensor

STEP = 1e-20
REFUSALS = (ValueError, IndexError, TypeError, AttributeError)
SHAPES = [(), (3,), (4,), (2, 3), (3, 3), (3, 2), (1, 3), (2, 2, 2), (2, 1, 3), (0,), (2, 0)]
AUGMENTED = [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow]
AUGMENTED += [operator.imod, operator.ifloordiv]


class OtherDecision(Exception):
    """Running the program from other values would lead to other decisions."""


class Family:
    """A base and its views: their node in the graph, and True if they are constant."""

    def __init__(self, root: Variable, node: int, constant: bool) -> None:
        self.root = root
        self.node = node
        self.constant = constant


class Variable:
    """A variable of the program: the tensor, the complex array, and their family."""

    def __init__(self, tensor: Any, array: Any, constant: bool) -> None:
        self.tensor = tensor
        self.array = array
        self.constant = constant
        self.family: Family
        self.tokens: frozenset[Any] = frozenset()
        self.born = 0


def close(value: Any, expected: Any, scale: float = 1.0) -> bool:
    """Equal up to rounding."""
    largest = max(scale, float(np.max(np.abs(expected), initial=0)))
    return bool(np.all(np.abs(value - expected) <= 1e-9 * largest))


class Program:
    """One program. ``random`` makes the choices; assertions compare tensors with NumPy."""

    def __init__(
        self,
        below: Callable[[int], int],
        *,
        inject: int | None = None,
        shift: float = 0.0,
        losses: bool = True,
        decisions: list[bool] | None = None,
    ) -> None:
        self.draw = below
        self.choices: list[int] = []
        self.expected = decisions  # the decisions of the program that is run again
        self.decisions: list[bool] = []
        self.inject = inject  # a node: only its value carries an imaginary part
        self.injected: Any = 0
        self.shift = shift  # the shifts of the leaves along a direction
        self.has_losses = losses
        self.drawn = 0
        self.names: list[Variable] = []
        self.leaves: list[tuple[Any, Any]] = []  # tensors whose gradients are checked; directions
        self.shifts: list[Any] = []  # their shifts
        self.inputs: dict[int, frozenset[int]] = {}  # node → nodes that it certainly depends on
        self.perhaps: dict[int, frozenset[Any]] = {}  # node → all that it may depend on
        self.leaf_nodes: set[int] = set()
        self.doubtful: set[int] = set()  # nodes of updates that may have changed nothing
        self.released: set[Any] = set()
        self.renewed: list[
            tuple[Family, int]
        ] = []  # what the update used again, and its node before
        self.recording = True
        self.arrays: list[tuple[Any, Any, Any]] = []  # the user's: array, its reference, its tensor
        self.losses: list[Any] = []
        self.gradients: list[tuple[int, int, Any]] = []

    # -------------------------------------------------------------- choices

    def below(self, n: int) -> int:
        choice = self.draw(n)
        self.choices.append(choice)
        return choice

    def decide(self, holds: Any) -> bool:
        """Record a decision that depends on values, which a shift of the leaves may change."""
        self.decisions.append(bool(holds))
        if self.expected is not None and self.expected[len(self.decisions) - 1] != bool(holds):
            raise OtherDecision
        return bool(holds)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, items: Any) -> Any:
        return items[self.below(len(items))]

    def values(self, shape: tuple[int, ...]) -> Any:
        """Distinct numbers between a half and one and a half."""
        size = int(np.prod(shape))
        self.drawn += size
        return 0.5 + np.arange(self.drawn - size, self.drawn).reshape(shape) * 0.618033988749895 % 1

    def index(self, shape: tuple[int, ...]) -> Any:
        """A random index for an array of ``shape``."""
        kind = self.below(8)
        if kind == 0:
            return ...
        if kind == 1 and shape:
            return self.values(shape) > 0.9
        if kind == 2 and shape and shape[0]:
            return [self.below(shape[0]) for _ in range(1 + self.below(3))]
        advanced = kind in (3, 4)
        count = 1 + self.below(3)
        parts: list[Any] = []
        for length in shape[: self.below(len(shape) + 1) + 1]:
            choice = self.below(6)
            if advanced and choice < 3 and length:
                picked = np.array([self.below(length) for _ in range(count)])
                parts.append(picked if choice else picked - length)
            elif choice == 0 and length:
                parts.append(self.below(2 * length) - length)
            elif choice == 1:
                parts.append(slice(None, None, -1))
            elif choice == 2:
                parts.append(slice(self.below(2), None, 1 + self.below(2)))
            elif choice == 3:
                parts.append(slice(None, -1))
            else:
                parts.append(slice(None))
        if self.chance(15):
            parts.insert(self.below(len(parts) + 1), None)
        if self.chance(15) and len(parts) < len(shape):
            parts.append(...)
        if advanced and self.chance(20) and parts and isinstance(parts[0], np.ndarray):
            parts[0] = Tensor(parts[0])
        return parts[0] if len(parts) == 1 and self.chance(50) else tuple(parts)

    # ------------------------------------------------------- names and nodes

    def node(self, inputs: Any = (), perhaps: Any = ()) -> int:
        name = len(self.inputs) + 1
        self.inputs[name] = frozenset(inputs)
        self.perhaps[name] = frozenset(inputs) | frozenset(perhaps)
        return name

    def found(self, root: Variable, node: int, constant: bool) -> Variable:
        """A new family."""
        root.family = Family(root, node, constant)
        root.constant = constant
        if not constant:
            self.perturb(root)
        return root

    def perturb(self, root: Variable) -> None:
        """Give ``root`` an imaginary part, if the derivative is taken with respect to it."""
        if root.family.node == self.inject:
            self.injected = np.cos(3 * np.arange(np.size(root.array)) + 1).reshape(root.array.shape)
            if isinstance(root.array, np.ndarray):
                root.array += 1j * STEP * self.injected
            else:
                root.array = root.array + 1j * STEP * self.injected

    def direction(self, shape: tuple[int, ...]) -> Any:
        return np.cos(3 * self.values(shape))

    def leaf(self) -> Variable:
        """A variable or a constant of one of several kinds."""
        shape = self.pick(SHAPES)
        kind = self.below(8)
        if kind == 2 and not self.recording:
            kind = 5  # the copy would be a leaf
        shift = np.sin(9 * self.values(shape)) * (kind < 5)
        value = np.array(self.values(shape) + self.shift * shift)
        constant = kind == 7
        array = np.array(value, complex)
        if kind == 0 and value.ndim == 2:  # a user's non-contiguous array
            value, array, shift = (np.asfortranarray(a)[::-1] for a in (value, array, shift))
        if kind < 2 and value.size:
            tensor = Tensor(value, copy=False)
            self.arrays.append((value, array.copy(), None))
        else:
            tensor = Tensor(value, constant=constant or None)
        if kind == 2:  # the leaf itself is kept aside, so that its copy may be updated
            source, tensor = tensor, tensor.copy()
        else:
            source = tensor
        root = Variable(tensor, array, constant)
        if kind in (0, 1, 2, 3, 4):
            direction = self.direction(shape)
            if self.inject is None:
                array += 1j * STEP * direction
            self.leaves.append((source, direction))
            self.shifts.append(shift)
        node = self.node()
        if kind != 2 and not constant:
            self.leaf_nodes.add(node)
        root = self.found(root, node, constant)
        root.updatable = kind not in (0, 1, 3, 4)  # type: ignore[attr-defined]
        self.names.append(root)
        return root

    def constant(self, name: Variable) -> bool:
        return name.constant or name.family.constant

    def touch(self, name: Variable) -> frozenset[Any]:
        """The dependencies of an operation on ``name``."""
        if self.constant(name) or not self.recording:
            return frozenset()
        family = name.family
        if family.node in self.released:
            self.renewed.append((family, family.node))
            family.node = self.node()
            self.leaf_nodes.add(family.node)
            self.perturb(family.root)
        return frozenset((family.node,)) | self.tokens_of(name)

    def unuse(self) -> None:
        """Record that an update did not happen."""
        for family, node in self.renewed:
            if family.root.tensor._node.state & RELEASED:
                family.node = node

    def tokens_of(self, name: Variable) -> frozenset[Any]:
        if name is name.family.root:
            return frozenset()
        if name.born == name.family.node:
            return name.tokens
        return frozenset(((id(name), name.family.node),))

    def read(self, name: Variable) -> Any:
        array = name.array
        if not (self.constant(name) or not self.recording) or not np.any(array.imag):
            return array
        if not isinstance(array, np.ndarray):
            return array.real + 0j
        # Without the imaginary part, but with the same memory layout: NumPy's results depend on it.
        root = name.family.root.array
        copy = Layout(root).copy(root)
        copy.imag = 0
        return region_between(array, root).of(copy)

    def reachable(self, nodes: Any, inputs: Any) -> set[Any]:
        found = set(nodes)
        stack = list(nodes)
        while stack:
            for node in inputs.get(stack.pop(), ()):
                if node not in found:
                    found.add(node)
                    stack.append(node)
        return found

    # -------------------------------------------------------------- operands

    def operand(self, shape: tuple[int, ...], *, exact: bool = False) -> tuple[Any, Any, Any]:
        """An operand that broadcasts to ``shape``: tensor, reference, and nodes."""
        kind = self.below(10)
        if kind < 6:
            fitting = [
                name
                for name in self.names
                if (name.array.shape == shape if exact else broadcasts(name.array.shape, shape))
            ]
            if fitting:
                name = self.pick(fitting)
                nodes = self.touch(name)
                return name.tensor, self.read(name), nodes
        if kind < 8 and not exact:
            number = 0.5 + self.below(20) / 16
            return number, number, frozenset()
        if kind == 8 and len(shape) == 1 and 0 < shape[0] < 5:
            zeros = [name for name in self.names if name.array.shape == ()]
            if zeros:  # a list of tensors
                names = [self.pick(zeros) for _ in range(shape[0])]
                nodes = frozenset().union(*map(self.touch, names))
                return [n.tensor for n in names], [self.read(n) for n in names], nodes
        value = self.values(shape)
        self.arrays.append((value, value.astype(complex), None))
        return value, value.copy(), frozenset()

    def result(self, tensor: Any, array: Any, nodes: Any) -> None:
        """Give a name to the result of an operation."""
        if not isinstance(tensor, Tensor):
            assert not nodes, "a gradient was lost"
            return
        certain = frozenset(n for n in nodes if isinstance(n, int))
        if np.ndim(array) == 0:
            array = np.asarray(array)[()]  # a scalar, which no update can change
        name = Variable(tensor, array, not nodes)
        self.names.append(self.found(name, self.node(certain, nodes), not nodes))
        assert tensor.constant == (not nodes), "constant"
        name.updatable = True  # type: ignore[attr-defined]

    # ---------------------------------------------------------- instructions

    def compute(self) -> None:
        """An operation on existing variables."""
        name = self.pick(self.names)
        nodes = self.touch(name)
        a, shape = self.read(name), name.array.shape
        kind = self.below(7)
        if kind < 2:
            function = self.pick([np.sin, np.square, np.negative, np.tanh, np.positive])
            self.result(function(name.tensor), function(a), nodes)
        elif kind < 4:
            t, c, more = self.operand(shape)
            function = self.pick([np.add, np.subtract, np.multiply, np.divide])
            if function is np.divide and self.decide(np.any(np.abs(c) < 0.1)):
                function = np.multiply
            if function is np.divide or self.chance(50):
                self.result(function(name.tensor, t), function(a, c), nodes | more)
            else:
                self.result(function(t, name.tensor), function(c, a), nodes | more)
        elif kind == 4:
            axis = self.pick([None, *range(len(shape))])
            self.result(np.sum(name.tensor, axis=axis), np.sum(a, axis=axis), nodes)
        elif kind == 5:
            mask = self.values(shape) > 0.9
            t, c, more = self.operand(shape)
            self.result(np.where(mask, name.tensor, t), np.where(mask, a, c), nodes | more)
        elif self.chance(50) or not shape:
            self.copy(name, nodes)
        else:
            self.result(np.stack([name.tensor] * 2), np.stack([a] * 2), nodes)

    def copy(self, name: Variable, nodes: Any) -> None:
        """A copy; without recording, the copy of a variable is a leaf."""
        leaf = not self.recording and not self.constant(name)
        root = Variable(name.tensor.copy(), np.array(self.read(name), order="C"), not nodes)
        node = self.node([n for n in nodes if isinstance(n, int)], nodes)
        if leaf:
            self.leaf_nodes.add(node)
        self.names.append(self.found(root, node, not nodes and not leaf))
        root.updatable = True  # type: ignore[attr-defined]

    def view(self) -> None:
        """A view, or a copy where NumPy makes one."""
        name = self.pick(self.names)
        if not isinstance(name.array, np.ndarray):
            return
        shape = name.array.shape
        step: Callable[[Any], Any]
        kind = self.below(14)
        if kind < 6:
            index = self.index(shape)
            step = lambda a: a[plain(index) if isinstance(a, np.ndarray) else index]  # noqa: E731
        else:
            size = int(np.prod(shape))
            shapes = [(-1,), (size, 1), (1, *shape), shape[::-1]]
            order = self.pick("CFA")
            target = self.pick(shapes) if size else (0,)
            steps = [
                np.transpose,
                lambda a: np.reshape(a, target, order=order),
                lambda a: np.ravel(a, order),
                np.squeeze,
                lambda a: np.broadcast_to(a, (2, *shape)),
                lambda a: np.flip(a),
                lambda a: a.view(),
                lambda a: np.expand_dims(a, 0),
                lambda a: np.atleast_2d(a),
            ]
            if len(shape) >= 1 and shape[0]:
                steps += [
                    lambda a: np.lib.stride_tricks.sliding_window_view(
                        a, 1 + shape[0] // 2, axis=0
                    ),
                    lambda a: np.split(a, [1])[1],
                    lambda a: next(iter(a)),
                    lambda a: np.unstack(a)[-1],
                ]
            if len(shape) >= 2:
                steps += [
                    lambda a: np.diagonal(a),
                    lambda a: np.swapaxes(a, 0, 1),
                    lambda a: np.moveaxis(a, 0, -1),
                    lambda a: np.rot90(a),
                    lambda a: np.einsum("ij...->ji...", a),
                ]
            step = self.pick(steps)
        self.take_view(name, step)

    def take_view(self, name: Variable, step: Callable[[Any], Any]) -> None:
        nodes = self.touch(name)
        array = attempt(step, name.array)
        if array is None:
            refused(step, name.tensor)
            return
        tensor = step(name.tensor)
        # Empty arrays share no memory: the tensor tells whether it is a view.
        shares = np.may_share_memory(array, name.array) if array.size else tensor.base is not None
        if not (isinstance(array, np.ndarray) and shares):
            if isinstance(array, np.ndarray) and not array.flags.writeable:
                return  # empty, and read-only
            self.result(tensor, array if nodes else np.real(array) + 0j, nodes)
            return
        base = name.family.root
        if array is name.array:  # NumPy may return the same array; tensors are new objects
            array = array.view()
        made = Variable(tensor, array, name.constant or not self.recording)
        made.family = name.family
        made.updatable = base.updatable  # type: ignore[attr-defined]
        made.born = name.family.node
        made.tokens = self.tokens_of(name) | {(id(made), made.born)}
        self.names.append(made)
        assert tensor.base is base.tensor, "the base of a view"
        assert tensor.constant == (self.constant(name) or not self.recording), "constant view"

    def update(self) -> None:
        """An update in place."""
        name = self.pick(self.names)
        self.renewed = []
        kind = self.below(12)
        if kind > 5 and name.constant and not name.family.constant and self.recording:
            return  # the remaining derivatives of the base would be unknown
        if self.recording and not name.family.root.updatable:  # type: ignore[attr-defined]
            return  # its gradient is checked in the end
        shape = name.array.shape
        is_array = isinstance(name.array, np.ndarray)
        if is_array and not name.array.flags.writeable:
            refused(operator.setitem, name.tensor, self.index(shape), 1.0)
            refused(operator.iadd, name.tensor, 1.0)
            return
        if kind == 0:
            self.augment(name)
        elif not is_array:
            return
        elif kind <= 3:
            index = self.index(shape)
            region = attempt(operator.getitem, name.array, plain(index))
            target = np.shape(region) if region is not None else shape
            if self.chance(3):
                target = (*target, 7)  # does not fit
            t, c, nodes = self.operand(target)
            if not np.size(region) and any(n.tensor is t for n in self.names_of(name.family)):
                self.unuse()  # empty arrays have no address: it may be the same one
                return
            if self.is_of(t, region):
                self.write_itself(lambda: operator.setitem(name.tensor, index, t))
                return
            if is_mask(index):
                c = np.array(c)  # NumPy writes while reading
            self.write(
                name,
                lambda a, v: operator.setitem(a, plain(index) if is_plain(a) else index, v),
                (t,), (c,), nodes, index=index, whole=region is not None and names_all(index, shape),
            )  # fmt: skip
        elif kind == 4:
            index = self.index(shape)
            region = attempt(operator.getitem, name.array, plain(index))
            if region is None:
                return
            t, c, nodes = self.operand(np.shape(region))
            function = self.pick(AUGMENTED[:3])

            def change(a: Any, v: Any) -> None:
                i = plain(index) if is_plain(a) else index
                a[i] = function(a[i], v)

            if self.constant(name) and np.ndim(region):
                # Empty arrays share no memory: the tensor tells whether it is a view.
                is_view = np.may_share_memory(region, name.array)
                if not (is_view if np.size(region) else name.tensor[index].base is not None):
                    c, nodes = np.real(c) + 0j, frozenset()  # a copy: a constant
            self.write(name, change, (t,), (c,), nodes | self.touch(name), index=index)
        elif kind == 5:
            self.augment(name)
        elif kind in (6, 7):
            self.into(name)
        elif kind in (8, 9):
            self.by_function(name)
        elif kind == 10:
            self.by_method(name)
        else:
            self.reshape(name)

    def names_of(self, family: Family) -> list[Variable]:
        return [name for name in self.names if name.family is family]

    def write_itself(self, change: Callable[[], Any]) -> None:
        """``change`` writes an array to itself, which must have no effect."""
        change()
        self.unuse()

    def is_of(self, tensor: Any, region: Any) -> bool:
        """True if the elements of ``tensor`` are those of ``region``, in the same positions."""
        return any(n.tensor is tensor and same_memory(n.array, region) for n in self.names)

    def augment(self, name: Variable) -> None:
        """``name += value`` and the like."""
        function = self.pick(AUGMENTED)
        shape = name.array.shape
        if shape == () and isinstance(name.array, np.ndarray) and name is name.family.root:
            return
        if function in (operator.ipow, operator.imod, operator.ifloordiv):
            number = {operator.ipow: 2, operator.imod: 0.7, operator.ifloordiv: 0.4}[function]
            near = np.abs(np.mod(name.array.real / number + 0.5, 1) - 0.5) < 1e-6
            if self.decide(np.any(near)):
                function, number = operator.ipow, 2  # the result would depend on rounding
            nodes = frozenset() if function is operator.ifloordiv else self.touch(name)
            run = real_only(function)
            self.write(name, lambda a, v: run(a, v), (number,), (number,), nodes, whole=True)
            return
        if len(shape) == 2 and shape[0] == shape[1] and self.chance(15):
            function = operator.imatmul
            t, c, nodes = self.operand(shape, exact=True)
        else:
            t, c, nodes = self.operand(shape)
        if function is operator.itruediv and self.decide(np.any(np.abs(c) < 0.1)):
            function = operator.imul
        if isinstance(t, list) and not isinstance(name.array, np.ndarray):
            return
        self.write(name, function, (t,), (c,), nodes | self.touch(name), whole=True)

    def into(self, name: Variable) -> None:
        """``out=``, with and without ``where=``."""
        shape = name.array.shape
        t, c, nodes = self.operand(shape)
        c = np.asarray(c) + 0j  # of the dtype of `out`: NumPy warns about casts
        options = {} if self.chance(50) else {"where": self.values(shape) > 0.9}
        if self.chance(50):
            function: Any = self.pick([np.sin, np.negative, np.square])
            run = lambda a, v: function(v, out=a, **options)  # noqa: E731
            self.write(name, run, (t,), (c,), nodes, whole=not options, returns_target=True)
            return
        function = self.pick([np.add, np.multiply, np.subtract])
        t2, c2, more = self.operand(shape)
        c2 = np.asarray(c2) + 0j
        run2 = lambda a, v, w: function(v, w, out=a, **options)  # noqa: E731
        self.write(
            name, run2, (t, t2), (c, c2), nodes | more, whole=not options, returns_target=True
        )

    def by_function(self, name: Variable) -> None:
        """NumPy's functions that write into their argument."""
        shape, size = name.array.shape, name.array.size
        if not size:
            return
        mask = self.values(shape) > 0.9
        t, c, nodes = self.operand(self.pick([shape, (3,), ()]))
        c = np.array(c)  # the effect of overwriting values in use is undefined
        places = [self.below(size) for _ in range(1 + self.below(3))]
        writes: list[Callable[[Any, Any], Any]] = [
            lambda a, v: np.copyto(a, v),
            lambda a, v: np.copyto(a, v, where=mask),
            lambda a, v: np.put(a, places, v),
            lambda a, v: np.place(a, mask, v),
            lambda a, v: np.putmask(a, mask, v),
        ]
        # In some NumPy releases, ufunc.at writes to read-only arrays.
        if shape and shape[0] and name.array.flags.writeable:
            rows = [self.below(shape[0]) for _ in range(3)]
            writes += [
                lambda a, v: np.add.at(a, rows, v),
                lambda a, v: np.subtract.at(a, (rows,), v),
                lambda a, v: np.multiply.at(a, rows, v),
            ]
            along = np.argsort(self.values(shape), axis=0)[:1]
            writes.append(lambda a, v: np.put_along_axis(a, along, v, 0))
        if len(shape) == 2 or (len(shape) > 2 and len(set(shape)) == 1):
            writes.append(lambda a, v: np.fill_diagonal(a, v))
        self.write(name, self.pick(writes), (t,), (c,), nodes | self.touch(name), certain=False)

    def by_method(self, name: Variable) -> None:
        """Methods that write in place."""
        shape, size = name.array.shape, name.array.size
        kind = self.below(4)
        if kind == 0:
            t, c, nodes = self.operand(())
            if self.is_of(t, name.array):
                self.write_itself(lambda: name.tensor.fill(t))
                return
            self.write(name, lambda a, v: a.fill(v), (t,), (c,), nodes, whole=True)
        elif kind == 1:
            t, c, nodes = self.operand(shape)
            c = np.array(c)  # NumPy writes while reading
            self.write(name, lambda a, v: setattr(a, "flat", v), (t,), (c,), nodes, whole=True)
        elif kind == 2 and size:
            index = self.pick([slice(0, 2), [0, size - 1], size - 1])
            t, c, nodes = self.operand(np.shape(np.arange(size)[index]))
            c = np.array(c)  # NumPy writes while reading
            self.write(name, lambda a, v: operator.setitem(a.flat, index, v), (t,), (c,), nodes)
        elif len(shape) and size and self.decide(apart(name.array.real)):
            axis = self.below(len(shape))
            if self.chance(50):
                self.write(name, lambda a: a.sort(axis), (), (), self.touch(name), whole=True)
            elif shape[axis] > 1:
                self.write(
                    name,
                    lambda a: a.partition(list(range(shape[axis])), axis),
                    (),
                    (),
                    self.touch(name),
                    whole=True,
                )

    def reshape(self, name: Variable) -> None:
        """``name.shape = …``."""
        shape = self.pick([(-1,), name.array.shape[::-1], (1, *name.array.shape)])

        def change(a: Any) -> None:
            with warnings.catch_warnings():
                if isinstance(a, np.ndarray):  # deprecated for arrays, not for tensors
                    warnings.simplefilter("ignore", DeprecationWarning)
                a.shape = shape

        updatable = name.family.root.updatable  # type: ignore[attr-defined]
        if 0 in name.array.shape or not updatable:
            return
        if attempt_none(change, name.array):
            is_root = name is name.family.root
            # Reshaping a view changes no value, and does not count as a use of a released graph.
            looks = not is_root and name.family.node in self.released
            nodes = frozenset() if looks else self.touch(name)
            change(name.tensor)
            if not self.constant(name) and is_root:
                name.family.node = self.node((name.family.node,))
                self.perturb(name)
            elif nodes:
                name.tokens, name.born = name.tokens | nodes, name.family.node
        else:
            refused(change, name.tensor)

    def write(
        self,
        name: Variable,
        change: Callable[..., Any],
        tensors: tuple[Any, ...],
        arrays: tuple[Any, ...],
        nodes: frozenset[Any],
        *,
        whole: bool = False,
        certain: bool = True,
        index: Any = None,
        returns_target: bool = False,
    ) -> None:
        """Update ``name`` on both sides, and record its new dependencies."""
        family, root = name.family, name.family.root
        if family.constant and nodes and not self.has_losses:
            return  # a constant would silently change with the leaves
        before = np.array(root.array)
        if not isinstance(name.array, np.ndarray):  # a scalar, replaced by a new one
            array = change(self.read(name), *arrays)
            if not np.ndim(array):
                self.result(change(name.tensor, *tensors), array, nodes)
            return
        if (name.constant or not self.recording) and name.array.flags.writeable:
            # Its own values carry no derivative; those of others may.
            arrays = tuple(np.array(a) if isinstance(a, np.ndarray) else a for a in arrays)
            name.array.imag = 0
        try:
            returned = change(name.array, *arrays)
        except REFUSALS as error:
            root.array[...] = before
            held = np.array(root.tensor._value())
            try:
                change(name.tensor, *tensors)
            except REFUSALS:
                assert np.array_equal(held, root.tensor._value()), (
                    "a refused update changed something"
                )
                self.unuse()
                return
            raise AssertionError(f"not refused: {error}") from error
        if not self.recording:
            root.array.imag = before.imag
        elif family.constant:
            root.array.imag = 0
        elif name.constant:
            # In an update through a constant view, the other elements keep their derivatives.
            written = name.array.imag.copy()
            root.array.imag = before.imag
            name.array.imag[plain(index)] = written[plain(index)]
        old = name.tensor
        returned = change(name.tensor, *tensors)
        if returned_by_operator(change) or returns_target:
            assert returned is old, "the target is returned"
        if self.recording and not family.constant:
            kept = self.touch(root)
            inputs = frozenset(n for n in nodes if certain and isinstance(n, int))
            family.node = self.node(inputs if whole else inputs | kept, nodes | kept)
            if not certain:
                self.doubtful.add(family.node)
            self.perturb(root)
        assert root.tensor.constant == family.constant, "an update changed what is constant"

    def expose(self) -> None:
        """The user accesses an array, or tries to write to one."""
        if self.chance(50) or not self.arrays or not self.has_losses:
            name = self.pick(self.names)
            array = name.tensor.data
            assert close(array, name.array.real), "data"
            self.arrays.append((array, None, name))
            return
        array, reference, name = self.pick(self.arrays)
        if name is not None and not isinstance(name.array, np.ndarray):
            return
        if not array.flags.writeable:
            return
        array *= 1.5
        if reference is not None:
            reference *= 1.5
        tensors = [name] if name is not None else self.names
        roots = {id(n.family.root): n.family.root for n in tensors}
        for root in roots.values():
            # If the tensor still uses the array, the write is visible in it.
            if np.shares_memory(array, root.tensor._value()):
                held = np.array(root.tensor._value())
                root.array.real[...] = held

    def run_backward(self) -> None:
        """A loss and its backward pass."""
        if not self.has_losses:
            return
        chosen = [self.pick(self.names) for _ in range(1 + self.below(3))]
        weights = [self.values(np.shape(name.array)) for name in chosen]
        direct = self.chance(15)
        recording, self.recording = self.recording, True
        if direct:
            name = chosen[0]
            array = self.read(name) * weights[0]
            total = np.sum(array)
            loss, nodes = name.tensor, frozenset()
            if not self.constant(name):
                nodes = frozenset((name.family.node,)) | self.tokens_of(name)
        else:
            nodes = frozenset().union(*map(self.touch, chosen))
            total = sum(np.sum(self.read(n) * w) for n, w in zip(chosen, weights, strict=True))
            loss = sum(np.sum(n.tensor * w) for n, w in zip(chosen, weights, strict=True))
        self.recording = recording
        reached = self.reachable(nodes, self.perhaps)
        certain = self.reachable([n for n in nodes if isinstance(n, int)], self.inputs)
        held = [peek(leaf) for leaf, _ in self.leaves]
        before = {id(n): peek(n.tensor) for n in self.names if n is n.family.root}
        retain = self.chance(25)
        try:
            loss.backward(weights[0] if direct else None, retain_graph=retain)
        except InvalidBackprop:
            assert reached & self.released, "InvalidBackprop without a reason"
            return
        if self.inject is None:
            self.check_leaves(total, held)
        self.note_gradients(certain, before)
        self.losses.append(total)
        if not retain:
            self.release(reached, certain)

    def check_leaves(self, total: Any, held: list[Any]) -> None:
        expected = total.imag / STEP
        computed = scale = 0.0
        for (leaf, direction), before in zip(self.leaves, held, strict=True):
            change = peek(leaf) - before
            computed += float(np.sum(change * direction))
            scale += float(np.sum(np.abs(change * direction)))
        assert close(computed, expected, max(1.0, scale)), f"gradient {computed} for {expected}"

    def note_gradients(self, reached: set[Any], before: dict[int, Any]) -> None:
        """Check the gradients of all variables, and that those of views are views."""
        for name in self.names:
            family, root = name.family, name.family.root
            if self.constant(name):
                continue
            gradient = name.tensor.grad
            if family.node not in reached or family.node in self.doubtful:
                continue
            if name is root:
                value = np.zeros(np.shape(name.array)) if gradient is None else np.array(gradient)
                if (
                    family.node in self.leaf_nodes
                ):  # variables that accumulate the gradients of several losses
                    value -= before[id(name)]
                self.gradients.append((len(self.losses), family.node, value))
            elif gradient is not None and gradient.size:
                whole = root.tensor.grad
                owner = whole if whole.base is None else whole.base
                assert gradient.base is owner, "the gradient of a view is a view"
                assert np.array_equal(gradient, region(root, root.tensor.grad, name)), "which view"

    def release(self, reached: set[Any], certain: set[Any]) -> None:
        already = set(self.released)
        self.released |= reached - self.leaf_nodes
        for name in self.names:
            family = name.family
            if name is not family.root or family.constant or family.node in self.leaf_nodes:
                continue
            if family.node in already:
                continue
            if isinstance(name.tensor._node, Leaf):  # for an update of no elements
                self.leaf_nodes.add(family.node)
                self.released.discard(family.node)
                continue
            gone = bool(name.tensor._node.state & RELEASED)
            if family.node not in self.doubtful:
                assert gone <= (family.node in reached), "released without a reason"
            assert gone >= (family.node in certain), "not released"
            if gone:
                self.released.add(family.node)
                name.array = drop(name.array)
            else:
                self.released.discard(family.node)

    def forget(self) -> None:
        """Delete a variable."""
        if len(self.names) > 4:
            name = self.pick(self.names)
            if name is not name.family.root:
                self.names = [n for n in self.names if n is not name]

    def check(self) -> None:
        """Check values, and which memory is shared."""
        for name in self.names:
            assert close(name.tensor._value(), name.array.real), "values"
            assert name.tensor.shape == name.array.shape, "shapes"
        arrays = [n for n in self.names if isinstance(n.array, np.ndarray)]
        for i, one in enumerate(arrays):
            for other in arrays[i + 1 :]:
                if one.family is other.family or self.chance(5):
                    shares = np.shares_memory(one.array, other.array)
                    assert np.shares_memory(one.tensor, other.tensor) == shares, "memory"

    # -------------------------------------------------------------- running

    def run(self, length: int) -> None:
        """Run ``length`` instructions."""
        for _ in range(2 + self.below(2)):
            self.leaf()
        for _ in range(length):
            largest = max(float(np.max(np.abs(n.array), initial=0)) for n in self.names)
            if self.decide(largest > 1e4):
                return  # rounding errors would dominate
            kind = self.below(100)
            # Unrecorded writes would silently change with the leaves.
            self.recording = self.chance(90) or not self.has_losses
            step = (
                self.compute if kind < 24 else self.view if kind < 50 else self.update if kind < 84
                else self.run_backward if kind < 90 else self.expose if kind < 94
                else self.leaf if kind < 96 else self.forget if kind < 98 else self.check
            )  # fmt: skip
            self.recording |= kind in range(84, 90)
            with nullcontext() if self.recording else no_autodiff:
                step()
        self.recording = True
        self.run_backward()
        self.check()


# ------------------------------------------------------------------- helpers


def broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False


def is_plain(a: Any) -> bool:
    return isinstance(a, np.ndarray)


def plain(index: Any) -> Any:
    """``index`` without tensors."""
    if isinstance(index, tuple):
        return tuple(plain(part) for part in index)
    return index._value() if isinstance(index, Tensor) else index


def same_memory(one: Any, other: Any) -> bool:
    """True if two arrays are the same elements of the same memory."""
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return False
    places = [(a.__array_interface__["data"][0], a.shape, a.strides) for a in (one, other)]
    return places[0] == places[1]


def is_mask(index: Any) -> bool:
    """True if ``index`` is a boolean array."""
    return isinstance(index, np.ndarray) and index.dtype == bool


def names_all(index: Any, shape: tuple[int, ...]) -> bool:
    """True if ``index`` selects all elements of an array of ``shape``."""
    named = np.zeros(shape, bool)
    named[plain(index)] = True
    return bool(named.all())


def attempt(function: Callable[..., Any], *args: Any) -> Any:
    """The result of ``function``; None if NumPy refuses."""
    try:
        return function(*args)
    except REFUSALS:
        return None


def attempt_none(function: Callable[..., Any], *args: Any) -> bool:
    try:
        function(*args)
    except REFUSALS:
        return False
    return True


def refused(function: Callable[..., Any], *args: Any) -> None:
    assert not attempt_none(function, *args), "NumPy refuses this"


def returned_by_operator(change: Any) -> bool:
    return getattr(change, "__module__", "") == "_operator"


def real_only(function: Any) -> Any:
    """``%=`` and ``//=`` of complex arrays, which NumPy lacks, based on their real parts."""

    def run(a: Any, v: Any) -> Any:
        if isinstance(a, Tensor) or function is operator.ipow:
            return function(a, v)
        constant = function is operator.ifloordiv
        value = a.real // v + 0j if constant else a.real % v + 1j * a.imag
        if not isinstance(a, np.ndarray):
            return value
        a[...] = value
        return a

    return run


def apart(values: Any) -> bool:
    """True if no two of ``values`` are nearly equal."""
    return bool(np.all(np.diff(np.sort(values, axis=None)) > 1e-5))


def peek(leaf: Any) -> Any:
    """The gradient of ``leaf``, read without side effects."""
    gradient = leaf._node.grad
    return np.zeros(leaf._data.shape) if gradient is None else np.array(gradient)


def drop(array: Any) -> Any:
    if not isinstance(array, np.ndarray):
        return array.real + 0j
    array.imag = 0
    return array


def addresses(array: Any) -> Any:
    total = np.zeros(array.shape, np.intp) + array.__array_interface__["data"][0]
    for axis, stride in enumerate(array.strides):
        steps = np.arange(array.shape[axis]) * stride
        total += steps.reshape((-1,) + (1,) * (array.ndim - axis - 1))
    return total


def region(root: Variable, gradient: Any, name: Variable) -> Any:
    """The part of the base's gradient that belongs to the view ``name``."""
    by_address = dict(zip(addresses(root.array).flat, gradient.flat, strict=True))
    mine = addresses(name.array)
    return np.array([by_address[a] for a in mine.flat]).reshape(mine.shape)


def again(choices: list[int]) -> Callable[[int], int]:
    """Make the same choices once more."""
    left = iter(choices)
    return lambda n: next(left)


def run_program(below: Callable[[int], int], length: int = 14) -> None:
    """Run a program, then again for the gradient with respect to an intermediate result.

    ``below(n)`` chooses an integer below n.
    """
    program = Program(below)
    program.run(length)
    if program.gradients:
        loss, node, gradient = program.gradients[program.drawn % len(program.gradients)]
        second = Program(again(program.choices), inject=node)
        second.run(length)
        expected = second.losses[loss].imag / STEP
        parts = gradient * second.injected
        scale = max(1.0, float(np.sum(np.abs(parts))))
        assert close(np.sum(parts), expected, scale), f"gradient {np.sum(parts)} for {expected}"


def run_second_order(below: Callable[[int], int], length: int = 8) -> None:
    """Second derivatives: the gradient's derivative along a direction, by finite differences."""
    first = Program(below, losses=False)
    first.run(length)

    def gradients(program: Program, **options: Any) -> list[Any]:
        total = sum(np.sum(np.tanh(name.tensor)) for name in program.names)
        for leaf, _ in program.leaves:
            leaf.null_grad()
        total.backward(**options)
        return [leaf.grad for leaf, _ in program.leaves]

    plain = gradients(first, retain_graph=True)
    plain = [0 if g is None else np.array(g) for g in plain]
    recorded = gradients(first, create_graph=True)
    for one, other in zip(plain, recorded, strict=True):
        assert close(0 if other is None else other._value(), one), "the recorded gradient"
    slope = sum(
        np.sum(gradient * direction)
        for gradient, (_, direction) in zip(recorded, first.leaves, strict=True)
        if gradient is not None
    )
    if not isinstance(slope, Tensor) or slope.constant:
        return
    for leaf, _ in first.leaves:
        leaf.null_grad()
    slope.backward()
    pairs = zip(first.leaves, first.shifts, strict=True)
    parts = [np.sum(peek(leaf) * shift) for (leaf, _), shift in pairs]
    step = 1e-5
    slopes = []
    for sign in (1, -1):
        moved = Program(
            again(first.choices), losses=False, shift=sign * step, decisions=first.decisions
        )
        try:
            moved.run(length)
        except OtherDecision:
            return  # there may be a jump between the two
        found = gradients(moved)
        slopes.append(
            sum(
                np.sum(g * direction)
                for g, (_, direction) in zip(found, moved.leaves, strict=True)
                if g is not None
            )
        )
    difference = (slopes[0] - slopes[1]) / (2 * step)
    scale = max(1.0, *(abs(part) for part in parts), *map(abs, slopes))
    assert abs(difference - sum(parts)) <= 1e-5 * scale, f"{sum(parts)} for {difference}"
