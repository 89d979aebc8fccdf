"""Record the reference numbers from real Keras and PyTorch.

Makes a virtual environment, installs the pinned frameworks and runs one recorder per subject in it.
Needs only the standard library, so any Python from 3.11 on can start it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"
# Modules of recorders/ that all recorders share; every other module there is a subject.
SHARED = ("__init__", "archive", "sources", "recorder")
# Subjects of the core; every other subject is the family of a plugin, or a group of its components: "layers/pooling".
CORE_SUBJECTS = ("backend", "network", "h5_files", "h5_optimizers")
GROUPS = {"layers": "layer_cases"}


def _modules(folder: str) -> list[str]:
    return [path.stem for path in (HERE / "recorders" / folder).glob("*.py") if path.stem not in SHARED]


SUBJECTS = tuple(
    sorted([*_modules("."), *(f"{family}/{group}" for family, folder in GROUPS.items() for group in _modules(folder))])
)


def data_file(subject: str, root: Path = ROOT) -> Path:
    """Where a subject's numbers are kept: beside the plugin's tests, or here for whole networks."""
    if subject in CORE_SUBJECTS:
        return root / "tests" / "reference" / "data" / f"{subject}.npz"
    family, _, group = subject.partition("/")
    return root / "plugins" / family / "tests" / "reference" / f"{group or family}.npz"


def module_of(subject: str) -> str:
    """The recorder of a subject."""
    family, _, group = subject.partition("/")
    return f"recorders.{GROUPS[family]}.{group}" if group else f"recorders.{family}"


def environment_python(environment: Path) -> Path:
    """The environment's interpreter. Makes the environment if it is missing or its requirements changed."""
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = environment / "installed-requirements.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"making the environment {environment} (about 2 GB)", flush=True)
    venv.create(environment, with_pip=True, clear=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def record(subject: str, python: Path, output: Path) -> None:
    """Run one recorder. One thread and fixed kernels: the same machine gives the same bytes."""
    settings = {
        "PYTHONPATH": str(HERE),
        "PYTHONHASHSEED": "0",
        "KERAS_BACKEND": "torch",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": "1",
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [str(python), "-m", module_of(subject), str(output)]
    subprocess.run(command, check=True, env={**os.environ, **settings})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"one of {', '.join(SUBJECTS)}; default: all")
    parser.add_argument("--env", type=Path, default=ROOT / ".reference-env", help="the environment's folder")
    parser.add_argument("--output", type=Path, default=ROOT, help="root of the tree that receives the files")
    options = parser.parse_args(arguments)
    # The family alone means all of its groups.
    chosen = [name for given in options.subjects for name in SUBJECTS if given in (name, name.partition("/")[0])]
    unknown = sorted(
        set(options.subjects) - {name for subject in SUBJECTS for name in (subject, subject.partition("/")[0])}
    )
    if unknown:
        parser.error(f"unknown subject: {', '.join(unknown)}; there are {', '.join(SUBJECTS)}")
    python = environment_python(options.env.absolute())
    for subject in chosen or SUBJECTS:
        output = data_file(subject, options.output.absolute())
        record(subject, python, output)
        print(f"{subject}: {output} ({output.stat().st_size / 1024:.0f} KiB)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
