"""``kcore new``: a plugin to begin with."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kcore.cli.group import Command

if TYPE_CHECKING:
    from kcore.cli.plugin_template import PluginTemplate


@click.command(cls=Command, short_help="Begin a plugin of your own.")
@click.argument("name", required=False)
@click.option(
    "--family",
    "families",
    multiple=True,
    help="What it brings: layers, losses and so on, or all. May be repeated, or several with commas.",
)
@click.option("--author", help="Whose name stands in the metadata and the licence.")
@click.option("--email", help="The author's e-mail address.")
@click.option("--licence", "--license", help="MIT, Apache-2.0, BSD-3-Clause or proprietary.")
@click.option("--python", help="The oldest Python that it runs on: 3.11, 3.12 or 3.13.")
@click.option("--docs/--no-docs", default=None, help="With or without a page of documentation.")
@click.option("--ci/--no-ci", default=None, help="With or without a workflow that checks every push.")
@click.option("--primitive/--numpy", default=None, help="Built on a primitive of its own, or on plain NumPy.")
@click.option(
    "--output",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="The folder in which the plugin's own is made; by default the current one.",
)
@click.option("--yes", "--no-input", "-y", is_flag=True, help="Ask nothing: take the default of what is not given.")
def new(
    name: str | None,
    families: tuple[str, ...],
    author: str | None,
    email: str | None,
    licence: str | None,
    python: str | None,
    docs: bool | None,
    ci: bool | None,
    primitive: bool | None,
    output: Path,
    yes: bool,
) -> None:
    """Make a plugin: a distribution NAME with one small component of each family, documented, typed and tested.

    At a terminal, what is not given is asked for; elsewhere, and with --yes, the defaults are taken. Needs the extra
    kcore[new]. Nothing is downloaded, and a folder that exists is never touched.

    \b
    Examples:
      kcore new
      kcore new kcore-acme --family layers --family losses --licence MIT
      kcore new kcore-acme --family all --primitive --no-ci --yes
    """
    from kcore.cli.plugin_template import PluginTemplate, imported_cookiecutter
    from kcore.errors.cli import PluginAnswersError

    # Before anything is asked.
    imported_cookiecutter()
    template = PluginTemplate.find()
    given = {
        "name": name,
        "families": ",".join(families) or None,
        "author": author,
        "email": email,
        "licence": licence,
        "python": python,
        "docs": docs,
        "ci": ci,
        "engine": None if primitive is None else "primitive" if primitive else "numpy",
    }
    answers = {question: answer for question, answer in given.items() if answer is not None}
    problems = template.problems({question: str(answer) for question, answer in answers.items()})
    if problems:
        raise PluginAnswersError(problems=problems)
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        answers = _asked(template, answers)
    folder = template.bake(answers, output)
    brought = template.chosen(answers.get("families", template.default("families")))
    click.echo(f"Made {folder}: {', '.join(brought)}.\n\nNext:\n")
    for line in (
        f"cd {shlex.quote(str(folder))}",
        'python -m pip install -e ".[test,lint]"',
        "pytest",
        f"kcore list --dist {folder.name}",
    ):
        click.echo(f"  {line}")
    click.echo("\nREADME.md says what each file is for, and how to go on.")


def _asked(template: PluginTemplate, given: dict[str, Any]) -> dict[str, Any]:
    """The answers, completed at the terminal; an answer that does not fit is asked for again."""
    answers = dict(given)

    def ask(question: str, text: str, **options: Any) -> None:
        if question in answers:
            return

        def fitting(value: str) -> str:
            problems = template.problems({**answers, question: value.strip()})
            if problems:
                raise click.UsageError("\n".join(problems))
            return value.strip()

        default = template.default(question).replace("{{ cookiecutter.name }}", str(answers.get("name")))
        answers[question] = click.prompt(text, default=default, value_proc=fitting, **options)

    def confirm(question: str, text: str) -> None:
        if question not in answers:
            answers[question] = click.confirm(text, default=template.default(question))

    ask("name", "Name of the distribution")
    if "families" not in answers:
        click.echo(f"Families: {', '.join(template.families)}")
    ask("families", "Which of them, with commas between, or all")
    ask("author", "Author")
    ask("email", "E-mail address (may be empty)", show_default=False)
    ask("licence", f"Licence ({', '.join(template.questions['licence'])})")
    ask("python", f"Oldest Python ({', '.join(template.questions['python'])})")
    confirm("docs", "A page of documentation?")
    confirm("ci", "A workflow that lints, type-checks and tests every push?")
    if "engine" not in answers and set(template.chosen(answers["families"])) & set(template.computing):
        own = click.confirm("A primitive of its own, in place of plain NumPy?", default=False)
        answers["engine"] = "primitive" if own else "numpy"
    return answers
