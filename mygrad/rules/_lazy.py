"""Gradients of a sequence of arguments, each computed on demand."""


class Lazy:
    """A sequence of gradients: ``compute(i)`` returns that of argument ``i``.

    The engine asks only for those that are needed.
    """

    __slots__ = ("compute",)

    def __init__(self, compute):
        self.compute = compute

    def __getitem__(self, position):
        return self.compute(position)
