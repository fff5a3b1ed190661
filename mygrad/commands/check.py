"""``python -m mygrad check module:function``: is a NumPy function differentiable?"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from importlib import import_module
from operator import attrgetter
from typing import Any

import numpy as np

from mygrad.engine.modes import Leak, collect_leaks
from mygrad.tensors.tensor import Tensor, asarray
from mygrad.testing import GradientMismatch, check_gradients, float_outputs, own

Function = Callable[..., Any]
Array = np.ndarray[Any, Any]

DIFFERENTIABLE, NOT_DIFFERENTIABLE, MISUSED = 0, 1, 2
#: What the user's code may raise; a SystemExit must not end the check.
FAILURE = (Exception, SystemExit)
#: The width of the column of headings.
WIDTH = 14


class Misuse(Exception):
    """The command line is wrong."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to ``parser``."""
    parser.add_argument(
        "target",
        metavar="module:function",
        help="the module is searched for in the current directory, too",
    )
    parser.add_argument(
        "--shapes",
        nargs="*",
        default=[],
        metavar="SHAPE",
        help="one shape per argument: 3,4 is a matrix, 5 a vector, scalar (or '()') a number",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the random arguments (default: 0)"
    )
    parser.add_argument(
        "--dtype",
        default="float64",
        help="dtype of the arguments (default: float64); the comparison is in double precision",
    )
    parser.add_argument(
        "--positive",
        action="store_true",
        help="draw arguments between 0.5 and 2 instead of normally distributed ones",
    )


def check(options: argparse.Namespace) -> int:
    """Print the report on a function, and return the exit status."""
    try:
        function, arrays = _prepare(options)
    except Misuse as error:
        print(f"mygrad check: {error}", file=sys.stderr)
        return MISUSED
    shapes = ", ".join(str(array.shape) for array in arrays)
    print(f"{options.target} of {arrays[0].dtype} arrays of shapes {shapes}, seed {options.seed}")
    right = _differentiate(function, arrays)
    print("differentiable" if right else "NOT differentiable")
    return DIFFERENTIABLE if right else NOT_DIFFERENTIABLE


# ------------------------------------------------------------------ the arguments


def _prepare(options: argparse.Namespace) -> tuple[Function, list[Array]]:
    """The function, and arguments that it accepts."""
    function = _find(options.target)
    try:
        dtype = np.dtype(options.dtype)
    except TypeError:
        raise Misuse(f"--dtype {options.dtype} is not a NumPy dtype") from None
    if dtype.kind not in "fc":
        raise Misuse(f"--dtype {dtype}: only floating-point and complex numbers have derivatives")
    shapes = [_shape(text) for text in options.shapes]
    _check_number(function, options.target, shapes)
    if options.seed < 0:
        raise Misuse(f"--seed {options.seed}: must be non-negative")
    rng = np.random.default_rng(options.seed)
    try:
        arrays = [_random(shape, dtype, options.positive, rng) for shape in shapes]
    except (MemoryError, ValueError) as error:
        shown = " ".join(options.shapes)
        raise Misuse(f"--shapes {shown}: cannot create such arrays: {error}") from None
    try:
        with np.errstate(all="ignore"):
            function(*(array.copy() for array in arrays))
    except FAILURE as error:
        shown = " ".join(options.shapes)
        raise Misuse(
            f"{options.target} fails on plain arrays of shapes {shown}: {_told(error)}"
        ) from None
    return function, arrays


def _find(target: str) -> Function:
    name, colon, path = target.partition(":")
    if not (name and colon and path):
        raise Misuse(f"{target!r} does not name a function: write module:function")
    if name.endswith(".py") or os.sep in name:
        raise Misuse(
            f"{name!r} is a file: give the module name, as for import, and run the command in its directory"
        )
    with _current_directory():
        try:
            module = import_module(name)
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):
                raise Misuse(f"{name} cannot be imported: {_told(error)}") from None
            raise Misuse(f"no module {error.name!r} in {os.getcwd()} or installed") from None
        except FAILURE as error:
            raise Misuse(f"{name} cannot be imported: {_told(error)}") from None
    try:
        function = attrgetter(path)(module)
    except AttributeError:
        there = [n for n, v in vars(module).items() if inspect.isfunction(v) and n[0] != "_"]
        has = f"; it has {', '.join(there)}" if there else ""
        raise Misuse(f"module {name} has no {path!r}{has}") from None
    if not callable(function):
        raise Misuse(f"{target} is not a function but {type(function).__name__}")
    return function


@contextmanager
def _current_directory() -> Any:
    """Search for modules in the current directory first."""
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        if here in sys.path:
            sys.path.remove(here)


def _shape(text: str) -> tuple[int, ...]:
    if text in ("scalar", "()"):
        return ()
    parts = text.strip("()").removesuffix(",").split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise Misuse(
            f"--shapes: {text!r} is not a shape. Write 3,4 for a matrix, 5 for a vector, scalar for a number."
        )
    return tuple(int(part) for part in parts)


