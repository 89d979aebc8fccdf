"""Masking and ActivityRegularization: masks and penalties as recorded and in models, configs, bad arguments."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kcore import Sequential
from kcore.components.call_context import call_context
from kcore.engine import CompiledFunction, gradients
from kcore.errors import InvalidArgumentError, LayerInputError
from kcore.testing.reference import Case, load_cases
from kcore_layers.core import ActivityRegularization, Dense, Masking
from kcore_layers.recurrent import LSTM

CASES = load_cases(Path(__file__).parent / "reference" / "core.npz")


@pytest.mark.parametrize("case", [case for case in CASES if "y_mask" in case.arrays], ids=str)
def test_masks_as_recorded(case: Case) -> None:
    layer, x = Masking(**case.config), case.arrays["x"]
    expected = case.arrays["y_mask"].astype(bool)
    np.testing.assert_array_equal(layer.compute_mask(x), expected)
    np.testing.assert_array_equal(CompiledFunction(layer.compute_mask)(x), expected)
    assert 0 < expected.sum() < expected.size


@given(hnp.arrays("float64", (3, 4, 2), elements=st.sampled_from([0.0, -0.0, 1.5, -2.0])), st.sampled_from([0.0, 1.5]))
def test_a_step_is_padding_where_all_features_have_the_value(x: Any, value: float) -> None:
    layer = Masking(value)
    mask = (x != value).any(-1)
    np.testing.assert_array_equal(layer.compute_mask(x), mask)
    np.testing.assert_array_equal(layer(x), x * mask[..., None])


def test_layers_behind_it_get_the_mask() -> None:
    x = np.random.default_rng(1).standard_normal((2, 5, 3)).astype("float32")
    x[:, 3:] = 7
    lstm = LSTM(4)
    model = Sequential([Masking(7.0, input_shape=(None, 3)), lstm])
    np.testing.assert_allclose(model.predict(x), lstm(x[:, :3]), rtol=1e-5, atol=1e-6)


def test_the_mask_that_came_with_the_input_ends() -> None:
    x = np.ones((2, 3, 4))
    with call_context() as context:
        y = Masking()(x, mask=np.zeros((2, 3), bool))
        assert context.masks.of(y).all()


def test_the_dtype_stays() -> None:
    for dtype in ("float32", "float64", "int64", "uint8"):
        x = np.array([[[0, 0], [0, 3]]], dtype)
        assert Masking()(x).dtype == dtype
        assert CompiledFunction(Masking())(x).dtype == dtype
        assert Masking().compute_mask(x).tolist() == [[False, True]]
    # 0.1 as float32 is not 0.1, but stands for it.
    assert Masking(0.1).compute_mask(np.full((1, 1, 2), 0.1, "float32")).tolist() == [[False]]
    assert CompiledFunction(Masking(0.1).compute_mask)(np.full((1, 1, 2), 0.1, "float32")).tolist() == [[False]]


@pytest.mark.parametrize("case", [case for case in CASES if "penalty" in case.arrays], ids=str)
def test_penalties_as_recorded(case: Case) -> None:
    layer, x = ActivityRegularization(**case.config), case.arrays["x"]

    def step(x: Any) -> Any:
        losses: list[Any] = []
        with call_context(losses=losses):
            layer(x)
        (penalty,) = losses
        return penalty, gradients(penalty, [x])[0]

    penalty, slope = CompiledFunction(step)(x)
    np.testing.assert_allclose(penalty, case.arrays["penalty"], rtol=1e-6)
    np.testing.assert_allclose(slope, case.arrays["penalty_dx"], rtol=1e-6, atol=1e-7)


def test_it_is_a_layer_with_an_activity_regularizer() -> None:
    x = np.random.default_rng(1).standard_normal((4, 3))
    other = Dense(
        3,
        kernel_initializer=lambda shape, dtype=None: np.eye(3, dtype=dtype),
        activity_regularizer={"class_name": "L1L2", "config": {"l1": 0.3, "l2": 0.2}},
        dtype="float64",
    )
    with call_context(losses=[]) as context:
        ActivityRegularization(0.3, 0.2)(x)
        other(x)
        assert context.losses is not None
        one, two = map(float, context.losses)
    assert one == pytest.approx(two, rel=1e-12)


def test_the_input_is_passed_on_with_its_mask() -> None:
    layer, x = ActivityRegularization(0.1), np.ones((2, 3))
    assert layer(x) is x
    mask = np.ones(2, bool)
    assert layer.compute_mask(x, mask) is mask
    assert layer.compute_output_shape((None, 3)) == (None, 3)


@pytest.mark.parametrize(
    ("layer", "config"),
    [
        (ActivityRegularization(1, name="a"), {"l1": 1.0, "l2": 0.0}),
        (ActivityRegularization(l2=0.5, name="a"), {"l1": 0.0, "l2": 0.5}),
        (Masking(3, name="a"), {"mask_value": 3.0}),
    ],
)
def test_config_rebuilds_the_layer(layer: Any, config: dict[str, Any]) -> None:
    assert layer.get_config() == {"name": "a", "trainable": True, "dtype": "float32", **config}
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Masking(math.nan), "Masking cannot take mask_value=nan. Allowed: a finite number."),
        (lambda: Masking("0"), "Masking cannot take mask_value='0'. Allowed: a finite number."),  # type: ignore[arg-type]
        (
            lambda: ActivityRegularization(l1=math.inf),
            "ActivityRegularization cannot take l1=inf. Allowed: a finite number.",
        ),
        (
            lambda: ActivityRegularization(l2=None),  # type: ignore[arg-type]
            "ActivityRegularization cannot take l2=None. Allowed: a finite number.",
        ),
    ],
)
def test_bad_arguments_are_named(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert str(caught.value) == text


def test_masking_needs_features() -> None:
    with pytest.raises(LayerInputError, match=r"\(Masking\) expects an input with at least 2 axes"):
        Masking()(np.ones(3))
