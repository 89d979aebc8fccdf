"""The views: ``kcore.layers.Dense`` is whatever the registry has by that name."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

import kcore.layers
import kcore.losses
from kcore.components.layer import Layer
from kcore.errors import (
    AmbiguousComponentError,
    BrokenComponentError,
    DisabledComponentError,
    UnknownComponentError,
)
from kcore.registry import configure_plugins, refresh, registry

VIEWS = {
    "layers": ["Layer", "InputSpec", "Input"],
    "losses": ["Loss"],
    "metrics": ["Metric", "Mean", "MeanMetric"],
    "optimizers": ["Optimizer", "schedules"],
    "schedules": ["LearningRateSchedule"],
    "initializers": ["Initializer", "compute_fans"],
    "regularizers": ["Regularizer"],
    "constraints": ["Constraint"],
    "callbacks": ["Callback", "CallbackList"],
    "activations": [],
    "datasets": [],
}


@pytest.mark.parametrize("family", VIEWS)
def test_each_view_has_its_contract_and_the_registrys_functions(family: str) -> None:
    module = importlib.import_module(f"kcore.{family}")
    for name in VIEWS[family]:
        assert getattr(module, name).__name__.rpartition(".")[2] == name
        assert name in dir(module)
    home = registry(family)
    assert (module.get, module.register) == (home.get, home.register)
    assert (module.serialize, module.deserialize) == (home.serialize, home.deserialize)


def test_names_come_from_the_registry_on_each_access(installed: Any) -> None:
    installed.install("one", {"layers": {"Dense": "one:A", "not an identifier": "one:A"}}, {"one.py": "class A: ..."})
    refresh()
    assert kcore.layers.Dense is registry("layers")["Dense"]
    assert "Dense" in dir(kcore.layers) and "not an identifier" not in dir(kcore.layers)
    assert "view" not in dir(kcore.layers) and "registry" not in dir(kcore.layers)
    with configure_plugins("off"), pytest.raises(DisabledComponentError):
        _ = kcore.layers.Dense


def test_a_name_that_is_nowhere_is_an_attribute_error(installed: Any) -> None:
    installed.install("one", {"layers": {"Denser": "one:A"}})
    refresh()
    with pytest.raises(AttributeError, match=r"module 'kcore.layers' has no attribute 'denser'.*'Denser'"):
        _ = kcore.layers.denser
    assert not hasattr(kcore.layers, "__wrapped__") and not hasattr(kcore.layers, "xylophone")
    with pytest.raises(ImportError):
        from kcore.layers import Xylophone  # noqa: F401


def test_importing_a_known_name_that_cannot_be_had_says_why(installed: Any) -> None:
    for name in ("one", "two"):
        installed.install(name, {"layers": {"Both": f"{name}:A"}})
    installed.install("three", {"layers": {"Torn": "three:A"}}, {"three.py": "1 / 0"})
    refresh()
    with pytest.raises(UnknownComponentError, match="pip install kcore-layers"):
        from kcore.layers import Dense  # noqa: F401
    with pytest.raises(AmbiguousComponentError):
        from kcore.layers import Both  # noqa: F401
    with pytest.raises(BrokenComponentError):
        from kcore.layers import Torn  # noqa: F401


def test_registering_through_a_view(installed: Any) -> None:
    refresh()

    @kcore.layers.register
    class Mine(Layer): ...

    assert kcore.layers.Mine is Mine
    assert kcore.layers.get("Mine", name="m").name == "m"


def test_importing_the_registry_and_the_views_costs_little(site: Any) -> None:
    seen = site.python(
        f"""
        import sys
        import kcore.registry
        from kcore import {", ".join(VIEWS)}
        heavy = "importlib_metadata importlib.metadata pluggy numpy difflib kcore.components kcore.models".split()
        print([name for name in heavy if name in sys.modules])
        """
    )
    assert seen == "[]"


def test_a_star_imports_all_that_can_be_had() -> None:
    namespace: dict[str, Any] = {}
    exec("from kcore.constraints import *", namespace)
    assert {"Constraint", "MaxNorm", "max_norm", "non_neg"} <= namespace.keys()
    assert namespace["MaxNorm"] is importlib.import_module("kcore.constraints").MaxNorm
    assert not {"get", "register"} & namespace.keys()
