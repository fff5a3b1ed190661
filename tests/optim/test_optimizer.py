"""The base class of optimizers: parameters, in-place steps, the state."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad import optim

MAKERS = [
    lambda parameters: optim.SGD(parameters, lr=0.1),
    lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True),
    lambda parameters: optim.Adam(parameters, lr=0.1),
    lambda parameters: optim.AdamW(parameters, lr=0.1),
    lambda parameters: optim.RMSprop(parameters, lr=0.1, momentum=0.9, centered=True),
    lambda parameters: optim.Adagrad(parameters, lr=0.1),
    lambda parameters: optim.Adam(parameters, lr=optim.ReduceOnPlateau(0.1, patience=0)),
]
NAMES = ["SGD", "Nesterov", "Adam", "AdamW", "RMSprop", "Adagrad", "plateau"]
each = pytest.mark.parametrize("make", MAKERS, ids=NAMES)


def loss(parameters: dict[str, Any]) -> Any:
    return np.sum((parameters["w"] - 2.5) ** 2) + np.abs(parameters["z"] - 1j) ** 2


def fresh() -> dict[str, mg.Tensor]:
    return {"w": mg.tensor([[1.0, -3.0], [0.5, 2.0]]), "z": mg.tensor(2.0 - 1j)}


def train(parameters: dict[str, Any], optimizer: Any, steps: int) -> None:
    for _ in range(steps):
        value = loss(parameters)
        value.backward()
        optimizer.step()
        if isinstance(optimizer.lr, optim.ReduceOnPlateau):
            optimizer.lr.observe(value)


# ------------------------------------------------------------------- parameters


def test_an_iterable_or_a_dict() -> None:
    w, z = fresh().values()
    assert list(optim.SGD([w, z]).parameters) == ["0", "1"]
    assert list(optim.SGD(each for each in (w, z)).parameters) == ["0", "1"]
    assert optim.SGD({"w": w, "z": z}).parameters == {"w": w, "z": z}


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        (lambda: mg.tensor([1.0, 2.0]), TypeError, r"for a single one, write SGD\(\[tensor\]\)"),
        (list, ValueError, "got no parameters"),
        (lambda: [np.ones(2)], TypeError, "parameter '0' is not a tensor but ndarray"),
        (lambda: {"w": mg.tensor([1, 2])}, ValueError, "parameter 'w' has dtype int64"),
        (lambda: [mg.tensor(1.0, constant=True)], ValueError, "'0' is a constant"),
        (lambda: [mg.tensor(1.0) * 2], ValueError, "'0' is the result of Multiply"),
        (lambda: [mg.tensor(1.0)] * 2, ValueError, "'0' and '1' are the same tensor"),
        (lambda: {1: mg.tensor(1.0), "1": mg.tensor(1.0)}, ValueError, "two .* would be named '1'"),
    ],
    ids=["tensor", "none", "array", "integers", "constant", "result", "twice", "names"],
)
def test_parameters_that_cannot_be_optimized(parameters: Any, error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        optim.SGD(parameters())


# ------------------------------------------------------------------- steps


@each
def test_steps_write_into_the_parameters_memory(make: Any) -> None:
    parameters = fresh()
    arrays = [parameter.data for parameter in parameters.values()]
    views = [parameter[...] for parameter in parameters.values()]
    before = [array.copy() for array in arrays]
    train(parameters, make(parameters), 3)
    for parameter, array, view, old in zip(parameters.values(), arrays, views, before, strict=True):
        assert parameter.data is array
        assert not np.any(array == old)
        np.testing.assert_array_equal(view, array)
        assert parameter.creator is None
        assert not parameter.constant


@each
def test_losses_fall(make: Any) -> None:
    parameters = fresh()
    first = loss(parameters).item()
    train(parameters, make(parameters), 100)
    assert loss(parameters).item() < 0.5 * first


def test_an_array_of_the_users_is_written_to() -> None:
    array = np.array([1.0, 2.0])
    w = mg.tensor(array, copy=False)
    np.sum(w**2).backward()
    optim.SGD([w], lr=0.5).step()
    assert array.tolist() == [0, 0]


def test_a_read_only_array_is_not() -> None:
    array = np.array([1.0, 2.0])
    array.flags.writeable = False
    w = mg.tensor(array, copy=False)
    np.sum(w**2).backward()
    with pytest.raises(ValueError, match=r"SGD.step: parameter '0' is read-only"):
        optim.SGD([w], lr=0.5).step()


@each
def test_a_step_that_cannot_be_done_is_not_begun(make: Any) -> None:
    parameters = fresh() | {"fixed": mg.tensor(np.broadcast_to(1.0, 2), copy=False)}
    before = {name: parameter.data.copy() for name, parameter in parameters.items()}
    (loss(parameters) + np.sum(parameters["fixed"])).backward()
    optimizer = make(parameters)
    with pytest.raises(ValueError, match="parameter 'fixed' is read-only"):
        optimizer.step()
    for name, parameter in parameters.items():
        np.testing.assert_array_equal(parameter, before[name])
    assert optimizer.state_dict().keys() == make(fresh()).state_dict().keys()
    parameters["fixed"].null_grad()  # a parameter without a gradient may be read-only
    optimizer.step()
    assert np.all(parameters["w"].data != before["w"])


def test_what_a_live_graph_needs_stays() -> None:
    w = mg.tensor([1.0, 2.0])
    kept = np.sum(w**3)
    np.sum(w**2).backward()
    optim.SGD([w], lr=0.5).step()
    assert w.data.tolist() == [0, 0]
    w.null_grad()
    kept.backward()  # at the values that w had
    assert w.grad.tolist() == [3, 12]


def test_a_view_can_be_a_parameter() -> None:
    table = mg.tensor(np.zeros((2, 3)), constant=True)
    w = mg.Tensor(table.data[0], copy=False)
    np.sum(w - 1).backward()
    optim.SGD([w], lr=1.0).step()
    assert table.data.tolist() == [[-1, -1, -1], [0, 0, 0]]


@each
def test_parameters_without_a_gradient_are_left_alone(make: Any) -> None:
    parameters = fresh()
    optimizer = make(parameters)
    np.sum(parameters["w"]).backward()
    optimizer.step()
    assert parameters["z"].item() == 2 - 1j
    assert not any(key.startswith("z.") for key in optimizer.state_dict())
    assert optimizer.steps == 1


def test_gradients_that_have_a_history() -> None:
    w = mg.tensor([1.0, 2.0])
    np.sum(w**3).backward(create_graph=True)
    optimizer = optim.SGD([w], lr=0.5)
    with mg.strict:
        optimizer.step()
    assert w.data.tolist() == [-0.5, -4.0]


def test_null_grad() -> None:
    parameters = fresh()
    loss(parameters).backward()
    optim.SGD(parameters).null_grad()
    assert parameters["w"].grad is None
    assert parameters["z"].grad is None


def test_a_rate_that_follows_a_function() -> None:
    w = mg.tensor(0.0)
    optimizer = optim.SGD([w], lr=lambda step: 10.0**-step)
    for _ in range(3):
        (w * 1).backward()
        optimizer.step()
    assert w.item() == pytest.approx(-1.11)
    assert optimizer.rate == pytest.approx(1e-3)
    optimizer.lr = 5
    assert optimizer.rate == 5


# ------------------------------------------------------------------- the state


@each
def test_training_goes_on_from_a_file(make: Any) -> None:
    whole = fresh()
    optimizer = make(whole)
    train(whole, optimizer, 3)
    file = io.BytesIO()
    np.savez(file, **optimizer.state_dict())
    parts = {name: mg.tensor(parameter.data) for name, parameter in whole.items()}
    train(whole, optimizer, 4)

    file.seek(0)
    resumed = make(parts)
    with np.load(file) as state:  # which refuses to unpickle
        resumed.load_state_dict(state)
    train(parts, resumed, 4)
    assert resumed.steps == 7
    for name, parameter in whole.items():
        np.testing.assert_array_equal(parts[name], parameter)
    for key, value in optimizer.state_dict().items():
        np.testing.assert_array_equal(resumed.state_dict()[key], value)


@each
def test_a_state_is_a_copy(make: Any) -> None:
    parameters = fresh()
    optimizer = make(parameters)
    train(parameters, optimizer, 1)
    state = optimizer.state_dict()
    expected = {key: value.copy() for key, value in state.items()}
    train(parameters, optimizer, 1)
    for key, value in state.items():
        np.testing.assert_array_equal(value, expected[key])
    optimizer.load_state_dict(state)
    train(parameters, optimizer, 1)
    for key, value in state.items():
        np.testing.assert_array_equal(value, expected[key])


def state_of(make: Any, steps: int = 1) -> dict[str, Any]:
    parameters = fresh()
    optimizer = make(parameters)
    train(parameters, optimizer, steps)
    return optimizer.state_dict()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda state: state.pop("steps"), "SGD: no 'steps' in the state"),
        (lambda state: state.pop("w.velocity"), r"SGD: no 'w\.velocity' in the state"),
        (lambda state: state.update(other=1), "does not use 'other'"),
        (lambda state: state.update({"w.velocity": np.ones(3)}), r"shape \(2, 2\).*shape \(3,\)"),
        (lambda state: state.update({"w.velocity": np.full((2, 2), "a")}), "dtype <U1"),
        (lambda state: state.update({"w.velocity": np.full((2, 2), None)}), "dtype object"),
        (lambda state: state.update(steps=-1), "'steps' must be a count.*it is -1"),
        (lambda state: state.update({"w.count": 1.5}), r"'w\.count' must be a count.*it is 1\.5"),
        (lambda state: state.update({"w.count": np.nan}), r"'w\.count' must be a count.*it is nan"),
    ],
    ids=["steps", "missing", "unknown", "shape", "text", "objects", "minus", "half", "nan"],
)
def test_states_that_do_not_fit(change: Any, match: str) -> None:
    state = state_of(MAKERS[1])
    change(state)
    optimizer = MAKERS[1](fresh())
    with pytest.raises(ValueError, match=match):
        optimizer.load_state_dict(state)
    assert optimizer.steps == 0
    assert list(optimizer.state_dict()) == ["steps"]


@pytest.mark.parametrize("state", [None, 3, "state", [("steps", 1)]])
def test_a_state_is_a_mapping(state: Any) -> None:
    with pytest.raises(TypeError, match=r"SGD.load_state_dict takes the result of state_dict"):
        MAKERS[0](fresh()).load_state_dict(state)


def test_the_state_of_another_optimizer() -> None:
    with pytest.raises(ValueError, match=r"does not use 'w\.velocity'"):
        MAKERS[0](fresh()).load_state_dict(state_of(MAKERS[1]))
    with pytest.raises(ValueError, match=r"no 'w\.mean' in the state"):
        MAKERS[2](fresh()).load_state_dict(state_of(MAKERS[1]))


def test_an_optimizer_of_ones_own() -> None:
    class Heavy(optim.Optimizer):
        def __init__(self, parameters: Any) -> None:
            super().__init__(parameters, lr=1.0)
            self.buffers = {"seen": 2.0}

        def change(self, value: Any, gradient: Any, state: Any, rate: float) -> Any:
            state["seen"] += gradient
            return rate * state["count"] * state["seen"]

    w = mg.tensor([0.0, 1.0])
    optimizer = Heavy([w])
    for _ in range(2):
        np.sum(w).backward()
        optimizer.step()
    assert w.data.tolist() == [-3 - 8, 1 - 3 - 8]
    assert optimizer.state_dict()["0.seen"].tolist() == [4, 4]
    with pytest.raises(NotImplementedError):
        optim.Optimizer([w], 0.1).change(w.data, w.data, {}, 0.1)
