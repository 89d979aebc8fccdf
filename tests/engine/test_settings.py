"""Process-wide defaults."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kcore.engine import settings
from kcore.errors import InvalidArgumentError


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = settings.floatx(), settings.epsilon(), settings.image_data_format()
    yield
    settings.set_floatx(before[0])
    settings.set_epsilon(before[1])
    settings.set_image_data_format(before[2])


def test_defaults_are_keras() -> None:
    assert (settings.floatx(), settings.epsilon(), settings.image_data_format()) == ("float32", 1e-7, "channels_last")


def test_they_can_be_changed() -> None:
    settings.set_floatx("float64")
    settings.set_epsilon(1)
    settings.set_image_data_format("channels_first")
    assert (settings.floatx(), settings.epsilon(), settings.image_data_format()) == ("float64", 1.0, "channels_first")
    assert isinstance(settings.epsilon(), float)


def test_what_they_cannot_be() -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"kcore cannot take floatx='int8'. Allowed: 'float32' or 'float64'."
    ):
        settings.set_floatx("int8")
    with pytest.raises(InvalidArgumentError, match=r"kcore cannot take image_data_format='NCHW'. Allowed: 'channels_l"):
        settings.set_image_data_format("NCHW")
    assert (settings.floatx(), settings.image_data_format()) == ("float32", "channels_last")
