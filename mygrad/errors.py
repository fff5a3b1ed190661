"""The errors of mygrad's own. Errors that NumPy would raise are raised as NumPy raises them."""

from __future__ import annotations

import sys
from typing import Any


class MyGradException(Exception):
    """The base of mygrad's own errors."""


class InvalidBackprop(MyGradException):
    """Going back cannot be done: the graph, or a part of it, has been released."""


class InvalidGradient(MyGradException, ValueError):
    """A gradient has a shape or a type that does not fit what it is the gradient of."""


class Anomaly(MyGradException, FloatingPointError):
    """Under :data:`mygrad.debug`: an operation made NaN or infinity of finite numbers."""


class DisconnectedView(MyGradException):
    """A view no longer belongs to its base. Kept for MyGrad 2's users: nothing here raises it."""


class GradientLost(MyGradException):
    """Under :data:`mygrad.strict`: a tensor that carries a gradient was about to become plain data."""


def name_of_function(function: Any) -> str:
    """The name by which messages call a function of the user's."""
    return getattr(function, "__name__", None) or repr(function)


def place() -> str:
    """Where the user's code is, outside this library and NumPy."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        known = frame.f_globals
        # The name of a module that is run as a command is not its own.
        module = (known.get("__package__") or known.get("__name__", "")).split(".")[0]
        if module not in ("mygrad", "numpy", "runpy"):
            return f" at {frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
