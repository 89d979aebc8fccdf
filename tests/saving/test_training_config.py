"""What a file keeps of compile(): every way to name a loss or metric, and Keras's own ways to write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kcore import Sequential, errors, load_model, losses, metrics, optimizers
from kcore.layers import Dense

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
Y = np.linspace(0, 1, 8, dtype=np.float32).reshape(4, 2)


def saved_loss(y_true: Any, y_pred: Any) -> Any:
    return np.mean(np.square(y_true - y_pred) * 3, axis=-1)


def model_with(loss: Any = "mse", metric: Any = None, optimizer: Any = "sgd") -> Sequential:
    model = Sequential([Dense(2, name="only", input_shape=(3,))], name="small")
    model.compile(optimizer, loss, metric)
    return model


@pytest.mark.parametrize("loss", ["mse", losses.MeanSquaredError, losses.MeanSquaredError(reduction="sum"), ["mse"]])
@pytest.mark.parametrize(
    "metric", [None, "mae", ["mae", "mse"], [metrics.MeanAbsoluteError(name="own")], {"only": "mae"}]
)
def test_every_way_to_name_losses_and_metrics_comes_back(tmp_path: Path, loss: Any, metric: Any) -> None:
    model = model_with(loss, metric)
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.evaluate(X, Y, return_dict=True) == model.evaluate(X, Y, return_dict=True)


def test_a_registered_function_is_kept_by_its_name(tmp_path: Path) -> None:
    model = model_with(losses.mean_squared_error, [metrics.mean_absolute_error])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        config = json.loads(file.attrs["training_config"])
    assert (config["loss"], config["metrics"]) == ("mean_squared_error", ["mean_absolute_error"])
    assert load_model(tmp_path / "m.h5").evaluate(X, Y) == model.evaluate(X, Y)


def test_a_function_of_the_user_is_kept_by_name_with_a_warning(tmp_path: Path) -> None:
    model = model_with(saved_loss, ["mae", saved_loss])
    with pytest.warns(errors.KcoreWarning, match=r"'saved_loss', 'saved_loss', which no plugin provides.*custom_objec"):
        model.save(tmp_path / "m.h5")
    with pytest.raises(errors.MissingComponentsError, match=r"loss 'saved_loss' at training\.loss: not installed"):
        load_model(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5", custom_objects={"saved_loss": saved_loss})
    assert again.evaluate(X, Y) == model.evaluate(X, Y)
    assert load_model(tmp_path / "m.h5", compile=False).optimizer is None


def test_a_function_without_a_name_costs_the_training_config(tmp_path: Path) -> None:
    model = model_with(lambda y_true, y_pred: np.mean(np.abs(y_true - y_pred), axis=-1))
    with pytest.warns(errors.KcoreWarning, match="'<lambda>'.*without what compile") as caught:
        model.save(tmp_path / "m.h5")
    assert caught[0].message.functions == ("<lambda>",)  # type: ignore[union-attr]
    again = load_model(tmp_path / "m.h5")
    assert again.optimizer is None
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def rewritten(tmp_path: Path, **changes: Any) -> Path:
    """A file of a model whose training config has other entries."""
    model_with().save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        config = {**json.loads(file.attrs["training_config"]), **changes}
        file.attrs["training_config"] = json.dumps(config)
    return tmp_path / "m.h5"


def keras_sgd(**settings: Any) -> dict[str, Any]:
    neutral = {
        "name": "SGD",
        "weight_decay": None,
        "clipnorm": None,
        "global_clipnorm": None,
        "clipvalue": None,
        "use_ema": False,
        "ema_momentum": 0.99,
        "ema_overwrite_frequency": None,
        "jit_compile": True,
        "is_legacy_optimizer": False,
        "learning_rate": 0.125,
        "momentum": 0.0,
        "nesterov": False,
    }
    return {"class_name": "Custom>SGD", "config": {**neutral, **settings}}


def test_settings_of_keras_that_change_nothing_are_dropped(tmp_path: Path) -> None:
    model = load_model(rewritten(tmp_path, optimizer_config=keras_sgd(clipvalue=0.5)))
    assert isinstance(model.optimizer, optimizers.SGD)
    config = model.optimizer.get_config()
    assert (config["learning_rate"], config["clipvalue"]) == (0.125, 0.5)


@pytest.mark.parametrize(
    "setting", [{"weight_decay": 0.1}, {"use_ema": True}, {"global_clipnorm": 1.0}, {"gradient_accumulation_steps": 4}]
)
def test_settings_of_keras_that_change_something_are_refused(tmp_path: Path, setting: dict[str, Any]) -> None:
    path = rewritten(tmp_path, optimizer_config=keras_sgd(**setting))
    with pytest.raises(errors.FileContentError, match=f"{next(iter(setting))}.*compile=False"):
        load_model(path)
    assert load_model(path, compile=False).optimizer is None


def test_a_learning_rate_schedule_is_read_by_its_name(tmp_path: Path) -> None:
    settings = {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": False, "name": None}
    schedule = {"class_name": "ExponentialDecay", "config": settings, "module": "keras", "registered_name": None}
    model = load_model(rewritten(tmp_path, optimizer_config=keras_sgd(learning_rate=schedule)))
    assert isinstance(model.optimizer, optimizers.SGD)
    expected = {"class_name": "ExponentialDecay", "config": settings}
    assert model.optimizer.get_config()["learning_rate"] == expected
    # Written again as it was read.
    model.save(tmp_path / "again.h5")
    with h5py.File(tmp_path / "again.h5") as file:
        config = json.loads(file.attrs["training_config"])["optimizer_config"]["config"]
    assert config["learning_rate"] == expected


def test_a_learning_rate_schedule_that_nobody_has(tmp_path: Path) -> None:
    schedule = {"class_name": "ExponentialDecoy", "config": {"initial_learning_rate": 0.1}, "module": "keras"}
    path = rewritten(tmp_path, optimizer_config=keras_sgd(learning_rate=schedule))
    with pytest.raises(errors.MissingComponentsError, match=r"schedule 'ExponentialDecoy'.*'ExponentialDecay'"):
        load_model(path)
    schedule = {"class_name": "ExponentialDecay", "config": {"initial_learning_rate": 0.1}, "module": "keras"}
    path = rewritten(tmp_path, optimizer_config=keras_sgd(learning_rate=schedule))
    with pytest.raises(errors.FileContentError, match=r"lacks the arguments 'decay_steps'.*compile=False"):
        load_model(path)


def test_nadam_of_each_version_has_its_own_momenta(tmp_path: Path) -> None:
    def read(**settings: Any) -> dict[str, Any]:
        config = {"class_name": "Nadam", "config": {"name": "Nadam", "learning_rate": 0.1, **settings}}
        found = load_model(rewritten(tmp_path, optimizer_config=config)).optimizer
        assert found is not None
        return found.get_config()

    older, current, ours = read(decay=0.01), read(use_ema=False), read(schedule_decay=0.5, decay=0.25)
    assert (older["schedule_decay"], older["decay"]) == (0.01, 0.0)
    assert (current["schedule_decay"], current["decay"]) == (1.0, 0.0)
    assert (ours["schedule_decay"], ours["decay"]) == (0.5, 0.25)
    assert read()["schedule_decay"] == 0.004


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ({"class_name": "LossFunctionWrapper", "config": {"reduction": "auto", "name": "mse", "fn": "mse"}}, "mse"),
        ({"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "a", "fn": "mse"}}, "mse"),
        (["mean_squared_error"], "mse"),
        ({"only": "mse"}, "mse"),
    ],
)
def test_losses_as_keras_writes_them(tmp_path: Path, loss: Any, expected: str) -> None:
    model = load_model(rewritten(tmp_path, loss=loss))
    same = model_with(expected)
    same.set_weights(model.get_weights())
    assert model.evaluate(X, Y) == same.evaluate(X, Y)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ([[{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "dtype": "float32", "fn": "mae"}}]], ["mae"]),
        ([{"class_name": "MeanMetricWrapper", "config": {"name": "only_mse", "fn": "mean_squared_error"}}], ["mse"]),
        ([[{"class_name": "MeanMetricWrapper", "config": {"name": "x", "fn": "mae"}}]], ["mae"]),
        ([{"class_name": "MeanAbsoluteError", "config": {"name": "mine", "dtype": "float32"}}], ["mine"]),
        (
            [
                {
                    "class_name": "Precision",
                    "config": {"name": "p", "dtype": "float32", "thresholds": 0.3, "top_k": None, "class_id": 1},
                }
            ],
            ["p"],
        ),
        (
            [
                {
                    "class_name": "AUC",
                    "config": {
                        "name": "area",
                        "dtype": "float32",
                        "num_thresholds": 3,
                        "curve": "PR",
                        "summation_method": "interpolation",
                        "multi_label": False,
                        "num_labels": None,
                        "label_weights": None,
                        "from_logits": False,
                        "thresholds": [0.5],
                    },
                }
            ],
            ["area"],
        ),
        ([[None]], []),
        ([None], []),
        (["mae"], ["mae"]),
        (None, []),
    ],
)
def test_metrics_as_keras_writes_them(tmp_path: Path, written: Any, names: list[str]) -> None:
    assert load_model(rewritten(tmp_path, metrics=written)).metrics_names == ["loss", *names]


def test_weighted_metrics_are_read_and_written(tmp_path: Path) -> None:
    model = load_model(rewritten(tmp_path, metrics=["mse"], weighted_metrics=["mae"]))
    assert model.metrics_names == ["loss", "mse", "mae"]
    model.save(tmp_path / "again.h5")
    again = load_model(tmp_path / "again.h5")
    weight = np.arange(len(X), dtype="float64")
    assert again.evaluate(X, Y, sample_weight=weight) == model.evaluate(X, Y, sample_weight=weight)
    error = np.abs(model.predict(X) - Y).mean(-1)
    assert model.evaluate(X, Y, sample_weight=weight)[2] == pytest.approx(
        np.sum(error * weight) / weight.sum(), rel=1e-5
    )


def test_what_other_readers_do_not_know_is_left_out(tmp_path: Path) -> None:
    model = model_with([losses.CategoricalCrossentropy(label_smoothing=0.25)])
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        (config,) = json.loads(file.attrs["training_config"])["loss"]
    assert config["config"]["label_smoothing"] == 0.25 and "axis" not in config["config"]
    sparse = losses.SparseCategoricalCrossentropy
    for loss, left in ((sparse(), set()), (sparse(ignore_class=255, axis=1), {"ignore_class", "axis"})):
        model_with(loss).save(tmp_path / "s.h5")
        with h5py.File(tmp_path / "s.h5") as file:
            written = json.loads(file.attrs["training_config"])["loss"]["config"]
        assert set(written) == {"from_logits", "reduction", "name"} | left
    model_with(["mse"]).save(tmp_path / "n.h5")
    with h5py.File(tmp_path / "n.h5") as file:
        assert json.loads(file.attrs["training_config"])["loss"] == ["mean_squared_error"]
    assert load_model(tmp_path / "m.h5").evaluate(X, Y) == model.evaluate(X, Y)
