"""``python -m mygrad check``."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import mygrad as mg
from mygrad.__main__ import main
from mygrad.engine.modes import collect_leaks

CODE = """\
import math

import numpy as np

scale = 3


def fit(x, w):
    return np.sum(np.tanh(x @ w) ** 2)


def lossy(x, w):
    scores = np.zeros(len(x))
    for i, row in enumerate(x):
        scores[i] = float(row @ w)
    length = math.sqrt(np.sum(w**2))
    return np.sum(x @ w) / length + np.sum(scores)


def harmless(x):
    print("size:", x.item())
    return x**2


def into_an_array(x):
    total = np.zeros(3)
    total += x
    return np.sum(total)


def root(x):
    return {"root": np.sqrt(x), "sign": np.sign(x), "parts": (x, 1j * x)}


def number(*xs, power=2):
    return sum(x**power for x in xs)


def nothing(x):
    return x.tolist()


def unused(x, y):
    return np.sin(x)


def twice(x):
    x *= 2
    return np.sum(x**2)


def leaving(x):
    raise SystemExit(0)


def leaving_tensors(x):
    if type(x) is not np.ndarray:
        raise SystemExit(0)
    return x


class Model:
    @staticmethod
    def loss(x):
        return np.mean(np.abs(x))
"""

numbers = count()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module to the current directory, and return its name."""
    name = f"checked_{next(numbers)}"
    (tmp_path / f"{name}.py").write_text(CODE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def run(module, capsys):
    """Run the command; return its exit status and its output, with blanks collapsed."""

    def run(function, *options):
        status = main(["check", f"{module}:{function}", *options])
        printed = capsys.readouterr()
        return status, " ".join(printed.out.split()), printed.err

    return run


def line(text):
    return CODE[: CODE.index(text)].count("\n") + 1


def test_a_differentiable_function(run, module):
    status, printed, errors = run("fit", "--shapes", "3,4", "4")
    assert status == 0
    assert errors == ""
    assert f"{module}:fit of float64 arrays of shapes (3, 4), (4,), seed 0" in printed
    rng = np.random.default_rng(0)
    x, w = mg.tensor(rng.normal(size=(3, 4))), mg.tensor(rng.normal(size=4))
    value = np.sum(np.tanh(x @ w) ** 2)
    value.backward()
    assert f"value {value.item():.6g} gradient x: norm {np.linalg.norm(x.grad):.6g}" in printed
    assert f"w: norm {np.linalg.norm(w.grad):.6g} leaks none" in printed
    assert "first order agrees" in printed
    assert "second order agrees" in printed
    assert printed.endswith("differences differentiable")


def test_every_leak_is_named(run, module):
    status, printed, _ = run("lossy", "--shapes", "3,4", "4")
    assert status == 1
    what = "a tensor that carries a gradient was turned into a float"
    assert f"leaks {module}.py:{line('scores[i]')}: {what} (3 times) Use a NumPy" in printed
    assert f"{module}.py:{line('length = math')}: {what} first order" in printed
    assert "first order differs from finite differences" in printed
    assert "worst entry" in printed
    assert "second order" not in printed
    assert printed.endswith("NOT differentiable")


def test_a_leak_alone_decides(run, module):
    status, printed, _ = run("harmless", "--shapes", "scalar")
    assert status == 1
    assert f"{module}.py:{line('print(')}: " in printed
    assert "item()" in printed
    assert "second order agrees" in printed


def test_an_error_on_tensors(run, module):
    status, printed, _ = run("into_an_array", "--shapes", "3")
    assert status == 1
    assert f"on tensors, {module}.py:{line('total += x')}: TypeError: np.add would" in printed
    assert "order" not in printed


def test_nests_of_results(run):
    status, printed, _ = run("root", "--shapes", "2", "--positive", "--seed", "3")
    assert status == 0
    assert "seed 3 value float64 array of shape (2,), values" in printed
    assert "complex128 array of shape (2,), absolute values" in printed


def test_not_a_number(run):
    status, printed, _ = run("root", "--shapes", "5")
    assert status == 1
    assert "not finite: try --positive" in printed


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_other_dtypes(run, dtype):
    status, printed, _ = run("number", "--shapes", "()", "1,", "--dtype", dtype)
    assert status == 0
    assert f"of {dtype} arrays of shapes (), (1,)" in printed
    assert "argument 1: norm" in printed


def test_no_result_to_differentiate(run):
    status, printed, _ = run("nothing", "--shapes", "2")
    assert status == 1
    assert "x: none reached it" in printed
    assert "tolist()" in printed
    assert "(no gradient reached it)" in printed


def test_an_argument_that_does_not_matter(run):
    status, printed, _ = run("unused", "--shapes", "2", "2")
    assert status == 0
    assert "y: none reached it" in printed


def test_an_argument_that_is_updated_in_place(run):
    status, printed, errors = run("twice", "--shapes", "3")
    x = np.random.default_rng(0).normal(size=3)
    assert f"gradient x: norm {np.linalg.norm(8 * x):.6g}" in printed
    assert (status, errors) == (0, "")


def test_a_function_that_ends_the_program_on_tensors(run):
    status, printed, _ = run("leaving_tensors", "--shapes", "3")
    assert status == 1
    assert "on tensors, checked_" in printed
    assert "SystemExit: 0" in printed


def test_a_function_inside_a_class(run):
    assert run("Model.loss", "--shapes", "2")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "--shapes", "3,a", "4"], "'3,a' is not a shape. Write 3,4 for a matrix"),
        (["fit", "--shapes", "3,-4", "4"], "'3,-4' is not a shape"),
        (["fit", "--shapes", "3"], "called with one array: give a shape for each"),
        (["fit"], "called with no arrays: give a shape for each argument"),
        (["number"], "there is nothing to differentiate with respect to"),
        (["fit", "--shapes", "3", "4"], "fails on plain arrays of shapes 3 4: checked_"),
        (["fit", "--shapes", "3", "3", "--dtype", "int64"], "only floating-point and complex"),
        (["fit", "--shapes", "3", "3", "--dtype", "real"], "is not a NumPy dtype"),
        (["scale", "--shapes", "3"], "is not a function but int"),
        (["leaving", "--shapes", "3"], "SystemExit: 0"),
        (["fit", "--shapes", "3", "3", "--seed", "-1"], "--seed -1: must be non-negative"),
        (["fit", "--shapes", f"{10**9},{10**9}", "3"], "cannot create such arrays"),
        (["fit", "--shapes", f"{10**30}", "3"], "cannot create such arrays"),
        (["missing", "--shapes", "3"], "has no 'missing'; it has fit, lossy"),
    ],
)
def test_misuse(run, arguments, message):
    status, printed, errors = run(*arguments)
    assert status == 2
    assert printed == ""
    assert message in errors


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("numpy", "'numpy' does not name a function: write module:function"),
        ("losses.py:fit", "'losses.py' is a file"),
        ("there_is_none:f", "no module 'there_is_none' in"),
        ("numpy.there_is_none:f", "no module 'numpy.there_is_none'"),
        ("broken:f", "broken cannot be imported: broken.py:2: ZeroDivisionError"),
        ("leaving:f", "leaving cannot be imported: leaving.py:3: SystemExit: 0"),
        ("lacking:f", "lacking cannot be imported: lacking.py:1: ModuleNotFoundError"),
    ],
)
def test_modules_that_cannot_be_used(module, capsys, target, message):
    Path("broken.py").write_text("one = 1\none / 0\n", encoding="utf-8")
    Path("leaving.py").write_text("import sys\n\nsys.exit(0)\n", encoding="utf-8")
    Path("lacking.py").write_text("import there_is_none\n", encoding="utf-8")
    assert main(["check", target, "--shapes", "3"]) == 2
    assert message in capsys.readouterr().err


def test_the_path_is_as_it_was(run):
    before = list(sys.path)
    run("fit", "--shapes", "3", "3")
    assert sys.path == before


def test_what_argparse_refuses(capsys):
    with pytest.raises(SystemExit) as error:
        main(["check"])
    assert error.value.code == 2
    assert "module:function" in capsys.readouterr().err


def test_in_a_process_of_its_own(module):
    command = [sys.executable, "-m", "mygrad", "check", f"{module}:lossy", "--shapes", "2,3", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{module}.py:{line('scores[i]')}: " in done.stdout
    assert done.stderr == ""


def test_leaks_are_collected_only_inside():
    x = mg.tensor(2.0)
    with collect_leaks() as leaks:
        float(x)
        (x * 1.5).astype(int)
        np.multiply(x, 2.0, out=mg.tensor(0.0, constant=True))
    assert [leak.what.split()[-1] for leak in leaks] == ["float", "int64", "constant"]
    assert all(leak.where.startswith(f"{__file__}:") for leak in leaks)
    assert float(x) == 2.0
    with mg.strict, pytest.raises(mg.GradientLost):
        float(x)
    assert len(leaks) == 3
