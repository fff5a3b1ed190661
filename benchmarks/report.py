"""What the benchmarks share: rounds that take turns, and tables in Markdown."""

import time
from collections.abc import Callable, Iterable, Sequence


def seconds(function: Callable[[], object], repeat: int = 1) -> float:
    """The mean time of one call, after one that is not counted."""
    function()
    start = time.perf_counter()
    for _ in range(repeat):
        function()
    return (time.perf_counter() - start) / repeat


def best_in_turns(
    functions: Sequence[Callable[[], object]], rounds: int, budget: float = 0.01
) -> list[float]:
    """The least mean time of each function; they take turns, so that noise hits all alike."""
    repeats = [max(1, int(budget / seconds(function))) for function in functions]
    times = [
        [seconds(function, repeat) for function, repeat in zip(functions, repeats, strict=True)]
        for _ in range(rounds)
    ]
    return [min(column) for column in zip(*times, strict=True)]


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
