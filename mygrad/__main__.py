"""``python -m mygrad``: a demonstration on a small data set, and a check of your functions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the demonstration model or run the command, and return the exit status."""
    from mygrad.commands import check  # noqa: PLC0415 - each command imports what it needs

    parser = argparse.ArgumentParser(
        prog="python -m mygrad",
        description="Without a command: fit a small model, whose loss is plain NumPy code, to Fisher's"
        " iris.",
    )
    commands = parser.add_subparsers(dest="command", metavar="command")
    checked = commands.add_parser(
        "check",
        help="is a NumPy function differentiable?",
        description="Differentiate a NumPy function and print its value, the norms of its gradients, whether"
        " they agree with finite differences, and where a gradient is lost. The exit status is 0 if it is"
        " differentiable, 1 if not, 2 if the command line is wrong.",
    )
    check.add_arguments(checked)
    options = parser.parse_args(arguments)
    if options.command == "check":
        return check.check(options)
    from mygrad.commands.demo import iris  # noqa: PLC0415

    iris.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
