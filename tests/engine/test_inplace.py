"""In-place updates: all kinds of writes, refusals by NumPy, growth of cost, strict mode."""

from __future__ import annotations

import gc
import math
import operator
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mygrad as mg
from mygrad.engine.regions import Layout
from mygrad.errors import GradientLost
from tests.edges import pullback


def numbers() -> np.ndarray:
    return np.arange(12.0).reshape(3, 4) + 1


# ------------------------------------------------------------- ways of writing

UPDATES: dict[str, Callable[[Any, Any], Any]] = {
    "+=": lambda a, v: operator.iadd(a, v),
    "-=": lambda a, v: operator.isub(a, v),
    "*=": lambda a, v: operator.imul(a, v),
    "/=": lambda a, v: operator.itruediv(a, v),
    "//=": lambda a, v: operator.ifloordiv(a, v),
    "%=": lambda a, v: operator.imod(a, v),
    "**=": lambda a, v: operator.ipow(a, [1, 2, 3, 2]),
    "**= of a part": lambda a, v: operator.ipow(a[0], v),
    "setitem, all": lambda a, v: operator.setitem(a, ..., v),
    "setitem, slices": lambda a, v: operator.setitem(
        a, (slice(1, None), slice(None, None, 2)), v[0]
    ),
    "setitem, integers": lambda a, v: operator.setitem(a, (1, 2), v[0]),
    "setitem, repeated": lambda a, v: operator.setitem(a, ([0, 0, 2],), v),
    "setitem, mask": lambda a, v: operator.setitem(a, numbers() > 9, v[:3]),
    "setitem, newaxis": lambda a, v: operator.setitem(a, (None, 1), v),
    "setitem, list": lambda a, v: operator.setitem(a, 1, [v[0], 2.0, v[1], v[2]]),
    "slices +=": lambda a, v: operator.setitem(a, 1, operator.iadd(a[1], v)),
    "repeated +=": lambda a, v: operator.setitem(a, [0, 0], operator.iadd(a[[0, 0]], v)),
    "row of row": lambda a, v: operator.iadd(a[1:][0], v),
    "transpose": lambda a, v: operator.imul(a.T[1:], v[:3]),
    "out": lambda a, v: np.multiply(a, v, out=a),
    "out, a view": lambda a, v: np.sin(v, out=a[0]),
    "out, where": lambda a, v: np.exp(v, out=a, where=numbers() > 3),
    "out of a reduction": lambda a, v: np.sum(a * v, axis=0, out=a[1]),
    "two outs": lambda a, v: np.divmod(a * v, 3.0, out=(np.zeros_like(a), a)),
    "copyto": lambda a, v: np.copyto(a, v),
    "copyto, where": lambda a, v: np.copyto(a, v, where=[True, False, True, False]),
    "put": lambda a, v: np.put(a, [0, 5, -1], v),
    "put, wrap": lambda a, v: np.put(a, [13, 5], v, mode="wrap"),
    "put, clip": lambda a, v: np.put(a, [13, -5], v, mode="clip"),
    "place": lambda a, v: np.place(a, numbers() > 2, v),
    "putmask": lambda a, v: np.putmask(a, numbers() > 2, v),
    "fill_diagonal": lambda a, v: np.fill_diagonal(a, v),
    "put_along_axis": lambda a, v: np.put_along_axis(a, np.array([[2, 0, 1, 1]]), v, 0),
    "put_along_axis, flat": lambda a, v: np.put_along_axis(a, np.array([2, 0, 1, 5]), v, None),
    "add.at": lambda a, v: np.add.at(a, [0, 0, 2], v),
    "subtract.at": lambda a, v: np.subtract.at(a, ([0, 0, 2],), v),
    "multiply.at": lambda a, v: np.multiply.at(a, [0, 0, 2], v),
    "divide.at, mask": lambda a, v: np.divide.at(a, numbers() > 9, v[:3]),
    "negative.at": lambda a, v: np.negative.at(a, ([0, 0, 1], [1, 2, 1])),
    "fill": lambda a, v: a.fill(v[1]),
    "sort": lambda a, v: a.sort(0),
    "partition": lambda a, v: a.partition((0, 1, 2, 3)),
    "flat": lambda a, v: setattr(a, "flat", v),
    "flat, slice": lambda a, v: operator.setitem(a.flat, slice(2, 6), v),
    "flat, list": lambda a, v: operator.setitem(a.flat, [2, 2, 7], v[:3]),
    "flat, integer": lambda a, v: operator.setitem(a.flat, 3, v[0]),
}
STEP = 1e-6


