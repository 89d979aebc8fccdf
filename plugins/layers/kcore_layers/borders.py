"""Layers that cut off the border of their input's spatial axes, or put zeros around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np

from kcore import Array, Shape
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import borders, data_format_name
from kcore_layers.windows import AXES, image_shape, spatial_sizes

Widths: TypeAlias = int | Sequence[int] | Sequence[Sequence[int]]
Pairs: TypeAlias = tuple[tuple[int, int], ...]


class Border(Layer):
    """What all layers share that change the border of their input's spatial axes.

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
    def widths(self) -> Pairs:
        """(before, after) for each spatial axis."""
        raise NotImplementedError(f"{type(self).__name__} has to define widths")

    def of_all_axes(self) -> list[tuple[int, int]]:
        """The widths for every axis of the input."""
        none = (0, 0)
        return [none, *self.widths, none] if self.data_format == "channels_last" else [none, none, *self.widths]

    def resized(self, input_shape: Shape, sign: int) -> Shape:
        """The shape with the widths added, or with a negative sign taken away."""
        lengths = spatial_sizes(input_shape, self.data_format)
        sizes = [
            None if n is None else n + sign * (before + after)
            for n, (before, after) in zip(lengths, self.widths, strict=True)
        ]
        channels = input_shape[-1] if self.data_format == "channels_last" else input_shape[1]
        return image_shape(input_shape[0], sizes, channels, self.data_format)


