"""First-order optimizers: SGD, Adam, AdamW, RMSprop, Adagrad."""

from __future__ import annotations

from math import inf

import numpy as np

from mygrad.optim.optimizer import Optimizer, Rate
from mygrad.optim.parameters import Array, Parameters


class SGD(Optimizer):
    """Gradient descent, optionally with momentum.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
    lr : float or callable, default 0.001
        The learning rate, or a schedule.
    momentum : float, default 0
        The fraction of the velocity kept from step to step.
    nesterov : bool, default False
        Use Nesterov momentum [1]_.
    weight_decay : float, default 0
        This multiple of the parameter is added to its gradient.

    References
    ----------
    .. [1] I. Sutskever, J. Martens, G. Dahl, G. Hinton: On the importance of initialization and momentum
       in deep learning, ICML 2013.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -2.0])
    >>> np.sum(w**2).backward()
    >>> mg.optim.SGD([w], lr=0.25).step()
    >>> w
    Tensor([ 1.5, -1. ])
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Rate = 1e-3,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self._check(momentum=(momentum, 0, inf), weight_decay=(weight_decay, 0, inf))
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov=True needs momentum, 0.9 for example")
        self.buffers = {"velocity": 0.0} if momentum else {}
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """See :meth:`Optimizer.change`."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * value
        if not self.momentum:
            return rate * gradient
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient
        if self.nesterov:
            return rate * (gradient + self.momentum * velocity)
        return rate * velocity


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square [1]_.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
    lr : float or callable, default 0.001
        The learning rate, or a schedule.
    betas : (float, float), default (0.9, 0.999)
        The fractions of the two means kept from step to step.
    eps : float, default 1e-8
        Added to the square root of the mean square.
    weight_decay : float, default 0
        This multiple of the parameter is added to its gradient. See also :class:`AdamW`.

    References
    ----------
    .. [1] D. P. Kingma, J. Ba: Adam: A Method for Stochastic Optimization, ICLR 2015, algorithm 1.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -2.0])
    >>> np.sum(w**2).backward()
    >>> mg.optim.Adam([w], lr=0.5).step()
    >>> w
    Tensor([ 2.5, -1.5])
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Rate = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        try:
            first, second = betas
        except (TypeError, ValueError):
            raise TypeError(
                f"{type(self).__name__}: betas must be two numbers, such as (0.9, 0.999), not {betas!r}"
            ) from None
        self._check(betas=(first, 0, 1))
        self._check(
            betas=(second, 0, 1),
            eps=(eps, 0, inf),
            weight_decay=(weight_decay, 0, inf),
        )
        self.buffers = {"mean": 0.0, "square": 0.0}
        self.betas = (first, second)
        self.eps = eps
        self.weight_decay = weight_decay

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """See :meth:`Optimizer.change`."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * value
        return self._scaled(gradient, state, rate)

    def _scaled(self, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        first, second = self.betas
        mean, square, count = state["mean"], state["square"], int(state["count"])
        mean *= first
        mean += (1 - first) * gradient
        square *= second
        square += (1 - second) * gradient * gradient
        # Correct the bias of the means, which start from zero.
        bias, bias_of_square = 1 - first**count, 1 - second**count
        root = np.sqrt(square)
        root /= bias_of_square**0.5
        root += self.eps
        return rate / bias * mean / root


class AdamW(Adam):
    """:class:`Adam` with decoupled weight decay, which does not pass through the means [1]_.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
    lr : float or callable, default 0.001
        The learning rate, or a schedule.
    betas : (float, float), default (0.9, 0.999)
        The fractions of the two means kept from step to step.
    eps : float, default 1e-8
        Added to the square root of the mean square.
    weight_decay : float, default 0.01
        Each step subtracts this multiple of the parameter, times the learning rate.

    References
    ----------
    .. [1] I. Loshchilov, F. Hutter: Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -2.0])
    >>> np.sum(w**2).backward()
    >>> mg.optim.AdamW([w], lr=0.5, weight_decay=0.1).step()
    >>> w
    Tensor([ 2.35, -1.4 ])
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Rate = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """See :meth:`Optimizer.change`."""
        change = self._scaled(gradient, state, rate)
        if self.weight_decay:
            change += rate * self.weight_decay * value
        return change


