"""Neural networks: activations, layers, losses and initializers.

The contents of the four modules can be imported from here, too:

>>> import mygrad as mg
>>> mg.nnet.softmax is mg.nnet.activations.softmax
True
"""

from mygrad.nnet import _mygrad2, activations, initializers, layers, losses  # noqa: F401 - the paths of MyGrad 2
from mygrad.nnet.activations import *  # noqa: F403 - each module has its list
from mygrad.nnet.initializers import *  # noqa: F403
from mygrad.nnet.layers import *  # noqa: F403
from mygrad.nnet.losses import *  # noqa: F403

__all__ = ["activations", "initializers", "layers", "losses"]
__all__ += activations.__all__
__all__ += initializers.__all__
__all__ += layers.__all__
__all__ += losses.__all__
