"""fit, evaluate, predict and the single-batch forms, on real plugins and data made by a formula."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kcore
from kcore.callbacks import Callback
from kcore.layers import Dense, Dropout, Input


def three_classes(samples: int = 200) -> tuple[Any, Any]:
    """Points on a plane, labelled by the largest coordinate of a rotation: learnable, and known exactly."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(samples, 6)).astype(np.float32)
    return x, np.argmax(x[:, :3], axis=1)


def classifier(**options: Any) -> kcore.Model:
    model = kcore.Sequential([Dense(16, activation="relu", input_shape=(6,)), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"], **options)
    return model


def test_training_lowers_the_loss_and_history_has_every_name() -> None:
    kcore.set_random_seed(1)
    x, y = three_classes()
    model = classifier()
    history = model.fit(x, y, epochs=5, validation_split=0.25, verbose=0)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.epoch == [0, 1, 2, 3, 4]
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.history is history


def test_one_sgd_step_is_the_formula() -> None:
    model = kcore.Sequential([Dense(1, use_bias=False, input_shape=(2,))])
    model.compile(kcore.optimizers.SGD(learning_rate=0.1), "mse")
    model.set_weights([np.array([[1.0], [2.0]])])
    x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0], [0.0]])
    loss = model.train_on_batch(x, y)
    # mean of (1, 4) is 2.5; the gradient of the mean is (2 w) / 2 = w.
    assert loss == pytest.approx(2.5)
    np.testing.assert_allclose(model.get_weights()[0], [[0.9], [1.8]], rtol=1e-6)


