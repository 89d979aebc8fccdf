"""Process-wide defaults that components read: floating dtype, fuzz factor, image layout."""

from __future__ import annotations

from typing import Literal, cast

from kcore.errors.components import InvalidArgumentError

DataFormat = Literal["channels_last", "channels_first"]

_floatx = "float32"
_epsilon = 1e-7
_image_data_format: DataFormat = "channels_last"


def floatx() -> str:
    """The dtype of new weights and inputs, ``"float32"`` unless changed."""
    return _floatx


def set_floatx(dtype: str) -> None:
    """Set the default floating dtype.

    Raises:
        InvalidArgumentError: neither float32 nor float64.
    """
    global _floatx
    if dtype not in ("float32", "float64"):
        raise InvalidArgumentError(component="kcore", argument="floatx", value=dtype, allowed="'float32' or 'float64'")
    _floatx = dtype


def epsilon() -> float:
    """The small number that keeps logarithms and quotients finite, 1e-7 unless changed."""
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the fuzz factor."""
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> DataFormat:
    """Where images have their channels when a layer is not told: ``"channels_last"`` unless changed."""
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default layout of images.

    Raises:
        InvalidArgumentError: an unknown layout.
    """
    global _image_data_format
    if data_format not in ("channels_last", "channels_first"):
        raise InvalidArgumentError(
            component="kcore",
            argument="image_data_format",
            value=data_format,
            allowed="'channels_last' or 'channels_first'",
        )
    _image_data_format = cast(DataFormat, data_format)
