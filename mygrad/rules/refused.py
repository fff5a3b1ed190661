"""Callables that have no meaning for tensors, with the reason."""

import numpy as np

from mygrad.engine.registry import refuse

refuse(
    np.busday_count,
    np.busday_offset,
    np.datetime_as_string,
    np.is_busday,
    np.isnat,
    reason="it works on dates, and tensors hold numbers",
)
