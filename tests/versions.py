"""Bounds for tests that depend on the version of NumPy."""

from __future__ import annotations

import numpy as np

#: The oldest supported NumPy, as in pyproject.toml.
OLDEST = "2.2"


def numpy_since(version: str) -> bool:
    """True if NumPy is of ``version`` or later.

    A bound that all supported versions satisfy is an error.
    """
    if np.lib.NumpyVersion(f"{version}.0") <= f"{OLDEST}.0":
        raise ValueError(f"NumPy {version} is not later than {OLDEST}: drop the bound")
    return np.lib.NumpyVersion(np.__version__) >= f"{version}.0.dev0"
