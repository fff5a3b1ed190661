"""Value and gradient, side by side: mygrad and its peers, each in a separate process.

    python benchmarks/run.py --peer mygrad2=PYTHON --peer torch=PYTHON --json results.json

A library runs in the interpreter given by `--peer`, or in this one; a library that is not installed
there is skipped, and listed in the report. `docs/benchmarks.md` explains the report.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from statistics import median

import numpy
from report import duration, table
from worker import LOADERS
from workloads import WORKLOADS

HERE = Path(__file__).parent
TITLES = {
    "numpy": "NumPy, value only",
    "mygrad": "mygrad",
    "mygrad2": "MyGrad 2",
    "autograd": "autograd",
    "torch": "PyTorch eager",
    "jax": "JAX jitted",
}


class Library:
    """A worker process that waits for requests."""

    def __init__(self, name: str, python: str, threads: int):
        self.name = name
        environment = {
            **os.environ,
            **dict.fromkeys(
                (f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")),
                str(threads),
            ),
        }
        # mygrad is this checkout. MyGrad 2 has the same import name and must not find it.
        environment.pop("PYTHONPATH", None)
        if name == "mygrad":
            environment["PYTHONPATH"] = str(HERE.parent)
        self.process = subprocess.Popen(
            [python, HERE / "worker.py", name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        greeting = self.read()
        self.version = greeting.get("version")
        self.missing = greeting.get("missing")

    def read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.name} ended; see its error above")
        return json.loads(line)

    def ask(self, **request) -> dict:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def gradients(self, workload: str) -> list[numpy.ndarray]:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "gradients.npz")
            self.ask(check=workload, path=path)
            with numpy.load(path) as arrays:
                return list(arrays.values())

    def seconds(self, workload: str, repeat: int, clock: str = "perf_counter") -> float:
        return self.ask(time=workload, repeat=repeat, clock=clock)["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def largest_difference(gradients: list[list[numpy.ndarray]]) -> float:
    """The largest difference between two libraries, relative to a gradient's largest entry."""
    return max(
        (
            float(numpy.max(numpy.abs(a - b)) / numpy.max(numpy.abs(b)))
            for one, other in combinations(gradients, 2)
            for a, b in zip(one, other, strict=True)
        ),
        default=0.0,
    )


def measure(
    workload: str, libraries: list[Library], rounds: int, budget: float, clock: str
) -> dict:
    """The seconds of each library, one entry per round, and the difference of their gradients."""
    libraries = [each for each in libraries if each.name in WORKLOADS[workload].libraries]
    difference = largest_difference(
        [library.gradients(workload) for library in libraries if library.name != "numpy"]
    )
    repeats = {x.name: max(1, int(budget / x.seconds(workload, 1))) for x in libraries}
    seconds: dict[str, list[float]] = {library.name: [] for library in libraries}
    for _ in range(rounds):
        for library in libraries:
            time.sleep(0.03)  # The previous process's idle threads spin.
            seconds[library.name].append(library.seconds(workload, repeats[library.name], clock))
    return {"gradient_difference": difference, "seconds": seconds}


def ratio(seconds: dict[str, list[float]], over: str) -> float:
    """mygrad's time divided by another's: the median of the ratios of the rounds."""
    return median(a / b for a, b in zip(seconds["mygrad"], seconds[over], strict=True))


def least_ratio(seconds: dict[str, list[float]], over: str) -> float:
    """The ratio of the fastest rounds, which a busy machine affects least."""
    return min(seconds["mygrad"]) / min(seconds[over])


def times_table(results: dict, names: list[str]) -> str:
    def cell(values):
        return f"{duration(median(values))} ({duration(min(values))})" if values else ""

    return table(
        ["workload", *(TITLES[name] for name in names), "gradients differ by"],
        [
            [
                key,
                *(cell(result["seconds"].get(name)) for name in names),
                f"{result['gradient_difference']:.0e}",
            ]
            for key, result in results.items()
        ],
    )


def ratios_table(results: dict, names: list[str]) -> str:
    def cell(workload, name):
        seconds = results[workload]["seconds"]
        if name not in seconds:
            return ""
        text = f"{ratio(seconds, name):.2f} ({least_ratio(seconds, name):.2f})"
        bar = WORKLOADS[workload].bars.get(name)
        return text if bar is None else f"{text}, bar {bar}"

    others = [name for name in names if name != "mygrad"]
    return table(
        ["workload", *(f"÷ {TITLES[name]}" for name in others)],
        [[key, *(cell(key, name) for name in others)] for key in results],
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="LIBRARY=PYTHON",
        help=f"the interpreter of a library ({', '.join(LOADERS)}); may be repeated",
    )
    parser.add_argument("--libraries", nargs="+", choices=LOADERS, default=list(LOADERS))
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--budget", type=float, default=0.05, help="seconds per turn of a library")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--clock",
        choices=["perf_counter", "process_time"],
        default="perf_counter",
        help="process_time counts CPU time, for machines that are shared with others",
    )
    parser.add_argument("--json", type=Path, help="write every round's seconds to this file")
    return parser.parse_args()


def main():
    args = options()
    pythons = dict(peer.split("=", 1) for peer in args.peer)
    if unknown := pythons.keys() - LOADERS.keys():
        raise SystemExit(
            f"--peer: unknown library {', '.join(unknown)}; known are {', '.join(LOADERS)}"
        )
    started = [
        Library(name, pythons.get(name, sys.executable), args.threads) for name in args.libraries
    ]
    libraries = [library for library in started if not library.missing]
    results = {
        key: measure(key, libraries, args.rounds, args.budget, args.clock) for key in args.workloads
    }
    names = [library.name for library in libraries]

    print("Value and gradient, median of the rounds (least):\n")
    print(times_table(results, names))
    if "mygrad" in names:
        print(
            "\nmygrad's time divided by the others', median of the rounds' ratios (ratio of the least):\n"
        )
        print(ratios_table(results, names))
    versions = {library.name: library.version for library in libraries}
    print(
        f"\n{args.threads} threads, {args.rounds} alternating rounds, {args.clock}. Versions:",
        end=" ",
    )
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    for library in started:
        if library.missing:
            print(f"Skipped: {library.name} ({library.missing})")
        library.close()
    if args.json:
        args.json.write_text(json.dumps({"versions": versions, "workloads": results}, indent=1))


if __name__ == "__main__":
    main()
