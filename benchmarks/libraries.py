"""The libraries that are measured, with the versions that stand beside each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venvs"

NUMPY = "numpy==2.4.6"
KERAS = "keras==3.15.1"
# Never without a version: the newest PyTorch brings gigabytes for graphics cards.
TORCH = "torch==2.13.0"


@dataclass(frozen=True)
class Library:
    """One row of every table.

    Attributes:
        name: for the command line and the folder of the environment.
        label: for people.
        worker: the ending of its workers' names: ``train_{worker}.py``.
        module: what a user imports.
        requirements: what its environment has; kcore's gets kcore's own wheels beside them.
        variables: of the environment of its processes.
    """

    name: str
    label: str
    worker: str
    module: str
    requirements: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its environment is."""
        return ENVIRONMENTS / f"bench-{self.name}"


def _keras(backend: str, requirement: str) -> Library:
    return Library(
        f"keras-{backend}",
        f"Keras 3 on {backend}",
        "keras",
        "keras",
        (KERAS, requirement, NUMPY),
        {"KERAS_BACKEND": backend},
    )


KCORE = Library("kcore", "kcore", "kcore", "kcore", (NUMPY,))
PEERS = {
    library.name: library
    for library in (
        Library("torch", "PyTorch", "torch", "torch", (TORCH, NUMPY)),
        _keras("torch", TORCH),
        _keras("jax", "jax==0.10.2"),
        _keras("tensorflow", "tensorflow-cpu==2.21.0"),
    )
}
LIBRARIES = {KCORE.name: KCORE, **PEERS}
