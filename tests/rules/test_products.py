import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from tests.checks import Sample, complex_normal, generic_checks, normal
from tests.versions import numpy_since

MAKERS = [normal, complex_normal]

MATMULS = [
    ((2, 3), (3, 2)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 1, 1, 3), (2, 3, 1)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (1, 2, 3, 1)),
    ((1, 2, 3), (2, 3, 1)),
    ((2, 2), (2, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 2, 0), (0, 2)),
    ((0,), (0,)),
]
MATMUL_AXES = [
    ((3, 2), (3, 2), [(1, 0), (0, 1), (0, 1)]),
    ((3, 2, 2), (2, 3), [(2, 0), (1, 0), (0, 1)]),
    ((3,), (2, 3, 2), [(0,), (-2, 0), (0,)]),
    ((3,), (3,), [0, 0, ()]),
    ((3, 2), (2, 3, 1), [(1, 0), (1, 2), (-1, -2)]),
]
DOTS = [
    ((), ()),
    ((), (3,)),
    ((2, 3), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 2)),
    ((2, 2), (2, 2)),
    ((1, 2, 3), (3, 2)),
    ((2, 2), (2, 2, 2)),
    ((3,), (2, 3, 2)),
    ((2, 1, 3), (1, 3, 2)),
    ((2, 2, 3), (3,)),
    ((0, 3), (3, 2)),
    ((2, 0), (0,)),
]
INNERS = [
    ((), ()),
    ((), (3,)),
    ((2, 3), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (2, 3)),
    ((2, 3), (1, 3)),
    ((2, 2, 2), (2, 2)),
    ((0, 3), (2, 3)),
]
TENSORDOTS = [
    ((2, 3), (3, 2), 1),
    ((2, 3), (2, 3), 2),
    ((2, 3), (2,), 0),
    ((2, 3), (3, 2), (1, 0)),
    ((2, 3, 2), (2, 2, 3), ((0, 1), (1, 2))),
    ((2, 3, 1), (1, 2, 3), ((2, 0, 1), (0, 1, 2))),
    ((2, 3, 1), (1, 2, 3), ([-1, 0], [0, -2])),
    ((2,), (2,), ((), ())),
    ((2, 2), (2, 2), np.array([[0], [1]])),
    ((0, 2), (2,), 1),
]
KRONS = [
    ((), ()),
    ((2,), ()),
    ((), (2, 2)),
    ((2,), (3,)),
    ((2, 2), (1, 2)),
    ((2,), (2, 2)),
    ((2, 1, 2), (2, 1)),
    ((0, 2), (2,)),
]
CROSSES = [
    ((3,), (3,), {}),
    ((2, 3), (3,), {}),
    ((3, 2), (2, 3), {"axisa": 0}),
    ((3, 2), (3, 2), {"axis": 0}),
    ((3, 2), (1, 3), {"axisa": 0, "axisc": 0}),
    ((3, 2), (2, 1, 3), {"axisa": 0, "axisc": 1}),
    ((0, 3), (3,), {}),
]
TRACES = [
    ((3, 3), {}),
    ((2, 3), {"offset": 1}),
    ((3, 2), {"offset": -1}),
    ((2, 3, 2), {}),
    ((2, 3, 2), {"axis1": 2, "axis2": 0}),
    ((2, 3, 2), {"axis1": -2, "axis2": -1, "offset": 1}),
    ((2, 2), {"offset": 5}),
    ((0, 2), {}),
]
DIAGONALS = [
    ((2, 2), {}),
    ((2, 3), {"offset": 1}),
    ((2, 3, 2), {"offset": -1}),
    ((2, 2), {"offset": 4}),
]

