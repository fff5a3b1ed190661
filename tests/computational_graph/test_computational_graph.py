"""Drawings of graphs: their content, their syntax, and that they keep nothing alive."""

from __future__ import annotations

import re
import subprocess
import sys
import weakref
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import mygrad as mg
from mygrad.computational_graph import Graph, build_graph
from mygrad.computational_graph.layout import GAP, Layout
from mygrad.computational_graph.summary import fold

SVG = "{http://www.w3.org/2000/svg}"


def network():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
    w = mg.tensor([0.5, -1.0], dtype=np.float32)
    scale = np.array([1.0, 2.0])
    hidden = np.tanh((x * scale) @ w)
    loss = np.sum(hidden, axis=0)
    return loss, locals()


def chain(length):
    """A recurrence of ``length`` steps, each of three operations."""
    h, w, b = mg.zeros(4), mg.ones((4, 4)), mg.ones(4)
    for _ in range(length):
        h = np.tanh(h @ w + b)
    return h


def texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


# ------------------------------------------------------------------------ content


def test_text():
    loss, names = network()
    assert repr(Graph(loss, names)).splitlines() == [
        "x      = leaf                   float64 (2, 2)",
        "w      = leaf                   float32 (2,)",
        "%1     = Multiply(x, x2=scale)  float64 (2, 2)",
        "%2     = Matmul(%1, w)          float64 (2,)",
        "hidden = Tanh(%2)               float64 (2,)",
        "loss   = Sum(hidden, axis=0)    float64 (), = -1.99817",
    ]


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ({}, ""),
        ({"dims": True}, "(2, 2)"),
        ({"dtypes": True}, "float64"),
        ({"dims": True, "dtypes": True}, "float64 (2, 2)"),
        ({"sum_stats": True}, "min 1, median 2.5, mean 2.5, max 4"),
    ],
)
def test_flags_of_build_graph(flags, shown):
    loss, names = network()
    line = repr(build_graph(loss, names, **flags)).splitlines()[0]
    assert line.partition("leaf")[2].strip() == shown


def test_values_at_hand_are_summarised():
    x = mg.tensor([1.0, 2.0, 6.0])
    kept, dropped = np.exp(x), x + 1
    text = repr(Graph(np.sum(kept + dropped), sum_stats=True)).splitlines()
    assert text[1].endswith("min 2.71828, median 7.38906, mean 137.845, max 403.429")
    assert text[2].endswith("float64 (3,)")


def test_names():
    x = mg.tensor(1.0)
    constant, y = mg.tensor(4.0, constant=True), x * 1
    z = y * constant
    names = {
        "_": y,
        "_1": z,
        "y": y,
        "constant": constant,
        3: z,
        "not in it": mg.tensor(2.0),
        "n": 7,
    }
    assert [line.split(" =")[0].strip() for line in repr(Graph(z, names)).splitlines()] == [
        "%1",
        "y",
        "3",
    ]
    assert "Multiply(y, x2=constant)" in repr(Graph(z, names))


def test_indices_updates_views_and_outputs():
    y = mg.tensor(np.arange(6.0))
    y[1:3] *= 2
    y[0] = y[np.array([3, 4])].sum()
    _, s, _ = np.linalg.svd(y[..., None, ::-1])
    text = repr(Graph(s[0]))
    for call in ("[1:3]", "Update(", "[0]", "<int64 (2,)>", "[..., None, ::-1]", "2 of 3"):
        assert call in text
    svd = next(line for line in text.splitlines() if "SVD(" in line)
    assert "float64" not in svd  # it has three results, of different shapes


def test_a_view_behind_its_base_is_drawn_as_it_is_now():
    x = mg.tensor([1.0, 2.0])
    view = x[:1]
    x *= 3
    assert repr(Graph(view)).splitlines()[-1].endswith("float64 (1,), = 3")
    assert "Multiply" in repr(Graph(view))


def test_copies_are_shown_and_what_stands_for_a_node_is_not():
    x = mg.tensor([1.0])
    y = np.exp(x)
    y.data  # makes the guard insert a node
    lines = repr(Graph(y.copy() * x)).splitlines()
    assert [line.split()[2].split("(")[0] for line in lines] == [
        "leaf",
        "Exp",
        "Copied",
        "Multiply",
    ]


def test_updates_through_a_view_say_so():
    y = +mg.tensor([1.0, 2.0, 3.0])
    y[1:][0] = 5.0
    assert repr(Graph(y)).splitlines()[-1].startswith("%3 = Update(%2, view[0])")


