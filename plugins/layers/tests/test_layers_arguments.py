"""Bad values for the arguments that layers share: every layer that has one refuses them, by its name, with what is allowed."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from kcore.errors import InvalidArgumentError, LayerInputError, UnknownComponentError
from kcore.layers import Dense, Layer
from kcore.registry import registry
from kcore.testing import stated_cases
from kcore.testing.layers import LayerCase

BAD: dict[str, list[Any]] = {
    "activation": [3, [1]],
    "axis": ["last", 1.5],
    "cropping": [-1, "1", (1, 2, 3, 4)],
    "data_format": ["last", 3],
    "depth_multiplier": [0, -1, 1.5],
    "dilation_rate": [0, -2, "2"],
    "dropout": [-0.1, 1, 1.5, "half"],
    "epsilon": [-1.0, "small"],
    "filters": [0, -1, 1.5, None, "4", True],
    "implementation": [7, "fast", True],
    "input_dim": [0, -1, 1.5],
    "interpolation": ["cubic", 3],
    "kernel_size": [0, -1, 1.5, "3", (3, 3, 3, 3)],
    "merge_mode": ["max", 3],
    "momentum": [-0.1, 2, "much"],
    "n": [0, -1, 1.5],
    "output_dim": [0, -1, None],
    "padding": [-1, 1.5, "mirror"],
    "pool_size": [0, -1, 1.5, "2", (2, 2, 2, 2)],
    "rate": [-0.1, 1.5, "half", None],
    "recurrent_activation": [3, [1]],
    "recurrent_dropout": [-0.1, 1, 1.5, "half"],
    "seed": [-1, 1.5, "a"],
    "size": [0, -1, 1.5, "2", (2, 2, 2, 2)],
    "stddev": [-0.1, "much", None],
    "strides": [0, -1, 1.5, "2", (2, 2, 2, 2)],
    "target_shape": [(0,), (-1, -1), "3", 3.5],
    "units": [0, -1, 1.5, None, "4", True],
}
CASES: dict[str, LayerCase] = {case.layer: case for case in stated_cases("kcore-layers", "layers")}
KINDS = {name: registry("layers").load(name) for name in CASES}


def arguments_of(kind: type[Layer]) -> list[str]:
    return list(inspect.signature(kind.__init__).parameters)


PAIRS = [
    pytest.param(name, argument, value, id=f"{name}-{argument}-{value}")
    for name, kind in KINDS.items()
    for argument in arguments_of(kind)
    for value in BAD.get(argument, ())
]


@pytest.mark.parametrize(("name", "argument", "value"), PAIRS)
def test_a_bad_value_names_layer_argument_and_what_is_allowed(name: str, argument: str, value: Any) -> None:
    config = {**CASES[name].config, argument: value}
    with pytest.raises(InvalidArgumentError) as caught:
        KINDS[name](**config)
    assert caught.value.component == name and caught.value.argument == argument
    assert caught.value.allowed and f"{name} cannot take {argument}=" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        (name, argument)
        for name, kind in KINDS.items()
        for argument in arguments_of(kind)
        if argument.endswith(("_initializer", "_regularizer", "_constraint"))
    ],
)
def test_a_component_that_nobody_provides(name: str, argument: str) -> None:
    with pytest.raises(UnknownComponentError, match="'glorot_unifrom'"):
        KINDS[name](**{**CASES[name].config, argument: "glorot_unifrom"})


@pytest.mark.parametrize(
    "name", [name for name, kind in KINDS.items() if {"strides", "dilation_rate"} <= set(arguments_of(kind))]
)
def test_strides_and_dilation_exclude_each_other(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"where strides are larger than 1|1 where") as caught:
        KINDS[name](**{**CASES[name].config, "strides": 2, "dilation_rate": 2})
    assert caught.value.argument in ("dilation_rate", "strides")


@pytest.mark.parametrize("value", [3, "3", (0,), (-1, 2), (1.5,), (True,)])
@pytest.mark.parametrize("argument", ["input_shape", "batch_input_shape"])
def test_shapes_that_are_none(argument: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=f"Dense cannot take {argument}=.*for each axis, a whole number"):
        Dense(2, **{argument: value})
    assert Dense(2, **{argument: [None, 3]}).batch_input_shape is not None


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_input_without_axes_is_refused_by_name(case: LayerCase) -> None:
    layer = case.make()
    if layer.input_spec is None and not isinstance(case.shape, list):
        return
    shape: Any = [()] * len(case.shape) if isinstance(case.shape, list) else ()
    with pytest.raises(LayerInputError) as caught:
        layer.ensure_built(shape)
    assert type(layer).__name__ in str(caught.value)
