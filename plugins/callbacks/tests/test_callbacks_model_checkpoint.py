"""ModelCheckpoint: where and when files are written, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kcore.callbacks import CallbackList
from kcore.errors import InvalidArgumentError, KcoreWarning
from kcore_callbacks.model_checkpoint import ModelCheckpoint


class Saved:
    """Writes the kind of file it was asked for."""

    def save(self, path: str) -> None:
        Path(path).write_text("model")

    def save_weights(self, path: str) -> None:
        Path(path).write_text("weights")


class FullDisk(Saved):
    def save(self, path: str) -> None:
        raise OSError(28, "No space left on device", path)


def train(callback: ModelCheckpoint, epochs: list[dict[str, float]], batches: int = 0) -> None:
    callbacks = CallbackList([callback], model=Saved())
    callbacks.on_train_begin()
    for epoch, logs in enumerate(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(batches):
            callbacks.on_train_batch_end(batch, logs)
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_fields_take_the_epoch_from_1_and_the_logs(tmp_path: Path) -> None:
    train(
        ModelCheckpoint(tmp_path / "m-{epoch:02d}-{val_loss:.3f}.h5"),
        [{"val_loss": 0.25}, {"val_loss": 0.125}],
    )
    assert names(tmp_path) == ["m-01-0.250.h5", "m-02-0.125.h5"]


def test_folders_are_made_and_may_have_fields(tmp_path: Path) -> None:
    train(ModelCheckpoint(tmp_path / "a" / "run{epoch}" / "m.h5"), [{}, {}])
    assert (tmp_path / "a" / "run1" / "m.h5").read_text() == "model"
    assert (tmp_path / "a" / "run2" / "m.h5").read_text() == "model"


def test_nothing_is_made_before_there_is_something_to_save(tmp_path: Path) -> None:
    train(ModelCheckpoint(tmp_path / "a" / "m.h5"), [])
    assert list(tmp_path.iterdir()) == []


def test_period_counts_epochs(tmp_path: Path) -> None:
    train(ModelCheckpoint(tmp_path / "{epoch}.h5", period=3), [{}] * 7)
    assert names(tmp_path) == ["3.h5", "6.h5"]


def test_batches_are_counted_across_epochs(tmp_path: Path) -> None:
    train(ModelCheckpoint(tmp_path / "{epoch}-{batch}.h5", save_freq=3), [{}] * 4, batches=4)
    # Batches 3, 6, 9, 12, 15 of sixteen.
    assert names(tmp_path) == ["1-3.h5", "2-2.h5", "3-1.h5", "3-4.h5", "4-3.h5"]


def test_by_epoch_it_has_no_part_in_batches(tmp_path: Path) -> None:
    callbacks = CallbackList([ModelCheckpoint(tmp_path / "m.h5")])
    assert not callbacks.listens_to("on_train_batch_end")
    assert not callbacks.wants_batch_logs


def test_by_batches_it_wants_logs_for_the_batches_it_saves_only(tmp_path: Path) -> None:
    callbacks = CallbackList([ModelCheckpoint(tmp_path / "{loss}.h5", save_freq=2)], model=Saved())
    wanted = []
    for batch in range(4):
        wanted.append(callbacks.wants_batch_logs)
        callbacks.on_train_batch_end(batch, {"loss": float(batch)} if wanted[-1] else {})
    assert wanted == [False, True, False, True]
    assert names(tmp_path) == ["1.0.h5", "3.0.h5"]


def test_the_best_is_kept_for_the_next_fit(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path / "{loss}.h5", "loss", save_best_only=True)
    train(callback, [{"loss": 0.5}])
    train(callback, [{"loss": 0.75}, {"loss": 0.25}])
    assert names(tmp_path) == ["0.25.h5", "0.5.h5"]


def test_nan_is_not_saved_as_the_best(tmp_path: Path) -> None:
    train(ModelCheckpoint(tmp_path / "{loss}.h5", "loss", save_best_only=True), [{"loss": float("nan")}])
    assert names(tmp_path) == []


def test_a_best_that_could_not_be_written_is_not_the_one_to_beat(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path / "m.h5", "loss", save_best_only=True)
    callbacks = CallbackList([callback], model=FullDisk())
    callbacks.on_train_begin()
    with pytest.raises(OSError, match="No space left"):
        callbacks.on_epoch_end(0, {"loss": 0.5})
    assert callback.best == float("inf")


def test_a_missing_quantity_is_warned_of_and_saves_nothing(tmp_path: Path) -> None:
    with pytest.warns(KcoreWarning, match="ModelCheckpoint watches 'val_loss'.*Available: acc, loss"):
        train(ModelCheckpoint(tmp_path / "m.h5", save_best_only=True), [{"loss": 1.0, "acc": 0.5}])
    assert names(tmp_path) == []


def test_an_unknown_field_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidArgumentError,
        match=r"filepath=.*\(there is no 'val_loss' here\)\. Allowed: the fields \{acc\}, \{epoch\}, \{lo",
    ):
        train(ModelCheckpoint(tmp_path / "{val_loss}.h5"), [{"loss": 1.0, "acc": 0.5}])


def test_a_field_that_cannot_be_formatted_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="its fields do not fit: Unknown format code 'd'"):
        train(ModelCheckpoint(tmp_path / "{loss:02d}.h5"), [{"loss": 1.0}])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"filepath": "{epoch.h5"}, "filepath=.*Allowed: a path whose braces are in pairs"),
        ({"filepath": "{}.h5"}, "fields that are plain names"),
        (
            {"filepath": "{epoch.__class__}.h5"},
            r"\(\{epoch.__class__\}\). Allowed: fields that are plain names",
        ),
        ({"mode": "best"}, "mode='best'. Allowed: 'auto', 'min', 'max'"),
        ({"period": 0}, "period=0. Allowed: a whole number of at least 1"),
        ({"save_freq": "batch"}, "save_freq='batch'. Allowed: \"epoch\", or a whole number"),
        ({"save_freq": 0}, "save_freq=0. Allowed: a whole number of at least 1"),
        ({"save_freq": 2.5}, "save_freq=2.5. Allowed: a whole number of at least 1"),
        ({"save_freq": 2, "period": 3}, "period=3. Allowed: 1 where save_freq is a number"),
        ({"initial_value_threshold": "0.5"}, "initial_value_threshold='0.5'. Allowed: a finite number"),
    ],
)
def test_bad_arguments_are_named_when_the_callback_is_made(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=text):
        ModelCheckpoint(**{"filepath": "m.h5", **arguments})


def test_messages_name_the_file_and_the_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.h5"
    train(
        ModelCheckpoint(path, "loss", save_best_only=True, verbose=1),
        [{"loss": 0.5}, {"loss": 0.75}, {"loss": 0.25}],
    )
    assert capsys.readouterr().out == (
        f"ModelCheckpoint, epoch 1: loss 0.5 beats inf; saved to {path}\n"
        "ModelCheckpoint, epoch 2: loss 0.75 does not beat 0.5; nothing saved\n"
        f"ModelCheckpoint, epoch 3: loss 0.25 beats 0.5; saved to {path}\n"
    )


def test_config_rebuilds_the_callback(tmp_path: Path) -> None:
    callback = ModelCheckpoint(tmp_path / "m.h5", "acc", save_best_only=True, save_freq=4, initial_value_threshold=0.5)
    config = callback.get_config()
    assert config == {
        "filepath": str(tmp_path / "m.h5"),
        "monitor": "acc",
        "verbose": 0,
        "save_best_only": True,
        "save_weights_only": False,
        "mode": "auto",
        "save_freq": 4,
        "period": 1,
        "initial_value_threshold": 0.5,
    }
    assert ModelCheckpoint.from_config(config).get_config() == config