def test_lists_of_arrays_are_counted():
    x = mg.tensor([1.0, 2.0])
    text = repr(Graph(np.select([x > 1, x > 2], [x, x])))
    assert "Select(%1, %1, condlist=<2 arrays>)" in text


def test_hooks_leave_a_drawing_as_it_was():
    x = mg.tensor([1.0, 2.0])
    y = np.divmod(x, x)[1] * x
    before = repr(Graph(np.exp(y), {"x": x, "y": y}))
    for tensor in (x, y):
        tensor.register_hook(lambda grad: grad)
    assert repr(Graph(np.exp(y), {"x": x, "y": y})) == before
    np.exp(y).backward()
    assert repr(Graph(y * 1)).splitlines()[0].startswith("%1 = leaf")


@pytest.mark.parametrize("count", [3, 8, 9, 5_000])
def test_of_many_inputs_the_first_are_named(count):
    x = mg.tensor([1.0, 2.0])
    text = repr(Graph(np.stack([x] * count)))
    named = text.splitlines()[-1].split("(")[1].split(")")[0].split(", ")
    assert named == ["%1"] * min(count, 8) + ["…"] * (count > 8)


@pytest.mark.parametrize("value", [3, [1.0, 2.0], np.zeros((0, 3)), True, 1 + 2j])
def test_constants_are_graphs_of_one_node(value):
    tensor = mg.tensor(value, constant=True)
    graph = Graph(tensor, {"c": tensor})
    assert len(graph) == 1
    assert repr(graph).startswith("c = constant")


def test_a_released_graph_is_one_node_that_says_so():
    loss, names = network()
    loss.backward()
    assert repr(Graph(loss, names)) == "loss = Sum  float64 (), = -1.99817, graph released"


def test_a_graph_that_is_released_in_part():
    x = mg.tensor(2.0)
    y = x * x
    z = y * 3
    y.backward()
    assert "graph released" in repr(Graph(z)).splitlines()[0]
    assert "Multiply(%1, x2=3)" in repr(Graph(z))


@pytest.mark.parametrize("wrong", [3.0, np.ones(2), None])
def test_only_tensors_are_drawn(wrong):
    with pytest.raises(TypeError, match=f"fin must be a tensor, not {type(wrong).__name__}"):
        build_graph(wrong)


def test_names_are_a_mapping():
    with pytest.raises(TypeError, match="maps names to tensors or arrays"):
        build_graph(mg.tensor(1.0), names=["x"])


# -------------------------------------------------------------------------- folding


def test_repetitions_are_folded_and_counted():
    lines = repr(Graph(chain(50).sum())).splitlines()
    assert len(lines) < 15
    assert sum("… 144 operations …" in line and "Matmul, Add, Tanh" in line for line in lines) == 1


def test_the_middle_is_folded_where_nothing_repeats():
    rng = np.random.default_rng(1)
    x = mg.tensor(0.5)
    named = None
    for i in range(500):
        x = (np.tanh, np.sin, np.cosh, np.arctan)[rng.integers(4)](x)
        named = x if i == 250 else named
    graph = Graph(x, {"named": named, "x": x}, limit=30)
    assert len(graph) < 45
    assert re.search(r"^named += ", repr(graph), re.MULTILINE)
    folded = sum(map(int, re.findall(r"… (\d+) operations? …", repr(graph))))
    drawn = sum("(" in line.partition("=")[2].split("  ")[0] for line in repr(graph).splitlines())
    assert folded + drawn == 500


