"""Gradients of a sequence of arguments, each computed when it is asked for."""


class Lazy:
    """A sequence of gradients: ``compute(i)`` is that of the argument in place ``i``.

    The engine asks only for the arguments that need one.
    """

    __slots__ = ("compute",)

    def __init__(self, compute):
        self.compute = compute

    def __getitem__(self, position):
        return self.compute(position)