def test_same_seed_same_training_another_seed_another() -> None:
    x, y = three_classes()

    def weights(seed: int) -> Any:
        kcore.set_random_seed(seed)
        model = kcore.Sequential([Dense(8, input_shape=(6,)), Dropout(0.5), Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=2, verbose=0)
        return model.get_weights()

    first, again, other = weights(3), weights(3), weights(4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_validation_split_cuts_the_end_before_shuffling() -> None:
    seen: list[float] = []

    class Watch(Callback):
        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(logs["loss"])

    x = np.arange(10, dtype=np.float32).reshape(10, 1)
    model = kcore.Sequential([Dense(1, use_bias=False, input_shape=(1,))])
    model.compile(kcore.optimizers.SGD(learning_rate=0.0), "mse")
    model.set_weights([np.ones((1, 1))])
    model.fit(x, np.zeros(10), validation_split=0.2, verbose=0, callbacks=[Watch()])
    assert seen == [pytest.approx((64 + 81) / 2)]


def test_shuffle_takes_every_sample_once_and_in_a_new_order() -> None:
    orders: list[list[float]] = [[], []]

    class Watch(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch, self.total = epoch, 0.0

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            # The logs hold the mean so far; its change gives the batch's own loss, which is its sample.
            total = logs["loss"] * (batch + 1)
            orders[self.epoch].append(round(total - self.total))
            self.total = total

    model = kcore.Sequential([Dense(1, use_bias=False, input_shape=(1,))])
    model.compile(kcore.optimizers.SGD(learning_rate=0.0), lambda y, p: np.mean(np.abs(y - p), axis=-1))
    model.set_weights([np.ones((1, 1))])
    x = np.arange(20, dtype=np.float32).reshape(20, 1)
    model.fit(x, np.zeros((20, 1)), batch_size=1, epochs=2, verbose=0, callbacks=[Watch()])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(20))
    assert orders[0] != orders[1]


@settings(max_examples=15, deadline=None)
@given(batch=st.integers(1, 70))
def test_evaluation_does_not_depend_on_the_batch_size(batch: int) -> None:
    x, y = three_classes(61)
    model = kcore.Sequential([Dense(3, activation="softmax", input_shape=(6,), kernel_initializer=_ramp)])
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy", "mae"][:1])
    logits = x @ _ramp((6, 3), "float32")
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss, accuracy = model.evaluate(x, y, batch_size=batch)
    assert loss == pytest.approx(float(-np.log(p[np.arange(61), y]).mean()), rel=1e-5)
    assert accuracy == pytest.approx(float((p.argmax(axis=1) == y).mean()), abs=1e-12)
    np.testing.assert_allclose(model.predict(x, batch_size=batch), p, rtol=1e-4, atol=1e-6)


def _ramp(shape: Any, dtype: Any = None) -> Any:
    return (np.linspace(-1, 1, int(np.prod(shape))) ** 3).reshape(shape).astype(dtype)


def test_sample_weights_and_class_weights_scale_each_sample() -> None:
    x, y = three_classes(40)
    model = classifier()
    single = [model.test_on_batch(x[i : i + 1], y[i : i + 1])[0] for i in range(40)]
    weight = np.linspace(0, 2, 40)
    expected = float(np.sum(weight * single) / 40)
    assert model.test_on_batch(x, y, sample_weight=weight)[0] == pytest.approx(expected, rel=1e-5)
    before = model.get_weights()
    by_class = model.train_on_batch(x, y, class_weight={0: 2.0, 2: 0.5})[0]
    factors = np.array([2.0, 1.0, 0.5])[y]
    assert by_class == pytest.approx(float(np.sum(factors * single) / 40), rel=1e-5)
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_the_loss_holds_regularizers_and_activity_regularizers() -> None:
    layer = Dense(
        2, use_bias=False, input_shape=(2,), kernel_regularizer={"class_name": "L2", "config": {"l2": 0.5}},
        activity_regularizer={"class_name": "L1", "config": {"l1": 0.1}},
    )  # fmt: skip
    model = kcore.Sequential([layer])
    model.compile("sgd", "mse")
    model.set_weights([np.array([[1.0, -2.0], [0.0, 3.0]])])
    x = np.array([[1.0, 0.0], [0.0, 1.0]])
    outputs = model.predict(x)
    # weights: 0.5 * (1 + 4 + 9); activity: 0.1 * (1 + 2 + 0 + 3) over 2 samples; mse against the outputs: 0.
    assert model.evaluate(x, outputs) == pytest.approx(7.0 + 0.3, rel=1e-6)


def test_constraints_hold_after_every_step() -> None:
    x, y = three_classes()
    model = kcore.Sequential([Dense(3, activation="softmax", input_shape=(6,), kernel_constraint="non_neg")])
    model.compile(kcore.optimizers.SGD(learning_rate=0.5), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=2, verbose=0)
    kernel = model.get_weights()[0]
    assert kernel.min() == 0 and kernel.max() > 0


def test_several_inputs_and_outputs_by_name_list_and_dictionary() -> None:
    first, second = Input((3,), name="first"), Input((2,), name="second")
    shared = Dense(2, name="shared", use_bias=False)
    model = kcore.Model([first, second], [Dense(1, name="one", use_bias=False)(first), shared(second)])
    model.compile("sgd", {"one": "mse", "shared": "mse"}, {"one": ["mae"]}, loss_weights={"one": 2.0, "shared": 0.5})
    assert model.metrics_names == ["loss", "one_loss", "shared_loss", "one_mae"]
    a, b = np.ones((4, 3)), np.ones((4, 2))
    labels = [np.zeros((4, 1)), np.zeros((4, 2))]
    by_list = model.evaluate([a, b], labels)
    by_name = model.evaluate({"second": b, "first": a}, {"shared": labels[1], "one": labels[0]}, return_dict=True)
    assert by_list == list(by_name.values())
    assert by_name["loss"] == pytest.approx(2 * by_name["one_loss"] + 0.5 * by_name["shared_loss"], rel=1e-6)
    assert model.fit([a, b], labels, epochs=2, verbose=0).history["loss"][1] < by_name["loss"]


def test_trainable_takes_effect_at_the_next_compile() -> None:
    x, y = three_classes()
    model = classifier()
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0]) and not np.array_equal(before[2], after[2])


def test_learning_rate_changes_without_tracing_again() -> None:
    x, y = three_classes(32)
    model = classifier()
    model.fit(x, y, verbose=0)
    steps = model._steps
    model.optimizer.learning_rate = 0.0
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    assert model._steps is steps
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_stop_training_ends_after_the_batch() -> None:
    class Stop(Callback):
        batches = 0

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches += 1
            self.model.stop_training = True

    x, y = three_classes()
    stop = Stop()
    history = classifier().fit(x, y, epochs=3, verbose=0, callbacks=[stop])
    assert stop.batches == 1 and history.epoch == [0]


