"""The graph of a tensor as text, as SVG, and in the Graphviz and Mermaid languages."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mygrad.computational_graph.layout import Layout
from mygrad.computational_graph.summary import Entry, Facts, outline
from mygrad.engine.nodes import VIEW, Handle
from mygrad.engine.views import sync

#: Font size, line height, character width, and margin of a box.
_SIZE, _LINE, _CHARACTER, _MARGIN = 12, 15.0, 7.3, 9.0
#: The number of inputs of an operation that the text names.
_INPUTS = 8
#: Fill colour and dash pattern of the border, by kind of box.
_COLORS = {
    "constant": ("#888888", ""),
    "folded": ("none", "5 4"),
    "leaf": ("#3a9d5d", ""),
    "operation": ("#4a7fd0", ""),
    "released": ("none", "2 3"),
}


class Graph:
    """A description of a tensor's computational graph. It keeps neither graph nor arrays alive.

    In a notebook it is displayed as a picture, in a terminal as text. Each line of the text is a
    node: its name, how it was computed, dtype and shape. Inputs come first, the tensor itself last.

    Parameters
    ----------
    fin : Tensor
        The last node. A constant, or a tensor whose graph was released, gives a graph of one node.
    names : mapping of str to Tensor or ndarray, optional
        Names of the nodes, such as ``locals()``.
    dims, dtypes : bool, default True
        Show shapes and dtypes.
    sum_stats : bool, default False
        Show minimum, median, mean and maximum of the available arrays: those of ``fin``, of the
        tensors in ``names``, and those saved for the backward pass.
    limit : int, default 60
        Larger graphs are folded: repeated patterns first, then the middle.

    Examples
    --------
    >>> import numpy as np, mygrad as mg
    >>> from mygrad.computational_graph import Graph
    >>> x, w = mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([0.5, -1.0])
    >>> loss = np.sum(np.tanh(x @ w), axis=0)
    >>> Graph(loss, locals())
    x    = leaf             float64 (2, 2)
    w    = leaf             float64 (2,)
    %1   = Matmul(x, w)     float64 (2,)
    %2   = Tanh(%1)         float64 (2,)
    loss = Sum(%2, axis=0)  float64 (), = -1.89176
    """

    def __init__(
        self,
        fin: Any,
        names: Mapping[str, Any] | None = None,
        *,
        dims: bool = True,
        dtypes: bool = True,
        sum_stats: bool = False,
        limit: int = 60,
    ) -> None:
        if not isinstance(fin, Handle):
            raise TypeError(f"fin must be a tensor, not {type(fin).__name__} {fin!r:.60}")
        if not (names is None or isinstance(names, Mapping)):
            raise TypeError(
                "names must be a dictionary that maps names to tensors or arrays, such as locals(), not"
                f" {type(names).__name__}"
            )
        self._entries = outline(fin, names or {}, Facts(dims, dtypes, sum_stats), limit)

    def __len__(self) -> int:
        """The number of nodes drawn; a folded part counts as one."""
        return len(self._entries)

    # ------------------------------------------------------------------------ text

    def to_text(self) -> str:
        """The graph as text, one line per node."""
        names = self._names()
        calls = [_call(entry, names) for entry in self._entries]
        left, middle = (max(map(len, column)) for column in (names, calls))
        lines = [
            f"{name:<{left}} = {call:<{min(middle, 48)}}  {', '.join(_tail(entry))}".rstrip()
            for name, call, entry in zip(names, calls, self._entries, strict=True)
        ]
        return "\n".join(lines)

    def _names(self) -> list[str]:
        """A name for each node: the user's, or a number."""
        unnamed = iter(range(1, len(self._entries) + 1))
        return [_clean(entry.name) or f"%{next(unnamed)}" for entry in self._entries]

    def __repr__(self) -> str:
        return self.to_text()

    # ---------------------------------------------------------- Graphviz and Mermaid

    def to_dot(self) -> str:
        """A description in the DOT language, for Graphviz."""
        lines = ["digraph {", '  node [fontname="monospace", fontsize=11, shape=box]']
        for i, entry in enumerate(self._entries):
            label = "\\n".join(
                line.replace("\\", "\\\\").replace('"', '\\"') for line in _lines(entry)
            )
            color, dashes = _COLORS[entry.kind]
            style = ", ".join(
                ["rounded"] + ["filled"] * (color != "none") + ["dashed"] * bool(dashes)
            )
            fill = "" if color == "none" else f', fillcolor="{color}40"'
            lines.append(f'  n{i} [label="{label}", style="{style}"{fill}]')
        lines += [f"  n{source} -> n{target}" for source, target in self._edges()]
        return "\n".join([*lines, "}", ""])

    def to_mermaid(self) -> str:
        """A description as a Mermaid flowchart, which many Markdown viewers draw."""
        lines = ["flowchart TD"]
        for i, entry in enumerate(self._entries):
            label = "<br/>".join("".join(map(_mermaid, line)) for line in _lines(entry))
            opening, closing = ("([", "])") if entry.kind == "leaf" else ("[", "]")
            lines.append(f'  n{i}{opening}"{label}"{closing}')
        lines += [f"  n{source} --> n{target}" for source, target in self._edges()]
        return "\n".join([*lines, ""])

    @property
    def source(self) -> str:
        """The same as :meth:`to_dot`, by the name that the package graphviz uses."""
        return self.to_dot()

    def to_graphviz(self) -> Any:
        """A ``graphviz.Digraph``; needs the package graphviz."""
        try:
            graphviz = import_module("graphviz")
        except ImportError as error:
            raise ImportError(
                "this needs the package graphviz: pip install graphviz. Without it, use"
                " graph.save('graph.svg'), to_svg(), to_text(), to_dot() or to_mermaid()."
            ) from error
        return graphviz.Digraph(body=[f"{line}\n" for line in self.to_dot().splitlines()[1:-1]])

    def render(self, *args: Any, **kwargs: Any) -> Any:
        """Draw the graph into a file with Graphviz: ``graphviz.Digraph.render``."""
        return self.to_graphviz().render(*args, **kwargs)

    def save(self, path: Any) -> None:
        """Write a file in the format of its suffix: .svg, .txt, .dot, .gv or .mmd (Mermaid)."""
        forms = {
            ".svg": self.to_svg,
            ".txt": self.to_text,
            ".dot": self.to_dot,
            ".gv": self.to_dot,
            ".mmd": self.to_mermaid,
        }
        path = Path(path)
        if path.suffix not in forms:
            raise ValueError(f"the suffix must be {', '.join(forms)}; got {path.name!r}")
        path.write_text(forms[path.suffix](), encoding="utf-8")

    # ------------------------------------------------------------------------- SVG

    def to_svg(self) -> str:
        """A picture."""
        texts = [_lines(entry) for entry in self._entries]
        sizes = [
            (max(map(_width, lines)) * _CHARACTER + 2 * _MARGIN, len(lines) * _LINE + _MARGIN)
            for lines in texts
        ]
        layout = Layout(sizes, self._edges())
        width, height = layout.width + 4, layout.height + 4
        # In the colour of the surrounding text, so that it works on dark pages, too.
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="-2 -2 {width:.1f} {height:.1f}" font-family="monospace" font-size="{_SIZE}"'
            ' color="currentColor">'
        )
        parts = [head, *(_arrow(path) for path in layout.paths)]
        final = len(texts) - 1
        for i, (entry, lines) in enumerate(zip(self._entries, texts, strict=True)):
            parts.append(_box(entry, lines, layout.centers[i], sizes[i], bold=i == final))
        return "\n".join([*parts, "</svg>"])

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow: auto; max-height: 50em">{self.to_svg()}</div>'

    def _edges(self) -> list[tuple[int, int]]:
        pairs = [(i, target) for target, entry in enumerate(self._entries) for i in entry.inputs]
        return list(dict.fromkeys(pairs))


