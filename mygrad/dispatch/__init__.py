"""From a NumPy call to a result and a node of the graph.

NumPy hands a call to the tensor, and the registry says what becomes of it. Read in this order:

- ``protocols``: what is called, and which of the ways below it takes;
- ``general``: the general way, for arguments of any kind: find the tensors, call NumPy on their arrays, record a
  node, make tensors of the results. ``arguments`` and ``operands`` help it, ``out`` does ``out=``, ``fates``
  what is no operation, or several;
- ``description``: how a call is recorded. Of an operation and its arguments it tells what the node keeps, and
  what of that is to be locked;
- ``compiled``: the short way. It prints the description as Python text, once for each pattern of ``kinds`` of
  arguments; ``ufuncs`` chooses among these calls by the classes of operands;
- ``mygrad2``: what MyGrad 2 called otherwise. ``coverage``: the table of all that NumPy hands over.

A change of what calls do is a change of ``general`` or ``description``; ``compiled`` follows, and a test compares
the two on every sample call of every function.
"""
