"""A generator of random tensors: NumPy's generator, with derivatives where they exist.

A sample is differentiable with respect to the parameters of its distribution if it can be written
as a function of them and of noise that does not depend on them (the reparameterization trick).
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from mygrad.dispatch.arguments import unwrap
from mygrad.dispatch.mygrad2 import checked
from mygrad.engine.views import is_variable
from mygrad.functions.mirror import as_one, with_constant
from mygrad.tensors.tensor import Tensor

#: NumPy, untyped: its stubs do not know Tensor.
_np: Any = np
_Method = Callable[..., Any]


def default_rng(seed: Any = None) -> Generator:
    """A generator of random tensors, with the numbers of ``numpy.random.default_rng(seed)``.

    Parameters
    ----------
    seed : int, sequence of int, SeedSequence, BitGenerator or generator, optional
        The seed, as for NumPy. A mygrad generator is returned as it is; a NumPy generator is
        wrapped.

    Returns
    -------
    Generator

    Examples
    --------
    >>> import mygrad as mg
    >>> rng = mg.random.default_rng(0)
    >>> rng.normal(size=2)
    Tensor([ 0.12573022, -0.13210486])
    """
    return seed if isinstance(seed, Generator) else Generator(np.random.default_rng(seed))


def _plain(name: str) -> _Method:
    """A method that draws samples without a derivative."""

    def method(self: Generator, *args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        return self._draw(name, args, kwargs, checked(name, constant))

    return _described(method, name)


def _described(method: Any, name: str) -> _Method:
    """``method`` with the name and signature of NumPy's method, and a reference to it."""
    theirs = getattr(np.random.Generator, name)
    method.__name__ = name
    method.__qualname__ = f"Generator.{name}"
    method.__doc__ = f"See :meth:`numpy.random.Generator.{name}`."
    try:
        parameters = list(inspect.signature(theirs).parameters.values())
    except ValueError:  # unknown before NumPy 2.4
        return method
    method.__signature__ = inspect.Signature(with_constant(parameters))
    return method


def _family(
    name: str,
    noise: Callable[[np.random.Generator, tuple[int, ...]], Any],
    transform: Callable[..., Any],
    valid: Callable[..., Any],
    needs: str,
) -> _Method:
    """A method whose samples are ``transform(noise, *parameters)``.

    ``transform`` has the parameters and defaults of NumPy's method; ``valid`` returns True for
    parameters with which the distribution exists, and ``needs`` says the same in words.
    """
    signature = inspect.signature(transform)
    _, *names = signature.parameters
    size_last = inspect.Parameter("size", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None)
    signature = signature.replace(parameters=[*list(signature.parameters.values())[1:], size_last])

    def method(self: Generator, *args: Any, constant: bool | None = None, **kwargs: Any) -> Any:
        args = tuple(as_one(value, None) for value in args)
        kwargs = {key: as_one(value, None) for key, value in kwargs.items()}
        if checked(name, constant) is True or not _vary((args, kwargs)):
            return self._draw(name, args, kwargs, constant)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        parameters = [bound.arguments[parameter] for parameter in names]
        if not np.all(valid(*unwrap(parameters, []))):
            raise ValueError(f"{name}: invalid parameters: needs {needs}")
        shape = _sample_shape(name, bound.arguments["size"], parameters)
        return transform(noise(self._generator, shape), *parameters)

    return _described(method, name)


def _vary(values: Any) -> bool:
    """True if ``values`` contain a tensor that carries a gradient."""
    found: list[Any] = []
    unwrap(values, found)
    return any(is_variable(tensor) for tensor in found)


def _sample_shape(name: str, size: Any, parameters: list[Any]) -> tuple[int, ...]:
    """The shape of a sample of ``size``, or that of the broadcast parameters."""
    shape = np.broadcast_shapes(*map(np.shape, parameters))
    if size is None:
        return shape
    wanted = tuple(map(operator.index, size)) if np.iterable(size) else (operator.index(size),)
    if np.broadcast_shapes(shape, wanted) != wanted:
        raise ValueError(
            f"{name}: a sample of shape {wanted} does not match parameters that broadcast to"
            f" {shape}; leave out size, or give the parameters axes of length 1"
        )
    return wanted