def program(update: Callable[[Any, Any], Any], x: Any, v: Any) -> Any:
    a = x * np.array([[1.0], [-1.5], [2.5]])
    view = a[1:, :3]
    update(a, v)
    return np.sum(a * a * numbers()) + np.sum(np.sin(view))


@pytest.mark.parametrize("name", UPDATES)
def test_values_and_gradients(name: str) -> None:
    update = UPDATES[name]
    x, v = numbers() / 7, np.array([0.7, 1.3, 2.2, 3.1])
    before = x * 1
    update(before, v)
    tensor = mg.tensor(x) * 1
    update(tensor, v)
    np.testing.assert_allclose(tensor, before, rtol=1e-14)
    gradients = pullback(lambda x, v: program(update, x, v), x, v)
    directions = np.cos(numbers()), np.cos(v)
    ends = [
        program(update, x + sign * STEP * directions[0], v + sign * STEP * directions[1])
        for sign in (1, -1)
    ]
    expected = (ends[0] - ends[1]) / (2 * STEP)
    slopes = [
        0 if gradient is None else np.sum(gradient * direction)
        for gradient, direction in zip(gradients, directions, strict=True)
    ]
    assert sum(slopes) == pytest.approx(expected, rel=1e-6)


def test_matrix_product_in_place() -> None:
    x, m = mg.tensor(numbers()[:, :3]), mg.tensor(np.eye(3) * 2)
    a = x * 1
    view = a[0]
    a @= m
    assert np.array_equal(view, [2, 4, 6])
    np.sum(a).backward()
    assert np.array_equal(x.grad, np.full((3, 3), 2.0))
    assert np.array_equal(m.grad[:, 0], numbers()[:, :3].sum(0))


@pytest.mark.parametrize("name", ["&=", "|=", "^=", "<<=", ">>="])
def test_bits_in_place(name: str) -> None:
    operators = dict(
        zip(
            ["&=", "|=", "^=", "<<=", ">>="],
            [operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift],
            strict=True,
        )
    )
    array, tensor = np.array([1, 6, 3]), mg.tensor([1, 6, 3])
    view = tensor[1:]
    array = operators[name](array, 2)
    assert operators[name](tensor, 2) is tensor
    assert np.array_equal(tensor, array)
    assert np.array_equal(view, array[1:])


def test_the_value_that_survives_has_the_gradient() -> None:
    x, v = mg.tensor(np.zeros(3)), mg.tensor([1.0, 2.0, 3.0])
    y = x * 1
    y[[0, 0, 2]] = v
    np.sum(y).backward()
    assert np.array_equal(v.grad, [0, 1, 1])
    assert np.array_equal(x.grad, [0, 1, 0])


def test_what_is_written_over_itself_is_no_update() -> None:
    x = mg.tensor([1.0, 2.0, 3.0])
    y = x * 2
    z = np.sin(y)
    y[...] = y
    y[1:] = y[1:]
    np.sum(z).backward()
    assert np.array_equal(y.grad, np.cos(y.data))
    assert np.array_equal(x.grad, 2 * y.grad)


def test_other_graphs_keep_the_old_values() -> None:
    x = mg.tensor(np.array([1.0, 2.0]))
    y = x * 1
    square = y**2
    row = y[:1]
    cube = row**3
    y *= 10.0
    (np.sum(square) + np.sum(cube)).backward()
    assert np.array_equal(x.grad, [2 + 3, 4])


