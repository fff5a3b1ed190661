"""Write mygrad2_layers.json: conv_nd, max_pool and gru of MyGrad 2.5, the data of test_mygrad2.py.

python -m venv peer && peer/bin/pip install mygrad==2.5.0 numba scipy && peer/bin/python
tests/data/make_mygrad2_layers.py

make_mygrad2_nnet.py describes the cases. Deliberate differences are omitted: ties in max_pool (in
MyGrad 2 the first entry gets the whole gradient), dilated windows that fit exactly (refused by
MyGrad 2, which computes their size as ``dilation * window``), and the gradient of the initial state
of gru, which MyGrad 2 does not have.
"""

import json
from pathlib import Path

import numpy as np

import mygrad as mg
from mygrad.nnet import layers

rng = np.random.default_rng(30)
cases = []


def encode(value):
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.name, "shape": value.shape, "data": value.ravel().tolist()}
    return value


def case(name, *args, seed=None, **kwargs):
    tensors = {
        str(i): mg.tensor(each) for i, each in enumerate(args) if isinstance(each, np.ndarray)
    }
    given = [tensors.get(str(i), each) for i, each in enumerate(args)]
    if seed is not None:
        mg.random.seed(seed)
    value = getattr(layers, name)(*given, **kwargs)
    cotangent = (np.arange(value.size) % 7 - 3.0).reshape(value.shape).astype(value.dtype)
    value.backward(cotangent.copy())  # which the backward pass of gru writes to
    cases.append(
        {
            "function": f"layers.{name}",
            "args": [encode(each) for each in args],
            "kwargs": {key: encode(each) for key, each in kwargs.items()},
            "seed": seed,
            "value": encode(value.data),
            "cotangent": encode(cotangent),
            "gradients": {key: encode(each.grad) for key, each in tensors.items()},
        }
    )


def normal(*shape, dtype="float64"):
    return np.round(rng.normal(size=shape), 3).astype(dtype)


def distinct(*shape, dtype="float64"):
    return rng.permutation(int(np.prod(shape))).reshape(shape).astype(dtype)


for dtype in ("float64", "float32"):
    case("conv_nd", normal(2, 2, 7, dtype=dtype), normal(3, 2, 3, dtype=dtype), stride=2)
    case("conv_nd", normal(2, 3, 5, 6, dtype=dtype), normal(2, 3, 3, 2, dtype=dtype), stride=1)
case("conv_nd", normal(1, 2, 9), normal(2, 2, 3), stride=1, dilation=2)
case("conv_nd", normal(1, 2, 5), normal(2, 2, 4), stride=3, padding=1)
case("conv_nd", normal(2, 1, 6, 5), normal(2, 1, 2, 3), stride=[2, 1], padding=[1, 0])
case(
    "conv_nd",
    normal(1, 2, 7, 9),
    normal(1, 2, 3, 2),
    stride=[2, 3],
    padding=[1, 2],
    dilation=[2, 3],
)
case("conv_nd", normal(2, 2, 4, 4), normal(3, 2, 1, 1), stride=1, padding=1)
case("conv_nd", normal(2, 2, 3, 4), normal(3, 2, 3, 4), stride=5)
case("conv_nd", normal(1, 2, 3, 4, 3), normal(2, 2, 2, 2, 1), stride=[1, 2, 2])
case("conv_nd", normal(1, 1, 2, 3, 2, 3), normal(1, 1, 2, 2, 1, 2), stride=1, padding=[0, 0, 1, 0])

for dtype in ("float64", "float32"):
    case("max_pool", distinct(2, 2, 4, 6, dtype=dtype), (2, 2), 2)
    case("max_pool", distinct(2, 7, dtype=dtype), (3,), 2)
case("max_pool", distinct(5), (2,), 1)
case("max_pool", distinct(2, 5, 5), (3, 2), (2, 1))
case("max_pool", distinct(3, 4, 3), (2, 2, 3), (1, 2, 1))
case("max_pool", distinct(2, 3, 5), (1, 1), (2, 4))
case("max_pool", distinct(2, 3, 4), (3, 4), 1)

for T, N, C, D, dtype in (
    (5, 2, 2, 3, "float64"),
    (1, 3, 2, 2, "float64"),
    (3, 2, 2, 1, "float32"),
):
    shapes = ((C, D), (D, D), (D,)) * 3
    X, weights = normal(T, N, C, dtype=dtype), [normal(*shape, dtype=dtype) for shape in shapes]
    case("gru", X, *weights)
    case("gru", X, *weights, s0=normal(N, D, dtype=dtype))
    for limit in sorted({0, (T - 1) // 2}):
        case("gru", X, *weights, bp_lim=limit)
    if dtype == "float64":
        case("gru", X, *weights, s0=normal(N, D), dropout=0.3, seed=T)
case("gru", 1000 * normal(3, 2, 2), *[normal(*shape) for shape in ((2, 2), (2, 2), (2,)) * 3])

if __name__ == "__main__":
    lines = ",\n".join(json.dumps(row) for row in cases)
    path = Path(__file__).with_name("mygrad2_layers.json")
    path.write_text(f'{{"mygrad": "{mg.__version__}", "cases": [\n{lines}\n]}}\n')
