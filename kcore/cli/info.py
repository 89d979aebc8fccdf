"""``kcore info``: one component, and where it comes from."""

from __future__ import annotations

import inspect
import json
import time
from typing import TYPE_CHECKING, Any

import click

from kcore.cli.config_example import defaults, example
from kcore.cli.families import COMPONENT
from kcore.cli.group import Command
from kcore.cli.listing import as_data
from kcore.cli.output import print_json

if TYPE_CHECKING:
    from kcore.registry import Record


@click.command(cls=Command, short_help="What one component is, and where it comes from.")
@click.argument("component", type=COMPONENT, metavar="FAMILY/NAME")
@click.option("--json", "as_json", is_flag=True, help="The same as a JSON object.")
def info(component: tuple[str, str], as_json: bool) -> None:
    """Show a component: signature, defaults, documentation, a config to begin with, other names it has, and the
    distribution, version, entry point, file and line it is from.

    A name that another distribution shadows is reached as FAMILY/DISTRIBUTION>NAME (in quotes, for the shell).
    This imports the component, and nothing else. The import time is that of the component's module with all that it
    imports, beyond NumPy and kcore itself.

    \b
    Examples:
      kcore info layers/Dense
      kcore info "optimizers/kcore-optimizers>Adam"
      kcore info losses/mse --json
    """
    from kcore.registry import registry

    family, name = component
    record = registry(family).resolve(name)
    found, seconds = _timed_load(family, name)
    file, line = _position(found)
    config, filled_in = example(family, record.qualified if record.state == "shadowed" else record.name, found)
    description = {
        **as_data(record),
        "kind": _kind(found),
        "signature": _signature(found),
        "defaults": defaults(found),
        "config": config,
        "filled_in": filled_in,
        "aliases": aliases(record),
        "import_ms": round(seconds * 1e3, 3),
        "doc": inspect.getdoc(found),
        "file": file,
        "line": line,
    }
    if as_json:
        print_json(description)
    else:
        _show(record, description)


def _timed_load(family: str, name: str) -> tuple[Any, float]:
    """The component, and the seconds that importing it took."""
    from importlib import import_module

    from kcore.registry import registry
    from kcore.registry.families import CONTRACTS

    # What nearly every component imports is not counted as this one's.
    import_module("numpy")
    import_module("kcore.ops")
    for contract, of_family in CONTRACTS.items():
        if of_family == family:
            import_module(contract.partition(":")[0])
    begin = time.perf_counter()
    found = registry(family).load(name)
    return found, time.perf_counter() - begin


def _kind(found: Any) -> str:
    if isinstance(found, type):
        return "class"
    return "function" if inspect.isroutine(found) else type(found).__name__


def _signature(found: Any) -> str | None:
    name = getattr(found, "__name__", type(found).__name__)
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return None
    shown = [
        parameter.replace(annotation=_Bare(parameter.annotation))
        if isinstance(parameter.annotation, str)
        else parameter
        for parameter in signature.parameters.values()
    ]
    result = signature.return_annotation
    if isinstance(found, type):
        result = inspect.Signature.empty
    elif isinstance(result, str):
        result = _Bare(result)
    return f"{name}{signature.replace(parameters=shown, return_annotation=result)}"


class _Bare(str):
    """An annotation that Python keeps as text, shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _position(found: Any) -> tuple[str | None, int | None]:
    """The file and line of the definition; of what a decorator wraps."""
    try:
        found = inspect.unwrap(found)
        return inspect.getsourcefile(found), inspect.getsourcelines(found)[1]
    except (TypeError, OSError):
        return None, None


def aliases(record: Record) -> list[str]:
    """The other names of the same component in the same distribution."""
    from kcore.registry import registry

    return [
        other.name
        for other in registry(record.family).records()
        if other.entry_point == record.entry_point
        and other.distribution == record.distribution
        and other.name != record.name
    ]


def _show(record: Any, description: dict[str, Any]) -> None:
    origin = f"{record.distribution} {record.version or ''}".rstrip()
    click.secho(f"{record.family}/{record.name}", bold=True)
    lines = [
        ("kind", description["kind"]),
        ("from", origin),
        ("full name", record.qualified),
        ("state", record.state + (f": {record.reason}" if record.reason else "")),
        ("also named", ", ".join(description["aliases"])),
        ("entry point", record.entry_point),
        ("defined in", f"{description['file']}:{description['line']}" if description["file"] else None),
        ("import time", f"{description['import_ms']:.1f} ms"),
    ]
    for label, value in lines:
        if value:
            click.echo(f"  {label + ':':<13}{value}")
    click.echo(f"\n{description['signature'] or record.name}\n")
    click.echo(description["doc"] or "(no documentation)")
    if description["config"] is None:
        return
    click.echo(f"\nAs a config:\n\n  {json.dumps(description['config'], ensure_ascii=False)}")
    if description["filled_in"]:
        click.echo(f"\nExample values: {', '.join(description['filled_in'])}")
