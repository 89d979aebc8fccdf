"""``kcore conformance``: the checks that every component has to pass, run on one distribution."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from kcore.cli.families import FAMILY
from kcore.cli.group import EXIT_ERROR, Command
from kcore.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kcore.testing.checks import Result


@click.command(cls=Command, short_help="Put the components of one distribution to the test.")
@click.argument("distribution")
@click.option("--family", type=FAMILY, help="Only the components of this family.")
@click.option("--component", metavar="FAMILY/NAME", help="Only this component.")
@click.option("--check", "name", metavar="NAME", help="Only this check, such as derivatives.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array with an object for each check.")
@click.pass_context
def conformance(
    context: click.Context,
    distribution: str,
    family: str | None,
    component: str | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Run the conformance suite on the components of an installed DISTRIBUTION.

    How each component is used is stated in the tables of the distribution's package (the folder conformance). The suite
    needs no pytest; with pytest-kcore installed, pytest --kcore-conformance DISTRIBUTION runs the same checks as tests.
    Exit code 1 if a check failed, or passed against an expected failure.

    \b
    Examples:
      kcore conformance kcore-losses
      kcore conformance my-plugin --component layers/Swish --check derivatives
      kcore conformance my-plugin --json
    """
    from kcore.testing.checks import Report
    from kcore.testing.conformance import chosen_checks, conformance_checks

    checks = chosen_checks(conformance_checks(distribution), family=family, component=component, name=name)
    results = []
    # The checks of one component follow each other.
    for title, members in groupby(checks, lambda check: f"{check.family}/{check.component}"):
        own = [check.result() for check in members]
        results += own
        if not as_json:
            _show(title, own)
    report = Report(checks[0].distribution, results)
    if as_json:
        print_json([_as_data(result) for result in results])
    else:
        click.echo(str(report).splitlines()[-1])
    if report.failures:
        context.exit(EXIT_ERROR)


def _show(title: str, results: Sequence[Result]) -> None:
    counts = Counter(result.outcome for result in results)
    told = [f"{counts['passed']} passed"]
    if counts["expected failure"]:
        told.append(f"{counts['expected failure']} expected to fail")
    if counts["failed"]:
        told.append(click.style(f"{counts['failed']} failed", fg="red"))
    click.echo(f"{title:<40} {', '.join(told)}")
    for result in results:
        check = result.check
        where = f" ({check.case})" if check.case and check.case != check.component else ""
        if result.outcome == "failed":
            click.echo(f"  {click.style(check.name, fg='red')}{where}: {_indented(result.text)}")
        elif result.outcome == "expected failure":
            click.echo(f"  {check.name}{where} is expected to fail: {check.expected}")


def _indented(text: str) -> str:
    return "\n    ".join(line for line in text.splitlines() if line.strip())


def _as_data(result: Result) -> dict[str, Any]:
    check = result.check
    return {
        "family": check.family,
        "component": check.component,
        "case": check.case or None,
        "check": check.name,
        "outcome": result.outcome,
        "reason": check.expected or None,
        "text": result.text or None,
        "seconds": round(result.seconds, 4),
    }