SAMPLES = [
    *(Sample(np.matmul, make(*a), make(*b)) for make in MAKERS for a, b in MATMULS),
    *(Sample(np.matmul, normal(*a), normal(*b), axes=axes) for a, b, axes in MATMUL_AXES),
    Sample(np.matmul, normal(2, 3), complex_normal(3, 2)),
    Sample(np.matmul, complex_normal(2, 2), normal(2)),
    Sample(np.matmul, normal(2, 2), np.array([[1, 2], [3, 4]])),
    Sample(np.linalg.matmul, normal(2, 3), normal(2, 3, 2)),
    Sample(np.vecdot, normal(2, 3), normal(2, 3)),
    Sample(np.vecdot, normal(2, 1, 3), normal(2, 3)),
    *(Sample(np.vecdot, make(3, 2), make(2)) for make in MAKERS),
    *(Sample(np.vecdot, make(3, 2), make(3, 1), axis=0, keepdims=True) for make in MAKERS),
    Sample(np.vecdot, normal(3, 2), normal(2, 2, 3), axes=[0, -1], keepdims=True),
    Sample(np.vecdot, normal(3, 2), normal(2, 2, 3), axes=[0, -1, ()]),
    Sample(np.vecdot, normal(3, 2), normal(2, 2, 3), axes=[(0,), (2,)]),
    Sample(np.vecdot, normal(2, 0), normal(0)),
    *(Sample(np.linalg.vecdot, make(3, 2), make(3, 1), axis=0) for make in MAKERS),
    *(Sample(np.matvec, make(2, 3), make(3)) for make in MAKERS),
    Sample(np.matvec, normal(2, 2, 3), normal(2, 1, 3)),
    Sample(np.matvec, normal(3, 2), normal(3), axes=[(1, 0), 0, 0]),
    Sample(np.matvec, normal(2, 3, 2), normal(2, 1, 2), axes=[(1, 2), 2, 0]),
    *(Sample(np.vecmat, make(3), make(3, 2)) for make in MAKERS),
    Sample(np.vecmat, normal(2, 3), normal(2, 1, 3, 2)),
    Sample(np.vecmat, normal(3, 2), normal(3, 1, 2), axes=[0, (0, 1), 0]),
    *(Sample(np.dot, make(*a), make(*b)) for make in MAKERS for a, b in DOTS),
    Sample(np.dot, complex_normal(2, 2), normal(2, 2)),
    # not yet an array
    *(Sample(function, 2.0, normal(3)) for function in (np.dot, np.inner, np.outer, np.kron)),
    *(
        Sample(function, normal(3), plain)
        for function in (np.dot, np.inner, np.vdot, np.outer, np.kron, np.cross, np.matmul)
        for plain in ([1, 2, 3], (1.0, 2.0, 3.0))
    ),
    Sample(np.tensordot, ((1.0, 2),), normal(2), axes=1),
    *(Sample(np.inner, make(*a), make(*b)) for make in MAKERS for a, b in INNERS),
    *(
        Sample(np.vdot, make(*a), make(*b))
        for make in MAKERS
        for a, b in [((), ()), ((3,), (3,)), ((2, 3), (3, 2)), ((2, 3), (6,)), ((0,), (0,))]
    ),
    Sample(np.vdot, complex_normal(3), normal(3)),
    Sample(np.vdot, normal(3), complex_normal(3)),
    *(
        Sample(np.outer, make(*a), make(*b))
        for make in MAKERS
        for a, b in [((), ()), ((3,), (2,)), ((2, 2), (3, 1)), ((0,), (2,))]
    ),
    *(Sample(np.linalg.outer, make(3), make(2)) for make in MAKERS),
    *(
        Sample(np.tensordot, make(*a), make(*b), axes=n)
        for make in MAKERS
        for a, b, n in TENSORDOTS
    ),
    Sample(np.linalg.tensordot, normal(2, 3), normal(3, 2), axes=1),
    Sample(np.linalg.tensordot, normal(2, 3, 1), normal(1, 2, 3), axes=((1, 0), (2, 1))),
    *(Sample(np.kron, make(*a), make(*b)) for make in MAKERS for a, b in KRONS),
    *(Sample(np.cross, make(*a), make(*b), **axes) for make in MAKERS for a, b, axes in CROSSES),
    Sample(np.linalg.cross, normal(3, 2), normal(3, 2), axis=0),
    Sample(np.linalg.cross, normal(2, 3), normal(3)),
    *(Sample(np.trace, make(*shape), **options) for make in MAKERS for shape, options in TRACES),
    *(
        Sample(function, normal(*shape), **options)
        for function in (np.linalg.trace, np.linalg.diagonal)
        for shape, options in DIAGONALS
    ),
    Sample(np.linalg.diagonal, complex_normal(2, 2)),
    Sample(np.linalg.matrix_transpose, normal(2, 3, 2)),
]
TestSamples = generic_checks(SAMPLES)


