"""Points that span a domain, and mpmath's values at them.

A point that single precision can hold is one of single precision, so that a grid serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf, nan
from typing import Any
from zlib import crc32

import mpmath
import numpy as np
from mpmath import mp

#: Decimal digits: of two neighbours that agree, the first is taken.
PRECISIONS = (30, 45, 90, 180, 360, 720, 1440)

SIZES = (
    *(1e-300, 1e-150, 1e-38, 1e-20, 1e-10, 1e-6, 1e-3, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 1, 1.1, 1.5),
    *(2, 2.4, 3, 4.3, 5, 7.7, 10, 15, 20, 30, 50, 77, 100, 170, 500, 1e3, 1e4, 1e6, 1e8, 1e10),
    *(1e16, 1e30, 1e100, 1e150, 1e300),
)


def single(x: complex) -> Any:
    """``x`` rounded to single precision, if it is in the range of that; an integer as it is."""
    if isinstance(x, complex):
        return complex(single(x.real), single(x.imag))
    if isinstance(x, int) or not 2e-38 < abs(x) < 3e38:
        return x
    near = float(np.float32(x))
    # What is near 1 stays as near.
    return near if abs(abs(x) - abs(near)) <= 1e-3 * abs(1 - abs(x)) else x


def line(low: float = 0.0, high: float = inf, *more: float) -> list[float]:
    """Positive numbers from ``low`` to ``high`` of every size, and ``more``."""
    return [single(x) for x in SIZES if low <= x <= high] + [single(float(x)) for x in more]


def signed(low: float = 0.0, high: float = inf, *more: float) -> list[float]:
    """Numbers of either sign."""
    sizes = line(low, high, *more)
    return [-x for x in reversed(sizes)] + sizes


def plane(*sizes: float) -> list[complex]:
    """Complex numbers of these sizes, in twelve directions, none of them an axis."""
    turns = [0.03, 0.2, 0.47, 0.53, 0.8, 0.96, -0.03, -0.2, -0.47, -0.53, -0.8, -0.96]
    return [single(complex(r * np.exp(1j * np.pi * turn))) for r in sizes for turn in turns]


def pairs(*axes: Iterable[Any], keep: int = 1) -> list[tuple[Any, ...]]:
    """Every ``keep``-th of all combinations."""
    points = [tuple(v if isinstance(v, int) else single(v) for v in p) for p in product(*axes)]
    return points[::keep]


@dataclass
class Weaker:
    """Points where the bar is lower, and why: relative errors, None where the usual bar holds.

    ``own`` says that it is SciPy's value of the function itself that is not better there: then the
    bar is tied to its error; else the reason names the function that the rule needs. ``arguments``
    are those that it holds for, all if there are none; ``versions`` says of which versions of SciPy
    it is true.
    """

    reason: str
    where: Callable[..., Any]
    float64: float | None = None
    float32: float | None = None
    own: bool = True
    arguments: tuple[int, ...] = ()
    versions: Callable[[tuple[int, ...]], bool] = lambda version: True


@dataclass
class Row:
    """A function, its value and derivatives in mpmath, and where they are compared.

    ``slopes`` has an expression for each argument, None for one that has no rule; ``part`` is the
    position of the result, of a function that has several. ``edges`` are points whose derivatives
    are known without mpmath.
    """

    name: str
    value: Callable[..., Any] | None
    slopes: Sequence[Callable[..., Any] | None]
    points: Sequence[Any]
    edges: Sequence[tuple[tuple[Any, ...], tuple[complex | None, ...]]] = ()
    kind: str = ""
    part: int | None = None
    weaker: Sequence[Weaker] = ()

    def __post_init__(self) -> None:
        self.points = [p if isinstance(p, tuple) else (p,) for p in self.points]
        self.arguments = [i for i, slope in enumerate(self.slopes) if slope is not None]

    @property
    def fingerprint(self) -> int:
        """A number that changes with the points."""
        return crc32(repr(self.points).encode())

    @property
    def key(self) -> str:
        part = "" if self.part is None else str(self.part)
        return " ".join(filter(None, (self.name, part, self.kind)))


def exact(x: Any) -> Any:
    """``x`` as a number of mpmath; integers stay."""
    if isinstance(x, int):
        return x
    return mp.mpc(x) if isinstance(x, complex) else mp.mpf(x)


def figure(expression: Callable[..., Any] | None, point: Sequence[Any]) -> Any:
    """The value of ``expression`` at ``point``, as a Python number; NaN at a pole."""
    if expression is None:
        return nan
    found: Any = None
    for digits in PRECISIONS:
        with mpmath.workdps(digits):
            try:
                last, found = found, +expression(*map(exact, point))
            except (ValueError, ZeroDivisionError):
                return nan
            if found == 0 and digits < 300:
                found = None  # all digits may have cancelled
            elif last is not None and abs(found - last) <= abs(found) * mp.mpf(10) ** -18:
                return rounded(found)
    if abs(found) < mp.mpf(10) ** (-PRECISIONS[-2]):
        return 0.0
    raise ArithmeticError(f"no digits at {point}: {found}")


def rounded(x: Any) -> Any:
    """``x`` in double precision."""
    if isinstance(x, mp.mpc) and x.imag != 0:
        return complex(rounded(x.real), rounded(x.imag))
    x = mp.mpf(x.real)
    if abs(x) >= mp.mpf(2) ** 1024:
        return inf if x > 0 else -inf
    return float(x)


def plain(x: Any) -> Any:
    """``x`` as JSON can hold it: a complex number as its parts."""
    return [x.real, x.imag] if isinstance(x, complex) else x
