"""Einstein summation: the gradient of an einsum is an einsum."""

import math
from functools import lru_cache
from string import ascii_letters
from typing import NamedTuple

import numpy as np

from mygrad.engine.nans import has_nan, raw
from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements
from mygrad.rules._lazy import Lazy

#: Below so many multiplications NumPy's own loop is done before a path of BLAS calls has been found.
WORTH_A_PATH = 20_000


class Recipe(NamedTuple):
    """How to compute the gradient with respect to one operand of an einsum."""

    #: The subscripts of an einsum of the incoming gradient and the other operands.
    form: str
    #: How many multiplications a path of BLAS calls can save; 0 where there is nothing to save.
    work: int
    #: Its result with the axes of length one that it has summed, and of the full lengths.
    kept: tuple[int, ...]
    full: tuple[int, ...]
    #: Where a label is repeated: the operand's axes as axes of the result. Else None.
    diagonal: tuple[int, ...] | None


def labels_of(operands):
    """The labels in einsum's positional arguments, hashable, and the places of the operands."""
    if isinstance(operands[0], str):
        return operands[0], range(1, len(operands))
    last = len(operands) % 2
    places = range(0, len(operands) - last, 2)
    result = tuple(operands[-1]) if last else None
    return (tuple(tuple(operands[place + 1]) for place in places), result), places


def terms(labels, ndims):
    """Lists of the labels of each operand, and of the result.

    Labels are characters or integers. The axes that an ellipsis stands for get the labels ``(1,)``,
    ``(2,)`` …, counted from the last, as broadcasting aligns them.
    """
    if isinstance(labels, str):
        inputs, arrow, result = labels.replace(" ", "").replace("...", "…").partition("->")
        subscripts = [list(term) for term in inputs.split(",")]
        result = list(result) if arrow else None
        ellipsis = "…"
    else:
        subscripts, result = [list(term) for term in labels[0]], labels[1]
        ellipsis = Ellipsis
    hidden = 0
    for position, (term, ndim) in enumerate(zip(subscripts, ndims, strict=True)):
        if ellipsis in term:
            subscripts[position] = expanded(term, ellipsis, ndim - len(term) + 1)
            hidden = max(hidden, ndim - len(term) + 1)
    if result is None:
        named = [label for term in subscripts for label in term if not isinstance(label, tuple)]
        once = sorted(label for label in named if named.count(label) == 1)
        return subscripts, [*expanded([ellipsis], ellipsis, hidden), *once]
    if ellipsis in result:
        return subscripts, expanded(list(result), ellipsis, hidden)
    return subscripts, result


def expanded(term, ellipsis, number):
    """The labels ``term`` with ``number`` labels in the place of the ellipsis."""
    place = term.index(ellipsis)
    return [*term[:place], *((axis,) for axis in range(number, 0, -1)), *term[place + 1 :]]


@lru_cache(maxsize=1024)
def recipe(labels, shapes, position):
    """The recipe for the operand at ``position``."""
    subscripts, result = terms(labels, [len(shape) for shape in shapes])
    sizes = {}
    for term, shape in zip(subscripts, shapes, strict=True):
        for label, size in zip(term, shape, strict=True):
            sizes[label] = max(size, sizes.get(label, 0))
    around = [result, *subscripts[:position], *subscripts[position + 1 :]]
    present = {label for term in around for label in term}
    term, shape = subscripts[position], shapes[position]
    own = dict(zip(term, shape, strict=True))
    # An axis of length one was broadcast: its gradient is summed. One that nothing else has was summed
    # away: its gradient is the same all along.
    kept = [label for label in own if own[label] != 1 and label in present]
    letters = dict(zip(sizes, ascii_letters, strict=False))
    inputs = ",".join("".join(letters[label] for label in term) for term in around)
    contracted = len(around) > 2 or len(kept) < len(sizes)
    return Recipe(
        form=f"{inputs}->{''.join(letters[label] for label in kept)}",
        work=math.prod(sizes.values()) if len(around) > 1 and contracted else 0,
        kept=tuple(-1 if label in kept else 1 for label in own),
        full=tuple(own.values()),
        diagonal=None if len(own) == len(term) else tuple(list(own).index(each) for each in term),
    )


def operand_grad(grad, operands, labels, places, place):
    """The gradient with respect to the operand at ``place`` among einsum's arguments."""
    arrays = [operands[each] for each in places]
    shapes = tuple(np.shape(array) for array in arrays)
    position = places.index(place)
    form, work, kept, full, diagonal = recipe(labels, shapes, position)
    others = arrays[:position] + arrays[position + 1 :]
    product = np.einsum(form, grad, *others, optimize=work > WORTH_A_PATH)
    if others and has_nan(raw(product)):
        product = without_untouched(form, grad, others, product)
    if product.shape != full:
        lengths = iter(product.shape)
        product = np.reshape(product, [1 if length == 1 else next(lengths) for length in kept])
        product = np.broadcast_to(product, full)
    if diagonal is None:
        return product
    indices = np.indices(full, sparse=True)
    placed = np.zeros_like(product, shape=shapes[position])
    placed[tuple(indices[axis] for axis in diagonal)] = product
    return placed


def without_untouched(form, grad, others, product):
    """``product`` where a zero in ``grad`` makes zero of an infinity or NaN that it meets in ``others``."""
    finite = np.einsum(form, grad, *(np.where(np.isfinite(each), each, 0) for each in others))
    needed = np.not_equal(grad, 0).astype(float)
    touched = 0
    for bad in others:
        marks = (~np.isfinite(each) if each is bad else np.ones(np.shape(each)) for each in others)
        touched = touched + np.einsum(form, needed, *marks)
    return np.where(np.equal(touched, 0), finite, product)


@implements(np.einsum)
class Einsum(Operation):
    may_view = True

    def vjp_operands(grad, operands):
        labels, places = labels_of(operands)
        return Lazy(lambda place: operand_grad(grad, operands, labels, places, place))
