"""ProgbarLogger: on a real (pseudo) terminal, and into a pipe."""

from __future__ import annotations

import math
import os
import re
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from kcore.callbacks import CallbackList
from kcore.errors import InvalidArgumentError
from kcore_callbacks.progbar import ProgbarLogger, _duration, _four_digits, _pace, _progress


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int = 120) -> Iterator[list[str]]:
    """Standard output as a real terminal of this width. What was shown is in the list after the block."""
    reader, writer = os.openpty()
    # Raw: the terminal must not write \r\n where we write \n.
    tty.setraw(writer)
    chunks: list[bytes] = []

    def read() -> None:
        # The end is an error on Linux, and nothing to read elsewhere.
        with suppress(OSError):
            while chunk := os.read(reader, 4096):
                chunks.append(chunk)

    thread = threading.Thread(target=read)
    thread.start()
    seen: list[str] = []
    try:
        with monkeypatch.context() as patch, os.fdopen(writer, "w") as device:
            patch.setattr(sys, "stdout", device)
            patch.setenv("COLUMNS", str(columns))
            yield seen
    finally:
        thread.join()
        os.close(reader)
        seen.append(b"".join(chunks).decode())


def fit(
    callback: ProgbarLogger,
    *,
    verbose: int | str,
    epochs: int = 1,
    steps: int = 4,
    validate: bool = False,
    pause: float = 0.0,
    **params: Any,
) -> list[bool]:
    """The hooks of a training, and for each batch whether its logs were wanted."""
    callbacks = CallbackList([callback], params={"verbose": verbose, "epochs": epochs, "steps": steps, **params})
    wanted = []
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(steps):
            wanted.append(callbacks.wants_batch_logs)
            time.sleep(pause)
            callbacks.on_train_batch_end(batch, {"loss": 0.5} if wanted[-1] else {})
        logs = {"loss": 0.25, "acc": 0.5}
        if validate:
            callbacks.on_test_begin()
            callbacks.on_test_batch_end(0, {"loss": 0.125})
            callbacks.on_test_end({"loss": 0.125})
            logs["val_loss"] = 0.125
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end()
    return wanted


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_into_a_pipe_it_is_one_line_an_epoch(capsys: pytest.CaptureFixture[str], verbose: int | str) -> None:
    fit(ProgbarLogger(), verbose=verbose, epochs=2, validate=True)
    text = capsys.readouterr().out
    assert "\r" not in text
    lines = text.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(
            rf"Epoch {number}/2 - 4/4 - 0s \d+[mu]s/step - loss: 0\.2500 - acc: 0\.5000 - val_loss: 0\.1250",
            line,
        )


def test_into_a_pipe_no_batch_is_looked_at() -> None:
    callbacks = CallbackList([ProgbarLogger()], params={"verbose": 1, "epochs": 1, "steps": 4})
    assert not callbacks.listens_to("on_train_batch_end")
    assert not callbacks.wants_batch_logs


def test_silent_means_silent(capsys: pytest.CaptureFixture[str]) -> None:
    fit(ProgbarLogger(), verbose=0, validate=True)
    assert capsys.readouterr().out == ""


def test_on_a_terminal_the_bar_is_drawn_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        fit(ProgbarLogger(), verbose=1, epochs=2, validate=True, pause=0.11)
    titles = re.findall(r"^Epoch (\d)/2$", seen[0].replace("\r", "\n"), flags=re.MULTILINE)
    assert titles == ["1", "2"]
    first = seen[0].split("\n")[1]
    drawn = [line.rstrip() for line in first.split("\r")[1:]]
    assert drawn[0] == "1/4 [=======>......................] - loss: 0.5000"
    # Not the second batch: when it began, a tenth of a second had not passed.
    assert drawn[1] == "3/4 [======================>.......] - ETA: 0s - loss: 0.5000"
    assert re.fullmatch(r"4/4 \[={30}\] - \ds \d+ms/step - loss: 0\.2500 - acc: 0\.5000 - val_loss: 0\.1250", drawn[-1])


def test_on_a_terminal_verbose_2_is_still_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        fit(ProgbarLogger(), verbose=2, epochs=2)
    assert "\r" not in seen[0]
    assert seen[0].count("\n") == 2


def test_fast_steps_are_not_drawn_and_their_logs_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        begin = time.perf_counter()
        wanted = fit(ProgbarLogger(), verbose=1, steps=5000)
        spent = time.perf_counter() - begin
    # At most ten drawings a second, the first and the last.
    assert 1 <= sum(wanted) <= 2 + spent / 0.1
    assert seen[0].count("\r") <= 3 + spent / 0.1


def test_a_line_never_wraps_while_it_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch, columns=30) as seen:
        fit(ProgbarLogger(), verbose=1, pause=0.11)
    drawn = seen[0].split("\n")[1].split("\r")[1:-1]
    assert drawn
    assert all(len(line) == 29 for line in drawn)


