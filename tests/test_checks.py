"""The generic checks can fail: each one catches the defect that it is meant for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mygrad.tensors.tensor import Tensor
from tests import checks
from tests.checks import (
    CHECKS,
    Sample,
    assert_own_grads,
    check_aliasing,
    check_constants,
    check_float32,
    check_gradient,
    check_layout,
    check_out,
    check_value,
    complex_normal,
    distinct,
    generic_checks,
    normal,
    pairs,
    positive,
    raw,
    read_only,
    run,
    run_all,
    strided,
    unique_names,
    unit,
)
from tests.versions import OLDEST


def catches(check: Any, function: Any, *args: Any, match: str | None = None, **kwargs: Any) -> None:
    """Assert that the check fails for the function, but passes for the one that it imitates."""
    with pytest.raises(AssertionError, match=match):
        check(Sample(function, *args, **kwargs))


# ------------------------------------------------------------------ no defect


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "sample",
    [
        Sample(np.multiply, normal(2, 3), normal(2, 3)),
        Sample(np.multiply, complex_normal(2), normal(2)),
        Sample(np.multiply, 2, normal()),
        Sample(np.sum, normal(2, 0), axis=0),
        Sample(np.concatenate, [normal(2), normal(3)]),
        Sample(np.split, normal(4), 2),
        Sample(np.ravel, normal(2, 3), order="K"),
        Sample(np.divmod, normal(3), positive(3)),
        Sample(np.matmul, normal(2, 3), normal(3)),
    ],
    ids=repr,
)
def test_right_samples_pass(check: Any, sample: Sample) -> None:
    run(check, sample)


# ------------------------------------------------------------------ each check catches its defect


def test_value_catches_a_last_bit() -> None:
    def wrong(x: Any) -> Any:
        return np.nextafter(raw(x), 9.0) if isinstance(x, Tensor) else x + 0

    catches(check_value, wrong, normal(3), match="is not")


def test_value_catches_dtype_shape_and_type() -> None:
    def single(x: Any) -> Any:
        return np.float32([1, 2]) if isinstance(x, Tensor) else np.array([1.0, 2.0])

    def row(x: Any) -> Any:
        return np.ones((1, 2)) if isinstance(x, Tensor) else np.ones(2)

    def as_list(x: Any) -> Any:
        return [x * 1.0] if isinstance(x, Tensor) else (x * 1.0,)

    def scalar(x: Any) -> Any:
        return np.array(3) if isinstance(x, Tensor) else np.int64(3)

    def count(x: Any) -> Any:
        return 3 if isinstance(x, Tensor) else 4

    for wrong in (single, row, as_list, scalar, count):
        catches(check_value, wrong, normal(2))


def test_value_catches_a_plain_array_where_there_is_a_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def plain(x: Any) -> Any:
        return np.exp(raw(x))

    check_value(Sample(plain, normal(2)))
    monkeypatch.setitem(checks.registry, plain, checks.registry[np.exp])
    catches(check_value, plain, normal(2), match="returned ndarray")


def test_value_catches_a_copy_where_numpy_has_a_view() -> None:
    def copy(x: Any) -> Any:
        return x[:2] * 1.0 if isinstance(x, Tensor) else x[:2]

    def view(x: Any) -> Any:
        return x[:2] if isinstance(x, Tensor) else x[:2] * 1.0

    catches(check_value, copy, normal(3), match="a view of it.* in NumPy: True")
    catches(check_value, view, normal(3), match="a view of it.* in NumPy: False")


def test_gradient_catches_a_wrong_rule() -> None:
    def wrong(x: Any, y: Any) -> Any:
        return x * y + (y - raw(y)) * 0.01

    catches(check_gradient, wrong, normal(3), normal(3), match=r"argument \[1\]")


def test_gradient_catches_a_missing_rule_among_keywords() -> None:
    def wrong(x: Any, *, weights: Any) -> Any:
        return x * raw(weights[1])

    catches(check_gradient, wrong, normal(3), weights=[normal(3)[0], normal(3)], match="weights")


def test_gradient_catches_swapped_arguments() -> None:
    def wrong(x: Any, y: Any) -> Any:
        dx, dy = x - raw(x), y - raw(y)
        return raw(x) * raw(y) + dx * raw(x) + dy * raw(y)

    catches(check_gradient, wrong, normal(3), normal(3))


def test_gradient_catches_a_wrong_second_order() -> None:
    def wrong(x: Any) -> Any:
        return 2 * x * raw(x) - raw(x) ** 2

    catches(check_gradient, wrong, normal(3), match="order 2")
    check_gradient(Sample(wrong, normal(3)).but(order=1, reason="to show that it is wrong"))


def test_gradient_catches_stale_exemptions() -> None:
    with pytest.raises(AssertionError, match="drop the exemption"):
        check_gradient(Sample(np.exp, normal(3)).but(order=1, reason="none"))
    with pytest.raises(AssertionError, match="said to be constant, but has a gradient"):
        check_gradient(Sample(np.multiply, normal(3), normal(3)).but(constant=1, reason="none"))


def test_gradient_of_a_constant_is_not_asked_for() -> None:
    def f(x: Any, y: Any, *, z: Any) -> Any:
        return x * raw(y) * raw(z)

    sample = Sample(f, normal(3), normal(3), z=normal(3))
    check_gradient(sample.but(constant=(1, "z"), reason="no derivative"))
    with pytest.raises(AssertionError):
        check_gradient(sample.but(constant=1, reason="no derivative"))


def own_grads(*grads: Any) -> None:
    tensors: list[Any] = [
        SimpleNamespace(data=normal(3), dtype=np.dtype(float), shape=(3,), grad=grad)
        for grad in grads
    ]
    assert_own_grads(tensors, [normal(3)])


def test_grad_catches_shared_and_locked_memory() -> None:
    own_grads(normal(3), normal(3), None)
    shared = normal(3)
    for wrong in (
        (shared, shared),
        (shared, shared[::-1]),
        (read_only(shared),),
        (np.broadcast_to(shared[:1], (3,)),),
        (np.lib.stride_tricks.as_strided(shared, (3,), (0,)),),
        (np.float32(shared),),
        (shared[:2],),
        (list(shared),),
    ):
        with pytest.raises(AssertionError):
            own_grads(*wrong)


def test_grad_catches_memory_shared_with_data_and_cotangents() -> None:
    data = normal(3)
    each: Any = SimpleNamespace(data=data, dtype=data.dtype, shape=(3,), grad=data[::-1])
    with pytest.raises(AssertionError, match="with data"):
        assert_own_grads([each], [])
    each.data = normal(3)
    with pytest.raises(AssertionError, match="cotangent"):
        assert_own_grads([each], [data])


def test_float32_catches_double_precision() -> None:
    def wrong(x: Any) -> Any:
        return x * np.float64(2) if isinstance(x, Tensor) else x * 2

    check_value(Sample(wrong, normal(3)))
    catches(check_float32, wrong, normal(3), match="dtype")


def test_float32_catches_lost_precision() -> None:
    def wrong(x: Any) -> Any:
        noise = 1e-3 if isinstance(x, Tensor) and x.dtype == np.float32 else 0.0
        return x * x + (x - raw(x)) * noise

    catches(check_float32, wrong, normal(3))


def test_constants_catches_a_variable_made_of_constants() -> None:
    catches(check_constants, lambda x: Tensor(raw(x) * 2), normal(3), match="constant")


@pytest.mark.parametrize("kind", [np.ndarray, Tensor])
def test_constants_catches_a_gradient_that_depends_on_the_others(kind: type) -> None:
    def wrong(x: Any, y: Any) -> Any:
        if isinstance(y, kind) and (kind is np.ndarray or y.constant):
            return (2 * x - raw(x)) * y
        return x * y

    catches(check_constants, wrong, normal(3), normal(3), match="with a constant for")


def test_layout_catches_a_wrong_value() -> None:
    def wrong(x: Any) -> Any:
        if isinstance(x, Tensor) and not x.data.flags.c_contiguous:
            return Tensor(raw(x).ravel("K")[::-1].reshape(x.shape)) * x
        return x * x

    catches(check_layout, wrong, normal(2, 3))


def test_layout_catches_a_wrong_gradient() -> None:
    def wrong(x: Any) -> Any:
        factor = 1.0 if not isinstance(x, Tensor) or x.data.flags.c_contiguous else 2.0
        return x * x + (x - raw(x)) * factor

    catches(check_layout, wrong, normal(2, 3))
    catches(check_layout, lambda x: np.ravel(wrong(x), order="K"), normal(2, 3))


def test_layout_catches_writing_to_the_input() -> None:
    def wrong(x: Any) -> Any:
        result = x * 1.0
        if isinstance(x, Tensor) and x.data.base is not None:
            x.data.base[...] = 0
        return result

    with pytest.raises((AssertionError, ValueError), match=r"written to|read-only"):
        check_layout(Sample(wrong, normal(2, 3)))


def test_layout_catches_arrays_that_stay_locked() -> None:
    def wrong(x: Any) -> Any:
        if isinstance(x, Tensor):
            x.data.flags.writeable = False
        return np.exp(raw(x))

    catches(check_layout, lambda x: wrong(x) + x * 0.0, normal(2, 3))


def test_aliasing_catches_a_lost_part() -> None:
    def wrong(x: Any, y: Any) -> Any:
        return x * raw(y) if x is y else x * y

    catches(check_aliasing, wrong, normal(3), normal(3), match="the same tensor")


def test_aliasing_leaves_out_what_numpy_cannot_do() -> None:
    def apart(x: Any, y: Any) -> Any:
        if np.array_equal(raw(x), raw(y)):
            raise ValueError
        return x * y

    check_aliasing(Sample(apart, normal(3), normal(3)))


def exp_into(result: Any) -> Any:
    """An imitation of exp that treats ``out=`` differently."""

    def wrong(x: Any, *, out: Any = None) -> Any:
        return np.exp(x, out=out) if not isinstance(out, Tensor) else result(x, out)

    return wrong


def test_out_catches_a_result_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost_before(x: Any, out: Any) -> Any:
        out[...] = np.exp(raw(x))
        return out

    def kept_before(x: Any, out: Any) -> Any:
        return np.add(np.exp(x), out - raw(out), out=out)

    exp = checks.registry[np.exp]
    for result, match in [
        (lambda x, out: np.exp(x), "the result is not the tensor"),
        (lambda x, out: np.multiply(x, x, out=out), "is not array"),
        (lost_before, r"argument \[0\]"),
        (kept_before, "what out= held before"),
    ]:
        wrong = exp_into(result)
        monkeypatch.setitem(checks.registry, wrong, exp)
        catches(check_out, wrong, normal(3), match=match)
    right = exp_into(lambda x, out: np.exp(x, out=out))
    monkeypatch.setitem(checks.registry, right, exp)
    check_out(Sample(right, normal(3)))


def test_out_leaves_alone_what_takes_none() -> None:
    def unable(x: Any, *, out: Any = None) -> Any:
        assert out is None
        return x

    check_out(Sample(unable, normal(3)))
    check_out(Sample(np.fft.ifftshift, normal(3)))


def test_every_check_is_tried_above() -> None:
    tried = {name.split("_")[1] for name in globals() if name.startswith("test_")}
    assert {checks.name_of_check(check) for check in CHECKS} <= tried


# ------------------------------------------------------------------ samples


def test_discovery() -> None:
    single = np.float32(normal(2))
    sample = Sample(
        np.where, np.array([True, False]), [normal(2), (single, 3.0)], axis=1, z=complex_normal(1)
    )
    assert [array.dtype for array in sample.arrays] == [np.float64, np.float32, np.complex128]
    assert sample.labels == ["argument [1][0]", "argument [1][1][0]", "argument ['z']"]
    assert [array.dtype for array in sample.single().arrays] == [
        np.float32,
        np.float32,
        np.complex64,
    ]


def test_call_replaces_the_arrays() -> None:
    sample = Sample(lambda *args, **kwargs: (args, kwargs), [normal(1), 2], 3, a=normal(1), b="b")
    args, kwargs = sample.call("first", "second")
    assert args == (["first", 2], 3)
    assert kwargs == {"a": "second", "b": "b"}


def test_exemptions() -> None:
    sample = Sample(np.multiply, normal(2), normal(2), casting="safe")
    exempt = sample.but(order=1, reason="one").but(tolerance=1e-3, constant=1, reason="another")
    assert (exempt.order, exempt.tolerance, exempt.constant) == (1, 1e-3, (1,))
    assert exempt.reasons == ("one", "another")
    assert len(exempt.arrays) == 1
    assert (sample.order, sample.constant) == (2, ())
    with pytest.raises(ValueError, match="needs a reason"):
        sample.but(order=1, reason=" ")
    with pytest.raises(ValueError, match="no check colour"):
        sample.but(skip="colour", reason="none")
    with pytest.raises(ValueError, match="no argument"):
        sample.but(constant="weights", reason="none")


def test_a_skipped_check_must_fail() -> None:
    def wrong(x: Any) -> Any:
        return x * np.float64(2) if isinstance(x, Tensor) else x * 2

    run(check_float32, Sample(wrong, normal(3)).but(skip="float32", reason="to show it"))
    with pytest.raises(AssertionError, match="drop the exemption"):
        run(check_float32, Sample(np.exp, normal(3)).but(skip="float32", reason="none"))


def test_before_its_version_a_sample_must_be_refused() -> None:
    run_all(Sample(np.sum, normal(3), colour="red").since("9.0", reason="it will bring colours"))
    with pytest.raises(AssertionError, match="drop the bound"):
        run_all(Sample(np.sum, normal(3)).since("9.0", reason="none"))
    with pytest.raises(ValueError, match=f"not later than {OLDEST}"):
        Sample(np.sum, normal(3)).since(OLDEST, reason="none")


def test_names() -> None:
    samples = [
        Sample(np.sum, normal(2, 3), axis=(0, -1)),
        Sample(np.add.reduce, complex_normal(2), keepdims=True),
        Sample(np.concatenate, [normal(), normal(0)], axis=None),
        Sample(np.exp, normal(2)),
        Sample(np.exp, normal(2)),
        Sample(np.vectorize, np.exp, slice(None, 3)),
    ]
    assert unique_names(samples) == [
        "sum(2x3, axis=(0,-1))",
        "add.reduce(complex128:2, keepdims=True)",
        "concatenate([0d,0], axis=None)",
        "exp(2)",
        "exp(2)#2",
        "vectorize(exp, :3)",
    ]


def test_one_test_runs_all_checks() -> None:
    def wrong(x: Any, y: Any) -> Any:
        return x * y + (y - raw(y)) * 0.01 * np.float64(isinstance(x, Tensor))

    samples = [Sample(np.exp, normal(2)), Sample(wrong, normal(2), normal(2)), Sample(np.arange, 3)]
    tests = generic_checks(samples)()
    tests.test(samples[0])
    tests.test(samples[2])
    with pytest.raises(AssertionError) as caught:
        tests.test(samples[1])
    assert caught.value.__notes__ == ["wrong(2, 2) fails: gradient, constants"]
    (mark,) = tests.test.pytestmark
    assert mark.kwargs["ids"] == ["exp(2)", "wrong(2, 2)", "arange(3)"]


def test_pairs() -> None:
    sample = Sample(np.stack, [normal(2), np.float32(normal(2)), normal(2), normal(3)])
    assert pairs(sample) == [(0, 2)]


# ------------------------------------------------------------------ arrays


@pytest.mark.parametrize("make", [normal, positive, unit, distinct, complex_normal])
def test_random_arrays(make: Any) -> None:
    for shape in ((), (0,), (3,), (2, 3)):
        assert type(make(*shape)) is np.ndarray
        assert make(*shape).shape == shape
    assert make(3).dtype == (np.complex128 if make is complex_normal else np.float64)
    assert not np.array_equal(make(3), make(3))
    first = make(5, 1)
    checks.forget_drawn()
    make(4)
    assert np.array_equal(make(5, 1), first)


def test_ranges_of_random_arrays() -> None:
    assert np.min(np.abs(normal(100))) >= 0.1
    assert 0.3 < np.min(positive(100)) < np.max(positive(100)) < 2
    assert np.max(np.abs(unit(100))) < 0.9
    assert np.min(np.diff(np.sort(distinct(100)))) >= 0.2
    assert np.min(np.abs(complex_normal(100).imag)) >= 0.1


@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 3)])
def test_layouts(shape: tuple[int, ...]) -> None:
    array = normal(*shape)
    assert np.array_equal(strided(array), array)
    assert strided(array).flags.contiguous == (array.size < 2)
    assert np.array_equal(read_only(array), array)
    assert not read_only(array).flags.writeable
