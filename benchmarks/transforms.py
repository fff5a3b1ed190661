"""Second derivatives, side by side: mygrad, autograd and PyTorch, each in a separate process.

    python benchmarks/transforms.py --peer autograd=PYTHON --peer torch=PYTHON

Three questions: the time of Hessians and Hessian-vector products on small problems; the time of the
product on the MLP of `run.py`, in multiples of NumPy's forward pass; and the time of a Jacobian of
200 results, in multiples of separate pullbacks. PyTorch appears twice, with its own functions for
the purpose and with the fastest code written by hand.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy
from report import duration, seconds, table
from workloads import WORKLOADS

HERE = Path(__file__).parent
X = numpy.linspace(0.1, 1.0, 8)
V = numpy.linspace(1.0, -1.0, 8)
INPUTS = numpy.linspace(-1.0, 1.0, 20).reshape(5, 4)
TARGETS = numpy.linspace(0.0, 1.0, 5)


def chain(np, x, inputs, targets):
    """Six operations, one after the other."""
    return np.sum(np.tanh(x * x) * np.exp(-x))


def rosenbrock(np, x, inputs, targets):
    """The Rosenbrock function, with slices."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def neuron(np, x, inputs, targets):
    """The mean squared error of two units, weights and output weights in one vector."""
    hidden = np.tanh(inputs @ x[:4]) * x[4] + np.tanh(inputs @ x[4:]) * x[0]
    return np.mean((hidden - targets) ** 2)


FUNCTIONS = {"chain": chain, "rosenbrock": rosenbrock, "neuron": neuron}
SMALL = [f"{what} {name}" for name in FUNCTIONS for what in ("hvp", "hessian")]


def problem(key):
    what, name = key.split()
    return what, FUNCTIONS[name]


def load_numpy():
    leaves, data = WORKLOADS["mlp"].leaves, WORKLOADS["mlp"].data
    return numpy.__version__, lambda _: lambda: WORKLOADS["mlp"].function(numpy, *leaves, *data)


def load_mygrad():
    import mygrad as mg

    def prepare(key):
        if key == "hvp mlp":
            leaves, data = list(WORKLOADS["mlp"].leaves), WORKLOADS["mlp"].data
            directions = [numpy.ones_like(leaf) for leaf in leaves]
            loss = lambda leaves: WORKLOADS["mlp"].function(numpy, *leaves, *data)  # noqa: E731
            return lambda: mg.hvp(loss, leaves, directions)
        if key in ("jacobian", "pulls"):
            weights = numpy.random.default_rng(0).normal(size=(200, 150))
            layer = lambda x: numpy.tanh(weights @ x) * numpy.exp(-x[0])  # noqa: E731
            x = numpy.linspace(-1, 1, 150)
            if key == "jacobian":
                return lambda: mg.jacobian(layer)(x)
            units = numpy.eye(200)

            def pulls():
                _, pullback = mg.vjp(layer, x)
                return numpy.stack([pullback(unit)[0] for unit in units])

            return pulls
        what, function = problem(key)
        of_x = lambda x: function(numpy, x, INPUTS, TARGETS)  # noqa: E731
        if what == "hvp":
            return lambda: mg.hvp(of_x, X, V)
        return lambda: mg.hessian(of_x)(X)

    return mg.__version__, prepare


def load_autograd():
    from importlib.metadata import version

    import autograd
    import autograd.numpy as np

    def prepare(key):
        what, function = problem(key)
        of_x = lambda x: function(np, x, INPUTS, TARGETS)  # noqa: E731
        if what == "hvp":
            return lambda: autograd.hessian_vector_product(of_x)(X, V)
        return lambda: autograd.hessian(of_x)(X)

    return version("autograd"), prepare


def load_torch(by_hand=False):
    import torch
    from torch.autograd import functional

    torch.set_num_threads(1)
    x, v = torch.tensor(X), torch.tensor(V)
    inputs, targets = torch.tensor(INPUTS), torch.tensor(TARGETS)

    def prepare(key):
        what, function = problem(key)
        of_x = lambda x: function(torch, x, inputs, targets)  # noqa: E731
        if what == "hessian":
            return lambda: functional.hessian(of_x, x, vectorize=by_hand)
        if not by_hand:
            return lambda: functional.hvp(of_x, x, v)[1]

        def product():
            leaf = x.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(of_x(leaf), leaf, create_graph=True)
            return torch.autograd.grad(gradient, leaf, v)[0]

        return product

    return torch.__version__, prepare


LOADERS = {
    "numpy": load_numpy,
    "mygrad": load_mygrad,
    "autograd": load_autograd,
    "torch": load_torch,
    "torch-by-hand": lambda: load_torch(by_hand=True),
}
TITLES = {
    "mygrad": "mygrad",
    "autograd": "autograd",
    "torch": "PyTorch, torch.autograd.functional",
    "torch-by-hand": "PyTorch, by hand or vectorized",
}


