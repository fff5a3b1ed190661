"""mg.debug: the first operation that makes NaN or infinity is named, with its line."""

import threading

import numpy as np
import pytest

import mygrad as mg


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
    with mg.debug, pytest.raises(mg.Anomaly, match=r"Sqrt.*outside of mygrad\.debug"):
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
