"""The process in which files are written and read for ``kcore.testing.formats``: it knows of a model what a file says.

It reads a JSON object from standard input: ``path``, the import path, and ``task``, the name of a function here, with
its arguments. It writes a line of JSON for each file: what came of it. Where a file ends the process, lines are
missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kcore.engine.types import Array
from kcore.errors.base import KcoreError

# For a reader that goes on for ever. A file of a few kilobytes takes a moment.
LIMIT_SECONDS = 120.0
_PROGRAM = "from kcore.testing.format_worker import main; main()"


def in_new_process(task: str, **arguments: Any) -> list[dict[str, Any]]:
    """What the task's lines say.

    Raises:
        AssertionError: the process ended before its time, or did not end.
    """
    given = {"path": sys.path, "task": task, "arguments": arguments}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=json.dumps(given),
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        lines = (error.stdout or b"").decode().splitlines()
        raise AssertionError(f"after {len(lines)} files, the next took more than {LIMIT_SECONDS:g} s") from error
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        ending = f"signal {-done.returncode}" if done.returncode < 0 else done.stderr.strip()
        raise AssertionError(f"after {len(found)} files, the next one ended the process: {ending}")
    return found


# --- in the process --------------------------------------------------------------------------------------------------


def main() -> None:
    """Do what standard input says."""
    # What a format prints must not come between the lines.
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    given = json.load(sys.stdin)
    sys.path[:] = given["path"]
    warnings.simplefilter("error")
    tasks: dict[str, Any] = {"load": load, "save": save}
    for line in tasks[given["task"]](**given["arguments"]):
        lines.write(json.dumps(line) + "\n")
        lines.flush()


def load(files: Sequence[dict[str, Any]], *, results: str = "") -> Iterator[dict[str, Any]]:
    """Read files, and say what is in each: ``config``, ``optimizer``, and in ``results`` its arrays; or ``error``.

    Args:
        files: the ``path`` of each; ``into``, the model in ``kcore.testing.plain_models`` into which weights are read,
            where it is no whole model; ``compile``, of ``load_model``; ``steps`` of training that are made then.
        results: the folder for ``NUMBER.npz``, or nothing.
    """
    from kcore import load_model
    from kcore.testing.plain_models import MODELS, numbers
    from kcore.testing.plain_training import OBJECTS, plain_data

    for number, file in enumerate(files):
        try:
            if "into" in file:
                model = MODELS[file["into"]]()
                model.load_weights(file["path"])
            else:
                model = load_model(file["path"], OBJECTS, compile=file.get("compile", True))
            arrays = numbers(model) if results else []
            if "steps" in file and model.optimizer is not None:
                losses = [model.train_on_batch(*plain_data(), return_dict=True)["loss"] for _ in range(file["steps"])]
                arrays += [np.array(losses), *model.get_weights()]
            if results:
                np.savez(Path(results) / f"{number}.npz", *arrays)
            optimizer = None if model.optimizer is None else type(model.optimizer).__name__
            yield {"config": json.loads(model.to_json()), "optimizer": optimizer}
        except Exception as error:
            yield _told(error)


def save(path: str, *, kind: str, weights: bool) -> Iterator[dict[str, Any]]:
    """Write a model, or its weights, where no file can be larger than half of it, as where a disk is full."""
    import resource

    from kcore.registry import custom_object_scope
    from kcore.testing.plain_models import MODELS
    from kcore.testing.plain_training import OBJECTS

    model = MODELS[kind]()
    write = model.save_weights if weights else model.save
    with custom_object_scope(OBJECTS):
        # Once before, so that nothing is imported, and kept on the disk for the next import, under the limit.
        beside = Path(path).parent / f"before{Path(path).suffix}"
        write(beside)
        limit = beside.stat().st_size // 2
        beside.unlink()
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        try:
            write(path)
            yield {}
        except Exception as error:
            yield _told(error)


def _told(error: Exception) -> dict[str, Any]:
    return {"error": f"{type(error).__name__}: {error}", "kcore": isinstance(error, KcoreError)}


def arrays_of(results: Path, number: int) -> list[Array]:
    """The arrays that ``load`` has put into the folder for a file."""
    with np.load(results / f"{number}.npz", allow_pickle=False) as file:
        return [file[f"arr_{place}"] for place in range(len(file.files))]
