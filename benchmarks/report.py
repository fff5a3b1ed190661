"""What the benchmarks share: rounds that take turns, and tables in Markdown."""

import time
from collections.abc import Callable, Iterable, Sequence
from statistics import median


def seconds(
    function: Callable[[], object], repeat: int = 1, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The mean time of one call, after one that is not counted."""
    function()
    start = clock()
    for _ in range(repeat):
        function()
    return (clock() - start) / repeat


def in_turns(
    functions: Sequence[Callable[[], object]], rounds: int, budget: float = 0.005
) -> list[list[float]]:
    """The mean time of each function in each round; they take turns, so that noise hits all alike."""
    repeats = [max(1, int(budget / seconds(function))) for function in functions]
    return [
        [seconds(function, repeat) for function, repeat in zip(functions, repeats, strict=True)]
        for _ in range(rounds)
    ]


def best_in_turns(functions: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """The least time of each function."""
    return [min(times) for times in zip(*in_turns(functions, rounds), strict=True)]


def median_ratio(one: Callable[[], object], other: Callable[[], object], rounds: int) -> float:
    """The time of `one` over that of `other`: the median of the rounds' own ratios."""
    return median(a / b for a, b in in_turns([one, other], rounds))


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
