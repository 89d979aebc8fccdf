"""The process that imports a distribution's components one by one, and tells what each import cost and changed.

It reads a JSON object from standard input: ``path``, the import path, and ``items``, pairs of a family and a qualified
name. For each it writes ``["begin", number]`` and ``["end", number, facts]`` as lines of JSON; the facts are those of
`Imported`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib import import_module
from typing import Any


def main() -> None:
    """Import one after the other."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    task = json.load(sys.stdin)
    sys.path[:] = task["path"]
    with tempfile.TemporaryFile() as printed:
        # What is printed by C code or another process counts as well.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(printed.fileno(), stream.fileno())
        _prepare()
        for number, (family, name) in enumerate(task["items"]):
            _tell(events, "begin", number)
            _tell(events, "end", number, _facts(family, name, printed))


def _tell(events: Any, *event: Any) -> None:
    events.write(json.dumps(event) + "\n")
    events.flush()


def _prepare() -> None:
    """Import what a plugin may count on, so that it is not counted as the first component's."""
    from kcore.registry import FAMILIES
    from kcore.registry.families import CONTRACTS

    for module in (
        "numpy",
        "numpy.random",
        "kcore.ops",
        "kcore.errors",
        "kcore.models",
        "kcore.saving",
        "kcore.engine",
    ):
        import_module(module)
    for contract in CONTRACTS:
        import_module(contract.partition(":")[0])
    for family in FAMILIES:
        # These two have no view.
        if family not in ("backends", "formats"):
            import_module(f"kcore.{family}")


def _facts(family: str, name: str, printed: Any) -> dict[str, Any]:
    from kcore.registry import registry
    from kcore.testing.process_state import changes, process_state

    modules = _top_level()
    before = process_state()
    start, begin = printed.tell(), time.process_time()
    try:
        registry(family).load(name)
    except BaseException as error:  # A plugin that calls sys.exit() is broken, too.
        return {"problem": f"it cannot be imported: {type(error).__name__}: {error}"}
    seconds = time.process_time() - begin
    found = changes(before, process_state())
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    printed.seek(start)
    text = printed.read().decode(errors="replace").strip()
    if text:
        found.append(f"it printed {text[:200]!r}")
    return {"seconds": seconds, "changes": found, "modules": sorted(_top_level() - modules)}


def _top_level() -> set[str]:
    """The packages and modules that are there already, whoever brought them."""
    return {name.partition(".")[0] for name in sys.modules}
