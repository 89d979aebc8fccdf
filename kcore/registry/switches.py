"""The switches: which distributions may take part, and which one is meant by a name that several claim.

``KCORE_PLUGINS``: unset or ``all``, everybody; ``off`` (or ``none``, or empty), nobody but kcore itself; else a
comma-separated list, ``dist`` to allow that one (and then only those listed), ``-dist`` to deny it.
``KCORE_PREFER``: comma-separated ``family/name=distribution``. What is set in code wins over the environment, and the
environment over the user's file (`kcore.registry.switch_file`): ``KCORE_PLUGINS`` replaces all that the file disables.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Final, NamedTuple

from kcore.errors.registry import SwitchError, UnknownFamilyError
from kcore.registry import switch_file
from kcore.registry.families import CORE_DISTRIBUTION, FAMILIES, normalised

PLUGINS: Final = "KCORE_PLUGINS"
PREFER: Final = "KCORE_PREFER"
_NOBODY: Final = ("", "off", "none")
_ALLOWED_PLUGINS: Final = "'all', 'off', or distributions separated by commas, with a leading minus to deny one"
_ALLOWED_PREFER: Final = "family/name=distribution, several separated by commas"


class Policy(NamedTuple):
    """Which distributions may take part: those in `allow` (None: all) that are not in `deny`; and who says so."""

    allow: frozenset[str] | None
    deny: frozenset[str]
    source: str
    by_file: bool = False

    def refusal(self, distribution: str) -> str | None:
        """Why the distribution may not take part; None if it may."""
        name = normalised(distribution)
        if name == CORE_DISTRIBUTION:
            return None
        if name in self.deny:
            return f"{self.source} disables {name}" if self.by_file else f"{self.source} denies {name}"
        if self.allow is None or name in self.allow:
            return None
        return f"{self.source} does not list {name}" if self.allow else f"{self.source} allows only kcore itself"


class Preference(NamedTuple):
    """The distribution that a bare name is to mean, and where that was said."""

    distribution: str
    source: str


def parse_plugins(text: str, switch: str = PLUGINS) -> Policy:
    """The policy that a value of the switch stands for.

    Raises:
        SwitchError: a part that is no name, a keyword beside names, or a denial of kcore itself.
    """
    source = f"{switch}={text!r}"
    whole = text.strip().lower()
    if whole in _NOBODY:
        return Policy(frozenset(), frozenset(), source)
    if whole == "all":
        return Policy(None, frozenset(), source)
    allow: set[str] = set()
    deny: set[str] = set()
    for part in text.split(","):
        denied = part.strip().startswith("-")
        name = normalised(part.strip().removeprefix("-"))
        problem = None
        if not name:
            problem = "it has an empty part"
        elif name in (*_NOBODY, "all"):
            problem = f"{name!r} stands beside other parts"
        elif denied and name == CORE_DISTRIBUTION:
            problem = "kcore itself cannot be denied"
        if problem:
            raise SwitchError(switch=switch, value=text, problem=problem, allowed=_ALLOWED_PLUGINS)
        (deny if denied else allow).add(name)
    return Policy(frozenset(allow) if allow or not deny else None, frozenset(deny), source)


def parse_prefer(text: str) -> dict[tuple[str, str], Preference]:
    """The preferences that a value of ``KCORE_PREFER`` stands for.

    Raises:
        SwitchError: a part that is not ``family/name=distribution``.
    """
    found: dict[tuple[str, str], Preference] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        place, _, distribution = part.rpartition("=")
        family, _, name = place.partition("/")
        family, name, distribution = family.strip(), name.strip(), distribution.strip()
        if family not in FAMILIES or not name or not distribution:
            problem = f"{part!r} is not of that form"
            if name and distribution:
                problem = f"{family!r} is no family"
            raise SwitchError(switch=PREFER, value=text, problem=problem, allowed=_ALLOWED_PREFER)
        found[family, name] = Preference(distribution, f"{PREFER}={text!r}")
    return found


def _from_file() -> tuple[Policy, dict[tuple[str, str], Preference]]:
    """What the user's file says.

    Raises:
        SwitchFileError: it cannot be used.
    """
    path = switch_file.switch_file() or ""
    said, source = switch_file.read(path), switch_file.shown(path)
    preferences = {place: Preference(distribution, source) for place, distribution in said.preferred.items()}
    return Policy(None, frozenset(map(normalised, said.disabled)), source, by_file=True), preferences


class Switches:
    """The switches of this process. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._configured: Policy | None = None
        self._preferences: dict[tuple[str, str], Preference] = {}
        self._changes = 0
        self._parsed: tuple[object, Policy, dict[tuple[str, str], Preference]] | None = None

    def key(self) -> tuple[int, str | None, str | None, object]:
        """Equal as long as nothing about the switches has changed."""
        return self._changes, os.environ.get(PLUGINS), os.environ.get(PREFER), switch_file.stamp()

    def policy(self) -> Policy:
        """Which distributions may take part now."""
        return self._current()[0]

    def preferences(self) -> dict[tuple[str, str], Preference]:
        """By family and name: the distribution that the bare name is to mean."""
        return self._current()[1]

    def configure(self, policy: Policy | None) -> Policy | None:
        """Set the policy in code (None: back to the environment's); returns the one set before."""
        with self._lock:
            before, self._configured = self._configured, policy
            self._changes += 1
            return before

    def prefer(self, family: str, name: str, distribution: str | None) -> None:
        """Set, or with None take back, what a bare name is to mean."""
        with self._lock:
            if distribution is None:
                self._preferences.pop((family, name), None)
            else:
                source = f"kcore.registry.prefer({family!r}, {name!r}, {distribution!r})"
                self._preferences[family, name] = Preference(distribution, source)
            self._changes += 1

    def _current(self) -> tuple[Policy, dict[tuple[str, str], Preference]]:
        key = self.key()
        parsed = self._parsed
        if parsed is None or parsed[0] != key:
            _, plugins, prefer, file = key
            with self._lock:
                kept, preferences = _from_file() if file is not None else (parse_plugins("all"), {})
                policy = self._configured or (kept if plugins is None else parse_plugins(plugins))
                parsed = key, policy, {**preferences, **parse_prefer(prefer or ""), **self._preferences}
                self._parsed = parsed
        return parsed[1], parsed[2]


