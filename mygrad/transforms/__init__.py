"""Functions made of functions: gradients, Jacobians, checkpoints, and rules of your own.

A transform evaluates a function on tensors of its own, and walks back from the result to these alone: nothing
that the caller holds is changed. If the arguments, or what the function uses, carry gradients themselves, the walk
is recorded, so that transforms nest.

In reading order:

- ``pytrees``: nests of arrays, taken apart and put together. ``tracing``: the evaluation, common to all.
- ``derivatives``: ``grad``, ``value_and_grad``, ``vjp``, ``jvp``, ``linearize``, ``hvp``, ``elementwise_grad``.
- ``jacobians``: ``jacobian`` and ``hessian``. ``batching``: many gradients in one walk; ``batching_rules``: NumPy's
  functions on such batches.
- ``checkpoints``: compute again instead of keeping. ``custom_vjp``: functions with derivative rules of your own, and
  ``custom_nodes``, what a call of one leaves in the graph. ``execute_op``: operations of MyGrad 2's kind.
"""