def test_scalars_take_a_new_value_arrays_are_updated() -> None:
    """As a NumPy scalar is rebound by ``+=``, and an array without axes is not."""
    x = mg.tensor([1.0, 2.0])
    total = np.sum(x)
    same = total
    total += 1.0
    assert (float(same.data), float(total.data)) == (3, 4)
    constant = np.sum(mg.tensor([1.0, 2.0], constant=True))
    other = constant
    constant -= 1.0
    assert (float(other.data), float(constant.data)) == (3, 2)
    for array in (mg.tensor(1.0), mg.tensor(1.0).copy(), mg.tensor(1.0, constant=True)):
        target, view = array, array[...]
        for _ in range(3):
            target += 1.0
        assert target is array
        assert view.data == 4


def test_updates_of_views_under_no_autodiff_are_seen() -> None:
    w = mg.tensor(numbers())
    view = w[1]
    np.sum(w * view).backward()
    with mg.no_autodiff:
        view -= 1.0
        w[0] = 0.0
        np.multiply(w, 2.0, out=w, where=numbers() > 6)
    expected = numbers()
    expected[1] -= 1
    expected[0] = 0
    expected[numbers() > 6] *= 2
    assert np.array_equal(w, expected)
    assert not w.constant
    assert w.creator is None


# ----------------------------------------------------------------- constants


def test_a_constant_stays_one() -> None:
    c, x = mg.tensor(np.zeros(3), constant=True), mg.tensor(np.ones(3))
    c[1:] = x[1:]
    c += x
    np.multiply(x, 2, out=c)
    assert c.constant
    assert np.array_equal(c, [2, 2, 2])


@pytest.mark.parametrize("needed", [False, True])
@pytest.mark.parametrize(
    "update",
    [lambda a, v: operator.iadd(a, v), lambda a, v: operator.setitem(a, ..., v)],
    ids=["+=", "setitem"],
)
def test_an_update_of_a_constant_uses_the_values_all_the_same(
    update: Callable[[Any, Any], Any], needed: bool
) -> None:
    """The result is the same whether or not a graph needs the constant, which is then copied."""
    constant, x = mg.tensor([1.0, 2.0], constant=True), mg.tensor([3.0, 4.0])
    graph = x * constant if needed else None
    y = x * 2
    np.sum(y).backward()
    update(constant, y)
    assert constant.constant
    assert y.grad is None
    np.sum(y).backward()
    assert np.array_equal(y.grad, [1, 1])
    assert np.array_equal(x.grad, [2, 2])
    del graph


def test_through_a_detached_view() -> None:
    x = mg.tensor(np.ones(3))
    y = x * 1
    detached = y.detach()
    detached[0] = x[1] * 5
    detached[1:] *= 2.0
    np.multiply(x, 3.0, out=detached, where=[False, False, True])
    assert detached.constant
    assert np.array_equal(y, [5, 2, 3])
    np.sum(y).backward()
    # What was read through the detached view is a constant.
    assert np.array_equal(x.grad, [0, 5, 3])


# ------------------------------------------------------------------ refusals

REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception]]] = {
    "shape": (lambda a: operator.setitem(a, ..., np.ones(5)), ValueError),
    "shape, out": (lambda a: np.add(np.ones((2, 3, 4)), 1, out=a), ValueError),
    "shape, +=": (lambda a: operator.iadd(a, np.ones((2, 3, 4))), ValueError),
    "index": (lambda a: operator.setitem(a, 7, 1.0), IndexError),
    "casting": (lambda a: operator.iadd(a, 1j), TypeError),
    "casting, out": (lambda a: np.add(a, 1j, out=a), TypeError),
    "casting, copyto": (lambda a: np.copyto(a, np.ones(4, complex)), TypeError),
    "position, put": (lambda a: np.put(a, [0, 99], 1.0), IndexError),
    "size, place": (lambda a: np.place(a, [True], 1.0), ValueError),
    "empty, place": (lambda a: np.place(a, numbers() > 0, []), ValueError),
    "size, putmask": (lambda a: np.putmask(a, [True], 1.0), ValueError),
    "axes, fill_diagonal": (lambda a: np.fill_diagonal(a[0], 1.0), ValueError),
    "shape assignment": (lambda a: setattr(a, "shape", (5,)), ValueError),
    "mask, copyto": (lambda a: np.copyto(a, 1.0, where=np.array([1, 0, 1, 0])), TypeError),
    "mode, put": (lambda a: np.put(a, [0], 1.0, mode="other"), ValueError),
    "several values, fill": (lambda a: a.fill(np.arange(4.0)), ValueError),
    "several values, flat": (lambda a: operator.setitem(a.flat, 3, [1.0, 2.0]), ValueError),
    "no axis, sort": (lambda a: a.sort(None), TypeError),
    "no axis, partition": (lambda a: a.partition(1, None), TypeError),
    "imaginary part": (lambda a: setattr(a, "imag", 1.0), TypeError),
}


