import numpy as np
import pytest

import mygrad as mg


@pytest.mark.parametrize("name", ["equal", "less"])
def test_text_is_refused(name):
    with pytest.raises(TypeError, match=rf"np\.char\.{name} cannot be used on tensors: .* text"):
        getattr(np.char, name)(mg.tensor([1.0]), "a")
