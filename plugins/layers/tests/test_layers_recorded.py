"""Every layer beside the numbers recorded from Keras 2, Keras 3 and PyTorch: outputs and all gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.engine import CompiledFunction, gradients
from kcore.layers import Layer
from kcore.testing.reference import Case, load_cases
from kcore_layers.convolutional import Conv2D
from kcore_layers.core import Activation, Dense, Dropout, Flatten, Reshape
from kcore_layers.pooling import MaxPooling2D

CASES = load_cases(Path(__file__).parent / "reference" / "layers.npz")
CLASSES: dict[str, Any] = {
    kind.__name__: kind for kind in (Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D, Reshape)
}


def prepared(case: Case) -> Layer:
    """The layer of the case with its weights."""
    x = case.arrays["x"]
    layer: Layer = CLASSES[case.component](**case.config, dtype=x.dtype.name)
    layer.ensure_built(x.shape)
    layer.set_weights([case.arrays[name] for name in ("w0", "w1") if name in case.arrays])
    return layer


def test_every_layer_is_recorded() -> None:
    assert {case.component for case in CASES} == set(CLASSES)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outputs_and_gradients_as_recorded(case: Case) -> None:
    layer = prepared(case)
    x, expected = case.arrays["x"], case.arrays["y"]
    tolerance = 2e-6 if x.dtype == np.float32 else 1e-13

    def check(name: str, found: Any) -> None:
        recorded = case.arrays[name]
        assert found.dtype == recorded.dtype, name
        scale = max(1.0, float(np.abs(recorded).max()))
        np.testing.assert_allclose(found, recorded, rtol=0, atol=tolerance * scale, err_msg=name)

    def step(inputs: Any, cotangent: Any) -> Any:
        outputs = layer(inputs)
        return outputs, gradients(np.sum(outputs * cotangent), [inputs, *layer.weights])

    eager = layer(x)
    check("y", eager)
    planned, slopes = CompiledFunction(step)(x, case.arrays.get("g", np.ones_like(expected)))
    check("y", planned)
    names = [name for name in ("dx", "dw0", "dw1") if name in case.arrays]
    if names:
        assert len(names) == len(slopes)
    for name, slope in zip(names, slopes, strict=False):
        check(name, slope)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_stated_traced_and_actual_shapes_agree(case: Case) -> None:
    layer = prepared(case)
    shape = case.arrays["x"].shape
    assert layer.compute_output_shape(shape) == case.arrays["y"].shape
    # The contract's own answer, found by tracing `call`.
    assert Layer.compute_output_shape(layer, shape) == case.arrays["y"].shape
    unknown = (None, *shape[1:])
    assert layer.compute_output_shape(unknown) == (None, *case.arrays["y"].shape[1:])
    assert Layer.compute_output_shape(layer, unknown) == (None, *case.arrays["y"].shape[1:])


@pytest.mark.parametrize("case", [case for case in CASES if case.source == "keras3"], ids=str)
def test_a_layer_from_the_config_computes_the_same(case: Case) -> None:
    layer = prepared(case)
    again = type(layer).from_config(layer.get_config())
    again.ensure_built(case.arrays["x"].shape)
    again.set_weights(layer.get_weights())
    assert again.get_config() == layer.get_config()
    np.testing.assert_array_equal(again(case.arrays["x"]), layer(case.arrays["x"]))
