"""What is generated from the registry: the stubs, and the page of NumPy's coverage."""
