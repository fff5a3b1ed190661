"""What users call: NumPy's functions as ``mg.…``, and mygrad's own.

``mirror`` derives NumPy's from the registry, with the parameter ``constant``. ``primitives`` makes public functions
of operations, for the others here: ``sequences``, ``reciprocal`` functions, the ``sliding_window``.
"""
