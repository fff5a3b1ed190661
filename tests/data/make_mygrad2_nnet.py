"""Write mygrad2_nnet.json: values and gradients of MyGrad 2.5, the data of test_mygrad2.py.

python -m venv peer && peer/bin/pip install mygrad==2.5.0 && peer/bin/python
tests/data/make_mygrad2_nnet.py

A case is a call: the name of a function in ``mygrad.nnet``, its arguments, the seed if one was set,
the value, and the gradients of ``sum(value * cotangent)`` with respect to the differentiable
arguments, by position or keyword. Deliberate differences are omitted:

- ``leaky_relu`` at 0, where the derivative is `slope`, but 0 in MyGrad 2, which is neither of the slopes;
- ``he_uniform``, whose bound should decrease with the number of inputs, but grows in MyGrad 2: the two agree in
  the case used here, with three inputs;
- negative labels, which count from the end in MyGrad 2.
"""

import json
from pathlib import Path

import numpy as np

import mygrad as mg
from mygrad.nnet import activations, initializers, layers, losses

rng = np.random.default_rng(20)
cases = []


def encode(value):
    if isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
        return {"dtype": value.dtype.name, "shape": value.shape, "data": value.ravel().tolist()}
    return value


def is_variable(value):
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def case(module, name, *args, seed=None, **kwargs):
    arguments = {**dict(enumerate(args)), **kwargs}
    tensors = {key: mg.tensor(each) for key, each in arguments.items() if is_variable(each)}
    given = {**arguments, **tensors}
    if seed is not None:
        mg.random.seed(seed)
    value = getattr(module, name)(
        *(given[i] for i in range(len(args))), **{key: given[key] for key in kwargs}
    )
    row = {
        "function": f"{module.__name__.removeprefix('mygrad.nnet.')}.{name}",
        "args": [encode(each) for each in args],
        "kwargs": {key: encode(each) for key, each in kwargs.items()},
        "seed": seed,
        "value": encode(value.data),
        "gradients": {},
    }
    if tensors:
        cotangent = np.linspace(-1, 2, value.size).reshape(value.shape).astype(value.dtype)
        value.backward(cotangent)
        row["cotangent"] = encode(cotangent)
        grads = {str(key): each.grad for key, each in tensors.items()}
        row["gradients"] = {key: encode(grad) for key, grad in grads.items() if grad is not None}
    cases.append(row)


def normal(*shape, scale=1.0, dtype="float64"):
    return np.round(scale * rng.normal(size=shape), 3).astype(dtype)


def probabilities(*shape):
    powers = np.exp(rng.normal(size=shape))
    return powers / powers.sum(axis=-1, keepdims=True)


def add_activations():
    bends = np.array([-2.0, -1.0, -0.25, 0.0, 0.5, 1.0, 3.0])
    far = np.array([-500.0, -40.0, 40.0, 500.0])
    for x in (
        bends,
        far,
        normal(2, 3),
        normal(5, dtype="float32"),
        np.float64(0.75),
        np.zeros((0, 3)),
    ):
        for name in ("relu", "selu", "sigmoid", "soft_sign", "tanh"):
            case(activations, name, np.asarray(x))
        case(activations, "elu", np.asarray(x), 1.5)
        case(activations, "hard_tanh", np.asarray(x))
        case(activations, "hard_tanh", np.asarray(x), lower_bound=-0.5, upper_bound=2)
    for x in (bends[bends != 0], far, normal(2, 3), normal(5, dtype="float32")):
        case(activations, "leaky_relu", x, 0.1)
    for name in ("softmax", "logsoftmax"):
        for axis in (-1, 0, (0, 1), None):
            case(activations, name, normal(3, 4, scale=3.0), axis=axis)
        case(activations, name, normal(2, 3, 2))
        case(activations, name, normal(3, 4, dtype="float32"))
        case(activations, name, np.array([[1e4, -1e4, 9999.0], [-1e4, -1e4, -1e4]]))
    case(activations, "glu", normal(3, 4))
    case(activations, "glu", normal(4, 3), axis=0)
    case(activations, "glu", normal(2, 6, dtype="float32"))


def add_losses():
    labels = np.array([2, 0, 3])
    huge = np.array([[1e4, -1e4, 0.0, 9999.0], [-1e4, 1e4, -1e4, 0.0], [0.0, 0.0, 0.0, 1e4]])
    for x in (normal(3, 4, scale=3.0), normal(3, 4, dtype="float32"), huge):
        case(losses, "softmax_crossentropy", x, labels)
        case(losses, "multiclass_hinge", x, labels)
        case(losses, "multiclass_hinge", x, labels, 0.5)
        case(losses, "negative_log_likelihood", x, labels)
        case(
            losses,
            "negative_log_likelihood",
            x,
            labels,
            weights=np.array([1.0, 2.0, 0.5, 0.0], x.dtype),
        )
    case(losses, "softmax_crossentropy", normal(1, 2), [1])
    for gamma in (0, 0.5, 1, 2.0):
        case(losses, "focal_loss", probabilities(3, 4), labels, gamma=gamma)
        case(losses, "softmax_focal_loss", normal(3, 4, scale=2.0), labels, alpha=0.5, gamma=gamma)
    case(losses, "focal_loss", np.array([[1.0, 0.0], [0.25, 0.75]]), [0, 1], alpha=2, gamma=0.5)
    for x1, x2 in ((normal(3), normal(3)), (normal(3, 2), normal(3, 2))):
        for y in (1, -1, np.array([1, -1, 1])):
            case(losses, "margin_ranking_loss", x1, x2, y, 0.75)


def add_layers():
    for x in (normal(3, 2), normal(2, 3, 2), normal(2, 3, 2, 2)):
        channels = x.shape[1]
        case(layers, "batchnorm", x, eps=1e-2)
        case(layers, "batchnorm", x, gamma=normal(channels), beta=normal(channels), eps=1e-8)
    case(
        layers,
        "batchnorm",
        normal(4, 3, dtype="float32"),
        gamma=normal(3, dtype="float32"),
        eps=1e-3,
    )


def add_initializers():
    case(initializers, "constant", 2, 3)
    case(initializers, "constant", 2, value=3)
    case(initializers, "constant", 2, value=1.5, dtype="float32")
    case(initializers, "identity", 3)
    for shape in ((2, 2), (2, 3, 3), (3, 2, 3), (2, 1, 4), (2, 2, 2, 3)):
        case(initializers, "dirac", *shape)
    for name in ("normal", "uniform", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform"):
        case(initializers, name, 2, 3, seed=0)
        case(initializers, name, 3, 3, dtype="float64", seed=1)
    for name in ("glorot_normal", "glorot_uniform", "he_normal"):
        case(initializers, name, 2, 5, 2, gain=1.5, dtype="float16", seed=2)
    case(initializers, "normal", 4, mean=1, std=2, seed=3)
    case(initializers, "uniform", 4, lower_bound=-1, upper_bound=3, seed=4)


if __name__ == "__main__":
    for add in (add_activations, add_losses, add_layers, add_initializers):
        add()
    lines = ",\n".join(json.dumps(row) for row in cases)
    path = Path(__file__).with_name("mygrad2_nnet.json")
    path.write_text(f'{{"mygrad": "{mg.__version__}", "cases": [\n{lines}\n]}}\n')
