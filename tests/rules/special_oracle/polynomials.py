"""Elliptic integrals, hypergeometric functions, orthogonal polynomials."""

from math import inf

from mpmath import mp

from tests.rules.special_oracle.grid import Row, Weaker, line, pairs, plane


def legendre(n, x):
    return mp.hyp2f1(-n, n + 1, 1, (1 - x) / 2)


def legendre_slope(n, x):
    if n == 0:
        return mp.mpf(0)
    return mp.mpf(n) * (n + 1) / 2 * mp.hyp2f1(1 - n, n + 2, 2, (1 - x) / 2)


def chebyt(n, x):
    return mp.hyp2f1(-n, n, mp.mpf(1) / 2, (1 - x) / 2)


def chebyt_slope(n, x):
    if n == 0:
        return mp.mpf(0)
    return n * chebyu(n - 1, x)


def chebyu(n, x):
    if n == -1:
        return mp.mpf(0)
    return (n + 1) * mp.hyp2f1(-n, n + 2, mp.mpf(3) / 2, (1 - x) / 2)


def chebyu_slope(n, x):
    if n in (0, -1, -2):
        return mp.mpf(0)
    return (n + 1) * mp.mpf(n) * (n + 2) / 3 * mp.hyp2f1(1 - n, n + 3, mp.mpf(5) / 2, (1 - x) / 2)


def gegenbauer(n, a, x):
    return mp.gammaprod([n + 2 * a], [n + 1, 2 * a]) * mp.hyp2f1(
        -n, n + 2 * a, a + 0.5, (1 - x) / 2
    )


def gegenbauer_slope(n, a, x):
    if n == 0:
        return mp.mpf(0)
    scale = mp.gammaprod([n + 2 * a], [n + 1, 2 * a]) * n * (n + 2 * a) / (2 * a + 1)
    return scale * mp.hyp2f1(1 - n, n + 2 * a + 1, a + 1.5, (1 - x) / 2)


def jacobi(n, a, b, x):
    return mp.binomial(n + a, n) * mp.hyp2f1(-n, n + a + b + 1, a + 1, (1 - x) / 2)


def jacobi_slope(n, a, b, x):
    if n == 0:
        return mp.mpf(0)
    scale = mp.binomial(n + a, n) * n * (n + a + b + 1) / (2 * (a + 1))
    return scale * mp.hyp2f1(1 - n, n + a + b + 2, a + 2, (1 - x) / 2)


def hermite(n, x):
    return mp.hermite(n, x)


def hermite_slope(n, x):
    return 2 * n * mp.hermite(n - 1, x) if n else mp.mpf(0)


def hermitenorm(n, x):
    return mp.power(2, -mp.mpf(n) / 2) * mp.hermite(n, x / mp.sqrt(2))


def hermitenorm_slope(n, x):
    return n * hermitenorm(n - 1, x) if n else mp.mpf(0)


def laguerre(n, x):
    return mp.hyp1f1(-n, 1, x)


def laguerre_slope(n, x):
    if n == 0:
        return mp.mpf(0)
    return -n * mp.hyp1f1(1 - n, 2, x)


def genlaguerre(n, a, x):
    return mp.binomial(n + a, n) * mp.hyp1f1(-n, a + 1, x)


def genlaguerre_slope(n, a, x):
    if n == 0:
        return mp.mpf(0)
    return -n * mp.binomial(n + a, n) / (a + 1) * mp.hyp1f1(1 - n, a + 2, x)


def ellipk_slope(m):
    return (mp.ellipe(m) - (1 - m) * mp.ellipk(m)) / (2 * m * (1 - m))


def ellipe_slope(m):
    return (mp.ellipe(m) - mp.ellipk(m)) / (2 * m)


def delta(f, m):
    return mp.sqrt(1 - m * mp.sin(f) ** 2)


def hyp2f1_slope(a, b, c, z):
    return a * b / c * mp.hyp2f1(a + 1, b + 1, c + 1, z) if a * b else mp.mpf(0)


