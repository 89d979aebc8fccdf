"""Names to components, one registry a family."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from kcore.errors.registry import (
    AmbiguousComponentError,
    BrokenComponentError,
    DisabledComponentError,
    IncompatibleComponentError,
    UnknownComponentError,
    UnknownFamilyError,
)
from kcore.registry import first_party
from kcore.registry.api import API_VERSION, declared_api, incompatible
from kcore.registry.catalogue import catalogue
from kcore.registry.families import FAMILIES, LOCAL, group_of, member, normalised
from kcore.registry.loading import ModuleFinder, is_half_imported, load_object
from kcore.registry.records import UNUSABLE, Record, split_entry_point, split_name
from kcore.registry.registration import Registration
from kcore.registry.resolver import Table, resolve_family
from kcore.registry.scan import Entry
from kcore.registry.switches import switches

_Key = tuple[str, str]


class Registry(Registration):
    """The components of one family, by name. Use ``registry("layers")``; there is one for each family.

    A name is a bare one (``"Dense"``) or a qualified one (``"kcore-layers>Dense"``). Names, records and completion come
    from installed metadata; a component is imported when it is first asked for, and only that one.
    """

    def __init__(self, family: str) -> None:
        self.family = family
        self._lock = threading.RLock()
        self._local: dict[str, Record] = {}
        self._objects: dict[_Key, Any] = {}
        self._failures: dict[_Key, BaseException | str] = {}
        self._changes = 0
        self._settled: tuple[object, Table, dict[str, list[Record]]] | None = None
        self._parts: tuple[object, dict[str, Table]] = None, {}

    def __repr__(self) -> str:
        return f"registry({self.family!r})"

    # -- names -----------------------------------------------------------------------------------------------------

    def resolve(self, name: str) -> Record:
        """What the name means.

        Raises:
            UnknownComponentError: no installed distribution provides it.
            AmbiguousComponentError: several do, and none of them owns it.
            DisabledComponentError: only switched-off ones do.
            IncompatibleComponentError: only ones for another version of the plugin API do.
            BrokenComponentError: it was seen failing, or its entry point cannot work.
        """
        if not isinstance(name, str):
            raise TypeError(f"The name of a {member(self.family)} is a string, not {name!r}.")
        found = self._look_up(name)
        if found is None and catalogue.refresh_if_changed():
            found = self._look_up(name)
        if found is None:
            raise self._unknown(name)
        if found.state == "disabled":
            raise DisabledComponentError(noun=member(self.family), reason=found.reason or "", **_origin(found))
        if found.state == "incompatible":
            raise self._incompatible(found)
        if found.state == "broken":
            cause = self._failures.get(_key(found), found.reason or "")
            error = BrokenComponentError(
                noun=member(self.family), entry_point=found.entry_point, cause=cause, **_origin(found)
            )
            raise error from (cause if isinstance(cause, BaseException) else None)
        return found

    def load(self, name: str) -> Any:
        """The component itself: a class, or a function. Imported on first use.

        Raises:
            UnknownComponentError, AmbiguousComponentError, DisabledComponentError, BrokenComponentError: see `resolve`.
        """
        return self.load_record(self.resolve(name))

    __getitem__ = load

    def load_record(self, record: Record) -> Any:
        """The component of one record of this registry."""
        key = _key(record)
        if key in self._objects:
            return self._objects[key]
        try:
            found = load_object(record.entry_point)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # A plugin that calls sys.exit() when imported is broken, too.
            if not is_half_imported(record.entry_point):
                with self._lock:
                    self._failures[key] = error
                    self._changes += 1
            raise BrokenComponentError(
                noun=member(self.family), entry_point=record.entry_point, cause=error, **_origin(record)
            ) from error
        with self._lock:
            return self._objects.setdefault(key, found)

    def records(self, *, check: bool = False) -> list[Record]:
        """Everything that claims a name in this family, whatever its state. Imports nothing.

        Args:
            check: also look whether the modules exist, and call those that do not broken.
        """
        records = list(self._table().records)
        if not check:
            return records
        finder = ModuleFinder()
        for place, record in enumerate(records):
            if record.state in ("available", "shadowed"):
                problem = finder.problem(record.entry_point)
                if problem is not None:
                    records[place] = replace(record, state="broken", reason=problem)
        return records

    def claims(self, name: str) -> tuple[Record, ...]:
        """Those who claim a bare name that means nothing, because there are several and none of them owns it."""
        return self._table().claimed.get(name, ())

    def names(self) -> list[str]:
        """The bare names that mean something here, from metadata alone, in alphabetical order."""
        return [name for name, record in self._table().bare.items() if record.state != "broken"]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __contains__(self, name: object) -> bool:
        found = self._look_up(name, strict=False) if isinstance(name, str) else None
        return found is not None and found.state not in ("broken", *UNUSABLE)

    def records_of(self, target: Any) -> list[Record]:
        """The records under which a class or function is known: by what was loaded, or by where it was defined."""
        here = f"{getattr(target, '__module__', None)}:{getattr(target, '__qualname__', None)}"
        table, by_entry_point = self._tables()
        found = list(by_entry_point.get(here, ()))
        if not found:
            found = [record for record in table.records if self._objects.get(_key(record), self) is target]
        if not found:
            # Defined in one module and named by another of the same package: loading costs little, it is imported.
            package, attribute = here.partition(".")[0].partition(":")[0], ":" + here.partition(":")[2]
            found = [
                record
                for record in table.records
                if record.state in ("available", "shadowed")
                and record.entry_point.partition(":")[0].partition(".")[0] == package
                and record.entry_point.endswith(attribute)
                and self._loads_as(record, target)
            ]
        return found

    # -- components ------------------------------------------------------------------------------------------------

    def get(self, identifier: Any, **kwargs: Any) -> Any:
        """The component an identifier stands for.

        None gives None; a name gives the component (a class is instantiated with ``kwargs``, a function returned as
        it is); a config ``{"class_name": ..., "config": ...}`` gives what it describes; anything else is returned as
        it is.

        Raises:
            ConfigError: the config is malformed, or has arguments that the component does not take.
            UnknownComponentError, AmbiguousComponentError, DisabledComponentError, BrokenComponentError: see `resolve`.
        """
        from kcore.registry.config import get

        return get(identifier, self.family, **kwargs)

    def serialize(self, obj: Any) -> Any:
        """A component of this family as plain data; see `kcore.registry.serialize`."""
        from kcore.registry.config import serialize

        return serialize(obj, self.family)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """A component from its config; see `kcore.registry.deserialize`."""
        from kcore.registry.config import deserialize

        return deserialize(config, self.family, custom_objects)

    def forget(self) -> None:
        """Forget what was loaded and what failed; `kcore.registry.refresh` does this for all families.

        What was loaded stays the same object, as Python keeps its module.
        """
        with self._lock:
            self._failures.clear()
            self._objects = {key: value for key, value in self._objects.items() if key[0] == LOCAL}
            self._changes += 1

    # -- within ----------------------------------------------------------------------------------------------------

    def _table(self) -> Table:
        return self._tables()[0]

    def _tables(self) -> tuple[Table, dict[str, list[Record]]]:
        """The resolver's table, and its records by entry point."""
        key = self._state()
        settled = self._settled
        if settled is None or settled[0] != key:
            table = self._resolved()
            by_entry_point: dict[str, list[Record]] = {}
            for record in table.records:
                place = split_entry_point(record.entry_point)
                spelled = f"{place[0]}:{place[1]}" if place else record.entry_point
                by_entry_point.setdefault(spelled, []).append(record)
            settled = self._settled = key, table, by_entry_point
        return settled[1], settled[2]

    def _table_about(self, name: str) -> Table:
        """The whole table if it is there, else the part that decides about one name: a lookup waits for no more."""
        key = self._state()
        settled, parts = self._settled, self._parts
        if settled is not None and settled[0] == key:
            return settled[1]
        if parts[0] != key:
            parts = self._parts = key, {}
        if name not in parts[1]:
            parts[1][name] = self._resolved({name, split_name(name)[1]})
        return parts[1][name]

    def _state(self) -> object:
        """Equal as long as the tables stay as they are; to be asked for before them, so that they are never too old."""
        catalogue.entries("")
        return catalogue.generation, switches.key(), self._changes

    def _resolved(self, names: Collection[str] | None = None) -> Table:
        """The resolver's answer for all names, or some."""
        entries: Iterable[Entry] = catalogue.entries(group_of(self.family))
        local: Mapping[str, Record] = self._local
        if names is not None:
            entries = [entry for entry in entries if entry.name in names]
            local = {name: record for name, record in local.items() if name in names}
        with self._lock:
            reasons = {key: _reason(failure) for key, failure in self._failures.items()}
            return resolve_family(
                self.family, entries, local, reasons, switches.policy(), switches.preferences(), incompatible
            )

    def _look_up(self, name: str, *, strict: bool = True) -> Record | None:
        """The record that a name means, unusable ones included; None if there is none."""
        table = self._table_about(name)
        if name in table.bare:
            return table.bare[name]
        if name in table.claimed:
            if not strict:
                return None
            raise AmbiguousComponentError(
                family=self.family,
                noun=member(self.family),
                name=name,
                claims={record.distribution: record.version for record in table.claimed[name]},
            )
        distribution, rest = split_name(name)
        if distribution is None and name in table.unmet:
            preference = table.unmet[name]
            distribution = preference.distribution
        if distribution is not None:
            return table.qualified.get((normalised(distribution), rest))
        unusable = [record for record in table.records if record.name == name and record.state in UNUSABLE]
        first = first_party.owner(self.family, name)
        return min(unusable, key=lambda record: normalised(record.distribution) != first, default=None)

    def _incompatible(self, record: Record) -> IncompatibleComponentError:
        declared = declared_api(record.distribution)
        return IncompatibleComponentError(
            noun=member(self.family),
            declared="" if declared is None else declared.text,
            reason=record.reason or "",
            api_version=API_VERSION,
            core_version=import_module("kcore").__version__,
            **_origin(record),
        )

    def _unknown(self, name: str) -> UnknownComponentError:
        from kcore.registry.suggestions import unknown

        table = self._table()
        distribution, rest = split_name(name)
        preference = table.unmet.get(name)
        elsewhere: list[str] = []
        if distribution is None and preference is None and first_party.owner(self.family, name) is None:
            others = [other for other in FAMILIES if other != self.family]
            elsewhere = [other for other in others if name in registry(other)]
            elsewhere = elsewhere or [other for other in first_party.families_with(name) if other in others]
        return unknown(
            self.family,
            rest,
            distribution if preference is None else preference.distribution,
            table,
            catalogue.versions(),
            elsewhere,
            None if preference is None else preference.source,
        )

    def _loads_as(self, record: Record, target: Any) -> bool:
        try:
            return self.load_record(record) is target
        except BrokenComponentError:
            return False


