"""Discrete Fourier transforms.

They are linear, so the pullback is the transposed transform. `fft` and `ifft` are their own
transposes. `rfft` returns half of a symmetric spectrum; in its transpose, weights account for the
other half. The other transforms are built from these.
"""

import numpy as np

from mygrad.engine.operation import Operation
from mygrad.engine.registry import implements

# The norm with which the transposed transform scales by the same factor.
SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def fit(x, length, axis):
    """Truncate or zero-pad ``x`` to ``length`` along ``axis``, as transforms do."""
    missing = length - x.shape[axis]
    if missing == 0:
        return x
    before = (slice(None),) * (axis % x.ndim)
    if missing < 0:
        return x[(*before, slice(length))]
    filled = list(x.shape)
    filled[axis] = missing
    return np.concatenate([x, np.zeros(filled, x.dtype)], axis)


def half_weights(x, length, axis, inner):
    """Weights for half a spectrum: 1 for terms without a mirror image, ``inner`` for the others.

    ``x`` holds half of the spectrum of ``length`` real numbers along ``axis``.
    """
    weights = np.full(x.shape[axis], inner, np.finfo(x.dtype).dtype)
    weights[0] = 1
    if length % 2 == 0:
        weights[-1] = 1
    return np.expand_dims(weights, tuple(range(1, x.ndim - axis % x.ndim)))


def of_fft(grad, size, axis, norm):
    return fit(np.fft.fft(grad, axis=axis, norm=norm), size, axis)


def of_ifft(grad, size, axis, norm):
    return fit(np.fft.ifft(grad, axis=axis, norm=norm), size, axis)


def of_rfft(grad, size, n, axis, norm):
    n = size if n is None else n
    weighted = np.conj(grad) * half_weights(grad, n, axis, 0.5)
    return fit(np.fft.irfft(weighted, n, axis, SWAPPED[norm]), size, axis)


def of_irfft(grad, size, axis, norm):
    spectrum = np.conj(np.fft.rfft(grad, axis=axis, norm=SWAPPED[norm]))
    return fit(spectrum * half_weights(spectrum, grad.shape[axis], axis, 2), size, axis)


@implements(np.fft.fft)
class FFT(Operation):
    def vjp_a(grad, a_shape, axis=-1, norm=None):
        return of_fft(grad, a_shape[axis], axis, norm)


@implements(np.fft.ifft)
class IFFT(Operation):
    def vjp_a(grad, a_shape, axis=-1, norm=None):
        return of_ifft(grad, a_shape[axis], axis, norm)


@implements(np.fft.rfft)
class RFFT(Operation):
    def vjp_a(grad, a_shape, n=None, axis=-1, norm=None):
        return of_rfft(grad, a_shape[axis], n, axis, norm)


@implements(np.fft.irfft)
class IRFFT(Operation):
    def vjp_a(grad, a_shape, axis=-1, norm=None):
        return of_irfft(grad, a_shape[axis], axis, norm)


@implements(np.fft.hfft)
class HFFT(Operation):
    # hfft(a) is irfft(conj(a)) with the norms swapped.
    def vjp_a(grad, a_shape, axis=-1, norm=None):
        return np.conj(of_irfft(grad, a_shape[axis], axis, SWAPPED[norm]))


@implements(np.fft.ihfft)
class IHFFT(Operation):
    # ihfft(a) is conj(rfft(a)) with the norms swapped.
    def vjp_a(grad, a_shape, n=None, axis=-1, norm=None):
        return of_rfft(np.conj(grad), a_shape[axis], n, axis, SWAPPED[norm])


# ------------------------------------------------------------------ several axes


def lengths(shape, s, axes):
    """The transformed axes, each with its length in the transform."""
    if axes is None:
        axes = range(-len(shape if s is None else s), 0)
    axes = [int(axis) % len(shape) for axis in axes]
    if s is None:
        s = [-1] * len(axes)
    return [(axis, shape[axis] if n == -1 else int(n)) for axis, n in zip(axes, s, strict=True)]


def reversed_steps(shape, order, halved=False):
    """``(axis, size, n)`` for each transform ``(axis, n)`` of an array of ``shape``, reversed.

    ``size`` is the length of the axis before the transform. If ``halved``, the first transform is
    of real numbers, and leaves ``n // 2 + 1``.
    """
    current, found = list(shape), []
    for axis, n in order:
        found.append((axis, current[axis], n))
        current[axis] = n // 2 + 1 if halved else n
        halved = False
    return found[::-1]


# NumPy transforms the last axis first, except in `irfftn`.


def of_fftn(grad, a_shape, s, axes, norm, single):
    for axis, size, _ in reversed_steps(a_shape, lengths(a_shape, s, axes)[::-1]):
        grad = single(grad, size, axis, norm)
    return grad


def of_rfftn(grad, a_shape, s, axes, norm):
    *others, (real, real_size, n) = reversed_steps(
        a_shape, lengths(a_shape, s, axes)[::-1], halved=True
    )
    for axis, size, _ in others:
        grad = of_fft(grad, size, axis, norm)
    return of_rfft(grad, real_size, n, real, norm)


def of_irfftn(grad, a_shape, s, axes, norm):
    (real, real_size, _), *others = reversed_steps(a_shape, lengths(a_shape, s, axes))
    grad = of_irfft(grad, real_size, real, norm)
    for axis, size, _ in others:
        grad = of_ifft(grad, size, axis, norm)
    return grad


@implements(np.fft.fftn)
class FFTN(Operation):
    def vjp_a(grad, a_shape, s=None, axes=None, norm=None):
        return of_fftn(grad, a_shape, s, axes, norm, of_fft)


@implements(np.fft.fft2)
class FFT2(Operation):
    def vjp_a(grad, a_shape, s=None, axes=(-2, -1), norm=None):
        return of_fftn(grad, a_shape, s, axes, norm, of_fft)


@implements(np.fft.ifftn)
class IFFTN(Operation):
    def vjp_a(grad, a_shape, s=None, axes=None, norm=None):
        return of_fftn(grad, a_shape, s, axes, norm, of_ifft)


@implements(np.fft.ifft2)
class IFFT2(Operation):
    def vjp_a(grad, a_shape, s=None, axes=(-2, -1), norm=None):
        return of_fftn(grad, a_shape, s, axes, norm, of_ifft)


@implements(np.fft.rfftn)
class RFFTN(Operation):
    def vjp_a(grad, a_shape, s=None, axes=None, norm=None):
        return of_rfftn(grad, a_shape, s, axes, norm)


@implements(np.fft.rfft2)
class RFFT2(Operation):
    def vjp_a(grad, a_shape, s=None, axes=(-2, -1), norm=None):
        return of_rfftn(grad, a_shape, s, axes, norm)


@implements(np.fft.irfftn)
class IRFFTN(Operation):
    def vjp_a(grad, a_shape, s=None, axes=None, norm=None):
        return of_irfftn(grad, a_shape, s, axes, norm)


@implements(np.fft.irfft2)
class IRFFT2(Operation):
    def vjp_a(grad, a_shape, s=None, axes=(-2, -1), norm=None):
        return of_irfftn(grad, a_shape, s, axes, norm)


# ------------------------------------------------------------------ reordering


@implements(np.fft.fftshift)
class FFTShift(Operation):
    def vjp_x(grad, axes=None):
        return np.fft.ifftshift(grad, axes)


@implements(np.fft.ifftshift)
class IFFTShift(Operation):
    def vjp_x(grad, axes=None):
        return np.fft.fftshift(grad, axes)
