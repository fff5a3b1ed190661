"""Drawings of computational graphs.

:class:`Graph` is displayed as a picture in a notebook and as text in a terminal, and can be written
in the languages of Graphviz and Mermaid, all without dependencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mygrad.computational_graph.drawing import Graph
from mygrad.tensors.tensor import Tensor

__all__ = ["Graph", "Tensor", "build_graph"]


def build_graph(
    fin: Tensor,
    names: Mapping[str, Any] | None = None,
    *,
    render: bool = True,
    save: bool = False,
    dims: bool = False,
    dtypes: bool = False,
    sum_stats: bool = False,
) -> Graph | None:
    """Draw the graph that led to a tensor.

    Parameters
    ----------
    fin : Tensor
        The last node of the graph.
    names : mapping of str to Tensor or ndarray, optional
        Names of the nodes: ``names=locals()`` uses the names of your variables.
    render : bool, default True
        If False, return None.
    save : bool, default False
        Write ``computational_graph.pdf`` into the current directory. This needs the package
        graphviz and the program of that name; ``build_graph(…).save("graph.svg")`` needs neither.
    dims, dtypes, sum_stats : bool, default False
        Show shapes, dtypes, or summary statistics of the available arrays: see :class:`Graph`.

    Returns
    -------
    Graph or None
        Displayed as a picture in a notebook. It has the ``source`` and ``render`` of a
        ``graphviz.Digraph``; ``to_graphviz()`` makes one.

    Raises
    ------
    TypeError
        ``fin`` is not a tensor, or ``names`` not a mapping.
    ImportError
        ``save=True`` without the package graphviz.

    Examples
    --------
    >>> import mygrad as mg
    >>> from mygrad.computational_graph import build_graph
    >>> x = mg.tensor([1.0, 2.0])
    >>> y = (3 * x).sum()
    >>> build_graph(y, names=locals(), dims=True)
    x  = leaf               (2,)
    %1 = Multiply(x, x1=3)  (2,)
    y  = Sum(%1)            (), = 9
    >>> print(build_graph(y).to_mermaid())
    flowchart TD
      n0(["leaf"])
      n1["Multiply<br/>x1=3"]
      n2["Sum<br/>= 9"]
      n0 --> n1
      n1 --> n2
    <BLANKLINE>
    """
    graph = Graph(fin, names, dims=dims, dtypes=dtypes, sum_stats=sum_stats)
    if save:
        graph.render("computational_graph", format="pdf", cleanup=True)
    return graph if render else None
