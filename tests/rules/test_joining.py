import numpy as np
import pytest

import mygrad as mg
from tests.checks import Sample, complex_normal, generic_checks, normal

STACKS = [np.hstack, np.vstack, np.dstack, np.column_stack]
PLACES = [1, -1, [1], [2, 0], slice(None, None, 2), np.array([True, False, True]), np.array(1), []]

SAMPLES = [
    Sample(np.concatenate, [normal(2, 3), normal(1, 3)]),
    Sample(np.concatenate, (normal(2, 1), normal(2, 3)), axis=-1),
    Sample(np.concatenate, [normal(2, 2), normal(2, 2)], 1),
    Sample(np.concatenate, [normal(2, 3), normal(2)], axis=None),
    Sample(np.concatenate, [normal(0, 2), normal(1, 2)]),
    Sample(np.concatenate, [normal(3)]),
    Sample(np.concatenate, [normal(2), complex_normal(1)]),
    Sample(np.concatenate, [normal(2), np.array([1, 2])]),
    Sample(np.concatenate, [normal(2), [1.0, 2.0]]),
    Sample(np.concatenate, [normal(2), normal(1)], dtype=np.complex128),
    Sample(np.concatenate, normal(2, 1, 3)),
    Sample(np.concatenate, normal(2, 1, 3), axis=-1),
    Sample(np.concatenate, normal(2, 3), axis=None),
    Sample(np.stack, [normal(2, 3), normal(2, 3)]),
    Sample(np.stack, [normal(2, 3), normal(2, 3)], axis=-1),
    Sample(np.stack, (normal(2), normal(2), normal(2)), 1),
    Sample(np.stack, [normal(), normal()]),
    Sample(np.stack, [normal(0), normal(0)]),
    Sample(np.stack, [normal(2), 3 * np.ones(2, int)]),
    Sample(np.stack, normal(2, 3), axis=1),
    *(Sample(function, [normal(), normal()]) for function in STACKS),
    *(Sample(function, [normal(2), normal(2)]) for function in STACKS),
    *(Sample(function, (normal(2, 2), normal(2, 2))) for function in STACKS),
    *(Sample(function, [normal(1, 2, 1), normal(1, 2, 1)]) for function in STACKS),
    *(Sample(function, [normal(0), normal(0)]) for function in STACKS),
    *(Sample(function, normal(2, 3)) for function in STACKS),
    *(Sample(function, normal(2, 1, 3)) for function in STACKS),
    *(Sample(function, normal(2)) for function in STACKS),
    Sample(np.hstack, [normal(2), normal(), normal(3)]),
    Sample(np.hstack, [normal(2, 1), normal(2, 3)]),
    Sample(np.vstack, [normal(2), normal(3, 2)]),
    Sample(np.dstack, [normal(3), normal(1, 3, 2)]),
    Sample(np.column_stack, [normal(3), normal(3, 2)]),
    Sample(np.column_stack, (normal(1, 2), normal())),
    Sample(np.block, [normal(2), normal(3)]),
    Sample(np.block, [[normal(2, 2), normal(2, 1)], [normal(1, 1), np.zeros((1, 2))]]),
    Sample(np.block, [[normal(), normal(2)], [normal(3)]]),
    Sample(np.block, [[[normal(2)], [normal(1, 2)]], [[normal(1, 1, 2)], [normal(2)]]]),
    Sample(np.block, normal(2)),
    Sample(np.append, normal(2, 3), normal(2)),
    Sample(np.append, normal(2, 3), normal()),
    Sample(np.append, normal(2, 3), normal(1, 3), axis=-2),
    Sample(np.append, normal(2, 2), normal(2, 2), axis=1),
    Sample(np.append, normal(0), normal(2)),
    Sample(np.append, normal(2), [1.0, 2.0]),
    Sample(np.append, normal(2), 3),
    *(Sample(np.insert, normal(3), place, 0.5) for place in PLACES),
    *(Sample(np.insert, normal(3, 2), place, normal(2), axis=0) for place in PLACES),
    *(Sample(np.insert, normal(2, 3), place, normal(), axis=-1) for place in PLACES),
    *(Sample(np.insert, normal(3), place, normal(1)) for place in PLACES),
    Sample(np.insert, normal(3), [2, 0, 1], normal(3)),
    Sample(np.insert, normal(3), [1, 1, 0], normal(3)),
    Sample(np.insert, normal(3), [1, 1, 0], normal(1, 3)),
    Sample(np.insert, normal(3), 1, normal(2)),
    Sample(np.insert, normal(3), [1], normal(2)),
    Sample(np.insert, normal(2, 3), 1, normal(2), axis=1),
    Sample(np.insert, normal(2, 3), 0, normal(3, 2), axis=1),
    Sample(np.insert, normal(2, 3), [1], normal(2, 1), axis=1),
    Sample(np.insert, normal(2, 3), [0, 2], normal(2), axis=1),
    Sample(np.insert, normal(2, 2), 1, normal(2)),
    Sample(np.insert, normal(0), 0, normal()),
    Sample(np.insert, complex_normal(2), 1, normal()),
    *(Sample(np.delete, normal(3), place) for place in PLACES),
    *(Sample(np.delete, normal(2, 3), place, axis=-1) for place in PLACES),
    Sample(np.delete, normal(2, 3), [0, 4]),
    Sample(np.delete, normal(3), [0, 0]),
    Sample(np.delete, normal(3), slice(None, None, -2)),
    Sample(np.delete, normal(3, 2), slice(None), axis=0),
    *(
        Sample(function, array, sections)
        for function in (np.split, np.array_split)
        for array, sections in (
            (normal(4), 2),
            (normal(4), [1, 3]),
            (normal(4), (3, 1)),
            (normal(4), [-3, 2]),
            (normal(2), [1, 5]),
            (normal(3), np.array([2])),
            (normal(2, 2), 1),
            (normal(0, 2), [0]),
        )
    ),
    Sample(np.split, normal(2, 4), 2, axis=-1),
    Sample(np.array_split, normal(5), 3),
    Sample(np.array_split, normal(2), 3),
    Sample(np.array_split, normal(1, 4), [1], axis=1),
    Sample(np.hsplit, normal(4), 2),
    Sample(np.hsplit, normal(2, 4), [1]),
    Sample(np.vsplit, normal(4, 2), 2),
    Sample(np.vsplit, normal(3, 1, 2), [0, 2]),
    Sample(np.dsplit, normal(1, 2, 4), 2),
    Sample(np.unstack, normal(3, 2)),
    Sample(np.unstack, normal(2, 3), axis=-1),
    Sample(np.unstack, normal(2)),
]

