"""mg.checkpoint: the same results and gradients with less memory."""

import gc
import tracemalloc
from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace

import numpy as np
import pytest

import mygrad as mg
from mygrad.testing import check_gradients
from mygrad.transforms.checkpoints import is_same, sample

X = np.linspace(-1.0, 1.5, 6).reshape(2, 3)
W = np.linspace(0.3, -0.7, 9).reshape(3, 3)


def layer(x, w, *, scale=1.0):
    return np.tanh(scale * (x @ w)) * x


def gradients(f, *arrays):
    tensors = [mg.tensor(each) for each in arrays]
    out = f(*tensors)
    out.sum().backward()
    return out.data, [each.grad for each in tensors]


def agree(f, g, *arrays):
    value, expected = gradients(f, *arrays)
    other, given = gradients(g, *arrays)
    np.testing.assert_array_equal(other, value)
    for each, of in zip(given, expected, strict=True):
        np.testing.assert_allclose(each, of, rtol=1e-13, atol=1e-15)


def test_values_and_gradients():
    agree(layer, mg.checkpoint(layer), X, W)


def test_chained_nested_and_keywords():
    inner = mg.checkpoint(layer)

    @mg.checkpoint
    def both(x, w):
        return inner(inner(x, w, scale=2.0), w=w)

    agree(lambda x, w: layer(layer(x, w, scale=2.0), w=w), both, X, W)
    agree(
        lambda x, w: layer(layer(layer(x, w), w), w),
        lambda x, w: inner(inner(inner(x, w), w), w),
        X,
        W,
    )


@dataclass
class Pair:
    first: object
    second: object


def test_containers():
    def function(state):
        a, b = state["pair"].first, state["pair"].second
        return {"sum": a + b, "rest": [np.sin(a) * b, None, 7, (b**2,)]}

    def total(f):
        def run(a, b):
            result = f({"pair": Pair(a, b)})
            assert result["rest"][1:3] == [None, 7]
            return np.sum(result["sum"] * result["rest"][0]) + np.sum(result["rest"][3][0])

        return run

    agree(total(function), total(mg.checkpoint(function)), X, X[::-1] + 1)


def test_one_of_several_results_is_used():
    def parts(x):
        return np.exp(x), np.sin(x), x

    for i in range(3):
        agree(lambda x: parts(x)[i], lambda x: mg.checkpoint(parts)(x)[i], X)  # noqa: B023


def test_closures_get_their_gradient():
    for is_leaf in (True, False):

        def run(wrap, leaf=is_leaf):
            def function(x, w):
                inside = w if leaf else 2 * w
                other = inside * 1.5 + w
                return wrap(lambda x: np.tanh(x @ inside) * x)(x) + np.sum(other * inside)

            return function

        agree(run(lambda f: f), run(mg.checkpoint), X, W)


def test_closure_alone():
    w = mg.tensor(W)
    mg.checkpoint(lambda: np.sin(w))().sum().backward()
    np.testing.assert_allclose(w.grad, np.cos(W))


def test_closed_over_view():
    def run(wrap):
        def function(w):
            row = w[0]
            return wrap(lambda: np.exp(row) * 2)()

        return function

    agree(run(lambda f: f), run(mg.checkpoint), W)


def test_gradient_accumulates_at_closures():
    w = mg.tensor(W)
    out = mg.checkpoint(lambda: w**3)().sum()
    out.backward(retain_graph=True)
    out.backward()
    np.testing.assert_allclose(w.grad, 6 * W**2)


def test_hooks_are_called_once():
    x, inside, outside = mg.tensor(X), [], []
    w = x * 2
    w.register_hook(lambda grad: outside.append(1) or grad * 10)
    x.register_hook(lambda _: outside.append(2))

    def function(x):
        y = np.sin(w) * x
        y.register_hook(inside.append)
        return y

    mg.checkpoint(function)(x).sum().backward()
    assert sorted(outside) == [1, 2]
    assert len(inside) == 1
    np.testing.assert_allclose(x.grad, 20 * np.cos(2 * X) * X + np.sin(2 * X))


def test_twice_the_same_argument():
    agree(lambda x: x * np.sin(x), lambda x: mg.checkpoint(lambda a, b: a * np.sin(b))(x, x), X)


