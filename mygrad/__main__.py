"""``python -m mygrad``: see mygrad at work on a small data set."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mygrad.demo import iris


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit the demonstration model; there is nothing to choose yet."""
    parser = argparse.ArgumentParser(
        prog="python -m mygrad",
        description="Fit a small model, whose loss is plain NumPy code, to Fisher's iris.",
    )
    parser.parse_args(arguments)
    iris.main()


if __name__ == "__main__":
    main()