def test_what_was_longer_is_wiped_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        callbacks = CallbackList([ProgbarLogger()], params={"verbose": 1, "epochs": 1, "steps": 1})
        callbacks.on_train_begin()
        callbacks.on_epoch_begin(0)
        callbacks.on_train_batch_end(0, {"a_very_long_name_of_a_metric": 0.5})
        callbacks.on_epoch_end(0, {})
    first, last = seen[0].split("\n")[1].split("\r")[1:]
    assert len(last) == len(first)
    assert last.rstrip().endswith("/step")


def test_unknown_steps_are_counted_without_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        callbacks = CallbackList([ProgbarLogger()], params={"verbose": 1, "epochs": 1, "steps": None})
        callbacks.on_train_begin()
        callbacks.on_epoch_begin(0)
        for batch in range(3):
            callbacks.on_train_batch_end(batch, {"loss": 0.5})
        callbacks.on_epoch_end(0, {"loss": 0.5})
    first, *_, last = seen[0].split("\n")[1].split("\r")[1:]
    assert first == "1/unknown - loss: 0.5000"
    assert last.startswith("3/3 [==============================] - 0s ")


def test_unknown_steps_in_a_pipe_leave_the_count_out(capsys: pytest.CaptureFixture[str]) -> None:
    fit(ProgbarLogger(), verbose=2, steps=0)
    assert re.fullmatch(r"Epoch 1/1 - \ds - loss: 0\.2500 - acc: 0\.5000\n", capsys.readouterr().out)


def test_samples_are_counted_where_their_number_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        fit(ProgbarLogger("samples"), verbose=1, steps=4, samples=100, batch_size=32, pause=0.11)
    drawn = [line.rstrip() for line in seen[0].split("\n")[1].split("\r")[1:]]
    assert drawn[0] == " 32/100 [=========>....................] - loss: 0.5000"
    assert re.match(r"100/100 \[={30}\] - \ds \d+(ms|us)/sample - loss", drawn[-1])


def test_samples_fall_back_to_steps(capsys: pytest.CaptureFixture[str]) -> None:
    fit(ProgbarLogger("samples"), verbose=2, steps=4)
    assert " - 4/4 - 0s " in capsys.readouterr().out


def test_evaluate_and_predict_have_bars_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(monkeypatch) as seen:
        for run in ("test", "predict"):
            callbacks = CallbackList([ProgbarLogger()], params={"verbose": 1, "steps": 2})
            getattr(callbacks, f"on_{run}_begin")()
            for batch in range(2):
                getattr(callbacks, f"on_{run}_batch_end")(batch, {"loss": 0.5})
            getattr(callbacks, f"on_{run}_end")({"loss": 0.5})
    test, predict, rest = seen[0].split("\n")
    assert rest == ""
    assert re.search(r"\r2/2 \[={30}\] - 0s \d+(us|ms)/step - loss: 0\.5000 *$", test)
    assert re.search(r"\r2/2 \[={30}\] - 0s \d+(us|ms)/step *$", predict)


def test_evaluate_into_a_pipe_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    callbacks = CallbackList([ProgbarLogger()], params={"verbose": 1, "steps": 2})
    callbacks.on_test_begin()
    callbacks.on_test_end({"loss": 0.5})
    assert re.fullmatch(r"2/2 - 0s \d+(us|ms)/step - loss: 0\.5000\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("seen", "total", "text"),
    [
        (0, 5, "0/5 [>.............................]"),
        (1, 30, " 1/30 [=>............................]"),
        (29, 30, "29/30 [=============================>]"),
        (30, 30, "30/30 [==============================]"),
        (7, None, "7/unknown"),
        (9, 5, "9/5 [==============================]"),
    ],
)
def test_the_bar_is_30_wide(seen: int, total: int | None, text: str) -> None:
    assert _progress(seen, total) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (59.9, "59s"), (60, "1:00"), (125, "2:05"), (3725, "1:02:05")]
)
def test_durations(seconds: float, text: str) -> None:
    assert _duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(2.0, "2s"), (0.0174, "17ms"), (0.00025, "250us")])
def test_paces(seconds: float, text: str) -> None:
    assert _pace(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.2500"),
        (0.0, "0.0000"),
        (12.34567, "12.3457"),
        (0.00012345, "1.2345e-04"),
        (-0.5, "-0.5000"),
        (2.5e7, "2.5000e+07"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_metrics_have_four_digits(value: float, text: str) -> None:
    assert _four_digits(value) == text


def test_the_count_mode_is_checked() -> None:
    with pytest.raises(InvalidArgumentError, match=r"count_mode='epochs'. Allowed: 'steps', 'samples'"):
        ProgbarLogger("epochs")


def test_config_rebuilds_the_callback() -> None:
    config = {"count_mode": "samples", "stateful_metrics": ["acc"]}
    assert ProgbarLogger.from_config(config).get_config() == config
