"""What the examples share: arguments, progress, plots, and the time that something took."""

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
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="stop after a few seconds")
    parser.add_argument("--plot", metavar="FILE", help="draw the results into FILE (.png, .svg …)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    return parser.parse_args(argv)


def progress(steps, title):
    """The numbers below ``steps``, with a bar if tqdm is installed, and with lines if not."""
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
    """Write the figure that ``draw`` makes of as many axes to ``path``, if there is one."""
    if path is None:
        return
    if Figure is None:
        print("No plot: matplotlib is not installed.")
        return
    figure = Figure(figsize=(4 * columns, 3), layout="constrained")
    draw(*figure.subplots(1, columns, squeeze=False)[0])
    figure.savefig(path)
    print(f"Plot: {path}")
