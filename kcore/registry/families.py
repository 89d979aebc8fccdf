"""The families of components, and the entry-point groups they are found in."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "kcore."
HOOK_GROUP: Final = "kcore.plugins"
API_GROUP: Final = "kcore.api"
CORE_DISTRIBUTION: Final = "kcore"
LOCAL: Final = "local"

# Family -> what one member is called in a sentence.
FAMILIES: Final[dict[str, str]] = {
    "layers": "layer",
    "losses": "loss",
    "metrics": "metric",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "initializers": "initializer",
    "regularizers": "regularizer",
    "constraints": "constraint",
    "callbacks": "callback",
    "activations": "activation",
    "datasets": "dataset",
    "backends": "backend",
    "formats": "format",
}

# Families whose functions may be given arguments by a config: what is had is then the function with these.
CONFIGURABLE: Final = ("activations",)

# Contract class -> family, to know the family of an object without importing the contract.
CONTRACTS: Final[dict[str, str]] = {
    "kcore.components.layer:Layer": "layers",
    "kcore.components.loss:Loss": "losses",
    "kcore.components.metric:Metric": "metrics",
    "kcore.components.optimizer:Optimizer": "optimizers",
    "kcore.components.schedule:LearningRateSchedule": "schedules",
    "kcore.components.initializer:Initializer": "initializers",
    "kcore.components.regularizer:Regularizer": "regularizers",
    "kcore.components.constraint:Constraint": "constraints",
    "kcore.components.callback:Callback": "callbacks",
}


def group_of(family: str) -> str:
    """The entry-point group of a family."""
    return PREFIX + family


def member(family: str) -> str:
    """What one member of the family is called in a sentence."""
    return FAMILIES.get(family, "hook module" if family == "plugins" else family)


def contract_family(cls: type) -> str | None:
    """The family whose contract the class derives from, if any."""
    for base in cls.__mro__:
        family = CONTRACTS.get(f"{base.__module__}:{base.__qualname__}")
        if family is not None:
            return family
    return None


def normalised(distribution: str) -> str:
    """A distribution's name in the one spelling that compares equal for all (PEP 503)."""
    folded = distribution.strip().lower()
    for separator in "_.":
        folded = folded.replace(separator, "-")
    while "--" in folded:
        folded = folded.replace("--", "-")
    return folded
