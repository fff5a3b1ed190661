"""The functions that users call: NumPy's as ``mg.…``, and mygrad's own."""
