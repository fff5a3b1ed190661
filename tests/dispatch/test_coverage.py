"""The registry contains exactly NumPy's callables."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

import numpy as np
import numpy.char
import numpy.fft
import numpy.lib.recfunctions
import numpy.lib.scimath
import numpy.lib.stride_tricks
import numpy.linalg
import numpy.polynomial
import numpy.strings
import pytest
from numpy.testing import overrides

import mygrad as mg
import tests.rules
from mygrad.dispatch.coverage import functions_of_numpy
from mygrad.engine.registry import Composed, registry
from mygrad.engine.signatures import signature_of
from tests.checks import Sample
from tests.versions import numpy_since
from tools import coverage_page
from tools.newest import GONE

COVERAGE = mg.coverage()
NAMES = {covered.name for covered in COVERAGE}
FATES = ("differentiable", "in place", "creation", "constant", "refused")


def public(function: Any) -> Any:
    """The function that NumPy dispatches when ``function`` is called.

    For each function with ``like=``, NumPy also lists another one, which wraps the function that it
    dispatches.
    """
    listed = overrides.get_overridable_numpy_array_functions()
    behind = getattr(function, "__wrapped__", None)
    return behind if behind in listed else function


def numpys_own() -> set[Any]:
    """The public functions that NumPy reports as dispatched, and its public ufuncs."""
    listed = overrides.get_overridable_numpy_array_functions()
    functions = {public(each) for each in listed if not each.__name__.startswith("_")}
    ufuncs = {each for each in vars(np).values() if isinstance(each, np.ufunc)}
    return functions | ufuncs


def named(functions: set[Any]) -> list[str]:
    return sorted(f"{getattr(each, '__module__', 'numpy')}.{each.__name__}" for each in functions)


def test_every_callable_has_a_fate_and_no_other() -> None:
    ours, theirs = set(functions_of_numpy()), numpys_own()
    assert named(theirs - ours) == []
    assert named(ours - theirs) == []


def test_the_data_name_each_callable_once() -> None:
    assert len(NAMES) == len(COVERAGE) == len(numpys_own())
    for covered in COVERAGE:
        value: Any = np
        for part in covered.name.split(".")[1:]:
            value = getattr(value, part)
        assert value in registry, covered.name


def test_fates_are_disjoint_and_reasons_given() -> None:
    counts = {fate: sum(each.fate == fate for each in COVERAGE) for fate in FATES}
    assert sum(counts.values()) == len(COVERAGE)
    assert all(each.reason for each in COVERAGE if each.fate == "refused")
    assert not any(each.reason for each in COVERAGE if each.fate == "differentiable")


def test_refused_is_only_what_is_not_numeric() -> None:
    reasons = {each.reason for each in COVERAGE if each.fate == "refused"}
    assert reasons == {
        "it works on dates, and tensors hold numbers",
        "it works on structured records, and tensors hold numbers",
        "it works on text, and tensors hold numbers",
    }


def test_how_many_are_differentiable() -> None:
    ufuncs = [each for each in functions_of_numpy() if isinstance(each, np.ufunc)]
    assert sum(isinstance(registry[each], type) for each in ufuncs) >= 60
    carrying = [
        each for each in COVERAGE if each.fate in ("differentiable", "in place", "creation")
    ]
    assert len(carrying) - 60 >= 230


def test_unknown_packages() -> None:
    with pytest.raises(ValueError, match=r"'numpy' or 'scipy\.special', not 'scipy\.stats'"):
        mg.coverage("scipy.stats")


# ------------------------------------------------------------------ samples

#: With ``like=`` alone are they given tensors, which a row has no way to say; see test_creation.py.
ONLY_LIKE = {
    np.arange,
    np.array,
    np.asanyarray,
    np.asarray,
    np.ascontiguousarray,
    np.asfortranarray,
    np.full,
    np.require,
}


def rows(module: ModuleType) -> list[Sample]:
    """The samples in the tables of a module."""
    tables = [value for value in vars(module).values() if isinstance(value, list)]
    return [row for table in tables for row in table if isinstance(row, Sample)]


def test_every_differentiable_callable_has_samples() -> None:
    modules = [
        importlib.import_module(f"tests.rules.{each.name}")
        for each in pkgutil.iter_modules(tests.rules.__path__)
    ]
    sampled = {row.function for module in modules for row in rows(module)}
    differentiable = {
        each for each in functions_of_numpy() if isinstance(registry[each], type | Composed)
    }
    assert named(differentiable - sampled - ONLY_LIKE) == []
    assert named(ONLY_LIKE & sampled) == [], "no longer exceptions"
    assert differentiable >= ONLY_LIKE


# ------------------------------------------------------------------ parameters

#: Parameters that say how a value is computed, stored or announced, not what the value is.
ABOUT_STORAGE = {
    *("assume_unique", "casting", "copy", "device", "dtype", "like", "optimize", "order", "out"),
    *("overwrite_input", "sparse", "subok", "writeable"),
}

#: Others that a derivative does not depend on, or only by the values and shapes that a rule sees.
READ_OFF = {
    "N": {"vander"},
    "axis": {"expand_dims", "squeeze", "unwrap"},
    "decimals": {"around", "round"},
    "discont": {"unwrap"},
    "ind": {"tensorinv"},
    "keepdims": {
        *("median", "nanmedian", "nanpercentile", "nanquantile", "percentile", "quantile"),
    },
    "kind": {"partition", "sort"},
    "kth": {"partition"},
    "kwargs": {"clip", "einsum", "pad"},
    "minlength": {"bincount"},
    "n": {"fft", "hfft", "ifft", "irfft"},
    "ndmin": {"array"},
    "new_shape": {"resize"},
    "rcond": {"pinv"},
    "requirements": {"require"},
    "return_counts": {"unique"},
    "return_index": {"unique"},
    "return_indices": {"intersect1d"},
    "return_inverse": {"unique"},
    "rtol": {"pinv"},
    "shape": {"broadcast_to", "full", "full_like", "reshape"},
    "stable": {"sort"},
    "tol": {"real_if_close"},
}
if numpy_since("2.3"):
    READ_OFF["sorted"] = {"unique"}
if numpy_since("2.4"):
    READ_OFF["ndmax"] = {"array"}
else:  # names without effect, and the old name of shape
    READ_OFF |= {"bias": {"corrcoef"}, "ddof": {"corrcoef"}, "newshape": {"reshape"}}


def used(fate: Any) -> set[str]:
    """The parameters that a rule or an expression names."""
    if isinstance(fate, Composed):
        return set(inspect.signature(fate.expression).parameters)
    rules = [fate.joint] if fate.joint else fate.rules.values()
    facts = list(fate.facts.values())
    named = {name for each in (*rules, *facts) for name in inspect.signature(each).parameters}
    return {*named, *fate.differentiable}


def test_no_parameter_is_overlooked() -> None:
    """A parameter that NumPy adds to a function must not leave its gradient as it was, in silence."""
    overlooked: dict[str, set[str]] = {}
    for function in functions_of_numpy():
        fate = registry[function]
        if not isinstance(function, np.ufunc) and isinstance(fate, type | Composed):
            for name in set(signature_of(function).parameters) - used(fate) - ABOUT_STORAGE:
                overlooked.setdefault(name, set()).add(function.__name__)
    assert overlooked == READ_OFF


# ------------------------------------------------------------------ signatures


MIRRORED = [
    each for each in COVERAGE if each.name.count(".") == 1 or hasattr(mg, each.name.split(".")[1])
]


@pytest.mark.parametrize("covered", MIRRORED, ids=[each.name for each in MIRRORED])
def test_signatures_are_numpys_and_constant(covered: Any) -> None:
    *path, last = covered.name.split(".")[1:]
    ours, theirs = mg, np
    for part in path:
        ours, theirs = getattr(ours, part), getattr(theirs, part)
    if covered.fate == "refused":
        assert getattr(ours, last, None) in (None, getattr(theirs, last))  # NumPy's own, if any
        return
    function, model = getattr(ours, last), getattr(theirs, last)
    if ours is mg and last in mg._own:
        return  # it is mygrad's own
    parameters = dict(inspect.signature(function).parameters)
    if covered.fate in ("differentiable", "creation"):
        assert parameters.pop("constant").default is None
    if isinstance(model, np.ufunc):
        inputs = [each for each in parameters.values() if each.default is each.empty]
        assert len(inputs) == model.nin
        return
    try:
        expected = dict(inspect.signature(model).parameters)
    except ValueError:
        return  # NumPy does not say
    assert parameters == expected


# ------------------------------------------------------------------ the page


def test_the_page_is_fresh() -> None:
    assert coverage_page.PAGE.read_text(encoding="utf-8") == coverage_page.render(), (
        "run python -m tools.coverage_page"
    )


def test_the_page_names_all() -> None:
    page = coverage_page.render()
    for covered in COVERAGE:
        if covered.name in GONE:
            continue
        assert f"`{covered.name.rpartition('.')[2]}`" in page or f"`{covered.name}`" in page
    assert max(map(len, page.splitlines())) <= 100 + len("- ``")


def test_the_check_tells_by_its_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setattr(coverage_page, "PAGE", tmp_path / "coverage.md")
    assert coverage_page.main(["--check"]) == 1
    assert "out of date: coverage.md" in capsys.readouterr().err
    assert coverage_page.main([]) == 0
    assert coverage_page.main(["--check"]) == 0
