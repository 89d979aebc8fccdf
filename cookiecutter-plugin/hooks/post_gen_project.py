"""Takes away what was not chosen, so that it leaves no trace."""

from __future__ import annotations

import shutil
from pathlib import Path

PACKAGE = Path("src", "{{ cookiecutter.__package }}")
CHOSEN = "{{ cookiecutter.__families }}".split()
ALL = (
    "layers", "losses", "metrics", "optimizers", "schedules", "initializers", "regularizers", "constraints",
    "callbacks", "activations", "datasets", "backends", "formats",
)  # fmt: skip

for family in ALL:
    if family not in CHOSEN:
        (PACKAGE / f"{family}.py").unlink()
        (PACKAGE / "conformance" / f"{family}.yaml").unlink()
if not "{{ cookiecutter.__symlog }}".strip():
    (PACKAGE / "symlog.py").unlink()
if "{{ cookiecutter.docs }}" != "True":
    shutil.rmtree("docs")
if "{{ cookiecutter.ci }}" != "True":
    shutil.rmtree(".github")
