"""One error for all components that a saved model names and that cannot be had, with who provided them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from kcore.errors.registry import (
    AmbiguousComponentError,
    BrokenComponentError,
    DisabledComponentError,
    IncompatibleComponentError,
    UnknownComponentError,
)
from kcore.errors.saving import MissingComponent, MissingComponentsError
from kcore.models.needs import Need, needs_in
from kcore.registry.catalogue import catalogue
from kcore.registry.config import find
from kcore.registry.families import member, normalised
from kcore.registry.first_party import owner
from kcore.registry.provenance import Origin, Origins, is_first_party, requirement
from kcore.registry.records import split_name

# What the registry says of a name that means no component that can be had. No file is at fault for these.
OF_THE_REGISTRY: Final = (
    AmbiguousComponentError,
    BrokenComponentError,
    DisabledComponentError,
    IncompatibleComponentError,
    UnknownComponentError,
)
_STATES: Final = dict(zip(OF_THE_REGISTRY, ("clashing", "broken", "disabled", "incompatible", "missing"), strict=True))
# A file may name any number of components that do not exist, and each costs a look at what is installed.
MOST: Final = 100


class Saved(NamedTuple):
    """What a file holds about components: two configs as data, None where there is none, and their origins."""

    model: Any
    training: Any
    origins: Origins


@contextmanager
def all_missing_named(source: str, saved: Callable[[], Saved]) -> Iterator[None]:
    """Where the first component cannot be had, look for all the others, and say it in one error.

    Custom objects in scope count as they do for the failure.

    Args:
        source: where the config comes from, for the error.
        saved: what it holds; asked for after a failure only.

    Raises:
        MissingComponentsError: a component cannot be had.
    """
    try:
        yield
    except OF_THE_REGISTRY as error:
        raise missing_components(source, error, saved()) from error


def missing_components(source: str, error: Exception, saved: Saved) -> MissingComponentsError:
    """The error for all, of the registry's error for the first."""
    try:
        needs = needs_in(saved.model, saved.training, saved.origins)
    except RecursionError:
        needs = []
    missing: list[MissingComponent] = []
    more = False
    for need in needs:
        try:
            find(need.name, need.family)
        except OF_THE_REGISTRY as failure:
            if len(missing) == MOST:
                more = True
                break
            missing.append(described(need, failure, saved.origins))
    first = _first(error)
    known = [one for one in missing if split_name(one.name)[1] == split_name(first.name)[1]]
    if not any(one.family == first.family for one in known):
        # Its family was guessed wrongly; or the configs do not name it, as a default of something in them.
        place = known[0].place if known else ""
        missing = [one for one in missing if one not in known]
        missing.insert(0, described(first._replace(place=place), error, saved.origins))
    return MissingComponentsError(source=source, components=missing, more=more)


def state_of(error: Exception) -> str:
    """The registry's error in a word: ``missing``, ``disabled``, ``incompatible``, ``broken``, or ``clashing``.

    Clashing is also the name that a preference gives to a distribution that has it not.
    """
    return "clashing" if getattr(error, "preference", None) else _STATES.get(type(error), "missing")


def described(need: Need, error: Exception, origins: Origins) -> MissingComponent:
    """What a need cannot be met for, and who could meet it."""
    state = state_of(error)
    bare = split_name(need.name)[1]
    origin, from_file = origins.get((need.family, need.name)), True
    first = owner(need.family, bare)
    if origin is None and first is not None and (need.name == bare or getattr(error, "provider", None)):
        origin = Origin(first, "")
    if origin is None or normalised(origin.distribution) == first:
        from_file = False
    reason, helps = _reason(need, error, origin)
    return MissingComponent(
        family=need.family,
        noun=member(need.family),
        name=need.name,
        place=need.place,
        state=state,
        reason=reason,
        distribution=origin.distribution if origin else None,
        version=origin.version if origin else "",
        from_file=from_file,
        install=requirement(origin) if origin and helps else None,
    )


def _reason(need: Need, error: Any, origin: Origin | None) -> tuple[str, bool]:
    """Why a component cannot be had, and whether installing what it comes from helps."""
    if isinstance(error, DisabledComponentError):
        return f"{_who(error)} is disabled: {error.reason}", False  # type: ignore[attr-defined]
    if isinstance(error, IncompatibleComponentError):
        return f"{_who(error)} is incompatible: {error.reason}", False  # type: ignore[attr-defined]
    if isinstance(error, BrokenComponentError):
        cause: Any = error.cause  # type: ignore[attr-defined]
        why = cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
        return f"{_who(error)} is broken: {why}", False
    if isinstance(error, AmbiguousComponentError):
        claims: dict[str, str] = error.claims  # type: ignore[attr-defined]
        return f"claimed by {' and '.join(f'{name} {version}' for name, version in claims.items())}", False
    if error.preference:
        return f"{error.preference} asks for that of {error.distribution}, which has it not here", False
    installed = {normalised(name): version for name, version in catalogue.versions().items()}
    version = installed.get(normalised(origin.distribution)) if origin else None
    if origin is not None and version is not None:
        reason = f"{origin.distribution} {version} is installed, but has no {member(need.family)} of that name"
        return reason, version != origin.version and not is_first_party(origin.distribution)
    near = error.near if origin is None else ()
    return f"not installed{f' (there is {_either(near)})' if near else ''}", True


def _first(error: Any) -> Need:
    """The name that an error of the registry is about, as it was asked for."""
    distribution = getattr(error, "distribution", None)
    qualified = isinstance(error, UnknownComponentError) and distribution and not error.preference  # type: ignore[attr-defined]
    return Need(error.family, f"{distribution}>{error.name}" if qualified else error.name, "")


def _who(error: Any) -> str:
    return f"{error.distribution} {error.version}"


def _either(names: Any) -> str:
    return " or ".join(map(repr, names))


def json_or_none(text: str | None) -> Any:
    """The data that a text holds; None if there is no text, or no JSON."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None