@pytest.mark.parametrize("limit", [1, 2, 7, 60])
@pytest.mark.parametrize("pattern", [[0], [0, 1], [0, 1, 2, 1], list(range(100))])
def test_folded_ranges_cover_everything_once(limit, pattern):
    signatures = [9, 8, *pattern * (300 // len(pattern)), 7]
    ranges = fold(signatures, [5, 150], limit)
    assert ranges[0][0] == 0
    assert ranges[-1][1] == len(signatures)
    assert all(stop == start for (_, stop), (start, _) in pairwise(ranges))
    assert len(ranges) <= 3 * max(1, limit // 3) + limit + 4


def test_deep_graphs_take_no_recursion():
    x = mg.tensor(1.0)
    for _ in range(20_000):
        x = x + 1.0
    graph = Graph(x)
    assert len(graph) < 10
    assert "… 19998 operations …" in repr(graph)
    assert len(x._repr_html_()) < 20_000
    x.clear_graph()


# ----------------------------------------------------------- Graphviz and Mermaid

HOSTILE = (
    'a"b',
    "c\\n",
    "\\",
    "<script>alert(1)</script>",
    "`x`",
    "日本語",
    "\x00\x1b[31m\n",
    "]]>&#9;",
    "end",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn(name):
    x = mg.tensor([1.0, 2.0])
    graph = Graph(x * 2, {name: x})
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name)
    assert shown in texts(graph.to_svg())
    assert "<script" not in graph._repr_html_()
    assert shown in repr(graph)
    quoted = r'^  n0 \[label="((?:[^"\\]|\\.)*)", style="'
    (label,) = re.findall(quoted, graph.to_dot(), re.MULTILINE)
    read = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label)
    assert read == f"{shown}\nfloat64 (2,)"
    (label,) = re.findall(r'^  n0\(\["([^"]*)"\]\)$', graph.to_mermaid(), re.MULTILINE)
    first = label.split("<br/>")[0]
    assert re.sub(r"#(\d+);", lambda m: chr(int(m[1])), first) == shown


@pytest.mark.parametrize("length", [1, 5, 50])
def test_every_form_has_the_same_nodes_and_edges(length):
    graph = Graph(chain(length).sum())
    svg = ET.fromstring(graph.to_svg())
    dot, mermaid = graph.to_dot(), graph.to_mermaid()
    nodes, edges = len(graph), len(re.findall(r"^  n\d+ -> n\d+$", dot, re.MULTILINE))
    assert len(list(svg.iter(f"{SVG}rect"))) == nodes
    assert len(re.findall(r"^  n\d+ \[label=", dot, re.MULTILINE)) == nodes
    assert len(re.findall(r"^  n\d+[\[(]", mermaid, re.MULTILINE)) == nodes
    assert len(list(svg.iter(f"{SVG}path"))) == 2 * edges  # a line and a head
    assert len(re.findall(r"^  n\d+ --> n\d+$", mermaid, re.MULTILINE)) == edges
    assert dot.startswith("digraph {\n")
    assert dot.endswith("}\n")
    assert mermaid.startswith("flowchart TD\n")
    assert graph.source == dot
    assert graph._repr_svg_() == graph.to_svg()


def test_edges_lead_from_earlier_to_later_nodes():
    dot = Graph(chain(50).sum()).to_dot()
    pairs = re.findall(r"n(\d+) -> n(\d+)", dot)
    assert pairs
    assert all(int(source) < int(target) for source, target in pairs)


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        (".svg", "<svg"),
        (".txt", "x "),
        (".dot", "digraph"),
        (".gv", "digraph"),
        (".mmd", "flowchart"),
    ],
)
def test_files(tmp_path, suffix, start):
    loss, names = network()
    path = tmp_path / f"graph{suffix}"
    Graph(loss, names).save(path)
    assert path.read_text(encoding="utf-8").startswith(start)


def test_files_of_other_kinds(tmp_path):
    with pytest.raises(ValueError, match=r"suffix must be \.svg.*got 'graph\.png'"):
        Graph(mg.tensor(1.0)).save(tmp_path / "graph.png")


def test_render_false_returns_nothing():
    assert build_graph(mg.tensor(1.0), render=False) is None


