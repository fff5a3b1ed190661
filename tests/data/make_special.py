"""Write special.json: values and derivatives of the special functions, computed by mpmath.

Run as ``python -m tests.data.make_special [name …]``; with names, only those rows are recomputed.
All rows take about ten minutes on two cores. A value that mpmath cannot compute in a minute is
omitted (NaN), since values only show how accurate SciPy is. Derivatives are required.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Sequence
from math import nan
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from mpmath import mp

from tests.rules.special_oracle import ROWS
from tests.rules.special_oracle.grid import figure, plain

PATH = Path(__file__).with_name("special.json")
SECONDS = 60


def give_up(*_: Any) -> None:
    raise TimeoutError


def in_time(key: str, expression: Callable[..., Any] | None, point: Sequence[Any]) -> Any:
    """The number, or NaN with a message."""
    signal.alarm(SECONDS)
    try:
        return figure(expression, point)
    except (TimeoutError, ArithmeticError, TypeError, mp.NoConvergence) as error:
        print(f"{key} {point}: {error!r}")
        return nan
    finally:
        signal.alarm(0)


def figures(index: int) -> tuple[str, dict[str, Any]]:
    """The points of a row, with their values and derivatives."""
    signal.signal(signal.SIGALRM, give_up)
    row = ROWS[index]
    columns = [
        [plain(in_time(row.key, expression, point)) for point in row.points]
        for expression in (row.value, *(row.slopes[argument] for argument in row.arguments))
    ]
    return row.key, {"points": row.fingerprint, "figures": columns}


def write(made: dict[str, Any]) -> None:
    """One line per row, in the order of the table."""
    lines = [
        f"{json.dumps(row.key)}: {json.dumps(made[row.key])}" for row in ROWS if row.key in made
    ]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main(names: list[str]) -> None:
    made = json.loads(PATH.read_text(encoding="utf-8")) if names else {}
    chosen = [i for i, row in enumerate(ROWS) if not names or row.name in names or row.key in names]
    with Pool(2) as pool:
        made |= dict(pool.imap_unordered(figures, chosen, chunksize=1))
    write(made)


if __name__ == "__main__":
    main(sys.argv[1:])