class RMSprop(Optimizer):
    """Steps divided by the square root of a running mean of the squared gradient [1]_.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
    lr : float or callable, default 0.01
        The learning rate, or a schedule.
    alpha : float, default 0.99
        The fraction of the mean kept from step to step.
    eps : float, default 1e-8
        Added to the square root.
    momentum : float, default 0
        The fraction of the velocity kept from step to step.
    centered : bool, default False
        Divide by the running standard deviation instead.
    weight_decay : float, default 0
        This multiple of the parameter is added to its gradient.

    References
    ----------
    .. [1] G. Hinton: Neural Networks for Machine Learning, Coursera 2012, lecture 6e.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -2.0])
    >>> np.sum(w**2).backward()
    >>> mg.optim.RMSprop([w], lr=0.1, alpha=0.75).step()
    >>> w
    Tensor([ 2.8, -1.8])
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Rate = 1e-2,
        *,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        centered: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self._check(
            alpha=(alpha, 0, 1),
            eps=(eps, 0, inf),
            momentum=(momentum, 0, inf),
            weight_decay=(weight_decay, 0, inf),
        )
        self.buffers = {"square": 0.0}
        if momentum:
            self.buffers["velocity"] = 0.0
        if centered:
            self.buffers["mean"] = 0.0
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.centered = centered
        self.weight_decay = weight_decay

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """See :meth:`Optimizer.change`."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * value
        square = state["square"]
        square *= self.alpha
        square += (1 - self.alpha) * gradient * gradient
        if self.centered:
            mean = state["mean"]
            mean *= self.alpha
            mean += (1 - self.alpha) * gradient
            # Rounding may make the difference negative.
            root = np.sqrt(np.maximum(square - mean * mean, 0))
        else:
            root = np.sqrt(square)
        root += self.eps
        if not self.momentum:
            return rate * gradient / root
        velocity = state["velocity"]
        velocity *= self.momentum
        velocity += gradient / root
        return rate * velocity


class Adagrad(Optimizer):
    """Steps divided by the square root of the sum of all squared gradients so far [1]_.

    Parameters
    ----------
    parameters : iterable of Tensor, or dict of Tensor
    lr : float or callable, default 0.01
        The learning rate, or a schedule.
    lr_decay : float, default 0
        After n steps the learning rate is divided by 1 + n * lr_decay.
    eps : float, default 1e-10
        Added to the square root.
    initial_accumulator_value : float, default 0
        The initial value of the sum.
    weight_decay : float, default 0
        This multiple of the parameter is added to its gradient.

    References
    ----------
    .. [1] J. Duchi, E. Hazan, Y. Singer: Adaptive Subgradient Methods for Online Learning and Stochastic
       Optimization, JMLR 12 (2011).

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> w = mg.tensor([3.0, -2.0])
    >>> np.sum(w**2).backward()
    >>> mg.optim.Adagrad([w], lr=0.5).step()
    >>> w
    Tensor([ 2.5, -1.5])
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: Rate = 1e-2,
        *,
        lr_decay: float = 0.0,
        eps: float = 1e-10,
        initial_accumulator_value: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self._check(
            lr_decay=(lr_decay, 0, inf),
            eps=(eps, 0, inf),
            initial_accumulator_value=(initial_accumulator_value, 0, inf),
            weight_decay=(weight_decay, 0, inf),
        )
        self.buffers = {"sum": initial_accumulator_value}
        self.lr_decay = lr_decay
        self.eps = eps
        self.weight_decay = weight_decay

    def change(self, value: Array, gradient: Array, state: dict[str, Array], rate: float) -> Array:
        """See :meth:`Optimizer.change`."""
        if self.weight_decay:
            gradient = gradient + self.weight_decay * value
        total = state["sum"]
        rate = rate / (1 + (int(state["count"]) - 1) * self.lr_decay)
        total += gradient * gradient
        root = np.sqrt(total)
        root += self.eps
        return rate * gradient / root
