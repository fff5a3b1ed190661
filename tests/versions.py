"""Where the supported versions of NumPy differ, a test says so with one of these bounds."""

from __future__ import annotations

import numpy as np

#: The oldest NumPy that is supported, as pyproject.toml has it.
OLDEST = "2.2"


def numpy_since(version: str) -> bool:
    """True if NumPy is of ``version`` or later.

    What has held since the oldest supported version is no difference any more.
    """
    if np.lib.NumpyVersion(f"{version}.0") <= f"{OLDEST}.0":
        raise ValueError(f"NumPy {version} is not later than {OLDEST}: drop the bound")
    return np.lib.NumpyVersion(np.__version__) >= f"{version}.0.dev0"
