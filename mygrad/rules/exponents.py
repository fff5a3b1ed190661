"""Exponents and logarithms, powers and roots."""

import math

import numpy as np

from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements

LN2 = math.log(2)
LN10 = math.log(10)


@implements(np.exp)
class Exp(Elementwise):
    def vjp_x(grad, out):
        return grad * out


@implements(np.exp2)
class Exp2(Elementwise):
    def vjp_x(grad, out):
        return grad * (LN2 * out)


@implements(np.expm1)
class Expm1(Elementwise):
    def vjp_x(grad, x):
        # Not `out + 1`: where the result is nearly -1, it has lost the digits of exp(x).
        return grad * np.exp(x)


@implements(np.log)
class Log(Elementwise):
    def vjp_x(grad, x):
        return grad / x


@implements(np.log2)
class Log2(Elementwise):
    def vjp_x(grad, x):
        return grad / (LN2 * x)


@implements(np.log10)
class Log10(Elementwise):
    def vjp_x(grad, x):
        return grad / (LN10 * x)


@implements(np.log1p)
class Log1p(Elementwise):
    def vjp_x(grad, x):
        return grad / (1 + x)


def part_of_log_sum(x1, x2, exp):
    """The derivative of ``log(exp(x1) + exp(x2))`` with respect to ``x1``."""
    difference = x2 - x1
    # Infinities of the same sign tie.
    difference = np.where(np.isnan(difference) & (x1 == x2), 0, difference)
    return 1 / (1 + exp(difference))


@implements(np.logaddexp)
class Logaddexp(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * part_of_log_sum(x1, x2, np.exp)

    def vjp_x2(grad, x1, x2):
        return grad * part_of_log_sum(x2, x1, np.exp)


@implements(np.logaddexp2)
class Logaddexp2(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * part_of_log_sum(x1, x2, np.exp2)

    def vjp_x2(grad, x1, x2):
        return grad * part_of_log_sum(x2, x1, np.exp2)


@implements(np.square)
class Square(Elementwise):
    def vjp_x(grad, x):
        return grad * (2 * x)


@implements(np.sqrt)
class Sqrt(Elementwise):
    def vjp_x(grad, out):
        return grad / (out + out)  # twice as fast as 2 * out for small arrays


@implements(np.cbrt)
class Cbrt(Elementwise):
    def vjp_x(grad, out):
        return grad / (3 * out * out)


def slope_in_base(base, exponent, power):
    """The derivative of ``power(base, exponent)`` with respect to ``base``."""
    # 1.0: a small integer minus 1 might wrap around.
    slope = exponent * power(base, exponent - 1.0)
    # x ** 0 is 1 for every x, including zero and NaN.
    return np.where((exponent == 0) & np.isnan(slope), 0, slope)


def slope_in_exponent(base, exponent, out):
    """The derivative of ``out = base**exponent`` with respect to ``exponent``."""
    # A Python number has no dtype: its logarithm gets that of the result.
    slope = out * np.log(base, dtype=out.dtype)
    # 0 ** x is 0 for every positive x. At x = 0, where it jumps to 1, the derivative is set to 0.
    return np.where((base == 0) & (exponent >= 0), 0, slope)


@implements(np.power)
class Power(Elementwise):
    """The derivative of ``x ** 0`` is 0 for every x, and that of ``0 ** x`` is 0 for x >= 0."""

    def vjp_x1(grad, x1, x2):
        if not isinstance(x2, (int, float, complex)):
            return grad * slope_in_base(x1, x2, np.power)
        if x2 == 2:
            return grad * (2 * x1)
        if x2 == 0:
            return np.zeros_like(grad)
        return grad * (x2 * x1 ** (x2 - 1))

    def vjp_x2(grad, out, x1, x2):
        return grad * slope_in_exponent(x1, x2, out)


@implements(np.float_power)
class FloatPower(Elementwise):
    """The derivative of ``x ** 0`` is 0 for every x, and that of ``0 ** x`` is 0 for x >= 0."""

    def vjp_x1(grad, x1, x2):
        return grad * slope_in_base(x1, x2, np.float_power)

    def vjp_x2(grad, out, x1, x2):
        return grad * slope_in_exponent(x1, x2, out)
