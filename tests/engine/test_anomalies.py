"""mg.debug: the first operation that makes NaN or infinity is named, with its line."""

import threading

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine import anomalies


def line_of(error):
    return f"test_anomalies.py:{error.traceback[0].lineno + 1}"


def test_forward():
    x = mg.tensor([1.0, -1.0])
    with mg.debug, pytest.raises(FloatingPointError) as error, np.errstate(invalid="ignore"):
        np.sqrt(x * 2)
    assert isinstance(error.value, mg.Anomaly)
    text = str(error.value)
    assert "np.sqrt" in text
    assert "NaN" in text
    assert "(2,)" in text
    assert line_of(error) in text


@pytest.mark.parametrize("constant", [False, True])
def test_forward_of_two(constant):
    x = mg.tensor([1.0, 2.0], constant=constant)
    with (
        mg.debug,
        pytest.raises(mg.Anomaly, match=r"np\.divide.*infinity"),
        np.errstate(all="ignore"),
    ):
        x / 0.0


def test_forward_other_ways():
    x = mg.tensor([1e200, 1e200])
    with mg.debug, np.errstate(all="ignore"):
        with pytest.raises(mg.Anomaly, match="prod"):
            np.prod(x)
        with pytest.raises(mg.Anomaly, match=r"np\.multiply"):
            np.multiply(x, x, out=mg.tensor([0.0, 0.0]))
        with pytest.raises(mg.Anomaly, match=r"np\.multiply"):
            x *= 1e200


def test_masked_out_entries_do_not_count():
    x = mg.tensor([1.0, -1.0])
    with mg.debug, np.errstate(all="ignore"):
        np.log(x, where=[True, False])
        with pytest.raises(mg.Anomaly):
            np.log(x, where=[True, True])


def test_what_was_not_finite_before_is_let_through():
    x = mg.tensor([np.inf, np.nan, 1.0])
    with mg.debug:
        y = x * 2
    assert np.isnan(y.data[1])


def test_backward_names_the_line_of_the_forward_call():
    x = mg.tensor([0.0, 4.0])
    with mg.debug:
        root = np.sqrt(x)  # this line
        total = np.sum(root * 3)
        with pytest.raises(mg.Anomaly) as error:
            total.backward()
    text = str(error.value)
    line = test_backward_names_the_line_of_the_forward_call.__code__.co_firstlineno + 3
    assert f"test_anomalies.py:{line} " in text
    assert "Sqrt" in text
    assert "infinity" in text


def test_backward_of_a_graph_made_before():
    x = mg.tensor([0.0, 4.0])
    y = np.sqrt(x).sum()
    with mg.debug, pytest.raises(mg.Anomaly, match=r"Sqrt.*outside mygrad\.debug"):
        y.backward()


@pytest.mark.parametrize("transform", [mg.grad, mg.value_and_grad])
def test_in_transforms(transform):
    with mg.debug, pytest.raises(mg.Anomaly, match=r"Sqrt.*test_anomalies"):
        transform(lambda x: np.sqrt(x).sum())(np.zeros(2))


def test_create_graph():
    x = mg.tensor(0.0)
    with mg.debug, pytest.raises(mg.Anomaly):
        np.sqrt(x).backward(create_graph=True)


def test_same_results_and_release():
    def loss(x):
        return np.sum(np.tanh(x @ x.T) * np.exp(x[0]))

    x, y = mg.tensor(np.eye(2)), mg.tensor(np.eye(2))
    loss(x).backward()
    with mg.debug:
        out = loss(y)
        out.backward()
        assert np.array_equal(mg.grad(loss)(np.eye(2)), x.grad)
        assert np.array_equal(mg.hessian(loss)(np.eye(2)), mg.hessian(loss)(np.eye(2)))
    assert np.array_equal(x.grad, y.grad)
    with pytest.raises(mg.InvalidBackprop):
        out.backward()


def test_off_again_also_after_an_error():
    x = mg.tensor([-1.0])
    with np.errstate(all="ignore"):
        with pytest.raises(mg.Anomaly), mg.debug, mg.debug:
            np.sqrt(x)
        y = np.sqrt(x)
    assert not y.constant


def test_recording_stays_off_inside_no_autodiff():
    x = mg.tensor([1.0])
    with mg.no_autodiff, mg.debug:
        assert (x * 2).constant
    with mg.debug, mg.no_autodiff:
        assert (x * 2).constant
    with mg.debug:
        assert not (x * 2).constant
        assert not mg.zeros_like(x).constant
        assert not x[0].constant


