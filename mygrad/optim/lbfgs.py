"""L-BFGS, implemented with SciPy."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from math import inf
from typing import Any

import numpy as np

from mygrad.engine.modes import no_autodiff
from mygrad.optim.optimizer import Optimizer
from mygrad.optim.parameters import Array, Parameters, as_given, as_real, gradient_of
from mygrad.tensors.tensor import Tensor


class LBFGS(Optimizer):
    """Minimizes a function that can be evaluated repeatedly, with SciPy's L-BFGS-B [1]_.

    Suited to losses without noise and with up to a few thousand parameters. A step is a whole
    minimization: it evaluates the function several times, and keeps no memory of earlier steps.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
    max_iter : int, default 20
        The maximal number of iterations in a step.
    history : int, default 10
        The number of gradients from which the curvature is estimated.
    gtol : float, default 1e-7
        A step ends when no entry of the gradient exceeds this.
    ftol : float, default 1e-9
        A step ends when an iteration changes the loss by less than this, relative to the loss.

    Raises
    ------
    ImportError
        SciPy is not installed.

    References
    ----------
    .. [1] R. H. Byrd, P. Lu, J. Nocedal, C. Zhu: A Limited Memory Algorithm for Bound Constrained
       Optimization, SIAM J. Sci. Comput. 16 (1995).

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([-1.0, 2.0])
    >>> def rosenbrock():
    ...     return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2
    >>> loss = mg.optim.LBFGS([w], max_iter=100).step(rosenbrock)
    >>> np.round(w.data, 3)
    array([1., 1.])
    """

    def __init__(
        self,
        parameters: Parameters,
        *,
        max_iter: int = 20,
        history: int = 10,
        gtol: float = 1e-7,
        ftol: float = 1e-9,
    ) -> None:
        super().__init__(parameters, lr=1.0)
        self._check(
            max_iter=(max_iter, 1, inf),
            history=(history, 1, inf),
            gtol=(gtol, 0, inf),
            ftol=(ftol, 0, inf),
        )
        try:
            self._optimize: Any = import_module("scipy.optimize")
        except ImportError as error:
            raise ImportError(
                "mygrad.optim.LBFGS needs SciPy, which is not installed: pip install scipy. The other"
                " optimizers do not need it."
            ) from error
        self.max_iter = max_iter
        self.history = history
        self.gtol = gtol
        self.ftol = ftol

    def step(self, closure: Callable[[], Tensor] | None = None) -> float:  # type: ignore[override]
        """Minimize the loss.

        Parameters
        ----------
        closure : callable
            Computes the loss, a tensor of one element, from the parameters; it does not call
            ``backward``.

        Returns
        -------
        float
            The final loss.

        Raises
        ------
        Exception
            Whatever the function raises. The parameters are then restored.
        """
        if closure is None:
            raise TypeError(
                "LBFGS.step takes a function that computes the loss, since it evaluates it several times"
            )

        def evaluate(x: Array) -> tuple[float, Array]:
            self._put(x)
            loss: Any = closure()
            if not isinstance(loss, Tensor) or loss.size != 1 or loss.constant:
                raise TypeError(
                    "LBFGS.step: the function must return the loss, a tensor of one element that depends"
                    f" on the parameters; it returned {loss!r}"
                )
            value = loss.detach().item()
            self.null_grad()
            loss.backward()
            return value, self._flat_gradient()

        self._check_writeable(self.parameters)
        start = self._flat()
        try:
            result = self._optimize.minimize(
                evaluate,
                start.copy(),
                method="L-BFGS-B",
                jac=True,
                options={
                    "maxiter": self.max_iter,
                    "maxcor": self.history,
                    "gtol": self.gtol,
                    "ftol": self.ftol,
                },
            )
        except BaseException:  # even an interrupt must not leave a trial point behind
            self._put(start)
            raise
        self._put(result.x)
        self.steps += 1
        return float(result.fun)

    def _flat(self) -> Array:
        """All parameters as one vector."""
        parts = [as_real(each._value()).ravel() for each in self.parameters.values()]
        return np.concatenate(parts).astype(float)

    def _flat_gradient(self) -> Array:
        """All gradients as one vector."""
        parts = []
        for parameter in self.parameters.values():
            gradient = gradient_of(parameter)
            like = as_real(parameter._value())
            parts.append(np.zeros(like.size) if gradient is None else gradient.ravel())
        return np.concatenate(parts).astype(float)

    def _put(self, x: Array) -> None:
        """Write a vector into the parameters."""
        start = 0
        for parameter in self.parameters.values():
            like = as_real(parameter._value())
            part = x[start : start + like.size].reshape(like.shape).astype(like.dtype)
            start += like.size
            del like
            with no_autodiff:
                parameter[...] = as_given(part, parameter.dtype)
