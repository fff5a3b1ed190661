"""Error functions, the normal and other distributions, Fresnel's and exponential integrals."""

from math import inf

from mpmath import mp
from scipy import special

from tests.rules.special_oracle.gamma import (
    INCOMPLETE,
    gamma_density,
    gammainc,
    gammainc_in_a,
    gammaincc,
)
from tests.rules.special_oracle.grid import Row, line, pairs, plane, signed


def bell(x):
    return 2 / mp.sqrt(mp.pi) * mp.exp(-x * x)


def erfcx(z):
    return mp.exp(z * z) * mp.erfc(z)


def dawsn(z):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-z * z) * mp.erfi(z)


def wofz(z):
    return mp.exp(-z * z) * mp.erfc(-1j * z)


def phi(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def newton(function, start):
    """The inverse of a function of one argument; ``function`` gives value over derivative too."""

    def solve(y):
        x = mp.mpf(float(start(float(y))))
        for _ in range(12):
            x -= function(x, y)
        return x

    return solve


erfinv = newton(lambda x, y: (mp.erf(x) - y) / bell(x), special.erfinv)
erfcinv = newton(lambda x, y: -(mp.erfc(x) - y) / bell(x), special.erfcinv)
ndtri = newton(lambda x, y: (ndtr(x) - y) / phi(x), special.ndtri)
ndtri_exp = newton(lambda x, y: (mp.log(ndtr(x)) - y) * ndtr(x) / phi(x), special.ndtri_exp)


def owens_t(h, a):
    return mp.quad(lambda t: mp.exp(-h * h * (1 + t * t) / 2) / (1 + t * t), [0, a]) / (2 * mp.pi)


def stdtr_slope(v, t):
    power = mp.exp(-(v + 1) / 2 * mp.log1p(t * t / v))
    return power / (mp.sqrt(v) * mp.beta(v / 2, mp.mpf(1) / 2))


def stdtr(v, t):
    tail = mp.betainc(v / 2, mp.mpf(1) / 2, 0, v / (v + t * t), regularized=True) / 2
    return tail if t < 0 else 1 - tail


def fresnel_slope(function):
    return lambda x: function(mp.pi / 2 * x * x)


def expi(x):
    return mp.ei(x)


def exp_over(x):
    return mp.exp(x) / x


COMPLEX = plane(1e-10, 0.3, 1.5, 5, 9, 11, 25)
FAR = plane(100, 1e5, 1e10)
UPPER = [z for z in FAR if z.imag > 0]
RIGHT = [z for z in FAR if abs(z.real) > abs(z.imag) and z.real > 0]
HALVES = [1e-300, 1e-30, 1e-10, 1e-3, 0.1, 0.3, 0.6, 0.9, 0.999, 1 - 2.0**-20, 1 - 2.0**-50]

ROWS = [
    Row("erf", mp.erf, [bell], signed(0, 100, 26)),
    Row("erf", mp.erf, [bell], COMPLEX, kind="complex"),
    Row("erfc", mp.erfc, [lambda x: -bell(x)], signed(0, 100, 26)),
    Row("erfc", mp.erfc, [lambda x: -bell(x)], COMPLEX, kind="complex"),
    Row(
        "erfcx",
        erfcx,
        [lambda z: 2 * z * erfcx(z) - 2 / mp.sqrt(mp.pi)],
        [*line(0, 1e100, 9, 9.9, 10.1, 25), *[-x for x in line(0, 30)]],
    ),
    Row(
        "erfcx",
        erfcx,
        [lambda z: 2 * z * erfcx(z) - 2 / mp.sqrt(mp.pi)],
        [*COMPLEX, *RIGHT],
        kind="complex",
    ),
    Row("erfi", mp.erfi, [lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(x * x)], signed(0, 30, 26)),
    Row("erfi", mp.erfi, [lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(x * x)], COMPLEX, kind="complex"),
    Row("dawsn", dawsn, [lambda z: 1 - 2 * z * dawsn(z)], signed(0, 1e100, 0.92, 9.9, 10.1)),
    Row("dawsn", dawsn, [lambda z: 1 - 2 * z * dawsn(z)], [*COMPLEX, *RIGHT], kind="complex"),
    Row(
        "wofz",
        wofz,
        [lambda z: 2j / mp.sqrt(mp.pi) - 2 * z * wofz(z)],
        [*COMPLEX, *UPPER],
        kind="complex",
    ),
    Row(
        "wofz",
        wofz,
        [lambda z: 2j / mp.sqrt(mp.pi) - 2 * z * wofz(z)],
        [complex(x) for x in signed(0, 1e10)],
        kind="real",
    ),
    Row(
        "erfinv",
        erfinv,
        [lambda y: 1 / bell(erfinv(y))],
        signed(0, 0.95, 0.999, 1 - 2.0**-20, 1 - 2.0**-50),
        edges=[((1.0,), (inf,)), ((-1.0,), (inf,))],
    ),
    Row(
        "erfcinv",
        erfcinv,
        [lambda y: -1 / bell(erfcinv(y))],
        line(0, 1.6, 1.99, 2 - 2.0**-20),
        edges=[((0.0,), (-inf,)), ((2.0,), (-inf,))],
    ),
    Row("ndtr", ndtr, [phi], signed(0, 100, 37)),
    Row("ndtr", ndtr, [phi], COMPLEX, kind="complex"),
    Row(
        "log_ndtr",
        lambda x: mp.log(ndtr(x)),
        [lambda x: phi(x) / ndtr(x)],
        [*line(0, 50, 37, 38), *[-x for x in line(0, 1e100, 37, 1e9)]],
        edges=[((inf,), (0.0,)), ((-inf,), (inf,))],
    ),
    Row(
        "log_ndtr",
        lambda x: mp.log(ndtr(x)),
        [lambda x: phi(x) / ndtr(x)],
        plane(1e-10, 0.3, 1.5, 5),
        kind="complex",
    ),
    Row(
        "ndtri",
        ndtri,
        [lambda y: 1 / phi(ndtri(y))],
        line(0, 0.95, 0.999, 1 - 2.0**-20, 1 - 2.0**-50),
        edges=[((0.0,), (inf,)), ((1.0,), (inf,))],
    ),
    Row(
        "ndtri_exp",
        ndtri_exp,
        [lambda y: mp.exp(y) / phi(ndtri_exp(y))],
        [-x for x in line(1e-20, 1e16, 1e9)],
        edges=[((0.0,), (inf,))],
    ),
    Row(
        "owens_t",
        None,
        [
            lambda h, a: -phi(h) * mp.erf(a * h / mp.sqrt(2)) / 2,
            lambda h, a: mp.exp(-h * h * (1 + a * a) / 2) / (2 * mp.pi * (1 + a * a)),
        ],
        pairs(
            [0.0, 1e-150, -1e-10, 0.5, -1, 3, -10, 35],
            [1e-300, -1e-5, 0.3, -1, 4, 1e3, -1e10, 1e100],
        ),
    ),
    Row(
        "chdtr",
        lambda v, x: gammainc(v / 2, x / 2),
        [
            lambda v, x: gammainc_in_a(v / 2, x / 2) / 2,
            lambda v, x: gamma_density(v / 2, x / 2) / 2,
        ],
        INCOMPLETE,
    ),
    Row(
        "chdtrc",
        lambda v, x: gammaincc(v / 2, x / 2),
        [
            lambda v, x: -gammainc_in_a(v / 2, x / 2) / 2,
            lambda v, x: -gamma_density(v / 2, x / 2) / 2,
        ],
        INCOMPLETE,
    ),
    Row(
        "stdtr",
        stdtr,
        [None, stdtr_slope],
        pairs(
            [1e-10, 1e-3, 0.5, 1, 2.5, 10, 100, 1e4, 1e8, 1e15],
            [1e-300, 1e-10, -0.3, 1, -3, 10, -35, 1e3, -1e10, 1e100, -1e200],
        ),
    ),
    # Integrals
    Row("fresnel", mp.fresnels, [fresnel_slope(mp.sin)], signed(1e-150, 1e10, 25.3), part=0),
    Row("fresnel", mp.fresnelc, [fresnel_slope(mp.cos)], signed(1e-150, 1e10, 25.3), part=1),
    Row("fresnel", mp.fresnels, [fresnel_slope(mp.sin)], plane(0.1, 1, 3), part=0, kind="complex"),
    Row("fresnel", mp.fresnelc, [fresnel_slope(mp.cos)], plane(0.1, 1, 3), part=1, kind="complex"),
    Row("sici", mp.si, [lambda x: mp.sin(x) / x], signed(0, 1e10), part=0),
    Row("sici", mp.ci, [lambda x: mp.cos(x) / x], line(1e-150, 1e10), part=1),
    Row("sici", mp.si, [lambda x: mp.sin(x) / x], plane(1e-5, 0.1, 1, 20), part=0, kind="complex"),
    Row("expi", mp.ei, [exp_over], signed(0, 800, 709.5, 712, 715)),
    Row("expi", mp.ei, [exp_over], plane(1e-10, 0.3, 2, 30), kind="complex"),
    Row("exp1", mp.e1, [lambda x: -mp.exp(-x) / x], line(0, 800)),
    Row("exp1", mp.e1, [lambda x: -mp.exp(-x) / x], plane(1e-10, 0.3, 2, 30, 700), kind="complex"),
    Row(
        "expn",
        mp.expint,
        [None, lambda n, x: -mp.expint(n - 1, x)],
        pairs([0, 1, 2, 3, 7, 30, 1000], [1e-100, 1e-10, 1e-3, 0.3, 1, 1.5, 5, 30, 100, 600]),
        edges=[((2, 0.0), (None, -inf)), ((3, 0.0), (None, -1.0)), ((5, 0.0), (None, -1 / 3))],
    ),
]
