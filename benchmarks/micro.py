"""Single small calls: mygrad's overhead over NumPy.

python benchmarks/micro.py
"""

import argparse
from time import process_time
from timeit import Timer

import numpy as np
from report import duration, table

import mygrad as mg

CALLS = (
    "x * w",
    "x * 2.0",
    "np.multiply(x, w)",
    "np.tanh(x)",
    "x[0]",
    "x[2:6]",
    "x.sum()",
    "np.sum(x)",
    "np.max(m, axis=1)",
    "m @ x",
    "m @ m",
    "x.reshape(2, 4)",
    "np.where(chosen, x, w)",
    "np.concatenate([x, w])",
)


def timers(call: str) -> list[Timer]:
    """The call on arrays, on tensors, and on tensors with the backward pass."""
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=8), "w": rng.normal(size=8), "m": rng.normal(size=(8, 8))}
    tensors = {name: mg.tensor(array) for name, array in arrays.items()}
    shared = {"np": np, "chosen": np.array([True, False] * 4)}
    return [
        Timer(call, timer=process_time, globals=arrays | shared),
        Timer(call, timer=process_time, globals=tensors | shared),
        Timer(f"({call}).backward()", timer=process_time, globals=tensors | shared),
    ]


def least_seconds(timers: list[Timer], rounds: int, number: int = 1000) -> list[float]:
    """The least time of each; they take turns, so that noise affects all of them."""
    times = [[timer.timeit(number) / number for timer in timers] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    args = parser.parse_args()
    rows = []
    for call in CALLS:
        plain, forward, both = least_seconds(timers(call), args.rounds)
        rows.append([f"`{call}`", *map(duration, (plain, forward, forward - plain, both))])
    header = ["8 elements or 8×8, float64", "NumPy", "mygrad", "added", "with backward()"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
