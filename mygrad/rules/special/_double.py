"""The base of operations whose rules compute in double precision, and what several of them need."""

import inspect
import math

import numpy as np

from mygrad.engine.operation import Elementwise, Rule


def double(x):
    """``x`` in at least double precision; of an integer, 64 bits, so that ``1 - x`` does not wrap around.

    A Python number is as exact as it is.
    """
    dtype = getattr(x, "dtype", None)
    if dtype is None:
        return x
    target = np.result_type(dtype, np.float64 if dtype.kind in "fc" else np.int64)
    return x if dtype == target else x.astype(target)


class Special(Elementwise):
    """An operation whose rules compute in double precision, as SciPy does itself.

    The gradient is rounded once, by the engine. A rule that asks for ``out`` names all arguments, for
    it to be computed again where it was rounded to single precision.
    """

    def __init_subclass__(cls, **kwargs):
        for name, rule in list(vars(cls).items()):
            if inspect.isfunction(rule) and name.startswith("vjp"):
                setattr(cls, name, _in_double(cls, rule))
        super().__init_subclass__(**kwargs)


def _in_double(cls: type[Special], rule: Rule) -> Rule:
    """``rule``, given its arguments in double precision."""
    names = inspect.signature(rule).parameters
    arguments = [name for name in names if name not in ("grad", "out")]
    given = {name: f"double({name})" for name in arguments}
    if "out" in names:
        given["out"] = f"again(out, {', '.join(arguments)})"

    def again(out, *args):
        """``out`` if it is in double precision, or what it is then."""
        first = out[0] if isinstance(out, tuple) else out
        exact = double(first) is first
        return out if exact else cls.function(*map(double, args))

    call = ", ".join(given.get(name, name) for name in names)
    return eval(
        f"lambda {', '.join(names)}: rule({call})", {"rule": rule, "double": double, "again": again}
    )


def is_complex(x):
    """True if ``x`` is complex."""
    return np.iscomplexobj(x)


def polynomial(x, coefficients):
    """``coefficients[0] + coefficients[1] * x + …``."""
    total = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + coefficient
    return total


def split_turns(x):
    """The multiple of pi nearest to ``pi * x``, as its sign of the cosine, and the rest of ``x``."""
    nearest = np.round(np.real(x))
    return 1 - 2 * np.abs(np.fmod(nearest, 2)), x - nearest


def sinpi(x):
    """``sin(pi * x)``, exact at integers."""
    sign, rest = split_turns(x)
    return sign * np.sin(math.pi * rest)


def cospi(x):
    """``cos(pi * x)``."""
    sign, rest = split_turns(x)
    return sign * np.cos(math.pi * rest)


def is_pole(x):
    """True if ``x`` is 0, -1, -2, …, where the gamma function has poles."""
    return (np.real(x) <= 0) & (x == np.round(np.real(x)))


def total(terms):
    """The sum of the products of the gradients, of which a result that nobody used has none."""
    present = [grad * slope for grad, slope in terms if grad is not None]
    return sum(present[1:], present[0])