def page(tensor: Any) -> str:
    """The HTML of ``tensor`` for a notebook: dtype, shape, some of the values, and the graph."""
    if tensor._node.state & VIEW:
        sync(tensor)
    data = tensor._data
    words = [f"{type(tensor).__name__} {data.dtype} {data.shape}"]
    graph = Graph(tensor)
    if graph._entries[-1].kind == "constant":
        words.append("constant")
    edge = {0: 3, 1: 3, 2: 3, 3: 2}.get(data.ndim, 1)
    values = np.array2string(data, threshold=64, edgeitems=edge, separator=", ")
    lines = values.splitlines()
    if len(lines) > 24:
        lines = [*lines[:24], "…"]
    head = f"<div><code>{_escape(', '.join(words))}</code></div>"
    shown = _escape("\n".join(line[:160] for line in lines), keep="\n")
    picture = graph._repr_html_() if len(graph) > 1 or graph._entries[0].kind == "released" else ""
    return f'<div>{head}<pre style="margin: 0.3em 0">{shown}</pre>{picture}</div>'


# ----------------------------------------------------------------------- pieces


def _clean(text: str, keep: str = "") -> str:
    """``text`` without line breaks and control characters, which XML cannot represent."""
    return "".join(c if c.isprintable() or c in keep else "\N{REPLACEMENT CHARACTER}" for c in text)