_REGISTRIES: dict[str, Registry] = {}
_LOCK = threading.Lock()


def registry(family: str) -> Registry:
    """The registry of a family: ``registry("layers")``.

    Raises:
        UnknownFamilyError: there is no such family.
    """
    found = _REGISTRIES.get(family) if isinstance(family, str) else None
    if found is None:
        if not isinstance(family, str) or family not in FAMILIES:
            from kcore.registry.suggestions import near_names

            near = near_names(family, list(FAMILIES)) if isinstance(family, str) else []
            raise UnknownFamilyError(family=family, families=list(FAMILIES), near=near)
        with _LOCK:
            found = _REGISTRIES.setdefault(family, Registry(family))
    return found


def unreadable() -> tuple[tuple[str, str], ...]:
    """Where installed metadata could not be read, so that a distribution's components may be missing; and why."""
    return catalogue.unreadable()


def refresh() -> None:
    """Look again at what is installed, and try again to load what failed; the hooks are `kcore.registry.refresh`'s."""
    catalogue.refresh()
    for family in list(_REGISTRIES.values()):
        family.forget()


def _key(record: Record) -> _Key:
    return normalised(record.distribution), record.name


def _origin(record: Record) -> dict[str, str]:
    return {
        "family": record.family,
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
    }


def _reason(failure: BaseException | str) -> str:
    return failure if isinstance(failure, str) else f"{type(failure).__name__}: {failure}"
