"""What is remembered of a computation, and how gradients go back through it.

Each operation on variables leaves a node: its inputs, which are nodes, and what its derivative rules need. The
backward pass visits the nodes behind a result, the newest first, calls their rules, and adds up what arrives at
each input. Nothing here knows a function of mathematics, nor what a tensor looks like to its users.

In reading order:

- ``nodes``: the graph, and the handles that users hold of it. ``modes``: what is recorded, guarded and checked.
- ``operation``: a class with derivative rules. ``registry``: how each NumPy callable is handled.
  ``signatures``: the parameters of NumPy's callables.
- ``backward``: the walk. ``routes``: where it goes. ``gradients``: what it carries. ``pullbacks``: the fast form of
  a visit. ``unbroadcast``: a gradient fitted to its input. ``nans``: why zero times infinity is zero.
- ``views``, ``regions``, ``inplace``: tensors that share memory, and updates of it.
- ``guard``: arrays that a graph needs are read-only. ``hooks``: functions that see gradients. ``anomalies``: where
  NaN began.

The words, here and everywhere:

============  ===================================================================================
tensor        an array that users hold and that takes part in a graph: a handle on an ndarray
node          a value in the graph, and how it arose; an operation's node is an instance of its class
leaf          the node of a tensor that no operation made
variable      a tensor that carries a gradient
constant      a tensor that carries none; integers, booleans, plain arrays and numbers always are
rule          the vector-Jacobian product of an operation for one of its arguments
gradient      of the result that the backward pass starts from, with respect to a node
cotangent     the gradient that a backward pass starts with
pullback      the function from the gradient of a result to those of the inputs
walk          one backward pass
plan          for a set of arguments that need gradients: what to save, and which rules to call
saved         what a node keeps for its rules
handle        what a tensor consists of: an array, a node, a base, a version
view, base    as in NumPy: a view shares the memory of its base
region        where in the memory of its base a view lies
exposed       said of a tensor whose array a user can reach
to release    to let go of a node's inputs and saved arrays
============  ===================================================================================
"""
