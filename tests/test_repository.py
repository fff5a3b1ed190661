"""The repository is consistent: facts that appear in two places agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import mygrad
from tests.versions import OLDEST

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TEXTS = sorted(
    path
    for pattern in ("*", ".ci/*", "benchmarks/**/*", "docs/**/*", "mygrad/**/*", "tests/**/*")
    for path in ROOT.glob(pattern)
    if path.suffix in {"", ".csv", ".md", ".py", ".pyi", ".toml", ".yaml"}
    and path.is_file()
    and path.name != ".git"  # a file in a second working tree, and then no part of the repository
)
PAGES = [path for path in TEXTS if path.suffix == ".md"]


def name(path):
    return path.relative_to(ROOT).as_posix()


def test_every_public_name_exists_and_stands_once():
    names = mygrad.__all__
    assert [name for name in names if not hasattr(mygrad, name)] == []
    assert len(names) == len(set(names))


def test_a_star_import_brings_no_modules_of_ours():
    # `__all__` may contain public submodules, but no private ones.
    assert [name for name in mygrad.__all__ if name.startswith("_") and name != "__version__"] == []


def test_runtime_dependencies_are_numpy_and_typing_extensions():
    assert PYPROJECT["project"]["dependencies"] == ["numpy>=2.2", "typing-extensions"]


def test_the_supported_versions_are_the_same_everywhere():
    project = PYPROJECT["project"]
    prefix = "Programming Language :: Python :: 3."
    minors = [int(each.removeprefix(prefix)) for each in project["classifiers"] if prefix in each]
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert project["requires-python"] == f">=3.{minors[0]}"
    # Types are checked for the interpreter at hand: newer ones have a newer NumPy, which asks for them.
    assert "python_version" not in PYPROJECT["tool"]["mypy"]
    assert f"numpy>={OLDEST}" in project["dependencies"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"(Python|NumPy) (\d[\d.]*\d) or newer", readme) == [
        ("Python", f"3.{minors[0]}"),
        ("NumPy", OLDEST),
    ]


def test_hooks_run_the_versions_that_are_installed_for_development():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    in_hooks = {
        re.sub(r"-pre-commit$|^mirrors-", "", tool): version
        for tool, version in re.findall(r"repo: \S+/(\S+)\n +rev: v(\S+)", hooks)
    }
    pinned = dict(
        requirement.split("==")
        for requirement in PYPROJECT["project"]["optional-dependencies"]["dev"]
        if "==" in requirement
    )
    assert pinned
    assert {tool: in_hooks[tool] for tool in pinned} == pinned


def test_the_readme_has_two_commands_that_set_up_everything():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*$", readme, re.MULTILINE)
    assert [command.split(" && ")[-1] for command in commands] == [
        ".venv/bin/python -m mygrad",
        ".venv/bin/python -m pytest",
    ]


@pytest.mark.parametrize("path", TEXTS, ids=name)
def test_no_path_of_a_machine(path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?<![\w.>])/(?:home|media|mnt|opt|root|tmp|Users|var|work)/\S*", text) == []


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []
