"""What to say about a name that nobody provides: who would, what is like it, and where else it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kcore.errors.registry import UnknownComponentError
from kcore.registry.families import member, normalised
from kcore.registry.first_party import FIRST_PARTY, owner
from kcore.registry.records import UNUSABLE
from kcore.registry.resolver import Table


def near_names(name: str, names: Sequence[str], most: int = 3) -> list[str]:
    """The names most like one: first those that differ in case or underscores only."""
    import difflib

    def plain(text: str) -> str:
        return text.replace("_", "").replace("-", "").lower()

    by_plain: dict[str, list[str]] = {}
    for candidate in sorted(names):
        by_plain.setdefault(plain(candidate), []).append(candidate)
    close = difflib.get_close_matches(plain(name), list(by_plain), n=most, cutoff=0.7)
    found = [candidate for match in close for candidate in by_plain[match]]
    return [candidate for candidate in found if candidate != name][:most]


def unknown(
    family: str,
    name: str,
    distribution: str | None,
    table: Table,
    versions: Mapping[str, str],
    elsewhere: Sequence[str],
    preference: str | None = None,
) -> UnknownComponentError:
    """The error for a name that means nothing in this family.

    Args:
        distribution: the one asked for, if the name was a qualified one.
        versions: of the distributions that bring anything for kcore.
        elsewhere: the other families that have the name.
    """
    installed = {normalised(known): version for known, version in versions.items()}
    noun = member(family)
    provider = owner(family, name)
    if distribution is not None and (provider is None or normalised(distribution) != provider):
        provider = None
    mine = [
        record.name
        for record in table.records
        if record.state not in UNUSABLE
        and (distribution is None or normalised(record.distribution) == normalised(distribution))
    ]
    near, near_provider = ([], None) if provider else (near_names(name, mine), None)
    if distribution is None and not near and not provider:
        for candidate, names in FIRST_PARTY.get(family, {}).items():
            if candidate not in installed and not near:
                near = near_names(name, names)
                near_provider = candidate if near else None
    if distribution is not None:
        near = [f"{distribution}>{candidate}" for candidate in near]
        near += [record.qualified for record in table.records if record.name == name and record.state not in UNUSABLE]
    return UnknownComponentError(
        family=family,
        noun=noun,
        name=name,
        distribution=distribution,
        distribution_version=None if distribution is None else installed.get(normalised(distribution)),
        provider=provider,
        provider_version=None if provider is None else installed.get(provider),
        near=near,
        near_provider=near_provider,
        elsewhere=[member(other) for other in elsewhere],
        installed=list(table.bare),
        preference=preference,
    )
