"""The generated stubs are up to date, and a type checker accepts them."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest

import mygrad as mg
from tests.versions import numpy_since
from tools import stubs
from tools.newest import GONE, NEWEST, PARAMETERS

MODULES = [mg, mg.linalg, mg.fft]
by_module = pytest.mark.parametrize("module", MODULES, ids=[m.__name__ for m in MODULES])


def stub_of(module: Any) -> Path:
    return Path(inspect.getsourcefile(module) or "").with_suffix(".pyi")


@by_module
def test_stubs_are_fresh(module: Any) -> None:
    assert stub_of(module).read_text() == stubs.render(module), "run python -m tools.stubs"


def test_the_check_tells_by_its_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stubs.main(["--check"]) == 0
    monkeypatch.setattr(stubs, "render", lambda module: "something else")
    assert stubs.main(["--check"]) == 1
    assert "out of date: __init__.pyi" in capsys.readouterr().err


@by_module
def test_every_public_name_is_declared(module: Any) -> None:
    tree = ast.parse(stub_of(module).read_text())
    declared: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom):
            declared |= {alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, ast.FunctionDef):
            declared.add(statement.name)
    assert set(module.__all__) - {name.removeprefix("np.") for name in GONE} <= declared


@by_module
def test_declared_parameters_are_those_of_the_signature(module: Any) -> None:
    tree = ast.parse(stub_of(module).read_text())
    functions = [statement for statement in tree.body if isinstance(statement, ast.FunctionDef)]
    assert functions
    for function in functions:
        if module is mg and function.name in PARAMETERS and not numpy_since(NEWEST):
            continue  # they are those of the newest
        arguments = function.args
        declared = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        declared += [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None]
        expected = list(inspect.signature(getattr(module, function.name)).parameters)
        assert sorted(declared) == sorted(expected), function.name
