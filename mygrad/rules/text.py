"""Text, which tensors cannot hold. Imported once one of NumPy's modules for it is in use."""

import numpy as np
from numpy import char, strings

from mygrad.engine.registry import refuse

# What else NumPy dispatches of numpy.char is numpy.strings's own.
_comparisons = {
    getattr(char, name)
    for name in ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")
}
_dispatched = {
    function
    for function in vars(strings).values()
    if type(function) is type(np.sum) and function.__module__ == strings.__name__
}

refuse(*_comparisons, *_dispatched, reason="it works on text, and tensors hold numbers")
