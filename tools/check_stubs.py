"""Check with mypy that the stubs of `kcore stubs` make installed names known, and wrong ones errors.

    python tools/check_stubs.py

Run it with the Python of `.venv` (it needs the dependency group "lint"). Exit code 1 when something is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

RIGHT = """
from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

import kcore
from kcore import layers, losses, optimizers
from kcore.errors import KcoreError
from kcore.layers import Convolution2D, Dense
from kcore_layers.convolutional import Conv2D
from kcore_layers.core import Dense as RealDense

if TYPE_CHECKING:
    from kcore.layers import LayerName

assert_type(Dense(3), RealDense)
assert_type(layers.Dense(units=3), RealDense)
assert_type(Convolution2D(3, 3), Conv2D)
names: list[LayerName] = ["Dense", "kcore-layers>Dense", "Sequential"]
layers.get("Dense", units=3)
optimizers.deserialize({"class_name": "Adam", "config": {}})
model = kcore.Sequential([Dense(3, activation="relu")])
print(losses.mse.__name__, KcoreError)


@layers.register
class Mine(layers.Layer):
    def size(self) -> int:
        return 1


assert_type(Mine().size(), int)
"""
# Each line is wrong, and the comment says with which error.
WRONG = """
from __future__ import annotations

from typing import TYPE_CHECKING

from kcore import layers
from kcore.losses import no_such_loss  # attr-defined

if TYPE_CHECKING:
    from kcore.layers import LayerName

layers.Dens(3)  # attr-defined
layers.Dense(units="three")  # arg-type
name: LayerName = "Dens"  # assignment
layers.register(3, nme="x")  # call-overload
"""
WRONG_LINE = re.compile(r"^wrong\.py:(\d+): error: .*\[([a-z-]+)\]$", re.M)


def checked(name: str, text: str, folder: Path) -> str:
    """What mypy says of a program."""
    (folder / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", "cache", f"{name}.py"]
    environment = {**os.environ, "MYPYPATH": "typings"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kcore-stubs-") as name:
        folder = Path(name)
        write = "from kcore.cli import main; main(['stubs'])"
        subprocess.run([sys.executable, "-c", write], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        said = checked("right", RIGHT, folder)
        if said.strip():
            raise SystemExit(f"stubs: a right program has errors:\n{said}")
        said = checked("wrong", WRONG, folder)
    found = {(int(line), code) for line, code in WRONG_LINE.findall(said)}
    lines = enumerate(WRONG.splitlines(), 1)
    expected = {(number, line.rpartition("  # ")[2]) for number, line in lines if "  # " in line}
    if found != expected:
        raise SystemExit(f"stubs: a wrong program should have the errors {sorted(expected)}, but has:\n{said}")
    print(f"stubs: mypy knows the installed names, and finds {len(expected)} errors in {len(expected)} wrong lines")


if __name__ == "__main__":
    main()