# Of arrays NumPy 2.5 deprecates it; tensors keep it, see test_views.py.
@pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array:DeprecationWarning")
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_refuses_changes_nothing(name: str, constant: bool) -> None:
    update, error = REFUSED[name]
    with pytest.raises(error):
        update(numbers())
    x = mg.tensor(numbers(), constant=constant)
    y = x * 1
    view = y[1]
    node = y._node
    with pytest.raises(error):
        update(y)
    assert np.array_equal(y, numbers())
    assert np.array_equal(view, numbers()[1])
    assert y._node is node


def test_what_is_refused_forgets_no_gradient() -> None:
    x, values = mg.tensor(numbers()), mg.tensor(np.ones(5))
    np.sum(x[0, 0] * values).backward()
    for refused in (
        lambda: operator.setitem(x, ..., values),
        lambda: operator.iadd(x, values),
        lambda: np.multiply(values, 2, out=x),
    ):
        with pytest.raises(ValueError, match="broadcast"):
            refused()
        assert np.array_equal(values.grad, np.ones(5))
        assert x.grad[0, 0] == 5


@pytest.mark.parametrize(
    "update",
    [
        lambda a: np.copyto(a, 1.5),
        lambda a: np.copyto(a, np.ones(2)),
        lambda a: operator.iadd(a, 1.5),
        lambda a: operator.itruediv(a, 2),
    ],
    ids=["copyto", "copyto, an array", "+=", "/="],
)
def test_integers_take_no_fractions(update: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError):
        update(np.array([1, 2]))
    x = mg.tensor([1, 2])
    with pytest.raises(TypeError):
        update(x)
    assert np.array_equal(x, [1, 2])


def test_values_that_are_none_change_nothing() -> None:
    array, x = numbers(), mg.tensor(numbers())
    for a in (array, x):
        a.flat = []
        a.flat[2:5] = []
        np.put(a, [1], [])
        np.putmask(a, a > 3, [])
        np.add(a, 1.0, out=a, where=None)
    assert np.array_equal(array, numbers())
    assert np.array_equal(x, numbers())


def test_adding_fractions_at_integers() -> None:
    """NumPy cuts each sum off."""
    array, x = np.arange(3), mg.tensor(np.arange(3))
    view = x[1:]
    for a in (array, x):
        np.add.at(a, [0, 0, 1], 1.7)
    assert np.array_equal(x, array)
    assert np.array_equal(view, array[1:])
    with mg.strict, pytest.raises(GradientLost):
        np.add.at(x, [0], mg.tensor(1.0))


@pytest.mark.parametrize("name", [name for name in UPDATES if name != "two outs"])
def test_what_is_read_only(name: str) -> None:
    array = numbers()
    array.flags.writeable = False
    values = np.array([0.7, 1.3, 2.2, 3.1])
    for constant in (False, True):
        x = mg.tensor(array, copy=False, constant=constant)
        with pytest.raises(ValueError, match="read-only"):
            UPDATES[name](x, values)
        assert np.array_equal(x, numbers())


# ----------------------------------------------------- how time and memory grow


def fill(n: int) -> np.ndarray:
    x = mg.tensor(np.ones(n))
    out = mg.tensor(np.zeros(n))
    for i in range(n):
        out[i] = np.sin(x[i])
    np.sum(out).backward()
    return x.grad


def update_rows(n: int) -> np.ndarray:
    x = mg.tensor(np.ones(n))
    y = mg.tensor(np.ones((n, n)))
    for i in range(n):
        row = y[i]
        row += x
    np.sum(y).backward()
    return x.grad


