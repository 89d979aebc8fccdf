"""Errors of the registry room: names that mean nothing, two things, something broken, or something switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kcore.errors.base import KcoreError
from kcore.errors.warnings import KcoreWarning


def _either(names: Sequence[str]) -> str:
    return " or ".join(map(repr, names))


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


class UnknownFamilyError(KcoreError, LookupError):
    """A registry was asked for by a name that is no family. Attributes: `family`, `families`, `near`."""

    def __init__(self, *, family: object, families: Sequence[str], near: Sequence[str] = ()) -> None:
        hint = f" Did you mean {_either(near)}?" if near else ""
        super().__init__(
            f"There is no family of components named {family!r}.{hint} The families are {', '.join(families)}.",
            family=family,
            families=tuple(families),
            near=tuple(near),
        )


class UnknownComponentError(KcoreError, LookupError):
    """No installed distribution provides the name.

    Attributes:
        family, noun, name: what was asked for; `noun` is the family in the singular.
        distribution: the one asked for by a qualified name, if so.
        provider, provider_version: the first-party distribution that owns the name; its version if it is installed
            all the same.
        near: names like it in the family. elsewhere: the nouns of other families that have the name.
        installed: the names that could have been meant.
        preference: the text of the preference that asked for `distribution`, if one did.
    """

    provider: str | None

    def __init__(
        self,
        *,
        family: str,
        noun: str,
        name: str,
        distribution: str | None = None,
        distribution_version: str | None = None,
        provider: str | None = None,
        provider_version: str | None = None,
        near: Sequence[str] = (),
        near_provider: str | None = None,
        elsewhere: Sequence[str] = (),
        installed: Sequence[str] = (),
        preference: str | None = None,
    ) -> None:
        asked = name if distribution is None else f"{distribution}>{name}"
        parts = [f"No {noun} named {asked!r} is installed."]
        if preference is not None:
            parts.append(f"It was asked for because of {preference}.")
        if provider is not None and provider_version is None:
            parts.append(f"{provider} provides {name!r}, but it is not installed: pip install {provider}")
        elif provider is not None:
            parts.append(
                f"{provider} provides {name!r}, but not in the installed version {provider_version}: "
                f"pip install --upgrade {provider}"
            )
        elif distribution is not None and distribution_version is None:
            parts.append(f"No installed distribution named {distribution!r} has components for kcore.")
        elif distribution is not None:
            parts.append(f"{distribution} {distribution_version} is installed, but has no {noun} of that name.")
        if near and near_provider is not None:
            parts.append(
                f"Did you mean {_either(near)}? {near_provider} provides that, but it is not installed: "
                f"pip install {near_provider}"
            )
        elif near:
            parts.append(f"Did you mean {_either(near)}?")
        if elsewhere:
            parts.append(f"Did you mean the {' or the '.join(elsewhere)} of that name?")
        if provider is None and not near and not elsewhere:
            some = f"Installed {family}: {_listed(sorted(installed))}." if installed else f"No {family} are installed."
            parts.append(some)
        super().__init__(
            " ".join(parts),
            family=family,
            noun=noun,
            name=name,
            distribution=distribution,
            distribution_version=distribution_version,
            provider=provider,
            provider_version=provider_version,
            near=tuple(near),
            near_provider=near_provider,
            elsewhere=tuple(elsewhere),
            installed=tuple(installed),
            preference=preference,
        )


class AmbiguousComponentError(KcoreError, LookupError):
    """Several distributions claim a bare name. Attributes: `family`, `noun`, `name`, `claims` (dist -> version)."""

    def __init__(self, *, family: str, noun: str, name: str, claims: Mapping[str, str]) -> None:
        who = " and ".join(f"{distribution} {version}" for distribution, version in claims.items())
        names = " or ".join(repr(f"{distribution}>{name}") for distribution in claims)
        first = next(iter(claims))
        super().__init__(
            f"The {noun} name {name!r} is claimed by {who}. Say which you mean, {names}, or settle it with "
            f"kcore.registry.prefer({family!r}, {name!r}, {first!r}) or KCORE_PREFER={family}/{name}={first}.",
            family=family,
            noun=noun,
            name=name,
            claims=dict(claims),
        )


class BrokenComponentError(KcoreError, RuntimeError):
    """A component is installed but cannot be loaded; the cause is chained.

    Attributes: `family`, `noun`, `name`, `distribution`, `version`, `entry_point`, `cause` (the exception, or a
    sentence).
    """

    def __init__(
        self,
        *,
        family: str,
        noun: str,
        name: str,
        distribution: str,
        version: str,
        entry_point: str,
        cause: BaseException | str,
    ) -> None:
        why = cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
        super().__init__(
            f"The {noun} {name!r} of {distribution} {version} cannot be loaded from its entry point {entry_point!r}: "
            f"{why}. Other components are not affected. Repair, upgrade or remove {distribution}; in a running "
            "process, call kcore.registry.refresh() afterwards.",
            family=family,
            noun=noun,
            name=name,
            distribution=distribution,
            version=version,
            entry_point=entry_point,
            cause=cause,
        )


class DisabledComponentError(KcoreError, LookupError):
    """A component is installed but switched off. Attributes: `family`, `noun`, `name`, `distribution`, `reason`."""

    def __init__(self, *, family: str, noun: str, name: str, distribution: str, version: str, reason: str) -> None:
        super().__init__(
            f"The {noun} {name!r} of {distribution} {version} is disabled: {reason}. Change that switch to use it.",
            family=family,
            noun=noun,
            name=name,
            distribution=distribution,
            version=version,
            reason=reason,
        )


class IncompatibleComponentError(KcoreError, LookupError):
    """A component is installed, but for another version of the plugin API.

    Attributes:
        family, noun, name, distribution, version: which one.
        declared: the plugin API that the distribution was made for, as it says; reason: the trouble with that.
        api_version, core_version: the plugin API of this kcore, and its version.
    """

    def __init__(
        self,
        *,
        family: str,
        noun: str,
        name: str,
        distribution: str,
        version: str,
        declared: str,
        reason: str,
        api_version: int,
        core_version: str,
    ) -> None:
        super().__init__(
            f"The {noun} {name!r} of {distribution} {version} cannot be used with kcore {core_version}, whose plugin "
            f"API is {api_version}: {reason}. Install another version of {distribution} (pip install --upgrade "
            f"{distribution}) or of kcore. Other components are not affected.",
            family=family,
            noun=noun,
            name=name,
            distribution=distribution,
            version=version,
            declared=declared,
            reason=reason,
            api_version=api_version,
            core_version=core_version,
        )


class NameTakenError(KcoreError, ValueError):
    """A name to be registered that is in use. Attributes: `family`, `noun`, `name`, `holder` (who has it)."""

    def __init__(self, *, family: str, noun: str, name: str, holder: str) -> None:
        super().__init__(
            f"There is a {noun} named {name!r} already, from {holder}. Register yours under another name, or with "
            "override=True to use it instead in this process.",
            family=family,
            noun=noun,
            name=name,
            holder=holder,
        )


class RegistrationError(KcoreError, TypeError):
    """Something that cannot be registered. Attributes: `family`, `noun`, `value`, `problem`."""

    def __init__(self, *, family: str, noun: str, value: object, problem: str) -> None:
        super().__init__(
            f"{value!r} cannot be registered as a {noun}: {problem}.",
            family=family,
            noun=noun,
            value=value,
            problem=problem,
        )


class SwitchError(KcoreError, ValueError):
    """A switch that cannot be understood. Attributes: `switch`, `value`, `problem`, `allowed`."""

    def __init__(self, *, switch: str, value: str, problem: str, allowed: str) -> None:
        super().__init__(
            f"{switch}={value!r} cannot be understood: {problem}. Allowed: {allowed}.",
            switch=switch,
            value=value,
            problem=problem,
            allowed=allowed,
        )


class SwitchFileError(KcoreError, ValueError):
    """The user's file of switches cannot be used. Attributes: `path`, `problem`."""

    def __init__(self, *, path: str, problem: str) -> None:
        super().__init__(
            f"The switches in {path} cannot be used: {problem}. Repair or remove the file, or set KCORE_CONFIG to "
            "another one, or to 'off' to do without.",
            path=path,
            problem=problem,
        )


