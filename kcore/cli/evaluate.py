"""``kcore evaluate``: a saved model on a recipe's test data."""

from __future__ import annotations

import click

from kcore.cli.group import Command
from kcore.cli.output import print_json, results_line
from kcore.cli.train import recipe_from, set_option


@click.command(cls=Command, short_help="A saved model's loss and metrics on test data.")
@click.argument("model", type=click.Path())
@click.option("--recipe", required=True, type=click.Path(), help="Its section data says what to evaluate on.")
@set_option
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON, in one line.")
def evaluate(model: str, recipe: str, changes: tuple[str, ...], as_json: bool) -> None:
    """Load the file MODEL and show its loss and metrics on a recipe's test data.

    Loss and metrics are those that the file holds; a file without them takes the recipe's.

    \b
    Example:
      kcore evaluate runs/digits.h5 --recipe examples/digits.yaml
    """
    from kcore import recipes
    from kcore.models import load_model

    said = recipe_from(recipe, changes)
    said.require("evaluating", "data")
    loaded = load_model(model)
    data = recipes.load_data(said)
    results = recipes.evaluate(said, loaded, data)
    if as_json:
        print_json({"model": model, "recipe": recipe, "test": results, "test_samples": len(data.x_test)}, indent=None)
    else:
        click.echo(results_line("Test data", len(data.x_test), results))
