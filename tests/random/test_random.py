"""Random tensors of MyGrad 2, with a global state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import mygrad as mg


@pytest.fixture
def global_state() -> Iterator[None]:
    state = np.random.get_state()  # noqa: NPY002 - what the functions use
    yield
    np.random.set_state(state)  # noqa: NPY002


#: The results of MyGrad 2.5 after seed(12), for consecutive calls.
LEGACY: list[tuple[str, tuple[Any, ...], Any]] = [
    ("rand", (2,), [0.15416284237967237, 0.7400496965154048]),
    ("rand", (), 0.26331501518513467),
    ("randn", (2, 1), [[-0.3288947350554445], [0.022859778522262852]]),
    ("randn", (), -0.42069203750130013),
    ("randint", (4,), 0),
    ("randint", (0, 10, (3,)), [2, 9, 3]),
    ("random", (), 0.002259233518513537),
    ("random", ((2,),), [0.5212260272202929, 0.5520376332645666]),
    ("random_sample", (2,), [0.4853774136627097, 0.7681341540644223]),
    ("ranf", ((1, 2),), [[0.1607167531255701, 0.7645604503388788]]),
    ("sample", (1,), [0.020809797952066167]),
]


@pytest.mark.usefixtures("global_state")
def test_the_numbers_are_those_of_mygrad_2() -> None:
    mg.random.seed(12)
    for name, args, expected in LEGACY:
        result = getattr(mg.random, name)(*args)
        assert type(result) is mg.Tensor
        assert result.constant == (name == "randint")
        assert result.creator is None
        np.testing.assert_allclose(result, expected, rtol=1e-14)


@pytest.mark.usefixtures("global_state")
@pytest.mark.parametrize("name", ["rand", "randn", "random", "random_sample", "ranf", "sample"])
def test_constants(name: str) -> None:
    function = getattr(mg.random, name)
    assert function(2, constant=True).constant
    assert not function(2, constant=False).constant
    with pytest.raises(TypeError, match=f"{name}: constant takes"):
        function(2, constant=1)


@pytest.mark.usefixtures("global_state")
def test_integers() -> None:
    assert mg.random.randint(3, 5, shape=(2, 2), dtype=np.int8).dtype == np.int8
    assert mg.random.randint(mg.tensor([1, 5]), mg.tensor([2, 6])).tolist() == [1, 5]
