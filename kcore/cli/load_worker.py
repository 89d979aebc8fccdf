"""The process in which ``kcore doctor --load`` imports components, which may hang, crash, or print what they like.

It reads a JSON object from standard input: ``path``, the import path, and ``items``, pairs of a family and a qualified
name. It writes a line of JSON for each event: ``["ready"]``, ``["begin", number]``, and ``["end", number, seconds,
problem]`` with ``null`` for no problem.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from typing import Any


def main() -> None:
    """Load one after the other."""
    # What a plugin prints when it is imported must not come between the events.
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())

    def tell(*event: Any) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    task = json.load(sys.stdin)
    sys.path[:] = task["path"]
    _prepare()
    tell("ready")
    for number, (family, name) in enumerate(task["items"]):
        tell("begin", number)
        begin = time.perf_counter()
        problem = _problem(family, name)
        tell("end", number, time.perf_counter() - begin, problem)


def _prepare() -> None:
    """Import what nearly every component imports, so that it is not counted as the first one's."""
    from importlib import import_module

    from kcore.registry.families import CONTRACTS

    import_module("kcore.ops")
    for contract in CONTRACTS:
        import_module(contract.partition(":")[0])


def _problem(family: str, name: str) -> str | None:
    """Why a component cannot be loaded; None if it can."""
    from kcore.errors.base import KcoreError

    try:
        if family == "plugins":
            return _hook_problem(name)
        from kcore.registry import registry

        registry(family).load(name)
    except KcoreError as error:
        cause = getattr(error, "cause", None)
        return f"{type(cause).__name__}: {cause}" if isinstance(cause, BaseException) else str(cause or error)
    except BaseException as error:  # An interrupt or an exit that comes from the plugin is its failure.
        return f"{type(error).__name__}: {error}"
    return None


def _hook_problem(name: str) -> str | None:
    """Why a distribution's hook module is left out: only the hooks of that distribution are asked for."""
    from kcore.registry import configure_plugins, hook_records, hooks
    from kcore.registry.records import split_name

    with warnings.catch_warnings(), configure_plugins([split_name(name)[0] or ""]):
        warnings.simplefilter("ignore")
        hooks()
        (record,) = (one for one in hook_records() if one.qualified == name)
        return record.reason if record.state == "broken" else None