INTEGERS = [0, 1, 2, 3, 8, 25, -1, -2, -4]
FRACTIONS = [0.3, 0.5, 1.5, 2.5, 7.3, 20.5, -0.3, -0.7, -1.5, -3.2]
INSIDE = [-0.9, -0.5, -0.01, 1e-10, 0.3, 0.77, 0.999, 1 - 2.0**-20]
OUTSIDE = [*INSIDE, 1.0, -1.0, 1.5, -3.0, 30.0, 1e6]
ABOVE = [*INSIDE, 1.0, 1.5, 2.5]
HALF_LINE = [1e-10, 0.3, 1.25, 5, 30.0]
PARAMETERS = line(-1e30, 0.95, 0.99, 1 - 2.0**-20, 1 - 2.0**-45) + [-x for x in line(1e-300, 1e200)]
SERIES = [
    Weaker(
        "SciPy's series for a fractional degree cancels far from 1",
        lambda n, *rest: n > 7 and rest[-1] < 1e-3,
        float64=1e-5,
    )
]
FAR_SERIES = [
    Weaker(
        "SciPy's series for a fractional degree cancels",
        lambda n, *rest: n > 20 and rest[-1] >= 5,
        float64=1e-6,
    )
]

ROWS = [
    Row(
        "ellipk",
        mp.ellipk,
        [ellipk_slope],
        PARAMETERS,
        edges=[((0.0,), (0.39269908169872414,)), ((1.0,), (inf,))],
    ),
    Row(
        "ellipe",
        mp.ellipe,
        [ellipe_slope],
        PARAMETERS,
        edges=[((0.0,), (-0.39269908169872414,)), ((1.0,), (-inf,))],
    ),
    Row(
        "ellipkinc",
        mp.ellipf,
        [lambda f, m: 1 / delta(f, m), None],
        pairs(
            [1e-100, 0.01, -0.7, 1.5, 1.57, -1.6, 3, 10, 1e3],
            [-1e10, -3, -1e-5, 0.0, 0.3, 0.9, 1 - 2.0**-20],
        ),
    ),
    Row(
        "ellipeinc",
        mp.ellipe,
        [delta, None],
        pairs(
            [1e-100, 0.01, -0.7, 1.5, 1.57, -1.6, 3, 10, 1e3],
            [-1e10, -3, -1e-5, 0.0, 0.3, 0.9, 1 - 2.0**-20, 1.0],
        ),
    ),
    Row(
        "hyp0f1",
        mp.hyp0f1,
        [None, lambda b, z: mp.hyp0f1(b + 1, z) / b],
        pairs([0.3, 1, 2.5, 20, -0.5, -3.3], [1e-100, 1e-5, 0.1, -0.1, 3, -3, 30, -30, 1e4, -1e4]),
        weaker=[
            Weaker(
                "SciPy's hyp0f1(0.5, -30) has 11 digits",
                lambda b, z: b == -0.5 and z == -30,
                float64=1e-10,
                own=False,
            )
        ],
    ),
    Row(
        "hyp0f1",
        mp.hyp0f1,
        [None, lambda b, z: mp.hyp0f1(b + 1, z) / b],
        pairs([0.5, 2], plane(0.1, 3, 100)),
        kind="complex",
    ),
    Row(
        "hyp1f1",
        mp.hyp1f1,
        [None, None, lambda a, b, z: a / b * mp.hyp1f1(a + 1, b + 1, z)],
        pairs(
            [0.0, 0.5, 2, -0.5, -3, 12.3],
            [0.5, 1.5, 4, -0.5, 20],
            [1e-100, 0.1, -0.1, 3, -3, 30, -30, 300],
            keep=3,
        ),
        edges=[((0.0, 1.5, 1e3), (None, None, 0.0))],
    ),
    Row(
        "hyp1f1",
        mp.hyp1f1,
        [None, None, lambda a, b, z: a / b * mp.hyp1f1(a + 1, b + 1, z)],
        pairs([0.5, 3], [1.5, 4], plane(0.1, 3, 15)),
        kind="complex",
        weaker=[Weaker("SciPy's series cancels", lambda a, b, z: abs(z) > 14, float64=1e-10)],
    ),
    Row(
        "hyp2f1",
        mp.hyp2f1,
        [None, None, None, hyp2f1_slope],
        pairs(
            [0.5, 1, -2, 3.3, 0.0],
            [0.5, 2, -1.5],
            [1, 2.5, 6.2],
            [1e-100, 0.1, -0.4, 0.6, 0.93, 0.999, -3, -30, -1e5],
            keep=4,
        ),
    ),
    Row(
        "hyp2f1",
        mp.hyp2f1,
        [None, None, None, hyp2f1_slope],
        pairs([0.5], [2, -1.5], [2.5], plane(0.1, 0.9, 1.1, 5)),
        kind="complex",
    ),
    Row(
        "hyperu",
        mp.hyperu,
        [None, None, lambda a, b, x: -a * mp.hyperu(a + 1, b + 1, x)],
        pairs(
            [0.5, 1, 2.5, -0.5, -2, 10],
            [0.5, 1, 1.5, 3, 7.2],
            [1e-5, 0.1, 1, 3, 10, 50, 1e3],
            keep=3,
        ),
        weaker=[
            Weaker(
                "SciPy's hyperu(a + 1, b + 1, x) has 10 digits",
                lambda a, b, x: a >= 2.5 and 1 <= x <= 3,
                float64=1e-9,
                own=False,
            ),
            Weaker(
                "SciPy's hyperu(1.5, 4, 1e-5) is NaN",
                lambda a, b, x: a == 0.5 and b == 3 and x < 1e-3,
                float64=inf,
                float32=inf,
                own=False,
            ),
        ],
    ),
    # Orthogonal polynomials
    Row(
        "eval_legendre",
        legendre,
        [None, legendre_slope],
        pairs(INTEGERS, OUTSIDE, keep=2),
        kind="integer",
    ),
    Row(
        "eval_legendre",
        legendre,
        [None, legendre_slope],
        pairs(FRACTIONS, ABOVE, keep=2),
        weaker=SERIES,
    ),
    Row(
        "eval_chebyt",
        chebyt,
        [None, chebyt_slope],
        pairs(INTEGERS, OUTSIDE, keep=2),
        kind="integer",
    ),
    Row(
        "eval_chebyt", chebyt, [None, chebyt_slope], pairs(FRACTIONS, ABOVE, keep=2), weaker=SERIES
    ),
    Row(
        "eval_chebyu",
        chebyu,
        [None, chebyu_slope],
        pairs(INTEGERS, OUTSIDE, keep=2),
        kind="integer",
    ),
    Row(
        "eval_chebyu", chebyu, [None, chebyu_slope], pairs(FRACTIONS, ABOVE, keep=2), weaker=SERIES
    ),
    Row(
        "eval_gegenbauer",
        gegenbauer,
        [None, None, gegenbauer_slope],
        pairs(INTEGERS[:6], [0.7, 2.0, -0.3], OUTSIDE, keep=3),
        kind="integer",
    ),
    Row(
        "eval_gegenbauer",
        gegenbauer,
        [None, None, gegenbauer_slope],
        pairs(FRACTIONS, [0.7, 2.0], ABOVE, keep=3),
        weaker=SERIES,
    ),
    Row(
        "eval_jacobi",
        jacobi,
        [None, None, None, jacobi_slope],
        pairs(INTEGERS[:6], [0.7, -0.4], [1.2, -0.5], OUTSIDE, keep=5),
        kind="integer",
    ),
    Row(
        "eval_jacobi",
        jacobi,
        [None, None, None, jacobi_slope],
        pairs(FRACTIONS, [0.7, -0.4], [1.2], ABOVE, keep=3),
        weaker=SERIES,
    ),
    Row(
        "eval_hermite",
        hermite,
        [None, hermite_slope],
        pairs(INTEGERS[:6], [0.0, 1e-10, -0.3, 1, -5, 30.0, 1e6]),
        kind="integer",
    ),
    Row(
        "eval_hermitenorm",
        hermitenorm,
        [None, hermitenorm_slope],
        pairs(INTEGERS[:6], [0.0, 1e-10, -0.3, 1, -5, 30.0, 1e6]),
        kind="integer",
    ),
    Row(
        "eval_laguerre",
        laguerre,
        [None, laguerre_slope],
        pairs(INTEGERS[:6], [*HALF_LINE, -2.0, -1e6], keep=1),
        kind="integer",
    ),
    Row(
        "eval_laguerre",
        laguerre,
        [None, laguerre_slope],
        pairs(FRACTIONS, [*HALF_LINE, -2.0]),
        weaker=FAR_SERIES,
    ),
    Row(
        "eval_genlaguerre",
        genlaguerre,
        [None, None, genlaguerre_slope],
        pairs(INTEGERS[:6], [0.0, 0.7, 3], [*HALF_LINE, -2.0, -1e6], keep=2),
        kind="integer",
    ),
    Row(
        "eval_genlaguerre",
        genlaguerre,
        [None, None, genlaguerre_slope],
        pairs(FRACTIONS, [0.0, 0.7, 3], [*HALF_LINE, -2.0], keep=2),
        weaker=FAR_SERIES,
    ),
]
