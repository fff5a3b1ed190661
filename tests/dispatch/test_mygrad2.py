"""The names and signatures of MyGrad 2.5 are available to programs written for it.

tests/data/mygrad2_api.txt lists the names and signatures of that release.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import mygrad as mg
from mygrad.dispatch.mygrad2 import TRANSLATIONS
from tests.checks import assert_same

LIST = Path(__file__).parents[1] / "data" / "mygrad2_api.txt"
Kind = inspect.Parameter


class Listed(NamedTuple):
    """A name, and the parameters if it is said to be a function."""

    module: str
    name: str
    parameters: list[inspect.Parameter] | None

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def ours(self) -> Any:
        return getattr(import_module(self.module), self.name)


def read() -> list[Listed]:
    """The entries of the list."""
    found, module = [], ""
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            module = line[3:]
        elif line.startswith("also: ") or (module == "Tensor" and line):
            names = line.removeprefix("also: ").split(", ")
            found += [Listed(module, name, None) for name in names]
        elif module and line:
            name, signature = re.fullmatch(r"(\w+)\((.*)\)", line).groups()  # type: ignore[union-attr]
            found.append(Listed(module, name, parameters(signature)))
    return found


def parameters(signature: str) -> list[inspect.Parameter]:
    """The parameters of ``signature``; of a default only whether there is one."""
    tree = ast.parse(f"def f({signature.replace('<no value>', 'None')}): ...").body[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            node.defaults = [ast.Constant(None) for _ in node.defaults]
            node.kw_defaults = [each and ast.Constant(None) for each in node.kw_defaults]
    names: dict[str, Any] = {}
    exec(ast.unparse(tree), names)
    return list(inspect.signature(names["f"]).parameters.values())


LISTED = read()
FUNCTIONS = [each for each in LISTED if each.parameters is not None]


def test_the_list_is_read() -> None:
    assert len(LISTED) > 250
    assert {each.module for each in LISTED} >= {"mygrad", "mygrad.nnet.losses", "Tensor"}
    (load,) = (each for each in LISTED if str(each) == "mygrad.load")
    assert [parameter.name for parameter in load.parameters or ()] == ["file"]


@pytest.mark.parametrize("module", sorted({each.module for each in LISTED} - {"Tensor"}))
def test_each_name_is_where_the_list_says(module: str) -> None:
    names = {each.name for each in LISTED if each.module == module}
    assert names - set(dir(import_module(module))) == set()


def test_the_attributes_of_a_tensor() -> None:
    assert {each.name for each in LISTED if each.module == "Tensor"} - set(dir(mg.Tensor)) == set()


# ------------------------------------------------------------------- parameters


def not_taken(listed: list[inspect.Parameter], ours: list[inspect.Parameter]) -> list[str]:
    """The listed parameters that a signature does not have, and those that it needs besides."""
    by_position = [p for p in ours if p.kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD)]
    by_name = {p.name for p in ours if p.kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY)}
    kinds = {p.kind for p in ours}
    missing = []
    for position, parameter in enumerate(listed):
        name, kind = parameter.name, parameter.kind
        if kind in (Kind.POSITIONAL_ONLY, Kind.POSITIONAL_OR_KEYWORD):
            there = by_position[position].name if position < len(by_position) else None
            if there is None or (kind is Kind.POSITIONAL_OR_KEYWORD and there != name):
                missing.append(f"{name}, by position")
        if kind in (Kind.POSITIONAL_OR_KEYWORD, Kind.KEYWORD_ONLY):
            if name not in by_name and Kind.VAR_KEYWORD not in kinds:
                missing.append(f"{name}, by name")
        elif kind in (Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD) and kind not in kinds:
            missing.append(name)
    needed = [p for p in listed if p.default is p.empty and p.kind is not Kind.VAR_POSITIONAL]
    required = [p.name for p in by_position if p.default is p.empty]
    return missing + [f"{name}, which it needs" for name in required[len(needed) :]]


def says_something(listed: Listed) -> bool:
    """True if the signature is more than ``()`` of a class or ``(*args, **kwargs)``."""
    kinds = {parameter.kind for parameter in listed.parameters or ()}
    return bool(kinds) and not {Kind.VAR_POSITIONAL, Kind.VAR_KEYWORD} <= kinds


#: What is taken by name only: nobody counts so far.
BY_NAME = {"mygrad.nnet.layers.gru": ["constant, by position"]}


@pytest.mark.parametrize("listed", list(filter(says_something, FUNCTIONS)), ids=str)
def test_parameters_are_taken(listed: Listed) -> None:
    if listed.ours is getattr(np, listed.name, None):
        return  # NumPy's own, there as well as here
    ours = list(inspect.signature(listed.ours).parameters.values())
    missing = not_taken(listed.parameters or [], ours)
    if str(listed) in BY_NAME:
        assert missing == BY_NAME[str(listed)]
        return
    if listed in UFUNCS and ours[0].name == "x":
        missing = [each for each in missing if not each.startswith("x1, ")]  # see below
    # What the signature, which is NumPy's, does not say, the calls below show.
    assert (str(listed) in CALLS) == bool(missing), missing


F = np.array([1.5, -2.0, 0.5])
P = np.abs(F)
M = np.array([[1.0, 2.0, 0.5], [-1.0, 0.5, 3.0]])

#: Function → arguments in the order of the list, keywords, and what NumPy calls them.
CALLS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "mygrad.abs": ({"x": F}, {"nan_to_num": False}, np.abs(F)),
    "mygrad.absolute": ({"x": F}, {"nan_to_num": True}, np.abs(F)),
    "mygrad.amax": ({"x": M, "axis": 0, "keepdims": True}, {}, np.amax(M, 0, keepdims=True)),
    "mygrad.amin": ({"x": M, "axis": 0, "keepdims": True}, {}, np.amin(M, 0, keepdims=True)),
    "mygrad.broadcast_to": ({"a": F, "shape": (2, 3)}, {}, np.broadcast_to(F, (2, 3))),
    "mygrad.concatenate": (
        {"tensors": [F, F], "axis": 0, "out": None, "dtype": "f4"},
        {},
        np.concatenate([F, F], dtype="f4"),
    ),
    "mygrad.empty_like": (
        {"other": M, "dtype": "f4", "shape": (0, 2)},
        {"constant": True},
        np.empty((0, 2), "f4"),
    ),
    "mygrad.full_like": (
        {"other": M, "fill_value": 2.0, "dtype": "f4", "shape": 3, "constant": True},
        {},
        np.full(3, 2.0, "f4"),
    ),
    "mygrad.linspace": (
        {"start": 0, "stop": [1, 2], "num": 3, "endpoint": False, "dtype": "f4", "axis": -1},
        {},
        np.linspace(0, [1, 2], 3, False, dtype="f4", axis=-1),
    ),
    "mygrad.max": ({"x": M, "axis": 0, "keepdims": True}, {}, np.max(M, 0, keepdims=True)),
    "mygrad.mean": ({"x": M, "axis": 0, "keepdims": True}, {}, np.mean(M, 0, keepdims=True)),
    "mygrad.min": ({"x": M, "axis": 0, "keepdims": True}, {}, np.min(M, 0, keepdims=True)),
    "mygrad.ones_like": (
        {"other": M, "dtype": "f4", "shape": (2,)},
        {"constant": False},
        np.ones(2, "f4"),
    ),
    "mygrad.prod": ({"a": M, "axis": 0, "keepdims": True}, {}, np.prod(M, 0, keepdims=True)),
    "mygrad.reshape": ({"a": M, "newshape": (3, 2)}, {}, M.reshape(3, 2)),
    "mygrad.sinc": ({"a": F}, {}, np.sinc(F)),
    "mygrad.stack": ({"tensors": [F, F], "axis": 1, "out": None}, {}, np.stack([F, F], 1)),
    "mygrad.std": (
        {"x": M, "axis": 0, "ddof": 1, "keepdims": True},
        {},
        np.std(M, 0, ddof=1, keepdims=True),
    ),
    "mygrad.sum": ({"x": M, "axis": 0, "keepdims": True}, {}, np.sum(M, 0, keepdims=True)),
    "mygrad.transpose": ({"a": M}, {}, M.T),
    "mygrad.var": (
        {"x": M, "axis": None, "ddof": 0, "keepdims": True},
        {},
        np.var(M, keepdims=True),
    ),
    "mygrad.where": ({"condition": F > 0, "x": F, "y": 0.0}, {}, np.where(F > 0, F, 0.0)),
    "mygrad.zeros_like": ({"other": M, "dtype": "f4", "shape": 3}, {}, np.zeros(3, "f4")),
    "mygrad.linalg.norm": (
        {"x": M, "ord": 2, "axis": 1, "keepdims": True},
        {"nan_to_num": False},
        np.linalg.norm(M, 2, 1, True),
    ),
}
LISTED_BY_NAME = {str(each): each for each in FUNCTIONS}


@pytest.mark.parametrize("name", CALLS)
def test_calls_by_position_and_by_name(name: str) -> None:
    given, keywords, expected = CALLS[name]
    listed = LISTED_BY_NAME[name]
    names = [each.name for each in listed.parameters or () if each.kind is not Kind.KEYWORD_ONLY]
    assert list(given) == names[: len(given)]
    for wrap in (lambda value: value, tensor_of):
        values = {key: wrap(value) for key, value in given.items()}
        for count in range(len(values) + 1):
            args = list(values.values())[:count]
            rest = {key: values[key] for key in list(values)[count:]}
            assert_same(listed.ours(*args, **rest, **keywords), expected)


UFUNCS = [
    each
    for each in FUNCTIONS
    if each.module == "mygrad" and isinstance(getattr(np, each.name, None), np.ufunc)
]


@pytest.mark.parametrize("listed", UFUNCS, ids=str)
def test_inputs_of_ufuncs_by_name(listed: Listed) -> None:
    ufunc = getattr(np, listed.name)
    names = [each.name for each in listed.parameters or () if each.kind is not Kind.KEYWORD_ONLY]
    arrays = [POINTS.get(listed.name, P), P + 1][: ufunc.nin]
    if listed.name == "matmul":
        arrays = [M, M.T]
    expected = ufunc(*arrays)
    by_name = listed.parameters and listed.parameters[0].kind is not Kind.POSITIONAL_ONLY
    for count in range(0 if by_name else ufunc.nin, ufunc.nin + 1):
        named = dict(zip(names[count:], arrays[count:], strict=False))
        assert_same(listed.ours(*arrays[:count], **named), expected)
    with pytest.raises(TypeError):
        listed.ours(*arrays, **{names[0]: P})


#: Where a ufunc takes other arrays than positive ones.
POINTS = {
    "arccos": P / 4,
    "arccosh": P + 1,
    "arcsin": P / 4,
    "arctanh": P / 4,
    "isnat": np.array(["2000-01-01", "NaT"], "M8[D]"),
}


def tensor_of(value: Any) -> Any:
    """Tensors in the place of arrays of floats."""
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return [mg.tensor(item) for item in value]
    is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return mg.tensor(value) if is_float else value


def test_all_that_is_translated_is_called_above() -> None:
    sizes = {"mygrad.abs", "mygrad.absolute", "mygrad.linalg.norm"}
    assert {f"mygrad.{name}" for name in TRANSLATIONS} == set(CALLS) - sizes


def test_numpys_own_order_of_parameters_stands() -> None:
    out = mg.tensor(np.zeros(3))
    assert mg.sum(M, 0, np.float32).dtype == np.float32
    assert mg.max(M, 0, out) is out
    assert mg.std(M, 0, np.float32, None, 1).dtype == np.float32
    assert mg.zeros_like(M, None, "F").flags.f_contiguous
    assert mg.zeros_like(M, None, "C", True, 3).shape == (3,)
    assert mg.full_like(M, 1, None, "F", True, (2, 2)).shape == (2, 2)
    points, step = mg.linspace(0, 1, 3, True, True)
    assert (points.tolist(), step) == ([0, 0.5, 1], 0.5)
    assert mg.transpose(M, (1, 0)).shape == (3, 2)
    with pytest.raises(TypeError):
        mg.sum(x=M, a=M)
    with pytest.raises(TypeError, match="unexpected keyword"):
        mg.sum(M, y=1)


def test_axes_as_arguments_of_their_own() -> None:
    x = mg.tensor(np.zeros((2, 3, 4)))
    assert mg.transpose(x, 2, 0, 1).shape == (4, 2, 3)
    assert mg.transpose(x, -1, 1, 0, constant=True).constant


@pytest.mark.parametrize(
    "size",
    [mg.abs, mg.absolute, lambda x, **kwargs: mg.linalg.norm(x[:, None], axis=1, **kwargs)],
    ids=["abs", "absolute", "norm"],
)
def test_a_derivative_that_is_no_number(size: Any) -> None:
    for nan_to_num, expected in ((True, 0), (False, np.nan)):
        x = mg.tensor([-3.0, 0.0, 2.0])
        result = size(x, nan_to_num=nan_to_num)
        assert result.tolist() == [3, 0, 2]
        result.backward()
        np.testing.assert_array_equal(x.grad, [-1, expected, 1])


# ------------------------------------------------------------------- values

#: What MyGrad 2.5 returns: see tests/data/make_mygrad2_functions.py.
DATA = json.loads(LIST.with_name("mygrad2_functions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", range(len(DATA["cases"])))
def test_values_and_gradients(number: int) -> None:
    case = DATA["cases"][number]
    tensors = [mg.tensor(array) for array in case["arrays"]]
    function = getattr(mg, case["function"])
    result = function(tensors) if case["listed"] else function(*tensors)
    np.testing.assert_allclose(result, case["value"], rtol=1e-13, err_msg=case["function"])
    np.sum(result * np.cos(np.arange(result.size)).reshape(result.shape)).backward()
    for tensor, gradient in zip(tensors, case["gradients"], strict=True):
        np.testing.assert_allclose(tensor.grad, gradient, rtol=1e-12, err_msg=case["function"])


@pytest.mark.parametrize("windows", DATA["windows"], ids=lambda windows: str(windows["keywords"]))
def test_windows(windows: Any) -> None:
    array = np.array(DATA["array"])
    assert mg.sliding_window_view(array, **windows["keywords"]).tolist() == windows["value"]


def test_where_of_a_condition_alone_gives_arrays() -> None:
    for condition in (M > 0, mg.tensor(M > 0), M.tolist()):
        for places in (mg.where(condition), mg.where(condition=condition)):
            assert [type(each) for each in places] == [np.ndarray] * 2
            for each, expected in zip(places, np.where(np.asarray(condition)), strict=True):
                assert_same(each, expected)
    with pytest.raises(ValueError, match="x and y"):
        mg.where(M > 0, M)


@pytest.mark.parametrize("name", ["atleast_1d", "atleast_2d", "atleast_3d"])
def test_several_arrays_with_axes_are_variables_each_for_itself(name: str) -> None:
    x = mg.tensor(2.0)
    first, second = getattr(mg, name)(x, [2.0])
    assert (first.constant, second.constant) == (False, True)
    np.sum(first * 3).backward()
    assert x.grad == 3
    assert not any(each.constant for each in getattr(mg, name)(x, [2.0], constant=False))


# ------------------------------------------------------------------- methods


def test_methods_take_what_mygrad_2s_took() -> None:
    x = mg.tensor(M)
    for name in ("sum", "mean", "max", "min", "prod"):
        expected = getattr(M, name)(0, keepdims=True)
        assert_same(getattr(x, name)(0, True), expected)
        assert getattr(x, name)(0, constant=True).constant
    for name in ("std", "var"):
        assert_same(getattr(x, name)(0, 1, True), getattr(M, name)(0, ddof=1, keepdims=True))
    assert_same(x.clip(a_min=0, a_max=1), M.clip(0, 1))
    assert_same(x.astype(np.float32, "unsafe"), M.astype(np.float32))
    assert x.astype(float, "safe", False) is x
    assert_same(x.reshape(3, 2, constant=True), M.reshape(3, 2))
    assert_same(x.transpose(1, 0, constant=True), M.T)
    calls: list[Any] = [
        lambda **kwargs: x.clip(0, 1, **kwargs),
        lambda **kwargs: x.cumsum(0, **kwargs),
        x.flatten,
        x.ravel,
        lambda **kwargs: x.moveaxis(0, 1, **kwargs),
        lambda **kwargs: x.reshape(-1, **kwargs),
        x.squeeze,
        lambda **kwargs: x.swapaxes(0, 1, **kwargs),
        x.transpose,
    ]
    for call in calls:
        assert not call().constant
        assert call(constant=True).constant
    with pytest.raises(TypeError, match="sum: constant takes True, False or None"):
        x.sum(constant=0)
    with pytest.raises(TypeError):
        x.argmax(constant=True)


def test_decorators_take_what_mygrad_2s_took() -> None:
    def double(x: Any) -> Any:
        return x * 2

    x = mg.tensor(1.0)
    assert type(mg.no_autodiff(double, True)(x)) is np.ndarray
    assert mg.no_autodiff(func=double)(x).constant
    for switch in (mg.mem_guard_off, mg.mem_guard_on):
        assert switch(func=double)(x).item() == 2
