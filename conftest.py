"""Select the doctests: skip those that the functions ``mg.…`` inherit from NumPy's docstrings."""

from __future__ import annotations

import sys

import pytest


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if not quotes_numpy(item)]


def quotes_numpy(item):
    """True if the doctest belongs to a function that was defined in another module."""
    if not isinstance(item, pytest.DoctestItem):
        return False
    module, _, name = item.name.rpartition(".")
    names = vars(sys.modules[module]) if module in sys.modules else {}
    function = names.get(name)
    if hasattr(function, "__wrapped__"):  # ufuncs have no globals
        return getattr(function.__wrapped__, "__globals__", None) is not names
    return getattr(function, "__globals__", names) is not names
