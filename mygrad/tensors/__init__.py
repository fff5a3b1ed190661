"""The array that users hold: the Tensor, its methods and its operators.

``operators`` gives a handle Python's operators, ``methods`` the attributes and methods of an ndarray, ``tensor``
what is a tensor's own: its graph, its gradient, and the protocols by which NumPy hands its calls over.
"""
