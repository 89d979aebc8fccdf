"""Pooling layers: one number for each window."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from kcore import Array, Shape, ops
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name, padding_name, positive_integers
from kcore_layers.floating import floating
from kcore_layers.windows import windowed_shape


class Pooling(Layer):
    """What all pooling layers with windows share: arguments, shapes, and the call.

    A subclass states the number of its spatial axes, and what becomes of a window.

    Attributes:
        rank: number of spatial axes.
        default_data_format: what ``data_format=None`` is; ``None`` for ``kcore.image_data_format()``.
    """

    rank: ClassVar[int]
    default_data_format: ClassVar[str | None] = None

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        kind = type(self).__name__
        self.pool_size = positive_integers(kind, "pool_size", pool_size, self.rank)
        self.strides = self.pool_size if strides is None else positive_integers(kind, "strides", strides, self.rank)
        self.padding = padding_name(kind, padding)
        self.data_format = data_format_name(kind, self.default_data_format if data_format is None else data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @abstractmethod
    def pool(self, x: Array, **window: Any) -> Array:
        """One number for each window, which ``kcore.ops`` describes so."""

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *new spatial, channels), or channels first."""
        self.compute_output_shape(inputs.shape)
        return self.pool(
            inputs,
            size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return windowed_shape(
            self,
            input_shape,
            input_shape[-1] if self.data_format == "channels_last" else input_shape[1],
            size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            what="the size of its window",
        )


class MaxPooling(Pooling):
    """The largest number of each window."""

    def pool(self, x: Array, **window: Any) -> Array:
        """The largest number of each window, of any dtype."""
        return ops.max_pool(x, **window)


class AveragePooling(Pooling):
    """The mean of each window."""

    def pool(self, x: Array, **window: Any) -> Array:
        """The mean of each window, a floating number."""
        return ops.average_pool(floating(self, x), **window)


class MaxPooling1D(MaxPooling):
    """The largest number of each window of steps, for each channel on its own.

    y[b, t, c] = max over m of x[b, t * stride + m, c]. Where several entries of a
    window are largest, the gradient goes to the first of them in row-major order.

    Input (batch, steps, channels), output (batch, new steps, channels); with
    ``"channels_first"`` the channels come right after the batch axis. The dtype stays.

    Args:
        pool_size: of the window: an integer, or a tuple of one.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge never wins.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, whatever
            ``kcore.image_data_format()`` says, as in Keras 2.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> MaxPooling1D(3, strides=1)(np.array([[[1.0], [5.0], [2.0], [3.0]]])).tolist()
        [[[5.0], [5.0]]]
    """

    rank = 1
    default_data_format = "channels_last"


class MaxPooling2D(MaxPooling):
    """The largest number of each window of rows and columns, for each channel on its own.

    y[b, i, j, c] = max over m, n of x[b, i * stride + m, j * stride + n, c]. Where several entries of a
    window are largest, the gradient goes to the first of them in row-major order.

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, channels); with
    ``"channels_first"`` the channels come right after the batch axis. The dtype stays.

    Args:
        pool_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge never wins.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> MaxPooling2D()(x)[0, :, :, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """

    rank = 2


class MaxPooling3D(MaxPooling):
    """The largest number of each window of planes, rows and columns, for each channel on its own.

    y[b, h, i, j, c] = max over l, m, n of x[b, h * stride + l, i * stride + m, j * stride + n, c]. Where
    several entries of a window are largest, the gradient goes to the first of them in row-major order.

    Input (batch, planes, rows, columns, channels), output (batch, new planes, new rows, new columns, channels); with
    ``"channels_first"`` the channels come right after the batch axis. The dtype stays.

    Args:
        pool_size: of the window: an integer, or one for each spatial axis.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge never wins.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(64.0).reshape(1, 4, 4, 4, 1)
        >>> MaxPooling3D(2, strides=(4, 2, 2))(x)[0, 0, :, :, 0].tolist()
        [[21.0, 23.0], [29.0, 31.0]]
    """

    rank = 3


class AveragePooling1D(AveragePooling):
    """The mean of each window of steps, for each channel on its own.

    y[b, t, c] = mean over m of x[b, t * stride + m, c]. What padding adds does not count: a
    window at the edge has the mean of its real entries.

    Input (batch, steps, channels), output (batch, new steps, channels); with
    ``"channels_first"`` the channels come right after the batch axis. The dtype stays if it is floating.

    Args:
        pool_size: of the window: an integer, or a tuple of one.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge does not count.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, whatever
            ``kcore.image_data_format()`` says, as in Keras 2.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> AveragePooling1D(2, padding="same")(np.array([[[1.0], [5.0], [2.0]]])).tolist()
        [[[3.0], [2.0]]]
    """

    rank = 1
    default_data_format = "channels_last"


class AveragePooling2D(AveragePooling):
    """The mean of each window of rows and columns, for each channel on its own.

    y[b, i, j, c] = mean over m, n of x[b, i * stride + m, j * stride + n, c]. What padding adds does not count: a
    window at the edge has the mean of its real entries.

    Input (batch, rows, columns, channels), output (batch, new rows, new columns, channels); with
    ``"channels_first"`` the channels come right after the batch axis. The dtype stays if it is floating.

    Args:
        pool_size: of the window: an integer, or one for rows and one for columns.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge does not count.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> AveragePooling2D()(x)[0, :, :, 0].tolist()
        [[2.5, 4.5], [10.5, 12.5]]
    """

    rank = 2


class AveragePooling3D(AveragePooling):
    """The mean of each window of planes, rows and columns, for each channel on its own.

    y[b, h, i, j, c] = mean over l, m, n of x[b, h * stride + l, i * stride + m, j * stride + n, c]. What
    padding adds does not count: a window at the edge has the mean of its real entries.

    Input (batch, planes, rows, columns, channels), output (batch, new planes, new rows, new columns, channels); with
    ``"channels_first"`` the channels come right after the batch axis. The dtype stays if it is floating.

    Args:
        pool_size: of the window: an integer, or one for each spatial axis.
        strides: steps of the window, in the same form; ``pool_size`` by default.
        padding: ``"valid"``, only whole windows: floor((n - size) / stride) + 1 of them; or ``"same"``,
            windows may reach over the edge: ceil(n / stride) of them; what is beyond the edge does not count.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes, or is smaller than the window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(64.0).reshape(1, 4, 4, 4, 1)
        >>> AveragePooling3D(2, strides=(4, 2, 2))(x)[0, 0, :, :, 0].tolist()
        [[10.5, 12.5], [18.5, 20.5]]
    """

    rank = 3
