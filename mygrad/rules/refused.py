"""Callables that cannot mean anything on tensors, and why."""

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
