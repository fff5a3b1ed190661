"""The errors of mygrad's own. Errors that NumPy would raise are raised as NumPy raises them."""

from __future__ import annotations

import sys
from sysconfig import get_path
from typing import Any

_STANDARD_LIBRARY = get_path("stdlib")


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
    """A tensor that carries a gradient was about to become plain data.

    It is raised where a function that a transform differentiates would lose a part of its derivative, and
    everywhere under :data:`mygrad.strict`.
    """


def name_of_function(function: Any) -> str:
    """The name by which messages call a function of the user's."""
    return getattr(function, "__name__", None) or repr(function)


def place() -> str:
    """The line of the user's code that is running, and the function of a library that it has called, if any.

    The user's code is what lies outside this library, NumPy, the standard library and installed packages; where
    all of it is installed, what lies outside the first two.
    """
    frames = []
    frame: Any = sys._getframe(1)
    while frame is not None:
        known = frame.f_globals
        # The name of a module that is run as a command is not its own.
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
