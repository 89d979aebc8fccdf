"""``RESULTS.md`` from the stored results."""

from __future__ import annotations

from benchmarks.sections import SECTIONS, training
from benchmarks.store import Store
from benchmarks.tables import measured

INTRODUCTION = """\
# Results

`make bench` measures and writes this file; [how it measures](README.md). Library after library in turn, two threads
for everybody. The machines that such runs happen on are rarely quiet: the ratios of one run mean more than the times.
† marks what is of an earlier run than the rest of its section; its ratios are those of its own run.
"""


def results(store: Store) -> str:
    """The whole page."""
    lines = INTRODUCTION.splitlines()
    trained = store.load(training.NAME)
    if trained:
        lines += ["", "## Summary", "", *training.render_summary(trained["data"])]
    for name, section in SECTIONS.items():
        stored = store.load(name)
        if stored:
            about = stored["about"]
            lines += ["", f"## {section.TITLE}", "", measured(about), "", *section.render(about, stored["data"])]
    return "\n".join(lines) + "\n"