def update_views(n: int) -> np.ndarray:
    x = mg.tensor(np.ones(n))
    y = x * 1.0
    views = [y[i : i + 1] for i in range(n)]
    for i in range(n):
        views[i] *= 2.0
    np.sum(y).backward()
    return x.grad


def recur(n: int) -> np.ndarray:
    x = mg.tensor(np.full(2, 0.5))
    state = mg.tensor(np.zeros((n, 2)))
    for i in range(1, n):
        state[i] = np.tanh(state[i - 1] * x + x)
        state[i] += state[i - 1]
    np.sum(state[-1]).backward()
    return x.grad


def peak(run: Callable[[], Any]) -> int:
    """The most bytes allocated at once."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def layouts(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often an array of a base's size is made by a copy, or for a gradient."""
    counts = {"copies": 0, "gradients": 0}

    def counted(name: str, key: str) -> None:
        method = getattr(Layout, name)

        def count(self: Layout, *args: Any) -> Any:
            counts[key] += 1
            return method(self, *args)

        monkeypatch.setattr(Layout, name, count)

    counted("copy", "copies")
    counted("zeros", "gradients")
    return counts


@pytest.mark.parametrize("run", [fill, update_rows, update_views, recur])
def test_the_base_is_copied_once_at_most(run: Any, layouts: dict[str, int]) -> None:
    run(30)
    assert layouts["copies"] <= 1
    # One for the base's gradient that the user gets; two for the gradient passed through the
    # updates.
    assert layouts["gradients"] <= 4


@pytest.mark.parametrize("run", [fill, update_views, recur])
def test_memory_is_linear(run: Any) -> None:
    run(1000)  # fills the interpreter's free lists, from which objects are taken untraced
    small, large = peak(lambda: run(1000)), peak(lambda: run(4000))
    assert large <= 2.2**2 * small


@pytest.mark.parametrize("n", [200, 400])
def test_rows_take_less_than_four_bases(n: int) -> None:
    update_rows(10)
    assert peak(lambda: update_rows(n)) < 4 * 8 * n * n


def test_what_it_computes() -> None:
    np.testing.assert_allclose(fill(5), np.full(5, np.cos(1)))
    np.testing.assert_allclose(update_rows(5), np.full(5, 5.0))
    np.testing.assert_allclose(update_views(5), np.full(5, 2.0))


def test_a_step_of_gradient_descent_is_made_in_place() -> None:
    w = mg.tensor(np.ones(100_000))
    np.sum(w * w).backward()
    place = w._data.__array_interface__["data"][0]

    def step() -> None:
        with mg.no_autodiff:
            target = w
            target -= 0.1 * w.grad

    w.grad
    assert peak(step) < 1.1 * w.nbytes
    assert w._data.__array_interface__["data"][0] == place
    assert np.allclose(w, 0.8)


def test_memory_stays_flat_without_the_garbage_collector() -> None:
    w = mg.tensor(np.ones(50))
    data = np.ones((5, 50))

    def step() -> None:
        target = w
        y = w * 2
        y[2:4] += w[:2]
        view = y[::2]
        view *= 3.0
        loss = np.sum((data @ y) ** 2) + np.sum(view)
        loss.backward()
        with mg.no_autodiff:
            target -= 1e-9 * w.grad

    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(100):
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1_000):
            step()
        # Less than an object every other step.
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()
        gc.enable()


@pytest.mark.parametrize("depth", [1_000, 10_000])
def test_deep_chains_of_updates(depth: int) -> None:
    x = mg.tensor(np.ones(3))
    y = x * 1
    view = y
    for i in range(depth):
        if i < 1000:
            view = view[...]
        view[i % 3] *= -1.0
    np.sum(y).backward()
    assert np.array_equal(np.abs(x.grad), [1, 1, 1])


def test_a_chain_of_100_000_operations_goes_forth_and_back_and_is_freed() -> None:
    x = mg.tensor(1.0)
    y = x * 1.0
    for _ in range(100_000):
        y = y * 1.0
    y.backward()
    assert x.grad == 1
    for _ in range(100_000):
        y = y * 1.0
    del y


# -------------------------------------------------------------- modes, strict


