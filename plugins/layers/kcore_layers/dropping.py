"""Layers that drop entries at random in training, and the random masks that do so."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from kcore import Array, KeySequence, Shape, ops
from kcore.errors import InvalidArgumentError
from kcore.layers import InputSpec, Layer
from kcore_layers.arguments import data_format_name, dropped_fraction, optional_seed, positive_integer
from kcore_layers.floating import floating


def keep_mask(key: Array, shape: Sequence[int], rate: float, dtype: npt.DTypeLike) -> Any:
    """0 with probability ``rate``, else 1 / (1 - rate), for every entry on its own.

    Args:
        key: as ``kcore.KeySequence.next`` gives it.
        shape: of the mask.
        rate: 0 <= rate < 1.
        dtype: float32 or float64.
    """
    numbers = ops.random_uniform(key, shape=shape, dtype=dtype)
    # A scalar of the mask's dtype turns the comparison into the mask and scales it in the same pass.
    return (numbers >= rate) * np.asarray(1 / (1 - rate), dtype)


class TrainingNoise(Layer):
    """A layer that changes its input at random in training, and gives it on as it is at other times.

    A subclass writes ``noisy``, and ``silent`` where its arguments can mean no change at all. The shape stays. A mask
    is passed on; masked steps are treated like others.

    Args:
        seed: an integer of at least 0 that fixes the random numbers; by default they follow from
            ``kcore.set_random_seed``, in the order in which layers are made.
        **kwargs: those of ``Layer``.
    """

    supports_masking = True

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = optional_seed(type(self).__name__, seed)
        self._keys = KeySequence(self.seed)

    @property
    @abstractmethod
    def silent(self) -> bool:
        """Whether the layer changes nothing in training, either."""

    @abstractmethod
    def noisy(self, x: Array, key: Array) -> Array:
        """What comes of floating inputs in training; another key at every call."""

    def call(self, inputs: Array, training: bool = False) -> Array:
        """Any shape -> the same shape."""
        if not training or self.silent:
            return inputs
        return self.noisy(floating(self, inputs), self._keys.next())

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


class Dropping(TrainingNoise):
    """Noise that sets entries to 0 with the probability ``rate``, and divides the rest by 1 - rate."""

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = dropped_fraction(type(self).__name__, "rate", rate)

    @property
    def silent(self) -> bool:
        return self.rate == 0

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the mask for an input's shape: 1 along the axes on which entries share their fate."""
        return shape

    def noisy(self, x: Array, key: Array) -> Array:
        """Some entries 0, the rest divided by 1 - rate."""
        return x * keep_mask(key, self.mask_shape(x.shape), self.rate, x.dtype)  # type: ignore[no-any-return]


