"""What is remembered of a computation, and how gradients go back through it."""
