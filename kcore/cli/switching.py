"""``kcore enable``, ``disable`` and ``prefer``: the user's switches, kept in a file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from kcore.cli.families import COMPONENT
from kcore.cli.group import Command

if TYPE_CHECKING:
    from kcore.registry.switch_file import SwitchFile

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def _names(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from kcore.registry.families import CORE_DISTRIBUTION, normalised

    for value in values:
        if not _NAME.fullmatch(value):
            raise click.BadParameter(f"{value!r} is no name of a distribution.", context, parameter)
        if normalised(value) == CORE_DISTRIBUTION:
            raise click.BadParameter("kcore itself is always enabled.", context, parameter)
    return tuple(dict.fromkeys(map(normalised, values)))


_distributions = click.argument(
    "distributions", nargs=-1, required=True, metavar="DISTRIBUTION...", callback=_names, type=str
)


@click.command(cls=Command, short_help="Leave a distribution's components and hooks out, from now on.")
@_distributions
def disable(distributions: tuple[str, ...]) -> None:
    """Leave all components and hooks of a DISTRIBUTION out, in every process of this user, until it is enabled.

    This is written to the file of switches (config.toml in kcore's settings folder, or what KCORE_CONFIG names).
    KCORE_PLUGINS and code win over it. No plugin is imported.

    \b
    Example:
      kcore disable some-layers
    """
    from kcore.registry.catalogue import catalogue
    from kcore.registry.families import normalised

    path, said = _now()
    known = {normalised(name) for name in catalogue.versions()}
    _write(path, said._replace(disabled=tuple({*_normal(said.disabled), *distributions})))
    for name in distributions:
        missing = "" if name in known else " (no installed distribution of that name has anything for kcore)"
        click.echo(f"{name} is disabled in {_shown(path)}{missing}")
    _tell_environment("KCORE_PLUGINS", "that file's list of disabled distributions has no effect")


@click.command(cls=Command, short_help="Take back what disable did.")
@_distributions
def enable(distributions: tuple[str, ...]) -> None:
    """Let a DISTRIBUTION that was disabled with kcore disable take part again. No plugin is imported.

    \b
    Example:
      kcore enable some-layers
    """
    path, said = _now()
    before = set(_normal(said.disabled))
    if before & set(distributions):
        _write(path, said._replace(disabled=tuple(before - set(distributions))))
    for name in distributions:
        outcome = "is enabled again" if name in before else "was not disabled"
        click.echo(f"{name} {outcome} in {_shown(path)}")
    _tell_environment("KCORE_PLUGINS", "it alone says which distributions take part")


@click.command(cls=Command, short_help="Say which distribution a bare name means.")
@click.argument("component", type=COMPONENT, metavar="FAMILY/NAME")
@click.argument("distribution", required=False, metavar="[DISTRIBUTION]")
@click.option("--forget", is_flag=True, help="Take the preference for this name back.")
def prefer(component: tuple[str, str], distribution: str | None, forget: bool) -> None:
    """Let the bare name FAMILY/NAME mean what DISTRIBUTION brings, in every process of this user.

    This settles a name that several distributions claim, and may take a name from its owner. It is written to the file
    of switches; KCORE_PREFER and code win over it. No plugin is imported.

    \b
    Examples:
      kcore prefer layers/Dense other-layers
      kcore prefer layers/Dense --forget
    """
    from kcore.registry import registry
    from kcore.registry.records import split_name

    family, name = component
    if (distribution is None) != forget:
        raise click.UsageError("Say either the distribution that is meant, or --forget.")
    if split_name(name)[0] is not None:
        raise click.UsageError(f"{name!r} says already which distribution it means; give the bare name.")
    path, said = _now()
    preferred = dict(said.preferred)
    if distribution is None:
        known = preferred.pop((family, name), None)
        if known is not None:
            _write(path, said._replace(preferred=preferred))
        outcome = "has no preference any more" if known else "had no preference"
        click.echo(f"{family}/{name} {outcome} in {_shown(path)}")
    else:
        # An error, if the distribution has it not.
        record = registry(family).resolve(f"{distribution}>{name}")
        preferred[family, name] = record.distribution
        _write(path, said._replace(preferred=preferred))
        click.echo(f"{family}/{name} means that of {record.distribution} {record.version}, by {_shown(path)}")
    _tell_environment("KCORE_PREFER", "where it names the same component, it wins")


def _now() -> tuple[str, SwitchFile]:
    """The file's path and what it says."""
    from kcore.registry.switch_file import read, switch_file

    path = switch_file()
    if path is None:
        raise click.ClickException(
            "There is no file to keep this in: KCORE_CONFIG is 'off', or there is no home folder. Set KCORE_CONFIG to "
            "the path of a file."
        )
    return path, read(path)


def _write(path: str, content: SwitchFile) -> None:
    from kcore.errors.saving import FileWriteError
    from kcore.registry.switch_file import text_of
    from kcore.saving.atomic import write_atomically

    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise FileWriteError(path=path, problem=error.strerror or str(error)) from error
    write_atomically(Path(path), text_of(content).encode())


def _normal(names: tuple[str, ...]) -> list[str]:
    from kcore.registry.families import normalised

    return [normalised(name) for name in names]


def _shown(path: str) -> str:
    from kcore.registry.switch_file import shown

    return shown(path)


def _tell_environment(variable: str, what: str) -> None:
    if os.environ.get(variable) is not None:
        click.echo(f"Note: {variable} is set here, and wins over the file: {what}.")
