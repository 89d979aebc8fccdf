"""The cross-entropies beyond the recorded cases: extreme logits, limits, labels, errors, config."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LabelShapeError, LabelValueError
from kcore_losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)


def gradient(function: Any, y_pred: Any) -> Any:
    return CompiledFunction(lambda x: gradients(np.sum(function(x)), [x])[0])(y_pred)


# --- logits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [100.0, 1e4])
def test_large_logits_have_exact_finite_values_and_gradients(size: float, dtype: str) -> None:
    # So far apart, the loss is the distance to the largest logit, and the softmax is one-hot.
    logits = np.array([[size, -size, 0.0], [-size, size, size / 2]], dtype)
    labels = np.array([1, 1])
    one_hot = np.eye(3, dtype=dtype)[labels]
    for values, slope in (
        (sparse_categorical_crossentropy(labels, logits, from_logits=True),
         gradient(lambda x: sparse_categorical_crossentropy(labels, x, from_logits=True), logits)),
        (categorical_crossentropy(one_hot, logits, from_logits=True),
         gradient(lambda x: categorical_crossentropy(one_hot, x, from_logits=True), logits)),
    ):  # fmt: skip
        assert values.tolist() == [2 * size, 0.0]
        assert np.abs(slope - [[1, -1, 0], [0, 0, 0]]).max() < 1e-12
    decisions, logits = np.array([0, 1, 0, 1]), np.array([[size], [size], [-size], [-size]], dtype)
    np.testing.assert_allclose(binary_crossentropy(decisions, logits, True), [size, 0, 0, size], atol=1e-30)
    slope = gradient(lambda x: binary_crossentropy(decisions, x, True), logits)
    np.testing.assert_allclose(slope, [[1], [0], [0], [-1]], atol=1e-30)


def test_a_logit_of_minus_infinity_is_a_class_that_cannot_be() -> None:
    logits = np.array([[0.0, -np.inf, 0.0]])
    np.testing.assert_allclose(sparse_categorical_crossentropy(np.array([2]), logits, True), np.log(2), rtol=1e-15)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 30.0]), st.sampled_from([-1, 1]))
def test_sparse_categorical_and_softmax_agree(seed: int, scale: float, axis: int) -> None:
    random = np.random.default_rng(seed)
    logits = random.standard_normal((3, 4, 5)) * scale
    labels = random.integers(0, logits.shape[axis], (3, 5) if axis == 1 else (3, 4))
    one_hot = np.moveaxis(np.eye(logits.shape[axis])[labels], -1, axis)
    powers = np.exp(logits - logits.max(axis, keepdims=True))
    softmax = powers / powers.sum(axis, keepdims=True)
    expected = -np.log((softmax * one_hot).sum(axis))
    for y_pred, from_logits in ((logits, True), (softmax, False)):
        limited = expected if from_logits else np.clip(expected, -np.log(1 - 1e-7), -np.log(1e-7))
        sparse = sparse_categorical_crossentropy(labels, y_pred, from_logits=from_logits, axis=axis)
        dense = categorical_crossentropy(one_hot, y_pred, from_logits=from_logits, axis=axis)
        np.testing.assert_allclose(sparse, limited, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(dense, limited, rtol=1e-8, atol=1e-12)


# --- probabilities ---------------------------------------------------------------------------------------------------


def test_gradient_at_and_beyond_the_limits() -> None:
    low = np.float64(1e-7)
    y_pred = np.array([[0.0], [low / 2], [low], [2 * low]])
    slope = gradient(lambda x: binary_crossentropy(np.ones((4, 1)), x), y_pred)
    np.testing.assert_allclose(slope[:, 0], [0, 0, -1 / low, -0.5 / low], rtol=1e-12)


def test_nan_predictions_stay_visible() -> None:
    y_pred = np.array([[0.5, np.nan]])
    assert np.isnan(binary_crossentropy(np.array([[0.0, 1.0]]), y_pred)).all()
    assert np.isnan(categorical_crossentropy(np.array([[0.0, 1.0]]), y_pred)).all()
    assert np.isnan(sparse_categorical_crossentropy(np.array([1]), y_pred)).all()


@pytest.mark.parametrize("smoothing", [0, 0.2, 1.0])
def test_smoothing_is_a_mixture_with_uniform_labels(smoothing: float) -> None:
    y_pred = np.array([[0.1, 0.2, 0.7]])
    y_true = np.array([[0.0, 0.0, 1.0]])
    mixed = y_true * (1 - smoothing) + smoothing / 3
    values = categorical_crossentropy(y_true, y_pred, label_smoothing=smoothing)
    np.testing.assert_allclose(values, -(mixed * np.log(y_pred)).sum(-1), rtol=1e-12)
    mixed = y_true * (1 - smoothing) + smoothing / 2
    expected = -(mixed * np.log(y_pred) + (1 - mixed) * np.log(1 - y_pred)).mean(-1)
    np.testing.assert_allclose(binary_crossentropy(y_true, y_pred, label_smoothing=smoothing), expected, rtol=1e-12)


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float32", "float64", "bool"])
def test_class_numbers_of_any_dtype_and_both_shapes(dtype: str) -> None:
    random = np.random.default_rng(0)
    y_pred = random.dirichlet(np.ones(300), 4)
    labels = np.array([0, 1, 1, 0] if dtype == "bool" else [0, 100, 37, 5], dtype)
    expected = -np.log(y_pred[np.arange(4), labels.astype(int)])
    for shaped in (labels, labels[:, None]):
        np.testing.assert_allclose(sparse_categorical_crossentropy(shaped, y_pred), expected, rtol=1e-6)


def test_class_numbers_of_sequences() -> None:
    y_pred = np.random.default_rng(0).dirichlet(np.ones(4), (2, 3))
    labels = np.array([[0, 1, 2], [3, 0, 1]])
    expected = -np.log(np.take_along_axis(y_pred, labels[..., None], -1)[..., 0])
    np.testing.assert_allclose(sparse_categorical_crossentropy(labels, y_pred), expected, rtol=1e-6)
    np.testing.assert_allclose(sparse_categorical_crossentropy(labels[..., None], y_pred), expected, rtol=1e-6)


def test_one_hot_labels_for_the_sparse_loss() -> None:
    with pytest.raises(LabelShapeError) as caught:
        sparse_categorical_crossentropy(np.eye(3), np.full((3, 3), 1 / 3))
    assert str(caught.value) == (
        "sparse_categorical_crossentropy was given labels of shape (batch=3, 3) for predictions of shape (batch=3, 3). "
        "It expects one class number per prediction, of shape (batch=3,); one-hot labels belong to the categorical "
        "form."
    )


def test_class_numbers_for_the_categorical_loss() -> None:
    with pytest.raises(LabelShapeError) as caught:
        categorical_crossentropy(np.array([0, 1]), np.full((2, 3), 1 / 3))
    assert str(caught.value) == (
        "categorical_crossentropy was given labels of shape (batch=2,) for predictions of shape (batch=2, 3). "
        "It expects labels of the same shape as the predictions; class numbers in place of one-hot labels go with "
        "sparse_categorical_crossentropy."
    )


def test_binary_labels_that_only_broadcast() -> None:
    with pytest.raises(LabelShapeError, match="binary_crossentropy was given labels of shape"):
        binary_crossentropy(np.zeros((4, 1)), np.full((4, 2), 0.5))


SPARSE: list[Any] = [
    SparseCategoricalCrossentropy().check_labels,
    sparse_categorical_crossentropy.check_labels,  # type: ignore[attr-defined]
]


@pytest.mark.parametrize("check", SPARSE)
@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (np.array([0, 9, 10, 11]), "10 at position 2"),
        (np.array([[0], [-1]]), "-1 at position (1, 0)"),
        (np.array([0.0, 2.5]), "2.5 at position 1"),
        (np.array([np.nan, 1.0]), "nan at position 0"),
        (np.array([1.0, np.inf]), "inf at position 1"),
        (np.array([[1, 2], [3, 255]], "uint8"), "255 at position (1, 1)"),
    ],
)
def test_labels_that_are_no_class_numbers(check: Any, labels: Any, shown: str) -> None:
    with pytest.raises(LabelValueError) as caught:
        check(labels, (None, 10))
    assert str(caught.value) == (
        f"sparse_categorical_crossentropy was given a label that is no class number: {shown}. "
        "It expects class numbers from 0 to 9, as there are 10 classes."
    )


@pytest.mark.parametrize("check", SPARSE)
def test_good_class_numbers_pass(check: Any) -> None:
    for labels in (np.array([0, 9]), np.array([0.0, 9.0], "float32"), np.array([True, False]), np.zeros((0,))):
        check(labels, (None, 10))
    check(np.array([3000]), (None, None))


def test_classes_are_counted_along_the_axis() -> None:
    SparseCategoricalCrossentropy(axis=1).check_labels(np.array([4]), (None, 5, 2))
    with pytest.raises(LabelValueError, match="from 0 to 1"):
        SparseCategoricalCrossentropy(axis=-1).check_labels(np.array([4]), (None, 5, 2))


def test_labels_for_a_single_class_name_the_likely_mistake() -> None:
    with pytest.raises(LabelValueError, match="one output for yes and no goes with binary_crossentropy"):
        SparseCategoricalCrossentropy().check_labels(np.array([0, 1]), (None, 1))


def test_class_numbers_below_zero_without_known_classes() -> None:
    with pytest.raises(LabelValueError, match=r"-1 at position 0\. It expects class numbers from 0\.$"):
        SparseCategoricalCrossentropy().check_labels(np.array([-1]), (None, None))


@pytest.mark.parametrize(
    "check",
    [BinaryCrossentropy().check_labels, binary_crossentropy.check_labels],  # type: ignore[attr-defined]
)
@pytest.mark.parametrize("bad", [np.nan, -1.0, 1.5])
def test_binary_labels_outside_the_unit_interval(check: Any, bad: float) -> None:
    labels = np.array([[0.0], [1.0], [0.5], [1.0]])
    check(labels, (None, 1))
    labels[3] = bad
    with pytest.raises(LabelValueError) as caught:
        check(labels, (None, 1))
    assert str(caught.value) == (
        f"binary_crossentropy was given a label outside 0..1: {bad!r} at position (3, 0). "
        "It expects probabilities, or 0 and 1 for no and yes."
    )


@pytest.mark.parametrize(
    "check",
    [CategoricalCrossentropy().check_labels, categorical_crossentropy.check_labels],  # type: ignore[attr-defined]
)
def test_categorical_labels_that_are_no_numbers(check: Any) -> None:
    check(np.eye(3), (None, 3))
    with pytest.raises(LabelValueError, match=r"nan at position \(1, 2\)"):
        check(np.array([[0, 0, 1], [0, 1, np.nan]]), (None, 3))


# --- configuration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (BinaryCrossentropy, {"from_logits": True, "label_smoothing": 0.1, "axis": -1}),
        (CategoricalCrossentropy, {"from_logits": True, "label_smoothing": 0.1, "axis": 1}),
        (SparseCategoricalCrossentropy, {"from_logits": True, "ignore_class": 255, "axis": 1}),
    ],
)
def test_config_round_trip(kind: Any, config: dict[str, Any]) -> None:
    loss = kind(**config, reduction="sum", name="mine")
    assert loss.get_config() == {**config, "reduction": "sum", "name": "mine"}
    again = kind.from_config(json.loads(json.dumps(loss.get_config())))
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize("kind", [BinaryCrossentropy, CategoricalCrossentropy])
@pytest.mark.parametrize("smoothing", [-0.1, 1.1, float("nan"), "much"])
def test_smoothing_out_of_range(kind: Any, smoothing: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(label_smoothing=smoothing)
    assert str(caught.value) == (
        f"{kind.__name__} cannot take label_smoothing={smoothing!r}. Allowed: a number from 0 to 1."
    )


def test_from_logits_that_is_no_flag() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        SparseCategoricalCrossentropy(from_logits="no")  # type: ignore[arg-type]
    assert str(caught.value) == "SparseCategoricalCrossentropy cannot take from_logits='no'. Allowed: True, False."
    with pytest.raises(InvalidArgumentError, match="binary_crossentropy cannot take label_smoothing=2"):
        binary_crossentropy(np.zeros((1, 1)), np.zeros((1, 1)), label_smoothing=2)