class Generator:
    """A ``numpy.random.Generator`` whose methods take and return tensors.

    Methods take ``constant=`` in addition to NumPy's arguments. If no argument is a tensor, a
    floating-point result is a variable, as for ``mg.zeros``, unless ``constant=True``. Integers and
    elements of given arrays are constants.

    Samples of ``normal``, ``lognormal``, ``uniform``, ``exponential``, ``laplace``, ``logistic``,
    ``gumbel``, ``rayleigh``, ``weibull``, ``pareto``, ``power`` and ``multivariate_normal`` are
    differentiable with respect to the parameters of the distribution [1]_. For the other
    distributions, a parameter that carries a gradient is an error. ``choice``, ``permutation``,
    ``permuted`` and ``shuffle`` are differentiable with respect to the elements that they move.

    Parameters
    ----------
    bit_generator : numpy.random.Generator or numpy.random.BitGenerator
        The source of random numbers.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling: Auto-Encoding Variational Bayes, ICLR 2014, section 2.4.

    Examples
    --------
    The derivative of the mean of exp(loc + noise) with respect to loc is that mean itself:

    >>> import numpy as np, mygrad as mg
    >>> loc = mg.tensor(0.5)
    >>> mean = np.mean(np.exp(mg.random.default_rng(0).normal(loc, 0.1, size=1000)))
    >>> mean.backward()
    >>> bool(np.isclose(loc.grad, mean.item()))
    True
    """

    __slots__ = ("_generator",)

    def __init__(self, bit_generator: Any) -> None:
        if not isinstance(bit_generator, np.random.Generator):
            bit_generator = np.random.Generator(bit_generator)
        self._generator = bit_generator

    def __repr__(self) -> str:
        return f"mygrad.random.{self._generator!r}"

    @property
    def bit_generator(self) -> Any:
        """The source of random numbers; its ``state`` can be read and set."""
        return self._generator.bit_generator

    def spawn(self, n_children: int) -> list[Generator]:
        """Generators that are independent of this one and of each other."""
        return [Generator(child) for child in self._generator.spawn(n_children)]

    def bytes(self, length: int) -> bytes:
        """Random bytes."""
        return self._generator.bytes(length)

    # ------------------------------------------------------ without a derivative

    def _draw(
        self, name: str, args: Any, kwargs: Any, constant: bool | None, *, fresh: bool = True
    ) -> Tensor:
        """The result of NumPy's method as a tensor; by default a variable only if ``fresh``."""
        if isinstance(kwargs.get("out"), Tensor):
            raise TypeError(
                f"{name}: out must be an array, not a tensor; assign to the tensor instead"
            )
        found: list[Any] = []
        plain, options = unwrap(args, found), unwrap(kwargs, found)
        if constant is not True and any(is_variable(tensor) for tensor in found):
            raise TypeError(
                f"{name}: samples are not differentiable with respect to an argument that carries a"
                " gradient. Pass a constant: tensor.detach()."
            )
        value = getattr(self._generator, name)(*plain, **options)
        if constant is None and (found or not fresh):
            constant = True
        return Tensor(value, constant=constant, copy=False)

    beta = _plain("beta")
    binomial = _plain("binomial")
    chisquare = _plain("chisquare")
    dirichlet = _plain("dirichlet")
    f = _plain("f")
    gamma = _plain("gamma")
    geometric = _plain("geometric")
    hypergeometric = _plain("hypergeometric")
    integers = _plain("integers")
    logseries = _plain("logseries")
    multinomial = _plain("multinomial")
    multivariate_hypergeometric = _plain("multivariate_hypergeometric")
    negative_binomial = _plain("negative_binomial")
    noncentral_chisquare = _plain("noncentral_chisquare")
    noncentral_f = _plain("noncentral_f")
    poisson = _plain("poisson")
    random = _plain("random")
    standard_cauchy = _plain("standard_cauchy")
    standard_exponential = _plain("standard_exponential")
    standard_gamma = _plain("standard_gamma")
    standard_normal = _plain("standard_normal")
    standard_t = _plain("standard_t")
    triangular = _plain("triangular")
    vonmises = _plain("vonmises")
    wald = _plain("wald")
    zipf = _plain("zipf")

    # ------------------------------------------------------------ differentiable

    normal = _family(
        "normal",
        lambda rng, size: rng.standard_normal(size),
        lambda noise, loc=0.0, scale=1.0: loc + scale * noise,
        lambda _, scale: np.greater_equal(scale, 0),
        "scale >= 0",
    )
    lognormal = _family(
        "lognormal",
        lambda rng, size: rng.standard_normal(size),
        lambda noise, mean=0.0, sigma=1.0: _np.exp(mean + sigma * noise),
        lambda _, sigma: np.greater_equal(sigma, 0),
        "sigma >= 0",
    )
    uniform = _family(
        "uniform",
        lambda rng, size: rng.random(size),
        lambda noise, low=0.0, high=1.0: low + (high - low) * noise,
        lambda low, high: np.greater_equal(high, low) & np.isfinite(np.subtract(high, low)),
        "high >= low, both finite",
    )
    exponential = _family(
        "exponential",
        lambda rng, size: rng.standard_exponential(size),
        lambda noise, scale=1.0: scale * noise,
        lambda scale: np.greater_equal(scale, 0),
        "scale >= 0",
    )
    laplace = _family(
        "laplace",
        lambda rng, size: rng.laplace(size=size),
        lambda noise, loc=0.0, scale=1.0: loc + scale * noise,
        lambda _, scale: np.greater_equal(scale, 0),
        "scale >= 0",
    )
    logistic = _family(
        "logistic",
        lambda rng, size: rng.logistic(size=size),
        lambda noise, loc=0.0, scale=1.0: loc + scale * noise,
        lambda _, scale: np.greater_equal(scale, 0),
        "scale >= 0",
    )
    gumbel = _family(
        "gumbel",
        lambda rng, size: rng.gumbel(size=size),
        lambda noise, loc=0.0, scale=1.0: loc + scale * noise,
        lambda _, scale: np.greater_equal(scale, 0),
        "scale >= 0",
    )
    rayleigh = _family(
        "rayleigh",
        lambda rng, size: rng.rayleigh(size=size),
        lambda noise, scale=1.0: scale * noise,
        lambda scale: np.greater_equal(scale, 0),
        "scale >= 0",
    )
    weibull = _family(
        "weibull",
        lambda rng, size: rng.standard_exponential(size),
        lambda noise, a: noise ** (1 / a),
        lambda a: np.greater(a, 0),
        "a > 0",
    )
    pareto = _family(
        "pareto",
        lambda rng, size: rng.standard_exponential(size),
        lambda noise, a: _np.expm1(noise / a),
        lambda a: np.greater(a, 0),
        "a > 0",
    )
    power = _family(
        "power",
        lambda rng, size: -np.expm1(-rng.standard_exponential(size)),
        lambda noise, a: noise ** (1 / a),
        lambda a: np.greater(a, 0),
        "a > 0",
    )

    def multivariate_normal(
        self,
        mean: Any,
        cov: Any,
        size: Any = None,
        check_valid: Any = "warn",
        tol: float = 1e-8,
        *,
        method: Any = "svd",
        constant: bool | None = None,
    ) -> Any:
        """See :meth:`numpy.random.Generator.multivariate_normal`.

        Differentiable with respect to ``mean``, and with ``method="cholesky"`` to ``cov``.
        """
        name = "multivariate_normal"
        mean, cov = as_one(mean, None), as_one(cov, None)
        options = {"check_valid": check_valid, "tol": tol, "method": method}
        if checked(name, constant) is True or not _vary((mean, cov)):
            return self._draw(name, (mean, cov, size), options, constant)
        if not _vary(cov):
            center = np.zeros(np.shape(mean))
            return mean + self._draw(name, (center, cov, size), options, True)
        if method != "cholesky":
            raise TypeError(
                f"{name}: with method={method!r} samples are not differentiable with respect to cov,"
                " which carries a gradient. Pass method='cholesky', or cov.detach()."
            )
        factor = _np.linalg.cholesky(cov)
        shape = () if size is None else tuple(np.atleast_1d(size))
        noise = self._generator.standard_normal((*shape, factor.shape[0]))
        return mean + noise @ factor.T

    # ------------------------------------------------------------ moving elements

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
        *,
        constant: bool | None = None,
    ) -> Any:
        """See :meth:`numpy.random.Generator.choice`. The chosen elements get the gradient."""
        return self._move("choice", a, (size, replace, p, axis, shuffle), {}, constant)

    def permutation(self, x: Any, axis: int = 0, *, constant: bool | None = None) -> Any:
        """See :meth:`numpy.random.Generator.permutation`. The moved elements get the gradient."""
        return self._move("permutation", x, (axis,), {}, constant)

    def permuted(
        self, x: Any, *, axis: int | None = None, out: Any = None, constant: bool | None = None
    ) -> Any:
        """See :meth:`numpy.random.Generator.permuted`. The moved elements get the gradient."""
        return self._move("permuted", x, (), {"axis": axis, "out": out}, constant)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """See :meth:`numpy.random.Generator.shuffle`. The moved elements get the gradient."""
        if not isinstance(x, Tensor):
            self._generator.shuffle(x, axis)
            return
        positions = _positions(x)
        self._generator.shuffle(positions, axis)
        x[...] = _np.take(x, positions)

    def _move(self, name: str, x: Any, args: Any, kwargs: Any, constant: bool | None) -> Any:
        """The result of a method that moves elements of ``x``."""
        x = as_one(x, None)
        if checked(name, constant) is True or not _vary(x) or not x.ndim:
            return self._draw(name, (x, *args), kwargs, constant, fresh=False)
        if kwargs.get("out") is not None:
            raise TypeError(f"{name}: out cannot hold elements of a tensor that carries a gradient")
        # Let NumPy move the positions in place of the elements.
        positions = self._draw(name, (_positions(x), *args), kwargs, None)
        return _np.take(x, positions.data)


def _positions(x: Any) -> Any:
    """The flat index of each element of ``x``, in an array of its shape."""
    return np.arange(x.size).reshape(x.shape)