def test_a_steady_step_allocates_nothing_that_grows_with_the_data() -> None:
    """One activation of this network is 512 KiB; the whole loop, callbacks and all, stays far below that."""
    x = np.random.default_rng(0).random((512, 64), np.float32)
    y = np.zeros(512, np.int64)
    model = kcore.Sequential([Dense(1024, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x, y, batch_size=128, epochs=2, verbose=0)
    tracemalloc.start()
    try:
        model.fit(x, y, batch_size=128, epochs=1, verbose=0)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        model.fit(x, y, batch_size=128, epochs=3, verbose=0)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 16_384
    assert peak - before < 131_072


def test_a_model_subclass_with_call_trains() -> None:
    class Two(kcore.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = Dense(8, activation="relu")
            self.out = Dense(3, activation="softmax")

        def call(self, inputs: Any) -> Any:
            return self.out(self.hidden(inputs))

    x, y = three_classes()
    model = Two()
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(x, y, epochs=3, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.predict(x).shape == (200, 3)
    assert len(model.get_weights()) == 4


class Watching(Callback):
    """Looks at every batch, so that they run one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen += 1


def test_batches_in_one_go_compute_what_they_compute_one_by_one() -> None:
    x, y = three_classes(70)
    found = []
    for callbacks in ([], [Watching()]):
        kcore.set_random_seed(3)
        model = kcore.Sequential([Dense(8, input_shape=(6,)), Dropout(0.3), Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
        # The last batch of an epoch is smaller.
        history = model.fit(x, y, batch_size=16, epochs=3, verbose=0, callbacks=callbacks)
        found.append([history.history, *model.get_weights()])
    assert callbacks[0].seen == 3 * 5
    assert found[0][0] == found[1][0]
    for one, other in zip(found[0][1:], found[1][1:], strict=True):
        np.testing.assert_array_equal(one, other)


def test_numpy_and_blas_are_as_before_after_an_epoch_that_fails() -> None:
    x, y = three_classes(40)
    model = classifier()
    model.fit(x, y, verbose=0)
    before = np.geterr(), np.getbufsize()
    replay = next(iter(model._steps.train._compiled._replays.values()))

    def interrupt() -> None:
        raise KeyboardInterrupt

    replay.executable._thunks.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0)
    assert (np.geterr(), np.getbufsize()) == before


def test_rows_one_after_the_other_are_predicted_as_all_at_once() -> None:
    x, _ = three_classes(8)
    model = classifier()
    together = model.predict(x)
    rows = [model.predict(x[number : number + 1]) for number in range(8)]
    np.testing.assert_allclose(np.concatenate(rows), together, rtol=1e-6)
    # Each is an array of its own, and other kinds of data are looked at again.
    assert not np.shares_memory(rows[0], rows[1])
    np.testing.assert_allclose(model.predict(x[:1].astype("f8")), rows[0], rtol=1e-6)
    np.testing.assert_allclose(model.predict(x[:1].tolist()), rows[0], rtol=1e-6)
    np.testing.assert_allclose(model.predict(x[:2], batch_size=1), together[:2], rtol=1e-6)
    with pytest.raises(kcore.errors.DataShapeError):
        model.predict(x[:1, :5])
    model.set_weights([weight * 0 for weight in model.get_weights()])
    np.testing.assert_allclose(model.predict(x[:1]), [[1 / 3, 1 / 3, 1 / 3]], rtol=1e-6)
    model.add(Dense(2))
    assert model.predict(x[:1]).shape == (1, 2)


def test_the_step_before_forgets_nothing_of_a_small_batch_size() -> None:
    x, _ = three_classes(4)
    model = classifier()
    model.predict(x)
    seen: list[int] = []

    class Counting(Callback):
        def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
            seen.append(batch)

    model.predict(x, batch_size=2, callbacks=[Counting()])
    model.predict(x, callbacks=[Counting()])
    assert seen == [0, 1, 0]