def test_no_autodiff_as_a_decorator() -> None:
    def f(x: Any) -> Any:
        return {"square": x**2, "parts": (x, [x + 1], 3)}

    x = mg.tensor([1.0, 2.0])
    tensors = mg.no_autodiff(f)(x)
    assert tensors["square"].constant
    arrays = mg.no_autodiff(f, to_numpy=True)(x)
    assert type(arrays["square"]) is np.ndarray
    assert type(arrays["parts"][1][0]) is np.ndarray
    assert arrays["parts"][2] == 3
    y = x * 2
    assert not y.constant


def test_threads_have_modes_of_their_own() -> None:
    entered, checked = threading.Event(), threading.Event()

    def silent() -> None:
        with mg.no_autodiff:
            entered.set()
            checked.wait(10)

    thread = threading.Thread(target=silent)
    thread.start()
    assert entered.wait(10)
    try:
        x = mg.tensor([1.0, 2.0])
        y = x * 1
        y[0] *= 3.0
        np.sum(y).backward()
        assert np.array_equal(x.grad, [3, 1])
    finally:
        checked.set()
        thread.join()


def scalar() -> Any:
    return mg.tensor(2.0) * 1


LOSSES: dict[str, Callable[[Any], Any]] = {
    "np.asarray(t)": np.asarray,
    "np.array([t, …])": lambda t: np.array([t, t]),
    "float(t)": float,
    "int(t)": int,
    "complex(t)": complex,
    "math.exp(t)": math.exp,
    "t.item()": lambda t: t.item(),
    "t.tolist()": lambda t: t.tolist(),
    "t.tobytes()": lambda t: t.tobytes(),
    "t.dumps()": lambda t: t.dumps(),
    "t.astype(int)": lambda t: t.astype(int),
    "np.astype(t, int)": lambda t: np.astype(t, int),
    "mg.tensor(t, int)": lambda t: mg.tensor([t, 1.0], int),
    "np.sum(t, dtype=int)": lambda t: np.sum(t, dtype=int),
    "np.cumsum(t, dtype=int)": lambda t: np.cumsum(t, dtype=int),
    "array[i] = t": lambda t: operator.setitem(np.zeros(2), slice(None), t),
    "np.sum([t, t])": lambda t: np.sum([t, t]),
    "np.mean([t, t])": lambda t: np.mean([t, t]),
    "np.full(3, t)": lambda t: np.full(3, t),
    "constant[i] = t": lambda t: operator.setitem(mg.tensor([1.0], constant=True), 0, t),
    "constant += t": lambda t: operator.iadd(mg.tensor([1.0], constant=True), t),
    "out=constant": lambda t: np.exp(t, out=mg.tensor(1.0, constant=True)),
    "constant.fill(t)": lambda t: mg.tensor([1.0], constant=True).fill(t),
    "np.add.at(constant, …)": lambda t: np.add.at(mg.tensor([1.0], constant=True), [0], t),
}


@pytest.mark.parametrize("name", LOSSES)
def test_strict_names_the_place_and_the_remedy(name: str) -> None:
    loses = LOSSES[name]
    loses(scalar())
    with mg.strict, pytest.raises(GradientLost) as caught:
        loses(scalar())
    message = str(caught.value)
    assert f" at {__file__}:" in message
    assert "detach" in message
    with mg.strict:
        loses(scalar().detach())
    with mg.strict, mg.no_autodiff:
        loses(scalar())


def test_strict_where_numpy_hides_the_error() -> None:
    """NumPy replaces whatever ``float(t)`` raises; the error is the cause of NumPy's own."""
    with mg.strict, pytest.raises(ValueError, match="sequence") as caught:
        np.zeros(2)[0] = scalar()
    assert isinstance(caught.value.__cause__, GradientLost)


def test_strict_as_a_decorator_and_what_it_allows() -> None:
    @mg.strict
    def f(t: Any) -> Any:
        y = np.stack([t, t * 2])
        y[0] = t
        assert y[0] > 0
        assert f"{t:.1f}" == "2.0"
        return np.sum(mg.tensor([t, y[1]]))

    x = mg.tensor(2.0)
    f(x).backward()
    assert x.grad == 3
    with pytest.raises(GradientLost):
        mg.strict(float)(x)
