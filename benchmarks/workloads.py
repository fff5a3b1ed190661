"""The workloads of `run.py`: one function per workload, the same for every library.

`np` is NumPy itself for NumPy, mygrad and MyGrad 2 (NumPy's functions accept tensors),
and `autograd.numpy`, `jax.numpy` or `torch` for the others. The layers and losses are those of
`mygrad.nnet`, in either MyGrad, and of `torch.nn.functional`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy

STEPS = 200
STEP = 0.05


def chain(np, x, w, b):
    """Eight operations, one after the other."""
    y = np.exp(np.tanh(x * w + b))
    return np.sum(np.sqrt(y / 3.0 + 1.0))


def runge_kutta(np, y, w, decay):
    """Two coupled neurons, y' = w tanh(y) - decay y: 200 steps of Heun, 13 operations each."""

    def slope(y):
        return w @ np.tanh(y) - decay * y

    for _ in range(STEPS):
        k = slope(y)
        y = y + STEP / 2 * (k + slope(y + STEP * k))
    return np.sum(y * y)


def rnn(np, wx, wh, b, x, h):
    """A tanh recurrence over the first axis of `x`."""
    for t in range(len(x)):
        h = np.tanh(x[t] @ wx + h @ wh + b)
    return np.mean(h * h)


def mlp(np, w1, b1, w2, b2, w3, b3, x, labels):
    """Two hidden layers with ReLU and the mean cross-entropy of a softmax."""
    hidden = np.maximum(x @ w1 + b1, 0)
    hidden = np.maximum(hidden @ w2 + b2, 0)
    logits = hidden @ w3 + b3
    logits = logits - np.max(logits, axis=1, keepdims=True)
    picked = logits[np.arange(len(labels)), labels]
    return np.mean(np.log(np.sum(np.exp(logits), axis=1)) - picked)


def mlp_torch(torch, w1, b1, w2, b2, w3, b3, x, labels):
    """The same in PyTorch's fused functions, its idiomatic and fastest form."""
    hidden = torch.relu(torch.addmm(b1, x, w1))
    hidden = torch.relu(torch.addmm(b2, hidden, w2))
    return torch.nn.functional.cross_entropy(torch.addmm(b3, hidden, w3), labels)


def crossentropy(np, x, labels):
    from mygrad.nnet.losses import softmax_crossentropy

    return softmax_crossentropy(x, labels)


def crossentropy_torch(torch, x, labels):
    return torch.nn.functional.cross_entropy(x, labels)


def convolution(np, x, filters):
    from mygrad.nnet.layers import conv_nd

    return conv_nd(x, filters, stride=1).sum()


def convolution_torch(torch, x, filters):
    return torch.nn.functional.conv2d(x, filters).sum()


def pooling(np, x):
    from mygrad.nnet.layers import max_pool

    return max_pool(x, (2, 2), 2).sum()


def pooling_torch(torch, x):
    return torch.nn.functional.max_pool2d(x, 2, 2).sum()


def gru(np, *arguments):
    from mygrad.nnet.layers import gru

    return gru(*arguments).sum()


MYGRADS = ("mygrad", "mygrad2")
ALL = ("numpy", *MYGRADS, "autograd", "torch", "jax")


@dataclass(frozen=True)
class Workload:
    """A scalar function of `leaves`, which are differentiated, and of constant `data`.

    `bars` are the target ratios: mygrad's time divided by that of the named library. `libraries`
    can compute the workload.
    """

    function: Callable[..., Any]
    leaves: tuple[numpy.ndarray, ...]
    data: tuple[numpy.ndarray, ...] = ()
    bars: dict[str, float] = field(default_factory=dict)
    torch_function: Callable[..., Any] | None = None
    libraries: tuple[str, ...] = ALL


def _workloads() -> dict[str, Workload]:
    rng = numpy.random.default_rng(0)

    def single(*shape, scale=1.0):
        return (scale * rng.normal(size=shape)).astype(numpy.float32)

    return {
        "chain": Workload(
            chain,
            leaves=(rng.normal(size=8), rng.normal(size=8), rng.normal(size=8)),
            bars={"torch": 0.35, "mygrad2": 0.3},
        ),
        "runge_kutta": Workload(
            runge_kutta,
            leaves=(
                numpy.array([1.0, -0.5]),
                numpy.array([[1.5, -2.0], [2.0, 1.0]]),
                numpy.array([0.5, 0.3]),
            ),
            bars={"torch": 0.6},
        ),
        "rnn": Workload(
            rnn,
            leaves=(single(64, 64, scale=0.1), single(64, 64, scale=0.1), single(64)),
            data=(single(50, 16, 64), single(16, 64)),
            bars={"torch": 0.65},
        ),
        "mlp": Workload(
            mlp,
            leaves=(
                single(784, 512, scale=0.05),
                single(512, scale=0.1),
                single(512, 256, scale=0.06),
                single(256, scale=0.1),
                single(256, 10, scale=0.09),
                single(10, scale=0.1),
            ),
            data=(single(256, 784), rng.integers(10, size=256)),
            bars={"torch": 1.3},
            torch_function=mlp_torch,
        ),
        "softmax_crossentropy": Workload(
            crossentropy,
            leaves=(single(256, 1000),),
            data=(rng.integers(1000, size=256),),
            bars={"torch": 1.2},
            torch_function=crossentropy_torch,
            libraries=(*MYGRADS, "torch"),
        ),
        "conv_nd": Workload(
            convolution,
            leaves=(single(32, 3, 32, 32), single(16, 3, 5, 5)),
            bars={"mygrad2": 0.5, "torch": 3},
            torch_function=convolution_torch,
            libraries=(*MYGRADS, "torch"),
        ),
        "max_pool": Workload(
            pooling,
            leaves=(single(32, 16, 28, 28),),
            bars={"mygrad2": 0.5},
            torch_function=pooling_torch,
            libraries=(*MYGRADS, "torch"),
        ),
        "gru": Workload(
            gru,
            leaves=(
                single(50, 16, 64),
                *(
                    single(*shape, scale=1 / 8)
                    for _ in "zrh"
                    for shape in ((64, 64),) * 2 + ((64,),)
                ),
            ),
            bars={"mygrad2": 1},
            libraries=MYGRADS,
        ),
    }


WORKLOADS = _workloads()