def _check_number(function: Function, target: str, shapes: list[Any]) -> None:
    """Raise if the function is known not to accept that many arguments."""
    takes = ""
    try:
        signature = inspect.signature(function)
        takes = f" Its signature is {target.partition(':')[2]}{signature}."
        signature.bind(*shapes)
    except TypeError:
        number = "one array" if len(shapes) == 1 else f"{len(shapes) or 'no'} arrays"
        raise Misuse(
            f"{target} cannot be called with {number}: give a shape for each argument, as in"
            f" --shapes 3,4 5.{takes}"
        ) from None
    except ValueError:
        pass  # C functions may have no signature
    if not shapes:
        raise Misuse(f"there is nothing to differentiate with respect to: give --shapes.{takes}")


def _random(
    shape: tuple[int, ...], dtype: np.dtype[Any], positive: bool, rng: np.random.Generator
) -> Array:
    def numbers() -> Array:
        return rng.uniform(0.5, 2, shape) if positive else rng.normal(size=shape)

    values = numbers() + 1j * numbers() if dtype.kind == "c" else numbers()
    return np.asarray(values, dtype)


# ---------------------------------------------------------------------- the report


def _differentiate(function: Function, arrays: list[Array]) -> bool:
    """Run forward and backward; return True if the gradients are correct and none is lost."""
    tensors = [Tensor(array) for array in arrays]
    with collect_leaks() as leaks, np.errstate(all="ignore"):
        try:
            result = function(*map(own, tensors))
        except FAILURE as error:
            _say("error", f"on tensors, {_told(error)}")
            _say_leaks(leaks)
            return False
    _say("value", _summary(result))
    try:
        # The gradient of the sum of all outputs.
        total: Any = sum((np.sum(np.real(out)) for out in float_outputs(result)), start=0.0)
        if isinstance(total, Tensor):
            total.backward()
    except FAILURE as error:
        _say("error", f"in the backward pass, {_told(error)}")
        _say_leaks(leaks)
        return False
    for number, (name, tensor) in enumerate(zip(_names(function, arrays), tensors, strict=True)):
        heading = "" if number else "gradient"
        if tensor.grad is None:
            _say(heading, f"{name}: none reached it")
        else:
            norm = float(np.linalg.norm(np.ravel(asarray(tensor.grad))))
            _say(heading, f"{name}: norm {norm:.6g}")
    _say_leaks(leaks)
    agrees = _compare(function, arrays)
    return agrees and not leaks


def _say_leaks(leaks: Sequence[Leak]) -> None:
    if not leaks:
        _say("leaks", "none")
    advised = set()
    for number, (leak, times) in enumerate(Counter(leaks).items()):
        often = f" ({times} times)" if times > 1 else ""
        where = f"{_near(leak.where)}: " if leak.where else ""
        _say("" if number else "leaks", f"{where}{leak.what}{often}")
        if leak.advice not in advised:
            advised.add(leak.advice)
            _say("", f"  {leak.advice}")


def _compare(function: Function, arrays: list[Array]) -> bool:
    """True if the derivatives agree with finite differences, to second order."""
    for order, name in ((1, "first order"), (2, "second order")):
        try:
            with np.errstate(all="ignore"):
                check_gradients(function, *arrays, order=order)
        except GradientMismatch as error:
            _say(name, f"differs from finite differences: {error}")
            return False
        except FAILURE as error:
            _say(name, _told(error))
            return False
        _say(name, "agrees with finite differences")
    return True


def _say(heading: str, text: str) -> None:
    lines = text.splitlines() or [""]
    for number, line in enumerate(lines):
        print(f"{'' if number else heading:<{WIDTH}}{line}")


def _summary(result: Any) -> str:
    values = [np.asarray(asarray(each)) for each in float_outputs(result)]
    if not values:
        return f"{type(result).__name__}, not a floating-point array"
    return "\n".join(map(_described, values))


def _described(value: Array) -> str:
    if value.ndim == 0:
        return f"{value.item():.6g}"
    kind = f"{value.dtype} array of shape {value.shape}"
    if not value.size:
        return kind
    bad = np.count_nonzero(~np.isfinite(value))
    size = np.abs(value) if value.dtype.kind == "c" else value
    what = "absolute values" if value.dtype.kind == "c" else "values"
    return f"{kind}, {what} {size.min():.6g} to {size.max():.6g}" + (
        f", {bad} not finite: try --positive" if bad else ""
    )


def _names(function: Function, arrays: list[Array]) -> list[str]:
    """Names for the arguments."""
    try:
        bound = inspect.signature(function).bind(*arrays).arguments
    except (TypeError, ValueError):
        bound = {}
    names = [name for name, value in bound.items() if not isinstance(value, tuple)]
    return names + [f"argument {i}" for i in range(len(names), len(arrays))]


def _told(error: BaseException) -> str:
    """An error and the line of the user's code that raised it."""
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        names = frame.f_globals.get("__package__") or frame.f_globals.get("__name__", "")
        if names.split(".")[0] not in ("mygrad", "numpy", "importlib", "runpy"):
            where = f"{_near(f'{frame.f_code.co_filename}:{line}')}: "
    return f"{where}{type(error).__name__}: {error}"


def _near(path: str) -> str:
    """``path``, relative to the current directory if it is inside it."""
    return path.removeprefix(os.getcwd() + os.sep)
