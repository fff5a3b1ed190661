"""The package: its modules, and their names in the package itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mygrad as mg
from mygrad.nnet import activations, initializers, layers, losses

MODULES = (activations, initializers, layers, losses)


@pytest.mark.parametrize("module", MODULES)
def test_lists_of_names(module):
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert callable(getattr(module, name))
        assert getattr(mg.nnet, name) is getattr(module, name)
        assert getattr(module, name).__doc__


def test_no_two_modules_share_a_name():
    assert len(mg.nnet.__all__) == len(set(mg.nnet.__all__))
    assert len(mg.nnet.__all__) == 4 + sum(len(module.__all__) for module in MODULES)


def test_it_is_imported_when_it_is_asked_for():
    program = (
        "import sys, mygrad; assert 'mygrad.nnet' not in sys.modules;"
        " print(mygrad.nnet.activations.relu([-1.0, 2.0]), 'scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[0.", "2.]", "False"]
