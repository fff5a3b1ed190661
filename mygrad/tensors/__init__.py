"""What users hold: the Tensor, its methods and its operators."""
