import numpy as np
import pytest

import mygrad as mg
from mygrad.rules import einsum
from tests.checks import Sample, complex_normal, generic_checks, normal

# Subscripts, and the shapes of the operands.
FORMS = [
    ("ij,jk->ik", (2, 3), (3, 2)),
    ("ij,jk", (2, 3), (3, 2)),
    ("ij , jk -> ik", (2, 3), (3, 2)),
    ("ba,bA", (2, 2), (2, 1)),
    ("i,i", (3,), (3,)),
    ("i,i->", (3,), (3,)),
    ("i,j", (2,), (3,)),
    ("i,j->ji", (2,), (3,)),
    ("ij->", (2, 3)),
    ("ij->i", (2, 3)),
    ("ij->ji", (2, 3)),
    ("ji", (2, 3)),
    ("i->i", (3,)),
    ("ij,j->i", (2, 3), (3,)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 1)),
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ij,jk,kl", (2, 3), (3, 1), (1, 2)),
    ("ij,ik,il->jkl", (2, 2), (2, 3), (2, 1)),
    ("abc,cd,def->abef", (1, 2, 2), (2, 1), (1, 2, 2)),
    # scalars
    ("i,->i", (3,), ()),
    (",", (), ()),
    ("->", ()),
    ("", ()),
    # diagonals
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("iii->i", (2, 2, 2)),
    ("iij->j", (2, 2, 3)),
    ("iij->ij", (2, 2, 3)),
    ("iji->j", (2, 3, 2)),
    ("ii,i->i", (3, 3), (3,)),
    ("ii,ii", (2, 2), (2, 2)),
    ("ii,jj->ij", (2, 2), (2, 2)),
    # summed away
    ("ij,k->", (2, 3), (2,)),
    ("ij,k->k", (2, 3), (2,)),
    ("ij,kl->k", (2, 2), (2, 3)),
    ("ij,j->j", (2, 3), (3,)),
    # axes of length one that are broadcast
    ("ij,ij->", (2, 1), (2, 3)),
    ("ij,ij->i", (2, 1), (1, 3)),
    ("ij,ij->ij", (2, 1), (1, 3)),
    ("i,ij->", (1,), (2, 3)),
    ("i,ij->j", (1,), (2, 3)),
    ("ij,ij,ij->j", (2, 3), (1, 3), (2, 1)),
    ("bij,bkj->bik", (1, 2, 3), (2, 2, 3)),
    ("ij,ij->ij", (1, 1), (1, 1)),
    ("ii,i->i", (1, 1), (3,)),
    # ellipses
    ("...", (2, 3)),
    ("...->...", (2, 3)),
    ("...,...", (3,), ()),
    ("...,...->...", (2, 1), (3,)),
    ("...ij,...jk->...ik", (2, 2, 3), (2, 3, 1)),
    ("...ij,...jk->...ik", (2, 3), (2, 3, 1)),
    ("...ij,...jk", (1, 2, 2), (2, 2, 2)),
    ("...i,...i", (2, 3), (3,)),
    ("...i,...i->...", (2, 1, 3), (1, 2, 3)),
    ("i...,i...", (2, 3), (2, 1)),
    ("i...,i...->...", (3, 1), (3, 2, 2)),
    ("i...->...", (2, 3)),
    ("...ij->...", (2, 2, 3)),
    ("...ii->...i", (2, 2, 2)),
    ("ij...,j...->i...", (2, 3, 2), (3, 1)),
    ("b...,b->...", (2, 3), (2,)),
    # nothing
    ("ij,jk->ik", (0, 3), (3, 2)),
    ("ij,jk->ik", (2, 0), (0, 2)),
    ("i->", (0,)),
]

LISTS = [
    ((2, 3), [0, 1], (3, 2), [1, 2], [0, 2]),
    ((2, 3), [0, 1], (3, 2), [1, 2]),
    ((2, 3), [1, 0]),
    ((3, 3), [0, 0]),
    ((3, 3), [5, 5], [5]),
    ((2, 1), [0, ...], (2, 2, 3), [0, ...]),
    ((2, 3), [..., 7], (3,), [7], [...]),
    ((2, 3), [30, 31], (3,), [31], [30]),
]


