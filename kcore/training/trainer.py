"""``compile``, ``fit``, ``evaluate``, ``predict``, and their single-batch forms, with Keras's arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore.components.callback import Callback
from kcore.components.layer import Layer
from kcore.components.optimizer import Optimizer
from kcore.components.shape_inference import traced_call, traced_output_shape
from kcore.components.symbolic import SymbolicTensor
from kcore.engine.settings import floatx
from kcore.engine.tree import leaves
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError
from kcore.errors.training import EmptyDataError, NoLossError, NotCompiledError
from kcore.registry import hooks, registry
from kcore.training import loop
from kcore.training.data import ArraySource, compute_dtype
from kcore.training.inputs import (
    InputSlot,
    arrange,
    as_array,
    check_inputs,
    check_lengths,
)
from kcore.training.objectives import Objectives
from kcore.training.step import PredictStep, Steps
from kcore.training.targets import label, labels_in_order, weights_in_order


class Trainer(Layer):
    """A layer that can be trained: what ``Model`` and ``Sequential`` inherit."""

    stop_training = False
    optimizer: Optimizer | None = None
    _objectives: Objectives | None = None
    _steps: Steps | None = None
    _predict: PredictStep | None = None

    # --- what the models room provides -------------------------------------------------------------------------------

    def input_slots(self) -> list[InputSlot] | None:
        """The model's inputs, or ``None`` while they are not known."""
        return None

    def output_names(self) -> list[str]:
        """A name per output."""
        return ["output"]

    # --- compile -----------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        sample_weight_mode: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: an optimizer, its name, or its config.
            loss: a loss, its name, a function ``f(y_true, y_pred)``, or a list or dictionary of such by output;
                ``None`` for a model that is trained by what its layers give to ``add_loss`` alone.
            metrics: a list of metrics, names, or functions; or lists or a dictionary of such by output.
            loss_weights: the factor of each output's loss.
            sample_weight_mode: for Keras 2's sake, ``None`` or ``"temporal"``, or these by output; whether weights
                belong to samples or to steps is seen from their shape.
            weighted_metrics: metrics that count each sample with its weight, in the form of ``metrics``, which do not.

        A change of ``trainable`` takes effect at the next ``compile``.

        Raises:
            UnknownComponentError: a name that no installed plugin provides.
            InvalidArgumentError: something that is no loss, metric, or optimizer.
            NoLossError: there is nothing to minimise.
        """
        found = registry("optimizers").get(optimizer)
        if isinstance(found, type) and issubclass(found, Optimizer):
            found = found()  # type: ignore[call-arg]
        if not isinstance(found, Optimizer):
            raise InvalidArgumentError(
                component="compile", argument="optimizer", value=optimizer, allowed="a name, a config, or an Optimizer"
            )
        modes = leaves(sample_weight_mode)
        if any(mode != "temporal" for mode in modes):
            raise InvalidArgumentError(
                component="compile",
                argument="sample_weight_mode",
                value=sample_weight_mode,
                allowed="None or 'temporal', or a list or dictionary of these by output",
            )
        if loss is None and not self._may_add_losses():
            raise NoLossError(model=self.name)
        self._objectives = Objectives(self.name, self.output_names(), loss, metrics, loss_weights, weighted_metrics)
        self.optimizer = found
        self._steps = None
        if self.built:
            self.steps("compile")

    def _may_add_losses(self) -> bool:
        """Whether some layer calls ``add_loss``, or will perhaps once the model is built."""
        slots = self.input_slots()
        if any(layer.loss_functions for layer in self.walk()) or not self.built or slots is None:
            return True
        losses: list[Any] = []
        inputs = [SymbolicTensor(slot.shape, slot.dtype, slot.name) for slot in slots]
        traced_call(self, inputs if len(inputs) > 1 else inputs[0], {}, losses=losses)
        return bool(losses)

    @property
    def metrics_names(self) -> list[str]:
        """What ``evaluate`` returns, in order."""
        return self._compiled("name metrics").names()

    def _compiled(self, method: str) -> Objectives:
        if self._objectives is None:
            raise NotCompiledError(model=self.name, method=method)
        return self._objectives

    def steps(self, method: str) -> Steps:
        """The compiled steps; the model is built."""
        objectives = self._compiled(method)
        assert self.optimizer is not None
        if self._steps is None:
            self.optimizer.build(self.trainable_weights)
            self._steps = Steps(self, objectives, self.optimizer)
        return self._steps

    def forget_steps(self) -> None:
        """Trace anew at the next use; called when layers are added or removed."""
        self._steps = None
        self._predict = None

    def __getstate__(self) -> dict[str, Any]:
        # Compiled steps are bound to this process's memory; a copy traces its own.
        return {**self.__dict__, "_steps": None, "_predict": None}

    # --- data --------------------------------------------------------------------------------------------------------

    def _inputs(self, x: Any) -> list[Array]:
        """``x`` as checked arrays in the order of the model's inputs; builds the model if need be."""
        slots = self.input_slots()
        if slots is None:
            items = x if isinstance(x, list | tuple) and len(x) and hasattr(x[0], "shape") else [x]
            arrays = [as_array("x", item) for item in items]
        else:
            items = arrange(self.name, "input", [slot.name for slot in slots], x)
            arrays = [
                as_array(label("x", slot.name, len(slots)), item) for slot, item in zip(slots, items, strict=True)
            ]
            arrays = check_inputs(self.name, slots, arrays)
        if not self.built:
            shapes: Any = [(None, *array.shape[1:]) for array in arrays]
            self._build_for(shapes if len(shapes) > 1 else shapes[0])
        return arrays

    def _build_for(self, input_shape: Any) -> None:
        """Make all weights for inputs of this shape."""
        self.ensure_built(input_shape)
        if any(not layer.built for layer in self.walk()):
            # A subclass that leaves building to the first call: call it without computing.
            traced_output_shape(self, input_shape)

    def _input_dtypes(self, arrays: Sequence[Array]) -> list[np.dtype[Any]]:
        slots = self.input_slots()
        if slots is None:
            return [np.dtype(floatx()) if array.dtype.kind in "fbu" else array.dtype for array in arrays]
        return [np.dtype(slot.dtype) for slot in slots]

    def source(
        self, purpose: str, x: Any, y: Any, sample_weight: Any, batch_size: int, class_weight: Any = None
    ) -> tuple[ArraySource, tuple[int, int, int]]:
        """A source of checked batches, and how many of its arrays are inputs, labels, and weights."""
        objectives = self._compiled(purpose)
        x, y = _adapted(x, y)
        if y is None and objectives.needs_labels:
            raise EmptyDataError(purpose=purpose, reason="no labels were given (y is None)")
        names = self.output_names()
        inputs = self._inputs(x)
        labels = labels_in_order(self.name, names, y)
        shapes = self._output_shapes(inputs)
        weights = weights_in_order(self.name, purpose, names, labels, shapes, sample_weight, class_weight)
        named = {label("x", str(number), len(inputs)): array for number, array in enumerate(inputs)}
        named |= {label("y", name, len(names)): array for name, array in zip(names, labels, strict=False)}
        named |= {label("sample_weight", name, len(names)): array for name, array in zip(names, weights, strict=False)}
        check_lengths(purpose, named)
        # Without labels, there is no loss to check them.
        for loss, given, shape in zip(objectives.losses, labels, shapes, strict=bool(labels)):
            if loss is not None:
                loss.check_labels(given, shape)
        dtypes = [*self._input_dtypes(inputs), *map(compute_dtype, labels), *(np.dtype(floatx()) for _ in weights)]
        source = ArraySource([*inputs, *labels, *weights], dtypes, batch_size)
        return source, (len(inputs), len(labels), len(weights))

    def _output_shapes(self, inputs: Sequence[Array]) -> list[Any]:
        shapes: Any = [(None, *array.shape[1:]) for array in inputs]
        found = self.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        return found if isinstance(found, list) else [found]

    # --- fit ---------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = 1,
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
    ) -> Any:
        """Train the model.

        Args:
            x: data, (samples, ...), or a list or dictionary of arrays for several inputs.
            y: labels, in the same forms.
            batch_size: 32 by default; the last batch of an epoch may be smaller.
            epochs: the number of the epoch to stop at.
            verbose: 0 silent, 1 a progress bar, 2 a line per epoch.
            callbacks: told about everything that happens.
            validation_split: this fraction of the samples, taken from the end *before* shuffling, is not trained on
                but evaluated after every epoch.
            validation_data: ``(x, y)`` or ``(x, y, sample_weight)`` to evaluate instead.
            shuffle: a new random order of the training samples in every epoch.
            class_weight: weight by class number, or such dictionaries by output.
            sample_weight: weight of each sample, (samples,), or of each step, (samples, steps); for several outputs
                one for all, or a list or dictionary by output.
            initial_epoch: where to go on counting.

        Returns:
            the ``History`` callback: ``.history`` has a list per logged name, a number per epoch.

        Raises:
            NotCompiledError, DataShapeError, DataTypeError, DataLengthError, EmptyDataError, LabelValueError: the
                model or the data is not fit for training; nothing was changed.
            NaNLossError: the loss became NaN, and no callback stopped for it. The callbacks have been told that
                training ended; ``EarlyStopping`` with ``restore_best_weights`` has taken back the best weights.
        """
        self._compiled("fit")
        size = _batch_size(batch_size)
        validation = self._validation(validation_data, size)
        if validation is None and validation_split:
            x, y = _adapted(x, y)
            x, y, sample_weight, held_out = self._split(x, y, sample_weight, validation_split)
            validation = self._validation(held_out, size)
        source, counts = self.source("fit", x, y, sample_weight, size, class_weight)
        return loop.fit(
            self,
            source,
            counts,
            epochs=_count("epochs", epochs),
            initial_epoch=_count("initial_epoch", initial_epoch),
            verbose=_verbosity(verbose),
            callbacks=list(callbacks or ()),
            validation=validation,
            shuffle=bool(shuffle),
        )

    def _validation(self, data: Any, batch_size: int) -> Any:
        if data is None:
            return None
        if not isinstance(data, list | tuple) or len(data) not in (2, 3):
            raise InvalidArgumentError(
                component="fit",
                argument="validation_data",
                value=type(data).__name__,
                allowed="a tuple (x, y) or (x, y, sample_weight)",
            )
        x, y, *rest = data
        return self.source("evaluate", x, y, rest[0] if rest else None, batch_size)

    def _split(self, x: Any, y: Any, sample_weight: Any, fraction: float) -> tuple[Any, Any, Any, Any]:
        """Cut the last ``fraction`` of the samples off."""
        if not 0 < fraction < 1:
            raise InvalidArgumentError(
                component="fit", argument="validation_split", value=fraction, allowed="a number between 0 and 1"
            )
        inputs = self._inputs(x)
        labels = labels_in_order(self.name, self.output_names(), y)
        cut = int(len(inputs[0]) * (1.0 - fraction))
        if cut == 0 or cut == len(inputs[0]):
            raise EmptyDataError(
                purpose="fit" if cut == 0 else "evaluate",
                reason=f"validation_split={fraction} of {len(inputs[0])} samples leaves one side empty",
            )
        weights = None if sample_weight is None else as_array("sample_weight", sample_weight)
        held_out = (
            [a[cut:] for a in inputs],
            [a[cut:] for a in labels] or None,
            None if weights is None else weights[cut:],
        )
        rest = None if weights is None else weights[:cut]
        return [a[:cut] for a in inputs], [a[:cut] for a in labels] or None, rest, held_out

    # --- evaluate and predict ----------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = 0,
        sample_weight: Any = None,
        callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics over all samples, in inference mode.

        Returns:
            the loss, or a list ``[loss, *metrics]`` in the order of ``metrics_names``, or a dictionary by name.
        """
        source, counts = self.source("evaluate", x, y, sample_weight, _batch_size(batch_size))
        logs = loop.evaluate(self, source, counts, list(callbacks or ()), verbose=_verbosity(verbose))
        return _results(logs, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = 0,
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:
        """The outputs for all samples, an array (or a list of arrays for several outputs)."""
        if self._predict is not None and not callbacks and type(x) is np.ndarray:
            found = self._predict.again(x, batch_size)
            if found is not None:
                return found
        arrays = self._inputs(_adapted(x, None)[0])
        count = check_lengths("predict", {label("x", str(i), len(arrays)): a for i, a in enumerate(arrays)})
        size, dtypes = _batch_size(batch_size), self._input_dtypes(arrays)
        if self._predict is None:
            self._predict = PredictStep(self)
        if count <= size and not callbacks:
            outputs = self._predict(arrays, dtypes)
            self._predict.remember(x, batch_size)
        else:
            source = ArraySource(arrays, dtypes, min(size, count))
            outputs = loop.predict(self, source, self._predict, list(callbacks or ()))
        return outputs if len(outputs) > 1 else outputs[0]

    # --- single batches ----------------------------------------------------------------------------------------------

    def train_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One update on exactly these samples; returns the batch's loss and metrics, as ``evaluate`` does."""
        source, counts = self.source("train_on_batch", x, y, sample_weight, len_of(x), class_weight)
        steps = self.steps("train_on_batch")
        return _results(loop.single(steps, steps.train, source, counts), return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of these samples."""
        source, counts = self.source("test_on_batch", x, y, sample_weight, len_of(x))
        steps = self.steps("test_on_batch")
        return _results(loop.single(steps, steps.test, source, counts), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for these samples."""
        return self.predict(x, batch_size=len_of(x))


def _adapted(x: Any, y: Any) -> tuple[Any, Any]:
    """The data, read by a plugin if it is of a kind that one knows."""
    adapted = None if isinstance(x, np.ndarray) else hooks().kcore_data_source(x=x, y=y)
    return (x, y) if adapted is None else adapted


def len_of(x: Any) -> int:
    """The number of samples in a batch given in any form, at least 1."""
    if isinstance(x, dict):
        x = next(iter(x.values()))
    elif isinstance(x, list | tuple) and len(x) and hasattr(x[0], "shape"):
        x = x[0]
    return max(len(x), 1) if hasattr(x, "__len__") else 1


def _batch_size(value: int | None) -> int:
    if value is None:
        return 32
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InvalidArgumentError(
            component="fit", argument="batch_size", value=value, allowed="a whole number of at least 1"
        )
    return int(value)


def _count(argument: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise InvalidArgumentError(
            component="fit", argument=argument, value=value, allowed="a whole number of at least 0"
        )
    return int(value)


def _verbosity(value: int | str) -> int:
    if value == "auto":
        return 1
    if value not in (0, 1, 2):
        raise InvalidArgumentError(component="fit", argument="verbose", value=value, allowed="0, 1, 2 or 'auto'")
    return int(value)


def _results(logs: dict[str, float], return_dict: bool) -> Any:
    if return_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
