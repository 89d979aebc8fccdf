"""Global pooling layers: one number for each channel."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from kcore import Array, Shape, ops
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name
from kcore_layers.floating import floating
from kcore_layers.windows import AXES, image_shape, spatial_sizes


class GlobalPooling(Layer):
    """What all global pooling layers share: arguments, shapes, and the call.

    A subclass states the number of its spatial axes, and what becomes of all their entries.

    Attributes:
        rank: number of spatial axes.
        default_data_format: what ``data_format=None`` is; ``None`` for ``kcore.image_data_format()``.
    """

    rank: ClassVar[int]
    default_data_format: ClassVar[str | None] = None

    def __init__(self, data_format: str | None = None, *, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format_name(
            type(self).__name__, self.default_data_format if data_format is None else data_format
        )
        self.keepdims = bool(keepdims)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @abstractmethod
    def pool(self, x: Array, axes: tuple[int, ...]) -> Array:
        """One number in place of these axes, which stay with size 1 if ``keepdims``."""

    @property
    def spatial_axes(self) -> tuple[int, ...]:
        """The spatial axes of the input."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, channels), or channels first."""
        self.compute_output_shape(inputs.shape)
        return self.pool(inputs, self.spatial_axes)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if 0 in spatial_sizes(input_shape, self.data_format):
            least = " and ".join(f"1 {axis.removesuffix('s')}" for axis in AXES[self.rank])
            self.refuse_input(f"at least {least} ({self.data_format})", input_shape)
        channels = input_shape[-1] if self.data_format == "channels_last" else input_shape[1]
        return image_shape(input_shape[0], (1,) * self.rank * self.keepdims, channels, self.data_format)


class GlobalMaxPooling(GlobalPooling):
    """The largest number of each channel."""

    def pool(self, x: Array, axes: tuple[int, ...]) -> Array:
        """The largest number, of any dtype."""
        return np.max(x, axis=axes, keepdims=self.keepdims)  # type: ignore[no-any-return]


class GlobalAveragePooling(GlobalPooling):
    """The mean of each channel."""

    def pool(self, x: Array, axes: tuple[int, ...]) -> Array:
        """The mean, a floating number."""
        return np.mean(floating(self, x), axis=axes, keepdims=self.keepdims)  # type: ignore[no-any-return]


class GlobalMaxPooling1D(GlobalMaxPooling):
    """The largest number of all steps, for each channel on its own.

    y[b, c] = max over t of x[b, t, c]. Steps that tie share the gradient evenly, as in Keras and PyTorch.

    Input (batch, steps, channels), output (batch, channels); with
    ``"channels_first"`` the channels of the input come right after the batch axis. The dtype stays.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, whatever
            ``kcore.image_data_format()`` says, as in Keras 2.
        keepdims: whether the axis of the steps stays, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, or no steps.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0, 8.0], [3.0, 2.0]]])
        >>> GlobalMaxPooling1D()(x).tolist()
        [[3.0, 8.0]]
    """

    rank = 1
    default_data_format = "channels_last"


class GlobalMaxPooling2D(GlobalMaxPooling):
    """The largest number of all pixels, for each channel on its own.

    y[b, c] = max over i, j of x[b, i, j, c]. Pixels that tie share the gradient evenly, as in Keras and PyTorch.

    Input (batch, rows, columns, channels), output (batch, channels); with
    ``"channels_first"`` the channels of the input come right after the batch axis. The dtype stays.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, or no pixels.

    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling2D("channels_first")(np.arange(8.0).reshape(1, 2, 2, 2)).tolist()
        [[3.0, 7.0]]
    """

    rank = 2


class GlobalMaxPooling3D(GlobalMaxPooling):
    """The largest number of all places of a volume, for each channel on its own.

    y[b, c] = max over h, i, j of x[b, h, i, j, c]. Places that tie share the gradient evenly, as in Keras and PyTorch.

    Input (batch, planes, rows, columns, channels), output (batch, channels); with
    ``"channels_first"`` the channels of the input come right after the batch axis. The dtype stays.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes, or no places of a volume.

    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling3D("channels_last")(np.arange(16.0).reshape(1, 2, 2, 2, 2)).tolist()
        [[14.0, 15.0]]
    """

    rank = 3


class GlobalAveragePooling1D(GlobalAveragePooling):
    """The mean of all steps, for each channel on its own.

    y[b, c] = mean over t of x[b, t, c].

    Input (batch, steps, channels), output (batch, channels); with
    ``"channels_first"`` the channels of the input come right after the batch axis. The dtype stays if it is floating.

    With a mask (batch, steps), the mean is that of the steps which are not masked: sum over t of x[b, t, c] * m[b, t],
    divided by sum over t of m[b, t]; 0 where all are masked (Keras divides by 0 there). No mask is passed on.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``, whatever
            ``kcore.image_data_format()`` says, as in Keras 2.
        keepdims: whether the axis of the steps stays, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes, or no steps, or the mask has another shape.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0, 8.0], [3.0, 2.0]]])
        >>> GlobalAveragePooling1D()(x).tolist()
        [[2.0, 5.0]]
        >>> GlobalAveragePooling1D()(x, mask=np.array([[True, False]])).tolist()
        [[1.0, 8.0]]
    """

    rank = 1
    default_data_format = "channels_last"

    def call(self, inputs: Array, mask: Any = None) -> Array:
        """(batch, steps, channels) -> (batch, channels), or channels first."""
        if mask is None:
            return super().call(inputs)
        self.compute_output_shape(inputs.shape)
        (axis,) = self.spatial_axes
        if mask.shape != (inputs.shape[0], inputs.shape[axis]):
            self.refuse_input(f"an input that its mask of shape {mask.shape} fits", inputs.shape)
        x = floating(self, inputs)
        kept = np.expand_dims(mask, 3 - axis)
        total = np.sum(np.where(kept, x, np.zeros((), x.dtype)), axis=axis, keepdims=self.keepdims)
        count = np.sum(ops.cast(kept, x.dtype), axis=axis, keepdims=self.keepdims)
        return total / np.maximum(count, 1)  # type: ignore[no-any-return]


class GlobalAveragePooling2D(GlobalAveragePooling):
    """The mean of all pixels, for each channel on its own.

    y[b, c] = mean over i, j of x[b, i, j, c].

    Input (batch, rows, columns, channels), output (batch, channels); with
    ``"channels_first"`` the channels of the input come right after the batch axis. The dtype stays if it is floating.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes, or no pixels.

    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling2D("channels_first")(np.arange(8.0).reshape(1, 2, 2, 2)).tolist()
        [[1.5, 5.5]]
    """

    rank = 2


class GlobalAveragePooling3D(GlobalAveragePooling):
    """The mean of all places of a volume, for each channel on its own.

    y[b, c] = mean over h, i, j of x[b, h, i, j, c].

    Input (batch, planes, rows, columns, channels), output (batch, channels); with
    ``"channels_first"`` the channels of the input come right after the batch axis. The dtype stays if it is floating.

    Args:
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not five axes, or no places of a volume.

    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling3D("channels_last")(np.arange(16.0).reshape(1, 2, 2, 2, 2)).tolist()
        [[7.0, 8.0]]
    """

    rank = 3
