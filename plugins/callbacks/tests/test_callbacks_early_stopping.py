"""EarlyStopping beside what Keras recorded: the mode "auto", NaN, missing quantities, messages, config."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.callbacks import CallbackList
from kcore.errors import InvalidArgumentError, KcoreWarning
from kcore_callbacks.early_stopping import EarlyStopping
from kcore_callbacks.monitor import Monitor, direction_of


class Weights:
    def __init__(self) -> None:
        self.stop_training = False
        self.weights = [np.zeros(1)]

    def get_weights(self) -> list[Any]:
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        self.weights = weights


def train(callback: EarlyStopping, values: list[float], name: str = "val_loss") -> Weights:
    model = Weights()
    callbacks = CallbackList([callback], model=model)
    callbacks.on_train_begin()
    for epoch, value in enumerate(values):
        # In place, as an engine that owns its buffers does it.
        model.weights[0][:] = epoch
        callbacks.on_epoch_end(epoch, {name: value})
        if model.stop_training:
            break
    callbacks.on_train_end()
    return model


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "min"),
        ("val_loss", "min"),
        ("mae", "min"),
        ("perplexity", "min"),
        ("acc", "max"),
        ("val_acc", "max"),
        ("val_accuracy", "max"),
        ("sparse_categorical_accuracy", "max"),
        ("dense_1_accuracy", "max"),
        ("val_auc", "max"),
        ("auc_1", "max"),
        ("precision", "max"),
        ("val_recall_2", "max"),
        ("f1_score", "max"),
        ("mean_iou", "max"),
        ("accuracy_loss", "min"),
        ("miou_error", "min"),
        ("output_1_loss", "min"),
    ],
)
def test_auto_reads_the_direction_from_the_name(name: str, direction: str) -> None:
    assert direction_of(name) == direction


def test_auto_watches_an_accuracy_for_its_largest_value() -> None:
    callback = EarlyStopping("val_accuracy", patience=1)
    train(callback, [0.1, 0.5, 0.4, 0.9], name="val_accuracy")
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (0.5, 1, 2)


def test_nan_is_never_an_improvement() -> None:
    callback = EarlyStopping(patience=2)
    model = train(callback, [np.nan, np.nan, 0.5, 0.4])
    assert callback.stopped_epoch == 1
    assert callback.best == np.inf
    assert model.stop_training


def test_training_that_gives_nan_after_its_best_goes_back_to_the_best() -> None:
    callback = EarlyStopping(patience=2, restore_best_weights=True)
    model = train(callback, [0.5, 0.3, np.nan, np.nan])
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (0.3, 1, 3)
    assert model.weights[0].tolist() == [1.0]


def test_without_restoring_the_last_weights_stay() -> None:
    assert train(EarlyStopping(patience=1), [0.1, 0.2, 0.3]).weights[0].tolist() == [1.0]


def test_a_second_training_starts_afresh() -> None:
    callback = EarlyStopping(patience=1)
    train(callback, [0.1, 0.2])
    train(callback, [0.9, 0.8, 0.7])
    assert (callback.stopped_epoch, callback.best, callback.wait) == (0, 0.7, 0)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=30), patience=st.integers(0, 5))
def test_it_stops_at_the_first_epoch_that_lies_patience_epochs_after_the_best(
    values: list[float], patience: int
) -> None:
    callback = EarlyStopping(patience=patience)
    train(callback, values)

    def bad(epoch: int) -> int:
        """Epochs since the smallest value so far came up first."""
        return epoch - values.index(min(values[: epoch + 1]))

    stops = [epoch for epoch in range(len(values)) if bad(epoch) and bad(epoch) >= patience]
    assert callback.stopped_epoch == (stops[0] if stops else 0)


def test_a_missing_quantity_is_warned_of_once_with_what_there_is() -> None:
    callback = EarlyStopping("val_loss")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = train(callback, [0.3, 0.2, 0.1], name="loss")
    assert not model.stop_training
    (warning,) = caught
    assert isinstance(warning.message, KcoreWarning)
    assert str(warning.message) == (
        "EarlyStopping watches 'val_loss', which this training does not log; it has nothing to act on."
        " Available: loss. Give fit validation data."
    )
    assert vars(warning.message)["available"] == ["loss"]


def test_the_warning_comes_again_with_the_next_training() -> None:
    callback = EarlyStopping("mse")
    for _ in range(2):
        callbacks = CallbackList([callback], model=Weights())
        callbacks.on_train_begin()
        with pytest.warns(KcoreWarning, match=r"watches 'mse'.* Available: nothing"):
            callbacks.on_epoch_end(0, {})


def test_messages_say_when_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    train(EarlyStopping(patience=1, verbose=1, restore_best_weights=True), [0.25, 0.125, 0.5])
    assert capsys.readouterr().out == (
        "EarlyStopping: stopped after epoch 3; the best val_loss was 0.125, in epoch 2.\n"
        "EarlyStopping: took back the weights of epoch 2.\n"
    )
    train(EarlyStopping(patience=1, restore_best_weights=True), [0.25, 0.125, 0.5])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"mode": "up"}, r"EarlyStopping cannot take mode='up'. Allowed: 'auto', 'min', 'max'\."),
        ({"monitor": ""}, "monitor='' .*|monitor=''. Allowed: the name of a loss or metric"),
        ({"patience": -1}, "patience=-1. Allowed: a whole number of at least 0"),
        ({"patience": 1.5}, "patience=1.5. Allowed: a whole number"),
        ({"patience": True}, "patience=True. Allowed: a whole number"),
        ({"start_from_epoch": "2"}, "start_from_epoch='2'. Allowed: a whole number"),
        ({"min_delta": float("nan")}, "min_delta=nan. Allowed: a finite number"),
        ({"baseline": "best"}, "baseline='best'. Allowed: a finite number"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=text):
        EarlyStopping(**arguments)


def test_config_rebuilds_the_callback() -> None:
    arguments = {
        "monitor": "val_acc",
        "min_delta": -0.25,
        "patience": 3,
        "verbose": 1,
        "mode": "auto",
        "baseline": 0.5,
        "restore_best_weights": True,
        "start_from_epoch": 2,
    }
    callback = EarlyStopping(**arguments)  # type: ignore[arg-type]
    assert callback.get_config() == arguments
    assert EarlyStopping.from_config(callback.get_config()).get_config() == arguments


@given(st.floats(allow_nan=False), st.floats(allow_nan=False), st.floats(0, 10))
def test_both_directions_mirror_each_other(value: float, best: float, min_delta: float) -> None:
    smaller = Monitor("Test", "x", "min", min_delta)
    larger = Monitor("Test", "x", "max", min_delta)
    assert smaller.improves(value, best) is larger.improves(-value, -best)
    assert smaller.worst == -larger.worst
