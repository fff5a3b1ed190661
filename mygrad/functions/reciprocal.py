"""The reciprocals of the trigonometric and hyperbolic functions, and their inverses.

The inverses have the branches of NumPy's functions of the reciprocal: ``arcsec(a)`` is ``arccos(1 /
a)``. For real numbers they are computed by other formulas, which lose no precision near the ends of
their domains.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mygrad.engine.operation import Elementwise
from mygrad.engine.registry import implements
from mygrad.functions.primitives import primitive


def _inexact(a: Any) -> Any:
    """``a`` as a floating-point or complex array, converted as by NumPy's functions."""
    a = np.asarray(a)
    return a if a.dtype.kind in "fc" else a.astype(np.cosh(np.zeros((), a.dtype)).dtype)


def _exponentials(a: Any) -> tuple[Any, Any, Any]:
    """Where one exponential in ``cosh(a)`` vanishes; ``a`` elsewhere; twice the other's inverse."""
    real = np.real(a)
    far = np.abs(real) > -0.5 * np.log(np.finfo(a.dtype).eps / 4)
    return far, np.where(far, a.dtype.type(1), a), 2 * np.exp(np.where(real < 0, a, -a))


def _sech(a: Any) -> Any:
    far, near, exponential = _exponentials(a)
    return np.where(far, exponential, 1 / np.cosh(near))


def _csch(a: Any) -> Any:
    far, near, exponential = _exponentials(a)
    return np.where(far, np.copysign(1, np.real(a)) * exponential, 1 / np.sinh(near))


@primitive
def sec(a):
    """The secant, ``1 / cos(a)``.

    Parameters
    ----------
    a : array_like
        Angles in radians.

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.sec([0.0, 1.0])
    Tensor([1.        , 1.85081572])
    """
    a = _inexact(a)
    return _sech(1j * a) if np.iscomplexobj(a) else 1 / np.cos(a)


@implements(sec)
class Sec(Elementwise):
    def vjp_a(grad, out, a):
        return grad * out * np.tan(a)


@primitive
def csc(a):
    """The cosecant, ``1 / sin(a)``.

    Parameters
    ----------
    a : array_like
        Angles in radians.

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.csc([1.0, 2.0])
    Tensor([1.18839511, 1.09975017])
    """
    a = _inexact(a)
    return 1j * _csch(1j * a) if np.iscomplexobj(a) else 1 / np.sin(a)


@implements(csc)
class Csc(Elementwise):
    def vjp_a(grad, out, a):
        return grad * -out / np.tan(a)


@primitive
def cot(a):
    """The cotangent, ``1 / tan(a)``.

    Parameters
    ----------
    a : array_like
        Angles in radians.

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.cot([1.0, 2.0])
    Tensor([ 0.64209262, -0.45765755])
    """
    return 1 / np.tan(a)


@implements(cot)
class Cot(Elementwise):
    def vjp_a(grad, out):
        return grad * -(1 + out * out)


@primitive
def sech(a):
    """The hyperbolic secant, ``1 / cosh(a)``.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.sech([0.0, 1.0, -1000.0])
    Tensor([1.        , 0.64805427, 0.        ])
    """
    return _sech(_inexact(a))


@implements(sech)
class Sech(Elementwise):
    def vjp_a(grad, out, a):
        return grad * -out * np.tanh(a)


@primitive
def csch(a):
    """The hyperbolic cosecant, ``1 / sinh(a)``.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.csch([1.0, 2.0, 1000.0])
    Tensor([0.85091813, 0.27572056, 0.        ])
    """
    return _csch(_inexact(a))


@implements(csch)
class Csch(Elementwise):
    def vjp_a(grad, out, a):
        return grad * -out / np.tanh(a)


@primitive
def coth(a):
    """The hyperbolic cotangent, ``1 / tanh(a)``.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.coth([1.0, 2.0])
    Tensor([1.31303529, 1.03731472])
    """
    return 1 / np.tanh(a)


@implements(coth)
class Coth(Elementwise):
    def vjp_a(grad, out):
        return grad * (1 - out * out)


def _leg(a: Any) -> Any:
    """``sqrt(a**2 - 1)``, computed without squaring ``a``, which may overflow."""
    size = np.abs(a)
    return np.sqrt(size - 1) * np.sqrt(size + 1)


