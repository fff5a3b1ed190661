"""Bessel, Hankel and Airy functions."""

from functools import partial
from math import inf

from mpmath import mp

from tests.rules.special_oracle.grid import Row, Weaker, line, pairs, plane, signed


def jv_slope(v, x):
    return (mp.besselj(v - 1, x) - mp.besselj(v + 1, x)) / 2


def yv_slope(v, x):
    return (mp.bessely(v - 1, x) - mp.bessely(v + 1, x)) / 2


def iv_slope(v, x):
    return (mp.besseli(v - 1, x) + mp.besseli(v + 1, x)) / 2


def kv_slope(v, x):
    return -(mp.besselk(v - 1, x) + mp.besselk(v + 1, x)) / 2


def ive(v, x):
    return mp.exp(-abs(x)) * mp.besseli(v, x)


def ive_slope(v, x):
    return mp.exp(-abs(x)) * (iv_slope(v, x) - mp.sign(x) * mp.besseli(v, x))


def ive_complex(v, z):
    return mp.exp(-abs(mp.re(z))) * mp.besseli(v, z)


def ive_complex_slope(v, z):
    """The scale is no holomorphic function: of a gradient of 1, the part that is due to it is real."""
    scale = mp.exp(-abs(mp.re(z)))
    return scale * iv_slope(v, z) - mp.sign(mp.re(z)) * mp.re(scale * mp.besseli(v, z))


def kve(v, x):
    return mp.exp(x) * mp.besselk(v, x)


def kve_slope(v, x):
    return mp.exp(x) * (kv_slope(v, x) + mp.besselk(v, x))


def hankel1(v, z):
    """By the function of Macdonald, without cancellation, but in the third quadrant."""
    if mp.re(z) < 0 and mp.im(z) < 0:
        return mp.hankel1(v, z)
    return -2j / mp.pi * mp.expjpi(-mp.mpf(v) / 2) * mp.besselk(v, -1j * z)


def hankel1_slope(v, z):
    return (hankel1(v - 1, z) - hankel1(v + 1, z)) / 2


def hankel2(v, z):
    return mp.conj(hankel1(v, mp.conj(z)))


def hankel2_slope(v, z):
    return mp.conj(hankel1_slope(v, mp.conj(z)))


def of_order(function, order):
    return partial(function, order)


def orders(value, slope, order):
    return of_order(value, order), [of_order(slope, order)]


NUMBERS = line(1e-150, 1e6)
EITHER = signed(1e-150, 1e6)
SCALED = line(1e-150, 1e10)
ORDERS = [0.0, 0.5, 1, 1.5, 2, 3.7, 10, 50, -0.5, -1, -2.3]
ARGUMENTS = [1e-100, 1e-10, 1e-3, 0.3, 1, 2, 5.2, 10, 23, 26, 40, 100, 700, 1e3, 1e5]
REAL = pairs(ORDERS, ARGUMENTS)
SCALED_REAL = [*REAL, *pairs([0.0, 0.5, 1, 2.5, 10], [1e8, 1e10])]
INTEGERS = pairs([0, 1, 2, 5, 20], ARGUMENTS)
COMPLEX = pairs([0.0, 0.5, 2, 10], plane(0.1, 2, 10, 30, 200), keep=2)
FAR = pairs([0.0, 0.5, 3], plane(1e4, 1e8))
REDUCED = [
    Weaker(
        "SciPy's value loses digits where it reduces a large argument, before its version 1.18",
        lambda x: abs(x) >= 1e5,
        float64=1e-10,
        versions=lambda version: version < (1, 18),
    )
]
REDUCED_Y1 = Weaker(
    "SciPy's y1 loses digits where it reduces a large argument, since its version 1.18 alone",
    lambda *args: args[-1] >= 1e5,
    float64=1e-10,
    own=False,
    versions=lambda version: version >= (1, 18),
)
FAR_LEFT = [
    Weaker(
        "SciPy's value loses digits where it reduces a large argument",
        lambda x: x <= -500,
        float64=1e-10,
    )
]
FLUSHED = [
    Weaker(
        "SciPy's value is 0 from about 698 on, before it is subnormal",
        lambda v, x: x == 700,
        float64=inf,
    )
]

