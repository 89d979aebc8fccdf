"""Activations as layers beside their formulas: bends, shared slopes, softmax with masks, configs, bad arguments."""

from __future__ import annotations

import doctest
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kcore import Sequential
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerInputError, LayerStateError
from kcore.layers import Layer, deserialize
from kcore.testing.gradients import check_gradients
from kcore_layers import advanced_activations
from kcore_layers.advanced_activations import ELU, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU
from kcore_layers.embedding import Embedding
from kcore_layers.global_pooling import GlobalAveragePooling1D

NUMBERS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 6.0])
VALUES = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([-6.0, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0, 6.0]))
ARRAYS = hnp.arrays("float64", hnp.array_shapes(min_dims=1, max_dims=3), elements=VALUES)
RNG = np.random.default_rng(3)


def slope_of(layer: Layer, x: Any) -> Any:
    return CompiledFunction(lambda x: gradients(np.sum(layer(x)), [x])[0])(x)


@given(ARRAYS, st.one_of(st.none(), NUMBERS), NUMBERS, NUMBERS)
def test_relu_follows_its_formula(x: Any, limit: float | None, slope: float, threshold: float) -> None:
    layer = ReLU(limit, slope, threshold)
    top = math.inf if limit is None else limit

    def formula(value: float) -> float:
        above = value if value > threshold else 0.0
        return min(above, top) - slope * max(threshold - value, 0.0)

    expected = np.vectorize(formula, otypes=[float])(x)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-14, atol=1e-13)
    np.testing.assert_allclose(CompiledFunction(layer)(x), expected, rtol=1e-14, atol=1e-13)
    assert layer.compute_output_shape(x.shape) == x.shape


@pytest.mark.parametrize(
    ("layer", "at", "slope"),
    [
        (ReLU(), 0.0, 0.0),
        (ReLU(negative_slope=0.5), 0.0, 0.5),
        (ReLU(negative_slope=0.5, max_value=2.0), 0.0, 0.0),
        (ReLU(negative_slope=0.5, threshold=1.0), 1.0, 0.0),
        (ReLU(max_value=2.0), 2.0, 1.0),
        (ReLU(max_value=6.0), 6.0, 0.0),
        (ReLU(max_value=6.0, threshold=1.0), 6.0, 1.0),
        (LeakyReLU(0.5), 0.0, 0.5),
        (ThresholdedReLU(1.0), 1.0, 0.0),
        (ELU(0.5), 0.0, 0.5),
        (PReLU("ones"), 0.0, 0.0),
    ],
)
def test_slopes_where_functions_bend(layer: Layer, at: float, slope: float) -> None:
    assert slope_of(layer, np.full((1, 2), at, "float32")).tolist() == [[slope] * 2]


@given(ARRAYS, NUMBERS)
def test_the_other_functions_follow_their_formulas(x: Any, number: float) -> None:
    for layer, expected in (
        (LeakyReLU(number), np.maximum(x, 0) + number * np.minimum(x, 0)),
        (ELU(number), np.maximum(x, 0) + number * np.expm1(np.minimum(x, 0))),
        (ThresholdedReLU(number), x * (x > number)),
    ):
        np.testing.assert_allclose(layer(x), expected, rtol=1e-14)
        np.testing.assert_allclose(CompiledFunction(layer)(x), expected, rtol=1e-14)
        assert layer.compute_output_shape(x.shape) == x.shape


@pytest.mark.parametrize("layer", [LeakyReLU(0.1), ELU(0.7), ReLU(2.0, 0.3, 0.5), ThresholdedReLU(0.4)])
def test_gradients(layer: Layer) -> None:
    check_gradients(layer, (RNG.standard_normal((3, 5)),))


def test_far_below_zero_elu_neither_overflows_nor_loses_its_gradient() -> None:
    x = np.array([[-1e4, -800.0, 800.0, 1e4]], "float32")
    assert ELU(2.0)(x).tolist() == [[-2.0, -2.0, 800.0, 1e4]]
    assert slope_of(ELU(2.0), x).tolist() == [[0.0, 0.0, 1.0, 1.0]]


@pytest.mark.parametrize("layer", [LeakyReLU(), ELU(), ReLU(), ReLU(1.0, 0.5, 0.5), ThresholdedReLU(), Softmax()])
def test_dtypes_and_masks(layer: Layer) -> None:
    for dtype in ("float32", "float64"):
        x = np.array([[1, -2]], dtype)
        assert layer(x).dtype == CompiledFunction(layer)(x).dtype == dtype
    assert layer(np.array([[1, -2]])).dtype == "float32"
    mask = np.ones(1, bool)
    assert layer.compute_mask(np.ones((1, 2)), mask) is mask


def test_nan_stays_visible() -> None:
    x = np.array([[math.nan]], "float32")
    for layer in (LeakyReLU(), ELU(), ReLU(), ReLU(2.0, 0.5, 0.5), ReLU(6.0)):
        assert math.isnan(layer(x).item()), layer