def test_arguments_updated_before_going_back():
    x = mg.tensor(X)
    y = +x
    out = mg.checkpoint(np.sin)(y)
    y *= 5
    out.sum().backward()
    np.testing.assert_allclose(x.grad, np.cos(X))


def test_plain_arrays_are_locked_until_then():
    x, a = mg.tensor(X), X.copy()
    out = mg.checkpoint(lambda x, a: np.sin(x * a))(x, a)
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 0
    out.sum().backward()
    a[0] = 0


def test_second_order():
    run = mg.checkpoint(layer)
    v = np.cos(X)
    for transform in (mg.hessian, lambda f: lambda x: mg.hvp(f, x, v)):
        given = transform(lambda x: np.sum(run(x, W) ** 2))(X)
        expected = transform(lambda x: np.sum(layer(x, W) ** 2))(X)
        np.testing.assert_allclose(given, expected, atol=1e-12)
    check_gradients(run, X, W, order=2)


def test_create_graph_with_closures():
    def second(wrap):
        x, w = mg.tensor(X), mg.tensor(W)
        wrap(lambda x: layer(x, w))(x).sum().backward(create_graph=True)
        first = np.sum(x.grad**2) + np.sum(w.grad**2)
        x_grad, w_grad = x.grad, w.grad
        x.null_grad(), w.null_grad()
        first.backward()
        return x_grad.data, w_grad.data, x.grad, w.grad

    for given, expected in zip(second(mg.checkpoint), second(lambda f: f), strict=True):
        np.testing.assert_allclose(given, expected, rtol=1e-12)


def test_third_derivative_and_transforms():
    cube = mg.checkpoint(lambda x: x**4)
    assert mg.grad(mg.grad(mg.grad(cube)))(2.0) == pytest.approx(48.0)
    assert mg.grad(lambda x: mg.grad(lambda y: cube(y) * x)(x))(2.0) == pytest.approx(128.0)
    inner = mg.checkpoint(lambda x: mg.grad(lambda y: np.sin(y) * x)(x))  # x cos x
    assert mg.grad(inner)(0.5) == pytest.approx(np.cos(0.5) - 0.5 * np.sin(0.5))


def test_jacobian_in_batches_and_jvp():
    run = mg.checkpoint(layer)
    np.testing.assert_allclose(
        mg.jacobian(lambda x: run(x, W))(X), mg.jacobian(lambda x: layer(x, W))(X), atol=1e-14
    )
    np.testing.assert_allclose(
        mg.jvp(lambda x: run(x, W), (X,), (X,))[1], mg.jvp(lambda x: layer(x, W), (X,), (X,))[1]
    )


def test_zero_cotangents_stay_exact():
    def root(x):
        return np.sqrt(x)

    agree(lambda x: root(x)[1:], lambda x: mg.checkpoint(root)(x)[1:], np.array([0.0, 1.0, 4.0]))


def test_nothing_to_record():
    run = mg.checkpoint(layer)
    assert isinstance(run(X, W), np.ndarray)
    assert run(mg.tensor(X, constant=True), W).constant
    with mg.no_autodiff:
        assert run(mg.tensor(X), W).constant


def test_results_are_no_views():
    x = mg.tensor(X)
    for view in (lambda x: x, lambda x: x[0], np.transpose, lambda _: x):
        out = mg.checkpoint(view)(x)
        assert not np.shares_memory(out.data, x.data)
        agree(view, mg.checkpoint(view), X) if view(X) is not x else None


def test_other_shapes_are_refused():
    sizes = iter([2, 3])
    x = mg.tensor([1.0, 2.0, 3.0])
    out = mg.checkpoint(lambda x: x[: next(sizes)] * 2)(x)
    with pytest.raises(mg.InvalidBackprop, match="other shapes"):
        out.sum().backward()


def test_other_tensors_are_refused():
    held = [mg.tensor([1.0]), mg.tensor([2.0])]
    x = mg.tensor([3.0])
    out = mg.checkpoint(lambda x: x * held.pop())(x)
    with pytest.raises(mg.InvalidBackprop, match="did not use before"):
        out.backward()


