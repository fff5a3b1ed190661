"""mygrad's own errors. Errors that NumPy would raise are raised as in NumPy."""

from __future__ import annotations

import sys
from sysconfig import get_path
from typing import Any

_STANDARD_LIBRARY = get_path("stdlib")


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
    """A tensor that carries a gradient would become plain data.

    Raised where a function that a transform differentiates would lose part of its derivative, and
    everywhere under :data:`mygrad.strict`.
    """


def name_of_function(function: Any) -> str:
    """The name of a user's function in messages."""
    return getattr(function, "__name__", None) or repr(function)


def place() -> str:
    """The current line of the user's code, and the library function that it calls, if any.

    The user's code is everything outside this library, NumPy, the standard library and installed
    packages; if all code is installed, everything outside the first two.
    """
    frames = []
    frame: Any = sys._getframe(1)
    while frame is not None:
        known = frame.f_globals
        # A module that is run as a command is named __main__, but its package is known.
        module = (known.get("__package__") or known.get("__name__", "")).split(".")[0]
        if module not in ("mygrad", "numpy", "runpy"):
            frames.append(frame)
        frame = frame.f_back
    if not frames:
        return ""
    own = next((i for i, frame in enumerate(frames) if not _is_installed(frame)), 0)
    line = f" at {frames[own].f_code.co_filename}:{frames[own].f_lineno}"
    if own == 0:
        return line
    called = frames[own - 1]
    return f"{line}, in a call of {called.f_globals.get('__name__', '')}.{called.f_code.co_name}"


def _is_installed(frame: Any) -> bool:
    file = frame.f_code.co_filename
    packages = ("site-packages", "dist-packages")
    return file.startswith((_STANDARD_LIBRARY, "<")) or any(each in file for each in packages)