def _escape(text: str, keep: str = "") -> str:
    return html.escape(_clean(text, keep))


def _mermaid(character: str) -> str:
    return f"#{ord(character)};" if character in '"#&<>`\\' else character


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _call(entry: Entry, names: list[str]) -> str:
    """The call that computed a node."""
    if entry.kind != "operation":
        return entry.title
    words = [names[i] for i in entry.inputs[:_INPUTS]]
    words += ["…"] * (len(entry.inputs) > _INPUTS) + list(map(_clean, entry.arguments))
    return f"{entry.title}({', '.join(words)})"


def _tail(entry: Entry) -> list[str]:
    return [_clean(line) for line in (*entry.facts, *entry.notes)]


def _lines(entry: Entry) -> list[str]:
    """The text in the box of a node."""
    title = entry.title if not entry.name else f"{entry.name} = {entry.title}"
    if entry.name and entry.kind == "leaf":
        title = entry.name
    arguments = [", ".join(entry.arguments)] if entry.arguments else []
    return [_clean(line) for line in (title, *arguments, *entry.facts, *entry.notes)]


def _box(
    entry: Entry,
    lines: list[str],
    center: tuple[float, float],
    size: tuple[float, float],
    *,
    bold: bool,
) -> str:
    color, dashes = _COLORS[entry.kind]
    (x, y), (width, height) = center, size
    radius = height / 2 if entry.kind == "leaf" and len(lines) < 4 else 4
    border = f' stroke-dasharray="{dashes}"' if dashes else ""
    frame = (
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}" rx="{radius:.1f}" fill="{color}" fill-opacity="0.22"'
        f' stroke="currentColor" stroke-width="{1.8 if bold else 0.8}"{border}/>'
    )
    parts = [frame]
    top = y - (len(lines) - 1) * _LINE / 2 + _SIZE * 0.35
    for i, line in enumerate(lines):
        weight = ' font-weight="bold"' if i == 0 else ' fill-opacity="0.75"'
        parts.append(
            f'<text x="{x:.1f}" y="{top + i * _LINE:.1f}" text-anchor="middle"'
            f' fill="currentColor"{weight}>{_escape(line)}</text>'
        )
    return f"<g>{''.join(parts)}</g>"


def _arrow(path: list[tuple[float, float]]) -> str:
    """A curve through the corners of ``path``, vertical at each of them, with an arrowhead."""
    (x, y), *rest = path
    steps = [f"M{x:.1f} {y:.1f}"]
    for i, (next_x, next_y) in enumerate(rest):
        tip = next_y - 5 if i == len(rest) - 1 else next_y
        middle = (y + tip) / 2
        steps.append(f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {tip:.1f}")
        x, y = next_x, tip
    line = f'<path d="{" ".join(steps)}" fill="none" stroke="currentColor" stroke-opacity="0.6"/>'
    head = f"M{x - 3.5:.1f} {y:.1f}h7l-3.5 5z"
    return f'{line}<path d="{head}" fill="currentColor" fill-opacity="0.7"/>'
