"""What every component must survive: its config as data, copies, and every name it is reached by.

The checks of one family (``kcore.testing.optimizers`` and others) are made of these.
"""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import yaml

from kcore.registry import deserialize, registry, serialize

TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


def check_config_of(component: Any, family: str) -> None:
    """The config is plain data, and what is made from it, through JSON or YAML, has the same one."""
    written = serialize(component, family)
    for read in (json.loads(json.dumps(written)), yaml.safe_load(yaml.safe_dump(written))):
        again = deserialize(read, family)
        assert type(again) is type(component), f"the config of a {_kind(component)} makes a {_kind(again)}"
        assert serialize(again, family) == written, f"the config {written} makes {serialize(again, family)}"


def check_names_of(name: str, family: str, config: Any) -> None:
    """Each name of the same class or function makes the same component."""
    home = registry(family)
    target = home.load(name)
    expected = serialize(deserialize({"class_name": name, "config": dict(config)}, family), family)
    for record in home.records_of(target):
        found = serialize(deserialize({"class_name": record.name, "config": dict(config)}, family), family)
        assert found == expected, f"the name {record.name!r} makes {found}, {name!r} makes {expected}"


def check_copies_of(component: Any, family: str, result: Callable[[Any], Any]) -> None:
    """A pickled and a deep copy give the same result, and have the same config."""
    expected = result(component)
    for again in (pickle.loads(pickle.dumps(component)), copy.deepcopy(component)):
        assert serialize(again, family) == serialize(component, family), "a copy has another config"
        same(result(again), expected, what="a copy")


def same(found: Any, expected: Any, dtype: str = "float32", *, what: str) -> None:
    """Arrays that are equal but for rounding in this dtype."""
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * scale, err_msg=what)


def _kind(component: Any) -> str:
    return str(getattr(component, "__name__", type(component).__name__))
