"""The one resolver: who gets which name. Lookups, listings, errors and the command line all read its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from kcore.registry.families import LOCAL, normalised
from kcore.registry.first_party import owner
from kcore.registry.records import UNUSABLE, Record, split_entry_point
from kcore.registry.scan import Entry
from kcore.registry.switches import Policy, Preference


class Table(NamedTuple):
    """Who gets which name in one family.

    Attributes:
        records: all, in the order of the listing.
        bare: what each bare name means.
        claimed: the enabled claims on each bare name that means nothing, because there are several.
        unmet: the preference for each bare name that means nothing, because the preferred distribution has it not.
        qualified: by normalised distribution and name.
    """

    records: tuple[Record, ...]
    bare: Mapping[str, Record]
    claimed: Mapping[str, tuple[Record, ...]]
    unmet: Mapping[str, Preference]
    qualified: Mapping[tuple[str, str], Record]


def resolve_family(
    family: str,
    entries: Iterable[Entry],
    local: Mapping[str, Record],
    failures: Mapping[tuple[str, str], str],
    policy: Policy,
    preferences: Mapping[tuple[str, str], Preference],
    incompatible: Callable[[str], str | None],
) -> Table:
    """Settle every name of a family, from metadata alone.

    Args:
        entries: of the family's group, each distribution once.
        local: what was registered in this process, by name; it has its bare name before all others.
        failures: why loading failed, by normalised distribution and name.
        incompatible: why a distribution does not fit this core; None if it does.
    """
    claims: dict[str, list[Record]] = {name: [record] for name, record in local.items()}
    qualified: dict[tuple[str, str], Record] = {(LOCAL, name): record for name, record in local.items()}
    twice: list[Record] = []
    for entry in entries:
        record = Record(family, entry.name, entry.distribution, entry.version, entry.value)
        key = normalised(entry.distribution), entry.name
        refusal, misfit = policy.refusal(entry.distribution), incompatible(entry.distribution)
        if refusal is not None:
            record = replace(record, state="disabled", reason=refusal)
        elif misfit is not None:
            record = replace(record, state="incompatible", reason=misfit)
        if key in qualified:
            first = qualified[key].entry_point
            twice.append(_shadowed(record, f"{record.distribution} names it twice, and first as {first!r}"))
            continue
        qualified[key] = record
        claims.setdefault(entry.name, []).append(record)

    bare: dict[str, Record] = {}
    claimed: dict[str, tuple[Record, ...]] = {}
    unmet: dict[str, Preference] = {}
    for name, claimants in claims.items():
        enabled = [record for record in claimants if record.state not in UNUSABLE]
        winner, why = _winner(family, name, enabled, preferences.get((family, name)))
        if winner is not None:
            bare[name] = winner
        elif enabled and (family, name) in preferences:
            unmet[name] = preferences[family, name]
        elif len(enabled) > 1:
            claimed[name] = tuple(enabled)
        for record in enabled:
            if record is not winner:
                key = normalised(record.distribution), name
                others = " and ".join(other.distribution for other in enabled if other is not record)
                reason = why or f"{others} claims the name, too"
                qualified[key] = _shadowed(record, f"{reason}; {record.qualified!r} reaches this one")

    for key, record in qualified.items():
        if record.state in UNUSABLE:
            continue
        failure = failures.get(key)
        if failure is None and record.state != "local":
            target = split_entry_point(record.entry_point)
            if target is None or not target[1]:
                failure = f"the entry point {record.entry_point!r} is not of the form 'module:attribute'"
        if failure is not None:
            qualified[key] = replace(record, state="broken", reason=failure)

    def settled(record: Record) -> Record:
        return qualified[normalised(record.distribution), record.name]

    records = sorted([*qualified.values(), *twice], key=lambda record: (record.name, record.distribution))
    return Table(
        tuple(records),
        {name: settled(record) for name, record in sorted(bare.items())},
        {name: tuple(settled(record) for record in several) for name, several in claimed.items()},
        unmet,
        qualified,
    )


def _winner(family: str, name: str, enabled: list[Record], preference: Preference | None) -> tuple[Record | None, str]:
    """Who gets the bare name, and why the others do not (empty where there is nothing to be said)."""
    for record in enabled:
        if record.distribution == LOCAL and record.state == "local":
            return record, f"the name {name!r} was registered in this process"
    if preference is not None:
        for record in enabled:
            if normalised(record.distribution) == normalised(preference.distribution):
                return record, f"{preference.source} prefers {record.distribution}"
        return None, f"{preference.source} prefers {preference.distribution}"
    first = owner(family, name)
    for record in enabled:
        if first is not None and normalised(record.distribution) == first:
            return record, f"the name {name!r} belongs to {record.distribution} {record.version}"
    return (enabled[0], "") if len(enabled) == 1 else (None, "")


def _shadowed(record: Record, reason: str) -> Record:
    return record if record.state in UNUSABLE else replace(record, state="shadowed", reason=reason)
