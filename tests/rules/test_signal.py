import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, distinct, generic_checks, normal, positive

MAKERS = [normal, complex_normal]
MODES = ["full", "same", "valid"]
LENGTHS = [(4, 2), (4, 3), (2, 4), (3, 4), (4, 5), (3, 3), (1, 3), (3, 1)]


def scaled(x, factor=1.0):
    return x * factor


def outer_square(x):
    return x[:, np.newaxis] * x


def ends(x):
    return [x[0], x[-1]]


def norm(x, axis):
    return np.linalg.norm(x, axis=axis)


POINTS = np.array([0.0, 0.3, 1, 2.5])
INSIDE = np.array([0.1, 0.7, 2.2])
AROUND = np.array([[-1.0, 0.5], [2.4, 4]])

SAMPLES = [
    *(
        Sample(function, make(m), make(n), mode=mode)
        for function in (np.convolve, np.correlate)
        for make in MAKERS
        for m, n in LENGTHS
        for mode in MODES
    ),
    Sample(np.convolve, normal(3), normal(2)),
    Sample(np.convolve, normal(), normal(3)),
    Sample(np.convolve, normal(3), normal()),
    Sample(np.convolve, normal(3), complex_normal(2)),
    Sample(np.convolve, [1.0, 2], normal(2)),
    Sample(np.convolve, 2, normal(2)),
    Sample(np.correlate, normal(3), (1.0, 2)),
    Sample(np.correlate, normal(3), normal(2)),
    Sample(np.correlate, complex_normal(3), normal(2), "same"),
    *(Sample(np.diff, make(4), n) for make in MAKERS for n in range(6)),
    Sample(np.diff, normal(2, 3)),
    Sample(np.diff, normal(3, 2), axis=0),
    Sample(np.diff, normal(2, 3, 2), 2, axis=-2),
    Sample(np.diff, normal(3), prepend=0.0, append=1),
    *(Sample(np.diff, normal(3), n, prepend=normal(), append=normal(2)) for n in (1, 2, 3, 7)),
    Sample(np.diff, normal(2, 3), axis=0, append=normal()),
    Sample(np.diff, normal(2, 3), axis=0, append=normal(1, 3)),
    Sample(np.diff, normal(2, 3), prepend=normal(2, 2), append=normal()),
    Sample(np.diff, [1.0, 2], append=normal(2)),
    Sample(np.diff, normal(0)),
    Sample(np.diff, normal(1)),
    *(Sample(np.ediff1d, normal(*shape)) for shape in [(4,), (2, 3), (1,), (0,)]),
    Sample(np.ediff1d, normal(3), to_begin=normal(2), to_end=normal()),
    Sample(np.ediff1d, normal(2, 2), normal(1, 2), normal(2)),
    Sample(np.ediff1d, normal(3), to_begin=0.0),
    Sample(np.ediff1d, normal(0), normal(1), normal(2)),
    *(Sample(np.gradient, make(4), edge_order=k) for make in MAKERS for k in (1, 2)),
    *(Sample(np.gradient, normal(4), normal(), edge_order=k) for k in (1, 2)),
    *(Sample(np.gradient, make(4), POINTS, edge_order=k) for make in MAKERS for k in (1, 2)),
    Sample(np.gradient, normal(4), np.arange(4.0)),
    Sample(np.gradient, normal(4), np.arange(4)),
    Sample(np.gradient, normal(2)),
    Sample(np.gradient, normal(3), edge_order=2),
    Sample(np.gradient, normal(2, 3)),
    Sample(np.gradient, normal(2, 3), 0.5),
    Sample(np.gradient, normal(2, 3), positive()),
    Sample(np.gradient, normal(2, 4), 2.0, POINTS),
    Sample(np.gradient, normal(2, 4), POINTS, axis=1),
    Sample(np.gradient, normal(2, 3), axis=-1),
    Sample(np.gradient, normal(3, 2, 2), 0.5, positive(), axis=(0, 2)),
    Sample(np.gradient, [1.0, 2, 4], positive()),
    Sample(np.gradient, normal(2, 3), 0.5, axis=1),
    *(Sample(np.trapezoid, make(4)) for make in MAKERS),
    Sample(np.trapezoid, normal(2, 3), dx=positive()),
    Sample(np.trapezoid, normal(3, 2), axis=0),
    Sample(np.trapezoid, normal(4), POINTS),
    Sample(np.trapezoid, normal(3, 2), POINTS[:3], axis=0),
    Sample(np.trapezoid, normal(3, 2), normal(3, 2), axis=-2),
    Sample(np.trapezoid, normal(4), [0, 1, 3, 4]),
    Sample(np.trapezoid, (1.0, 2, 4), normal(3)),
    Sample(np.trapezoid, normal(1)),
    Sample(np.interp, INSIDE, POINTS, normal(4)),
    Sample(np.interp, INSIDE, POINTS, complex_normal(4)),
    Sample(np.interp, AROUND, POINTS, normal(4)),
    Sample(np.interp, AROUND, POINTS, normal(4), normal(), normal()),
    Sample(np.interp, AROUND, POINTS, normal(4), left=-1.0, right=7),
    Sample(np.interp, AROUND, POINTS, normal(4), period=3.1),
    Sample(np.interp, AROUND, POINTS[::-1].copy(), normal(4), period=-3.1),
    Sample(np.interp, AROUND, distinct(4), normal(4), period=5),
    Sample(np.interp, normal(), [0, 1, 2], [1.0, 3, 2]),
    Sample(np.interp, 0.5, POINTS, normal(4)),
    Sample(np.interp, INSIDE, np.array([1.0]), normal(1)),
    Sample(np.interp, normal(0), POINTS, normal(4)),
    Sample(np.interp, INSIDE, [0, 1, 3], np.array([0, 255, 10], np.uint8)),
    Sample(np.interp, INSIDE, [0, 1, 3], np.array([True, False, True])),
    Sample(np.interp, 0.5, np.array([-128, 127], np.int8), normal(2)),
    Sample(np.interp, AROUND, np.array([100, -100, 2], np.int8), normal(3), period=5),
    Sample(np.apply_along_axis, np.sum, 0, normal(2, 3)),
    Sample(np.apply_along_axis, np.cumsum, -1, normal(2, 3)),
    Sample(np.apply_along_axis, outer_square, 1, normal(2, 2, 2)),
    Sample(np.apply_along_axis, outer_square, 0, normal(2, 3)),
    Sample(np.apply_along_axis, np.prod, 0, normal(3)),
    Sample(np.apply_along_axis, ends, 0, normal(3, 2)),
    Sample(np.apply_along_axis, scaled, 1, normal(2, 2), normal()).but(
        reason="NumPy asks the array alone for its type, so that another tensor is lost",
        skip="constants",
    ),
    Sample(np.apply_along_axis, scaled, 0, complex_normal(2, 2), factor=2.0),
    Sample(np.apply_over_axes, np.sum, normal(2, 3, 2), (0, -1)),
    Sample(np.apply_over_axes, np.prod, normal(2, 3), 1),
    Sample(np.apply_over_axes, norm, complex_normal(2, 3), [1, 0]),
    Sample(np.apply_over_axes, np.cumsum, normal(2, 2), [0, 1]),
]
TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize(("number", "mode"), [(0, "valid"), (1, "same"), (2, "full")])
def test_modes_by_number(number, mode):
    a, v = normal(4), normal(2)
    for function in (np.convolve, np.correlate):
        grads = []
        for each in (number, mode):
            x, y = mg.tensor(a), mg.tensor(v)
            np.sum(function(x, y, each) ** 2).backward()
            grads.append((x.grad, y.grad))
        for one, another in zip(*grads, strict=True):
            np.testing.assert_array_equal(one, another)


