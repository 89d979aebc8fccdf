"""CuDNNLSTM and CuDNNGRU of Keras 2: the same units as LSTM and GRU, with weights as cuDNN lays them out."""

from __future__ import annotations

from typing import Any

import numpy as np

from kcore_layers.gated import Gated, GatedRecurrent, GRUGates, LSTMGates

FIXED: dict[str, Any] = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "dropout": 0.0,
    "recurrent_dropout": 0.0,
    "implementation": 1,
    "seed": None,
}


class CuDNNGated(Gated):
    """Weights in cuDNN's layout: kernels by gates and transposed, a bias for the input and one for the state."""

    def bias_shape(self) -> tuple[int, ...]:
        return (2 * self.gates * self.units,)

    def kernels(self) -> tuple[Any, Any]:
        """Kernel and recurrent kernel as ``LSTM`` and ``GRU`` have them.

        cuDNN reads the numbers of one gate row by row as (units, features), and Keras keeps them under the shape
        (features, units).
        """
        features, units, gates = self.kernel.shape[0], self.units, self.gates
        by_gate = np.transpose(np.reshape(self.kernel, (features, gates, units)), (1, 0, 2))
        as_read = np.reshape(by_gate, (gates, units, features))
        kernel = np.reshape(np.transpose(as_read, (2, 0, 1)), (features, gates * units))
        turned = np.transpose(np.reshape(self.recurrent_kernel, (units, gates, units)), (2, 1, 0))
        return kernel, np.reshape(turned, (units, gates * units))

    def biases(self) -> tuple[Any, Any]:
        """The bias of the input's part, and that of the state's, (gates * units,) each."""
        bias: Any = self.bias
        return bias[: self.gates * self.units], bias[self.gates * self.units :]


class CuDNNLSTM(CuDNNGated, LSTMGates, GatedRecurrent):
    """``LSTM`` with tanh and sigmoid, and weights in the layout of cuDNN, as Keras 2 has it for GPUs.

    What it computes, and at which speed, is what ``LSTM(recurrent_activation="sigmoid")`` computes; it is here for
    models and files that have it. cuDNN itself is not used. Sources: Keras 2's documented conversion between the files
    of both layers; cuDNN's documented order of weights.

    Input (batch, steps, features), output h of the last step, (batch, units). Weights: ``kernel`` (features, 4 *
    units), of which each gate's part is read row by row as (units, features); ``recurrent_kernel`` (units, 4 * units),
    of which each gate's part is the transpose of the matrix that h is multiplied with; ``bias`` (8 * units,), first
    that of the input, then that of the state. Masks are used as by ``LSTM``, while Keras refuses them here.

    Args:
        units: size of the states, and of the output.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights' first values.
        unit_forget_bias: whether the forget gate's bias of the state begins with 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        return_sequences, return_state, stateful, go_backwards: as for ``LSTM``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above, or first states of another number or shape.
        LayerInputError: the input has not three axes, or other features than at the first call, or, where stateful,
            another batch size.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> import numpy as np
        >>> layer = CuDNNLSTM(8)
        >>> layer(np.zeros((2, 10, 3), "float32")).shape
        (2, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 32), (8, 32), (64,)]
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        stateful: bool = False,
        *,
        go_backwards: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            go_backwards=go_backwards,
            **FIXED,
            **kwargs,
        )

    def input_bias(self) -> Any:
        first, second = self.biases()
        return first + second


class CuDNNGRU(CuDNNGated, GRUGates, GatedRecurrent):
    """``GRU`` with tanh and sigmoid, reset after the product, and weights in the layout of cuDNN, as in Keras 2.

    What it computes is what ``GRU(recurrent_activation="sigmoid", reset_after=True)`` computes; it is here for models
    and files that have it. cuDNN itself is not used. Sources: as for ``CuDNNLSTM``.

    Input (batch, steps, features), output h of the last step, (batch, units). Weights: ``kernel`` (features, 3 *
    units), ``recurrent_kernel`` (units, 3 * units), both by gates in the order of ``GRU`` and laid out as in
    ``CuDNNLSTM``; ``bias`` (6 * units,), first that of the input, then that of the state. Masks are used as by ``GRU``,
    while Keras refuses them here.

    Args:
        units: size of the state, and of the output.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights' first values.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights, added to the loss.
        activity_regularizer: a penalty on the output, added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        return_sequences, return_state, stateful, go_backwards: as for ``GRU``.
        **kwargs: those of ``Layer``.

    Raises:
        InvalidArgumentError: an argument outside the values above, or a first state of another shape.
        LayerInputError: the input has not three axes, or other features than at the first call, or, where stateful,
            another batch size.
        LayerStateError: stateful, and the batch size is not known.

    Example:
        >>> import numpy as np
        >>> layer = CuDNNGRU(8, return_sequences=True)
        >>> layer(np.zeros((2, 10, 3), "float32")).shape
        (2, 10, 8)
        >>> [weight.shape for weight in layer.weights]
        [(3, 24), (8, 24), (48,)]
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        return_sequences: bool = False,
        return_state: bool = False,
        stateful: bool = False,
        *,
        go_backwards: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            return_sequences=return_sequences,
            return_state=return_state,
            stateful=stateful,
            go_backwards=go_backwards,
            reset_after=True,
            **FIXED,
            **kwargs,
        )

    def input_bias(self) -> Any:
        return self.biases()[0]

    def state_bias(self) -> Any:
        return self.biases()[1]
