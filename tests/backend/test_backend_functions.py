"""Functions of a graph's tensors, and gradients in programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcore
from kcore import Sequential
from kcore import backend as K
from kcore.engine import CompiledFunction
from kcore.errors import GraphError, InvalidArgumentError, LayerStateError, NotDifferentiableError, TracingError
from kcore.layers import Dense, Dropout, Input, Layer, add

X = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


def network() -> Any:
    return Sequential([Dense(4, activation="tanh", input_shape=(3,)), Dropout(0.5), Dense(2), Dense(1)])


def test_function() -> None:
    model = network()
    hidden = K.function([model.input], [model.layers[0].output, model.layers[2].output])
    first, third = hidden([X])
    kernel, bias = model.layers[0].get_weights()
    np.testing.assert_allclose(first, np.tanh(X @ kernel + bias), rtol=1e-5)
    np.testing.assert_allclose(third, model.layers[2](first), rtol=1e-5)
    # With the weights as they are when it is called.
    model.layers[0].set_weights([kernel * 0, bias + 1])
    np.testing.assert_allclose(hidden([X])[0], np.full((5, 4), np.tanh(1)), rtol=1e-6)


def test_function__learning_phase() -> None:
    model = network()
    outputs = K.function([model.input, K.learning_phase()], [model.layers[1].output])
    plain = K.function([model.input], [model.layers[0].output])([X])[0]
    np.testing.assert_array_equal(outputs([X, 0])[0], plain)
    dropped = outputs([X, 1])[0]
    assert np.any(dropped == 0) and not np.array_equal(outputs([X, 1])[0], dropped)
    np.testing.assert_allclose(dropped[dropped != 0], 2 * plain[dropped != 0], rtol=1e-6)


def test_function__from_the_middle_and_of_variables() -> None:
    model = network()
    rest = K.function([model.layers[0].output], model.output)
    middle = K.function(model.input, model.layers[0].output)(X)
    np.testing.assert_allclose(rest([middle]), model.predict(X), rtol=1e-5)
    kernel, output = K.function([model.input], [model.layers[0].kernel, model.output])([X])
    np.testing.assert_array_equal(kernel, model.layers[0].get_weights()[0])
    np.testing.assert_allclose(output, model.predict(X), rtol=1e-5)
    only = K.function([], [model.layers[0].kernel])
    np.testing.assert_array_equal(only([])[0], kernel)


def test_function__of_several_inputs_and_a_dictionary_of_outputs() -> None:
    left, right = Input((3,)), Input((3,))
    total = add([left, right])
    found = K.function([right, left], {"sum": total, "left": left})([X, X * 2])
    np.testing.assert_allclose(found["sum"], X * 3, rtol=1e-6)
    np.testing.assert_array_equal(found["left"], X * 2)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda x, y: K.function([X], [y]), r"^kcore\.backend\.function cannot take inputs=array\([\s\S]*Allowed: symbolic tensors, and K"),
        (lambda x, y: K.function([x, 3], [y]), r"cannot take inputs=3\. Allowed: symbolic tensors, and K\.learning_phase\(\)\.$"),
        (lambda x, y: K.function([x], [X]), r"cannot take outputs=array\([\s\S]*Allowed: symbolic tensors and variables\.$"),
        (lambda x, y: K.function([x], [y], updates=[1]), r"cannot take updates=\[1\]\. Allowed: none; a layer's add_update"),
        (lambda x, y: K.function([x], [y])([X, X]), r"cannot take inputs='2 values'\. Allowed: 1 values\.$"),
        (lambda x, y: K.function([x], [y])([X[:, :2]]), r"inputs='array of shape \(5, 2\)'\. Allowed: for 'input_\d+' an array of shape \(batch, 3\)"),
        (lambda x, y: K.function([x], [y])([X[0]]), r"inputs='array of shape \(3,\)'"),
    ],
)  # fmt: skip
def test_function__says_what_is_wrong(call: Any, text: str) -> None:
    x = Input((3,))
    with pytest.raises(InvalidArgumentError, match=text):
        call(x, Dense(2)(x))


def test_function__needs_all_inputs() -> None:
    left, right = Input((3,)), Input((3,))
    with pytest.raises(GraphError, match="which is not among its inputs"):
        K.function([left], [add([left, right])])


def test_gradients() -> None:
    def slopes(x: Any, y: Any) -> Any:
        first, second = K.gradients(K.square(x) * y, [x, y])
        return first, second, K.gradients(K.sum(x), y)[0]

    y = np.arange(5.0)[:, None].astype("float32")
    dx, dy, none = CompiledFunction(slopes)(X, y)
    np.testing.assert_allclose(dx, 2 * X * y, rtol=1e-6)
    np.testing.assert_allclose(dy, np.sum(X**2, axis=1, keepdims=True), rtol=1e-5)
    np.testing.assert_array_equal(none, np.zeros((5, 1)))


class GradientPenalty(Layer):
    """A penalty on the slope of a critic, as in Gulrajani et al., "Improved training of Wasserstein GANs" (2017)."""

    def __init__(self, critic: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.critic = critic

    def call(self, x: Any) -> Any:
        slope = K.gradients(self.critic(x), x)[0]
        return K.sqrt(K.sum(K.square(slope), axis=-1, keepdims=True))


def test_gradients__in_a_layer_are_trained_through() -> None:
    critic = Dense(1, use_bias=False)
    model = Sequential([GradientPenalty(critic, input_shape=(3,))])
    kernel = critic.get_weights()[0]
    np.testing.assert_allclose(model.predict(X), np.full((5, 1), np.linalg.norm(kernel)), rtol=1e-5)
    model.compile("sgd", lambda y_true, y_pred: K.square(y_pred - y_true))
    losses = [model.train_on_batch(X, np.ones((5, 1))) for _ in range(200)]
    assert losses[-1] < 0.02 * losses[0] + 1e-6
    np.testing.assert_allclose(np.linalg.norm(critic.get_weights()[0]), 1, rtol=0.05)


def test_gradients__only_in_programs() -> None:
    with pytest.raises(TracingError) as caught:
        K.gradients(np.float32(1), X)
    assert str(caught.value) == (
        "K.gradients() was called outside of a program. Use it in call() of a layer or in a loss; elsewhere kcore.grad "
        "differentiates a function."
    )
    model = network()
    with pytest.raises(
        LayerStateError, match=r"has a symbolic output, of which there are no gradients\. Write a function"
    ):
        K.gradients(model.output, model.input)
    with pytest.raises(NotDifferentiableError, match="only floating numbers"):
        CompiledFunction(lambda i: K.gradients(K.sum(K.cast(i, "float32")), i))(np.arange(3))


def test_stop_gradient() -> None:
    np.testing.assert_array_equal(kcore.grad(lambda x: K.sum(x * K.stop_gradient(x)))(X), X)
    first, second = K.stop_gradient([X, X * 2])
    np.testing.assert_array_equal(first * 2, second)


@pytest.mark.parametrize(
    "call", [K.square, K.sum, K.flatten, K.softmax, lambda x: K.dot(X, x), lambda x: K.maximum(x, 0.0)]
)
def test_symbolic_tensors_belong_to_layers(call: Any) -> None:
    x = Dense(3, name="hidden")(Input((3,)))
    with pytest.raises(LayerStateError) as caught:
        call(x)
    assert str(caught.value) == (
        "Layer 'hidden' has a symbolic output, which the functions of kcore.backend cannot compute with. Call them in "
        "Lambda(function) or in call() of a layer of your own, and that layer on the tensor."
    )
