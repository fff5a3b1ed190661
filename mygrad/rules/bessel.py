"""``scipy.special``: Bessel functions of fixed order, Airy, elliptic, hypergeometric functions, polynomials.

A part of :mod:`mygrad.rules.special`. An order may be a small integer: x + 1.0 does not wrap around.
"""

import math

import numpy as np
from scipy import special

from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements

# ------------------------------------------------------------------ Bessel functions of orders 0 and 1


@implements(special.j0)
class J0(Elementwise):
    def vjp_x(grad, x):
        return -grad * special.j1(x)


@implements(special.j1)
class J1(Elementwise):
    def vjp_x(grad, x):
        return grad * (special.j0(x) - special.jv(2, x)) / 2


@implements(special.y0)
class Y0(Elementwise):
    def vjp_x(grad, x):
        return -grad * special.y1(x)


@implements(special.y1)
class Y1(Elementwise):
    def vjp_x(grad, x):
        return grad * (special.y0(x) - special.yv(2, x)) / 2


@implements(special.i0)
class I0(Elementwise):
    def vjp_x(grad, x):
        return grad * special.i1(x)


@implements(special.i1)
class I1(Elementwise):
    def vjp_x(grad, x):
        return grad * (special.i0(x) + special.iv(2, x)) / 2


@implements(special.k0)
class K0(Elementwise):
    def vjp_x(grad, x):
        return -grad * special.k1(x)


@implements(special.k1)
class K1(Elementwise):
    def vjp_x(grad, x):
        return -grad * (special.k0(x) + special.kv(2, x)) / 2