def test_keras_3_calls_the_slope_of_leaky_relu_otherwise() -> None:
    assert LeakyReLU().alpha == 0.3
    layer = deserialize({"class_name": "LeakyReLU", "config": {"name": "a", "negative_slope": 0.25}})
    assert layer.get_config() == {"name": "a", "trainable": True, "dtype": "float32", "alpha": 0.25}
    assert LeakyReLU(negative_slope=0.25).alpha == 0.25


@pytest.mark.parametrize(
    ("shared", "weight"),
    [
        (None, (3, 4, 5)),
        ([], (3, 4, 5)),
        (1, (1, 4, 5)),
        ([1, 2], (1, 1, 5)),
        ((3, 1), (1, 4, 1)),
        ([1, 2, 3], (1, 1, 1)),
    ],
)
def test_prelu_learns_a_slope_for_each_entry_that_is_not_shared(shared: Any, weight: tuple[int, ...]) -> None:
    layer = PReLU("glorot_uniform", shared_axes=shared, dtype="float64", name="p")
    x = RNG.standard_normal((2, 3, 4, 5))
    y = layer(x)
    (alpha,) = layer.weights
    assert (alpha.name, alpha.shape) == ("p/alpha", weight)
    np.testing.assert_allclose(y, np.where(x > 0, x, x * alpha.numpy()), rtol=1e-14)
    (slope,) = CompiledFunction(lambda x: gradients(np.sum(layer(x)), layer.weights))(x)
    below = np.minimum(x, 0).sum(0)
    axes = tuple(axis for axis, size in enumerate(weight) if size == 1)
    np.testing.assert_allclose(slope, below.sum(axes, keepdims=True), rtol=1e-12)
    check_gradients(layer, (x,))


def test_prelu_begins_as_relu_and_ties_its_regularizer_and_constraint() -> None:
    x = RNG.standard_normal((2, 4)).astype("float32")
    layer = PReLU(alpha_regularizer="l1", alpha_constraint="non_neg")
    np.testing.assert_array_equal(layer(x), np.maximum(x, 0))
    assert [(variable, type(penalty).__name__) for variable, penalty in layer.regularizers] == [(layer.alpha, "L1")]
    assert [variable for variable, _ in layer.constraints] == [layer.alpha]


def test_prelu_knows_which_sizes_may_vary() -> None:
    layer = PReLU(shared_axes=[1, 2])
    layer.ensure_built((None, None, None, 5))
    for shape in ((1, 2, 3, 5), (2, 7, 1, 5)):
        assert layer(np.ones(shape)).shape == shape
    assert layer.compute_output_shape((None, None, None, 5)) == (None, None, None, 5)
    with pytest.raises(LayerInputError, match=r"expects an input of shape \(batch, any, any, 5\)"):
        layer(np.ones((1, 2, 3, 4)))
    with pytest.raises(LayerStateError, match=r"'alpha' of shape \(None, 5\), because a size is unknown"):
        PReLU().ensure_built((None, None, 5))
    with pytest.raises(LayerInputError, match="expects an input with at least 4 axes"):
        PReLU(shared_axes=3)(np.ones((2, 3, 4)))
    with pytest.raises(LayerInputError, match="expects an input with at least 2 axes"):
        PReLU()(np.ones(3))


def expected_softmax(x: Any, axes: Any, mask: Any) -> Any:
    powers = np.exp(x - x.max()) * mask
    total = powers.sum(axes, keepdims=True)
    return powers / np.where(total == 0, 1, total)


@given(
    hnp.arrays(bool, (3, 4, 5)),
    st.sampled_from([-1, 0, 1, 2, (1,), (1, 2), (0, -1), (0, 1, 2)]),
    st.integers(0, 99),
)
def test_masked_entries_get_nothing_and_the_others_share_one(mask: Any, axis: Any, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal((3, 4, 5)) * 3
    layer = Softmax(axis)
    axes = axis if isinstance(axis, tuple) else (axis,)
    expected = expected_softmax(x, axes, mask)
    y = np.asarray(layer(x, mask=mask))
    np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-15)
    assert not y[~mask].any()
    y, slope = CompiledFunction(lambda x: (layer(x, mask=mask), gradients(np.sum(layer(x, mask=mask) * x), [x])[0]))(x)
    np.testing.assert_allclose(y, expected, rtol=1e-11, atol=1e-15)
    assert np.isfinite(slope).all() and not slope[~mask & (expected == 0)].any()
    np.testing.assert_allclose(layer(x), expected_softmax(x, axes, np.ones_like(mask)), rtol=1e-11)


def test_gradients_with_a_mask() -> None:
    mask = RNG.random((3, 4, 5)) > 0.3
    mask[1, 2] = False
    for axis in (-1, 1, (1, 2)):
        layer = Softmax(axis)
        check_gradients(lambda x, layer=layer: layer(x, mask=mask), (RNG.standard_normal((3, 4, 5)),))