@primitive
def arcsec(a):
    """The inverse of the secant, ``arccos(1 / a)``.

    Parameters
    ----------
    a : array_like
        Real numbers must be at least 1 in absolute value; others give NaN.

    Returns
    -------
    Tensor
        Of the shape of ``a``; angles in [0, π].

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.arcsec([1.0, 2.0, -2.0])
    Tensor([0.        , 1.04719755, 2.0943951 ])
    """
    a = _inexact(a)
    if np.iscomplexobj(a):
        return np.arccos(1 / a)
    return np.arctan2(_leg(a), np.copysign(1, a))


@implements(arcsec)
class Arcsec(Elementwise):
    def vjp_a(grad, out, a):
        if np.iscomplexobj(a):
            return grad / (a * a * np.sin(out))
        return grad / (np.abs(a) * _leg(a))


@primitive
def arccsc(a):
    """The inverse of the cosecant, ``arcsin(1 / a)``.

    Parameters
    ----------
    a : array_like
        Real numbers must be at least 1 in absolute value; others give NaN.

    Returns
    -------
    Tensor
        Of the shape of ``a``; angles in [-π/2, π/2].

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.arccsc([1.0, 2.0, -2.0])
    Tensor([ 1.57079633,  0.52359878, -0.52359878])
    """
    a = _inexact(a)
    if np.iscomplexobj(a):
        return np.arcsin(1 / a)
    return np.arctan2(np.copysign(1, a), _leg(a))


@implements(arccsc)
class Arccsc(Elementwise):
    def vjp_a(grad, out, a):
        if np.iscomplexobj(a):
            return grad / -(a * a * np.cos(out))
        return grad / -(np.abs(a) * _leg(a))


@primitive
def arccot(a):
    """The inverse of the cotangent, ``arctan(1 / a)``; discontinuous at 0.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    Tensor
        Of the shape of ``a``; angles in [-π/2, π/2].

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.arccot([-1.0, 0.0, 1.0])
    Tensor([-0.78539816,  1.57079633,  0.78539816])
    """
    a = _inexact(a)
    if np.iscomplexobj(a):
        return np.arctan(1 / a)
    return np.arctan2(np.copysign(1, a), np.abs(a))


@implements(arccot)
class Arccot(Elementwise):
    def vjp_a(grad, a):
        return grad / -(1 + a * a)


@primitive
def arcsech(a):
    """The inverse of the hyperbolic secant, ``arccosh(1 / a)``.

    Parameters
    ----------
    a : array_like
        Real numbers must be in [0, 1]; others give NaN.

    Returns
    -------
    Tensor
        Of the shape of ``a``, non-negative.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.arcsech([0.5, 1.0])
    Tensor([1.3169579, 0.       ])
    """
    a = _inexact(a)
    if np.iscomplexobj(a):
        return np.arccosh(1 / a)
    return np.log1p((np.sqrt((1 - a) * (1 + a)) + (1 - a)) / a)


@implements(arcsech)
class Arcsech(Elementwise):
    def vjp_a(grad, out, a):
        if np.iscomplexobj(a):
            return grad / -(a * a * np.sinh(out))
        return grad / -(a * np.tanh(out))


@primitive
def arccsch(a):
    """The inverse of the hyperbolic cosecant, ``arcsinh(1 / a)``.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.arccsch([-2.0, 1.0])
    Tensor([-0.48121183,  0.88137359])
    """
    return np.arcsinh(1 / _inexact(a))


@implements(arccsch)
class Arccsch(Elementwise):
    def vjp_a(grad, out, a):
        if np.iscomplexobj(a):
            return grad / -(a * a * np.cosh(out))
        return grad / -(np.abs(a) * np.hypot(1, a))


@primitive
def arccoth(a):
    """The inverse of the hyperbolic cotangent, ``arctanh(1 / a)``.

    Parameters
    ----------
    a : array_like
        Real numbers must be at least 1 in absolute value; others give NaN.

    Returns
    -------
    Tensor
        Of the shape of ``a``.

    Examples
    --------
    >>> import mygrad as mg
    >>> mg.arccoth([-2.0, 2.0])
    Tensor([-0.54930614,  0.54930614])
    """
    a = _inexact(a)
    if np.iscomplexobj(a):
        return np.arctanh(1 / a)
    return np.copysign(0.5 * np.log1p(2 / (np.abs(a) - 1)), a)


@implements(arccoth)
class Arccoth(Elementwise):
    def vjp_a(grad, a):
        return grad / ((1 - a) * (1 + a))