TestSamples = generic_checks(SAMPLES)


def test_integers_into_which_a_value_is_inserted_stay_integers():
    value = mg.tensor(1.7)
    result = np.insert(mg.tensor([1, 2]), 1, value)
    np.testing.assert_array_equal(result, [1, 1, 2])
    assert result.constant


def test_tensors_of_several_types_join_as_in_numpy():
    single, double = mg.tensor(np.float32([1, 2])), mg.tensor([3.0])
    result = np.concatenate([single, double, mg.tensor([4])])
    assert result.dtype == np.float64
    (result * [1, 2, 3, 4]).sum().backward()
    assert single.grad.dtype == np.float32
    np.testing.assert_array_equal(single.grad, [1, 2])
    np.testing.assert_array_equal(double.grad, [3])


def test_casting_is_numpys_to_refuse():
    x = mg.tensor([1.0])
    with pytest.raises(TypeError, match="same_kind"):
        np.concatenate([x, x], dtype=int)
    result = np.concatenate([x, x], dtype=np.float32)
    assert result.dtype == np.float32
    result.sum().backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_array_equal(x.grad, [2])
    assert np.concatenate([x, x], dtype=int, casting="unsafe").constant


def test_concatenate_writes_into_out():
    x, out = mg.tensor([1.0, 2.0]), mg.tensor(np.zeros(4))
    np.concatenate([x, x], out=out)
    (out * [1, 2, 3, 4]).sum().backward()
    np.testing.assert_array_equal(x.grad, [4, 6])


def test_the_same_tensor_joined_twice_receives_both_gradients():
    x = mg.tensor([1.0, 2.0])
    (np.stack([x, x]) * [[1, 2], [3, 4]]).sum().backward()
    np.testing.assert_array_equal(x.grad, [4, 6])


@pytest.mark.parametrize("sections", [3, [2, 4], [4, 2]])
def test_parts_that_nobody_used_have_gradient_zero(sections):
    for used in range(3):
        x = mg.tensor(np.arange(6.0))
        mask = np.zeros(6)
        np.split(mask, sections)[used][...] = 1
        np.split(x, sections)[used].sum().backward()
        np.testing.assert_array_equal(x.grad, mask)


def test_parts_are_views():
    x = mg.tensor(np.arange(4.0))
    y = 1 * x
    first, second = np.split(y, 2)
    second *= 10
    np.testing.assert_array_equal(y, [0, 1, 20, 30])
    (y.sum() + first.sum()).backward()
    np.testing.assert_array_equal(x.grad, [2, 2, 10, 10])


def test_unequal_parts_are_numpys_to_refuse():
    with pytest.raises(ValueError, match="equal division"):
        np.split(mg.tensor([1.0, 2.0, 3.0]), 2)


def test_no_nan_comes_from_elements_that_were_deleted():
    x = mg.tensor([-1.0, 4.0])
    with np.errstate(invalid="ignore"):
        np.sum(np.delete(np.sqrt(x), 0)).backward()
    np.testing.assert_array_equal(x.grad, [0, 0.25])
