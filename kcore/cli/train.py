"""``kcore train``: a recipe from its first line to a saved model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kcore.cli.group import Command
from kcore.cli.header import report_header
from kcore.cli.output import print_json, results_line

if TYPE_CHECKING:
    from kcore.recipes import Data, Recipe


def recipe_from(path: str, changes: tuple[str, ...], epochs: int | None = None) -> Recipe:
    """The recipe with what the command line changes in it."""
    from kcore.recipes import load_recipe, parse_override

    overrides: list[tuple[Any, Any]] = [parse_override(change) for change in changes]
    if epochs is not None:
        overrides.append((("fit", "epochs"), epochs))
    return load_recipe(path, overrides)


set_option = click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Put a value into the recipe, such as fit.batch_size=64 or model[0].Conv2D.filters=16. May be repeated.",
)


@click.command(cls=Command, short_help="Train, save, and evaluate what a recipe describes.")
@click.argument("recipe", type=click.Path())
@set_option
@click.option("--epochs", type=click.IntRange(min=0), help="Short for --set fit.epochs=N.")
@click.option("--verbose", type=click.IntRange(0, 2), help="0 silent, 1 a progress bar, 2 a line an epoch.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, in one last line.")
def train(recipe: str, changes: tuple[str, ...], epochs: int | None, verbose: int | None, as_json: bool) -> None:
    """Train the model that RECIPE describes, save it where the recipe says, and evaluate it on the test data.

    Paths in a recipe are relative to the current folder. All names are looked up before the data are loaded.

    \b
    Examples:
      kcore train examples/digits.yaml
      kcore train examples/digits.yaml --epochs 2 --set compile.optimizer=SGD
      kcore train examples/digits.yaml --verbose 0 --json
    """
    from kcore import recipes

    said = recipe_from(recipe, changes, epochs)
    silent = verbose == 0

    def show(model: Any, data: Data) -> None:
        if not silent:
            for line in report_header():
                click.echo(line)
            model.summary(print_fn=click.echo)
            click.echo(f"\nData {data.name}: {len(data.x_train)} samples to train on, {len(data.x_test)} to test with")

    done = recipes.train(said, verbose=verbose, before_fit=show)
    if not silent:
        click.echo(f"Trained {done.epochs} epoch{'' if done.epochs == 1 else 's'} in {done.seconds:.1f} s")
        if done.saved:
            click.echo(f"Saved {done.saved} ({Path(done.saved).stat().st_size / 2**20:.1f} MiB)")
    click.echo(results_line("Test data", done.test_samples, done.test))
    if as_json:
        results = {
            "recipe": recipe,
            "epochs": done.epochs,
            "seconds": round(done.seconds, 3),
            "history": done.history,
            "test": done.test,
            "test_samples": done.test_samples,
            "saved": done.saved,
        }
        print_json(results, indent=None)