def by_lists(make, arguments):
    return [
        make(*each) if isinstance(each, tuple) and i % 2 == 0 else each
        for i, each in enumerate(arguments)
    ]


SAMPLES = [
    *(Sample(np.einsum, form, *(normal(*shape) for shape in shapes)) for form, *shapes in FORMS),
    *(
        Sample(np.einsum, form, *(complex_normal(*shape) for shape in shapes))
        for form, *shapes in FORMS[::4]
    ),
    *(
        Sample(np.einsum, form, *(normal(*shape) for shape in shapes), optimize=True)
        for form, *shapes in FORMS[::3]
    ),
    *(Sample(np.einsum, *by_lists(normal, arguments)) for arguments in LISTS),
    Sample(np.einsum, *by_lists(normal, LISTS[0]), optimize="optimal"),
    Sample(
        np.einsum,
        "ij,jk,kl->il",
        normal(2, 3),
        normal(3, 2),
        normal(2, 2),
        optimize=["einsum_path", (1, 2), (0, 1)],
    ),
    Sample(np.einsum, "ij,jk->ik", normal(2, 3), complex_normal(3, 2)),
    Sample(np.einsum, "ij,j->i", normal(2, 2), np.array([1, 2])),
    Sample(np.einsum, "ij,jk->ik", normal(2, 3), normal(3, 2), order="F"),
]
TestSamples = generic_checks(SAMPLES)


def test_broadcasting_keeps_the_shapes_of_the_operands():
    # HIPS/autograd#376
    a, b = mg.tensor(normal(1, 3)), mg.tensor(normal(4, 3))
    np.sum(np.einsum("...i,...i->...", a, b)).backward()
    assert a.grad.shape == (1, 3)
    np.testing.assert_allclose(a.grad, b.data.sum(0, keepdims=True))
    np.testing.assert_allclose(b.grad, np.broadcast_to(a.data, (4, 3)))


def test_only_the_gradients_that_are_needed_are_computed(monkeypatch):
    places = []
    original = einsum.operand_grad

    def noted(*args):
        places.append(args[-1])
        return original(*args)

    monkeypatch.setattr(einsum, "operand_grad", noted)
    w = mg.tensor(normal(3, 2))
    np.einsum("ij,jk->", normal(2, 3), w).backward()
    assert places == [2]


@pytest.mark.parametrize(
    ("form", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 2)]),
        ("bij,bkj->bik", [(1, 2, 3), (2, 2, 3)]),
        ("ij,ij,ij->j", [(2, 3), (1, 3), (2, 1)]),
        ("ii,i->i", [(3, 3), (3,)]),
    ],
)
def test_large_contractions_go_by_a_path(monkeypatch, form, shapes):
    def grads():
        tensors = [mg.tensor(array) for array in arrays]
        np.sum(np.einsum(form, *tensors) ** 2).backward()
        return [tensor.grad for tensor in tensors]

    arrays = [normal(*shape) for shape in shapes]
    direct = grads()
    monkeypatch.setattr(einsum, "WORTH_A_PATH", 0)
    for one, other in zip(direct, grads(), strict=True):
        np.testing.assert_allclose(one, other)


def test_a_diagonal_is_a_view_that_can_be_written_to():
    x = mg.tensor(np.ones((3, 3)))
    y = +x
    diagonal = np.einsum("ii->i", y)
    assert diagonal.base is y
    diagonal *= 2.0
    np.testing.assert_array_equal(y, np.ones((3, 3)) + np.eye(3))
    np.sum(y).backward()
    np.testing.assert_array_equal(x.grad, np.ones((3, 3)) + np.eye(3))


def test_einsum_path_is_numpys():
    a, b = normal(2, 3), normal(3, 2)
    expected = np.einsum_path("ij,jk->ik", a, b)
    assert np.einsum_path("ij,jk->ik", mg.tensor(a), b) == expected
