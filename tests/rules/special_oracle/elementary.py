"""Exponents, logarithms, angles, logistic functions, entropies, losses."""

from math import inf

from mpmath import mp

from tests.rules.special_oracle.grid import Row, Weaker, line, pairs, plane, signed, single

TINY = [1e-300, 1e-20, 1e-5]


def degree():
    return mp.pi / 180


def exprel(x):
    return mp.expm1(x) / x


def exprel_slope(x):
    return (x * mp.exp(x) - mp.expm1(x)) / x**2


def boxcox(L, p):
    """Of the number whose logarithm is ``L``."""
    return L if p == 0 else mp.expm1(p * L) / p


def boxcox_in_power(L, p):
    return L * L / 2 if p == 0 else L * L * exprel_slope(p * L)


def inverse_boxcox(y, p):
    return mp.exp(y) if p == 0 else mp.exp(mp.log1p(p * y) / p)


def inverse_boxcox_slope(y, p):
    return mp.exp(y) if p == 0 else mp.exp(mp.log1p(p * y) * (1 / p - 1))


def inverse_boxcox_in_power(y, p):
    if p == 0:
        return -mp.exp(y) * y * y / 2
    t = p * y
    return inverse_boxcox(y, p) * y * y * (t / (1 + t) - mp.log1p(t)) / t**2


def log1p(x):
    return mp.log(1 + x)


def expit(x):
    return 1 / (1 + mp.exp(-x))


def hypot1(s):
    return mp.sqrt(1 + s * s)


def pseudo_huber_in_delta(d, r):
    # Of 2 d (root - 1) - r² / (d root), what is left: it may be 200 orders of magnitude below them.
    s = r / d
    root = hypot1(s)
    return d * s**4 / (root * (1 + root) ** 2)


def lambertw(z, k):
    return mp.lambertw(z, k)


def lambertw_slope(z, k):
    w = mp.lambertw(z, k)
    return mp.exp(-w) / (1 + w)


def omega(z):
    """Wright's function by Newton's method from SciPy's value."""
    from scipy.special import wrightomega  # noqa: PLC0415

    if mp.im(z) == 0:
        if z < -300:
            w = mp.exp(z)
            for _ in range(4):
                w = mp.exp(z - w)
            return w
        w = mp.mpf(float(wrightomega(float(z))))
    else:
        w = mp.mpmathify(complex(wrightomega(complex(z))))
    for _ in range(12):
        w -= (w + mp.log(w) - z) / (1 + 1 / w)
    return w


POSITIVE = line()
POWERS = [0.0, 1e-20, 1e-3, 0.5, 1, 2, 7.3, 300, -1e-20, -1e-3, -0.5, -1, -2, -7.3, -300]
BASES = [1e-300, 1e-30, 1e-5, 0.1, 0.9, 1 + 2.0**-23, 1.1, 2, 10, 1e5, 1e30, 1e300]
SMALL_BASES = [1e-300, 1e-30, 1e-5, -1e-5, 0.1, -0.1, -0.9, -1 + 2.0**-20, 2, 10, 1e5, 1e30]
DIVERGENCE = pairs(
    [1e-300, 1e-30, 1e-3, 0.3, 1, 1 + 2.0**-20, 3, 10, 1e5, 1e30, 1e300],
    [1e-300, 1e-30, 1e-3, 0.3, 1, 2.7, 9, 1e5, 1e30, 1e300],
)
LOSSES = pairs(
    [1e-300, 1e-30, 1e-3, 0.3, 1, 10, 1e5, 1e30, 1e150],
    [1e-300, -1e-30, 1e-3, 0.4, -1, 5, -1e5, 1e30, -1e150],
)
NEAR_BRANCH = [
    -0.367879441171442,
    *map(single, (-0.3678794, -0.3678, -0.367, -0.36, -0.3, -0.2, -0.1, -0.01)),
]

