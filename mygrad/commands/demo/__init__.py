"""The demonstration of ``python -m mygrad``: a NumPy model, fitted with mygrad's gradients."""
