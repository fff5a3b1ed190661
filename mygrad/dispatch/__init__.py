"""From a NumPy call to a result and a node of the graph.

NumPy dispatches the call to the tensor, and the registry says how to handle it. Read in this order:

- ``protocols``: NumPy's protocols, and the choice among the paths below;
- ``general``: the general path, for arguments of any kind: find the tensors, call NumPy on their arrays, record a
  node, make tensors of the results. ``arguments`` and ``operands`` are its helpers; ``out`` implements ``out=``, and
  ``fates`` the callables that are not a single operation;
- ``description``: how a call is recorded: which values the node saves for an operation and its arguments, and which
  arrays among them must be locked;
- ``compiled``: the fast path. It generates Python source from the description, once for each pattern of ``kinds`` of
  arguments; ``ufuncs`` chooses among these calls by the classes of operands;
- ``mygrad2``: MyGrad 2's names and orders of parameters. ``coverage``: the table of all callables that NumPy
  dispatches.

To change what calls do, change ``general`` or ``description``; ``compiled`` follows, and a test compares the two
paths on every sample call of every function.
"""
