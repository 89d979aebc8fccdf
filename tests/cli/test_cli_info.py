"""``kcore info``."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kcore import layers, losses
from kcore.registry import registry


def test_a_class_is_described(kcore: Any) -> None:
    result = kcore("info", "layers/Dense")
    assert result.exit_code == 0
    text = result.stdout
    version = registry("layers").resolve("Dense").version
    assert text.startswith("layers/Dense\n")
    assert f"from:        kcore-layers {version}\n" in text
    assert "full name:   kcore-layers>Dense\n" in text
    assert "entry point: kcore_layers.core:Dense\n" in text
    line = inspect.getsourcelines(layers.Dense)[1]
    assert f"core.py:{line}\n" in text
    # Annotations stand without the quotes that Python keeps them in.
    assert "\nDense(units: int, activation: Any = None" in text
    assert inspect.getdoc(layers.Dense) in text


def test_a_function_as_json(kcore: Any) -> None:
    found = json.loads(kcore("info", "losses/mse", "--json").stdout)
    assert found["kind"] == "function"
    assert found["signature"].startswith("mean_squared_error(y_true")
    assert found["doc"] == inspect.getdoc(losses.mse)
    assert found["distribution"] == "kcore-losses"
    assert Path(found["file"]).name == "regression.py"
    assert found["line"] == inspect.getsourcelines(losses.mse)[1]


def test_a_qualified_name(kcore: Any) -> None:
    found = json.loads(kcore("info", "layers/kcore-layers>Dense", "--json").stdout)
    assert (found["name"], found["distribution"], found["kind"]) == ("Dense", "kcore-layers", "class")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("Dense", "'Dense' is not of the form FAMILY/NAME. Did you mean layers/Dense?"),
        ("zzz", "'zzz' is not of the form FAMILY/NAME. Such as layers/Dense."),
        ("layers/", "'layers/' is not of the form FAMILY/NAME."),
        ("layer/Dense", "there is no family 'layer'. Did you mean 'layers'?"),
        ("plugins/x", "'plugins/x' is not of the form FAMILY/NAME."),
    ],
)
def test_another_form_is_wrong_usage(kcore: Any, argument: str, message: str) -> None:
    result = kcore("info", argument)
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_unknown_name_is_an_error(kcore: Any) -> None:
    result = kcore("info", "layers/Dens")
    assert result.exit_code == 1
    assert result.stderr == "Error: No layer named 'Dens' is installed. Did you mean 'Dense'?\n"
    assert result.stdout == ""


def test_a_broken_component_is_an_error_with_its_cause(
    process: Callable[..., Any], distribution: Callable[..., Path]
) -> None:
    folder = distribution(
        "cracked", "cracked", "raise RuntimeError('no such device')", {"kcore.layers": {"Cracked": "cracked:Cracked"}}
    )
    result = process("info", "layers/Cracked", PYTHONPATH=str(folder))
    assert result.returncode == 1
    assert result.stderr.startswith("Error: The layer 'Cracked' of cracked 1.5 cannot be loaded")
    assert "RuntimeError: no such device" in result.stderr
    assert "Traceback" not in result.stderr
