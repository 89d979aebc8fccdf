"""Variables and constants: making, reading and changing them, alone and in layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import Sequential
from kcore import backend as K
from kcore.engine import CompiledFunction, Variable
from kcore.errors import InvalidArgumentError, VariableValueError
from kcore.layers import Dense, Layer

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


def test_variable() -> None:
    v = K.variable([[1, 2]], name="counts")
    assert isinstance(v, Variable) and v.dtype == "float32" and v.shape == (1, 2) and v.name == "counts"
    assert K.variable(3, dtype="int64").dtype == "int64"
    np.testing.assert_array_equal(K.square(v) + 1, [[2, 5]])


def test_get_value() -> None:
    v = K.variable([1.0, 2.0])
    found = K.get_value(v)
    found[0] = 9
    np.testing.assert_array_equal(K.get_value(v), [1, 2])
    np.testing.assert_array_equal(K.get_value(np.arange(3)), [0, 1, 2])


def test_set_value() -> None:
    v = K.variable([1.0, 2.0])
    K.set_value(v, [3, 4])
    np.testing.assert_array_equal(v, [3, 4])
    with pytest.raises(VariableValueError, match=r"has shape \(2,\), but the value assigned to it has shape \(3,\)"):
        K.set_value(v, [1, 2, 3])


def test_batch_get_value() -> None:
    found = K.batch_get_value([K.variable(1), K.variable([2, 3])])
    assert [array.tolist() for array in found] == [1, [2, 3]]


def test_batch_set_value() -> None:
    first, second = K.variable(1), K.variable([2, 3])
    K.batch_set_value([(first, 5), (second, [6, 7])])
    assert [array.tolist() for array in K.batch_get_value([first, second])] == [5, [6, 7]]


def test_get_variable_shape() -> None:
    assert K.get_variable_shape(K.variable(np.zeros((2, 3)))) == (2, 3)


def test_count_params() -> None:
    assert K.count_params(K.variable(np.zeros((2, 3)))) == 6 and K.count_params(np.zeros(())) == 1


def test_zeros_and_its_like_are_variables_outside_and_constants_inside_of_programs() -> None:
    for v in (K.zeros((2, 2)), K.ones((2, 2)), K.eye(2)):
        assert isinstance(v, Variable)
        K.update(v, v + 1)
    kinds: list[Any] = []

    def traced(x: Any) -> Any:
        made = [K.zeros((2, 2)), K.ones((2, 2)), K.eye(2)]
        kinds.extend(map(type, made))
        return x + made[0] + made[1] * made[2]

    np.testing.assert_array_equal(CompiledFunction(traced)(np.zeros((2, 2))), np.eye(2))
    assert set(kinds) == {np.ndarray}


def test_random_uniform_variable() -> None:
    v = K.random_uniform_variable((500,), 2.0, 3.0, name="v", seed=1)
    assert isinstance(v, Variable) and v.name == "v" and v.dtype == "float32"
    assert 2 <= v.min() < 2.1 and 2.9 < v.max() < 3


def test_random_normal_variable() -> None:
    v = K.random_normal_variable((2000,), 5.0, 0.5, dtype="float64", seed=1)
    assert isinstance(v, Variable) and v.dtype == "float64"
    assert abs(v.mean() - 5) < 0.05 and abs(v.std() - 0.5) < 0.05


# --- changing --------------------------------------------------------------------------------------------------------


def test_update() -> None:
    v = K.variable([1.0, 2.0])
    changed, value = K.update(v, v * 2)
    assert changed is v
    np.testing.assert_array_equal(v, [2, 4])
    np.testing.assert_array_equal(value, [2, 4])


def test_update__in_a_program() -> None:
    v = K.variable([1.0, 2.0])

    def step(x: Any) -> Any:
        K.update_add(v, x)
        return v * 1

    compiled = CompiledFunction(step)
    np.testing.assert_array_equal(compiled(np.ones(2, "float32")), [2, 3])
    np.testing.assert_array_equal(compiled(np.ones(2, "float32")), [3, 4])
    np.testing.assert_array_equal(v, [3, 4])


def test_update_add() -> None:
    v = K.variable([1.0, 2.0])
    K.update_add(v, 1.5)
    np.testing.assert_array_equal(v, [2.5, 3.5])


def test_update_sub() -> None:
    v = K.variable([1, 2], dtype="int64")
    K.update_sub(v, [3, 1])
    np.testing.assert_array_equal(v, [-2, 1])


def test_moving_average_update() -> None:
    v = K.variable([1.0, 2.0])
    K.moving_average_update(v, np.array([3.0, 4.0]), 0.75)
    np.testing.assert_allclose(v, [1.5, 2.5])
    assert v.dtype == "float32"


class Centred(Layer):
    """Keras 2's way to keep a moving mean; ``added`` says whether the update goes through ``add_update``."""

    def __init__(self, added: bool, **kwargs: Any) -> None:
        self.added = added
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.mean = self.add_weight("mean", input_shape[1:], "zeros", trainable=False)
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        mean = K.mean(inputs, axis=0)
        update = K.moving_average_update(self.mean, mean, 0.5)
        if self.added:
            self.add_update([update], inputs)
        return inputs - K.in_train_phase(mean, self.mean)


@pytest.mark.parametrize("added", [True, False])
def test_moving_average_update__in_a_layer_happens_in_training_only(added: bool) -> None:
    model = Sequential([Centred(added, input_shape=(3,)), Dense(1)])
    layer: Any = model.layers[0]
    model.compile("sgd", "mse")
    model.predict(X)
    model.evaluate(X, X[:, :1], verbose=0)
    np.testing.assert_array_equal(layer.mean, 0)
    model.train_on_batch(X, X[:, :1])
    np.testing.assert_allclose(layer.mean, X.mean(axis=0) / 2, rtol=1e-5)
    model.train_on_batch(X, X[:, :1])
    np.testing.assert_allclose(layer.mean, X.mean(axis=0) * 0.75, rtol=1e-5)


@pytest.mark.parametrize("added", [True, False])
def test_moving_average_update__leaves_a_frozen_layer_alone(added: bool) -> None:
    model = Sequential([Centred(added, input_shape=(3,)), Dense(1)])
    layer: Any = model.layers[0]
    layer.trainable = False
    model.compile("sgd", "mse")
    model.train_on_batch(X, X[:, :1])
    np.testing.assert_array_equal(layer.mean, 0)


def test_only_variables_can_be_changed() -> None:
    for function in (K.set_value, K.update, K.update_add, K.update_sub):
        with pytest.raises(InvalidArgumentError) as caught:
            function(np.zeros(2), np.ones(2))
        assert str(caught.value) == (
            f"kcore.backend.{function.__name__} cannot take x=array([0., 0.]). Allowed: a variable, as K.variable or "
            "add_weight makes it."
        )
    with pytest.raises(InvalidArgumentError, match="moving_average_update cannot take x"):
        K.moving_average_update(np.zeros(2), 1.0, 0.9)


def test_a_constraint_belongs_to_add_weight() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        K.variable(1.0, constraint="non_neg")
    assert str(caught.value) == (
        "kcore.backend.variable cannot take constraint='non_neg'. Allowed: None; add_weight of a layer takes a constraint."
    )
