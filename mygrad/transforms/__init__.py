"""Functions made of functions: gradients, Jacobians, checkpoints, rules of one's own."""
