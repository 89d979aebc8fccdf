"""Calls with further arguments by position; configs of classes whose base adds to them; bases that are no layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kcore import errors
from kcore.engine import CompiledFunction
from kcore.layers import Layer

X = np.array([[1.0, 2.0]], np.float32)


class Shifted(Layer):
    def call(self, inputs: Any, shift: Any, factor: float = 1.0, mask: Any = None, training: bool = False) -> Any:
        self.seen = (mask, training)
        return inputs * factor + shift


def test_further_arguments_may_stand_in_their_order() -> None:
    layer = Shifted()
    np.testing.assert_array_equal(layer(X, X), 2 * X)
    np.testing.assert_array_equal(layer(X, X, 3.0), 4 * X)
    np.testing.assert_array_equal(layer(X, X, factor=3.0), 4 * X)
    np.testing.assert_array_equal(CompiledFunction(lambda x: layer(x, x, 3.0))(X), 4 * X)
    assert layer.seen == (None, False)
    mask = np.array([True])
    layer(X, X, 1.0, mask, True)
    assert layer.seen[0] is mask and layer.seen[1] is True


def test_too_many_arguments_are_python_s_own_error() -> None:
    with pytest.raises(TypeError, match="too many positional arguments"):
        Shifted()(X, X, 1.0, None, False, 5)


class Base(Layer):
    """Adds its own argument to the config, so that subclasses may pass it on without naming it."""

    def __init__(self, *, flag: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flag = flag

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "flag": self.flag}


class Good(Base):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units


class Forgets(Base):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = units


class Renames(Base):
    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = units

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.size}


class Inherits(Renames):
    """Has neither a constructor nor a config of its own."""


@pytest.mark.parametrize("kind", [Good, Renames, Inherits])
def test_a_config_that_a_base_adds_to_rebuilds_the_layer(kind: Any) -> None:
    config = kind(3, flag=True, name="l").get_config()
    assert config == {"name": "l", "trainable": True, "dtype": "float32", "units": 3, "flag": True}
    assert kind.from_config(config).get_config() == config


def test_what_a_base_adds_does_not_excuse_a_forgotten_argument() -> None:
    with pytest.raises(errors.ConfigAttributeError, match="Forgets has a constructor argument 'units'"):
        Forgets(3).get_config()


def test_an_abstract_layer_says_what_to_use_or_to_write() -> None:
    error = errors.AbstractLayerError(layer="Base", base="Base", concrete=["A", "B", "C"], missing=["call", "build"])
    assert str(error) == (
        "Base is only the base of other layers and computes nothing by itself. Use A, B or C, or write a subclass with "
        "call() and build(); help(kcore.layers.Base) shows one."
    )
    assert isinstance(error, errors.KcoreError) and isinstance(error, TypeError)
    assert (error.layer, error.base, error.concrete, error.missing) == (
        "Base", "Base", ("A", "B", "C"), ("call", "build"),
    )  # fmt: skip
    error = errors.AbstractLayerError(layer="Mine", base="Base", concrete=["A", "B"], missing=["call"])
    assert str(error) == (
        "Mine derives from Base, but does not define call(). Write what is missing; help(kcore.layers.Base) shows a "
        "whole layer."
    )
