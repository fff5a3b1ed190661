"""What users call: NumPy's functions as ``mg.…``, and mygrad's own."""
