"""What training shows while it runs: a bar on a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from kcore.callbacks import Callback
from kcore.errors import InvalidArgumentError

BAR_WIDTH = 30
REDRAW_SECONDS = 0.1

_BATCH_HOOKS = ("on_train_batch_end", "on_test_batch_end", "on_predict_batch_end")


class ProgbarLogger(Callback):
    """Shows progress and metrics on standard output.

    How much is shown is the `verbose` of `fit`, `evaluate` and `predict`:

    - 1: on a terminal, a bar that is redrawn in place; elsewhere (a file, a pipe) as 2.
    - 2: one line an epoch.
    - 0: nothing.

    The bar is redrawn at most ten times a second, and only for a redraw are the batch's logs asked for:
    however fast the steps are, the bar costs them nothing. Other output counts no batches at all.

    Args:
        count_mode: what is counted, "steps" (batches) or "samples". Samples are counted where the number of
            samples and the batch size are known, steps otherwise.
        stateful_metrics: accepted for Keras 2's sake and not used: all logs are means over the epoch already.

    Raises:
        InvalidArgumentError: an unknown count_mode.
    """

    def __init__(self, count_mode: str = "steps", stateful_metrics: Iterable[str] | None = None) -> None:
        if count_mode not in ("steps", "samples"):
            raise InvalidArgumentError(
                component="ProgbarLogger",
                argument="count_mode",
                value=count_mode,
                allowed=("steps", "samples"),
            )
        self.count_mode = count_mode
        self.stateful_metrics = None if stateful_metrics is None else list(stateful_metrics)
        self._verbose = 0
        self._live = False
        self._reset()

    def _reset(self) -> None:
        self._training = False
        self._start = self._first_end = self._next_draw = time.perf_counter()
        self._seen = 0
        self._drawn = 0
        self._total: int | None = None

    def set_params(self, params: Mapping[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 0)
        self._verbose = 1 if verbose == "auto" else int(verbose)
        self._live = self._verbose == 1 and sys.stdout.isatty()
        self._reset()

    def listens_to(self, hook: str) -> bool:
        return self._verbose > 0 and (self._live or hook not in _BATCH_HOOKS) and super().listens_to(hook)

    @property
    def wants_batch_logs(self) -> bool:
        return self._live and time.perf_counter() >= self._next_draw

    # The three runs. Validation inside training has hooks of its own; it is shown with its epoch.

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._live:
            self._write(f"{self._title(epoch)}\n")
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._count(batch)
        # Without logs: a redraw fell due after this batch's logs were not asked for. The next batch has them.
        if logs:
            self._draw_if_due(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._finish(logs or {}, title=self._title(epoch))

    def on_test_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        if not self._training:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._training:
            self._count(batch)
            self._draw_if_due(logs or {})

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        if not self._training:
            self._finish(logs or {})

    def on_predict_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._count(batch)
        self._draw_if_due({})

    def on_predict_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._finish({})

    # Counting and drawing.

    def _title(self, epoch: int) -> str:
        return f"Epoch {epoch + 1}/{self.params.get('epochs', epoch + 1)}"

    def _samples(self) -> tuple[int, int] | None:
        """How many samples there are and how many a batch, where samples are what is counted."""
        samples, size = self.params.get("samples"), self.params.get("batch_size")
        return (samples, size) if self.count_mode == "samples" and samples and size else None

    def _begin(self) -> None:
        counted = self._samples()
        self._total = counted[0] if counted else self.params.get("steps")
        self._seen = self._drawn = 0
        self._start = self._first_end = time.perf_counter()
        self._next_draw = self._start

    def _count(self, batch: int) -> None:
        counted = self._samples()
        self._seen = min((batch + 1) * counted[1], counted[0]) if counted else batch + 1
        if batch == 0:
            self._first_end = time.perf_counter()

    def _draw_if_due(self, logs: Mapping[str, Any]) -> None:
        now = time.perf_counter()
        if now >= self._next_draw:
            self._next_draw = now + REDRAW_SECONDS
            line = f"{_progress(self._seen, self._total)}{self._remaining(now)}{_metrics(logs)}"
            self._draw(line[: shutil.get_terminal_size().columns - 1])

    def _remaining(self, now: float) -> str:
        """The time still to go, without counting the first batch, which is slower: it is traced."""
        counted = self._samples()
        one = counted[1] if counted else 1
        if self._total is None or self._seen <= one:
            return ""
        return f" - ETA: {_duration((now - self._first_end) / (self._seen - one) * (self._total - self._seen))}"

    def _finish(self, logs: Mapping[str, Any], title: str = "") -> None:
        elapsed = time.perf_counter() - self._start
        seen = self._seen or self._total
        unit = "sample" if self._samples() else "step"
        spent = f"{_duration(elapsed)}{f' {_pace(elapsed / seen)}/{unit}' if seen else ''}"
        if self._live:
            progress = _progress(seen, seen) if seen else ""
            self._draw(f"{progress} - {spent}{_metrics(logs)}")
            self._write("\n")
        else:
            parts = [title, f"{seen}/{seen}" if seen else "", f"{spent}{_metrics(logs)}"]
            self._write(" - ".join(part for part in parts if part) + "\n")

    def _draw(self, line: str) -> None:
        self._write(f"\r{line.ljust(self._drawn)}")
        self._drawn = len(line)

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _progress(seen: int, total: int | None) -> str:
    if total is None:
        return f"{seen}/unknown"
    width = len(str(total))
    done = min(seen * BAR_WIDTH // total, BAR_WIDTH) if total else BAR_WIDTH
    bar = "=" * done if done == BAR_WIDTH else f"{'=' * done}>".ljust(BAR_WIDTH, ".")
    return f"{seen:>{width}}/{total} [{bar}]"


def _duration(seconds: float) -> str:
    whole = int(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole}s"


def _pace(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.0f}s"
    return f"{seconds * 1e3:.0f}ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us"


def _metrics(logs: Mapping[str, Any]) -> str:
    return "".join(f" - {name}: {_four_digits(float(value))}" for name, value in logs.items())


def _four_digits(value: float) -> str:
    """Four decimals; in powers of ten where these would show nothing, or too much."""
    plain = value == 0 or not isfinite(value) or 1e-3 <= abs(value) < 1e6
    return f"{value:.4f}" if plain else f"{value:.4e}"
