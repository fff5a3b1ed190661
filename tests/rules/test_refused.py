import numpy as np
import pytest

import mygrad as mg


@pytest.mark.parametrize(
    "call", [np.isnat, np.is_busday, np.datetime_as_string, lambda x: np.busday_offset(x, 1)]
)
def test_dates_are_refused(call):
    with pytest.raises(TypeError, match="cannot be used on tensors: it works on dates"):
        call(mg.tensor([1.0]))