def test_decorator_and_threads():
    @mg.debug
    def root(x):
        return np.sqrt(x)

    x = mg.tensor([-1.0])
    seen = []
    with np.errstate(all="ignore"):
        with pytest.raises(mg.Anomaly):
            root(x)
        with mg.debug:
            thread = threading.Thread(target=lambda: seen.append(2 * x))
            thread.start()
            thread.join()
            seen.append(2 * x)
    assert len(seen) == 2
    assert not any(each.constant for each in seen)


@pytest.mark.parametrize("write", ["setitem", "view", "copyto", "put", "fill", "data"])
@pytest.mark.parametrize("constant", [False, True])
def test_updates(write, constant):
    x = mg.tensor([1e300, 1.0], constant=constant)
    y = mg.zeros(2, dtype="f4", constant=constant)
    writes = {
        "setitem": lambda: y.__setitem__(0, x[0]),
        "view": lambda: y[:1].__setitem__(..., x[:1]),
        "copyto": lambda: np.copyto(y, x),
        "put": lambda: np.put(y, [0], x[:1]),
        "fill": lambda: y.fill(1e300),
        "data": lambda: setattr(y, "data", [0.0, 1e300]),
    }
    with (
        mg.debug,
        pytest.raises(mg.Anomaly, match=r"in-place update at .*test_anomalies.*infinity"),
        np.errstate(all="ignore"),
    ):
        writes[write]()


def test_updates_with_what_is_not_finite():
    y = mg.zeros(2)
    with mg.debug:
        y[0] = np.inf
        y[1] = 1.0
    assert np.array_equal(y, [np.inf, 1.0])


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(
    "convert",
    [
        lambda x: x.astype("f4"),
        lambda x: mg.astensor(x, "f4"),
        lambda x: mg.tensor(x, dtype="f4"),
        lambda x: mg.tensor([x[0], 1.0], dtype="f4"),
        lambda x: np.cov(x),
    ],
    ids=["astype", "astensor", "tensor", "list", "cov"],
)
def test_conversions(convert, constant):
    x = mg.tensor([1e300, 1.0], constant=constant)
    with (
        mg.debug,
        pytest.raises(mg.Anomaly, match=r"test_anomalies.*infinity"),
        np.errstate(all="ignore"),
    ):
        convert(x)


def test_what_rules_make_of_zeros_is_mended():
    def function(x):
        return np.where(x > 0, np.sqrt(x), x).sum()

    at = np.array([0.0, 4.0])
    expected = mg.hessian(function)(at)
    x = mg.tensor(at)
    with mg.debug:
        assert np.array_equal(mg.hessian(function)(at), expected)
        function(x).backward(create_graph=True)
        x.grad.sum().backward()
        with np.errstate(all="ignore"), pytest.raises(mg.Anomaly):
            np.log(x - 4.0)  # calls of the user's are looked at again


def test_second_order_anomalies_are_found():
    # The second derivative of x**1.5 is infinite at 0.
    with mg.debug, pytest.raises(mg.Anomaly, match=r"backward pass.*test_anomalies"):
        mg.grad(mg.grad(lambda x: x**1.5))(0.0)


@pytest.mark.parametrize("backward", [True, False])
def test_places_go_with_their_nodes(backward, monkeypatch):
    alive = []

    class Place(anomalies._Place):
        def __init__(self, *_):
            alive.append(str(self))

        def __del__(self):
            alive.pop()

    monkeypatch.setattr(anomalies, "_Place", Place)
    x = mg.tensor([1.0, 2.0])
    with mg.debug:
        for _ in range(5):
            loss = np.sum(x * 2)
            if backward:
                loss.backward()
            mg.grad(lambda x: np.sum(x * 2))(x.detach())
            assert len(alive) == (0 if backward else 2)
        del loss
        assert not alive


def test_place_of_divided_nodes():
    for divide in (lambda y: y.data, lambda y: y.register_hook(lambda _: None)):
        x = mg.tensor([0.0, 4.0])
        with mg.debug:
            root = np.sqrt(x)
            total = np.sum(root * root) + np.sum(root)
            divide(root)
            with pytest.raises(mg.Anomaly, match=r"Sqrt at .*test_anomalies"):
                total.backward()
