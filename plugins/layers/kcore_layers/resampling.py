"""Layers that make more of their input's steps, rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from kcore import Array, Shape, ops
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name, one_of, positive_integer, positive_integers
from kcore_layers.windows import image_shape, spatial_sizes

INTERPOLATIONS = ("nearest", "bilinear")


class UpSampling(Layer):
    """What all layers share that make each spatial axis longer by a whole factor.

    Attributes:
        rank: number of spatial axes.
        data_format: ``"channels_last"`` or ``"channels_first"``.
    """

    rank: ClassVar[int]
    data_format: str = "channels_last"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def factors(self) -> tuple[int, ...]:
        """One for each spatial axis."""
        raise NotImplementedError(f"{type(self).__name__} has to define factors")

    def by_axis(self) -> list[tuple[int, int]]:
        """(axis of the input, factor) of the spatial axes that become longer."""
        first = 1 if self.data_format == "channels_last" else 2
        return [(axis, factor) for axis, factor in enumerate(self.factors, first) if factor > 1]

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *longer spatial, channels), or channels first."""
        result: Any = inputs
        for axis, factor in self.by_axis():
            result = np.repeat(result, factor, axis=axis)
        return result  # type: ignore[no-any-return]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        lengths = spatial_sizes(input_shape, self.data_format)
        sizes = [None if n is None else n * factor for n, factor in zip(lengths, self.factors, strict=True)]
        channels = input_shape[-1] if self.data_format == "channels_last" else input_shape[1]
        return image_shape(input_shape[0], sizes, channels, self.data_format)


class UpSampling1D(UpSampling):
    """Makes sequences longer by a whole factor, by repeating each step.

    y[b, i, c] = x[b, floor(i / size), c].

    Input (batch, steps, channels), output (batch, steps * size, channels), of the input's dtype.

    Args:
        size: the factor.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``size`` is no integer of at least 1.
        LayerInputError: the input has not three axes.

    Example:
        >>> import numpy as np
        >>> UpSampling1D(2)(np.array([[[1.0], [2.0]]])).ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_integer("UpSampling1D", "size", size)

    @property
    def factors(self) -> tuple[int, ...]:
        return (self.size,)


class UpSampling2D(UpSampling):
    """Makes images larger by whole factors, by repeating each pixel or by interpolating between pixels.

    Input (batch, rows, columns, channels), output (batch, rows * size[0], columns * size[1], channels); with
    ``"channels_first"`` the channels come right after the batch axis.

    ``"bilinear"`` takes pixels as squares of side 1 and interpolates between their centres: along an axis of n
    pixels, output i is at p = (i + 1/2) / size - 1/2, and is x[floor(p)] * (1 - f) + x[floor(p) + 1] * f with
    f = p - floor(p); beyond the edge pixels' centres, the edge pixel. These are the numbers of Keras on
    TensorFlow 2, and of Keras 3; with TensorFlow 1, Keras interpolated from the pixels' corners.

    Args:
        size: the factors: an integer, or one for rows and one for columns.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        interpolation: ``"nearest"`` or ``"bilinear"``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes.

    Example:
        >>> import numpy as np
        >>> UpSampling2D((1, 2))(np.array([[[[1.0], [2.0]]]])).ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
        >>> UpSampling2D((1, 2), interpolation="bilinear")(np.array([[[[1.0], [2.0]]]])).ravel().tolist()
        [1.0, 1.25, 1.75, 2.0]
    """

    rank = 2

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = positive_integers("UpSampling2D", "size", size, 2)
        self.data_format = data_format_name("UpSampling2D", data_format)
        self.interpolation = one_of("UpSampling2D", "interpolation", interpolation, INTERPOLATIONS)

    @property
    def factors(self) -> tuple[int, ...]:
        return self.size

    def call(self, inputs: Array) -> Array:
        """(batch, rows, columns, channels) -> (batch, new rows, new columns, channels), or channels first."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        result: Any = inputs if inputs.dtype.kind == "f" else ops.cast(inputs, self.dtype)
        for axis, factor in self.by_axis():
            result = _interpolated(result, axis, factor)
        return result  # type: ignore[no-any-return]


class UpSampling3D(UpSampling):
    """Makes volumes larger by whole factors, by repeating each of their elements.

    y[b, h, i, j, c] = x[b, floor(h / size[0]), floor(i / size[1]), floor(j / size[2]), c].

    Input (batch, planes, rows, columns, channels), output (batch, planes * size[0], rows * size[1],
    columns * size[2], channels), of the input's dtype; with ``"channels_first"`` the channels come right after the
    batch axis.

    Args:
        size: the factors: an integer, or one each for planes, rows and columns.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes.

    Example:
        >>> import numpy as np
        >>> UpSampling3D((1, 2, 3))(np.zeros((2, 4, 4, 4, 5))).shape
        (2, 4, 8, 12, 5)
    """

    rank = 3

    def __init__(self, size: int | Sequence[int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_integers("UpSampling3D", "size", size, 3)
        self.data_format = data_format_name("UpSampling3D", data_format)

    @property
    def factors(self) -> tuple[int, ...]:
        return self.size


def _interpolated(x: Any, axis: int, factor: int) -> Any:
    """``x`` with ``factor`` times as many elements along ``axis``: one matrix product with the linear map."""
    n = x.shape[axis]
    places = np.clip((np.arange(n * factor) + 0.5) / factor - 0.5, 0, max(n - 1, 0))
    # The hat functions around the centres of the old pixels.
    weights = np.maximum(1 - np.abs(places[:, None] - np.arange(n)), 0).astype(x.dtype)
    before, after = x.shape[:axis], x.shape[axis + 1 :]
    flat = np.reshape(x, (*before, n, int(np.prod(after))))
    return np.reshape(weights @ flat, (*before, n * factor, *after))
