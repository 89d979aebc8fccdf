"""Defaults of the process, names, and the learning phase."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import Model, Sequential
from kcore import backend as K
from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError
from kcore.layers import Dense, Dropout, Input, Lambda

X = np.ones((4, 3), "float32")


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    yield
    K.set_floatx("float32")
    K.set_epsilon(1e-7)
    K.set_image_data_format("channels_last")
    K.set_learning_phase(0)


def test_backend() -> None:
    assert K.backend() == "numpy"


def test_floatx() -> None:
    assert K.floatx() == "float32"


def test_set_floatx() -> None:
    K.set_floatx("float64")
    assert kcore.floatx() == "float64"
    assert K.variable(1).dtype == K.constant(1).dtype == K.zeros(2).dtype == K.random_normal((2,)).dtype == "float64"


def test_epsilon() -> None:
    assert K.epsilon() == 1e-7


def test_set_epsilon() -> None:
    K.set_epsilon(0.25)
    assert kcore.epsilon() == 0.25
    np.testing.assert_allclose(K.categorical_crossentropy([[1.0, 0.0]], [[0.0, 1.0]]), [-np.log(0.25)], rtol=1e-6)


def test_image_data_format() -> None:
    assert K.image_data_format() == "channels_last"


def test_set_image_data_format() -> None:
    K.set_image_data_format("channels_first")
    assert K.spatial_2d_padding(np.zeros((1, 3, 5, 5))).shape == (1, 3, 7, 7)
    assert K.conv2d(np.zeros((1, 3, 5, 5)), np.zeros((2, 2, 3, 4))).shape == (1, 4, 4, 4)


def test_get_uid() -> None:
    K.reset_uids()
    assert [K.get_uid("thing"), K.get_uid("thing"), K.get_uid("other"), K.get_uid()] == [1, 2, 1, 1]
    assert Dense(1).name == "dense_1" and K.get_uid("dense") == 2 and Dense(1).name == "dense_3"


def test_reset_uids() -> None:
    K.get_uid("thing")
    K.reset_uids()
    assert K.get_uid("thing") == 1


def test_clear_session() -> None:
    Dense(1)
    kcore.set_random_seed(3)
    first = K.random_normal((3,))
    kcore.set_random_seed(3)
    K.set_learning_phase(1)
    K.clear_session()
    assert Dense(1).name == "dense_1" and K.learning_phase() == 0
    # Seeds are left alone.
    np.testing.assert_array_equal(K.random_normal((3,)), first)


def test_name_scope() -> None:
    with K.name_scope("attention") as name:
        assert name == "attention"


def test_learning_phase() -> None:
    model = Sequential([Lambda(lambda x: x + 10 * K.learning_phase(), input_shape=(3,))])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(X), X)
    np.testing.assert_array_equal(model(X, training=True), X + 10)
    assert model.evaluate(X, X, verbose=0) == 0
    assert K.learning_phase() == 0


def test_learning_phase__in_losses_and_metrics() -> None:
    seen: list[tuple[str, int]] = []

    def look(name: str) -> Any:
        def function(y_true: Any, y_pred: Any) -> Any:
            seen.append((name, K.learning_phase()))
            return K.mean(K.square(y_true - y_pred), axis=-1)

        function.__name__ = name
        return function

    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", look("loss_of_mine"), metrics=[look("metric_of_mine")])
    model.fit(X, X[:, :1], verbose=0)
    assert set(seen) == {("loss_of_mine", 1), ("metric_of_mine", 1)}
    seen.clear()
    model.evaluate(X, X[:, :1], verbose=0)
    assert set(seen) == {("loss_of_mine", 0), ("metric_of_mine", 0)}


def test_set_learning_phase() -> None:
    layer = Dropout(0.5)
    np.testing.assert_array_equal(layer(X), X)
    K.set_learning_phase(1)
    assert K.learning_phase() == 1 and np.any(layer(X) == 0)
    np.testing.assert_array_equal(layer(X, training=False), X)
    x = Input((3,))
    model = Model(x, Dropout(0.5)(x))
    assert np.any(K.function([x], [model.output])([X])[0] == 0)
    # What says itself what it is, is what it says.
    np.testing.assert_array_equal(model.predict(X), X)


def test_in_train_phase__in_a_layer() -> None:
    x = Input((3,))
    model = Model(x, Lambda(lambda x: K.in_train_phase(x * 2, lambda: x + 10))(x))
    np.testing.assert_array_equal(model(X, training=True), X * 2)
    np.testing.assert_array_equal(model(X, training=False), X + 10)
    np.testing.assert_array_equal(model.predict(X), X + 10)


def test_in_train_phase__calls_only_what_it_chooses() -> None:
    def fail() -> Any:
        raise AssertionError("called")

    assert K.in_train_phase(lambda: 1, fail, training=True) == 1
    assert K.in_test_phase(lambda: 1, fail, training=0) == 1


def test_in_train_phase__of_a_traced_phase() -> None:
    chosen = CompiledFunction(
        lambda phase: K.in_train_phase(K.constant([1.0, 2.0]), lambda: K.constant([3.0, 4.0]), phase)
    )
    np.testing.assert_array_equal(chosen(np.float32(1)), [1, 2])
    np.testing.assert_array_equal(chosen(np.float32(0)), [3, 4])


def test_a_learning_phase_is_0_or_1() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        K.set_learning_phase(2)
    assert str(caught.value) == "kcore.backend.set_learning_phase cannot take value=2. Allowed: 0, 1."
