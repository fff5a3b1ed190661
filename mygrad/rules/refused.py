"""Callables that cannot mean anything on tensors, and why."""

import numpy as np

from mygrad.operation import refuse

refuse(np.isnat, reason="it asks about dates, and tensors hold numbers")
