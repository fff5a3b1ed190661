"""mygrad's own errors. Errors that NumPy would raise are raised as in NumPy."""

from __future__ import annotations

import sys
from typing import Any


class MyGradException(Exception):
    """The base class of mygrad's own errors."""


class InvalidBackprop(MyGradException):
    """Backpropagation is impossible: the graph, or a part of it, has been released."""


class InvalidGradient(MyGradException, ValueError):
    """A gradient has a shape or a type that does not match its tensor."""


class Anomaly(MyGradException, FloatingPointError):
    """Under :data:`mygrad.debug`: an operation turned finite numbers into NaN or infinity."""


class DisconnectedView(MyGradException):
    """A view no longer belongs to its base. Never raised; kept for users of MyGrad 2."""


class GradientLost(MyGradException):
    """Under :data:`mygrad.strict`: a tensor that carries a gradient would become plain data."""


def place() -> str:
    """The line of the user's code that called this library or NumPy."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        known = frame.f_globals
        # A module that is run as a command is named __main__, but its package is known.
        module = (known.get("__package__") or known.get("__name__", "")).split(".")[0]
        if module not in ("mygrad", "numpy", "runpy"):
            return f" at {frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