def test_gradient_of_equidistant_points_differentiates_the_distances():
    x, f = mg.tensor(np.arange(4.0)), normal(4)
    weights = normal(4)
    np.sum(weights * np.gradient(f, x)).backward()
    for i in range(4):
        change = 1e-6 * np.eye(4)[i]
        ahead, behind = (np.sum(weights * np.gradient(f, x.data + s * change)) for s in (1, -1))
        np.testing.assert_allclose(x.grad[i], (ahead - behind) / 2e-6, atol=1e-8)


@pytest.mark.parametrize("spacing", [(), (2.0,)])
def test_gradient_without_an_axis_is_empty(spacing):
    assert np.gradient(mg.tensor(1.0), *spacing) == np.gradient(1.0, *spacing) == ()


def test_interp_at_its_points_takes_the_slope_to_the_right():
    x = mg.tensor(np.array([0.0, 1.0, 3.0]))
    np.sum(np.interp(x, [0, 1, 3], [0, 5, 6])).backward()
    np.testing.assert_array_equal(x.grad, [5, 0.5, 0.5])


def test_interp_over_a_step_is_finite():
    fp = mg.tensor(np.array([1.0, 2, 3]))
    np.sum(np.interp([0.5, 1.0], [0, 1, 1], fp)).backward()
    assert np.all(np.isfinite(fp.grad))


def test_apply_along_axis_reaches_tensors_that_the_function_holds():
    w, x = mg.tensor(normal(3)), mg.tensor(normal(2, 3))
    np.sum(np.apply_along_axis(lambda row: np.dot(row, w), 1, x)).backward()
    np.testing.assert_allclose(w.grad, x.data.sum(0))
    np.testing.assert_allclose(x.grad, np.broadcast_to(w.data, (2, 3)))
