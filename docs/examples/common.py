"""Shared by the examples: command-line options, progress, timing and plots."""

import argparse
import sys
import time
from contextlib import contextmanager

try:
    from tqdm import tqdm
except ImportError:
    tqdm = None

try:
    from matplotlib.figure import Figure
except ImportError:
    Figure = None


def arguments(description, argv=None):
    """The command-line options."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="stop after a few seconds")
    parser.add_argument("--plot", metavar="FILE", help="plot the results to FILE (.png, .svg …)")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the random numbers (default: 0)"
    )
    return parser.parse_args(argv)


def progress(steps, title):
    """``range(steps)``, with a progress bar if tqdm is installed, else with lines of text."""
    if tqdm is not None:
        yield from tqdm(range(steps), title, leave=False)
        return
    for step in range(steps):
        yield step
        if 10 * (step + 1) // steps > 10 * step // steps:
            print(f"{title}: {step + 1} of {steps}", file=sys.stderr)


@contextmanager
def timed(what):
    """Print how long the block took."""
    start = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - start:.1f} s")


def plot(path, draw, columns=2):
    """Save the figure that ``draw`` makes in ``columns`` axes to ``path``, if given."""
    if path is None:
        return
    if Figure is None:
        print("No plot: matplotlib is not installed.")
        return
    figure = Figure(figsize=(4 * columns, 3), layout="constrained")
    draw(*figure.subplots(1, columns, squeeze=False)[0])
    figure.savefig(path)
    print(f"Plot: {path}")
