"""Operations in the style of MyGrad 2; the expected behaviour is that of MyGrad 2.5."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import mygrad as mg
from mygrad.operation_base import BinaryUfunc, Operation, Sequential, UnaryUfunc
from mygrad.testing import check_gradients


class Multiply(Operation):
    def __call__(self, x, y):
        self.variables = (x, y)
        return x.data * y.data

    def backward_var(self, grad, index, **kwargs):
        assert isinstance(grad, np.ndarray | mg.Tensor)
        x, y = self.variables
        return grad * (y if index == 0 else x).data


class Total(Operation):
    def __call__(self, x, axis=None):
        self.variables = (x,)
        self.axis = axis
        return np.sum(x.data, axis=axis)

    def backward_var(self, grad, index, **kwargs):
        (x,) = self.variables
        if self.axis is not None:
            grad = np.expand_dims(grad, self.axis)
        return np.broadcast_to(grad, x.shape)


class Exp(UnaryUfunc):
    numpy_ufunc = np.exp

    def backward_var(self, grad, index, **kwargs):
        (x,) = self.variables
        return grad * np.exp(x.data)


class Log(UnaryUfunc):
    numpy_ufunc = np.log

    def backward_var(self, grad, index, **kwargs):
        return grad / self.variables[0].data


class Subtract(BinaryUfunc):
    numpy_ufunc = np.subtract

    def backward_var(self, grad, index, **kwargs):
        return grad if index == 0 else -grad


class Kept(Operation):
    """Saves its result for its rule."""

    def __call__(self, x):
        self.variables = (x,)
        self.out = np.exp(x.data)
        return self.out

    def backward_var(self, grad, index, **kwargs):
        return grad * self.out


class Says(Operation):
    """Its rule returns a given value."""

    def __call__(self, x, gradient):
        self.variables = (x,)
        self.gradient = gradient
        return 2 * x.data

    def backward_var(self, grad, index, **kwargs):
        return self.gradient


class Gives(Operation):
    """Returns a given value."""

    def __call__(self, x, result):
        self.variables = (x,)
        return result

    def backward_var(self, grad, index, **kwargs):
        return grad


class First(Operation):
    """A view of its argument."""

    can_return_view = True

    def __call__(self, x):
        self.variables = (x,)
        return x.data[:1]

    def backward_var(self, grad, index, **kwargs):
        result = np.zeros_like(self.variables[0].data)
        result[:1] = grad
        return result


def vector():
    return mg.tensor([1.0, 2.0])


# --------------------------------------------------------------------- typical use


def test_a_product():
    x, y = vector(), mg.tensor(3.0)
    z = mg.execute_op(Multiply, x, y)
    assert isinstance(z, mg.Tensor)
    assert z.data.tolist() == [3.0, 6.0]
    z.backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert y.grad.shape == ()
    assert y.grad == 3.0


def test_the_creator_is_the_instance():
    z = mg.execute_op(Multiply, vector(), 3.0)
    assert isinstance(z.creator, Multiply)
    assert [v.data.tolist() for v in z.creator.variables] == [[1.0, 2.0], 3.0]
    z.backward()
    assert z.creator is None


def test_one_tensor_twice():
    x = vector()
    mg.execute_op(Multiply, x, x).backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_arguments_besides_the_inputs():
    for given in ({"op_args": (0,)}, {"op_args": None, "op_kwargs": {"axis": 0}}):
        x = mg.tensor(np.arange(6.0).reshape(2, 3))
        z = mg.execute_op(Total, x, **given)
        assert z.data.tolist() == [3.0, 5.0, 7.0]
        z.backward([1.0, 2.0, 3.0])
        assert x.grad.tolist() == [[1.0, 2.0, 3.0]] * 2


def test_it_takes_its_place_in_a_graph():
    check_gradients(
        lambda x, y: np.sin(mg.execute_op(Multiply, np.tanh(x), y)) * x,
        np.array([[0.1, 0.2], [0.3, -0.4]]),
        np.array([0.5, 2.0]),
        order=1,
    )


def test_the_order_of_variables_is_the_operations_own():
    class Difference(Operation):
        def __call__(self, x, y):
            self.variables = (y, x)
            return x.data - y.data

        def backward_var(self, grad, index, **kwargs):
            return grad if index == 1 else -grad

    x, y = vector(), mg.tensor(1.0)
    mg.execute_op(Difference, x, y).backward()
    assert x.grad.tolist() == [1.0, 1.0]
    assert y.grad == -2.0


def test_only_what_needs_a_gradient_is_asked_for():
    class Asked(Multiply):
        def backward_var(self, grad, index, **kwargs):
            assert index == 1
            return super().backward_var(grad, index)

    y = mg.tensor(2.0)
    for x in (3.0, np.float64(3.0), mg.tensor(3.0, constant=True)):
        mg.execute_op(Asked, x, y).backward()
        assert y.grad == 3.0


def test_a_gradient_is_the_rules_own_to_write_to():
    class InPlace(Multiply):
        def backward_var(self, grad, index, **kwargs):
            grad *= self.variables[1 - index].data
            return grad

    x, y = vector(), mg.tensor([3.0, 4.0])
    z = mg.execute_op(InPlace, x, y)
    np.sum(z + np.exp(0 * z)).backward()
    assert x.grad.tolist() == [3.0, 4.0]
    assert y.grad.tolist() == [1.0, 2.0]


# ------------------------------------------------------------------------- constants


def test_of_constants_nothing_is_recorded():
    for inputs in ((np.ones(2), 2.0), (vector().detach(), [1.0, 2.0])):
        z = mg.execute_op(Multiply, *inputs)
        assert z.constant
        assert z.creator is None
    assert mg.execute_op(Multiply, vector(), 2.0, constant=True).constant
    with mg.no_autodiff:
        assert mg.execute_op(Multiply, vector(), 2.0).constant


def test_constant_false():
    assert not mg.execute_op(Multiply, np.ones(2), 2.0, constant=False).constant
    with pytest.raises(ValueError, match="constant=False"):
        mg.execute_op(Gives, vector(), op_args=(np.array([1, 2]),), constant=False)
    with pytest.raises(TypeError, match="constant takes"):
        mg.execute_op(Multiply, 1.0, 2.0, constant=1)  # type: ignore[arg-type]


def test_results_become_tensors():
    for result in (2.0, [1.0, 2.0], np.float64(2), mg.tensor([1.0])):
        z = mg.execute_op(Gives, vector(), op_args=(result,))
        assert not z.constant
        assert z.data.tolist() == np.asarray(result).tolist()
    assert mg.execute_op(Gives, vector(), op_args=(np.array([1, 2]),)).constant


@pytest.mark.parametrize("result", [None, "text"])
def test_results_that_are_no_numbers(result):
    for x in (np.ones(2), vector()):
        with pytest.raises(TypeError, match="tensor"):
            mg.execute_op(Gives, x, op_args=(result,))


# ----------------------------------------------------------------------- wrong rules


def test_a_rule_that_returns_no_array_is_named():
    for gradient in ("text", None, [1.0, 2.0], np.array(["a", "b"])):
        z = mg.execute_op(Says, vector(), op_args=(gradient,))
        with pytest.raises(
            mg.InvalidGradient, match=r"Says\.backward_var\(grad, index=0\) returned"
        ):
            z.backward()


@pytest.mark.parametrize("shape", [(3,), (), (1,), (2, 1), (2, 3)])
def test_a_gradient_of_another_shape_is_named(shape):
    z = mg.execute_op(Says, vector(), op_args=(np.ones(shape),))
    with pytest.raises(mg.InvalidGradient, match=r"Says.*returned an array of shape.*\(2,\)"):
        z.backward()


class Rows(Operation):
    """The sum of a matrix and a row, or its total; the rule leaves broadcasting to mygrad."""

    def __call__(self, row, matrix, total=False):
        self.variables = (row, matrix)
        self.total = total
        result = row.data + matrix.data
        return np.sum(result) if total else result

    def backward_var(self, grad, index, **kwargs):
        return grad * np.ones((5, 2)) if self.total else grad


@pytest.mark.parametrize("shape", [(2,), (1, 2)])
def test_a_gradient_may_have_axes_of_length_one_more(shape):
    x = vector()
    mg.execute_op(Says, x, op_args=(np.ones(shape),)).backward()
    assert x.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("total", [False, True])
def test_a_gradient_is_summed_to_the_shape_of_the_variable(total):
    x, matrix = vector(), mg.tensor(np.ones((5, 2)))
    mg.execute_op(Rows, x, matrix, op_args=(total,)).backward()
    assert x.grad.tolist() == [5.0, 5.0]
    assert matrix.grad.tolist() == [[1.0, 1.0]] * 5


@pytest.mark.parametrize("recorded", [False, True])
def test_a_gradient_is_not_summed_where_nothing_was_broadcast(recorded):
    for x, shape in ((vector(), (5, 2)), (mg.tensor(1.0), (3,)), (mg.tensor([[1.0]]), (1, 3))):
        z = mg.execute_op(Says, x, op_args=(np.ones(shape),))
        with pytest.raises(mg.InvalidGradient, match=r"Says.*was broadcast neither to the result"):
            z.backward(create_graph=recorded)


class Doubled(Operation):
    """Takes real or complex numbers, and has a complex gradient."""

    def __call__(self, x, factor=1.0):
        self.variables = (x,)
        return 2 * x.data * factor

    def backward_var(self, grad, index, **kwargs):
        return grad * (2 + 3j)


@pytest.mark.parametrize("recorded", [False, True])
def test_no_imaginary_part_is_lost_where_all_is_real(recorded):
    with pytest.raises(mg.InvalidGradient, match=r"Doubled.*complex numbers, and the variable"):
        mg.execute_op(Doubled, vector()).backward(create_graph=recorded)
    x = vector()  # the result is complex
    mg.execute_op(Doubled, x, op_args=(1j,)).backward(create_graph=recorded)
    assert np.asarray(x.grad).tolist() == [2.0, 2.0]
    x = vector()  # only rounding
    mg.execute_op(Says, x, op_args=(np.array([1 + 1e-17j, np.inf]),)).backward()
    assert x.grad.tolist() == [1.0, np.inf]


@pytest.mark.parametrize("wrong", ["data", "name"])
def test_a_variable_that_is_no_tensor_is_named(wrong):
    class Data(Operation):
        def __call__(self, x):
            self.variables = (x.data if wrong == "data" else "x",)
            return x.data

        def backward_var(self, grad, index, **kwargs):
            return grad

    kind = "ndarray" if wrong == "data" else "str"
    with pytest.raises(TypeError, match=rf"Data.__call__ put {kind} into self\.variables"):
        mg.execute_op(Data, vector())
    assert mg.execute_op(Data, np.ones(2)).constant


def test_arguments_that_are_no_arguments_are_named():
    for args in (3.0, "axis"):
        with pytest.raises(TypeError, match=r"op_args is a tuple of what Total.__call__ takes"):
            mg.execute_op(Total, vector(), op_args=args)
    with pytest.raises(TypeError, match=r"op_kwargs is a dict of what Total.__call__ takes"):
        mg.execute_op(Total, vector(), op_kwargs=[("axis", 0)])


def test_a_gradient_gets_the_dtype_of_the_variable():
    for gradient in (np.ones(2, np.float32), np.ones(2, int), np.ones(2) + 0j, mg.tensor([1, 1])):
        x = vector()
        mg.execute_op(Says, x, op_args=(gradient,)).backward()
        assert type(x.grad) is np.ndarray
        assert x.grad.dtype == np.float64
        assert x.grad.tolist() == [1.0, 1.0]


def test_sums_of_ones_own():
    class Own(Multiply):
        @staticmethod
        def grad_post_process_fn(grad, var_shape):
            return np.full(var_shape, grad.sum())

    x, y = vector(), mg.tensor(3.0)
    mg.execute_op(Own, x, y).backward()
    assert x.grad.tolist() == [6.0, 6.0]
    assert y.grad == 3.0


def test_wrong_classes():
    class Forgets(Operation):
        def __call__(self, x):
            return x.data

        def backward_var(self, grad, index, **kwargs):
            return grad

    with pytest.raises(TypeError, match=r"Forgets.__call__ must set self.variables"):
        mg.execute_op(Forgets, vector())
    assert mg.execute_op(Forgets, np.ones(2)).constant
    for other in (Multiply(), np.multiply, mg.Operation):
        with pytest.raises(TypeError, match=r"mygrad\.operation_base\.Operation"):
            mg.execute_op(other, vector(), 1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="abstract"):
        mg.execute_op(Operation, vector())
    with pytest.raises(TypeError, match="backward_var"):
        type("Old", (Multiply,), {"backward": lambda self, grad: None})


def test_strict_mode_tells_of_an_input_that_is_no_variable():
    class Half(Multiply):
        def __call__(self, x, y):
            result = super().__call__(x, y)
            self.variables, self.other = (x,), y
            return result

        def backward_var(self, grad, index, **kwargs):
            return grad * self.other.data

    x, y = vector(), mg.tensor(3.0)
    mg.execute_op(Half, x, y).backward()
    assert x.grad.tolist() == [3.0, 3.0]
    assert y.grad is None
    with mg.strict, pytest.raises(mg.GradientLost, match="none of the variables that Half set"):
        mg.execute_op(Half, x, y)


# ---------------------------------------------------------- ufuncs and reductions


def test_a_ufunc():
    x = vector()
    z = mg.execute_op(Exp, x)
    assert z.data.tolist() == np.exp([1.0, 2.0]).tolist()
    z.backward()
    assert x.grad.tolist() == np.exp([1.0, 2.0]).tolist()


def test_a_ufunc_that_broadcasts():
    x, y = vector(), mg.tensor([[1.0], [3.0]])
    mg.execute_op(Subtract, x, y).backward()
    assert x.grad.tolist() == [2.0, 2.0]
    assert y.grad.tolist() == [[-2.0], [-2.0]]


def test_a_ufunc_in_another_dtype():
    x = vector()
    z = mg.execute_op(Exp, x, op_kwargs={"dtype": np.float32})
    assert z.dtype == np.float32
    z.backward()
    assert x.grad.dtype == np.float64
    np.testing.assert_allclose(x.grad, np.exp([1.0, 2.0]))


def test_where_has_no_gradient():
    x = mg.tensor([0.0, 2.0])
    out = mg.tensor([5.0, 5.0])
    z = mg.execute_op(Log, x, op_kwargs={"where": np.array([False, True])}, out=out)
    assert z is out
    assert z.data.tolist() == [5.0, np.log(2.0)]
    with np.errstate(all="ignore"):
        z.backward()
    assert x.grad.tolist() == [0.0, 0.5]


def test_where_without_out():
    x = mg.tensor([0.0, 2.0])
    z = mg.execute_op(Log, x, op_kwargs={"where": np.array([False, True])})
    assert z.data[1] == np.log(2.0)
    with np.errstate(all="ignore"):
        z.backward()
    assert x.grad.tolist() == [0.0, 0.5]


@pytest.mark.parametrize("axis", [0, -1, (0, 1), None])
@pytest.mark.parametrize("keepdims", [True, False])
def test_a_sequential_operation(axis, keepdims):
    class Sum(Sequential):
        @staticmethod
        def numpy_func(a, axis=None, dtype=None, out=None, *args, **kwargs):
            return np.sum(a, axis=axis, dtype=dtype, out=out, **kwargs)

        def backward_var(self, grad, index, **kwargs):
            assert grad.shape == self.out_shape
            if not self.keepdims and self.axis is not None:
                assert isinstance(self.axis, tuple)
                grad = np.expand_dims(grad, self.axis)
            return np.broadcast_to(grad, self.variables[0].shape)

    mask = np.array([[True, False, True]])
    x = mg.tensor(np.arange(6.0).reshape(2, 3))
    options = {"axis": axis, "keepdims": keepdims, "where": mask, "initial": 1.0}
    z = mg.execute_op(Sum, x, op_kwargs=options)
    assert z.data.tolist() == np.sum(np.arange(6.0).reshape(2, 3), **options).tolist()
    z.backward()
    assert x.grad.tolist() == [[1.0, 0.0, 1.0]] * 2


def test_the_axis_of_a_running_operation_stays_an_integer():
    class Running(Sequential):
        _integer_axis_only = True
        numpy_func = staticmethod(np.cumsum)

        def backward_var(self, grad, index, **kwargs):
            return np.flip(np.cumsum(np.flip(grad, self.axis), self.axis), self.axis)

    x = mg.tensor(np.ones((2, 3)))
    mg.execute_op(Running, x, op_kwargs={"axis": 1}).backward()
    assert x.grad.tolist() == [[3.0, 2.0, 1.0]] * 2


# -------------------------------------------------------------------------- memory


def test_arrays_are_locked_while_the_graph_needs_them():
    x, array = vector(), np.array([3.0, 4.0])
    data = x.data
    z = mg.execute_op(Multiply, x, array)
    assert not array.flags.writeable
    assert not data.flags.writeable
    z.backward()
    assert array.flags.writeable
    assert data.flags.writeable
    with mg.mem_guard_off:
        z = mg.execute_op(Multiply, x, array)
    assert array.flags.writeable


def test_the_guard_after_the_fact():
    x = vector()
    z = mg.execute_op(Kept, x)
    w = mg.execute_op(Multiply, x, 2.0)
    assert not z.data.flags.writeable
    assert not x.data.flags.writeable
    z.clear_graph()
    w.clear_graph()
    assert z.data.flags.writeable
    assert x.data.flags.writeable


def test_updates_do_not_reach_what_the_operation_keeps():
    x = vector()
    start = x
    y = x * 1.0
    z = mg.execute_op(Multiply, y, y)
    y += 100.0
    np.sum(z + y).backward()
    assert start.grad.tolist() == [3.0, 5.0]
    w = mg.execute_op(Kept, x)
    w *= 0.0
    w += x
    w.backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_the_kept_result_survives_an_update():
    x = vector()
    z = mg.execute_op(Kept, x)
    w = z + 0.0
    z[...] = 7.0
    w.backward()
    assert x.grad.tolist() == np.exp([1.0, 2.0]).tolist()


def test_views():
    x = vector()
    y = mg.execute_op(First, x)
    assert y.base is x
    y *= 5.0
    assert x.data.tolist() == [5.0, 2.0]
    np.sum(x).backward()
    assert y.grad.tolist() == [1.0]


def test_no_update_reaches_a_users_array():
    array = np.array([1.0, 2.0])
    y = mg.execute_op(First, array)
    y += 1.0
    assert array.tolist() == [1.0, 2.0]


def test_out():
    x, out = vector(), mg.tensor([0.0, 0.0])
    z = mg.execute_op(Multiply, x, 3.0, out=out)
    assert z is out
    z.backward()
    assert x.grad.tolist() == [3.0, 3.0]
    array = np.zeros(2)
    assert mg.execute_op(Multiply, np.ones(2), 3.0, out=array).constant
    assert array.tolist() == [3.0, 3.0]
    with pytest.raises(TypeError, match="plain array"):
        mg.execute_op(Multiply, x, 3.0, out=array)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        mg.execute_op(Multiply, x, 3.0, out=mg.tensor(0.0))
    with pytest.raises(TypeError, match="int64"):
        mg.execute_op(Multiply, x, 3.0, out=mg.tensor([0, 0]))
    with pytest.raises(TypeError, match="a tensor or an array"):
        mg.execute_op(Multiply, x, 3.0, out=[0, 0])


def test_a_graph_is_gone_back_through_once():
    x = vector()
    z = mg.execute_op(Multiply, x, 3.0)
    v, w = np.exp(z), np.sin(z)
    w.backward(retain_graph=True)
    w.backward()
    with pytest.raises(mg.InvalidBackprop, match=r"reached Multiply.*released"):
        v.backward()


def test_nothing_is_left_for_the_collector_of_garbage():
    gc.collect()
    gc.disable()
    try:
        z = mg.execute_op(Kept, vector())
        creator = weakref.ref(z.creator)
        del z
        assert creator() is None
        z = mg.execute_op(Kept, vector())
        creator = weakref.ref(z.creator)
        z.backward()
        assert creator() is None
    finally:
        gc.enable()


# ------------------------------------------------------------- transforms, higher orders

X = np.array([0.3, -0.7])
Y = np.array([[1.5, 0.2], [0.4, -1.1]])


FUNCTIONS = {
    "product": lambda x, y: mg.execute_op(Multiply, x, y),
    "composed": lambda x, y: mg.execute_op(Multiply, np.sin(x), np.exp(y)) ** 2,
    "sum": lambda x, y: mg.execute_op(Total, x * y, op_args=(0,)) ** 3,
    "ufunc": lambda x, y: mg.execute_op(Exp, x * y),
    "kept": lambda x, y: mg.execute_op(Kept, x * y),
    "binary": lambda x, y: mg.execute_op(Subtract, x, np.sin(y)) ** 2,
    "view": lambda x, y: mg.execute_op(First, y * x) ** 3,
    "where": lambda x, y: mg.execute_op(
        Exp, x * y, op_kwargs={"where": Y > 0}, out=mg.tensor(np.zeros((2, 2)))
    ),
}


@pytest.mark.parametrize("f", [pytest.param(f, id=name) for name, f in FUNCTIONS.items()])
def test_derivatives_to_third_order(f):
    check_gradients(f, X, Y, order=3)


def test_inside_transforms():
    def f(x):
        return np.sum(mg.execute_op(Multiply, x, np.sin(x)))

    def plain(x):
        return np.sum(x * np.sin(x))

    np.testing.assert_allclose(mg.grad(f)(X), mg.grad(plain)(X))
    np.testing.assert_allclose(mg.hessian(f)(X), mg.hessian(plain)(X))
    np.testing.assert_allclose(mg.jvp(f, (X,), (Y[0],))[1], mg.jvp(plain, (X,), (Y[0],))[1])
    np.testing.assert_allclose(mg.hvp(f)(X, Y[0]), mg.hvp(plain)(X, Y[0]))
    third = mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(mg.grad(f)(x)))(x)))
    np.testing.assert_allclose(
        third(X), mg.grad(lambda x: np.sum(mg.grad(lambda x: np.sum(mg.grad(plain)(x)))(x)))(X)
    )


def test_a_jacobian():
    jacobian = mg.jacobian(lambda x: mg.execute_op(Kept, np.sin(x)) * x)
    np.testing.assert_allclose(jacobian(X), mg.jacobian(lambda x: np.exp(np.sin(x)) * x)(X))


def test_gradients_with_history_are_tensors():
    x = vector()
    mg.execute_op(Multiply, x, x).backward(create_graph=True)
    assert type(x.grad) is mg.Tensor
    assert type(x.grad.data) is np.ndarray
    gradient = x.grad
    x.null_grad()
    np.sum(gradient**2).backward()
    assert x.grad.tolist() == [8.0, 16.0]


class Square(Operation):
    """A correct rule, for subclasses to break."""

    def __call__(self, x):
        self.variables = (x,)
        return x.data**2

    def backward_var(self, grad, index, **kwargs):
        return 2 * grad * self.variables[0].data


class AsArray(Square):
    def backward_var(self, grad, index, **kwargs):
        return 2 * grad * np.asarray(self.variables[0].data)


class Number(Square):
    def __call__(self, x):
        self.variables = (x,)
        return np.array([float(value) ** 2 for value in x.data])


class Filled(Square):
    def backward_var(self, grad, index, **kwargs):
        result = np.empty(grad.shape)
        result[...] = 2 * grad * self.variables[0].data
        return result


class Random(Square):
    def __call__(self, x):
        self.noise = np.random.default_rng().normal(size=x.shape)
        return super().__call__(x)


class RandomList(Square):
    def __call__(self, x):
        self.noise = [np.random.default_rng().normal(), [1, 2]]
        return super().__call__(x)


class Memory(Square):
    def backward_var(self, grad, index, **kwargs):
        return grad * np.frombuffer(self.variables[0].data) * 2


@pytest.mark.parametrize("operation", [AsArray, Number, Filled, Random, RandomList, Memory])
def test_what_has_first_derivatives_only_says_so(operation):
    x = vector()
    mg.execute_op(operation, x).backward()
    assert x.grad.tolist() == [2.0, 4.0]
    z = mg.execute_op(operation, x)
    match = f"{operation.__name__} has first derivatives only: .*NumPy functions"
    with pytest.raises(mg.InvalidBackprop, match=match) as error:
        z.backward(create_graph=True)
    assert ".. " not in str(error.value)
    np.testing.assert_allclose(mg.grad(lambda x: np.sum(mg.execute_op(operation, x)))(X), 2 * X)
    with pytest.raises(mg.InvalidBackprop, match="first derivatives only"):
        mg.hessian(lambda x: np.sum(mg.execute_op(operation, x)))(X)


def test_a_variable_that_is_no_input():
    class Closed(Operation):
        def __call__(self, x, other):
            self.variables = (x, other)
            return x.data * other.data

        def backward_var(self, grad, index, **kwargs):
            return grad * self.variables[1 - index].data

    x, y = vector(), mg.tensor([3.0, 4.0])
    mg.execute_op(Closed, x, op_args=(y,)).backward()
    assert y.grad.tolist() == [1.0, 2.0]
    with pytest.raises(mg.InvalidBackprop, match="none of its inputs"):
        mg.execute_op(Closed, x, op_args=(y,)).backward(create_graph=True)
