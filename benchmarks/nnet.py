"""Value and gradient of losses and layers, side by side: mygrad, MyGrad 2 and PyTorch.

    python benchmarks/nnet.py --peer mygrad2=PYTHON --peer torch=PYTHON --json nnet.json

Each library runs in a process of its own, in the interpreter that `--peer` names, or in this one; they take
turns. Of every turn two clocks are read: the wall's, and that of the process, which counts the work of all
its threads and is not disturbed by other programs.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy
from report import duration, table

HERE = Path(__file__).parent
TITLES = {"mygrad": "mygrad", "mygrad2": "MyGrad 2", "torch": "PyTorch eager"}
CLOCKS = {"wall": time.perf_counter, "process": time.process_time}


# ------------------------------------------------------------------ the workloads


@dataclass(frozen=True)
class Workload:
    """A scalar function; `leaves` are differentiated, `data` follow them as constants.

    `mygrad` is called with the module `mygrad.nnet` of either MyGrad, `torch` with
    `torch.nn.functional`; None where PyTorch computes something else. `bars` are the ratios to reach,
    mygrad's time over that of the named library.
    """

    mygrad: Callable[..., Any]
    torch: Callable[..., Any] | None
    leaves: tuple[numpy.ndarray, ...]
    data: tuple[numpy.ndarray, ...] = ()
    bars: dict[str, float] = field(default_factory=dict)


def crossentropy(nnet, x, labels):
    return nnet.losses.softmax_crossentropy(x, labels)


def crossentropy_torch(functional, x, labels):
    return functional.cross_entropy(x, labels)


def convolution(nnet, x, filters):
    return nnet.layers.conv_nd(x, filters, stride=1).sum()


def convolution_torch(functional, x, filters):
    return functional.conv2d(x, filters).sum()


def max_pool(nnet, x):
    return nnet.layers.max_pool(x, (2, 2), 2).sum()


def max_pool_torch(functional, x):
    return functional.max_pool2d(x, 2, 2).sum()


def gru(nnet, *arguments):
    return nnet.layers.gru(*arguments).sum()


def _workloads() -> dict[str, Workload]:
    rng = numpy.random.default_rng(0)

    def single(*shape):
        return rng.normal(size=shape).astype(numpy.float32)

    return {
        "softmax_crossentropy": Workload(
            crossentropy,
            crossentropy_torch,
            leaves=(single(256, 1000),),
            data=(rng.integers(1000, size=256),),
            bars={"torch": 1.2},
        ),
        "conv_nd": Workload(
            convolution,
            convolution_torch,
            leaves=(single(32, 3, 32, 32), single(16, 3, 5, 5)),
            bars={"mygrad2": 0.5, "torch": 3},
        ),
        "max_pool": Workload(
            max_pool,
            max_pool_torch,
            leaves=(single(32, 16, 28, 28),),
            bars={"mygrad2": 0.5},
        ),
        "gru": Workload(
            gru,
            None,
            leaves=(
                single(50, 16, 64),
                *(single(*shape) / 8 for _ in "zrh" for shape in ((64, 64), (64, 64), (64,))),
            ),
            bars={"mygrad2": 1},
        ),
    }


# ------------------------------------------------------------------ a library in its process


def load_mygrad(threads):
    import mygrad
    import mygrad.nnet

    def prepare(workload):
        leaves = [mygrad.tensor(array) for array in workload.leaves]

        def run():
            workload.mygrad(mygrad.nnet, *leaves, *workload.data).backward()
            return [leaf.grad for leaf in leaves]

        return run

    return mygrad.__version__, prepare


def load_mygrad2(threads):
    version, prepare = load_mygrad(threads)
    if not version.startswith("2."):
        raise ImportError(f"this interpreter's mygrad is {version}, not MyGrad 2")
    return version, prepare


def load_torch(threads):
    import torch

    torch.set_num_threads(threads)

    def prepare(workload):
        leaves = [torch.tensor(array, requires_grad=True) for array in workload.leaves]
        data = [torch.tensor(array) for array in workload.data]

        if workload.torch is None:
            return None

        def run():
            value = workload.torch(torch.nn.functional, *leaves, *data)
            return torch.autograd.grad(value, leaves)

        return run

    return torch.__version__, prepare


LOADERS = {"mygrad": load_mygrad, "mygrad2": load_mygrad2, "torch": load_torch}


def work(name: str, threads: int):
    """Answer requests: `[workload, repetitions]` with the seconds of one by each clock.

    No repetitions ask for the sizes of the gradients, which tell whether libraries agree. The answer
    is null where the library does not take part.
    """
    try:
        version, prepare = LOADERS[name](threads)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    prepared = {key: prepare(workload) for key, workload in _workloads().items()}
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        key, repeat = json.loads(line)
        run = prepared[key]
        if run is None:
            print("null", flush=True)
            continue
        if not repeat:
            gradients = [numpy.asarray(gradient, float) for gradient in run()]
            print(json.dumps([numpy.sqrt(numpy.sum(each**2)) for each in gradients]), flush=True)
            continue
        run()
        starts = {clock: read() for clock, read in CLOCKS.items()}
        for _ in range(repeat):
            run()
        answer = {clock: (read() - starts[clock]) / repeat for clock, read in CLOCKS.items()}
        print(json.dumps(answer), flush=True)


class Library:
    """A process that waits for requests."""

    def __init__(self, name: str, python: str, threads: int):
        self.name = name
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, str(threads))}
        # Ours is this checkout. MyGrad 2 has its import name and must not find it.
        environment.pop("PYTHONPATH", None)
        if name == "mygrad":
            environment["PYTHONPATH"] = str(HERE.parent)
        self.process = subprocess.Popen(
            [python, __file__, "--work", name, "--threads", str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        greeting = self.read()
        self.version = greeting.get("version")
        self.missing = greeting.get("missing")

    def read(self) -> Any:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.name} ended; its error stands above")
        return json.loads(line)

    def ask(self, workload: str, repeat: int) -> Any:
        self.process.stdin.write(json.dumps([workload, repeat]) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


# ------------------------------------------------------------------ the run


def measure(key: str, libraries: list[Library], rounds: int, budget: float) -> dict:
    """The seconds of every round by clock and library."""
    answers = [library.ask(key, 0) for library in libraries]
    libraries = [each for each, sizes in zip(libraries, answers, strict=True) if sizes is not None]
    sizes = [each for each in answers if each is not None]
    if not all(numpy.allclose(each, sizes[0], rtol=1e-3) for each in sizes):
        raise SystemExit(f"{key}: the gradients differ: {sizes}")
    repeats = [max(1, int(budget / library.ask(key, 1)["wall"])) for library in libraries]
    seconds = {clock: {library.name: [] for library in libraries} for clock in CLOCKS}
    for _ in range(rounds):
        for library, repeat in zip(libraries, repeats, strict=True):
            time.sleep(0.03)  # Idle threads of the process before spin for a while.
            for clock, value in library.ask(key, repeat).items():
                seconds[clock][library.name].append(value)
    return seconds


def rows(results: dict, names: list[str], bars: dict[str, dict[str, float]]) -> list[list[str]]:
    lines = []
    for key, by_clock in results.items():
        for clock, seconds in by_clock.items():
            least = {name: min(values) for name, values in seconds.items()}
            line = [f"`{key}`", clock]
            line += [duration(least[name]) if name in least else "" for name in names]
            for name in names[1:]:
                if name not in least:
                    line.append("")
                    continue
                pairs = zip(seconds[names[0]], seconds[name], strict=True)
                middle = median(a / b for a, b in pairs)
                cell = f"{middle:.2f} ({least[names[0]] / least[name]:.2f})"
                bar = bars[key].get(name)
                line.append(cell if bar is None else f"{cell}, bar {bar}")
            lines.append(line)
    return lines


def main():
    workloads = _workloads()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="append", default=[], metavar="LIBRARY=PYTHON")
    parser.add_argument("--libraries", nargs="+", choices=LOADERS, default=list(LOADERS))
    parser.add_argument("--workloads", nargs="+", choices=workloads, default=list(workloads))
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--budget", type=float, default=0.05, help="seconds of a library's turn")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write every round's seconds to this file")
    parser.add_argument("--work", choices=LOADERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        work(args.work, args.threads)
        return
    pythons = dict(peer.split("=", 1) for peer in args.peer)
    if unknown := pythons.keys() - LOADERS.keys():
        raise SystemExit(f"--peer: no library {', '.join(unknown)}; there are {', '.join(LOADERS)}")
    started = [
        Library(name, pythons.get(name, sys.executable), args.threads) for name in args.libraries
    ]
    libraries = [library for library in started if not library.missing]
    results = {key: measure(key, libraries, args.rounds, args.budget) for key in args.workloads}
    names = [library.name for library in libraries]
    header = ["workload", "clock", *(TITLES[name] for name in names)]
    header += [f"{names[0]} ÷ {TITLES[name]}" for name in names[1:]]
    print("Value and gradient: the least time; ratios, median of the rounds (least over least).\n")
    print(table(header, rows(results, names, {key: workloads[key].bars for key in results})))
    versions = {library.name: library.version for library in libraries}
    print(f"\n{args.threads} threads, {args.rounds} rounds in turns. Versions:", end=" ")
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    for library in started:
        if library.missing:
            print(f"Left out: {library.name} ({library.missing})")
        library.close()
    if args.json:
        args.json.write_text(json.dumps({"versions": versions, "workloads": results}, indent=1))


if __name__ == "__main__":
    main()
