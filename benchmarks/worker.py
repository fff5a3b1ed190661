"""One library in a separate process: answers the requests of `run.py` until end of input.

`python worker.py LIBRARY THREADS` reads one JSON request per line and writes one JSON answer per
line: `{"check": workload, "path": file}` saves the gradients there, `{"time": workload, "repeat":
k, "clock": function of the module time}` returns the mean seconds of one repetition, after an
untimed one that warms up caches and thread pools.
"""

import json
import os
import sys
import time

import numpy
from report import seconds
from workloads import WORKLOADS


def load_numpy(threads):
    """The reference: the value alone."""

    def prepare(workload):
        return lambda: (workload.function(numpy, *workload.leaves, *workload.data), [])

    return numpy.__version__, prepare


def load_mygrad(threads):
    import mygrad

    def prepare(workload):
        leaves = [mygrad.tensor(array) for array in workload.leaves]

        def run():
            value = workload.function(numpy, *leaves, *workload.data)
            value.backward()
            return value, [leaf.grad for leaf in leaves]

        return run

    return mygrad.__version__, prepare


def load_mygrad2(threads):
    version, prepare = load_mygrad(threads)
    if not version.startswith("2."):
        raise ImportError(f"this interpreter's mygrad is {version}, not MyGrad 2")
    return version, prepare


def load_autograd(threads):
    from importlib.metadata import version

    import autograd

    def prepare(workload):
        def function(*arguments):
            return workload.function(autograd.numpy, *arguments)

        both = autograd.value_and_grad(function, argnum=tuple(range(len(workload.leaves))))
        return lambda: both(*workload.leaves, *workload.data)

    return version("autograd"), prepare


def load_torch(threads):
    import torch

    torch.set_num_threads(threads)

    def prepare(workload):
        leaves = [torch.tensor(array, requires_grad=True) for array in workload.leaves]
        data = [torch.tensor(array) for array in workload.data]
        function = workload.torch_function or workload.function

        def run():
            value = function(torch, *leaves, *data)
            return value, torch.autograd.grad(value, leaves)

        return run

    return torch.__version__, prepare


def load_jax(threads):
    import jax

    jax.config.update("jax_enable_x64", True)

    def prepare(workload):
        def function(*arguments):
            return workload.function(jax.numpy, *arguments)

        jitted = jax.jit(jax.value_and_grad(function, argnums=tuple(range(len(workload.leaves)))))
        arguments = [jax.numpy.asarray(array) for array in workload.leaves + workload.data]
        return lambda: jax.block_until_ready(jitted(*arguments))

    return jax.__version__, prepare


LOADERS = {
    "numpy": load_numpy,
    "mygrad": load_mygrad,
    "mygrad2": load_mygrad2,
    "autograd": load_autograd,
    "torch": load_torch,
    "jax": load_jax,
}


def answer(request, prepared):
    if "check" in request:
        _, gradients = prepared[request["check"]]()
        numpy.savez(request["path"], *map(numpy.asarray, gradients))
        return {}
    clock = getattr(time, request["clock"])
    return {"seconds": seconds(prepared[request["time"]], request["repeat"], clock)}


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    if hasattr(os, "sched_setaffinity"):  # the only way to limit JAX's threads
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    try:
        version, prepare = LOADERS[name](threads)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), flush=True)
        return
    prepared = {
        key: prepare(workload) for key, workload in WORKLOADS.items() if name in workload.libraries
    }
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), prepared)), flush=True)


if __name__ == "__main__":
    main()
