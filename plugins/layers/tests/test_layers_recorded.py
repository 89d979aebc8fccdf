"""Every layer beside the numbers recorded from Keras 2, Keras 3 and PyTorch: outputs and all gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction, gradients
from kcore.engine.tree import leaves
from kcore.layers import Layer, deserialize
from kcore.testing.reference import Case, load_cases

CASES = [case for path in sorted((Path(__file__).parent / "reference").glob("*.npz")) for case in load_cases(path)]


def numbered(case: Case, prefix: str, suffix: str = "") -> list[Any]:
    """The arrays prefix0, prefix1, ... of a case."""
    names = [f"{prefix}{number}{suffix}" for number in range(20)]
    return [case.arrays[name] for name in names if name in case.arrays]


def given(case: Case) -> Any:
    """The input of a case, or the list of its inputs."""
    return case.arrays["x"] if "x" in case.arrays else numbered(case, "x")


def shape_of(inputs: Any) -> Any:
    return [x.shape for x in inputs] if isinstance(inputs, list) else inputs.shape


def prepared(case: Case) -> Layer:
    """The layer of the case with its weights."""
    config = {"name": case.component, **case.config, "dtype": case.arrays["y"].dtype.name}
    layer: Layer = deserialize({"class_name": case.component, "config": config})
    layer.ensure_built(shape_of(given(case)))
    layer.set_weights(numbered(case, "w"))
    return layer


def called(layer: Layer, case: Case, x: Any) -> Any:
    """The layer's output as the case calls it; several outputs lie side by side."""
    arguments: dict[str, Any] = {}
    if "mask" in case.arrays:
        arguments["mask"] = case.arrays["mask"].astype(bool)
    if "mask0" in case.arrays:
        arguments["mask"] = [mask.astype(bool) for mask in numbered(case, "mask")]
    for name in ("initial_state", "constants"):
        if f"{name}0" in case.arrays:
            arguments[name] = numbered(case, name)
    if "/train" in case.name:
        arguments["training"] = True
    outputs = layer(x, **arguments)
    return np.concatenate(outputs, axis=-1) if isinstance(outputs, list) else outputs


def check(case: Case, name: str, found: Any) -> None:
    recorded = case.arrays[name]
    assert found.dtype == recorded.dtype, name
    scale = max(1.0, float(np.abs(recorded).max()))
    tolerance = 2e-6 if recorded.dtype == np.float32 else 1e-13
    np.testing.assert_allclose(found, recorded, rtol=0, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("case", [case for case in CASES if "g" in case.arrays], ids=str)
def test_outputs_and_gradients_as_recorded(case: Case) -> None:
    layer = prepared(case)
    x = given(case)
    parts = x if isinstance(x, list) else [x]
    floating = parts[0].dtype.kind == "f"

    def step(inputs: Any, cotangent: Any) -> Any:
        outputs = called(layer, case, inputs)
        sources = leaves(inputs) if floating else []
        return outputs, gradients(np.sum(outputs * cotangent), [*sources, *layer.trainable_weights])

    check(case, "y", called(layer, case, x))
    layer.set_weights(numbered(case, "w"))
    planned, slopes = CompiledFunction(step)(x, case.arrays["g"])
    check(case, "y", planned)
    names = [f"dx{number}" for number in range(len(parts))] if isinstance(x, list) else ["dx"]
    names = names * floating + [f"dw{number}" for number in range(len(layer.trainable_weights))]
    assert {name for name in case.arrays if name.startswith("d")} == set(names)
    for name, slope in zip(names, slopes, strict=True):
        check(case, name, slope)


@pytest.mark.parametrize("case", [case for case in CASES if "g" not in case.arrays], ids=str)
def test_outputs_without_gradients_as_recorded(case: Case) -> None:
    # Stateful layers are recorded at the third call.
    calls = 3 if case.config.get("stateful") else 1
    for run in (lambda layer: called(layer, case, given(case)), planned_call(case)):
        layer = prepared(case)
        for _ in range(calls):
            y = run(layer)
        check(case, "y", y)


def planned_call(case: Case) -> Any:
    compiled: dict[int, CompiledFunction] = {}

    def run(layer: Layer) -> Any:
        function = compiled.setdefault(id(layer), CompiledFunction(lambda x: called(layer, case, x)))
        return function(given(case))

    return run


@pytest.mark.parametrize("case", [case for case in CASES if "w0_after" in case.arrays], ids=str)
def test_weights_that_training_updates_as_recorded(case: Case) -> None:
    layer = prepared(case)
    for run in (lambda x: called(layer, case, x), CompiledFunction(lambda x: called(layer, case, x))):
        layer.set_weights(numbered(case, "w"))
        run(given(case))
        after = layer.get_weights()
        if case.note and case.source == "tf_keras":
            # TensorFlow's factor n / (n - 1) for images, which no other case has.
            count = case.arrays["x"].size // case.arrays["x"].shape[-1]
            after[3] = after[3] + 0.01 * case.arrays["x"].var((0, 1, 2)) / (count - 1)
        for number, weight in enumerate(after):
            check(case, f"w{number}_after", weight)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stated_traced_and_actual_shapes_agree(case: Case) -> None:
    layer = prepared(case)
    shape = shape_of(given(case))
    outputs = layer(given(case))
    expected = [output.shape for output in outputs] if isinstance(outputs, list) else outputs.shape
    assert layer.compute_output_shape(shape) == expected
    # The contract's own answer, found by tracing `call`.
    if not case.config.get("stateful"):
        assert Layer.compute_output_shape(layer, shape) == expected
        unknown = [(None, *one[1:]) for one in expected] if isinstance(expected, list) else (None, *expected[1:])
        any_batch: Any = [(None, *one[1:]) for one in shape] if isinstance(shape, list) else (None, *shape[1:])
        assert layer.compute_output_shape(any_batch) == unknown
        assert Layer.compute_output_shape(layer, any_batch) == unknown


@pytest.mark.parametrize("case", [case for case in CASES if case.source == "keras3"], ids=str)
def test_a_layer_from_the_config_computes_the_same(case: Case) -> None:
    layer = prepared(case)
    again = type(layer).from_config(layer.get_config())
    again.ensure_built(shape_of(given(case)))
    again.set_weights(layer.get_weights())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(called(again, case, given(case)), called(layer, case, given(case)))