class ConfigError(KcoreError, ValueError):
    """A config that no component can be made from, or a component that no config can be made of.

    Attributes:
        problem: what is wrong; expected: what is needed instead.
        component: the name concerned, if known; distribution: who brings it, if known.
        unknown, accepted: constructor arguments, where the trouble is with them.
    """

    def __init__(
        self,
        *,
        problem: str,
        expected: str,
        component: str | None = None,
        distribution: str | None = None,
        unknown: Sequence[str] = (),
        accepted: Sequence[str] = (),
        **data: Any,
    ) -> None:
        who = f"{component!r} of {distribution}" if distribution else repr(component)
        subject = f"The config of {who}" if component else "The config"
        super().__init__(
            f"{subject} {problem}. Expected: {expected}.",
            problem=problem,
            expected=expected,
            component=component,
            distribution=distribution,
            unknown=tuple(unknown),
            accepted=tuple(accepted),
            **data,
        )


class KcorePluginWarning(KcoreWarning):
    """A hook module that is left out. Attributes: `distribution`, `version`, `entry_point`, `reason`."""

    def __init__(self, *, distribution: str, version: str, entry_point: str, reason: str) -> None:
        super().__init__(
            f"The hooks {entry_point!r} of {distribution} {version} are left out: {reason}. Repair, upgrade or remove "
            f"{distribution}, or switch it off with KCORE_PLUGINS=-{distribution}.",
            distribution=distribution,
            version=version,
            entry_point=entry_point,
            reason=reason,
        )
