"""Every epoch's logs as a line of a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from kcore.callbacks import Callback
from kcore.errors import InvalidArgumentError

MISSING = "NA"


class CSVLogger(Callback):
    """Writes one line an epoch: the epoch (from 0), then all logs, in the alphabetical order of their names.

    Args:
        filename: the file. Its folder must exist.
        separator: the character between two values.
        append: go on after the last line of an existing file, without a second header. Otherwise the file is
            written anew when training begins.

    The file is opened for each line and closed after it: what an interrupted training has logged is there. A
    name that an epoch does not log (validation every second epoch) is "NA" in that line, as in Keras. A name
    that first appears in a later epoch becomes a new column, with "NA" in the lines above (Keras 2 raises).

    Raises:
        InvalidArgumentError: the separator is not one character; when training begins, the folder does not
            exist; at the end of the first epoch with `append`, the file has no column for a logged name.
        OSError: the file cannot be written.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
            raise InvalidArgumentError(
                component="CSVLogger",
                argument="separator",
                value=separator,
                allowed="one character that is neither a quotation mark nor the end of a line",
            )
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] = []
        self._first = True

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        path = Path(self.filename)
        if not path.parent.is_dir():
            self._refuse("a file in a folder that exists", f"there is no folder {str(path.parent)!r}")
        if path.is_dir():
            self._refuse("a file", "it is a folder")
        self._first = True
        self._columns = []
        if self.append and path.exists():
            try:
                self._columns = next(iter(self._rows()), [])
            except (UnicodeDecodeError, csv.Error) as error:
                self._refuse("with append=True, a CSV file in UTF-8", str(error))
            self._end_last_line()
        else:
            self._write("w", [])

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        values = {**(logs or {}), "epoch": epoch}
        new = sorted(set(values) - set(self._columns))
        if not self._columns:
            self._columns = ["epoch", *(name for name in new if name != "epoch")]
            self._write("a", [self._columns])
        elif new and self._first:
            self._refuse(
                "with append=True, a file with a column for each logged name; or a new file",
                f"it has the columns {', '.join(self._columns)}, and none for {', '.join(new)}",
            )
        elif new:
            self._widen(new)
        self._first = False
        self._write("a", [[values.get(name, MISSING) for name in self._columns]])

    def _refuse(self, allowed: str, found: str) -> NoReturn:
        raise InvalidArgumentError(
            component="CSVLogger", argument="filename", value=self.filename, allowed=allowed, found=found
        )

    def _rows(self) -> list[list[str]]:
        with open(self.filename, newline="", encoding="utf-8") as file:
            return list(csv.reader(file, delimiter=self.separator))

    def _write(self, how: str, rows: Sequence[Sequence[Any]], filename: str | None = None) -> None:
        with open(filename or self.filename, how, newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=self.separator, lineterminator="\n").writerows(rows)

    def _end_last_line(self) -> None:
        # A run that was killed may have left half a line; the next one must not be glued to it.
        text = Path(self.filename).read_bytes()
        if text and not text.endswith(b"\n"):
            with open(self.filename, "ab") as file:
                file.write(b"\n")

    def _widen(self, new: Sequence[str]) -> None:
        _, *lines = self._rows()
        self._columns = [*self._columns, *new]
        partial = f"{self.filename}.partial"
        self._write("w", [self._columns, *([*line, *[MISSING] * len(new)] for line in lines)], partial)
        os.replace(partial, self.filename)
