"""YAML as plain data that knows where everything stands, read so that no file can do harm.

Only PyYAML's safe parser runs, and of it only the part that makes events: no tag makes an object, an alias is
refused (a few of them can stand for billions of values), and size and depth are limited. Plain scalars are read
as YAML 1.2's core schema says: ``1e-3`` is a number, ``no`` and ``1:30`` are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from kcore.errors.recipe import RecipeError
from kcore.errors.saving import MissingFileError

KeyPath = tuple[str | int, ...]

LARGEST_FILE = 1 << 20
DEEPEST = 64

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


@dataclass
class Document:
    """The content of a recipe.

    Attributes:
        source: the file, for errors.
        data: dictionaries, lists, text, numbers, booleans, None.
        lines: the line, from 1, of each value by its path.
        given: paths whose value came from the command line.
    """

    source: str
    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    given: set[KeyPath] = field(default_factory=set)

    def line(self, path: KeyPath) -> int | None:
        """The line of what stands at ``path``, or of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.given:
                return None
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def origin(self, path: KeyPath) -> str:
        """The file, or the command line where that said it."""
        overridden = any(path[:length] in self.given for length in range(len(path) + 1))
        return "--set" if overridden else self.source

    def refuse(self, path: KeyPath, problem: str, **details: Any) -> NoReturn:
        """Raise a RecipeError about what stands at ``path``."""
        raise RecipeError(
            source=self.origin(path), line=self.line(path), place=spelled_path(path), problem=problem, **details
        )


def spelled_path(path: KeyPath) -> str:
    """``("model", 2, "Dense")`` as ``model[2].Dense``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{_printable(key)}" for key in path)
    return text.removeprefix(".")


def _printable(key: str) -> str:
    return key if key.isprintable() else repr(key)


def read_document(path: str | Path) -> Document:
    """The content of a recipe file.

    Raises:
        MissingFileError: there is no such file.
        RecipeError: it cannot be read, or is not YAML, or not of the plain kind that recipes use.
    """
    file = Path(path)
    source = str(path)
    try:
        with open(file, "rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise MissingFileError(path=source) from None
    except OSError as error:
        problem = "it is a folder" if file.is_dir() else f"it cannot be read ({error.strerror})"
        raise RecipeError(source=source, problem=problem, allowed="a YAML file") from error
    if len(content) > LARGEST_FILE:
        raise RecipeError(source=source, problem=f"the file is larger than {LARGEST_FILE} bytes, so it is no recipe")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecipeError(source=source, line=line, problem="this is not text in UTF-8") from error
    return parse_document(text, source)


def parse_document(text: str, source: str) -> Document:
    """The content of a recipe's text.

    Raises:
        RecipeError: it is not YAML, or not of the plain kind that recipes use.
    """
    document = Document(source)
    _Reader(document).read(text)
    return document


def parse_value(text: str, source: str) -> Any:
    """A value from the command line, written as in a recipe: ``0.1``, ``[32, 64]``, ``same``."""
    return parse_document(text, source).data


@dataclass
class _Open:
    """A list or mapping whose end has not come yet."""

    value: list[Any] | dict[Any, Any]
    path: KeyPath
    key: Any = None
    has_key: bool = False


class _Reader:
    """Builds the data from the parser's events, with a stack of its own: depth costs no recursion."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[_Open] = []

    def read(self, text: str) -> None:
        try:
            for event in self._events(text):
                self._take(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = ", ".join(part for part in (error.context, error.problem) if part)
            raise RecipeError(
                source=self.document.source,
                line=None if mark is None else mark.line + 1,
                column=None if mark is None else mark.column + 1,
                problem=f"this is not YAML ({problem})",
            ) from error
        except (ValueError, OverflowError) as error:
            # The parser checks no number in "\\U12345678".
            if isinstance(error, RecipeError):
                raise
            raise RecipeError(source=self.document.source, problem=f"this is not YAML ({error})") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise RecipeError(
                source=self.document.source,
                line=line,
                problem=f"this is not YAML (the character {error.character!r} cannot stand in it)",
            ) from error

    @staticmethod
    def _events(text: str) -> Iterator[yaml.Event]:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)

    def _take(self, event: yaml.Event) -> None:
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, "anchors (&) and aliases (*) are not used in recipes", allowed="the value itself")
        tag = getattr(event, "tag", None)
        if tag is not None and tag != "!":
            self._refuse(event, f"tags ({tag}) are not used in recipes", allowed="plain values")
        if isinstance(event, yaml.DocumentStartEvent) and () in self.document.lines:
            self._refuse(event, "a second document begins here", allowed="one recipe per file")
        if isinstance(event, yaml.ScalarEvent):
            # A quoted scalar is text, whatever it looks like; implicit[0] is true for plain ones alone.
            plain = event.implicit[0] and event.style is None and tag is None
            self._add(event, self._number_or_text(event) if plain else self._text(event), line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self.open) == DEEPEST:
                self._refuse(event, f"lists and mappings are nested more than {DEEPEST} deep here", path=())
            value: list[Any] | dict[Any, Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
            path = self._add(event, value, line)
            self.open.append(_Open(value, path))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.open.pop()

    def _text(self, event: yaml.ScalarEvent) -> str:
        """The text, with characters that JSON writes in two halves put together."""
        try:
            return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(event, "half a character (a surrogate) is no text")

    def _number_or_text(self, event: yaml.ScalarEvent) -> Any:
        text = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            try:
                return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
            except ValueError:  # Python refuses to read thousands of digits.
                self._refuse(event, "this number has too many digits")
        return float(text) if _FLOAT.fullmatch(text) else text

    def _add(self, event: yaml.Event, value: Any, line: int) -> KeyPath:
        """Put the value where it belongs, and return its path."""
        if not self.open:
            self.document.data = value
            self.document.lines[()] = line
            return ()
        top = self.open[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
        elif not top.has_key:
            if isinstance(value, bool) or not isinstance(value, str | int):
                self._refuse(event, f"{_kind(value)} cannot be a key", path=top.path, allowed="a name before the colon")
            path = (*top.path, value)
            if value in top.value:
                first = self.document.lines[path]
                self._refuse(event, f"this key was given before, in line {first}", path=path, allowed="each key once")
            top.key, top.has_key = value, True
        else:
            path = (*top.path, top.key)
            top.value[top.key], top.has_key = value, False
            return path  # The line noted is the key's.
        self.document.lines[path] = line
        return path

    def _refuse(self, event: yaml.Event, problem: str, *, path: KeyPath | None = None, **details: Any) -> NoReturn:
        if path is None:
            path = self.open[-1].path if self.open else ()
        mark = event.start_mark
        raise RecipeError(
            source=self.document.source,
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
            place=spelled_path(path),
            problem=problem,
            **details,
        )


def _kind(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return "nothing" if value is None else str(value).lower()