switches = Switches()


class configure_plugins:  # noqa: N801 - reads as the function that it also is
    """Say which distributions may take part, whatever ``KCORE_PLUGINS`` says.

    Takes effect at once and stays; as a context manager, until the block ends::

        configure_plugins("off")
        with configure_plugins(["kcore-layers", "kcore-losses"]):
            ...

    Args:
        plugins: what ``KCORE_PLUGINS`` may be, or a list of such parts; None for what the environment says.

    Raises:
        SwitchError: the value cannot be understood.
    """

    def __init__(self, plugins: str | Iterable[str] | None) -> None:
        policy = None
        if plugins is not None:
            text = plugins if isinstance(plugins, str) else ",".join(plugins)
            policy = parse_plugins(text, "configure_plugins")
        self._before = switches.configure(policy)

    def __enter__(self) -> configure_plugins:
        return self

    def __exit__(self, *_: object) -> None:
        switches.configure(self._before)


def prefer(family: str, name: str, distribution: str | None) -> None:
    """Say which distribution the bare name means in this process; None takes that back.

    It holds for lookups, listings and configs alike, and wins over ``KCORE_PREFER`` and over the first-party owner.

    Raises:
        UnknownFamilyError: there is no such family.
    """
    if family not in FAMILIES:
        raise UnknownFamilyError(family=family, families=list(FAMILIES))
    switches.prefer(family, name, distribution)
