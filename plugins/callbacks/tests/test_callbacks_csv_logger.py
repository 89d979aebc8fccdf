"""CSVLogger: the file it leaves, whatever happens to the training."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kcore.callbacks import CallbackList
from kcore.errors import InvalidArgumentError
from kcore_callbacks.csv_logger import CSVLogger


def train(callback: CSVLogger, epochs: list[dict[str, Any]], first: int = 0) -> None:
    callbacks = CallbackList([callback])
    callbacks.on_train_begin()
    for epoch, logs in enumerate(epochs, first):
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end()


def test_the_epoch_comes_first_and_the_logs_follow_by_name(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    train(CSVLogger(path), [{"loss": 0.5, "acc": 0.25}, {"loss": 0.125, "acc": 1.0}])
    assert path.read_text() == "epoch,acc,loss\n0,0.25,0.5\n1,1.0,0.125\n"


def test_another_separator(tmp_path: Path) -> None:
    path = tmp_path / "log.tsv"
    train(CSVLogger(path, separator="\t"), [{"loss": 0.5}])
    assert path.read_text() == "epoch\tloss\n0\t0.5\n"


def test_a_line_is_in_the_file_as_soon_as_its_epoch_ended(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    callbacks = CallbackList([CSVLogger(path)])
    callbacks.on_train_begin()
    assert path.read_text() == ""
    callbacks.on_epoch_end(0, {"loss": 0.5})
    assert path.read_text() == "epoch,loss\n0,0.5\n"


def test_a_new_training_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    callback = CSVLogger(path)
    train(callback, [{"loss": 0.5}, {"loss": 0.25}])
    train(callback, [{"mse": 2.0}])
    assert path.read_text() == "epoch,mse\n0,2.0\n"


def test_append_goes_on_without_a_second_header(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    train(CSVLogger(path, append=True), [{"loss": 0.5, "acc": 0.25}])
    train(CSVLogger(path, append=True), [{"loss": 0.125, "acc": 0.75}], first=1)
    assert path.read_text() == "epoch,acc,loss\n0,0.25,0.5\n1,0.75,0.125\n"


def test_append_keeps_the_order_of_the_columns_it_finds(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("loss,epoch\n0.5,0\n")
    train(CSVLogger(path, append=True), [{"loss": 0.25}], first=1)
    assert path.read_text() == "loss,epoch\n0.5,0\n0.25,1\n"


def test_append_to_an_empty_file_writes_the_header(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.touch()
    train(CSVLogger(path, append=True), [{"loss": 0.5}])
    assert path.read_text() == "epoch,loss\n0,0.5\n"


def test_append_does_not_glue_its_line_to_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,0.5\n1,0.")
    train(CSVLogger(path, append=True), [{"loss": 0.25}], first=2)
    assert path.read_text() == "epoch,loss\n0,0.5\n1,0.\n2,0.25\n"


def test_append_refuses_a_file_of_other_columns_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n0,0.5\n")
    with pytest.raises(
        InvalidArgumentError,
        match=r"it has the columns epoch, loss, and none for acc, val_loss\).*or a new file",
    ):
        train(CSVLogger(path, append=True), [{"loss": 0.25, "val_loss": 1.0, "acc": 0.5}])
    assert path.read_text() == "epoch,loss\n0,0.5\n"


def test_append_refuses_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"\x89HDF\r\n\xff\xfe")
    with pytest.raises(InvalidArgumentError, match="a CSV file in UTF-8"):
        train(CSVLogger(path, append=True), [{"loss": 0.25}])


def test_a_name_that_an_epoch_lacks_is_na(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    train(CSVLogger(path), [{"loss": 0.5, "val_loss": 2.0}, {"loss": 0.25}])
    assert path.read_text() == "epoch,loss,val_loss\n0,0.5,2.0\n1,0.25,NA\n"


def test_a_name_that_comes_later_becomes_a_column(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    train(CSVLogger(path), [{"loss": 0.5}, {"loss": 0.25, "val_loss": 2.0}, {"loss": 0.125}])
    assert path.read_text() == "epoch,loss,val_loss\n0,0.5,NA\n1,0.25,2.0\n2,0.125,NA\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.csv"]


def test_a_missing_folder_is_said_when_training_begins(tmp_path: Path) -> None:
    callback = CSVLogger(tmp_path / "nowhere" / "log.csv")
    with pytest.raises(InvalidArgumentError, match=r"there is no folder '.*nowhere'\). Allowed: a file in a folder"):
        CallbackList([callback]).on_train_begin()


def test_a_folder_in_place_of_a_file_is_said_when_training_begins(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="it is a folder"):
        CallbackList([CSVLogger(tmp_path)]).on_train_begin()


@pytest.mark.parametrize("separator", ["", ";;", '"', "\n", 5])
def test_the_separator_is_one_character(separator: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="CSVLogger cannot take separator="):
        CSVLogger("log.csv", separator=separator)


def test_config_rebuilds_the_callback() -> None:
    config = {"filename": "log.csv", "separator": ";", "append": True}
    assert CSVLogger.from_config(config).get_config() == config


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.text("abc,\"';é \n", min_size=1, max_size=4), st.floats(allow_nan=False), max_size=4),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_read_back_is_what_was_logged(tmp_path: Path, epochs: list[dict[str, float]]) -> None:
    path = tmp_path / "log.csv"
    train(CSVLogger(path), epochs)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    everything = set().union(*epochs)
    for epoch, (row, logs) in enumerate(zip(rows, epochs, strict=True)):
        assert row.pop("epoch") == str(epoch)
        assert row.keys() == everything
        assert {name: float(value) for name, value in row.items() if value != "NA"} == logs