def lone(x):
    yield x


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: SimpleNamespace(v=x * 2), "SimpleNamespace"),
        (lambda x: [x, {"a": np.array([str, None], object)}], "an array of objects"),
        (lone, "generator"),
        (lambda x: lambda: x, "function"),
    ],
    ids=["attributes", "objects", "generator", "closure"],
)
def test_results_in_other_objects_are_refused(function, what):
    with pytest.raises(TypeError, match=f"{what}.* would lose.*tuples, lists, dicts"):
        mg.checkpoint(function)(mg.tensor(X))


def test_plain_values_among_results():
    plain = (1, 2.0, 1j, True, "s", b"b", None, np.float32(2), np.dtype("f4"), float, Colour.RED)
    x = mg.tensor(X)
    rest, array, out = mg.checkpoint(lambda x: (plain, X, x * 2))(x)
    assert rest == plain
    assert array is X
    out.sum().backward()
    assert np.array_equal(x.grad, np.full_like(X, 2))


def test_containers_are_its_own():
    state = {"calls": []}

    def function(x, state):
        state["calls"].append(x)
        return x * len(state["calls"])

    x = mg.tensor(X)
    mg.checkpoint(function)(x, state).sum().backward()
    assert state == {"calls": []}
    assert np.array_equal(x.grad, np.ones_like(X))


def test_tensors_that_escape_are_noticed():
    escaped = []

    def function(x):
        escaped.extend([x, (x * 2).sum()])
        return x * 3

    x = mg.tensor(X)
    out = mg.checkpoint(function)(x)
    for each in escaped:
        with pytest.raises(mg.InvalidBackprop, match="instead of returning it"):
            each.backward()
        with pytest.raises(mg.InvalidBackprop, match="instead of returning it"):
            (out.sum() + each).backward()
    assert escaped[1].data == 2 * X.sum()
    mg.checkpoint(function)(x).sum().backward()
    assert np.array_equal(x.grad, np.full_like(X, 3))
    for each in escaped:
        with pytest.raises(mg.InvalidBackprop):
            (each * 1).sum().backward()
    escaped[0][...] = 0.0
    assert np.array_equal(x, X)


def test_what_escapes_and_does_not_depend_on_arguments():
    kept, w = [], mg.tensor(W)

    def function(x):
        kept.append(w * 2)
        return x @ kept[-1]

    out = mg.checkpoint(function)(mg.tensor(X))
    kept[0].sum().backward()
    assert np.array_equal(w.grad, np.full_like(W, 2))
    out.sum().backward()


def updated(x):
    x += 1
    return x


def updated_view(x):
    part = x[..., :1]
    part *= 2
    return x


def updated_unrecorded(x):
    with mg.no_autodiff:
        x *= 2
    return x


def updated_data(x):
    x.data = np.ones(x.shape)
    return x


@pytest.mark.parametrize("guard", [mg.mem_guard_on, mg.mem_guard_off], ids=["on", "off"])
@pytest.mark.parametrize("constant", [False, True], ids=["variable", "constant"])
@pytest.mark.parametrize(
    "update", [updated, updated_view, updated_unrecorded, updated_data], ids=lambda f: f.__name__
)
def test_updates_of_arguments_are_refused(update, constant, guard):
    x, given = mg.tensor(X), mg.tensor(X, constant=constant)
    held = given.data
    with guard:
        run = mg.checkpoint(lambda x, given: x * update(given))
        with pytest.raises(ValueError, match="must not update one in place") as error:
            run(x, given)
    assert "lambda" in str(error.value)
    assert np.array_equal(held, X)
    assert np.array_equal(given, X)


def test_updates_of_aliases_are_refused():
    b = mg.tensor(X) * 1
    with pytest.raises(ValueError, match="must not update"):
        mg.checkpoint(lambda b, v: b * updated(v))(b, b[:1])
    assert np.array_equal(b, X)


def test_updates_of_arrays_are_refused():
    a = X.copy()
    for update in (updated, lambda a: np.add(a, 1, out=a)):
        run = mg.checkpoint(lambda x, a: x * update(a))  # noqa: B023
        with pytest.raises(ValueError, match="read-only") as error:
            run(mg.tensor(X), a)
        (note,) = error.value.__notes__
        assert "must not update" in note
    del error
    assert np.array_equal(a, X)
    a += 1


