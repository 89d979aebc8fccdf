"""The checks of ``kcore.testing.layers`` find what is wrong: a layer for each, broken in just that way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kcore import KeySequence, ops
from kcore.layers import Layer
from kcore.registry import registry
from kcore.testing.layers import CHECKS, LayerCase


class Scale(Layer):
    """A layer that keeps the contract: y = factor * x * weight."""

    supports_masking = True

    def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape: Any) -> None:
        self.weight = self.add_weight("weight", (input_shape[-1],), "ones")

    def call(self, inputs: Any) -> Any:
        return inputs * self.weight * np.asarray(self.factor, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return tuple(input_shape)


class ForgetsAnArgument(Scale):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": 3.0 if self.factor == 2.0 else 2.0}


class NotPlainConfig(Scale):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": np.float32(2)}


class WrongShape(Scale):
    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 1)


class KnowsTooMuch(Scale):
    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], 5, *input_shape[2:]) if input_shape[1] is None else tuple(input_shape)


class MixesSamples(Scale):
    def call(self, inputs: Any) -> Any:
        return super().call(inputs) - np.mean(inputs, axis=0, keepdims=True)


class ChangesItsInput(Scale):
    def call(self, inputs: Any) -> Any:
        result = super().call(inputs)
        if isinstance(inputs, np.ndarray):
            inputs *= 2
        return result


class AlwaysFloat64(Scale):
    def call(self, inputs: Any) -> Any:
        return super().call(inputs).astype("float64")


class RoundsToFloat32(Scale):
    def call(self, inputs: Any) -> Any:
        return super().call(inputs).astype("float32").astype(inputs.dtype)


class StopsTheGradient(Scale):
    def call(self, inputs: Any) -> Any:
        return super().call(ops.stop_gradient(inputs))


class LooksAtTheTracing(Scale):
    def call(self, inputs: Any) -> Any:
        result = super().call(inputs)
        return result if isinstance(inputs, np.ndarray) else result + np.asarray(1, inputs.dtype)


class NoiseUnannounced(Scale):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._keys = KeySequence(None)

    def call(self, inputs: Any, training: bool = False) -> Any:
        noise = ops.random_normal(self._keys.next(), shape=inputs.shape, dtype=inputs.dtype) if training else 0
        return super().call(inputs) + noise


class TrainsByDefault(Scale):
    def call(self, inputs: Any, training: bool = False) -> Any:
        self.calls = getattr(self, "calls", 0) + 1
        return super().call(inputs) * (self.calls % 2 + 1)


class SecretWeight(Scale):
    """A number that is in no weight."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.secret = np.random.default_rng().normal()

    def call(self, inputs: Any) -> Any:
        return super().call(inputs) * np.asarray(self.secret, inputs.dtype)


class TwoOfOneName(Scale):
    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.other = self.add_weight("weight", (1,), "ones")


class CannotBePickled(Scale):
    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.function = lambda x: x


class SharesWithItsCopies(Scale):
    def __deepcopy__(self, memo: Any) -> Any:
        return self


class MaskOfAnotherShape(Scale):
    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None if mask is None else mask[:, :1]


WRONG: list[tuple[type[Layer], str, str]] = [
    (ForgetsAnArgument, "config", "the config .* makes "),
    (NotPlainConfig, "config", "not JSON serializable"),
    (WrongShape, "shapes", r"compute_output_shape says \(3, 4, 1\), the output is \(3, 4, 2\)"),
    (KnowsTooMuch, "shapes", r"compute_output_shape says \(None, 5, 2\), the output is \(3, 4, 2\)"),
    (MixesSamples, "batch", "sample 0"),
    (ChangesItsInput, "batch", "an input was changed"),
    (AlwaysFloat64, "dtypes", "float64 of a layer of float32"),
    (RoundsToFloat32, "derivatives", "The derivative of order 1 of .* is wrong"),
    (StopsTheGradient, "derivatives", "The derivative of order 1 of .* is wrong"),
    (LooksAtTheTracing, "planned", "training=False"),
    (NoiseUnannounced, "training", "the output in training differs: True"),
    (TrainsByDefault, "training", "training is False by default"),
    (SecretWeight, "weights", "another layer with these weights"),
    (TwoOfOneName, "weights", "two weights have one name"),
    (CannotBePickled, "copies", "pickle"),
    (SharesWithItsCopies, "copies", "the weights of a copy are those of the layer"),
    (MaskOfAnotherShape, "mask", "the mask is not of the output's first axes"),
]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    kinds = [Scale, *(kind for kind, *_ in WRONG)]
    for kind in kinds:
        registry("layers").register(kind)
    yield
    for kind in kinds:
        registry("layers").unregister(kind.__name__)


def case_of(kind: type[Layer]) -> LayerCase:
    return LayerCase(kind.__name__, (3, 4, 2), unknown=[1])


@pytest.mark.parametrize("check", CHECKS)
def test_a_layer_that_keeps_the_contract_passes(check: str) -> None:
    CHECKS[check](case_of(Scale))


@pytest.mark.parametrize(("kind", "check", "text"), WRONG)
def test_each_check_finds_its_own(kind: type[Layer], check: str, text: str) -> None:
    with pytest.raises(Exception, match=f"(?s){text}"):
        CHECKS[check](case_of(kind))


def test_every_check_has_a_layer_that_it_finds() -> None:
    assert {check for _, check, _ in WRONG} == set(CHECKS)


def test_a_mask_lost_unseen() -> None:
    """The contract itself refuses it; the check accepts the refusal only if it names the layer."""

    @registry("layers").register
    class Plain(Scale):
        supports_masking = False

    try:
        CHECKS["mask"](case_of(Plain))
    finally:
        registry("layers").unregister("Plain")


def test_rows_of_tables() -> None:
    row = {"layer": "Scale", "shape": [[3, 2], [3, 2]], "label": "two", "below": 5, "unknown": [1]}
    case = LayerCase.from_row(row)
    assert case.shape == [(3, 2), (3, 2)] and str(case) == "Scale-two"
    assert case.symbolic_shape() == [(None, None), (None, None)]
    assert [x.dtype.kind for x in case.inputs()] == ["i", "i"] and max(x.max() for x in case.inputs()) < 5
    masked = LayerCase("Scale", (4, 6, 2), mask=True, fixed_batch=True)
    assert masked.symbolic_shape() == (4, 6, 2)
    assert masked.masks().shape == (4, 6) and masked.masks()[:, 0].all()