ROWS = [
    Row(
        "cbrt",
        lambda x: mp.sign(x) * mp.cbrt(abs(x)),
        [lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2)],
        signed(),
    ),
    Row("exp2", lambda x: mp.power(2, x), [lambda x: mp.log(2) * mp.power(2, x)], signed(0, 1100)),
    Row(
        "exp10", lambda x: mp.power(10, x), [lambda x: mp.log(10) * mp.power(10, x)], signed(0, 330)
    ),
    Row("expm1", mp.expm1, [mp.exp], signed(0, 1e4)),
    Row("expm1", mp.expm1, [mp.exp], plane(1e-20, 0.1, 3, 100), kind="complex"),
    Row(
        "log1p",
        log1p,
        [lambda x: 1 / (1 + x)],
        [*line(), *[-x for x in line(0, 0.95)], -1 + 2.0**-24, -1 + 2.0**-50],
    ),
    Row(
        "log1p",
        log1p,
        [lambda x: 1 / (1 + x)],
        plane(1e-20, 0.1, 0.99, 3, 1e10, 1e300),
        kind="complex",
    ),
    Row(
        "exprel",
        exprel,
        [exprel_slope],
        signed(0, 1e300, 0.05, 0.099, 0.101, 709.5, 712, 714),
        weaker=[
            Weaker(
                "SciPy has infinity where expm1(x) overflows, not exprel(x)",
                lambda x: 709 < x < 720,
                float64=inf,
            )
        ],
    ),
    Row(
        "boxcox",
        lambda x, p: boxcox(mp.log(x), p),
        [lambda x, p: mp.power(x, p - 1), lambda x, p: boxcox_in_power(mp.log(x), p)],
        pairs(BASES, POWERS, keep=2),
        edges=[((0.0, 2.0), (0.0, 0.25)), ((0.0, 1.0), (1.0, 1.0)), ((0.0, 0.5), (inf, 4.0))],
    ),
    Row(
        "boxcox1p",
        lambda x, p: boxcox(mp.log1p(x), p),
        [lambda x, p: mp.power(1 + x, p - 1), lambda x, p: boxcox_in_power(mp.log1p(x), p)],
        pairs(SMALL_BASES, POWERS, keep=2),
        edges=[((-1.0, 2.0), (0.0, 0.25)), ((-1.0, 0.5), (inf, 4.0))],
    ),
    *(
        Row(
            name,
            value,
            [inverse_boxcox_slope, inverse_boxcox_in_power],
            [
                p
                for p in pairs(
                    [
                        1e-300,
                        1e-20,
                        -1e-5,
                        0.01,
                        -0.3,
                        0.5,
                        0.9,
                        -2,
                        3,
                        20,
                        -30,
                        300,
                        1e5,
                        1e30,
                        1e300,
                    ],
                    POWERS,
                )
                if 1 + p[0] * p[1] > 0
            ][::2],
        )
        for name, value in (
            ("inv_boxcox", inverse_boxcox),
            ("inv_boxcox1p", lambda y, p: inverse_boxcox(y, p) - 1),
        )
    ),
    Row("cosm1", lambda x: -2 * mp.sin(x / 2) ** 2, [lambda x: -mp.sin(x)], signed(0, 1e16)),
    Row(
        "sindg",
        lambda x: mp.sin(x * degree()),
        [lambda x: degree() * mp.cos(x * degree())],
        signed(0, 1e13, 45, 89, 120, 181),
    ),
    Row(
        "cosdg",
        lambda x: mp.cos(x * degree()),
        [lambda x: -degree() * mp.sin(x * degree())],
        signed(0, 1e13, 45, 89, 120, 181),
    ),
    Row(
        "tandg",
        lambda x: mp.tan(x * degree()),
        [lambda x: degree() / mp.cos(x * degree()) ** 2],
        signed(0, 1e13, 45, 89, 89.99, 120, 181),
    ),
    Row(
        "cotdg",
        lambda x: mp.cot(x * degree()),
        [lambda x: -degree() / mp.sin(x * degree()) ** 2],
        signed(1e-150, 1e13, 45, 89, 89.99, 120, 181),
    ),
    # Logistic functions
    Row("expit", expit, [lambda x: 1 / (2 + mp.exp(x) + mp.exp(-x))], signed(0, 1e3, 37, 40, 700)),
    Row(
        "log_expit", lambda x: mp.log(expit(x)), [lambda x: expit(-x)], signed(0, 1e3, 37, 40, 700)
    ),
    Row(
        "logit",
        lambda x: mp.log(x / (1 - x)),
        [lambda x: 1 / (x * (1 - x))],
        line(0, 0.9, 0.99, 1 - 2.0**-24, 1 - 2.0**-50),
    ),
    # Entropy, losses
    Row(
        "xlogy",
        lambda x, y: x * mp.log(y),
        [lambda x, y: mp.log(y), lambda x, y: x / y],
        pairs(
            [1e-300, -1e-3, 1, -3, 1e5, 1e300], [1e-300, 1e-30, 0.3, 1 + 2.0**-20, 3, 1e30, 1e300]
        ),
    ),
    Row(
        "xlogy",
        lambda x, y: x * mp.log(y),
        [lambda x, y: mp.log(y), lambda x, y: x / y],
        pairs([0.3 + 1j, -1e5 + 1e-3j], plane(1e-30, 0.5, 30, 1e150)),
        kind="complex",
    ),
    Row(
        "xlog1py",
        lambda x, y: x * mp.log1p(y),
        [lambda x, y: mp.log1p(y), lambda x, y: x / (1 + y)],
        pairs(
            [1e-300, -1e-3, 1, -3, 1e5, 1e300],
            [1e-300, -1e-30, 1e-10, -0.3, -1 + 2.0**-20, 3, 1e30, 1e300],
        ),
    ),
    Row(
        "entr",
        lambda x: -x * mp.log(x),
        [lambda x: -mp.log(x) - 1],
        line(0, 1e300, 0.367, 0.3679, 0.36787945, 0.2, 0.7),
        edges=[((0.0,), (inf,))],
    ),
    Row(
        "rel_entr",
        lambda x, y: x * mp.log(x / y),
        [lambda x, y: mp.log(x / y) + 1, lambda x, y: -x / y],
        DIVERGENCE,
    ),
    Row(
        "kl_div",
        lambda x, y: x * mp.log(x / y) - x + y,
        [lambda x, y: mp.log(x / y), lambda x, y: 1 - x / y],
        DIVERGENCE,
    ),
    Row("huber", None, [lambda d, r: max(abs(r) - d, 0), lambda d, r: max(-d, min(r, d))], LOSSES),
    Row(
        "pseudo_huber",
        lambda d, r: r**2 / (hypot1(r / d) + 1),
        [pseudo_huber_in_delta, lambda d, r: r / hypot1(r / d)],
        LOSSES,
        edges=[((0.0, 2.0), (2.0, 0.0)), ((0.0, 0.0), (0.0, 0.0)), ((3.0, 0.0), (0.0, 0.0))],
    ),
    # Lambert's function
    Row(
        "_lambertw",
        lambertw,
        [lambertw_slope, None],
        [(complex(x), 0) for x in (*line(1e-300, 1e300), *NEAR_BRANCH, -1.0, -30.0)],
        kind="real",
    ),
    Row(
        "_lambertw",
        lambertw,
        [lambertw_slope, None],
        [(complex(x), -1) for x in (*NEAR_BRANCH, single(-1e-10), -1e-100, -1e-300)],
        kind="lower",
    ),
    Row(
        "_lambertw",
        lambertw,
        [lambertw_slope, None],
        pairs(plane(1e-20, 0.1, 0.37, 3, 1e10), [0, -1, 1, 4]),
        kind="complex",
    ),
    Row("wrightomega", omega, [lambda z: omega(z) / (1 + omega(z))], signed(0, 700, 1e10, 1e300)),
    Row(
        "wrightomega",
        omega,
        [lambda z: omega(z) / (1 + omega(z))],
        [*plane(0.1, 3, 100), -1 + 3j, -1.2 + 3.1j, -0.9 - 3.2j, -1 + 3.14j],
        kind="complex",
    ),
]
