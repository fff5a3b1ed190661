"""The generator of random tensors."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.random import Generator, default_rng
from mygrad.testing import check_gradients
from tests.checks import assert_same


def ours() -> Generator:
    return default_rng(7)


def numpys() -> np.random.Generator:
    return np.random.default_rng(7)


#: Methods whose samples are differentiable → arguments.
REPARAMETERISED: dict[str, tuple[float, ...]] = {
    "normal": (1.5, 0.3),
    "lognormal": (0.2, 0.5),
    "uniform": (1.0, 3.0),
    "exponential": (2.0,),
    "laplace": (1.0, 2.0),
    "logistic": (1.0, 2.0),
    "gumbel": (1.0, 2.0),
    "rayleigh": (2.0,),
    "weibull": (1.7,),
    "pareto": (3.0,),
    "power": (2.5,),
}
#: Those whose samples are not.
PLAIN: dict[str, tuple[Any, ...]] = {
    "beta": (1.0, 2.0),
    "binomial": (10, 0.3),
    "chisquare": (3.0,),
    "dirichlet": ([1.0, 2.0],),
    "f": (3.0, 5.0),
    "gamma": (2.0, 3.0),
    "geometric": (0.3,),
    "hypergeometric": (5, 6, 7),
    "integers": (5,),
    "logseries": (0.3,),
    "multinomial": (5, [0.5, 0.5]),
    "multivariate_hypergeometric": ([5, 6], 7),
    "negative_binomial": (10, 0.3),
    "noncentral_chisquare": (3.0, 1.0),
    "noncentral_f": (3.0, 5.0, 1.0),
    "poisson": (3.0,),
    "random": (),
    "standard_cauchy": (),
    "standard_exponential": (),
    "standard_gamma": (2.0,),
    "standard_normal": (),
    "standard_t": (3.0,),
    "triangular": (0.0, 1.0, 3.0),
    "vonmises": (0.5, 2.0),
    "wald": (1.0, 2.0),
    "zipf": (3.0,),
}
OTHERS = {
    "bit_generator",
    "bytes",
    "choice",
    "multivariate_normal",
    "permutation",
    "permuted",
    "shuffle",
    "spawn",
}
SIZES = pytest.mark.parametrize("size", [None, 5, (2, 3), ()], ids=repr)


def test_every_method_of_numpys() -> None:
    theirs = {name for name in dir(np.random.Generator) if not name.startswith("_")}
    assert theirs == {*REPARAMETERISED, *PLAIN, *OTHERS}
    for name in theirs:
        method = getattr(Generator, name)
        assert method.__doc__
        if name in {*REPARAMETERISED, *PLAIN}:
            assert method.__name__ == name
            assert "constant" in inspect.signature(method).parameters or (
                inspect.signature(method).parameters.keys() >= {"args", "kwargs"}
            )


@SIZES
@pytest.mark.parametrize("name", [*REPARAMETERISED, *PLAIN])
def test_numbers_are_those_of_numpy(name: str, size: Any) -> None:
    args = {**REPARAMETERISED, **PLAIN}[name]
    result = getattr(ours(), name)(*args, size=size)
    expected = np.asarray(getattr(numpys(), name)(*args, size=size))
    assert_same(result, expected)
    assert result.constant == (expected.dtype.kind != "f")
    assert result.creator is None
    assert getattr(ours(), name)(*args, size=size, constant=True).constant


@SIZES
@pytest.mark.parametrize("name", REPARAMETERISED)
def test_samples_depend_on_the_parameters(name: str, size: Any) -> None:
    args = REPARAMETERISED[name]
    expected = getattr(numpys(), name)(*args, size=size)
    tensors = [mg.tensor(value) for value in args]
    result = getattr(ours(), name)(*tensors, size=size)
    np.testing.assert_allclose(result, expected, rtol=1e-14)
    assert result.shape == np.shape(expected)
    assert result.creator is not None
    assert getattr(ours(), name)(*tensors, size=size, constant=True).constant
    arrays = [np.array(value) for value in args]
    check_gradients(lambda *given: getattr(ours(), name)(*given, size=size), *arrays, order=2)
    if len(args) == 2:
        mixed = getattr(ours(), name)(args[0], tensors[1], size)
        np.testing.assert_array_equal(mixed, result)


def test_parameters_are_broadcast() -> None:
    loc, scale = np.array([[1.0], [2.0]]), np.array([1.0, 2.0, 3.0])
    expected = numpys().normal(loc, scale)
    np.testing.assert_array_equal(ours().normal(mg.tensor(loc), scale), expected)
    check_gradients(lambda *given: ours().normal(*given), loc, scale)
    check_gradients(lambda *given: ours().normal(*given, size=(4, 2, 3)), loc, scale)
    check_gradients(lambda x: ours().normal([x[0], 1.0], scale=[2.0, x[1]]), scale)
    for size in (3, (2, 2), (1, 3)):
        with pytest.raises(ValueError, match=r"normal: a sample of shape|shape mismatch"):
            ours().normal(mg.tensor(loc), scale, size=size)


@pytest.mark.parametrize("name", REPARAMETERISED)
def test_parameters_of_no_distribution(name: str) -> None:
    *rest, last = REPARAMETERISED[name]
    with pytest.raises(ValueError, match=f"{name}: invalid parameters"):
        getattr(ours(), name)(*rest, mg.tensor([last, -last]))
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's own
        getattr(ours(), name)(*rest, -last)
    with pytest.raises(TypeError):
        getattr(ours(), name)(mg.tensor(1.0), 1.0, 1.0, 1.0, 1.0)


def test_a_scale_of_zero() -> None:
    scale = mg.tensor(0.0)
    sample = ours().normal(2.0, scale, size=3)
    assert sample.tolist() == [2, 2, 2]
    sample.backward()
    assert scale.grad == pytest.approx(numpys().standard_normal(3).sum())


@pytest.mark.parametrize("name", [name for name, args in PLAIN.items() if args])
def test_parameters_without_a_derivative(name: str) -> None:
    *rest, last = PLAIN[name]
    constant = mg.tensor(np.asarray(last), constant=True)
    assert_same(
        getattr(ours(), name)(*rest, constant), np.asarray(getattr(numpys(), name)(*rest, last))
    )
    assert getattr(ours(), name)(*rest, constant).constant
    if constant.dtype.kind == "f":
        variable = mg.tensor(np.asarray(last))
        with pytest.raises(TypeError, match=rf"{name}: samples are not differentiable.*detach\(\)"):
            getattr(ours(), name)(*rest, variable)
        assert getattr(ours(), name)(*rest, variable, constant=True).constant


MEAN = np.array([1.0, 2.0])
COV = np.array([[2.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize("size", [None, 3, (2, 2)], ids=repr)
@pytest.mark.parametrize("method", ["svd", "eigh", "cholesky"])
def test_multivariate_normal(size: Any, method: str) -> None:
    def draw(mean: Any, cov: Any) -> Any:
        return ours().multivariate_normal(mean, cov, size, method=method)

    expected = numpys().multivariate_normal(MEAN, COV, size, method=method)  # type: ignore[arg-type]
    assert_same(draw(MEAN, COV), expected)
    np.testing.assert_allclose(draw(mg.tensor(MEAN), COV), expected, rtol=1e-13)
    check_gradients(lambda mean: draw(mean, COV), MEAN, order=2)
    if method == "cholesky":
        np.testing.assert_allclose(draw(MEAN, mg.tensor(COV)), expected, rtol=1e-13)
        check_gradients(lambda mean, a: draw(mean, a @ a.T), MEAN, COV, order=2)
    else:
        with pytest.raises(TypeError, match=r"cov.*method='cholesky'"):
            draw(MEAN, mg.tensor(COV))


X = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    "move",
    [
        lambda rng, x: rng.choice(x, 2),
        lambda rng, x: rng.choice(x, (2, 2), axis=1, replace=False),
        lambda rng, x: rng.choice(x[0], p=[0.1, 0.2, 0.3, 0.4]),
        lambda rng, x: rng.permutation(x),
        lambda rng, x: rng.permutation(x, axis=1),
        lambda rng, x: rng.permutation(x[1]),
        lambda rng, x: rng.permuted(x, axis=0),
        lambda rng, x: rng.permuted(x),
    ],
    ids=["choice", "columns", "p", "rows", "axis", "vector", "permuted", "all"],
)
def test_elements_that_are_moved(move: Any) -> None:
    expected = np.asarray(move(numpys(), X))
    for given in (X, mg.tensor(X, constant=True), mg.tensor(X)):
        result = move(ours(), given)
        assert_same(result, expected)
        assert result.constant == (given is X or given.constant)
    check_gradients(lambda x: move(ours(), x), X, order=2)


def test_choices_out_of_other_things() -> None:
    assert_same(ours().choice(5, 3), numpys().choice(5, 3))
    assert ours().choice(5, 3).constant
    assert not ours().choice(X, constant=False).constant
    x = mg.tensor(2.0)
    result = ours().choice([x, x * x], 20)
    result.backward()
    assert x.grad == np.sum(np.where(result.data == 2, 1, 4))
    with pytest.raises(TypeError, match="choice: samples are not differentiable"):
        ours().choice(2, p=mg.tensor([0.5, 0.5]))
    with pytest.raises(TypeError, match="permuted: out cannot hold elements"):
        ours().permuted(mg.tensor(X), out=np.empty_like(X))


@pytest.mark.parametrize("axis", [0, 1])
def test_shuffle(axis: int) -> None:
    x, expected, plain = mg.tensor(X), X * 2, X * 2
    y = x * 2
    ours().shuffle(y, axis)
    numpys().shuffle(expected, axis)
    ours().shuffle(plain, axis)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(plain, expected)
    np.sum(y * expected).backward()
    np.testing.assert_array_equal(x.grad, 4 * X)
    items = list(range(5))
    ours().shuffle(items)
    assert sorted(items) == list(range(5))


def test_out() -> None:
    out = np.empty(3)
    assert ours().random(out=out).data is out
    with pytest.raises(TypeError, match="random: out must be an array"):
        ours().random(out=mg.tensor(out))


def test_seeds_and_generators() -> None:
    theirs = numpys()
    wrapped = default_rng(theirs)
    assert wrapped.random().item() == numpys().random()
    assert theirs.random() != numpys().random()  # they share the state
    assert default_rng(wrapped) is wrapped
    assert wrapped.bit_generator is theirs.bit_generator
    assert Generator(np.random.PCG64(7)).random().item() == numpys().random()
    assert default_rng().random().item() != default_rng().random().item()
    assert "PCG64" in repr(wrapped)
    assert ours().bytes(4) == numpys().bytes(4)
    children = ours().spawn(2)
    assert [child.random().item() for child in children] == [
        child.random() for child in numpys().spawn(2)
    ]
    assert pickle.loads(pickle.dumps(ours())).random().item() == numpys().random()
    with pytest.raises(TypeError, match="normal: constant takes"):
        ours().normal(constant="no")
