"""The programs of docs/examples, each in its short form, and the mathematics in them."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from mygrad.testing import check_gradients

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"

# Replaces Matplotlib, which the tests do not need: records what is drawn.
FIGURE = """
    from unittest.mock import MagicMock

    import numpy as np

    class Figure:
        def __init__(self, **options):
            self.axes = []

        def subplots(self, rows, columns, squeeze):
            self.axes = [MagicMock() for _ in range(rows * columns)]
            return [self.axes]

        def savefig(self, path):
            with open(path, "w") as file:
                for name, arguments, _ in [call for axes in self.axes for call in axes.method_calls]:
                    arrays = [np.asarray(a) for a in arguments if not isinstance(a, str)]
                    finite = all(np.isfinite(a).all() for a in arrays if a.dtype.kind in "fi")
                    print(name, finite, *(a.size for a in arrays), file=file)
"""


@pytest.fixture
def run(tmp_path):
    """Run an example in a separate process; return its output and what it draws."""
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "figure.py").write_text(textwrap.dedent(FIGURE), encoding="utf-8")
    (tmp_path / "matplotlib" / "__init__.py").touch()
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8",
        # The matrices are small: more threads would only wait for each other.
        "OPENBLAS_NUM_THREADS": "1",
    }

    def run(name):
        drawing = tmp_path / "drawing"
        program = [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"]
        done = subprocess.run(
            [*program, "--short", "--plot", drawing],
            check=False,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        assert re.search(r": \d+\.\d s$", done.stdout, re.MULTILINE), "the time that it took"
        return done.stdout, drawing.read_text(encoding="utf-8")

    return run


@pytest.fixture
def example(monkeypatch):
    """Import an example."""
    monkeypatch.syspath_prepend(EXAMPLES)
    names = ["common", *(path.stem for path in EXAMPLES.glob("*.py"))]
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


def number(pattern, text):
    """The number matched by the group of a pattern."""
    return float(re.search(pattern, text).group(1).replace(",", ""))


def curves(drawn):
    """The sizes of the arrays of each line drawn; fails if a value is not finite."""
    calls = [line.split() for line in drawn.splitlines()]
    lines = [call for call in calls if call[0] in {"plot", "semilogy", "fill_between"}]
    assert all(finite == "True" for _, finite, *_ in lines)
    return [[int(size) for size in sizes] for _, _, *sizes in lines]


def test_digits(run):
    pytest.importorskip("sklearn")
    printed, drawn = run("digits")
    for name in ["dense", "convolutional"]:
        first, last = re.search(rf"{name}: loss (\S+) -> (\S+),", printed).groups()
        assert float(last) < float(first) / 2
        assert number(rf"{name}: .* (\S+)% of 450 correct", printed) > 85
    assert curves(drawn) == 4 * [[4, 4]]


def test_text(run):
    printed, drawn = run("text")
    first = number(r"bits per character, at first: (\S+)", printed)
    letters = number(r"characters, (\d+) different", printed)
    # An untrained network considers all characters equally likely.
    assert first == pytest.approx(np.log2(letters), abs=0.5)
    assert number(r"unseen: (\S+),", printed) < 0.7 * first
    assert len({size for sizes in curves(drawn) for size in sizes}) == 1


def test_text_pairs_are_counted(example):
    text = example("text")
    # 1 always follows 0 and 0 follows 1, except for the one that is added to each pair.
    codes = np.array([0, 1, 0, 1, 0, 1, 0])
    assert text.guess(codes, np.array([0, 1, 0]), 2) == pytest.approx(-np.log2(4 / 5))


def test_text_columns_are_consecutive(example):
    np.testing.assert_array_equal(
        example("text").columns(np.arange(7), 2), [[0, 3], [1, 4], [2, 5]]
    )


def test_gaussian_process(run):
    printed, drawn = run("gaussian_process")
    first, last = map(float, re.search(r"likelihood: (\S+) -> (\S+)", printed).groups())
    assert last < first - 20
    # The trend alone is 15 ppm in these ten years, the season 6 ppm in each.
    assert number(r"root mean square error (\S+) ppm", printed) < 3
    assert number(r"(\d+)% of them within", printed) > 60
    assert all(len(set(sizes)) == 1 for sizes in curves(drawn))


def test_gaussian_process_gradient(example):
    process = example("gaussian_process")
    t = np.linspace(0, 3, 8)
    check_gradients(lambda logs: process.loss(logs, t, np.sin(t)), process.START)


def test_gaussian_process_marginal_likelihood(example):
    stats = pytest.importorskip("scipy.stats")
    process = example("gaussian_process")
    t = np.linspace(0, 3, 8)
    covariance = process.covariance(t, t, process.START) + 0.3**2 * np.eye(8)
    expected = -stats.multivariate_normal(np.zeros(8), covariance).logpdf(np.sin(t))
    assert process.loss(process.START, t, np.sin(t)) == pytest.approx(expected)


def test_gaussian_process_knows_what_it_has_seen(example):
    process = example("gaussian_process")
    t, logs = np.linspace(0, 3, 8), process.START.copy()
    logs[-1] = np.log(1e-4)
    mean, deviation = process.predict(t, logs, t, np.sin(t))
    np.testing.assert_allclose(mean, np.sin(t), atol=1e-4)
    assert np.all(deviation < 1e-3)


def test_carbon_dioxide_is_that_of_mauna_loa(example):
    times, ppm = example("gaussian_process").load()
    assert len(times) == len(ppm) == 521
    assert np.all(np.diff(times) > 0)
    # NOAA's means of two years, on a later scale of calibration.
    for year, mean in [(1959, 315.98), (2000, 369.71)]:
        assert ppm[np.floor(times) == year].mean() == pytest.approx(mean, abs=0.5)


def test_lynx_and_hare(run):
    pytest.importorskip("scipy")
    printed, drawn = run("lynx_and_hare")
    first, last = map(float, re.search(r"likelihood: (\S+) -> (\S+)", printed).groups())
    assert last < first - 50
    rates = re.findall(r"\.\. (\S+) ± \S+ +(\S+) ± (\S+)", printed)
    assert len(rates) == 4
    for found, published, deviation in rates:
        assert float(found) == pytest.approx(float(published), abs=float(deviation))
    assert all(len(set(sizes)) == 1 for sizes in curves(drawn))


def test_lynx_and_hare_solution_is_of_fourth_order(example):
    model = example("lynx_and_hare")
    start, rates = np.exp(model.START[4:6]), np.exp(model.START[:4])
    exact = model.solution(start, rates, 4, 64)
    errors = [np.max(np.abs(model.solution(start, rates, 4, n) - exact)) for n in (4, 8)]
    assert 12 < errors[0] / errors[1] < 22


def test_lynx_and_hare_likelihood(example):
    stats = pytest.importorskip("scipy.stats")
    model = example("lynx_and_hare")
    rates, start, errors = np.split(np.exp(model.START), [4, 6])
    fitted = model.solution(start, rates, 21, 2)
    expected = -np.sum(stats.norm(np.log(fitted), errors).logpdf(np.log(model.PELTS)))
    assert model.loss(model.START, 2) == pytest.approx(expected)


def test_lynx_and_hare_gradient(example):
    model = example("lynx_and_hare")
    check_gradients(lambda logs: model.loss(logs, 1), model.START)


def test_the_page_quotes_the_programs():
    page = (EXAMPLES.parent / "examples.md").read_text(encoding="utf-8")
    programs = "".join(path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py"))
    quoted = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert quoted
    assert [code for code in quoted if code not in programs] == []


def test_progress_without_tqdm(example, monkeypatch, capsys):
    common = example("common")
    monkeypatch.setattr(common, "tqdm", None)
    assert list(common.progress(20, "counting")) == list(range(20))
    printed = capsys.readouterr().err.splitlines()
    assert printed[0] == "counting: 2 of 20"
    assert printed[-1] == "counting: 20 of 20"
    assert len(printed) == 10


def test_plot_without_matplotlib(example, monkeypatch, capsys, tmp_path):
    common = example("common")
    monkeypatch.setattr(common, "Figure", None)
    common.plot(tmp_path / "none.png", lambda _: pytest.fail("there is nothing to draw on"))
    assert "matplotlib is not installed" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