class Dropout(Dropping):
    """In training, sets random entries of the input to 0 and divides the rest by 1 - rate.

    At other times the output is the input. On average it is that in training too ("inverted" dropout), so
    that prediction needs no correction. Every call draws another mask. Source: Srivastava et al., "Dropout: a
    simple way to prevent neural networks from overfitting" (2014).

    Args:
        rate: the probability of an entry to become 0; 0 <= rate < 1.
        noise_shape: the shape of the mask, one entry per axis of the input: 1 where entries share their fate,
            the input's size or ``None`` elsewhere. (batch, 1, features) drops a feature at all steps or at
            none.
        seed: an integer of at least 0 that fixes the masks; by default they follow from
            ``kcore.set_random_seed``, in the order in which layers are made.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: ``noise_shape`` does not fit the input.

    Example:
        >>> layer = Dropout(0.5, seed=1)
        >>> x = np.ones((1, 1000), "float32")
        >>> sorted(set(layer(x, training=True)[0].tolist()))
        [0.0, 2.0]
        >>> layer(x) is x
        True
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed, **kwargs)
        kind = type(self).__name__
        self.noise_shape: Shape | None = None
        if noise_shape is not None:
            if not isinstance(noise_shape, list | tuple):
                raise InvalidArgumentError(
                    component=kind,
                    argument="noise_shape",
                    value=noise_shape,
                    allowed="None, or one entry per axis of the input: an integer of at least 1, or None",
                )
            self.noise_shape = tuple(
                None if size is None else positive_integer(kind, "noise_shape", size) for size in noise_shape
            )
            self.input_spec = InputSpec(ndim=len(noise_shape))

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        mask = tuple(size if wanted is None else wanted for wanted, size in zip(self.noise_shape, shape, strict=True))
        if any(wanted not in (1, size) for wanted, size in zip(mask, shape, strict=True)):
            self.refuse_input(f"an input that noise_shape={self.noise_shape} broadcasts to", shape)
        return mask


class SpatialDropout(Dropping):
    """Dropout of whole channels: all places of a channel share their fate.

    Attributes:
        rank: number of spatial axes.
    """

    rank: ClassVar[int]

    def __init__(self, rate: float, data_format: str | None = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed, **kwargs)
        self.data_format = data_format_name(type(self).__name__, data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """One entry for each sample and channel."""
        together = (1,) * self.rank
        if self.data_format == "channels_last":
            return (shape[0], *together, shape[-1])
        return (*shape[:2], *together)


class SpatialDropout1D(SpatialDropout):
    """In training, sets random channels to 0 at all steps, and divides the rest by 1 - rate.

    y[b, t, c] = x[b, t, c] * m[b, c] / (1 - rate), m[b, c] being 0 with probability ``rate``, else 1. Neighbouring
    steps of one channel are much alike; dropped one by one, they would tell of each other. Source: Tompson et al.,
    "Efficient object localization using convolutional networks" (2015).

    Input and output (batch, steps, channels). The dtype stays if it is floating. A mask is passed on.

    Args:
        rate: the probability of a channel to become 0; 0 <= rate < 1.
        seed: as for ``Dropout``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not three axes.

    Example:
        >>> layer = SpatialDropout1D(0.5, seed=1)
        >>> layer(np.ones((1, 2, 4)), training=True).tolist()
        [[[2.0, 0.0, 0.0, 2.0], [2.0, 0.0, 0.0, 2.0]]]
    """

    rank = 1

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, "channels_last", seed, **kwargs)


class SpatialDropout2D(SpatialDropout):
    """In training, sets random channels to 0 at all pixels, and divides the rest by 1 - rate.

    y[b, i, j, c] = x[b, i, j, c] * m[b, c] / (1 - rate), m[b, c] being 0 with probability ``rate``, else 1. Source:
    Tompson et al., "Efficient object localization using convolutional networks" (2015).

    Input and output (batch, rows, columns, channels); with ``"channels_first"`` the channels come right after the
    batch axis. The dtype stays if it is floating. A mask is passed on.

    Args:
        rate: the probability of a channel to become 0; 0 <= rate < 1.
        data_format: ``"channels_last"`` or ``"channels_first"``; ``kcore.image_data_format()`` by default.
        seed: as for ``Dropout``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above.
        LayerInputError: the input has not four axes.

    Example:
        >>> y = SpatialDropout2D(0.5, seed=1)(np.ones((1, 8, 9, 4)), training=True)
        >>> y[0, 0, 0].tolist(), bool((y == y[:, :1, :1]).all())
        ([2.0, 0.0, 0.0, 2.0], True)
    """

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """In training, sets random channels to 0 at all places of a volume, and divides the rest by 1 - rate.

    As ``SpatialDropout2D``, with one axis more: (batch, planes, rows, columns, channels), or the channels right after
    the batch axis. The dtype stays if it is floating. A mask is passed on.

    Args:
        rate, data_format, seed: as for ``SpatialDropout2D``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside those values.
        LayerInputError: the input has not five axes.

    Example:
        >>> y = SpatialDropout3D(0.5, "channels_first", seed=1)(np.ones((1, 4, 2, 2, 2)), training=True)
        >>> y[0, :, 0, 0, 0].tolist(), bool((y == y[:, :, :1, :1, :1]).all())
        ([2.0, 0.0, 0.0, 2.0], True)
    """

    rank = 3
