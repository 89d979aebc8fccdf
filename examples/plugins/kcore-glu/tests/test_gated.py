"""Swish and the gated linear units: the papers' formulas with SciPy's functions, weights, and arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kcore import Sequential, layers, load_model, optimizers
from kcore.errors import InvalidArgumentError, LayerInputError, UnknownComponentError
from scipy import special

from kcore_glu.gated import GLU, GatedLinear, SwiGLU, Swish

X = np.random.default_rng(0).normal(size=(4, 5, 3))
GATES: dict[str | None, Callable[[Any], Any]] = {
    "sigmoid": special.expit,
    None: lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * special.ndtr(x),
    "tanh": np.tanh,
}


def ready(layer: GatedLinear) -> list[Any]:
    """The layer, built, with weights of which none is zero."""
    layer(X)
    rng = np.random.default_rng(1)
    weights = [rng.normal(size=weight.shape) for weight in layer.weights]
    layer.set_weights(weights)
    return weights


@pytest.mark.parametrize("activation", GATES)
def test_glu_is_the_paper_s_formula(activation: str | None) -> None:
    layer = GLU(2, activation, dtype="float64")
    kernel, gate_kernel, bias, gate_bias = ready(layer)
    gate = GATES[activation](X @ gate_kernel + gate_bias)
    np.testing.assert_allclose(layer(X), (X @ kernel + bias) * gate, rtol=1e-13)


@pytest.mark.parametrize(("beta", "trained"), [(1.0, False), (1.0, True), (0.25, False)])
def test_swiglu_is_the_paper_s_formula(beta: float, trained: bool) -> None:
    layer = SwiGLU(2, beta, trained, dtype="float64")
    kernel, gate_kernel, bias, gate_bias, *learned = ready(layer)
    slope = learned[0] if trained else beta
    gate = X @ gate_kernel + gate_bias
    np.testing.assert_allclose(layer(X), (X @ kernel + bias) * gate * special.expit(slope * gate), rtol=1e-13)
    assert [weight.name.rpartition("/")[2] for weight in layer.weights] == [
        "kernel",
        "gate_kernel",
        "bias",
        "gate_bias",
        *["beta"] * trained,
    ]


def test_without_biases_there_are_two_kernels() -> None:
    for layer in (GLU(4, use_bias=False), SwiGLU(4, use_bias=False)):
        layer(X)
        assert [weight.shape for weight in layer.weights] == [(3, 4), (3, 4)]


def test_swish_learns_its_slope() -> None:
    # Labels of another slope, which is found again.
    x = np.random.default_rng(2).normal(size=(256, 1)).astype("float32") * 3
    model = Sequential([Swish(trainable_beta=True, input_shape=(1,))])
    model.compile(optimizers.get("adam", learning_rate=0.05), "mse")
    model.fit(x, x * special.expit(2.5 * x), batch_size=256, epochs=300, verbose=0)
    (beta,) = model.get_weights()
    assert beta.shape == () and abs(beta - 2.5) < 0.02


def test_first_weights_are_the_arguments() -> None:
    layer = SwiGLU(2, 0.5, True, kernel_initializer="ones", gate_initializer="zeros", bias_initializer="ones")
    layer(X)
    kernel, gate_kernel, bias, gate_bias, beta = layer.get_weights()
    assert (kernel == 1).all() and (gate_kernel == 0).all() and (bias == 1).all() and (gate_bias == 1).all()
    assert beta == np.float32(0.5)


def test_penalties_and_constraints_reach_their_weights() -> None:
    layer = GLU(
        2, kernel_regularizer="l1", gate_regularizer="l2", gate_constraint="non_neg", bias_constraint="unit_norm"
    )
    layer(X)
    assert [(weight.name.rpartition("/")[2], type(rule).__name__) for weight, rule in layer.regularizers] == [
        ("kernel", "L1"),
        ("gate_kernel", "L2"),
    ]
    assert [weight.name.rpartition("/")[2] for weight, _ in layer.constraints] == ["gate_kernel", "bias", "gate_bias"]


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: Swish(beta=float("nan")), "beta"),
        (lambda: Swish(beta=True), "beta"),
        (lambda: SwiGLU(2, beta="1"), "beta"),  # type: ignore[arg-type]
        (lambda: GLU(0), "units"),
        (lambda: GLU(2.5), "units"),  # type: ignore[arg-type]
        (lambda: SwiGLU(True), "units"),
        (lambda: GLU(2, activation=3), "activation"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], Any], argument: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert caught.value.argument == argument  # type: ignore[attr-defined]


def test_names_that_nobody_has_and_shapes_that_do_not_fit() -> None:
    with pytest.raises(UnknownComponentError, match="sigmoyd"):
        GLU(2, "sigmoyd")
    layer = GLU(2)
    with pytest.raises(LayerInputError):
        layer(np.zeros(3))
    layer(np.zeros((1, 3)))
    with pytest.raises(LayerInputError):
        layer(np.zeros((1, 4)))
    with pytest.raises(NotImplementedError, match="gated"):
        GatedLinear(1, True, "ones", "ones", "ones", *[None] * 7)(np.zeros((1, 3)))


def test_they_are_found_by_name_and_come_back_from_a_file(tmp_path: Any) -> None:
    model = Sequential([layers.SwiGLU(4, 0.5, True, input_shape=(5, 3)), layers.GLU(2, "tanh"), layers.Swish(2.0)])
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.get_config() == model.get_config()
