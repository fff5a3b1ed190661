"""One small call at a time: what mygrad adds to NumPy's own cost.

python benchmarks/micro.py
"""

import argparse

import numpy as np
from report import best_in_turns, duration, table

import mygrad as mg

CASES = {
    "x * w": lambda x, w, m: x * w,
    "x * 2.0": lambda x, w, m: x * 2.0,
    "np.multiply(x, w)": lambda x, w, m: np.multiply(x, w),
    "np.tanh(x)": lambda x, w, m: np.tanh(x),
    "x[0]": lambda x, w, m: x[0],
    "x[2:6]": lambda x, w, m: x[2:6],
    "x.sum()": lambda x, w, m: x.sum(),
    "np.sum(x)": lambda x, w, m: np.sum(x),
    "np.max(m, axis=1)": lambda x, w, m: np.max(m, axis=1),
    "m @ x": lambda x, w, m: m @ x,
    "m @ m": lambda x, w, m: m @ m,
    "x.reshape(2, 4)": lambda x, w, m: x.reshape(2, 4),
    "np.where(c, x, w)": lambda x, w, m: np.where([True, False] * 4, x, w),
    "np.concatenate([x, w])": lambda x, w, m: np.concatenate([x, w]),
}


def row(name: str, rounds: int) -> list[str]:
    """The times of a case on arrays, on tensors, and on tensors there and back."""
    case = CASES[name]
    rng = np.random.default_rng(0)
    arrays = rng.normal(size=8), rng.normal(size=8), rng.normal(size=(8, 8))
    tensors = tuple(map(mg.tensor, arrays))
    plain, forward, both = best_in_turns(
        [
            lambda: case(*arrays),
            lambda: case(*tensors),
            lambda: case(*tensors).backward(),
        ],
        rounds,
    )
    return [
        f"`{name}`",
        duration(plain),
        duration(forward),
        duration(forward - plain),
        duration(both),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    header = ["8 elements, float64", "NumPy", "mygrad", "added", "with backward()"]
    print(table(header, [row(name, rounds) for name in CASES]))


if __name__ == "__main__":
    main()
