"""Errors of files: formats that are not known, content that is not what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kcore.errors.base import KcoreError
from kcore.errors.plain_text import printable


class UnknownFormatError(KcoreError, ValueError):
    """A file suffix that belongs to no installed format."""

    def __init__(self, *, path: str, suffix: str, available: Sequence[str]) -> None:
        found = f"the suffix {suffix!r}" if suffix else "no suffix"
        super().__init__(
            f"{path!r} has {found}, so its format is not known. Installed formats: "
            f"{', '.join('.' + name for name in available)}.",
            path=path,
            suffix=suffix,
            available=tuple(available),
        )


class FileContentError(KcoreError, ValueError):
    """A file, or a text, that does not hold what was to be read from it."""

    def __init__(self, *, source: str, problem: str, expected: str) -> None:
        super().__init__(f"{source} {problem}; expected {expected}.", source=source, problem=problem, expected=expected)


class FileWriteError(KcoreError, OSError):
    """A file that could not be written; what was there before is unchanged."""

    def __init__(self, *, path: str, problem: str) -> None:
        super().__init__(
            f"{path!r} was not written: {problem}. A file that was there before is unchanged.",
            path=path,
            problem=problem,
        )


class MissingFileError(KcoreError, FileNotFoundError):
    """A file that is not there."""

    def __init__(self, *, path: str) -> None:
        super().__init__(f"There is no file {path!r}.", path=path)


class FileReadError(KcoreError, OSError):
    """A file that is there but cannot be read."""

    def __init__(self, *, path: str, problem: str) -> None:
        super().__init__(f"{path!r} could not be read: {problem}.", path=path, problem=problem)


class UnsupportedByFormatError(KcoreError, ValueError):
    """A format that cannot do what was asked."""

    def __init__(self, *, format: str, operation: str, advice: str) -> None:
        super().__init__(
            f"The format {format!r} cannot {operation}. {advice}", format=format, operation=operation, advice=advice
        )


@dataclass(frozen=True, slots=True)
class MissingComponent:
    """One component that a saved model names and that cannot be had.

    Attributes:
        family, noun, name: which one; `noun` is the family in the singular.
        place: where the model names it first; empty if that cannot be told.
        state: ``missing``, ``disabled``, ``incompatible``, ``broken`` or ``clashing``.
        reason: why it cannot be had, as a part of a sentence.
        distribution: who provided it when the file was saved; or who is known to provide it, if the file says nothing;
            None if nobody knows.
        version: of the distribution when the file was saved; empty if the file does not say.
        from_file: whether the file alone says so.
        install: what to give pip for it; None if that is not known, or would not help.
    """

    family: str
    noun: str
    name: str
    place: str
    state: str
    reason: str
    distribution: str | None = None
    version: str = ""
    from_file: bool = False
    install: str | None = None

    def __str__(self) -> str:
        place = f" at {printable(self.place)}" if self.place else ""
        who = f"{self.distribution} {self.version}".rstrip()
        if self.distribution is None:
            known = "the file does not say who provided it"
        else:
            known = f"saved with {who}" if self.from_file or self.version else f"{who} provides it"
        return f"{self.noun} {self.quoted}{place}: {self.reason}; {known}"

    @property
    def quoted(self) -> str:
        """The name, as it can be shown."""
        return f"'{printable(self.name)}'"


class MissingComponentsError(KcoreError, LookupError):
    """A saved model names components that cannot be had here: all of them, in one error.

    The first failure of the registry is chained.

    Attributes:
        source: the file; components: every `MissingComponent`; more: whether there are still others.
        install: what to give pip. custom: the names that nobody is known to provide.
    """

    SHOWN: ClassVar = 20

    def __init__(self, *, source: str, components: Sequence[MissingComponent], more: bool = False) -> None:
        install = tuple(dict.fromkeys(one.install for one in components if one.install))
        absent = [one for one in components if one.state == "missing" and not one.install]
        custom = tuple(dict.fromkeys(one.name.rpartition(">")[2] for one in absent if one.distribution is None))
        shown = components[: self.SHOWN]
        count = "a component" if len(components) == 1 else f"{len(components)} components"
        lines = [
            f"{source} names {count} that cannot be had here{', and more' if more else ''}:",
            *(f"  {one}." for one in shown),
        ]
        if len(components) > len(shown):
            lines.append(f"  (and {len(components) - len(shown)} more)")
        if install:
            strange = any(one.install and one.from_file for one in components)
            trust = " (the file names them: install only what you trust)" if strange else ""
            lines.append(f"Next: pip install {' '.join(install)}{trust}")
        if custom:
            objects = ", ".join(f"'{printable(name)}': ..." for name in custom[: self.SHOWN])
            what = "it" if len(custom) == 1 else "them"
            lines.append(f"Next: load with custom_objects={{{objects}}}, or install what provides {what}.")
        others = dict.fromkeys(one.distribution for one in absent if one.distribution is not None)
        if others:
            lines.append(f"Next: install another version of {', '.join(others)}.")
        for state, advice in _ADVICE.items():
            names = [one.quoted for one in shown if one.state == state]
            if names:
                lines.append(f"Next: {advice.format(', '.join(names))}.")
        if all(one.place.startswith("training") for one in components):
            lines.append("Next: load_model(..., compile=False) does without.")
        super().__init__(
            "\n".join(lines),
            source=source,
            components=tuple(components),
            more=more,
            install=install,
            custom=custom,
        )


# By state, what to do about the components that are in it.
_ADVICE = {
    "disabled": "change the switch that disables {}",
    "incompatible": "install another version of what provides {}, or of kcore",
    "broken": "repair, upgrade or remove what provides {}",
    "clashing": "say whose {} is meant, with kcore.registry.prefer or KCORE_PREFER",
}