def test_updates_of_what_was_made_inside():
    def function(x):
        y = x.copy()
        y[0] = 3.0
        y *= x
        z = mg.zeros_like(x)
        z[:1] += y[:1]
        return y + z

    agree(function, mg.checkpoint(function), X)


def test_other_values_are_refused():
    w, rng = mg.tensor(W), np.random.default_rng(0)

    def data():
        w.data = 2 * w.data

    def unrecorded():
        with mg.no_autodiff:
            w[1] *= 2

    for change in (data, unrecorded):
        x = mg.tensor(X)
        out = mg.checkpoint(lambda x: np.tanh(x @ w))(x)
        change()
        with pytest.raises(mg.InvalidBackprop, match="other values"):
            out.sum().backward()
    del out
    out = mg.checkpoint(lambda x: x * rng.random(x.shape))(mg.tensor(np.ones((20, 20))))
    with pytest.raises(mg.InvalidBackprop, match=r"other values.*random"):
        out.sum().backward()
    del out


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8", "c16"])
def test_values_are_known_again(dtype):
    for shape in ((), (0,), (3,), (64, 1), (1000, 7), (0, 5)):
        data = np.ones(shape, dtype)
        if data.size:
            data.flat[0] = np.nan
            data.flat[-1] = -np.inf
        seen = sample(data)
        assert is_same(seen, sample(data.copy()))
        rounded, other = data.copy(), data.copy()
        rounded[data == 1] += 2 * np.finfo(dtype).eps
        other[data == 1] = 1.5
        assert is_same(seen, sample(rounded))
        if data.size > 2:
            assert not is_same(seen, sample(other))
            assert not is_same(seen, sample(np.full_like(data, np.nan)))


def test_memory_guard_divides_what_is_used():
    for made in (lambda w: w, lambda w: w * 1):
        start = mg.tensor(W)
        w = made(start)
        part = w[:2]
        out = mg.checkpoint(lambda x: (w * w * x).sum())(W)  # noqa: B023
        np.asarray(part.detach())
        (out + (w * w).sum()).backward()
        np.testing.assert_allclose(start.grad, 2 * W * W + 2 * W)


class Marked(mg.Tensor):
    __slots__ = ()


def test_subclasses():
    kinds = []

    def function(x, c):
        kinds.append((type(x), type(c)))
        return x * c, c

    x = Marked(X)
    out, constant = mg.checkpoint(function)(x, Marked(W[:2], constant=True))
    assert (type(out), type(constant)) == (Marked, Marked)
    out.sum().backward()
    assert kinds == [(Marked, Marked)] * 2
    assert np.array_equal(x.grad, W[:2])
    assert type(mg.checkpoint(np.sin)(Marked(1.0, constant=True))) is Marked


def test_results_can_be_updated():
    x, a = mg.tensor(X), mg.tensor(X, constant=True)
    out, same = mg.checkpoint(lambda x, a: (x * a, a))(x, a)
    same *= 2
    out.sum().backward()
    assert np.array_equal(x.grad, X)
    assert np.array_equal(a, X)


def test_graph_is_released():
    out = mg.checkpoint(layer)(mg.tensor(X), W).sum()
    out.backward()
    with pytest.raises(mg.InvalidBackprop):
        out.backward()


def test_under_debug():
    x = mg.tensor([0.0])
    with mg.debug, pytest.raises(mg.Anomaly, match=r"Sqrt.*test_checkpoints"):
        mg.checkpoint(np.sqrt)(x).backward()


def chain(x, n):
    for _ in range(n // 2):
        x = np.sin(np.exp(x * 0.5)) if n % 2 else np.sin(np.cos(x))
    return x


def peak_of(run):
    x = mg.tensor(np.linspace(0, 1, 1 << 17))  # 1 MB
    gc.collect()
    tracemalloc.start()
    try:
        run(x).sum().backward()
        return tracemalloc.get_traced_memory()[1] / x.data.nbytes, x.grad
    finally:
        tracemalloc.stop()


def test_peak_memory():
    plain, expected = peak_of(lambda x: chain(x, 64))

    def cut(x):
        for _ in range(8):
            x = mg.checkpoint(chain)(x, 8)
        return x

    least, given = peak_of(cut)
    np.testing.assert_allclose(given, expected)
    assert plain > 60
    assert least < 17