@pytest.mark.parametrize(
    ("a", "b", "axes"),
    [
        ((2,), (2,), {}),
        ((2, 2), (2, 3), {}),
        ((3, 2), (3, 2), {}),
        ((3,), (2, 2), {}),
        ((2, 3), (3, 2), {"axisa": 0}),
        ((3, 2), (2, 2), {"axisa": 0, "axisc": 0}),
    ],
)
def test_cross_of_vectors_in_a_plane(a, b, axes):
    a, b = mg.tensor(normal(*a)), mg.tensor(normal(*b))
    if numpy_since("2.5"):
        with pytest.raises(ValueError, match="3-dimensional vectors"):
            np.cross(a, b, **axes)
        return

    def in_space(x, axis):
        x = np.moveaxis(x, axis, -1)
        return np.concatenate([x, np.zeros_like(x[..., :1])], -1) if x.shape[-1] == 2 else x

    with pytest.warns(DeprecationWarning, match="2-dimensional vectors are deprecated"):
        result = np.cross(a, b, **axes)
    weight = normal(*result.shape)
    np.sum(weight * result).backward()
    grads = a.grad, b.grad
    whole = np.cross(in_space(a, axes.get("axisa", -1)), in_space(b, -1))
    if result.ndim == whole.ndim:
        whole = np.moveaxis(whole, -1, axes.get("axisc", -1))
    else:
        whole = whole[..., 2]
    np.sum(weight * whole).backward()
    np.testing.assert_allclose(grads[0], a.grad)
    np.testing.assert_allclose(grads[1], b.grad)


def test_operator_on_either_side():
    matrix, vector = normal(2, 3), normal(3)
    for left, right in [
        (mg.tensor(matrix), vector),
        (matrix, mg.tensor(vector)),
        (mg.tensor(matrix), mg.tensor(vector)),
    ]:
        result = left @ right
        np.testing.assert_array_equal(result, matrix @ vector)
        result.sum().backward()
        if isinstance(left, mg.Tensor):
            np.testing.assert_allclose(left.grad, np.broadcast_to(vector, (2, 3)))
        if isinstance(right, mg.Tensor):
            np.testing.assert_allclose(right.grad, matrix.sum(0))


@pytest.mark.parametrize("shape", [(2,), (2, 4), (3, 2, 4)], ids=repr)
def test_second_derivatives_beside_a_constant_factor(shape):
    left, right = normal(3, 2), normal(*shape)
    check_gradients(lambda x: left @ (x * x), right, order=2)
    check_gradients(lambda x: (x * x) @ right, left, order=2)


def test_linear_layer_of_a_stack_sums_in_one_product():
    x, w = mg.tensor(normal(2, 3, 4)), mg.tensor(normal(4, 2))
    weight = normal(2, 3, 2)
    (weight * (x @ w)).sum().backward()
    np.testing.assert_allclose(w.grad, np.einsum("bij,bik->jk", x.data, weight))
    np.testing.assert_allclose(x.grad, weight @ w.data.T)


def test_a_nan_off_the_diagonal_stays_out_of_a_trace():
    x = mg.tensor(np.array([[1.0, np.nan], [np.inf, 2.0]]))
    np.trace(x).backward()
    np.testing.assert_array_equal(x.grad, np.eye(2))


def test_diagonal_is_a_view():
    x = mg.tensor(normal(3, 3))
    assert np.linalg.diagonal(x).base is x
    assert np.linalg.matrix_transpose(x).base is x
