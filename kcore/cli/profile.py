"""``kcore profile``: where the time and memory of a recipe's training step go."""

from __future__ import annotations

import click

from kcore.cli.group import Command
from kcore.cli.header import report_header
from kcore.cli.train import recipe_from, set_option


@click.command(cls=Command, short_help="Where a training step's time and memory go.")
@click.argument("recipe", type=click.Path())
@set_option
@click.option(
    "--runs",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="How often to time the step; 0 only plans it.",
)
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True, help="How many rows to show.")
@click.option("--program", is_flag=True, help="Also print the program, an equation a line.")
def profile(recipe: str, changes: tuple[str, ...], runs: int, most: int, program: bool) -> None:
    """Compile the training step that RECIPE describes, time it group by group, and show the costliest.

    Each row stands for all groups of one kind: the same primitives on the same shapes, which run piece by piece
    together. Nothing is saved.

    \b
    Examples:
      kcore profile examples/digits.yaml
      kcore profile examples/digits.yaml --set fit.batch_size=128 --most 40
    """
    from kcore import explain, recipes

    said = recipe_from(recipe, changes)
    said.require("profiling", "data", "model", "compile")
    model = recipes.build_model(said)
    recipes.compile_model(said, model)
    data = recipes.load_data(said)
    size = said.fit.get("batch_size", 32)
    found = explain(model, data.x_train[:size], data.y_train[:size], batch_size=size, runs=runs)
    for line in report_header():
        click.echo(line)
    click.echo(f"A training step on {min(size, len(data.x_train))} samples of {data.name}\n")
    click.echo(found.to_text(most))
    if program:
        click.echo(f"\n{found.text}")
