"""The command line of the harness.

Environments are made below ``.venvs`` on first use. Results are kept as JSON, one file for each section, and the report
is rendered from those: a partial run replaces what it measured and nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.libraries import KCORE, PEERS
from benchmarks.processes import keep_to_two_processors
from benchmarks.sections import SECTIONS
from benchmarks.session import Session
from benchmarks.store import Store
from benchmarks.training_plan import PLAN

HERE = Path(__file__).resolve().parent


def names(known: list[str], text: str) -> list[str]:
    """The names in a list with commas, in the order of ``known``; ``none`` is no name.

    Raises:
        argparse.ArgumentTypeError: an unknown name.
    """
    wanted = [name.strip() for name in text.split(",") if name.strip() not in ("", "none")]
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)} unknown; there are {', '.join(known)}")
    return [name for name in known if name in wanted]


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    peers, sections, workloads = list(PEERS), list(SECTIONS), list(PLAN)
    parser.add_argument(
        "--peers", type=lambda text: names(peers, text), default=peers, help=f"some of {peers}, or none"
    )
    parser.add_argument(
        "--workloads", type=lambda text: names(workloads, text), default=workloads, help=f"of {workloads}"
    )
    parser.add_argument("--sections", type=lambda text: names(sections, text), default=sections, help=f"of {sections}")
    parser.add_argument("--repeats", type=int, default=3, help="processes for every number (3)")
    parser.add_argument("--quick", action="store_true", help="few steps: does everything work?")
    parser.add_argument(
        "--in-place", action="store_true", help="kcore as this Python has it, in no environment of its own"
    )
    parser.add_argument("--output", type=Path, default=HERE, help="the folder for RESULTS.md and results/")
    parser.add_argument("--render", action="store_true", help="measure nothing, write RESULTS.md from what is stored")
    parser.add_argument(
        "--smoke", action="store_true", help="kcore alone, in place, one small workload, into a temporary folder"
    )
    options = parser.parse_args(arguments)
    if options.smoke:
        options.quick = options.in_place = True
        options.peers, options.workloads, options.repeats = [], ["tiny_mlp"], 1
        if options.output == HERE:
            options.output = Path(tempfile.mkdtemp(prefix="kcore-bench-"))
    return options


def main(arguments: list[str] | None = None) -> None:
    """Measure, store, render."""
    options = parsed(arguments)
    store = Store(options.output / "results")
    page = options.output / "RESULTS.md"
    if not options.render:
        keep_to_two_processors()
        session = Session(
            libraries=[KCORE, *(PEERS[name] for name in options.peers)],
            workloads=options.workloads,
            repeats=options.repeats,
            quick=options.quick,
            in_place=options.in_place,
        )
        for name in options.sections:
            section = SECTIONS[name]
            for data in section.measure(session):
                store.add(name, session.about(), data, section.DEPTH)
                page.write_text(report.results(store))
    page.write_text(report.results(store))
    print(f"written: {page}")


if __name__ == "__main__":
    main()