class Cropping(Border):
    """What the cropping layers share."""

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *smaller spatial, channels), or channels first."""
        self.compute_output_shape(inputs.shape)
        kept = [slice(before, n - after) for n, (before, after) in zip(inputs.shape, self.of_all_axes(), strict=True)]
        return inputs[tuple(kept)]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        shape = self.resized(input_shape, -1)
        if any(size is not None and size < 1 for size in spatial_sizes(shape, self.data_format)):
            needed = [before + after + 1 for before, after in self.widths]
            text = " and ".join(f"{n} {axis}" for n, axis in zip(needed, AXES[self.rank], strict=True))
            self.refuse_input(f"at least {text} ({self.data_format}), one more than is cut off", input_shape)
        return shape


class Cropping1D(Cropping):
    """Cuts off steps at the beginning and at the end.

    y[b, i, c] = x[b, i + before, c].

    Input (batch, steps, channels), output (batch, steps - before - after, channels), of the input's dtype.

    Args:
        cropping: how many steps: an integer for both ends, or a pair (before, after).
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``cropping`` has another form, or is negative.
        LayerInputError: the input has not three axes, or no step would be left.

    Example:
        >>> import numpy as np
        >>> Cropping1D((1, 2))(np.arange(6.0).reshape(1, 6, 1)).ravel().tolist()
        [1.0, 2.0, 3.0]
    """

    rank = 1

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        (self.cropping,) = borders("Cropping1D", "cropping", cropping, 1)

    @property
    def widths(self) -> Pairs:
        return (self.cropping,)


class Cropping2D(Cropping):
    """Cuts off rows and columns at all four sides.

    y[b, i, j, c] = x[b, i + top, j + left, c].

    Input (batch, rows, columns, channels), output (batch, rows - top - bottom, columns - left - right, channels), of
    the input's dtype; with ``"channels_first"`` the channels come right after the batch axis.

    Args:
        cropping: how many: an integer for all sides, (rows, columns) for both sides of each, or ((top, bottom),
            (left, right)). By default nothing is cut off, as in Keras.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``cropping`` has another form, or is negative; an unknown ``data_format``.
        LayerInputError: the input has not four axes, or no pixel would be left.

    Example:
        >>> import numpy as np
        >>> Cropping2D(((1, 0), (0, 2)))(np.zeros((2, 5, 5, 3))).shape
        (2, 4, 3, 3)
    """

    rank = 2

    def __init__(self, cropping: Widths = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = borders("Cropping2D", "cropping", cropping, 2)
        self.data_format = data_format_name("Cropping2D", data_format)

    @property
    def widths(self) -> Pairs:
        return self.cropping


class Cropping3D(Cropping):
    """Cuts off planes, rows and columns at both ends of each.

    y[b, h, i, j, c] = x[b, h + front, i + top, j + left, c].

    Input (batch, planes, rows, columns, channels), output (batch, planes - front - back, rows - top - bottom,
    columns - left - right, channels), of the input's dtype; with ``"channels_first"`` the channels come right
    after the batch axis.

    Args:
        cropping: how many: an integer for all ends, (planes, rows, columns) for both ends of each, or a pair
            (before, after) for each of the three.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``cropping`` has another form, or is negative; an unknown ``data_format``.
        LayerInputError: the input has not five axes, or no pixel would be left.

    Example:
        >>> import numpy as np
        >>> Cropping3D((0, 1, 2))(np.zeros((2, 5, 5, 5, 3))).shape
        (2, 5, 3, 1, 3)
    """

    rank = 3

    def __init__(
        self, cropping: Widths = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = borders("Cropping3D", "cropping", cropping, 3)
        self.data_format = data_format_name("Cropping3D", data_format)

    @property
    def widths(self) -> Pairs:
        return self.cropping


class ZeroPadding(Border):
    """What the zero padding layers share."""

    def call(self, inputs: Array) -> Array:
        """(batch, *spatial, channels) -> (batch, *larger spatial, channels), or channels first."""
        return np.pad(inputs, self.of_all_axes())

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.resized(input_shape, 1)


class ZeroPadding1D(ZeroPadding):
    """Puts steps of zeros before and after a sequence.

    y[b, i + before, c] = x[b, i, c], and 0 elsewhere.

    Input (batch, steps, channels), output (batch, before + steps + after, channels), of the input's dtype; with
    ``"channels_first"`` the channels come right after the batch axis.

    Args:
        padding: how many steps: an integer for both ends, or a pair (before, after).
        data_format: ``"channels_last"`` or ``"channels_first"``; ``None`` is ``"channels_last"``. Keras 2 has only
            that, and no such argument, so that it is in the config only when it is the other.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``padding`` has another form, or is negative; an unknown ``data_format``.
        LayerInputError: the input has not three axes.

    Example:
        >>> import numpy as np
        >>> ZeroPadding1D((1, 2))(np.ones((1, 2, 1))).ravel().tolist()
        [0.0, 1.0, 1.0, 0.0, 0.0]
    """

    rank = 1

    def __init__(self, padding: int | Sequence[int] = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        (self.padding,) = borders("ZeroPadding1D", "padding", padding, 1)
        self.data_format = data_format_name("ZeroPadding1D", "channels_last" if data_format is None else data_format)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.data_format == "channels_last":
            del config["data_format"]
        return config

    @property
    def widths(self) -> Pairs:
        return (self.padding,)


class ZeroPadding2D(ZeroPadding):
    """Puts rows and columns of zeros around images.

    y[b, i + top, j + left, c] = x[b, i, j, c], and 0 elsewhere.

    Input (batch, rows, columns, channels), output (batch, top + rows + bottom, left + columns + right, channels), of
    the input's dtype; with ``"channels_first"`` the channels come right after the batch axis.

    Args:
        padding: how many: an integer for all sides, (rows, columns) for both sides of each, or ((top, bottom),
            (left, right)).
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``padding`` has another form, or is negative; an unknown ``data_format``.
        LayerInputError: the input has not four axes.

    Example:
        >>> import numpy as np
        >>> ZeroPadding2D(((1, 0), (0, 2)))(np.zeros((2, 5, 5, 3))).shape
        (2, 6, 7, 3)
    """

    rank = 2

    def __init__(self, padding: Widths = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = borders("ZeroPadding2D", "padding", padding, 2)
        self.data_format = data_format_name("ZeroPadding2D", data_format)

    @property
    def widths(self) -> Pairs:
        return self.padding


class ZeroPadding3D(ZeroPadding):
    """Puts planes, rows and columns of zeros around volumes.

    y[b, h + front, i + top, j + left, c] = x[b, h, i, j, c], and 0 elsewhere.

    Input (batch, planes, rows, columns, channels), output (batch, front + planes + back, top + rows + bottom,
    left + columns + right, channels), of the input's dtype; with ``"channels_first"`` the channels come right after
    the batch axis.

    Args:
        padding: how many: an integer for all ends, (planes, rows, columns) for both ends of each, or a pair (before,
            after) for each of the three.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: ``padding`` has another form, or is negative; an unknown ``data_format``.
        LayerInputError: the input has not five axes.

    Example:
        >>> import numpy as np
        >>> ZeroPadding3D((0, 1, 2))(np.zeros((2, 5, 5, 5, 3))).shape
        (2, 5, 7, 9, 3)
    """

    rank = 3

    def __init__(self, padding: Widths = (1, 1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = borders("ZeroPadding3D", "padding", padding, 3)
        self.data_format = data_format_name("ZeroPadding3D", data_format)

    @property
    def widths(self) -> Pairs:
        return self.padding
