"""Takes away what was not chosen, so that it leaves no trace."""

from __future__ import annotations

import shutil
from pathlib import Path

PACKAGE = Path("src", "{{ cookiecutter.__package }}")
# Names with spaces between them; none of ALL is a part of another.
CHOSEN = "{{ cookiecutter.__families }}"
ALL = (
    "layers", "losses", "metrics", "optimizers", "schedules", "initializers", "regularizers", "constraints",
    "callbacks", "activations", "datasets", "backends", "formats",
)  # fmt: skip
FOLDERS = {"docs": "{{ cookiecutter.docs }}", ".github": "{{ cookiecutter.ci }}"}

for family in ALL:
    if family not in CHOSEN:
        (PACKAGE / f"{family}.py").unlink()
        (PACKAGE / "conformance" / f"{family}.yaml").unlink()
if not "{{ cookiecutter.__symlog }}".strip():
    (PACKAGE / "symlog.py").unlink()
for folder, wanted in FOLDERS.items():
    if wanted != "True":
        shutil.rmtree(folder)
