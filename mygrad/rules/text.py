"""Text, which tensors cannot hold. Imported when one of NumPy's modules for it is first used."""

import numpy as np
from numpy import char, strings

from mygrad.engine.registry import refuse

_dispatched = {
    function
    for module in (char, strings)
    for function in vars(module).values()
    if type(function) is type(np.sum) and function.__module__ in (char.__name__, strings.__name__)
}

refuse(*_dispatched, reason="it works on text, and tensors hold numbers")
