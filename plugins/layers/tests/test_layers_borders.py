"""Cropping and zero padding beside slices and np.pad; the forms of their argument, configs, bad arguments, inputs."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcore.engine import CompiledFunction
from kcore.errors import InvalidArgumentError, LayerInputError, LayerMaskError
from kcore.layers import Layer
from kcore.testing.gradients import check_gradients
from kcore_layers import borders
from kcore_layers.borders import Cropping1D, Cropping2D, Cropping3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

CROPPING: dict[int, Any] = {1: Cropping1D, 2: Cropping2D, 3: Cropping3D}
PADDING: dict[int, Any] = {1: ZeroPadding1D, 2: ZeroPadding2D, 3: ZeroPadding3D}
KINDS = [*CROPPING.values(), *PADDING.values()]
WIDTHS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=3)
SIZES = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))


def argument_of(kind: Any) -> str:
    return "cropping" if kind in CROPPING.values() else "padding"


def read(layer: Any) -> Any:
    return getattr(layer, argument_of(type(layer)))


def argument(pairs: Any, rank: int) -> Any:
    return pairs[0] if rank == 1 else tuple(pairs[:rank])


@given(
    rank=st.sampled_from([1, 2, 3]),
    pairs=WIDTHS,
    spatial=SIZES,
    first=st.booleans(),
    dtype=st.sampled_from(["float32", "float64", "uint8"]),
)
def test_cropping_undoes_padding(rank: int, pairs: Any, spatial: Any, first: bool, dtype: str) -> None:
    if rank == 1:
        first = False
    arguments = {} if rank == 1 else {"data_format": "channels_first" if first else "channels_last"}
    shape = (2, 3, *spatial[:rank]) if first else (2, *spatial[:rank], 3)
    x = np.random.default_rng(rank).integers(1, 100, shape).astype(dtype)
    around = [(0, 0)] * (1 + first) + list(pairs[:rank]) + [(0, 0)] * (not first)
    pad = PADDING[rank](argument(pairs, rank), **arguments)
    y = pad(x)
    np.testing.assert_array_equal(y, np.pad(x, around))
    assert y.dtype == dtype
    assert pad.compute_output_shape((None, *shape[1:])) == (None, *y.shape[1:])
    crop = CROPPING[rank](argument(pairs, rank), **arguments)
    np.testing.assert_array_equal(crop(y), x)
    assert crop(y).dtype == dtype
    assert crop.compute_output_shape((None, *y.shape[1:])) == (None, *shape[1:])
    np.testing.assert_array_equal(CompiledFunction(lambda values: crop(pad(values)))(x), x)


@pytest.mark.parametrize("kind", [ZeroPadding2D, Cropping2D])
def test_gradients(kind: Any) -> None:
    check_gradients(kind(((1, 0), (2, 1))), (np.random.default_rng(1).standard_normal((2, 4, 5, 2)),))


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (Cropping1D, 2, (2, 2)),
        (Cropping1D, [1, np.int64(2)], (1, 2)),
        (ZeroPadding1D, 0, (0, 0)),
        (ZeroPadding1D, (0, 3), (0, 3)),
        (Cropping2D, 1, ((1, 1), (1, 1))),
        (Cropping2D, (1, 2), ((1, 1), (2, 2))),
        (ZeroPadding2D, [[1, 2], [3, 4]], ((1, 2), (3, 4))),
        (ZeroPadding2D, (1, (3, 4)), ((1, 1), (3, 4))),
        (Cropping3D, 1, ((1, 1), (1, 1), (1, 1))),
        (Cropping3D, (1, 2, 3), ((1, 1), (2, 2), (3, 3))),
        (ZeroPadding3D, ((1, 2), (3, 4), (5, 6)), ((1, 2), (3, 4), (5, 6))),
    ],
)
def test_the_forms_of_the_argument(kind: Any, given: Any, kept: Any) -> None:
    layer = kind(given)
    assert read(layer) == kept
    config = layer.get_config()
    assert config[argument_of(kind)] == (list(kept) if layer.rank == 1 else [list(pair) for pair in kept])
    assert kind.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (Cropping1D, (1, 1)),
        (Cropping2D, ((0, 0), (0, 0))),
        (Cropping3D, ((1, 1), (1, 1), (1, 1))),
        (ZeroPadding1D, (1, 1)),
        (ZeroPadding2D, ((1, 1), (1, 1))),
        (ZeroPadding3D, ((1, 1), (1, 1), (1, 1))),
    ],
)
def test_the_defaults_are_keras_s(kind: Any, kept: Any) -> None:
    assert read(kind()) == kept


def test_a_layout_of_sequences_is_written_only_where_keras_2_would_not_know_it() -> None:
    assert ZeroPadding1D(2, name="z").get_config() == {
        "name": "z",
        "trainable": True,
        "dtype": "float32",
        "padding": [2, 2],
    }
    config = ZeroPadding1D(1, "channels_first").get_config()
    assert config["data_format"] == "channels_first"
    assert ZeroPadding1D.from_config(config)(np.ones((1, 2, 3))).shape == (1, 2, 5)


def test_config_of_images() -> None:
    assert Cropping2D(1, "channels_first", name="c").get_config() == {
        "name": "c",
        "trainable": True,
        "dtype": "float32",
        "cropping": [[1, 1], [1, 1]],
        "data_format": "channels_first",
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", [-1, 1.5, None, "1", (1,), (1, 2, 3, 4), ((1, -1),) * 3, ((1, 2, 3),) * 2, True])
def test_bad_widths_are_named(kind: Any, given: Any) -> None:
    axes = kind.rank
    forms = "a pair of them" if axes == 1 else f"{axes} of them, or {axes} pairs of them"
    with pytest.raises(InvalidArgumentError) as caught:
        kind(given)
    assert str(caught.value) == (
        f"{kind.__name__} cannot take {argument_of(kind)}={given!r}. Allowed: an integer of at least 0, "
        f"{'or ' if axes == 1 else ''}{forms} for before and after."
    )


@pytest.mark.parametrize("kind", [Cropping2D, Cropping3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D])
def test_a_bad_layout_is_named(kind: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(1, "NHWC")
    assert str(caught.value) == (
        f"{kind.__name__} cannot take data_format='NHWC'. Allowed: 'channels_last', 'channels_first'."
    )


def test_unknown_sizes_stay_unknown() -> None:
    assert Cropping2D(1).compute_output_shape((None, None, 5, 3)) == (None, None, 3, 3)
    assert ZeroPadding3D(1, "channels_first").compute_output_shape((None, 2, 3, None, 4)) == (None, 2, 5, None, 6)
    assert Layer.compute_output_shape(Cropping1D((1, 2)), (None, None, 3)) == (None, None, 3)
    assert Layer.compute_output_shape(ZeroPadding1D((1, 2)), (None, None, 3)) == (None, None, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_inputs_of_another_rank_and_masks_are_refused(kind: Any) -> None:
    layer = kind(1)
    with pytest.raises(LayerInputError, match=f"expects an input with {kind.rank + 2} axes"):
        layer(np.zeros((2, 3)))
    with pytest.raises(LayerMaskError):
        layer(np.zeros((2, *(3,) * kind.rank, 1)), mask=np.ones((2, 3), bool))


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (Cropping1D((1, 2), name="w"), (2, 3, 1), "at least 4 steps (channels_last), one more than is cut off"),
        (
            Cropping2D((0, 1), "channels_first", name="w"),
            (2, 1, 9, 2),
            "at least 1 rows and 3 columns (channels_first)",
        ),
        (Cropping3D(name="w"), (2, 3, 3, 2, 1), "at least 3 planes and 3 rows and 3 columns (channels_last), one"),
    ],
)
def test_an_input_of_which_nothing_would_be_left_is_refused(layer: Layer, shape: Any, wanted: str) -> None:
    for call in (lambda: layer(np.zeros(shape)), lambda: layer.compute_output_shape((None, *shape[1:]))):
        with pytest.raises(LayerInputError) as caught:
            call()
        assert str(caught.value).startswith(f"Layer 'w' ({type(layer).__name__}) expects {wanted}")


def test_examples_in_the_docstrings() -> None:
    found = doctest.testmod(borders)
    assert found.attempted >= 12
    assert found.failed == 0
