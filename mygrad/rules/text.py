"""Text, which tensors cannot hold. Imported when one of NumPy's modules for it is first used."""

import numpy as np
from numpy import char, strings

from mygrad.engine.registry import refuse

# The other dispatched functions of numpy.char are those of numpy.strings.
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
