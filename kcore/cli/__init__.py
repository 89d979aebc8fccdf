"""The command ``kcore``. Nothing heavy is imported before a command is known to need it."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error, 2 wrong usage, 70 a defect, 130 interrupted."""
    import sys

    from kcore.cli.app import app

    # A terminal that cannot show a character shows a question mark, and no error.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app.main(args=None if arguments is None else list(arguments), prog_name="kcore")