def test_a_mask_of_steps_leaves_out_steps() -> None:
    x = RNG.standard_normal((2, 4, 3))
    mask = np.array([[True, True, False, False], [False, True, True, True]])
    over_steps = Softmax(1)(x, mask=mask)
    np.testing.assert_allclose(over_steps[0, :2], Softmax(0)(x[0, :2]), rtol=1e-12)
    assert not over_steps[0, 2:].any() and not over_steps[1, 0].any()
    # Over the features, there is no step to leave out.
    np.testing.assert_array_equal(Softmax()(x, mask=mask), Softmax()(x))
    model = Sequential([Embedding(9, 4, mask_zero=True), Softmax(), GlobalAveragePooling1D()])
    numbers, short = np.array([[3, 5, 0]]), np.array([[3, 5]])
    np.testing.assert_allclose(model.predict(numbers), model.predict(short), rtol=1e-6)


def test_large_numbers_neither_overflow_nor_pass_a_mask() -> None:
    x = np.array([[1e30, -1e30, 1e38, -1e38]], "float32")
    assert Softmax()(x).tolist() == [[0.0, 0.0, 1.0, 0.0]]
    assert Softmax()(x, mask=np.array([[True, True, False, True]])).tolist() == [[1.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4, 1), (2, 5, 4), (4,)])
def test_a_mask_that_does_not_fit_is_refused(shape: Any) -> None:
    with pytest.raises(LayerInputError) as caught:
        Softmax((0, 1, 2), name="s")(np.ones((2, 3, 4)), mask=np.ones(shape, bool))
    assert str(caught.value) == (
        f"Layer 's' (Softmax) expects an input that its mask of shape {shape} fits, but its input has shape (batch=2, 3, 4)."
    )


def test_softmax_needs_its_axes() -> None:
    with pytest.raises(LayerInputError, match="expects an input with at least 4 axes"):
        Softmax(3)(np.ones((2, 3, 4)))
    with pytest.raises(LayerInputError, match="expects an input with at least 4 axes"):
        Softmax([1, -4])(np.ones((2, 3, 4)))
    with pytest.raises(LayerInputError, match=r"an input on which axis=\(1, -1\) names different axes"):
        Softmax([1, -1])(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        (LeakyReLU(name="a"), {"alpha": 0.3}),
        (ELU(2, name="a"), {"alpha": 2.0}),
        (ThresholdedReLU(name="a"), {"theta": 1.0}),
        (ReLU(name="a"), {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
        (ReLU(6, 0.5, 1, name="a"), {"max_value": 6.0, "negative_slope": 0.5, "threshold": 1.0}),
        (Softmax(name="a"), {"axis": -1}),
        (Softmax((1, 2), name="a"), {"axis": [1, 2]}),
        (
            PReLU(shared_axes=2, name="a"),
            {
                "alpha_initializer": {"class_name": "Zeros", "config": {}},
                "alpha_regularizer": None,
                "alpha_constraint": None,
                "shared_axes": [2],
            },
        ),
    ],
)
def test_config_rebuilds_the_layer(layer: Layer, config: dict[str, Any]) -> None:
    assert layer.get_config() == {"name": "a", "trainable": True, "dtype": "float32", **config}
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


LEAST = "Allowed: a finite number of at least 0."
SHARED = "Allowed: None, or different integers of at least 1."
AXIS = "Allowed: an integer, or a list of different ones."


@pytest.mark.parametrize(
    ("kind", "arguments", "text"),
    [
        (LeakyReLU, {"alpha": -0.1}, f"alpha=-0.1. {LEAST}"),
        (LeakyReLU, {"alpha": None}, f"alpha=None. {LEAST}"),
        (LeakyReLU, {"negative_slope": -1}, f"negative_slope=-1. {LEAST}"),
        (ELU, {"alpha": math.nan}, f"alpha=nan. {LEAST}"),
        (ELU, {"alpha": "1"}, f"alpha='1'. {LEAST}"),
        (ThresholdedReLU, {"theta": -1}, f"theta=-1. {LEAST}"),
        (ThresholdedReLU, {"theta": None}, f"theta=None. {LEAST}"),
        (ReLU, {"max_value": -1.0}, f"max_value=-1.0. {LEAST}"),
        (ReLU, {"negative_slope": -1.0}, f"negative_slope=-1.0. {LEAST}"),
        (ReLU, {"threshold": None}, f"threshold=None. {LEAST}"),
        (PReLU, {"shared_axes": 0}, f"shared_axes=0. {SHARED}"),
        (PReLU, {"shared_axes": [1, 1]}, f"shared_axes=[1, 1]. {SHARED}"),
        (PReLU, {"shared_axes": [-1]}, f"shared_axes=[-1]. {SHARED}"),
        (PReLU, {"shared_axes": "1"}, f"shared_axes='1'. {SHARED}"),
        (Softmax, {"axis": 1.0}, f"axis=1.0. {AXIS}"),
        (Softmax, {"axis": []}, f"axis=[]. {AXIS}"),
        (Softmax, {"axis": [1, 1]}, f"axis=[1, 1]. {AXIS}"),
        (Softmax, {"axis": None}, f"axis=None. {AXIS}"),
    ],
)
def test_bad_arguments_are_named(kind: Any, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(**arguments)
    assert str(caught.value) == f"{kind.__name__} cannot take {text}"


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(advanced_activations)
    assert found.attempted >= 8
    assert found.failed == 0
