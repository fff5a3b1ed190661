"""Einstein summation: the gradient of an einsum is an einsum."""

import math
from itertools import count

import numpy as np

from mygrad.operation import Operation, implements
from mygrad.rules._lazy import Lazy

# Below so many multiplications NumPy's own loop is done before a path of BLAS calls has been found.
WORTH_A_PATH = 20_000


def terms(operands):
    """The labels of each operand and of the result, and the operands' places among the arguments.

    ``operands`` are einsum's positional arguments. Labels are integers, or in the string form
    characters; the axes that an ellipsis stands for get labels ``(1,)``, ``(2,)`` …, counted from the last.
    """
    if isinstance(operands[0], str):
        inputs, arrow, result = operands[0].replace(" ", "").partition("->")
        subscripts = [list(term.replace("...", "…")) for term in inputs.split(",")]
        result = list(result.replace("...", "…")) if arrow else None
        ellipsis, places = "…", range(1, len(operands))
    else:
        last = len(operands) % 2
        places = range(0, len(operands) - last, 2)
        subscripts = [list(operands[place + 1]) for place in places]
        result = list(operands[-1]) if last else None
        ellipsis = Ellipsis
    hidden = 0
    for position, place in enumerate(places):
        labels = subscripts[position]
        if ellipsis in labels:
            extra = np.ndim(operands[place]) - (len(labels) - 1)
            hidden = max(hidden, extra)
            subscripts[position] = expanded(labels, ellipsis, extra)
    if result is None:
        named = [label for labels in subscripts for label in labels if not isinstance(label, tuple)]
        once = sorted(label for label in set(named) if named.count(label) == 1)
        result = [*hidden_labels(hidden), *once]
    elif ellipsis in result:
        result = expanded(result, ellipsis, hidden)
    return subscripts, result, places


def hidden_labels(number):
    """Labels for the axes of an ellipsis, aligned at the last as broadcasting does."""
    return [(axis,) for axis in range(number, 0, -1)]


def expanded(labels, ellipsis, number):
    """``labels`` with ``number`` labels in the place of the ellipsis."""
    position = labels.index(ellipsis)
    return [*labels[:position], *hidden_labels(number), *labels[position + 1 :]]


def contract(arrays, subscripts, result):
    """An einsum by lists of labels of any kind; through BLAS where that pays."""
    numbers = {}
    sizes = {}
    numbering = count()
    for array, labels in zip(arrays, subscripts, strict=True):
        for label, size in zip(labels, np.shape(array), strict=True):
            if label not in numbers:
                numbers[label] = next(numbering)
            sizes[label] = max(size, sizes.get(label, 0))
    work = math.prod(sizes.values())
    arguments = []
    for array, labels in zip(arrays, subscripts, strict=True):
        arguments += [array, [numbers[label] for label in labels]]
    summed = len(result) < len(sizes)
    return np.einsum(
        *arguments,
        [numbers[label] for label in result],
        optimize=len(arrays) > 1 and work > WORTH_A_PATH and (summed or len(arrays) > 2),
    )


def operand_grad(grad, operands, subscripts, result, places, position):
    """The gradient with respect to the operand at ``position`` among ``places``."""
    labels, shape = subscripts[position], np.shape(operands[places[position]])
    others = [place for place in places if place != places[position]]
    around = [grad, *(operands[place] for place in others)]
    around_labels = [result, *(s for p, s in enumerate(subscripts) if p != position)]
    present = {label for each in around_labels for label in each}
    size = dict(zip(labels, shape, strict=True))
    # An axis of length one was broadcast: its gradient is summed. One that nothing else has was summed
    # away: its gradient is the same all along.
    kept = [label for label in dict.fromkeys(labels) if size[label] != 1 and label in present]
    product = contract(around, around_labels, kept)
    distinct = list(dict.fromkeys(labels))
    product = np.reshape(
        product,
        [product.shape[kept.index(label)] if label in kept else 1 for label in distinct],
    )
    product = np.broadcast_to(product, [size[label] for label in distinct])
    if len(distinct) == len(labels):
        return product
    # A repeated label takes a diagonal.
    indices = np.indices([size[label] for label in distinct], sparse=True)
    placed = np.zeros_like(product, shape=shape)
    placed[tuple(indices[distinct.index(label)] for label in labels)] = product
    return placed


@implements(np.einsum)
class Einsum(Operation):
    may_view = True

    def vjp_operands(grad, operands):
        subscripts, result, places = terms(operands)

        def at(place):
            return operand_grad(
                grad, operands, subscripts, result, places, list(places).index(place)
            )

        return Lazy(at)
