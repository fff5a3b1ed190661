"""Views and in-place updates: growth of time and memory, and the cost of the memory guard.

python benchmarks/updates.py --json updates.json
"""

import argparse
import json
import math
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from report import duration, median_ratio, table
from workloads import WORKLOADS

import mygrad as mg

WIDTH = 8


def fill(n):
    x = mg.tensor(np.ones((n, WIDTH)))
    out = np.zeros_like(x)
    for i in range(n):
        out[i] = np.tanh(x[i])
    np.sum(out).backward()
    return x.grad, 1 - math.tanh(1) ** 2


def add_to_rows(n):
    x = mg.tensor(np.ones(n))
    y = mg.tensor(np.ones((n, n)))
    for i in range(n):
        row = y[i]
        row += x
    np.sum(y).backward()
    return x.grad, n


def update_views(n):
    x = mg.tensor(np.ones((n, WIDTH)))
    y = x * 1.0
    views = [y[i] for i in range(n)]
    for i in range(n):
        views[i] *= 2.0
    np.sum(y).backward()
    return x.grad, 2.0


@dataclass(frozen=True)
class Growth:
    """A program of size n: returns a gradient, its expected value, and the bytes of the base."""

    run: Callable[[int], tuple[np.ndarray, float]]
    sizes: tuple[int, ...]
    base: Callable[[int], int]
    bar: str


GROWTH = {
    "`out[i] = f(x[i])`": Growth(
        fill,
        (1000, 4000, 16000),
        base=lambda n: 8 * n * WIDTH,
        bar="≤ 2.2 per doubling",
    ),
    "`row = y[i]; row += x`": Growth(
        add_to_rows,
        (400, 800),
        base=lambda n: 8 * n * n,
        bar="< 4 bases",
    ),
    "n live views, each updated": Growth(
        update_views,
        (1000, 4000, 16000),
        base=lambda n: 8 * n * WIDTH,
        bar="linear: ≈ 2 per doubling",
    ),
}


def peak_bytes(function: Callable[[], object]) -> int:
    """The peak memory of a call, beyond what was allocated before."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def best_of(repeat: int, function: Callable[[], object]) -> float:
    """The least CPU time of the process, which other processes hardly affect."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def grow(case: Growth) -> list[dict]:
    """Time and peak memory for every size; the gradient is checked first."""
    results = []
    for n in case.sizes:
        np.testing.assert_allclose(*case.run(n))
        result = {
            "n": n,
            "seconds": best_of(3, lambda n=n: case.run(n)),
            "peak": peak_bytes(lambda n=n: case.run(n)),
        }
        result["bases"] = result["peak"] / case.base(n)
        if results:
            before = results[-1]
            doublings = math.log2(n / before["n"])
            for key in ("seconds", "peak"):
                result[f"{key}_per_doubling"] = (result[key] / before[key]) ** (1 / doublings)
        results.append(result)
    return results


def descend() -> dict:
    """`w -= lr * w.grad` under `no_autodiff`: the address, and bytes allocated per byte of `w`."""
    w = mg.tensor(np.ones((1000, 1000)))
    np.sum(w * w).backward()
    before = w.data.ctypes.data

    def step():
        nonlocal w
        w -= 0.1 * w.grad

    with mg.no_autodiff:
        allocated = peak_bytes(step)
    return {"address_kept": w.data.ctypes.data == before, "allocated": allocated / w.nbytes}


def guard_ratio(rounds: int, *, tensors: bool) -> float:
    """The time of the chain with the guard on, divided by the time with it off."""
    workload = WORKLOADS["chain"]
    leaves = [mg.tensor(array) for array in workload.leaves]
    if not tensors:  # give the guard something to lock: user's arrays
        leaves[1:] = workload.leaves[1:]

    def run():
        workload.function(np, *leaves).backward()

    return median_ratio(mg.mem_guard_on(run), mg.mem_guard_off(run), rounds)


def growth_rows(name: str, results: list[dict]) -> list[list[str]]:
    def factor(result, key):
        value = result.get(f"{key}_per_doubling")
        return "" if value is None else f"{value:.2f}"

    return [
        [
            name,
            str(result["n"]),
            duration(result["seconds"]),
            factor(result, "seconds"),
            f"{result['peak'] / 1e6:.2f} MB",
            factor(result, "peak"),
            f"{result['bases']:.1f}",
            GROWTH[name].bar,
        ]
        for result in results
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="rounds for the memory guard")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    args = parser.parse_args()

    growth = {name: grow(case) for name, case in GROWTH.items()}
    header = [
        "program",
        "n",
        "time",
        "per doubling",
        "peak",
        "per doubling",
        "in units of the base",
        "bar",
    ]
    print(table(header, [row for name in growth for row in growth_rows(name, growth[name])]))

    descent = descend()
    guard = {
        "tensors alone": guard_ratio(args.rounds, tensors=True),
        "two operands plain arrays": guard_ratio(args.rounds, tensors=False),
    }
    kept = "kept" if descent["address_kept"] else "lost"
    rows = [
        [
            "`w -= lr * w.grad` under `no_autodiff`",
            f"address {kept}, allocated {descent['allocated']:.2f} of `w`",
            "kept, 1 (the product)",
        ],
        *(
            [f"chain, guard on ÷ off, {name}", f"{value:.3f}", "≤ 1.05"]
            for name, value in guard.items()
        ),
    ]
    print(f"\n{table(['case', 'result', 'bar'], rows)}")
    if args.json:
        results = {"growth": growth, "descent": descent, "guard": guard}
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
