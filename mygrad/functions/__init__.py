"""The functions that users call: NumPy's as ``mg.…``, and mygrad's own.

``mirror`` derives NumPy's functions from the registry, adding the parameter ``constant``.
``primitives`` makes public functions from operations, for the other files: ``sequences``,
``reciprocal``, ``sliding_window``.
"""
