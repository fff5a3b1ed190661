"""From a NumPy call to a result and a node of the graph."""
