"""The main job from beginning to end: train from a recipe, save, load in a new process, evaluate, compare.

    python tools/demo.py [RECIPE] [SAVED]

Runs `kcore train RECIPE --json`, then `kcore evaluate SAVED --recipe RECIPE --json` in a new process, shows both
live, and takes the results on the test data from the JSON that each prints in its last line. Fails when the two
differ, or when there is no accuracy among them.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import shlex
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KCORE = Path(sys.executable).parent / "kcore"
ACCURACIES = ("accuracy", "acc")


def chunks(source: int) -> Iterator[bytes]:
    """What a process writes, as soon as it writes it."""
    while True:
        try:
            data = os.read(source, 65536)
        except OSError:  # how a pseudo-terminal on Linux says that its other side is closed
            return
        if not data:
            return
        yield data


def run(*arguments: str) -> dict[str, float]:
    """Run a kcore command live, but keep its JSON to ourselves; the results on the test data."""
    print(f"\n$ kcore {shlex.join(arguments)}", flush=True)
    # On a terminal the command gets one too, so that its progress moves as it would by hand.
    if sys.stdout.isatty():
        source, sink = pty.openpty()
        termios.tcsetwinsize(sink, termios.tcgetwinsize(sys.stdout))
    else:
        source, sink = os.pipe()
    line, found = b"", b""
    with subprocess.Popen([str(KCORE), *arguments], cwd=ROOT, stdout=sink) as process:
        os.close(sink)
        for data in chunks(source):
            for part in data.splitlines(keepends=True):
                line += part
                if line.startswith(b"{"):
                    found = line
                else:
                    sys.stdout.buffer.write(part)
                    sys.stdout.buffer.flush()
                line = b"" if line.endswith(b"\n") else line
    os.close(source)
    if process.returncode:
        raise SystemExit(f"demo: kcore {arguments[0]} failed with exit code {process.returncode}")
    try:
        return dict(json.loads(found)["test"])
    except (ValueError, KeyError):
        raise SystemExit(f"demo: kcore {arguments[0]} printed no results as JSON") from None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe", nargs="?", default="examples/digits.yaml")
    parser.add_argument("saved", nargs="?", default="runs/digits.h5", help="where the recipe saves the model")
    given = parser.parse_args()
    start = time.monotonic()
    trained = run("train", given.recipe, "--json")
    loaded = run("evaluate", given.saved, "--recipe", given.recipe, "--json")
    for what, results in (("after training", trained), ("loaded by a new process", loaded)):
        print(f"{what:<24} {', '.join(f'{name} {value:.4f}' for name, value in results.items())}")
    accuracy = next((name for name in ACCURACIES if name in trained), None)
    if accuracy is None:
        raise SystemExit("demo: there is no accuracy among the results")
    if trained[accuracy] != loaded.get(accuracy):
        raise SystemExit("demo: FAILED: the accuracies differ")
    print(f"demo: the same accuracy, {trained[accuracy]:.4f} ({time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main()
