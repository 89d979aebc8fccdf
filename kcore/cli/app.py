"""All commands of kcore, under one name."""

from __future__ import annotations

import click

import kcore
from kcore.cli.conformance import conformance
from kcore.cli.doctor import doctor
from kcore.cli.evaluate import evaluate
from kcore.cli.group import App, Settings, debug_option
from kcore.cli.info import info
from kcore.cli.listing import list_
from kcore.cli.new import new
from kcore.cli.plugins import plugins
from kcore.cli.predict import predict
from kcore.cli.profile import profile
from kcore.cli.stubs import stubs
from kcore.cli.switching import disable, enable, prefer
from kcore.cli.train import train


@click.command(
    cls=App,
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[debug_option()],
    epilog="Exit codes: 0 done; 1 an error, told in a sentence; 2 wrong usage; 70 a defect; 130 interrupted.",
)
@click.version_option(kcore.__version__, prog_name="kcore")
@click.pass_context
def app(context: click.Context) -> None:
    """kcore: networks made of components that plugins bring.

    \b
    Examples:
      kcore list layers                       what there is
      kcore info layers/Dense                 what it is, and where it comes from
      kcore train examples/digits.yaml        train, save, and evaluate
      kcore evaluate runs/digits.h5 --recipe examples/digits.yaml
      kcore COMMAND --help                    everything about one command
    """
    context.ensure_object(Settings)


COMMANDS = (
    *(list_, info, plugins, doctor, enable, disable, prefer, stubs, new, conformance),
    *(train, evaluate, predict, profile),
)
for command in COMMANDS:
    app.add_command(command)
