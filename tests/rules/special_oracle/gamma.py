"""Gamma, beta and zeta functions, their incomplete forms and inverses."""

from math import inf, nan

from mpmath import mp
from scipy import special

from tests.rules.special_oracle.grid import Row, Weaker, line, pairs, plane, single

NEAR_POLES = [-0.5, -0.999, -1.001, -1.5, -2.5, -3 + 2.0**-20, -7.3, -20.5, -100.5, -170.3]


def psi_rise(x, d):
    """psi(x + d) - psi(x), of a step beyond all digits too."""
    return d * mp.psi(1, x) if abs(d) < abs(x) * 1e-100 else mp.digamma(x + d) - mp.digamma(x)


def is_pole(x):
    return x <= 0 and mp.isint(x)


def poch(a, m):
    return mp.gammaprod([a + m], [a])


def poch_in_a(a, m):
    return poch(a, m) * psi_rise(a, m)


def poch_in_m(a, m):
    return mp.gamma(a + m) * mp.rgamma(a) * mp.digamma(a + m)


def binom_in_n(n, k):
    if is_pole(n - k + 1):
        return mp.diff(lambda m: mp.binomial(m, k), n)
    return mp.binomial(n, k) * psi_rise(n - k + 1, k)


def binom_in_k(n, k):
    if is_pole(n - k + 1):
        return mp.diff(lambda m: mp.binomial(n, m), k)
    return mp.binomial(n, k) * psi_rise(k + 1, n - 2 * k)


def beta_in_a(a, b):
    return -mp.beta(a, b) * psi_rise(a, b)


def gammainc_in_a(a, x):
    """By the power series, whose terms have one sign below ``a``; above, by differences or an integral."""
    if x < a:
        psi, logarithm = mp.digamma(a + 1), mp.log(x)
        total, power, n = logarithm - psi, mp.mpf(1), 1
        while power > mp.eps / 100:
            psi, power = psi + 1 / (a + n), power * x / (a + n)
            total, n = total + power * (logarithm - psi), n + 1
        return gamma_density(a, x) * x / a * total
    if a < 900:
        return (
            -mp.diff(lambda s: mp.gammainc(s, x, regularized=True), a) if a > 1e-100 else -mp.e1(x)
        )
    psi, scale = mp.digamma(a), gamma_density(a, x)
    points = [x + mp.sqrt(a) * k / 2 for k in range(40)]
    return -scale * mp.quad(lambda t: gamma_density(a, t) / scale * (mp.log(t) - psi), points)


def trigamma(x):
    return mp.psi(1, x) if mp.re(x) > 0 else (mp.pi / mp.sin(mp.pi * x)) ** 2 - mp.psi(1, 1 - x)


def betaln(a, b):
    return mp.log(abs(mp.beta(a, b)))


def betaln_in_a(a, b):
    return -psi_rise(a, b)


def gamma_density(a, x):
    return mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a))


def gammainc(a, x):
    return mp.gammainc(a, 0, x, regularized=True) if x < 1e4 else 1 - gammaincc(a, x)


def gammaincc(a, x):
    return a * mp.e1(x) if a < 1e-100 else mp.gammainc(a, x, regularized=True)


def beta_density(a, b, x):
    return mp.exp((a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x)) / mp.beta(a, b)


