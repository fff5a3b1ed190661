import numpy as np
import pytest
from numpy.lib import recfunctions

import mygrad as mg


def test_records_are_refused():
    x = mg.tensor([1.0, 2.0])
    for call in (
        lambda: recfunctions.merge_arrays((x, x)),
        lambda: recfunctions.unstructured_to_structured(x, np.dtype([("a", float)])),
    ):
        with pytest.raises(TypeError, match=r"cannot be used on tensors: .* structured records"):
            call()