def work(name):
    """Answer requests until end of input."""
    try:
        version, prepare = LOADERS[name]()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    print(json.dumps({"version": version}), flush=True)
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = request["key"]
        if key not in prepared:
            prepared[key] = prepare(key)
        if "repeat" in request:
            clock = getattr(time, request["clock"])
            answer = {"seconds": seconds(prepared[key], request["repeat"], clock)}
        else:
            answer = {"value": numpy.asarray(prepared[key]()).tolist()}
        print(json.dumps(answer), flush=True)


class Worker:
    """A process that measures one library."""

    def __init__(self, name, python):
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = {**os.environ, **single}
        environment.pop("PYTHONPATH", None)
        if name == "mygrad":
            environment["PYTHONPATH"] = str(HERE.parent)
        self.name = name
        self.process = subprocess.Popen(
            [python, __file__, "--worker", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        greeting = self.read()
        self.version, self.missing = greeting.get("version"), greeting.get("missing")

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of {self.name} ended; see its error above")
        return json.loads(line)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def measure(pairs, rounds, budget, clock):
    """The seconds of each pair of a worker and a key, one entry per alternating round."""
    found = {(worker.name, key): [] for worker, key in pairs}
    repeats = {
        (worker.name, key): max(
            1, int(budget / worker.ask(key=key, repeat=1, clock="perf_counter")["seconds"])
        )
        for worker, key in pairs
    }
    for _ in range(rounds):
        for worker, key in pairs:
            repeat = repeats[worker.name, key]
            found[worker.name, key].append(
                worker.ask(key=key, repeat=repeat, clock=clock)["seconds"]
            )
    return found


def ratio(one, other):
    """The median of the rounds' ratios, and the ratio of the fastest rounds."""
    middle = median(a / b for a, b in zip(one, other, strict=True))
    return f"{middle:.2f} ({min(one) / min(other):.2f})"


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", action="append", default=[], metavar="LIBRARY=PYTHON")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--budget", type=float, default=0.05, help="seconds per turn")
    parser.add_argument("--clock", choices=["perf_counter", "process_time"], default="process_time")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    args = options()
    if args.worker:
        work(args.worker)
        return
    pythons = dict(peer.split("=", 1) for peer in args.peer)
    if unknown := pythons.keys() - LOADERS.keys():
        raise SystemExit(
            f"--peer: unknown library {', '.join(unknown)}; known are {', '.join(LOADERS)}"
        )
    pythons.setdefault("torch-by-hand", pythons.get("torch", sys.executable))
    started = {name: Worker(name, pythons.get(name, sys.executable)) for name in LOADERS}
    workers = {name: worker for name, worker in started.items() if not worker.missing}
    mygrad, peers = workers["mygrad"], [workers[name] for name in TITLES if name in workers]

    for key in SMALL:
        for peer in peers:
            numpy.testing.assert_allclose(peer.ask(key=key)["value"], mygrad.ask(key=key)["value"])
    found = {}
    for key in SMALL:
        found |= measure([(peer, key) for peer in peers], args.rounds, args.budget, args.clock)
    print(
        "Small problems, 8 variables: median of the rounds (least); mygrad's time divided by it.\n"
    )

    def cell(name, key):
        times = found[name, key]
        text = f"{duration(median(times))} ({duration(min(times))})"
        return text if name == "mygrad" else f"{text}; {ratio(found['mygrad', key], times)}"

    names = [peer.name for peer in peers]
    print(
        table(
            ["problem", *(TITLES[n] for n in names)],
            [[k, *(cell(n, k) for n in names)] for k in SMALL],
        )
    )

    pairs = [(workers["numpy"], "mlp"), (mygrad, "hvp mlp")]
    large = measure(pairs, 2 * args.rounds, args.budget, args.clock)
    print("\nHessian-vector product of the MLP, divided by NumPy's forward pass:", end=" ")
    print(ratio(large["mygrad", "hvp mlp"], large["numpy", "mlp"]), "bar 6")
    numpy.testing.assert_allclose(
        mygrad.ask(key="jacobian")["value"], mygrad.ask(key="pulls")["value"]
    )
    pulls = measure([(mygrad, "jacobian"), (mygrad, "pulls")], args.rounds, args.budget, args.clock)
    print("A Jacobian of 200 results of a layer, divided by 200 separate pullbacks:", end=" ")
    print(ratio(pulls["mygrad", "jacobian"], pulls["mygrad", "pulls"]), "bar 0.2")
    print(f"\nOne thread, {args.rounds} alternating rounds, {args.clock}. Versions:", end=" ")
    print(", ".join(f"{name} {worker.version}" for name, worker in workers.items()))
    for name, worker in started.items():
        if worker.missing:
            print(f"Skipped: {name} ({worker.missing})")
        worker.close()


if __name__ == "__main__":
    main()