def test_without_graphviz_an_error_says_what_else_there_is(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    monkeypatch.chdir(tmp_path)
    x = mg.tensor(1.0)
    assert "Exp" in build_graph(np.exp(x)).to_svg()
    with pytest.raises(ImportError, match=r"pip install graphviz.*graph\.save\('graph\.svg'\)"):
        build_graph(np.exp(x), save=True)


def test_graphviz_gets_what_dot_says(monkeypatch, tmp_path):
    class Digraph:
        def __init__(self, body):
            self.body = body

        def render(self, *args, **kwargs):
            calls.append(("".join(self.body), args, kwargs))
            return "computational_graph.pdf"

    calls = []
    monkeypatch.setitem(sys.modules, "graphviz", type("graphviz", (), {"Digraph": Digraph}))
    graph = build_graph(np.exp(mg.tensor(1.0)), save=True)
    (call,) = calls
    assert f"digraph {{\n{call[0]}}}\n" == graph.source
    assert call[1] == ("computational_graph",)
    assert call[2]["format"] == "pdf"


def test_the_source_of_a_digraph():
    graph = Graph(np.exp(mg.tensor(1.0)))
    assert "label=" in graph.to_graphviz().source


# --------------------------------------------------------------------------- layout


@pytest.mark.parametrize("seed", range(5))
def test_boxes_do_not_overlap_and_edges_lead_down(seed):
    rng = np.random.default_rng(seed)
    sizes = [(float(w), float(h)) for w, h in rng.uniform(10, 80, (25, 2))]
    edges = sorted({tuple(sorted(rng.choice(25, 2, replace=False).tolist())) for _ in range(40)})
    layout = Layout(sizes, edges)
    boxes = [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (x, y), (w, h) in zip(layout.centers, sizes, strict=True)
    ]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -1e-6
        assert right <= layout.width + 1e-6
        assert top >= -1e-6
        assert bottom <= layout.height + 1e-6
        for other in boxes[:i]:
            apart = left >= other[2] + GAP - 1e-6 or right <= other[0] - GAP + 1e-6
            assert apart or top >= other[3] or bottom <= other[1]
    for (source, target), path in zip(edges, layout.paths, strict=True):
        assert path[0] == (layout.centers[source][0], boxes[source][3])
        assert path[-1] == (layout.centers[target][0], boxes[target][1])
        assert all(upper[1] < lower[1] for upper, lower in pairwise(path))


def test_a_straight_line_is_straight():
    layout = Layout([(40.0, 20.0)] * 4, [(0, 1), (1, 2), (2, 3)])
    assert {x for x, _ in layout.centers} == {20.0}


# ------------------------------------------------------------------------ notebooks


def test_a_notebook_shows_summary_values_and_graph():
    loss, _ = network()
    page = loss._repr_html_()
    assert "Tensor float64 ()" in page
    assert "-1.99817" in page
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert {"Multiply", "Matmul", "Tanh", "Sum", "float64 (2, 2)", "float32 (2,)"} <= set(
        texts(svg)
    )


def released():
    y = mg.tensor([1.0, 2.0]) ** 2
    y.sum().backward()
    return y


def held():
    """A released tensor whose array the user has accessed."""
    y = mg.tensor([1.0, 2.0]) * 2
    y.data  # makes the guard insert a node
    y.backward()
    return y


SHOWN = {
    "released": released,
    "released and held": held,
    "view of released": lambda: released()[:1],
    "empty": lambda: mg.tensor(np.zeros((3, 0, 2))),
    "many axes": lambda: mg.tensor(np.zeros((1,) * 40)) + 1,
    "not finite": lambda: mg.tensor([np.nan, -np.inf, 1e300]) * 2,
    "long": lambda: mg.tensor(np.longdouble([1, 2])) * 2,
    "complex": lambda: mg.tensor(1 + 2j, dtype=np.complex64) * 1j,
    "bool": lambda: mg.tensor([True, False]),
    "many rows": lambda: mg.zeros((2,) * 9) + 1,
    "long index": lambda: mg.tensor([1.0, 2.0, 3.0])[[0, 1] * 10_000],
    "long list": lambda: np.where(True, mg.tensor([1.0]), list(range(10_000))),
}


@pytest.mark.parametrize("name", SHOWN)
def test_any_tensor_can_be_shown(name):
    tensor = SHOWN[name]()
    page = tensor._repr_html_()
    assert ET.fromstring(page).tag == "div"
    assert len(page) < 4_000
    for statistics in (False, True):
        graph = Graph(tensor, {"it": tensor}, sum_stats=statistics)
        assert repr(graph).splitlines()[-1].startswith("it ")
        assert len(graph.to_svg() + graph.to_dot() + graph.to_mermaid() + repr(graph)) < 12_000


def test_leaves_and_constants_have_no_picture():
    assert "<svg" not in mg.tensor([1.0])._repr_html_()
    page = mg.arange(3)._repr_html_()
    assert "<svg" not in page
    assert "constant" in page


def test_a_large_tensor_is_shown_in_a_few_lines():
    page = (mg.zeros((50, 40, 300, 2)) * 2)._repr_html_()
    assert len(page) < 6000
    assert "(50, 40, 300, 2)" in page


def test_showing_exposes_and_locks_nothing():
    array = np.array([1.0, 2.0])
    x = mg.tensor(array)
    y = np.exp(x)
    state, updates = y._node.state, x._node
    y._repr_html_()
    Graph(y, {"x": x, "array": array})
    assert y._node.state == state
    assert x._node is updates
    array[0] = 5.0
    y += 1  # in place: there is no other reference to the array
    assert array.flags.writeable


def test_a_drawing_keeps_nothing_alive():
    x = mg.tensor([1.0, 2.0])
    y = np.exp(x)
    z = y * y
    graph = Graph(z, {"x": x, "y": y}, sum_stats=True)
    tensor, array = weakref.ref(y), weakref.ref(y._data)
    del y, z
    assert tensor() is None
    assert array() is None
    assert "y" in repr(graph)


def test_mygrad_itself_does_not_import_what_only_drawings_need():
    code = "import sys, mygrad; print([m for m in sys.modules if m in ('mygrad.computational_graph.drawing', 'graphviz')])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
