"""Writes special.json: values and derivatives of the special functions, by mpmath.

Run as python -m tests.data.make_special [name …]; of names, those rows alone are made anew.
"""

from __future__ import annotations

import json
import sys
import time
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from tests.rules.special_oracle import ROWS
from tests.rules.special_oracle.grid import figure as real_figure

PATH = Path(__file__).with_name("special.json")


def plain(x: Any) -> Any:
    """A number that JSON can hold: a complex one as its parts."""
    return [x.real, x.imag] if isinstance(x, complex) else x


def figures(index: int) -> tuple[str, dict[str, Any]]:
    """The points of a row, and what value and derivatives are at them."""
    row = ROWS[index]
    def figure(expression, point):
        import signal
        def boom(*a): raise TimeoutError
        signal.signal(signal.SIGALRM, boom); signal.alarm(3)
        try: return real_figure(expression, point)
        except Exception as e:
            print("   !!", row.key, point, [row.value,*row.slopes].index(expression), repr(e)[:100], flush=True); return float("nan")
        finally: signal.alarm(0)
    start = time.perf_counter()
    columns = [
        [plain(figure(expression, point)) for point in row.points]
        for expression in (row.value, *row.slopes)
        if expression is not None or expression is row.value
    ]
    print(f"{time.perf_counter() - start:7.1f} s  {len(row.points):4d}  {row.key}", flush=True)
    return row.key, {"points": [list(map(plain, p)) for p in row.points], "figures": columns}


def write(made: dict[str, Any]) -> None:
    lines = [f"{json.dumps(r.key)}: {json.dumps(made[r.key])}" for r in ROWS if r.key in made]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main(names: list[str]) -> None:
    there = json.loads(PATH.read_text()) if PATH.exists() and names else {}
    chosen = [i for i, row in enumerate(ROWS) if not names or row.name in names or row.key in names]
    with Pool(2) as pool:
        for key, made in pool.imap_unordered(figures, chosen, chunksize=1):
            there[key] = made
            write(there)


if __name__ == "__main__":
    main(sys.argv[1:])
