"""Jacobians and Hessians: values, structure, forward and reverse mode, batching."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import mygrad as mg
from mygrad.dispatch.protocols import dispatched
from mygrad.transforms import batching, jacobians
from mygrad.transforms.pytrees import flatten
from mygrad.transforms.tracing import Trace


@dataclass
class Parameters:
    w: object
    b: object


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def spd(n=3):
    a = random(n, n)
    return a @ a.T + n * np.eye(n)


class TestJacobian:
    def test_shapes(self):
        x = random(2, 3)
        assert mg.jacobian(lambda x: x.T @ x)(x).shape == (3, 3, 2, 3)
        a, b = mg.jacobian(lambda x, y: x * y, (0, 1))(np.ones(2), np.full(2, 3.0))
        np.testing.assert_array_equal(a, 3 * np.eye(2))
        np.testing.assert_array_equal(b, np.eye(2))
        assert mg.jacobian(lambda x: x[:0])(np.ones(2)).shape == (0, 2)
        assert mg.jacobian(lambda x: x * 1.0)(np.ones((2, 0))).shape == (2, 0, 2, 0)
        assert mg.jacobian(np.sin)(0.3).shape == ()

    @pytest.mark.parametrize(("results", "arguments"), [(3, 200), (200, 60), (300, 2)])
    def test_of_a_layer(self, results, arguments):
        w, x = random(results, arguments), random(arguments, seed=1)
        j = mg.jacobian(lambda x: np.tanh(w @ x))(x)
        np.testing.assert_allclose(j, (1 - np.tanh(w @ x) ** 2)[:, None] * w)

    def test_rows_are_those_of_vjp(self):
        def f(x, y):
            z = np.cumsum(np.exp(x @ y), axis=1)
            return np.sort(z, axis=0)[::-1, [0, 2, 0]] / np.linalg.norm(y)

        x, y = random(3, 2), random(2, 3, seed=1)
        of_x, of_y = mg.jacobian(f, (0, 1))(x, y)
        _, pullback = mg.vjp(f, x, y)
        for position in np.ndindex(3, 3):
            unit = np.zeros((3, 3))
            unit[position] = 1
            row_x, row_y = pullback(unit)
            np.testing.assert_allclose(of_x[position], row_x)
            np.testing.assert_allclose(of_y[position], row_y)

    def test_in_pieces(self, monkeypatch):
        monkeypatch.setattr(jacobians, "LIMIT", 7)
        x = random(5)
        j = mg.jacobian(lambda x: np.outer(x, x**2))(x)
        unit = np.eye(5)
        closed = unit[:, None] * (x**2)[:, None] + x[:, None, None] * (unit * 2 * x)
        np.testing.assert_allclose(j, closed)

    def test_forward_and_reverse_agree(self, monkeypatch):
        def f(x, y):
            return {"a": np.outer(np.sin(x), y), "b": (x[::-1] * y[0], np.sum(y))}

        x, y = random(3), random(2, seed=1)
        found = []
        for more in (-1_000, 1_000):
            monkeypatch.setattr(jacobians, "MORE", more)
            found.append(flatten(mg.jacobian(f, (0, 1))(x, y))[0])
        assert [j.shape for j in found[0]] == [(3, 2, 3), (3, 2, 2), (3, 3), (3, 2), (3,), (2,)]
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other)

    def test_nests(self):
        p = Parameters(np.array([1.0, 2.0]), {"k": 3.0})
        j = mg.jacobian(lambda p: {"y": p.w * p.b["k"], "z": (p.w[0],)})(p)
        np.testing.assert_array_equal(j["y"].w, 3 * np.eye(2))
        np.testing.assert_array_equal(j["y"].b["k"], [1.0, 2.0])
        np.testing.assert_array_equal(j["z"][0].w, [1.0, 0.0])
        assert j["z"][0].b["k"] == 0.0

    def test_a_list_of_numbers_is_an_array(self):
        j = mg.jacobian(lambda y: [y[1], -np.sin(y[0])])(np.array([0.0, 0.1]))
        np.testing.assert_array_equal(j, [[0.0, 1.0], [-1.0, 0.0]])
        np.testing.assert_array_equal(mg.grad(lambda x: [np.sum(x**2)])(np.ones(2)), [2.0, 2.0])

    def test_a_list_of_arrays_is_a_nest(self):
        a, b = mg.jacobian(lambda x: [x, x[:1]])(np.ones(2))
        np.testing.assert_array_equal(a, np.eye(2))
        np.testing.assert_array_equal(b, [[1.0, 0.0]])

    def test_what_does_not_depend_has_derivative_zero(self):
        np.testing.assert_array_equal(mg.jacobian(lambda x: 5)(np.ones(2)), np.zeros(2))
        j = mg.jacobian(lambda x: (x * 2, np.floor(x), 1.0))(np.ones(2))
        np.testing.assert_array_equal(j[1], np.zeros((2, 2)))
        np.testing.assert_array_equal(j[2], np.zeros(2))

    def test_is_the_callers_own(self):
        a, b = mg.jacobian(lambda x, y: np.sum(x + y), (0, 1))(np.ones(2), np.ones(2))
        a[...] = 7.0
        np.testing.assert_array_equal(b, [1.0, 1.0])

    def test_dtypes(self):
        x = np.ones(2, np.float32)
        assert mg.jacobian(lambda x: x.astype(np.float64) * 2)(x).dtype == np.float32
        assert mg.jacobian(lambda x: x * 1j)(x).dtype == np.complex64

    def test_of_complex_results_and_arguments(self):
        x, z = random(3), random(3) + 1j * random(3, seed=1)
        wave = mg.jacobian(lambda x: np.exp(2j * x))(x)
        np.testing.assert_allclose(wave, np.diag(2j * np.exp(2j * x)))
        np.testing.assert_allclose(mg.jacobian(lambda z: z**3)(z), np.diag(3 * z**2))
        # The gradient of a real number: ∂/∂x - i ∂/∂y.
        np.testing.assert_allclose(mg.jacobian(np.abs)(z), np.diag(np.conj(z) / np.abs(z)))
        j = mg.jacobian(lambda z: (z**2, np.real(z)))(z)
        np.testing.assert_allclose(j[0], np.diag(2 * z))
        np.testing.assert_allclose(j[1], np.eye(3))
        of_x, of_z = mg.jacobian(lambda x, z: x * z, (0, 1))(x, z)
        np.testing.assert_allclose(of_x, np.diag(z))
        np.testing.assert_allclose(of_z, np.diag(x))

    @pytest.mark.parametrize(
        ("function", "match"),
        [
            (np.conj, "not holomorphic"),
            (lambda z: z * np.abs(z), "not holomorphic"),
            (lambda z: "text", "only numbers"),
        ],
    )
    def test_errors(self, function, match):
        with pytest.raises(TypeError, match=match):
            mg.jacobian(function)(np.array([1 + 2j, 0.5 - 1j]))

    @pytest.mark.parametrize(
        ("function", "match"),
        [
            (lambda x: None, "returned None: only numbers"),
            (lambda x: {"none": ()}, "returned {'none': \\(\\)}: only numbers"),
            (lambda x: [[x[0], x[1]], [x[0]]], "returned lists of different lengths"),
            (lambda x: [1.0, [x[0]]], "returned lists of different lengths"),
        ],
        ids=["none", "nothing", "ragged", "deep"],
    )
    def test_results_that_have_no_derivatives(self, function, match):
        with pytest.raises(TypeError, match=match):
            mg.jacobian(function)(np.ones(2))

    def test_of_nothing(self):
        assert mg.jacobian(lambda p: p)({}) == {}

    def test_of_a_jacobian(self):
        x = random(3)
        third = mg.jacobian(mg.jacobian(lambda x: np.outer(x, x**2)))(x)
        closed = np.zeros((3, 3, 3, 3))
        for i, j in np.ndindex(3, 3):  # of x_i x_j²
            closed[i, j, i, j] += 2 * x[j]
            closed[i, j, j, i] += 2 * x[j]
            closed[i, j, j, j] += 2 * x[i]
        np.testing.assert_allclose(third, closed)

    def test_closures_and_tensors_have_history(self, monkeypatch):
        x, a = mg.tensor([1.0, 2.0]), mg.tensor(3.0)
        for more in (-1_000, 1_000):  # forward and reverse
            monkeypatch.setattr(jacobians, "MORE", more)
            j = mg.jacobian(lambda x: a * x**3)(x)
            assert isinstance(j, mg.Tensor)
            np.sum(j).backward()
            np.testing.assert_array_equal(x.grad, 6 * 3.0 * np.array([1.0, 2.0]))
            np.testing.assert_array_equal(a.grad, 3 * 5.0)

    def test_an_update_inside(self):
        def f(x):
            y = np.zeros_like(x)
            y[1:] = x[:-1] ** 2
            y[0] += np.sum(x)
            x *= 2.0
            return y * x

        x = random(3)
        step = 1e-6
        differences = [(f(x + step * unit) - f(x - step * unit)) / (2 * step) for unit in np.eye(3)]
        np.testing.assert_allclose(mg.jacobian(f)(x), np.transpose(differences), rtol=1e-8)


class TestHessian:
    def test_of_a_quadratic_form(self):
        a = random(3, 3)
        np.testing.assert_allclose(mg.hessian(lambda x: x @ a @ x)(random(3)), a + a.T)

    def test_of_a_log_determinant(self):
        a = spd()
        inverse = np.linalg.inv(a)
        h = mg.hessian(lambda a: np.linalg.slogdet(a)[1])(a)
        np.testing.assert_allclose(h, -np.einsum("jk,li->ijkl", inverse, inverse), atol=1e-12)
        h = mg.hessian(lambda a: np.log(np.linalg.det(a)))(a)
        np.testing.assert_allclose(h, -np.einsum("jk,li->ijkl", inverse, inverse), atol=1e-12)

    def test_of_a_neural_loss(self):
        x, labels = random(6, 3), np.array([0, 1, 1, 0, 2, 2])
        p = {"w": random(3, 3, seed=1), "b": random(3, seed=2)}

        def loss(p):
            logits = x @ p["w"] + p["b"]
            scores = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
            return -np.mean(scores[np.arange(6), labels])

        # Of the softmax regression in closed form: the mean of (diag(s) - s sᵀ) ⊗ x xᵀ.
        s = np.exp(x @ p["w"] + p["b"])
        s /= np.sum(s, axis=1, keepdims=True)
        curvature = np.einsum("ni,ij->nij", s, np.eye(3)) - np.einsum("ni,nj->nij", s, s)
        h = mg.hessian(loss)(p)
        np.testing.assert_allclose(
            h["w"]["w"], np.einsum("nij,na,nb->aibj", curvature, x, x) / 6, atol=1e-12
        )
        np.testing.assert_allclose(
            h["w"]["b"], np.einsum("nij,na->aij", curvature, x) / 6, atol=1e-12
        )
        np.testing.assert_allclose(h["b"]["b"], np.mean(curvature, axis=0), atol=1e-12)

    def test_of_two_layers_against_differences(self):
        x, y = random(5, 2), random(5, seed=1)

        def loss(p):
            w, v = p[:6].reshape(2, 3), p[6:]
            return np.mean((np.tanh(x @ w) @ v - y) ** 2)

        p, step = random(9, seed=2), 1e-5
        gradient = mg.grad(loss)
        differences = [
            (gradient(p + step * unit) - gradient(p - step * unit)) / (2 * step)
            for unit in np.eye(9)
        ]
        np.testing.assert_allclose(mg.hessian(loss)(p), differences, atol=1e-8)

    def test_for_several_arguments(self):
        h = mg.hessian(lambda a, b: a * b**2, (0, 1))(2.0, 3.0)
        assert h == ((0.0, 6.0), (6.0, 4.0))

    def test_third_derivatives(self):
        third = mg.jacobian(mg.hessian(lambda x: np.prod(x)))(np.array([2.0, 3.0, 5.0]))
        levi_civita = np.zeros((3, 3, 3))
        for i, j, k in np.ndindex(3, 3, 3):
            levi_civita[i, j, k] = len({i, j, k}) == 3
        np.testing.assert_allclose(third, levi_civita, atol=1e-14)

    @pytest.mark.parametrize(
        "function",
        [np.roots, lambda p: np.divmod(7.0, p)[1], np.std, np.prod, np.linalg.norm, np.cumprod],
        ids=["roots", "divmod", "std", "prod", "norm", "cumprod"],
    )
    def test_where_the_gradient_is_zero(self, function):
        # Of a sum of squares at its minimum: 2 JᵀJ. No rule may take its zero gradient for a
        # constant.
        p = np.array([1.5, -4.3, 2.2])
        target = function(p)
        h = mg.hessian(lambda p: np.sum((function(p) - target) ** 2))(p)
        j = np.reshape(mg.jacobian(function)(p), (-1, 3))
        np.testing.assert_allclose(h, 2 * j.T @ j, atol=1e-12)

    def test_inside_a_backward(self):
        x = mg.tensor([1.0, 2.0])
        np.linalg.det(mg.hessian(lambda v: v[0] ** 3 * v[1] ** 2)(x)).backward()
        # 6ab² 2a³ - (6a²b)² = -24 a⁴b²
        np.testing.assert_allclose(x.grad, [-96 * 4.0, -48 * 2.0])

    def test_of_complex_arguments_is_refused(self):
        with pytest.raises(TypeError, match="not holomorphic"):
            mg.hessian(lambda z: np.sum(np.abs(z) ** 4))(np.array([1 + 2j]))


# ------------------------------------------------------------------ every operation, in batches


def _samples():
    """A sample or two of each operation, those with fewest results."""
    chosen = {}
    for path in sorted((Path(__file__).parents[1] / "rules").glob("test_*.py")):
        module = import_module(f"tests.rules.{path.stem}")
        for sample in getattr(module, "SAMPLES", ()):
            if sample.arrays:
                key = (sample.name, np.ndim(sample.arrays[0]) > 1)
                chosen.setdefault(key, sample)
    return list(chosen.values())


@pytest.mark.filterwarnings("ignore")
def test_every_operation_in_batches():
    # Some of NumPy's functions lose the gradient in older versions, where both ways must agree all the same.
    with mg.strict(False):
        for sample in _samples():
            _check_batches(sample)


def _check_batches(sample):
    def function(*arrays):
        result = sample.call(*arrays)
        leaves, _ = flatten(result if isinstance(result, list | tuple) else [result])
        return tuple(leaf for leaf in leaves if isinstance(leaf, mg.Tensor))

    values, pullback = mg.vjp(function, *sample.arrays)
    trace = Trace(function, sample.arrays, range(len(sample.arrays)), {})
    outputs = list(trace.result)
    is_real = not any(map(np.iscomplexobj, (*values, *sample.arrays)))
    found = [
        jacobians._pull_units(trace, trace.route(outputs), outputs, trace.ends, 1, history=False)
    ]
    if is_real and sample.order > 1:
        found.append(jacobians._forward(trace, outputs, history=False))
    for place, value in enumerate(values):
        for position in np.ndindex(value.shape):
            cotangent = [np.zeros(each.shape, each.dtype) for each in values]
            cotangent[place][position] = 1
            for i, expected in enumerate(pullback(tuple(cotangent))):
                for blocks in found:
                    np.testing.assert_allclose(
                        blocks[place][i][position],
                        expected,
                        rtol=1e-9,
                        atol=1e-9,
                        err_msg=repr(sample),
                    )


class TestBatches:
    """The operations computed for all rows at once, and those that are not."""

    @pytest.fixture
    def loops(self, monkeypatch):
        """The names of operations that were processed row by row."""
        seen = []
        by_row = batching.Batches._by_row

        def spy(self, node, *args):
            seen.append(type(node).__name__)
            return by_row(self, node, *args)

        monkeypatch.setattr(batching.Batches, "_by_row", spy)
        return seen

    @pytest.mark.parametrize(
        "form",
        [
            "np.exp(x) * x - x / 2",
            "np.sum(x, axis=0) + np.mean(x, axis=1)[:3]",
            "np.max(x, axis=1) * np.std(x, axis=1)",
            "x.T @ x",
            "x @ np.ones(3)",
            "np.ones(4) @ x",
            "x @ x[0]",
            'np.einsum("ij,kj->ik", x, x)',
            "np.tensordot(x, x, (0, 0))",
            "np.reshape(x, (3, 4))[1:, [0, 0, 2]].ravel()",
            "np.concatenate([x, x[:1]], axis=0)[::-1]",
            "np.where(x > 0, x, 0) + np.maximum(x, 0.1)",
            "np.linalg.solve(np.eye(3) + x[:3], x[0])",
            "np.linalg.inv(np.eye(3) + x[:3])",
            "np.cumsum(np.sort(x, axis=0), axis=0)",
            "np.roll(np.flip(np.pad(x, 1)), 1)",
            "np.take(x, [0, 1, 1], axis=1) + np.repeat(x, 3, axis=0)[:4]",
            "np.stack([x, 2 * x], axis=1)[:, 0]",
            "np.fft.irfft(np.fft.rfft(x, axis=0), axis=0)",
        ],
    )
    def test_no_loop_over_rows(self, form, loops):
        mg.jacobian(lambda x: eval(form, {"np": np, "x": x}))(random(4, 3))
        assert not loops

    def test_a_rule_that_branches_is_gone_through_by_rows(self, loops):
        @dispatched
        def odd(x):
            return x * 1

        @mg.implements(odd)
        class Odd(mg.Operation):
            def vjp_x(grad):
                return grad * 2 if grad[0] > 0 else np.asarray(grad) * 3

        np.testing.assert_array_equal(mg.jacobian(odd)(np.ones(3)), np.diag([2.0, 3.0, 3.0]))
        assert loops == ["Odd"]

    def test_a_rules_own_error_is_shown(self):
        @dispatched
        def broken(x):
            return x * 1

        @mg.implements(broken)
        class Broken(mg.Operation):
            def vjp_x(grad):
                raise ZeroDivisionError("mine")

        with pytest.raises(ZeroDivisionError, match="mine"):
            mg.jacobian(broken)(np.ones(3))

    def test_a_batch_looks_like_one_of_its_rows(self):
        rows = random(5, 2, 3)
        batch = batching.Batch(rows)
        assert (batch.shape, batch.ndim, batch.size, len(batch)) == ((2, 3), 2, 6, 2)
        np.testing.assert_array_equal(batch.T.rows, np.swapaxes(rows, 1, 2))
        np.testing.assert_array_equal(
            (batch + np.ones((4, 1, 1))).rows, 1 + rows[:, None] + np.zeros((4, 1, 1))
        )
        np.testing.assert_array_equal(batch[:, [0, 2]].rows, rows[:, :, [0, 2]])
        np.testing.assert_array_equal(batch[[0, 1], :, None][..., [0]].rows, rows[:, :, :, None])
        np.testing.assert_array_equal(np.add.outer(batch, [1.0]).rows, rows[..., None] + 1)
        total = np.zeros_like(batch)
        total[0] += batch[1]
        np.testing.assert_array_equal(total.rows[:, 0], rows[:, 1])

    @pytest.mark.parametrize(
        "use",
        [
            "np.asarray(batch)",
            "bool(batch)",
            "bool(np.all(batch > 0))",
            "plain.__setitem__(..., batch)",
            "np.add.at(plain, ..., batch)",
            "np.add(batch, 1, out=plain)",
            "np.ones((2, 2)).dot(batch)",
            "float(batch[0, 0])",
        ],
    )
    def test_a_batch_refuses_to_be_one_array(self, use):
        rows = random(5, 2, 3)
        rows[0] = abs(rows[0])
        with pytest.raises((TypeError, ValueError)):
            eval(use, {"np": np, "batch": batching.Batch(rows), "plain": np.zeros((2, 3))})
