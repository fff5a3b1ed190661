"""Import paths of MyGrad 2, which has a module for each activation, layer, loss and initializer."""

from __future__ import annotations

import sys
from types import ModuleType

from mygrad.functions import sliding_window
from mygrad.nnet import activations, initializers, layers, losses
from mygrad.nnet.layers import convolution

#: Modules that are not named after the function that they define.
_OTHERS = {
    "mygrad.nnet.layers.conv": convolution,
    "mygrad.nnet.layers.utils": sliding_window,
}


def import_paths() -> dict[str, ModuleType]:
    """The modules by import path, such as ``mygrad.nnet.activations.relu``."""
    packages: tuple[ModuleType, ...] = (activations, initializers, layers, losses)
    return _OTHERS | {
        f"{package.__name__}.{name}": sys.modules[getattr(package, name).__module__]
        for package in packages
        for name in package.__all__
    }


for _path, _module in import_paths().items():
    sys.modules.setdefault(_path, _module)