def betainc(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def betainc_in_a(a, b, x):
    """By differences of a tail, by its leading term, or by its integral."""
    psi = mp.digamma(a) - mp.digamma(a + b)
    if x < 1e-50:
        return (
            mp.exp(a * mp.log(x))
            / (a * mp.beta(a, b))
            * (mp.log(x) - mp.digamma(a + 1) + mp.digamma(a + b))
        )
    if min(a, b) > 9000:
        width = mp.sqrt(a * b / (a + b)) / (a + b)
        scale, sign = beta_density(a, b, x), 1 if mp.log(x) > psi else -1
        points = [t for k in range(40) if 0 < (t := x + sign * k * width / 2) < 1]
        return (
            -sign
            * scale
            * mp.quad(lambda t: beta_density(a, b, t) / scale * (mp.log(t) - psi) * sign, points)
        )
    if mp.log(x) < psi:
        return mp.diff(lambda s: mp.betainc(s, b, 0, x, regularized=True), a)
    return -mp.diff(lambda s: mp.betainc(b, s, 0, 1 - x, regularized=True), a)


def betainc_in_b(a, b, x):
    return (
        -betainc_in_a(b, a, 1 - x)
        if x > 1e-50
        else mp.diff(lambda s: mp.betainc(a, s, 0, x, regularized=True), b)
    )


def quantile_in(parameter, quantile):
    def slope(a, b, y):
        x = quantile(a, b, y)
        return -parameter(a, b, x) / beta_density(a, b, x)

    return slope


def inverse(function, density, start):
    """The inverse of ``function`` in its last argument, by Newton's method on logarithms."""

    def solve(*args):
        *parameters, y = args
        x = mp.mpf(float(start(*map(float, args))))
        for _ in range(40):
            value = function(*parameters, x)
            # In ln x, and ln y.
            step = (mp.log(value) - mp.log(y)) * value / (density(*parameters, x) * x)
            x *= mp.exp(-step)
            if abs(step) < mp.mpf(10) ** (-mp.dps + 8):
                break
        return x

    return solve


def reciprocal_density(density, solve, sign=1):
    def slope(*args):
        return sign / density(*args[:-1], solve(*args))

    return slope


gammaincinv = inverse(gammainc, gamma_density, special.gammaincinv)
gammainccinv = inverse(gammaincc, lambda a, x: -gamma_density(a, x), special.gammainccinv)
lower_quantile = inverse(betainc, beta_density, special.betaincinv)


def betaincinv(a, b, y):
    return lower_quantile(a, b, y) if y < 0.5 else 1 - lower_quantile(b, a, 1 - y)


def betainccinv(a, b, y):
    return betaincinv(a, b, 1 - mp.mpf(y))


def gammaincinv_in_a(a, y):
    x = gammaincinv(a, y)
    return -gammainc_in_a(a, x) / gamma_density(a, x)


def gammainccinv_in_a(a, y):
    x = gammainccinv(a, y)
    return -gammainc_in_a(a, x) / gamma_density(a, x)


POSITIVE_PAIRS = pairs(
    [1e-300, 1e-20, 1e-5, 0.3, 1, 2, 3.7, 30, 200, 1e4, 1e8, 1e16, 1e100],
    [1e-300, 1e-20, 1e-5, 0.4, 1, 2, 5.5, 60, 1e3, 1e8, 1e100],
    keep=2,
)
NEGATIVE_PAIRS = pairs([-0.5, -1.3, -7.25, -60.6], [0.3, 2.5, 5.5, -0.7, -3.2, 60])
INCOMPLETE = [
    *pairs(
        [1e-300, 1e-10, 0.1, 0.7, 1, 2.5, 9, 11, 50, 300],
        [1e-300, 1e-10, 0.01, 0.5, 1, 3, 10, 55, 290, 600],
        keep=1,
    ),
    *((a, a * r) for a in (1e3, 1e5, 1e7) for r in (0.98, 0.9995, 1.0, 1.0003, 1.02)),
]
INCOMPLETE = [tuple(map(single, p)) for p in INCOMPLETE]
HUGE = [
    tuple(map(single, (a, a + z * a**0.5))) for a in (1e8, 1e10, 1e16) for z in (-5, -1, 0, 2, 20)
]
LARGE = [
    Weaker(
        "SciPy's value loses digits where an argument is large",
        lambda a, b: 1e3 <= max(a, b) < 1e5,
        float64=1e-10,
    ),
    Weaker(
        "SciPy's value has few digits where an argument is huge",
        lambda a, b: max(a, b) > 1e5,
        float64=inf,
    ),
]
SHARES = [1e-300, 1e-30, 1e-10, 1e-3, 0.1, 0.5, 0.9, 0.999, 1 - 2.0**-20, 1 - 2.0**-40]
BETAS = pairs(
    [1e-10, 0.3, 1, 2.5, 40, 1e3],
    [1e-8, 0.7, 1, 3.5, 35, 2e3],
    [1e-300, 1e-10, 0.01, 0.3, 0.5, 0.9, 1 - 2.0**-20, 1 - 2.0**-45],
    keep=3,
)
BETAS += [
    tuple(map(single, p))
    for p in (
        (1e5, 1e5, 0.5),
        (1e5, 1e5, 0.502),
        (1e5, 1e4, 0.909),
        (1e6, 3.0, 0.99999),
        (3.0, 1e7, 1e-7),
    )
]
QUANTILES = pairs([0.3, 1, 2.5, 40, 1e3], [0.7, 1, 3.5, 35, 2e3], SHARES[2:], keep=3)
GAMMA_QUANTILES = [
    p
    for p in pairs([0.1, 0.3, 1, 2.5, 12, 100, 2e3], SHARES)
    if special.gammaincinv(*p) > 1e-290 and special.gammainccinv(*p) > 1e-290
]

ROWS = [
    Row(
        "gamma",
        mp.gamma,
        [lambda x: mp.gamma(x) * mp.digamma(x)],
        [*line(0, 200, 171.5), *[-x for x in line(0, 0.9)], *NEAR_POLES],
        edges=[((0.0,), (-inf,)), ((-1.0,), (nan,)), ((inf,), (inf,))],
    ),
    Row(
        "gamma",
        mp.gamma,
        [lambda x: mp.gamma(x) * mp.digamma(x)],
        plane(1e-10, 0.3, 2, 7, 50),
        kind="complex",
    ),
    Row(
        "rgamma",
        mp.rgamma,
        [lambda x: -mp.rgamma(x) * mp.digamma(x)],
        [*line(0, 200), *[-x for x in line(0, 0.9)], *NEAR_POLES],
        edges=[
            ((0.0,), (1.0,)),
            ((-1.0,), (-1.0,)),
            ((-2.0,), (2.0,)),
            ((-3.0,), (-6.0,)),
            ((-10.0,), (3628800.0,)),
        ],
    ),
    Row(
        "rgamma",
        mp.rgamma,
        [lambda x: -mp.rgamma(x) * mp.digamma(x)],
        [*plane(1e-10, 0.3, 2, 7, 50), -1 + 1e-10j, -3 - 1e-5j, -2.5 + 1e-3j],
        kind="complex",
        edges=[((-2 + 0j,), (2.0,))],
    ),
    Row(
        "gammaln",
        lambda x: mp.log(abs(mp.gamma(x))) if abs(x) < 1e6 else mp.re(mp.loggamma(x)),
        [mp.digamma],
        [*line(), *[-x for x in line(0, 0.9)], *NEAR_POLES, -1e4 - 0.5],
        edges=[((0.0,), (-inf,)), ((-1.0,), (nan,)), ((inf,), (inf,))],
    ),
    Row("loggamma", mp.loggamma, [mp.digamma], line()),
    Row(
        "loggamma",
        mp.loggamma,
        [mp.digamma],
        plane(1e-10, 0.3, 2, 7, 50, 1e4, 1e10),
        kind="complex",
    ),
    Row(
        "psi",
        mp.digamma,
        [trigamma],
        [*line(), *[-x for x in line(0, 0.9)], *NEAR_POLES, -1e4 - 0.5, -1e6 + 0.25],
        edges=[((0.0,), (inf,))],
    ),
    Row("psi", mp.digamma, [trigamma], plane(1e-10, 0.3, 2, 7, 50, 1e4, 1e10), kind="complex"),
    Row(
        "_zeta",
        mp.zeta,
        [lambda s, q: mp.zeta(s, q, derivative=1), lambda s, q: -s * mp.zeta(s + 1, q)],
        pairs([1.0001, 1.5, 2, 3, 7.5, 30, 100], [1e-10, 1e-3, 0.3, 1, 2.5, 9, 20, 1e3, 1e6, 1e10]),
    ),
    Row(
        "_zeta",
        mp.zeta,
        [None, lambda s, q: -s * mp.zeta(s + 1, q)],
        pairs([2.0, 3.0, 8.0], [-0.4, -2.25, -30.3]),
        kind="negative",
    ),
    Row(
        "poch",
        poch,
        [poch_in_a, poch_in_m],
        [*POSITIVE_PAIRS, *NEGATIVE_PAIRS],
        edges=[
            ((0.0, 2.0), (1.0, None)),
            ((-1.0, 3.0), (-1.0, None)),
            ((-3.0, 2.0), (-5.0, None)),
            ((-2.0, 0.5), (None, None)),
            ((0.0, 2.5), (1.329340388179137, 0.0)),
            ((5.0, 0.0), (0.0, 1.5061176684318003)),
        ],
        weaker=LARGE,
    ),
    Row(
        "binom",
        mp.binomial,
        [binom_in_n, binom_in_k],
        [
            *pairs(
                [1e-20, 0.4, 2, 3.7, 10.5, 60, 1e3, 1e6, 1e10], [1e-20, 0.3, 1.5, 2, 5.5, 30, 100.5]
            ),
            *pairs([-0.5, -1.3, -7.25], [0.3, 2.0, 5.5]),
        ],
        edges=[
            ((2.0, 5.0), (1 / 30, -1 / 30)),
            ((3.0, -1.0), (None, 0.25)),
            ((3.0, -2.0), (None, -0.05)),
            ((4.0, 2.0), (3.5, 0.0)),
        ],
        weaker=LARGE,
    ),
    Row(
        "beta",
        mp.beta,
        [beta_in_a, lambda a, b: beta_in_a(b, a)],
        [*POSITIVE_PAIRS, *NEGATIVE_PAIRS],
        edges=[((-0.5, -0.5), (-12.566370614359172, -12.566370614359172))],
        weaker=LARGE,
    ),
    Row(
        "betaln",
        betaln,
        [betaln_in_a, lambda a, b: betaln_in_a(b, a)],
        [*POSITIVE_PAIRS, *NEGATIVE_PAIRS],
    ),
    Row(
        "gammainc",
        gammainc,
        [gammainc_in_a, gamma_density],
        INCOMPLETE,
        edges=[
            ((1.0, 0.0), (0.0, 1.0)),
            ((2.0, 0.0), (0.0, 0.0)),
            ((0.5, 0.0), (None, inf)),
            ((2.0, inf), (0.0, 0.0)),
            ((0.0, 2.0), (-0.04890051070806112, 0.0)),
        ],
    ),
    Row("gammainc", None, [None, gamma_density], HUGE, kind="huge"),
    Row(
        "gammaincc",
        gammaincc,
        [lambda a, x: -gammainc_in_a(a, x), lambda a, x: -gamma_density(a, x)],
        INCOMPLETE,
        edges=[((2.0, inf), (None, 0.0))],
    ),
    Row(
        "gammaincinv",
        gammaincinv,
        [gammaincinv_in_a, reciprocal_density(gamma_density, gammaincinv)],
        GAMMA_QUANTILES,
        edges=[((2.0, 0.0), (None, inf)), ((1.0, 0.0), (None, 1.0)), ((2.0, 1.0), (None, inf))],
    ),
    Row(
        "gammainccinv",
        gammainccinv,
        [gammainccinv_in_a, reciprocal_density(gamma_density, gammainccinv, -1)],
        GAMMA_QUANTILES,
    ),
    Row(
        "betainc",
        betainc,
        [betainc_in_a, betainc_in_b, beta_density],
        BETAS,
        edges=[
            ((2.0, 3.0, 0.0), (0.0, 0.0, 0.0)),
            ((1.0, 3.0, 0.0), (None, None, 3.0)),
            ((2.0, 1.0, 1.0), (0.0, 0.0, 2.0)),
            ((0.5, 1.0, 0.0), (None, None, inf)),
        ],
    ),
    Row(
        "betaincc",
        lambda a, b, x: betainc(b, a, 1 - x),
        [
            lambda a, b, x: -betainc_in_a(a, b, x),
            lambda a, b, x: -betainc_in_b(a, b, x),
            lambda a, b, x: -beta_density(a, b, x),
        ],
        BETAS,
    ),
    Row(
        "betaincinv",
        betaincinv,
        [
            quantile_in(betainc_in_a, betaincinv),
            quantile_in(betainc_in_b, betaincinv),
            reciprocal_density(beta_density, betaincinv),
        ],
        QUANTILES,
    ),
    Row(
        "betainccinv",
        betainccinv,
        [
            quantile_in(betainc_in_a, betainccinv),
            quantile_in(betainc_in_b, betainccinv),
            reciprocal_density(beta_density, betainccinv, -1),
        ],
        QUANTILES,
    ),
]