ROWS = [
    Row("j0", *orders(mp.besselj, jv_slope, 0), EITHER, weaker=REDUCED),
    Row("j1", *orders(mp.besselj, jv_slope, 1), EITHER, edges=[((0.0,), (0.5,))], weaker=REDUCED),
    Row("y0", *orders(mp.bessely, yv_slope, 0), NUMBERS, weaker=[*REDUCED, REDUCED_Y1]),
    Row("y1", *orders(mp.bessely, yv_slope, 1), NUMBERS, weaker=REDUCED),
    Row("i0", *orders(mp.besseli, iv_slope, 0), signed(1e-150, 713)),
    Row("i1", *orders(mp.besseli, iv_slope, 1), signed(1e-150, 713), edges=[((0.0,), (0.5,))]),
    Row("k0", *orders(mp.besselk, kv_slope, 0), line(1e-150, 713)),
    Row("k1", *orders(mp.besselk, kv_slope, 1), line(1e-150, 713)),
    Row("i0e", *orders(ive, ive_slope, 0), signed(1e-150, 1e10)),
    Row("i1e", *orders(ive, ive_slope, 1), signed(1e-150, 1e10)),
    Row("k0e", *orders(kve, kve_slope, 0), SCALED),
    Row("k1e", *orders(kve, kve_slope, 1), SCALED),
    Row(
        "jv",
        mp.besselj,
        [None, jv_slope],
        REAL,
        edges=[((1.0, 0.0), (None, 0.5)), ((0.0, 0.0), (None, 0.0)), ((2.0, 0.0), (None, 0.0))],
    ),
    Row(
        "jv",
        mp.besselj,
        [None, jv_slope],
        pairs([0.0, 1, 2, 5], [-0.3, -5.2, -40]),
        kind="negative",
    ),
    Row("jv", mp.besselj, [None, jv_slope], COMPLEX, kind="complex"),
    Row("yv", mp.bessely, [None, yv_slope], REAL),
    Row("yv", mp.bessely, [None, yv_slope], COMPLEX, kind="complex"),
    Row(
        "yn",
        mp.bessely,
        [None, yv_slope],
        INTEGERS,
        weaker=[
            Weaker(
                "SciPy's y0 and y1, of which it makes yn, lose digits far from 0",
                lambda n, x: x >= 1e5,
                float64=1e-11,
                versions=lambda version: version < (1, 18),
            ),
            REDUCED_Y1,
        ],
    ),
    Row(
        "iv",
        mp.besseli,
        [None, iv_slope],
        REAL,
        weaker=[
            Weaker(
                "SciPy's iv(2.7, 1e-100) is 0",
                lambda v, x: 3 < v < 4 and x < 1e-99,
                float64=inf,
                own=False,
            )
        ],
    ),
    Row("iv", mp.besseli, [None, iv_slope], COMPLEX, kind="complex"),
    Row(
        "ive",
        ive,
        [None, ive_slope],
        SCALED_REAL,
        weaker=[
            Weaker(
                "SciPy's ive(-3.3, 1e-100) is NaN",
                lambda v, x: v < -2 and x < 1e-99,
                float64=inf,
                own=False,
            )
        ],
    ),
    Row(
        "ive",
        ive,
        [None, ive_slope],
        pairs([0.0, 1, 2, 5], [-0.3, -5.2, -40, -1e4]),
        kind="negative",
    ),
    Row(
        "ive",
        ive_complex,
        [None, ive_complex_slope],
        [*COMPLEX, *FAR, *pairs([0.0, 0.5, 3], [1e4 + 0j, 1e8 + 0j, 30 + 1e-9j, 3 + 1e-9j])],
        kind="complex",
    ),
    Row("kv", mp.besselk, [None, kv_slope], REAL, weaker=FLUSHED),
    Row("kv", mp.besselk, [None, kv_slope], COMPLEX, kind="complex"),
    Row("kn", mp.besselk, [None, kv_slope], INTEGERS, weaker=FLUSHED),
    Row("kve", kve, [None, kve_slope], SCALED_REAL),
    Row("kve", kve, [None, kve_slope], [*COMPLEX, *FAR], kind="complex"),
    Row("hankel1", hankel1, [None, hankel1_slope], COMPLEX, kind="complex"),
    Row("hankel2", hankel2, [None, hankel2_slope], COMPLEX, kind="complex"),
    Row(
        "hankel1e",
        lambda v, z: mp.exp(-1j * z) * hankel1(v, z),
        [None, lambda v, z: mp.exp(-1j * z) * (hankel1_slope(v, z) - 1j * hankel1(v, z))],
        [*COMPLEX, *FAR],
        kind="complex",
    ),
    Row(
        "hankel2e",
        lambda v, z: mp.exp(1j * z) * hankel2(v, z),
        [None, lambda v, z: mp.exp(1j * z) * (hankel2_slope(v, z) + 1j * hankel2(v, z))],
        [*COMPLEX, *FAR],
        kind="complex",
    ),
    Row(
        "airy",
        mp.airyai,
        [lambda x: mp.airyai(x, derivative=1)],
        signed(1e-150, 1e4),
        part=0,
        weaker=FAR_LEFT,
    ),
    Row(
        "airy",
        lambda x: mp.airyai(x, derivative=1),
        [lambda x: x * mp.airyai(x)],
        signed(1e-150, 1e4),
        part=1,
        weaker=FAR_LEFT,
    ),
    Row(
        "airy",
        mp.airybi,
        [lambda x: mp.airybi(x, derivative=1)],
        [*line(1e-150, 100), *[-x for x in line(1e-150, 1e4)]],
        part=2,
        weaker=FAR_LEFT,
    ),
    Row(
        "airy",
        lambda x: mp.airybi(x, derivative=1),
        [lambda x: x * mp.airybi(x)],
        [*line(1e-150, 100), *[-x for x in line(1e-150, 1e4)]],
        part=3,
        weaker=FAR_LEFT,
    ),
    Row(
        "airy",
        mp.airyai,
        [lambda x: mp.airyai(x, derivative=1)],
        plane(1e-5, 0.3, 2, 7, 30),
        part=0,
        kind="complex",
    ),
    Row(
        "airy",
        lambda x: mp.airybi(x, derivative=1),
        [lambda x: x * mp.airybi(x)],
        plane(1e-5, 0.3, 2, 7, 30),
        part=3,
        kind="complex",
    ),
]
