"""``kcore stubs``: type stubs with the names that are installed."""

from __future__ import annotations

from pathlib import Path

import click

from kcore.cli.group import Command


@click.command(cls=Command, short_help="Write type stubs, so that editors know the installed names.")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="typings", required=False)
def stubs(folder: Path) -> None:
    """Write stubs (.pyi) of kcore.layers and the other views into FOLDER, by default typings.

    Editors then complete the names that plugins bring, and type checkers know their classes: kcore.layers.Dense is what
    kcore_layers.core has. For names as texts there are types such as LayerName. Pyright looks into typings by itself;
    mypy needs mypy_path = "typings". No plugin is imported. Write the stubs anew when plugins come or go.

    \b
    Example:
      kcore stubs
    """
    from kcore.cli.stub_text import package_stub, stub_of, view_families
    from kcore.errors.saving import FileWriteError
    from kcore.saving.atomic import write_atomically

    package = folder / "kcore"
    try:
        package.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileWriteError(path=str(package), problem=error.strerror or str(error)) from error
    texts = {"__init__": package_stub(), **{family: stub_of(family) for family in view_families()}}
    for name, text in texts.items():
        write_atomically(package / f"{name}.pyi", text.encode())
    click.echo(f"Wrote {len(texts)} stubs to {package}")