@implements(special.i0e)
class I0e(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (special.i1e(x) - np.sign(x) * out)


@implements(special.i1e)
class I1e(Elementwise):
    def vjp_x(grad, out, x):
        return grad * ((special.i0e(x) + special.ive(2, x)) / 2 - np.sign(x) * out)


@implements(special.k0e)
class K0e(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (out - special.k1e(x))


@implements(special.k1e)
class K1e(Elementwise):
    def vjp_x(grad, out, x):
        return grad * (out - (special.k0e(x) + special.kve(2, x)) / 2)


# ------------------------------------------------------------------ Bessel functions of any fixed order


@implements(special.jv)
class Jv(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.jv(x1 - 1.0, x2) - special.jv(x1 + 1.0, x2)) / 2


@implements(special.yv)
class Yv(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.yv(x1 - 1.0, x2) - special.yv(x1 + 1.0, x2)) / 2


@implements(special.yn)
class Yn(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.yn(x1 - 1.0, x2) - special.yn(x1 + 1.0, x2)) / 2


@implements(special.iv)
class Iv(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.iv(x1 - 1.0, x2) + special.iv(x1 + 1.0, x2)) / 2


@implements(special.ive)
class Ive(Elementwise):
    def vjp_x2(grad, out, x1, x2):
        slope = grad * (special.ive(x1 - 1.0, x2) + special.ive(x1 + 1.0, x2)) / 2
        # Scaled by the real part alone.
        return slope - np.sign(np.real(x2)) * np.real(grad * out)


@implements(special.kv)
class Kv(Elementwise):
    def vjp_x2(grad, x1, x2):
        return -grad * (special.kv(x1 - 1.0, x2) + special.kv(x1 + 1.0, x2)) / 2


@implements(special.kn)
class Kn(Elementwise):
    def vjp_x2(grad, x1, x2):
        return -grad * (special.kn(x1 - 1.0, x2) + special.kn(x1 + 1.0, x2)) / 2


@implements(special.kve)
class Kve(Elementwise):
    def vjp_x2(grad, out, x1, x2):
        return grad * (out - (special.kve(x1 - 1.0, x2) + special.kve(x1 + 1.0, x2)) / 2)


@implements(special.hankel1)
class Hankel1(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.hankel1(x1 - 1.0, x2) - special.hankel1(x1 + 1.0, x2)) / 2


@implements(special.hankel2)
class Hankel2(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.hankel2(x1 - 1.0, x2) - special.hankel2(x1 + 1.0, x2)) / 2


@implements(special.hankel1e)
class Hankel1e(Elementwise):
    def vjp_x2(grad, out, x1, x2):
        slope = (special.hankel1e(x1 - 1.0, x2) - special.hankel1e(x1 + 1.0, x2)) / 2
        return grad * (slope - 1j * out)


@implements(special.hankel2e)
class Hankel2e(Elementwise):
    def vjp_x2(grad, out, x1, x2):
        slope = (special.hankel2e(x1 - 1.0, x2) - special.hankel2e(x1 + 1.0, x2)) / 2
        return grad * (slope + 1j * out)


def total(terms):
    """The sum of the products of the gradients, of which a result that nobody used has none."""
    present = [grad * slope for grad, slope in terms if grad is not None]
    return sum(present[1:], present[0])


@implements(special.airy)
class Airy(Elementwise):
    def vjp_x(grad, out, x):
        ai, aip, bi, bip = out
        return total(zip(grad, (aip, x * ai, bip, x * bi), strict=True))


# ------------------------------------------------------------------ integrals


@implements(special.fresnel)
class Fresnel(Elementwise):
    def vjp_x(grad, x):
        angle = math.pi / 2 * x * x
        return total(zip(grad, (np.sin(angle), np.cos(angle)), strict=True))


@implements(special.sici)
class SineCosineIntegral(Elementwise):
    def vjp_x(grad, x):
        sine, cosine = grad
        terms = [(sine, np.sinc(x / math.pi))]
        if cosine is not None:
            terms.append((cosine, np.cos(x) / x))
        return total(terms)


@implements(special.expi)
class ExpI(Elementwise):
    def vjp_x(grad, x):
        return grad * (np.exp(x) / x)


@implements(special.exp1)
class Exp1(Elementwise):
    def vjp_x(grad, x):
        return -grad * (np.exp(-x) / x)


@implements(special.expn)
class ExpN(Elementwise):
    def vjp_x2(grad, out, x1, x2):
        lower = special.expn(np.maximum(x1 - 1.0, 0), x2)
        return -grad * np.where(np.equal(x1, 0), out * (1 + 1 / x2), lower)


@implements(special.ellipk)
class EllipK(Elementwise):
    def vjp_x(grad, x):
        return grad * (math.pi / 8 * special.hyp2f1(1.5, 1.5, 2, x))


@implements(special.ellipe)
class EllipE(Elementwise):
    def vjp_x(grad, x):
        return -grad * (math.pi / 8 * special.hyp2f1(0.5, 1.5, 2, x))


@implements(special.ellipkinc)
class EllipKInc(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad / np.sqrt(1 - x2 * np.sin(x1) ** 2)


@implements(special.ellipeinc)
class EllipEInc(Elementwise):
    def vjp_x1(grad, x1, x2):
        return grad * np.sqrt(1 - x2 * np.sin(x1) ** 2)


# ------------------------------------------------------------------ hypergeometric functions


@implements(special.hyp0f1)
class Hyp0f1(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (special.hyp0f1(x1 + 1.0, x2) / x1)


@implements(special.hyp1f1)
class Hyp1f1(Elementwise):
    def vjp_x3(grad, x1, x2, x3):
        return grad * (x1 / x2 * special.hyp1f1(x1 + 1.0, x2 + 1.0, x3))


@implements(special.hyp2f1)
class Hyp2f1(Elementwise):
    def vjp_x4(grad, x1, x2, x3, x4):
        return grad * (x1 * x2 / x3 * special.hyp2f1(x1 + 1.0, x2 + 1.0, x3 + 1.0, x4))


@implements(special.hyperu)
class HyperU(Elementwise):
    def vjp_x3(grad, x1, x2, x3):
        return -grad * (x1 * special.hyperu(x1 + 1.0, x2 + 1.0, x3))


# ------------------------------------------------------------------ orthogonal polynomials


def lowered(order, polynomial, *args):
    """A polynomial of the order below; that of degree 0 has the slope 0."""
    return np.where(np.equal(order, 0), 0, polynomial(np.maximum(order - 1, 0), *args))


@implements(special.eval_legendre)
class Legendre(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * lowered(x1, special.eval_gegenbauer, 1.5, x2)


@implements(special.eval_chebyt)
class ChebyshevT(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (x1 * lowered(x1, special.eval_chebyu, x2))


@implements(special.eval_chebyu)
class ChebyshevU(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (2 * lowered(x1, special.eval_gegenbauer, 2, x2))


@implements(special.eval_gegenbauer)
class Gegenbauer(Elementwise):
    def vjp_x3(grad, x1, x2, x3):
        return grad * (2.0 * x2 * lowered(x1, special.eval_gegenbauer, x2 + 1.0, x3))


@implements(special.eval_jacobi)
class Jacobi(Elementwise):
    def vjp_x4(grad, x1, x2, x3, x4):
        slope = lowered(x1, special.eval_jacobi, x2 + 1.0, x3 + 1.0, x4)
        return grad * ((1.0 + x1 + x2 + x3) / 2 * slope)


@implements(special.eval_hermite)
class Hermite(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (2.0 * x1 * lowered(x1, special.eval_hermite, x2))


@implements(special.eval_hermitenorm)
class HermiteNorm(Elementwise):
    def vjp_x2(grad, x1, x2):
        return grad * (x1 * lowered(x1, special.eval_hermitenorm, x2))


@implements(special.eval_laguerre)
class Laguerre(Elementwise):
    def vjp_x2(grad, x1, x2):
        return -grad * lowered(x1, special.eval_genlaguerre, 1, x2)


@implements(special.eval_genlaguerre)
class GenLaguerre(Elementwise):
    def vjp_x3(grad, x1, x2, x3):
        return -grad * lowered(x1, special.eval_genlaguerre, x2 + 1.0, x3)
