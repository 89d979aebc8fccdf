"""History: the record that `fit` returns."""

from __future__ import annotations

import json

import numpy as np

from kcore.callbacks import CallbackList
from kcore_callbacks.history import History


def test_each_name_has_its_values_in_order() -> None:
    history = History()
    callbacks = CallbackList([history])
    callbacks.on_train_begin()
    callbacks.on_epoch_end(0, {"loss": 0.5, "acc": 0.25})
    callbacks.on_epoch_end(1, {"loss": 0.25, "acc": 0.75})
    assert history.history == {"loss": [0.5, 0.25], "acc": [0.25, 0.75]}
    assert history.epoch == [0, 1]


def test_a_name_logged_every_second_epoch_has_half_the_values() -> None:
    history = History()
    callbacks = CallbackList([history])
    callbacks.on_train_begin()
    for epoch in range(4):
        callbacks.on_epoch_end(epoch, {"loss": 1.0} | ({"val_loss": float(epoch)} if epoch % 2 else {}))
    assert history.history == {"loss": [1.0] * 4, "val_loss": [1.0, 3.0]}


def test_training_begins_with_an_empty_record() -> None:
    history = History()
    callbacks = CallbackList([history])
    callbacks.on_train_begin()
    callbacks.on_epoch_end(0, {"loss": 0.5})
    kept = history.history
    callbacks.on_train_begin()
    assert (history.history, history.epoch) == ({}, [])
    assert kept == {"loss": [0.5]}


def test_the_record_is_of_plain_floats() -> None:
    history = History()
    callbacks = CallbackList([history])
    callbacks.on_train_begin()
    callbacks.on_epoch_end(5, {"loss": np.float32(0.5), "steps": np.int64(3), "lr": np.array(0.25)})
    assert json.loads(json.dumps(history.history)) == {"loss": [0.5], "steps": [3.0], "lr": [0.25]}
    assert history.epoch == [5]


def test_it_costs_nothing_per_batch() -> None:
    callbacks = CallbackList([History()])
    assert not callbacks.listens_to("on_train_batch_end")
    assert not callbacks.wants_batch_logs


def test_config_is_empty() -> None:
    assert History().get_config() == {}
    assert isinstance(History.from_config({}), History)
