"""What is wrong, or not as one might expect, with the installed plugins: a finding for each cause, with a next step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from kcore.registry import Record

# What the findings are sorted by; the kinds that make ``kcore doctor`` fail.
KINDS: Final = ("switches", "unreadable", "broken", "hanging", "clashing", "incompatible", "shadowed", "disabled")
SERIOUS: Final = KINDS[:6]


@dataclass(frozen=True)
class Finding:
    """One cause and what it concerns.

    Attributes:
        kind: one of ``KINDS``.
        distribution, version: whose; empty where nobody's.
        names: what it concerns, as ``family/name``.
        cause: a sentence without its full stop. advice: the next step.
    """

    kind: str
    distribution: str
    version: str
    names: tuple[str, ...]
    cause: str
    advice: str

    @property
    def serious(self) -> bool:
        """Whether something does not work, and nobody wanted it so."""
        return self.kind in SERIOUS


def findings(records: Iterable[Record]) -> list[Finding]:
    """What there is to say about the records of a listing."""
    from kcore.registry import registry, unreadable

    found: dict[tuple[str, str, str], list[Record]] = {}
    single: list[Finding] = []
    for where, why in unreadable():
        advice = "install the distribution there anew, or remove what is left of it"
        single.append(Finding("unreadable", "", "", (where,), why, advice))
    clashes: dict[tuple[str, str], tuple[Record, ...]] = {}
    for record in records:
        if record.state in ("available", "local"):
            continue
        if record.state == "shadowed" and record.family != "plugins":
            claims = registry(record.family).claims(record.name)
            if record in claims:
                clashes[record.family, record.name] = claims
                continue
        # The reasons of shadowed records end in a sentence of their own, which would keep them apart.
        cause = (record.reason or "").partition("; ")[0] if record.state == "shadowed" else record.reason or ""
        found.setdefault((record.state, record.distribution, cause), []).append(record)
    for (family, name), claimants in clashes.items():
        who = " and ".join(f"{one.distribution} {one.version}" for one in claimants)
        choices = " or ".join(f"kcore prefer {family}/{name} {one.distribution}" for one in claimants)
        names = tuple(f"{family}/{one.qualified}" for one in claimants)
        cause = f"{who} claim {family}/{name}"
        single.append(Finding("clashing", "", "", names, cause, f"settle it: {choices}"))
    several = [
        Finding(kind, who, group[0].version, tuple(map(_name, group)), cause, _advice(kind, group[0]))
        for (kind, who, cause), group in found.items()
    ]
    return ordered([*single, *several])


def broken(record: Record, cause: str, *, hanging: bool = False) -> Finding:
    """A finding about a component that an attempt to load it has shown not to work."""
    kind = "hanging" if hanging else "broken"
    return Finding(kind, record.distribution, record.version, (_name(record),), cause, _advice(kind, record))


def merged(several: Iterable[Finding]) -> list[Finding]:
    """Findings of one kind, distribution and cause made one."""
    names: dict[Finding, list[str]] = {}
    for one in several:
        key = Finding(one.kind, one.distribution, one.version, (), one.cause, one.advice)
        names.setdefault(key, []).extend(one.names)
    return ordered(
        Finding(key.kind, key.distribution, key.version, tuple(dict.fromkeys(own)), key.cause, key.advice)
        for key, own in names.items()
    )


def ordered(several: Iterable[Finding]) -> list[Finding]:
    """The most serious first."""
    return sorted(several, key=lambda one: (KINDS.index(one.kind), one.distribution, one.names))


def _name(record: Record) -> str:
    return f"{record.family}/{record.qualified if record.state == 'shadowed' else record.name}"


def _advice(kind: str, record: Record) -> str:
    who = record.distribution
    if kind == "shadowed":
        return (
            f"{record.qualified!r} reaches it, and kcore prefer {record.family}/{record.name} {who} gives it the name"
        )
    if kind == "disabled":
        from kcore.registry.switches import switches

        return f"kcore enable {who}" if switches.policy().by_file else "change that switch to use it"
    if kind == "incompatible":
        return f"pip install --upgrade {who}, or another version of kcore; or kcore disable {who}"
    return f"pip install --upgrade {who}, or pip uninstall {who}; or kcore disable {who}"
