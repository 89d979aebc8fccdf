"""``kcore predict``: what a saved model says about data."""

from __future__ import annotations

from pathlib import Path

import click

from kcore.cli.group import Command
from kcore.cli.train import recipe_from, set_option

INPUTS = (".npy", ".npz", ".csv")
OUTPUTS = (".npy", ".csv")


def _file_of(suffixes: tuple[str, ...]) -> object:
    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> Path | None:
        if value is not None and Path(value).suffix.lower() not in suffixes:
            raise click.BadParameter(f"{value!r} does not end in {' or '.join(suffixes)}.", context, parameter)
        return None if value is None else Path(value)

    return check


@click.command(cls=Command, short_help="What a saved model gives for data.")
@click.argument("model", type=click.Path())
@click.option("--recipe", type=click.Path(), help="Predict for the test data of this recipe.")
@set_option
@click.option(
    "--input",
    "source",
    metavar="FILE",
    callback=_file_of(INPUTS),
    help="Predict for the array in a .npy, .npz or .csv.",
)
@click.option(
    "--output", "target", metavar="FILE", callback=_file_of(OUTPUTS), help="A .npy or .csv instead of standard output."
)
@click.option("--classes", "as_classes", is_flag=True, help="The number of the likeliest class instead of the outputs.")
def predict(
    model: str,
    recipe: str | None,
    changes: tuple[str, ...],
    source: Path | None,
    target: Path | None,
    as_classes: bool,
) -> None:
    """Load the file MODEL and write what it gives for data: the test data of a recipe, or an array from a file.

    The result is a line of comma-separated numbers for each sample. A .csv input may begin with a line of headings;
    its columns are given the shape that the model takes. In a .npz file the array is the only one, or named x.

    \b
    Examples:
      kcore predict runs/digits.h5 --recipe examples/digits.yaml --classes
      kcore predict runs/digits.h5 --input new.npy --output probabilities.csv
    """
    if (recipe is None) == (source is None):
        raise click.UsageError("Say what to predict for: either --recipe or --input.")
    if changes and recipe is None:
        raise click.UsageError("--set changes a recipe, so it needs --recipe.")
    from kcore import recipes
    from kcore.cli.arrays import classes, fitted, read_array, write_array
    from kcore.models import load_model

    if recipe is not None:
        said = recipe_from(recipe, changes)
        said.require("predicting", "data")
        loaded = load_model(model, compile=False)
        x = recipes.load_data(said).x_test
    else:
        assert source is not None
        x = read_array(source)
        loaded = load_model(model, compile=False)
        x = fitted(x, loaded.input_shape if loaded.built else None)
    predictions = loaded.predict(x)
    if isinstance(predictions, list):
        raise click.ClickException(f"{model} has {len(predictions)} outputs; this command is for models with one.")
    write_array(classes(predictions) if as_classes else predictions, target)
    if target is not None:
        click.echo(f"Wrote {len(predictions)} predictions to {target}")
