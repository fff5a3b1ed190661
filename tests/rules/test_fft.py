import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

MAKERS = [normal, complex_normal]
NORMS = [None, "backward", "ortho", "forward"]

LINES = [
    (np.fft.fft, MAKERS),
    (np.fft.ifft, MAKERS),
    (np.fft.rfft, [normal]),
    (np.fft.irfft, MAKERS),
    (np.fft.hfft, MAKERS),
    (np.fft.ihfft, [normal]),
]
PLANES = [
    (np.fft.fft2, MAKERS),
    (np.fft.ifft2, MAKERS),
    (np.fft.rfft2, [normal]),
    (np.fft.irfft2, MAKERS),
    (np.fft.fftn, MAKERS),
    (np.fft.ifftn, MAKERS),
    (np.fft.rfftn, [normal]),
    (np.fft.irfftn, MAKERS),
]
# Shapes and options: even and odd lengths, truncation and padding.
ALONG_A_LINE = [
    ((4,), {}),
    ((5,), {}),
    ((2,), {}),
    ((5,), {"n": 3}),
    ((5,), {"n": 4}),
    ((3,), {"n": 6}),
    ((3,), {"n": 7}),
    ((1,), {"n": 1}),
    ((2,), {"n": 1}),
    ((2, 3), {}),
    ((3, 2), {"axis": 0}),
    ((3, 2), {"axis": 0, "n": 4}),
    ((3, 2), {"axis": -2, "n": 2}),
    ((1, 3, 2), {"axis": 1}),
]
ALONG_AXES = [
    ((2, 3), {}),
    ((3, 4), {}),
    ((1, 3, 2), {}),
    ((2, 3), {"s": (3, 2), "axes": (0, 1)}),
    ((2, 3), {"s": (3, 4), "axes": (1, 0)}),
    ((2, 4), {"s": (-1, 3), "axes": (0, 1)}),
    ((2, 3, 2), {"axes": (0, 2)}),
    ((2, 3), {"axes": (-1,)}),
    ((2, 4), {"axes": (1, 1)}),
    ((2, 4), {"axes": (1, 1), "s": (3, 5)}),
]

SAMPLES = [
    *(
        Sample(function, make(*shape), **options)
        for function, makers in LINES
        for make in makers
        for shape, options in ALONG_A_LINE
    ),
    *(
        Sample(function, make(*shape), **options)
        for function, makers in PLANES
        for make in makers
        for shape, options in ALONG_AXES
    ),
    *(
        Sample(function, make(size), norm=norm)
        for function, makers in LINES
        for make in makers[-1:]
        for size in (3, 4)
        for norm in NORMS
    ),
    *(
        Sample(function, makers[-1](2, 3), norm=norm)
        for function, makers in PLANES
        for norm in NORMS
    ),
    *(
        Sample(function, make(*shape), **options)
        for function in (np.fft.fftshift, np.fft.ifftshift)
        for make in MAKERS
        for shape, options in [
            ((5,), {}),
            ((3, 4), {}),
            ((3, 4), {"axes": 0}),
            ((3, 4), {"axes": (0, -1)}),
            ((0,), {}),
        ]
    ),
]
TestSamples = generic_checks(SAMPLES)


def test_lengths_without_axes_are_those_of_the_last():
    x = mg.tensor(complex_normal(2, 3))
    weight = complex_normal(2, 4)
    with pytest.warns(DeprecationWarning, match="`axes` should not be `None`"):
        transformed = np.fft.fftn(x, s=(4,))
    np.sum(np.real(weight * transformed)).backward()
    given, x = x.grad, mg.tensor(x)
    np.sum(np.real(weight * np.fft.fft(x, 4))).backward()
    np.testing.assert_allclose(given, x.grad)


@pytest.mark.parametrize("size", [4, 5])
def test_there_and_back_is_the_identity(size):
    x = mg.tensor(normal(size))
    weight = normal(size)
    np.sum(weight * np.fft.irfft(np.fft.rfft(x), size)).backward()
    np.testing.assert_allclose(x.grad, weight)
    assert x.grad.dtype == np.float64


def test_out():
    x = mg.tensor(complex_normal(4))
    out = mg.tensor(np.zeros(4, complex))
    assert np.fft.fft(x, out=out) is out
    np.sum(np.real(out)).backward()
    np.testing.assert_allclose(x.grad, [4, 0, 0, 0], atol=1e-15)
