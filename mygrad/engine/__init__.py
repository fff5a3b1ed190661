"""The autodiff engine: the computational graph, and the backward pass through it.

Each operation on variables records a node, which holds its input nodes and the values that its derivative rules
need. The backward pass visits the nodes that a result depends on, newest first, calls their rules, and accumulates
the gradients of each input. The engine knows neither mathematical functions nor the public interface of tensors.

In reading order:

- ``nodes``: the graph, and the handles that users hold. ``modes``: what is recorded, guarded and checked.
- ``operation``: a class with derivative rules. ``registry``: how each NumPy callable is handled.
  ``signatures``: the parameters of NumPy's callables.
- ``backward``: the walk. ``routes``: the nodes it visits. ``gradients``: the kinds of gradients it computes.
  ``pullbacks``: the fast form of a visit. ``unbroadcast``: a gradient reduced to the shape and dtype of its input.
  ``nans``: why zero times infinity is zero.
- ``views``, ``regions``, ``inplace``: tensors that share memory, and in-place updates.
- ``guard``: arrays that a graph needs are read-only. ``hooks``: functions called with gradients. ``anomalies``: the
  operation that produced the first NaN.

The words, here and everywhere:

============  ===================================================================================
tensor        an array that can take part in a graph: a handle on an ndarray
node          a value in the graph, and how it was computed; an operation's node is an instance of its class
leaf          the node of a tensor that is not the result of an operation
variable      a tensor that carries a gradient
constant      a tensor that carries none; integers, booleans, plain arrays and numbers always are
rule          the vector-Jacobian product of an operation for one of its arguments
gradient      the derivative, with respect to a node, of the result that the backward pass starts from
cotangent     the gradient that a backward pass starts with
pullback      the function from the gradient of a result to those of the inputs
walk          one backward pass
plan          for a set of arguments that need gradients: what to save, and which rules to call
saved         the values that a node keeps for its rules
handle        the contents of a tensor: an array, a node, a base, a version
view, base    as in NumPy: a view shares the memory of its base
region        the location of a view in the memory of its base
exposed       of a tensor: user code can access its array
to release    to drop a node's inputs and saved arrays
============  ===================================================================================
"""
