"""Timing and Markdown tables for the benchmarks."""

import time
from collections.abc import Callable, Iterable, Sequence
from statistics import median


def seconds(
    function: Callable[[], object], repeat: int = 1, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The mean time of a call, after an untimed one."""
    function()
    start = clock()
    for _ in range(repeat):
        function()
    return (clock() - start) / repeat


def median_ratio(
    one: Callable[[], object], other: Callable[[], object], rounds: int, budget: float = 0.005
) -> float:
    """The CPU time of `one` divided by that of `other`: the median over alternating rounds."""
    repeat = max(1, int(budget / seconds(one)))
    clock = time.process_time
    return median(
        seconds(one, repeat, clock) / seconds(other, repeat, clock) for _ in range(rounds)
    )


def duration(value: float) -> str:
    """Three digits and a unit.

    >>> duration(0.00004567)
    '45.7 µs'
    """
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if value * scale >= 1:
            return f"{value * scale:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
