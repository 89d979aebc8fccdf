"""What counts in losses and metrics: weights of samples, steps and classes, and masks; and when nothing counts any more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcore
from kcore import errors
from kcore.callbacks import EarlyStopping
from kcore.components.loss import Loss
from kcore.layers import LSTM, Dense, Embedding, Flatten, Input

RNG = np.random.default_rng(5)
WORDS = np.array([[3, 1, 2, 0], [4, 0, 0, 0], [1, 2, 3, 4]])
STEPS = WORDS != 0


def tagger() -> Any:
    """(batch, 4) words -> (batch, 4, 3) classes, with the mask of the words."""
    model = kcore.Sequential(
        [
            Embedding(5, 4, mask_zero=True),
            LSTM(4, return_sequences=True),
            Dense(3, activation="softmax"),
        ]
    )
    model.build((None, 4))
    return model


def test_masked_steps_count_neither_in_the_loss_nor_in_metrics() -> None:
    model = tagger()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    tags = RNG.integers(0, 3, (3, 4))
    p = model.predict(WORDS)
    losses = -np.log(np.take_along_axis(p, tags[..., None], -1)[..., 0])
    right = p.argmax(-1) == tags
    found = model.evaluate(WORDS, tags, return_dict=True)
    assert found["loss"] == pytest.approx(losses[STEPS].mean(), rel=1e-5)
    assert found["accuracy"] == found["accuracy_1"] == pytest.approx(right[STEPS].mean())
    # Whatever stands in padded steps changes nothing.
    assert model.evaluate(WORDS, np.where(STEPS, tags, 0), return_dict=True) == found
    weight = np.array([1.0, 2.0, 0.5])
    found = model.evaluate(WORDS, tags, sample_weight=weight, return_dict=True)
    each = np.broadcast_to(weight[:, None], (3, 4))[STEPS]
    assert found["loss"] == pytest.approx((losses[STEPS] * each).sum() / STEPS.sum(), rel=1e-5)
    assert found["accuracy"] == pytest.approx(right[STEPS].mean())
    assert found["accuracy_1"] == pytest.approx((right[STEPS] * each).sum() / each.sum())


def test_a_masked_batch_trains_as_its_unpadded_samples() -> None:
    tags = RNG.integers(0, 3, (3, 4))
    model = tagger()
    model.compile("sgd", "sparse_categorical_crossentropy")
    start = model.get_weights()
    model.train_on_batch(WORDS[1:2], tags[1:2])
    padded = model.get_weights()
    model.set_weights(start)
    model.train_on_batch(WORDS[1:2, :1], tags[1:2, :1])
    for one, two in zip(padded, model.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-7)


def test_weights_of_steps() -> None:
    model = kcore.Sequential([Dense(2, input_shape=(4, 3))])
    model.compile("sgd", "mse", ["mae"], weighted_metrics=["mae"], sample_weight_mode="temporal")
    x, y = RNG.normal(size=(5, 4, 3)), RNG.normal(size=(5, 4, 2))
    weight = RNG.uniform(size=(5, 4))
    error = model.predict(x) - y
    found = model.evaluate(x, y, sample_weight=weight, return_dict=True)
    assert found["loss"] == pytest.approx(np.mean((error**2).mean(-1) * weight), rel=1e-5)
    assert found["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert found["mae_1"] == pytest.approx(np.sum(np.abs(error).mean(-1) * weight) / weight.sum(), rel=1e-5)


@pytest.mark.parametrize("shape", [(5, 3), (5, 4, 2, 1), (5, 4, 3)])
def test_weights_of_no_sample_and_no_step(shape: Any) -> None:
    model = kcore.Sequential([Dense(2, input_shape=(4, 3))])
    model.compile("sgd", "mse")
    with pytest.raises(errors.LabelShapeError, match=r"sample_weight was given .*weights of shape \(samples,\), or"):
        model.fit(np.ones((5, 4, 3)), np.ones((5, 4, 2)), sample_weight=np.ones(shape), verbose=0)
    with pytest.raises(errors.DataLengthError, match=r"sample_weight has 6"):
        model.fit(np.ones((5, 4, 3)), np.ones((5, 4, 2)), sample_weight=np.ones(6), verbose=0)


def two_outputs() -> tuple[Any, Any]:
    x = Input((3,))
    model = kcore.Model(x, [Dense(3, activation="softmax", name="one")(x), Dense(1, name="two")(x)])
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"], weighted_metrics={"two": ["mse"]})
    return model, RNG.normal(size=(6, 3))


def test_class_weights_of_several_outputs() -> None:
    model, x = two_outputs()
    one, two = np.array([0, 1, 2, 0, 1, 2]), np.array([0.0, 1, 0, 1, 0, 1])
    p, value = model.predict(x)
    losses = -np.log(p[np.arange(6), one])
    squares = (value[:, 0] - two) ** 2
    chosen = {"one": {0: 2.0, 2: 0.5}, "two": {1: 3.0}}
    weights = np.array([2.0, 1.0, 0.5])[one], np.array([1.0, 3.0])[two.astype(int)]
    for given in (chosen, [chosen["one"], chosen["two"]]):
        model.set_weights(start := model.get_weights())
        found = model.train_on_batch(x, [one, two], class_weight=given, return_dict=True)
        model.set_weights(start)
        assert found["one_loss"] == pytest.approx(np.mean(losses * weights[0]), rel=1e-5)
        assert found["two_loss"] == pytest.approx(np.mean(squares * weights[1]), rel=1e-5)
    found = model.train_on_batch(x, [one, two], class_weight={"two": {1: 3.0}}, return_dict=True)
    assert found["one_loss"] == pytest.approx(np.mean(losses), rel=1e-5)


def test_class_weights_of_steps_and_of_one_hot_rows() -> None:
    model = kcore.Sequential([Dense(3, activation="softmax", input_shape=(4, 2))])
    x, tags = RNG.normal(size=(5, 4, 2)), RNG.integers(0, 3, (5, 4))
    factors = np.array([1.0, 4.0, 0.25])[tags]
    losses = -np.log(np.take_along_axis(model.predict(x), tags[..., None], -1)[..., 0])
    start = model.get_weights()
    for loss, labels in (("sparse_categorical_crossentropy", tags), ("categorical_crossentropy", np.eye(3)[tags])):
        model.compile("sgd", loss)
        model.set_weights(start)
        found = model.train_on_batch(x, labels, class_weight={1: 4.0, 2: 0.25})
        assert found == pytest.approx(np.mean(losses * factors), rel=1e-5)
    model.set_weights(start)
    both = model.train_on_batch(x, np.eye(3)[tags], sample_weight=np.arange(5.0), class_weight={1: 4.0, 2: 0.25})
    assert both == pytest.approx(np.mean(losses * factors * np.arange(5)[:, None]), rel=1e-5)


@pytest.mark.parametrize(
    "given", [{"one": {0: "heavy"}}, {"one": 3.0}, 3.0, [{0: 1.0}], {0: -1.0}, {"one": {"cat": 2.0}}]
)
def test_class_weights_that_are_none(given: Any) -> None:
    model, x = two_outputs()
    with pytest.raises(errors.InvalidArgumentError, match=r"cannot take class_weight=") as caught:
        model.train_on_batch(x, [np.zeros(6), np.zeros(6)], class_weight=given)
    assert caught.value.argument == "class_weight"


def test_class_weights_of_an_unknown_output() -> None:
    model, x = two_outputs()
    with pytest.raises(errors.DataStructureError, match=r"class weights for \['three'\]"):
        model.fit(x, [np.zeros(6), np.zeros(6)], class_weight={"three": {0: 1.0}}, verbose=0)


def test_a_mode_of_weights_that_keras_does_not_know() -> None:
    model = kcore.Sequential([Dense(1, input_shape=(2,))])
    with pytest.raises(errors.InvalidArgumentError, match=r"sample_weight_mode='daily'.*None or 'temporal'"):
        model.compile("sgd", "mse", sample_weight_mode="daily")
    model.compile("sgd", "mse", sample_weight_mode={"dense": None})


class Squares(Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return np.square(y_pred - y_true).mean(axis=-1)


@pytest.mark.parametrize("reduction", ["sum", "sum_over_batch_size", "none"])
def test_masks_in_the_contract(reduction: str) -> None:
    y, p = np.zeros((2, 3, 2)), np.arange(12.0).reshape(2, 3, 2)
    mask = np.array([[True, True, False], [True, False, False]])
    weight = np.array([1.0, 3.0])
    values = (p**2).mean(-1) * mask * weight[:, None]
    expected = {"sum": values.sum(), "sum_over_batch_size": values.sum() / 3, "none": values}[reduction]
    np.testing.assert_allclose(Squares(reduction=reduction)(y, p, weight, mask), expected)
    assert np.sum(Squares(reduction=reduction)(y, p, None, np.zeros((2, 3), bool))) == 0
    with pytest.raises(errors.LabelShapeError, match=r"mask was given"):
        Squares()(y, p, None, np.ones((2, 4), bool))


def test_a_loss_that_becomes_nan_ends_training_with_an_error() -> None:
    x, y = np.ones((8, 2)), np.ones((8, 1))
    model = kcore.Sequential([Dense(1, input_shape=(2,))], name="net")
    model.compile(kcore.optimizers.SGD(learning_rate=1e30), "mse")
    with np.errstate(all="ignore"), pytest.raises(errors.NaNLossError) as caught:
        model.fit(x, y, epochs=50, batch_size=4, verbose=0)
    assert caught.value.losses == {model.layers[0].name: "mean_squared_error"} and caught.value.data == ()
    assert "'net' became NaN in epoch" in str(caught.value) and "Try a smaller learning rate" in str(caught.value)
    assert len(model.history.history["loss"]) == caught.value.epoch + 1 < 50


def test_nan_in_the_data_is_named() -> None:
    x, y = np.ones((8, 2)), np.ones((8, 1))
    x[3, 1] = np.nan
    model = kcore.Sequential([Dense(1, input_shape=(2,))], name="net")
    model.compile("sgd", "mse")
    with pytest.raises(errors.NaNLossError, match=r"became NaN in epoch 1 .* NaN or infinity, in x: clean it"):
        model.fit(x, y, epochs=5, verbose=0)


def test_callbacks_have_their_say_about_nan() -> None:
    x, y = np.ones((8, 2)), np.ones((8, 1))
    model = kcore.Sequential([Dense(1, input_shape=(2,))])
    model.compile(kcore.optimizers.SGD(learning_rate=1e12), "mse")
    best = EarlyStopping(monitor="loss", patience=9, restore_best_weights=True)
    with np.errstate(all="ignore"), pytest.raises(errors.NaNLossError):
        model.fit(x, y, epochs=50, verbose=0, callbacks=[best])
    assert np.isfinite(model.get_weights()[0]).all()
    model.set_weights([np.ones((2, 1)), np.ones(1)])
    with np.errstate(all="ignore"):
        model.fit(x, y, epochs=50, verbose=0, callbacks=[EarlyStopping(monitor="loss", patience=0)])
    assert model.stop_training


def test_an_output_that_lost_its_mask_counts_whole() -> None:
    model = kcore.Sequential([Embedding(5, 2, input_length=4), Flatten(), Dense(1)])
    model.build((None, 4))
    model.compile("sgd", "mse")
    expected = np.mean(model.predict(WORDS) ** 2)
    assert model.evaluate(WORDS, np.zeros((3, 1))) == pytest.approx(expected, rel=1e-5)
