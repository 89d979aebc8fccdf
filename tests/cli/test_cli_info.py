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


def test_defaults_config_aliases_and_import_time(kcore: Any) -> None:
    found = json.loads(kcore("info", "layers/Conv2D", "--json").stdout)
    assert found["aliases"] == ["Convolution2D"]
    assert found["defaults"]["padding"] == "valid" and "filters" not in found["defaults"]
    assert found["filled_in"] == ["filters", "kernel_size"]
    assert (found["config"]["class_name"], found["config"]["config"]["filters"]) == ("Conv2D", 8)
    assert found["import_ms"] >= 0
    made = registry("layers").deserialize(found["config"])
    assert {**made.get_config(), "name": ""} == {**found["config"]["config"], "name": ""}
    text = kcore("info", "layers/Conv2D").stdout
    assert "  also named:  Convolution2D\n" in text
    assert '\nAs a config:\n\n  {"class_name": "Conv2D"' in text
    assert text.endswith("\nExample values: filters, kernel_size\n")
    assert " ms\n" in text.partition("  import time:")[2]


def test_configs_of_other_components(kcore: Any) -> None:
    def config(name: str) -> Any:
        return json.loads(kcore("info", name, "--json").stdout)["config"]

    assert config("losses/MSE") == "MSE"
    assert config("backends/numpy") is None
    assert config("formats/h5") is None and "As a config" not in kcore("info", "formats/h5").stdout
    assert config("layers/kcore-layers>Flatten")["class_name"] == "Flatten"
    # It cannot be made without a layer, so the config is that of the signature.
    wrapper = json.loads(kcore("info", "layers/Bidirectional", "--json").stdout)
    assert wrapper["config"]["config"]["layer"] == "<layer>" and wrapper["config"]["config"]["merge_mode"] == "concat"


@pytest.mark.parametrize(
    "name", [f"{family}/{name}" for family in ("optimizers", "initializers", "regularizers", "losses", "metrics", "callbacks") for name in registry(family).names()]
)  # fmt: skip
def test_every_config_that_needs_no_example_makes_its_component(kcore: Any, name: str) -> None:
    found = json.loads(kcore("info", name, "--json").stdout)
    if not any(isinstance(value, str) and value.startswith("<") for value in found["config"] if value):
        registry(name.partition("/")[0]).deserialize(found["config"])
    assert found["config"] == name.partition("/")[2] or found["config"]["class_name"] == name.partition("/")[2]


def test_a_component_of_a_plugin_with_odd_arguments(
    process: Callable[..., Any], distribution: Callable[..., Path]
) -> None:
    code = "class Odd:\n    def __init__(self, size: int, rate: 'float | None', other, key=object, big=float('inf')): ...\n"
    folder = distribution("odd", "odd", code, {"kcore.layers": {"Odd": "odd:Odd", "Same": "odd:Odd"}})
    found = json.loads(process("info", "layers/Odd", "--json", PYTHONPATH=str(folder)).stdout)
    assert found["defaults"] == {"key": "<class 'object'>", "big": "inf"}
    assert found["config"]["config"] == {"size": 8, "rate": 0.5, "other": "<other>", **found["defaults"]}
    assert (found["filled_in"], found["aliases"]) == (["size", "rate", "other"], ["Same"])


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
