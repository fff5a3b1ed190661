"""Functions that a transform differentiates do not silently lose gradients."""

from __future__ import annotations

import array as arrays
import copy
import math
import pickle

import numpy as np
import pytest
import scipy.integrate
import scipy.special
from scipy.optimize import minimize

import mygrad as mg

X = np.array([0.3, 0.5, 0.7])


def assigned(x):
    out = np.zeros(3)
    out[0] = x[0]
    return out.sum()


def filled(x):
    out = np.zeros(3)
    for i in range(3):
        out[i] = x[i] ** 2
    return out.sum()


def assigned_to_a_constant(x):
    out = mg.zeros(3, constant=True)
    out[0] = x[0]
    return out.sum()


def added_to_a_constant(x):
    out = mg.zeros(3, constant=True)
    out += x
    return out.sum()


LOSSES = {
    "asarray": lambda x: np.asarray(x).sum(),
    "array of a list": lambda x: np.array([x[0], x[1]]).sum(),
    "sum of a list": lambda x: np.sum([x[0], x[1]]),
    "part": lambda x: np.sum(np.r_[x, x] ** 2) + x[0],
    "float": lambda x: float(x[0]) ** 2,
    "int": lambda x: int(x[0]) ** 2,
    "complex": lambda x: complex(x[0]).real,
    "item": lambda x: x[0].item() ** 2,
    "tolist": lambda x: sum(x.tolist()),
    "round": lambda x: round(x[0]) * 1.0,
    "math": lambda x: math.exp(x[0]),
    "math.fsum": lambda x: math.fsum(x),
    "array.array": lambda x: np.sum(arrays.array("d", x)),
    "deepcopy": lambda x: copy.deepcopy(x).sum(),
    "pickle": lambda x: pickle.loads(pickle.dumps(x)).sum(),
    "DLPack": lambda x: np.from_dlpack(x).sum(),
    "assignment": assigned,
    "filling": filled,
    "assignment to a constant": assigned_to_a_constant,
    "update of a constant": added_to_a_constant,
    "masked array": lambda x: np.ma.array(x).sum(),
    "SciPy": lambda x: scipy.special.logsumexp(x),
    "SciPy's solver": lambda x: scipy.integrate.solve_ivp(lambda t, y: -y, (0, 1), x).y.sum(),
    "tobytes": lambda x: np.frombuffer(x.tobytes()).sum(),
}
TRANSFORMS = {
    "grad": lambda f: mg.grad(f)(X),
    "value_and_grad": lambda f: mg.value_and_grad(f)(X),
    "elementwise_grad": lambda f: mg.elementwise_grad(f)(X),
    "vjp": lambda f: mg.vjp(f, X),
    "jvp": lambda f: mg.jvp(f, (X,), (X,)),
    "linearize": lambda f: mg.linearize(f, X),
    "jacobian": lambda f: mg.jacobian(f)(X),
    "hessian": lambda f: mg.hessian(f)(X),
    "hvp": lambda f: mg.hvp(f)(X, X),
    "checkpoint": lambda f: mg.checkpoint(f)(mg.tensor(X)),
    "grad of grad": lambda f: mg.grad(lambda x: mg.grad(f)(x).sum())(X),
}


@pytest.mark.parametrize("function", LOSSES.values(), ids=LOSSES)
def test_what_loses_a_gradient_raises(function):
    with pytest.raises(mg.GradientLost, match=r"test_strictness\.py:\d+") as caught:
        mg.grad(function)(X)
    assert "detach()" in str(caught.value)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_in_every_transform(transform):
    with pytest.raises(mg.GradientLost):
        transform(lambda x: np.sum(x**2) + float(x[0]))


def test_the_error_names_the_line_and_the_function_of_a_library():
    with pytest.raises(mg.GradientLost, match=r"test_strictness\.py:\d+, in a call of scipy\."):
        mg.grad(lambda x: scipy.special.logsumexp(x))(X)
    with pytest.raises(mg.GradientLost):
        minimize(
            mg.value_and_grad(lambda x: scipy.special.logsumexp(x**2 - x)), [3.0, 2.0], jac=True
        )


def test_what_does_not_depend_on_the_argument_may_be_plain():
    other = mg.tensor(X)

    def function(x):
        seen = float(other[0]) + np.asarray(other).sum() + float(np.sum(x.detach()))
        return np.sum(x) * seen

    assert np.allclose(mg.grad(function)(X), 0.3 + 1.5 + 1.5)
    assert np.array_equal(mg.grad(lambda x: 3.0)(X), np.zeros(3))
    assert np.array_equal(mg.grad(lambda x: np.sum(np.ones(2)))(X), np.zeros(3))


def test_what_the_outer_function_differentiates_must_not_be_lost_inside():
    with pytest.raises(mg.GradientLost):
        mg.grad(lambda x: mg.grad(lambda y: np.sum(y) * float(x[0]))(X).sum())(X)


def test_what_has_no_derivative_may_be_plain():
    def function(x):
        order = np.argsort(x)
        if np.all(x > 0) and x.shape == (3,) and bool(x[0] < x[1]) and len(f"{x[0]:.2f} {x}") > 4:
            return np.sum(x[order][: int(np.floor(x[2]) + 2)])
        return 0.0

    assert np.array_equal(mg.grad(function)(X), [1.0, 1.0, 0.0])


def test_it_can_be_turned_off():
    def function(x):
        return np.sum(x**2) + float(x[0])

    with mg.strict(False):
        assert np.array_equal(mg.grad(function)(X), 2 * X)
    assert np.array_equal(mg.strict(False)(mg.grad(function))(X), 2 * X)
    with mg.strict(True), pytest.raises(mg.GradientLost):
        float(mg.tensor(1.0))


def test_backward_stays_as_it_was():
    x = mg.tensor(X)
    loss = np.sum(x**2) + float(x[0]) + np.asarray(x)[1]
    loss.backward()
    assert np.array_equal(x.grad, 2 * X)
