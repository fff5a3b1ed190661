"""What ``python -m mygrad`` shows: a model written in NumPy, fitted with mygrad's gradients."""
