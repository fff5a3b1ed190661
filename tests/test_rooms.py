"""The architecture: the import order of the rooms (packages), and the public import paths."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import mygrad

PACKAGE = Path(mygrad.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

#: From the ground up. A room imports from the floors below its own, and from itself.
FLOORS = [
    ["errors"],
    ["engine"],
    ["dispatch"],
    ["operation_base"],
    ["rules"],
    ["tensors"],
    ["computational_graph", "functions", "io", "tensor_base", "typing"],
    ["fft", "linalg", "random"],
    ["transforms"],
    ["__init__"],
    ["nnet", "optim", "testing"],
    ["commands"],
    ["__main__"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

#: Lazy imports: (module, what it imports) → reason.
DEFERRED = {
    ("__init__", "mygrad.{name}"): "rooms that many programs never enter",
    ("__init__", "home"): "likewise, for single names",
    ("__main__", "mygrad.commands"): "a command needs nothing of the others",
    ("__main__", "mygrad.commands.demo"): "likewise",
    ("commands.check", "name"): "the module that the user names",
    ("computational_graph.drawing", "graphviz"): "optional",
    ("dispatch.coverage", "ours"): "the rules for SciPy, where SciPy is installed",
    ("dispatch.coverage", "scipy.special._ufuncs"): "optional",
    ("engine.registry", "ours"): "the rules for a module that the program has imported by itself",
    ("nnet.activations.sigmoids", "scipy.special"): "optional",
    ("optim.lbfgs", "scipy.optimize"): "optional",
    ("tensors.tensor", "mygrad.computational_graph.drawing"): "only notebooks show drawings",
}

#: The imports of users' programs, including those written for MyGrad 2.
PUBLIC = """
    mygrad: Tensor grad tensor
    mygrad.computational_graph: build_graph
    mygrad.errors: GradientLost InvalidBackprop InvalidGradient
    mygrad.fft: fft
    mygrad.io: load save
    mygrad.linalg: norm
    mygrad.nnet: activations initializers layers losses
    mygrad.nnet.activations: elu glu hard_tanh leaky_relu logsoftmax relu selu sigmoid soft_sign softmax tanh
    mygrad.nnet.initializers: dirac glorot_normal glorot_uniform he_normal he_uniform identity normal uniform
    mygrad.nnet.layers: batchnorm conv_nd gru max_pool
    mygrad.nnet.losses: focal_loss margin_ranking_loss multiclass_hinge negative_log_likelihood softmax_crossentropy
    mygrad.nnet.activations.elu: elu
    mygrad.nnet.activations.glu: glu
    mygrad.nnet.activations.hard_tanh: hard_tanh
    mygrad.nnet.activations.leaky_relu: leaky_relu
    mygrad.nnet.activations.relu: relu
    mygrad.nnet.activations.selu: selu
    mygrad.nnet.activations.sigmoid: sigmoid
    mygrad.nnet.activations.soft_sign: soft_sign
    mygrad.nnet.activations.softmax: logsoftmax softmax
    mygrad.nnet.initializers.glorot_normal: glorot_normal
    mygrad.nnet.initializers.he_normal: he_normal
    mygrad.nnet.initializers.normal: normal
    mygrad.nnet.initializers.uniform: uniform
    mygrad.nnet.layers.batchnorm: batchnorm
    mygrad.nnet.layers.conv: conv_nd
    mygrad.nnet.layers.gru: gru
    mygrad.nnet.layers.pooling: max_pool
    mygrad.nnet.layers.utils: sliding_window_view
    mygrad.nnet.losses.focal_loss: focal_loss softmax_focal_loss
    mygrad.nnet.losses.margin_ranking_loss: margin_ranking_loss
    mygrad.nnet.losses.multiclass_hinge: multiclass_hinge
    mygrad.nnet.losses.negative_log_likelihood: negative_log_likelihood
    mygrad.nnet.losses.softmax_crossentropy: softmax_crossentropy
    mygrad.operation_base: BinaryUfunc Operation Ufunc UnaryUfunc
    mygrad.optim: SGD Adam
    mygrad.random: default_rng rand randn seed
    mygrad.tensor_base: Tensor asarray astensor
    mygrad.testing: check_gradients
    mygrad.typing: ArrayLike
"""


def name_of(path: Path) -> str:
    """The name of a module within the package."""
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__")


def room_of(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def imports(path: Path) -> set[str]:
    """The modules of the package that a module imports, by their names within it."""
    known = {name_of(each) for each in MODULES}
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mygrad":
            module = (node.module or "").removeprefix("mygrad").lstrip(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".lstrip(".")
                found.add(inner if inner in known else module or "__init__")
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] == "mygrad"]
            found.update(name.removeprefix("mygrad").lstrip(".") or "__init__" for name in names)
    return found - {name_of(path)}


def test_every_module_has_a_floor():
    assert {room_of(name_of(path)) for path in MODULES} == set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_import_runs_upward(path):
    mine = room_of(name_of(path))
    upward = [
        name
        for name in imports(path)
        if room_of(name) != mine and FLOOR[room_of(name)] >= FLOOR[mine]
    ]
    allowed = [name for module, name in DEFERRED if module == name_of(path)]
    assert [name for name in upward if f"mygrad.{name}" not in allowed] == []


def test_no_room_has_a_circle():
    within = {}
    for path in MODULES:
        name = name_of(path)
        same = {each for each in imports(path) if room_of(each) == room_of(name)}
        # Names imported from a package may be defined in its modules, which import only each other.
        within[name] = same - {name, ".".join(name.split(".")[:-1])}
    TopologicalSorter(within).prepare()


def test_imports_that_wait_are_listed():
    found = set()
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    found |= {(name_of(path), alias.name) for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add((name_of(path), node.module or ""))
                elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                    "import_module"
                ):
                    found.add((name_of(path), ast.unparse(node.args[0]).strip("f'")))
        assert "TYPE_CHECKING" not in ast.dump(tree), f"{path.name} hides an import"
    assert found == set(DEFERRED)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_few_modules_stand_at_the_door():
    assert len(list(PACKAGE.glob("*.py"))) <= 12


@pytest.mark.parametrize("line", PUBLIC.strip().splitlines(), ids=lambda line: line.split(":")[0])
def test_public_import_paths(line):
    name, _, members = line.strip().partition(": ")
    # Separately: one import must not hide what is missing in another.
    script = f"from {name} import {', '.join(members.split())}"
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_tensor_is_a_function():
    import_module("mygrad.tensors.tensor")
    assert mygrad.tensor([1.0]).shape == (1,)
    assert mygrad.random.rand(2).shape == (2,)
