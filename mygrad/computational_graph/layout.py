"""The layout of a drawing: boxes in layers, each below its inputs.

A simple form of K. Sugiyama, S. Tagawa and M. Toda, “Methods for visual understanding of
hierarchical system structures”, IEEE Trans. Systems, Man and Cybernetics 11 (1981) 109-125: assign
layers, add a corner where an edge crosses a layer, order each layer to avoid crossings, assign
positions.
"""

from __future__ import annotations

from itertools import pairwise

#: The distances between neighbours in a layer and between layers.
GAP, STEP = 22.0, 34.0
#: The number of passes over the layers, for ordering and for positions.
_SWEEPS = 8

Point = tuple[float, float]
Size = tuple[float, float]


class Layout:
    """The boxes of ``sizes`` with ``edges`` (from, to), each from an earlier box to a later one.

    ``centers`` are the centres of the boxes; ``paths`` the corners of each edge, from the lower
    side of one box to the upper side of the other; ``width`` and ``height`` the size of the
    drawing.
    """

    def __init__(self, sizes: list[Size], edges: list[tuple[int, int]]) -> None:
        self.sizes = list(sizes)
        self.layer = _layers(len(sizes), edges)
        self.above: list[list[int]] = [[] for _ in sizes]
        self.below: list[list[int]] = [[] for _ in sizes]
        chains = [self._chain(source, target) for source, target in edges]
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer, default=-1) + 1)]
        for box, layer in enumerate(self.layer):
            self.rows[layer].append(box)
        self._order()
        x, y = self._across(), self._down()
        halves = [(w / 2, h / 2) for w, h in self.sizes]
        left = min((x[i] - w for i, (w, _) in enumerate(halves)), default=0)
        self.centers = [(x[i] - left, y[i]) for i in range(len(halves))]
        ends = [(x[i] - left + w, y[i] + h) for i, (w, h) in enumerate(halves)]
        self.width = max((right for right, _ in ends), default=0)
        self.height = max((bottom for _, bottom in ends), default=0)
        self.paths = [self._path(chain) for chain in chains]
        del self.centers[len(sizes) :]

    def _chain(self, source: int, target: int) -> list[int]:
        """The edge as a chain of corners, one for each layer that it crosses."""
        chain = [source]
        for layer in range(self.layer[source] + 1, self.layer[target]):
            chain.append(len(self.sizes))
            self.sizes.append((0.0, 0.0))
            self.layer.append(layer)
            self.above.append([])
            self.below.append([])
        chain.append(target)
        for upper, lower in pairwise(chain):
            self.below[upper].append(lower)
            self.above[lower].append(upper)
        return chain

    def _order(self) -> None:
        """Sort each layer by its neighbours' mean position in the layer before, down and up."""
        for sweep in range(_SWEEPS):
            down = sweep % 2 == 0
            neighbours = self.above if down else self.below
            place: dict[int, float] = {}
            for row in self.rows if down else reversed(self.rows):
                for i, box in enumerate(row):
                    near = [place[other] for other in neighbours[box]]
                    place[box] = sum(near) / len(near) if near else float(i)
                row.sort(key=place.__getitem__)
                place |= {box: float(i) for i, box in enumerate(row)}

    def _across(self) -> list[float]:
        """The x coordinate of the centre of each box."""
        x = [0.0] * len(self.sizes)
        for row in self.rows:
            self._place(row, x, [x[box] for box in row])
        for sweep in range(_SWEEPS):
            for row in self.rows if sweep % 2 == 0 else reversed(self.rows):
                wanted = []
                for box in row:
                    near = [x[other] for other in (*self.above[box], *self.below[box])]
                    wanted.append(sum(near) / len(near) if near else x[box])
                self._place(row, x, wanted)
        return x

    def _place(self, row: list[int], x: list[float], wanted: list[float]) -> None:
        """Put the boxes of ``row`` close to their ``wanted`` positions, without overlap.

        After subtracting the minimal distances, this is isotonic regression: blocks of conflicting
        boxes move to the mean of their wanted positions.
        """
        offset, offsets = 0.0, []
        for i, box in enumerate(row):
            if i:
                offset += (self.sizes[row[i - 1]][0] + self.sizes[box][0]) / 2 + GAP
            offsets.append(offset)
        blocks: list[tuple[float, int]] = []
        for want, offset in zip(wanted, offsets, strict=True):
            mean, count = want - offset, 1
            while blocks and blocks[-1][0] > mean:
                before, size = blocks.pop()
                mean, count = (mean * count + before * size) / (count + size), count + size
            blocks.append((mean, count))
        means = [mean for mean, count in blocks for _ in range(count)]
        for box, mean, offset in zip(row, means, offsets, strict=True):
            x[box] = mean + offset

    def _down(self) -> list[float]:
        """The y coordinate of the centre of each box."""
        y = [0.0] * len(self.sizes)
        top = 0.0
        for row in self.rows:
            height = max(self.sizes[box][1] for box in row)
            for box in row:
                y[box] = top + height / 2
            top += height + STEP
        return y

    def _path(self, chain: list[int]) -> list[Point]:
        (x0, y0), (x1, y1) = self.centers[chain[0]], self.centers[chain[-1]]
        start = (x0, y0 + self.sizes[chain[0]][1] / 2)
        end = (x1, y1 - self.sizes[chain[-1]][1] / 2)
        return [start, *(self.centers[corner] for corner in chain[1:-1]), end]


def _layers(count: int, edges: list[tuple[int, int]]) -> list[int]:
    """A layer for each box, below its inputs; one without inputs is right above its first use."""
    layer = [0] * count
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        layer[target] = max(layer[target], layer[source] + 1)
    led_to = {target for _, target in edges}
    for box in range(count):
        uses = [layer[target] for source, target in edges if source == box]
        if box not in led_to and uses:
            layer[box] = min(uses) - 1
    return layer
