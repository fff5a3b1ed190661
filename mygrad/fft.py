"""``numpy.fft``, differentiable."""

import numpy as np

from mygrad.functions.mirror import mirror

_mirrored = mirror(np.fft)
globals().update(_mirrored)
__all__ = list(_mirrored)
