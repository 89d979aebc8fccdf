"""Losses put to the test: the cases that a loss's author states, and the checks that every case must pass.

Each check is a function of a case that raises an AssertionError, or the loss's own error, where the loss breaks the
contract of losses::

    from kcore.testing.losses import CHECKS, LossCase

    for name, check in CHECKS.items():
        check(LossCase("mean_squared_error", "MeanSquaredError", (4, 3)))
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kcore.components.loss import FunctionLoss, Loss
from kcore.engine.compiled import CompiledFunction
from kcore.engine.types import Array
from kcore.errors.components import LabelShapeError, LabelValueError
from kcore.registry import deserialize, registry, serialize
from kcore.testing.gradients import check_gradients
from kcore.testing.labelled import drawn_labels, drawn_predictions, refusal
from kcore.testing.round_trips import check_config_of, check_copies_of, same
from kcore.training.objectives import as_loss

REDUCTIONS = ("sum_over_batch_size", "sum", "none")


@dataclass(frozen=True)
class LossCase:
    """One way to use a loss, on which all checks run.

    Attributes:
        function: its name in ``kcore.losses``, which is also the function's own; empty for a class alone.
        kind: the name of its class form; empty for a function alone.
        shape: of the predictions, (batch, ..., values).
        config: arguments of both forms, as a config writes them.
        names: further names of the loss; all names have to mean the same.
        labels, predictions: what they are: see ``kcore.testing.labelled``.
        label: what is particular about the case; cases of one loss have different ones.
    """

    function: str
    kind: str
    shape: tuple[int, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    names: Sequence[str] = ()
    labels: str = "real"
    predictions: str = "real"
    label: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> LossCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{"function": "", "kind": "", **row, "shape": tuple(row["shape"])})

    def __str__(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name

    @property
    def name(self) -> str:
        """What the loss calls itself: the function's name, if there is one."""
        return self.function or self.kind

    @property
    def axis(self) -> int:
        """The axis that the loss takes away."""
        return int(self.config.get("axis", -1)) % len(self.shape)

    def arrays(self, dtype: str = "float32") -> tuple[Array, Array]:
        """Labels and predictions, the same at every call."""
        rng = np.random.default_rng(zlib.crc32(str(self).encode()))
        labels = drawn_labels(self.labels, self.shape, rng, self.axis)
        labels = labels if labels.dtype.kind in "iu" else labels.astype(dtype)
        return labels, drawn_predictions(self.predictions, self.shape, rng, self.axis).astype(dtype)

    def values_shape(self) -> tuple[int, ...]:
        """The shape of the loss before the reduction."""
        return (*self.shape[: self.axis], *self.shape[self.axis + 1 :])

    def weights(self) -> list[Array]:
        """Weights per sample, and per step where there are steps."""
        rng = np.random.default_rng(1)
        values = self.values_shape()
        return [rng.uniform(0.0, 2.0, values[:count]) for count in range(1, len(values) + 1)]

    def make(self, **more: Any) -> Loss:
        """The class form; of a function alone, what ``compile`` makes of it."""
        if self.kind:
            loss: Loss = deserialize({"class_name": self.kind, "config": {**self.config, **more}}, "losses")
            return loss
        function = registry("losses").load(self.function)
        # With its name and its check of labels.
        made = FunctionLoss(functools.update_wrapper(functools.partial(function, **self.config), function))
        made.reduction = more.get("reduction", made.reduction)
        return made

    def values(self, y_true: Any, y_pred: Any) -> Any:
        """What the function form gives; of a class alone, its values."""
        if not self.function:
            return self.make(reduction="none")(y_true, y_pred)
        return registry("losses").load(self.function)(y_true, y_pred, **self.config)


# --- the checks ------------------------------------------------------------------------------------------------------


def check_config(case: LossCase) -> None:
    """The config is plain data, has the case's arguments, and makes the same loss through JSON and YAML."""
    if case.kind:
        loss = case.make(reduction="sum", name="mine")
        written = serialize(loss, "losses")
        expected = {**case.config, "reduction": "sum", "name": "mine"}
        found = {key: written["config"].get(key) for key in expected}
        assert found == expected, f"the config has {found}, not {expected}"
        check_config_of(loss, "losses")
    if case.function:
        name = serialize(registry("losses").load(case.function), "losses")
        assert name == case.function, f"the function is written as {name!r}, not {case.function!r}"


def check_forms(case: LossCase) -> None:
    """Function and class agree; the function gives a value per sample, of the right shape."""
    y_true, y_pred = case.arrays()
    values = case.values(y_true, y_pred)
    assert values.shape == case.values_shape(), f"the values have shape {values.shape}, not {case.values_shape()}"
    np.testing.assert_array_equal(case.make(reduction="none")(y_true, y_pred), values, err_msg="class and function")


def check_names(case: LossCase) -> None:
    """Every name means the same loss, as a string and as what it stands for."""
    # Strings have no arguments: the arrays are those of the defaults.
    y_true, y_pred = replace(case, config={}).arrays()
    expected = as_loss(case.name)(y_true, y_pred)
    for name in filter(None, (case.function, case.kind, *case.names)):
        for identifier in (name, registry("losses").load(name), {"class_name": name, "config": {}}):
            found = as_loss(identifier)(y_true, y_pred)
            np.testing.assert_array_equal(found, expected, err_msg=f"the name {name!r} means another loss")


def check_reductions(case: LossCase) -> None:
    """The sum and the mean of all values, weighted by sample or by step; the mean divides by the number of values."""
    y_true, y_pred = case.arrays("float64")
    values = case.values(y_true, y_pred)
    ignored = case.config.get("ignore_class")
    count = values.size if ignored is None else np.sum(y_true != ignored)
    for weight in (None, *case.weights()):
        spread = 1.0 if weight is None else weight.reshape(*weight.shape, *(1,) * (values.ndim - weight.ndim))
        expected = {"none": values * spread, "sum": np.sum(values * spread)}
        expected["sum_over_batch_size"] = expected["sum"] / count
        for reduction in REDUCTIONS:
            found = case.make(reduction=reduction)(y_true, y_pred, weight)
            shape = None if weight is None else weight.shape
            same(found, expected[reduction], "float64", what=f"reduction={reduction!r}, weights of shape {shape}")


def check_samples(case: LossCase) -> None:
    """Each sample's value is what it is alone, and neither labels nor predictions are changed."""
    y_true, y_pred = case.arrays()
    before = y_true.copy(), y_pred.copy()
    together = case.values(y_true, y_pred)
    for one, other in zip((y_true, y_pred), before, strict=True):
        np.testing.assert_array_equal(one, other, err_msg="labels or predictions were changed")
    for row in range(len(y_pred)):
        alone = case.values(y_true[row : row + 1], y_pred[row : row + 1])
        same(together[row : row + 1], alone, what=f"sample {row}")


def check_determinism(case: LossCase) -> None:
    """Two calls, and two instances, give the same to the last bit."""
    y_true, y_pred = case.arrays()
    loss = case.make()
    first = loss(y_true, y_pred)
    for again in (loss, case.make()):
        np.testing.assert_array_equal(again(y_true, y_pred), first, err_msg="another call, another value")


def check_planned(case: LossCase) -> None:
    """Compiled, the loss gives what it gives eagerly, with and without weights."""
    y_true, y_pred = case.arrays()
    for reduction in REDUCTIONS:
        loss = case.make(reduction=reduction)
        for weight in (None, *case.weights()):
            arguments = (y_true, y_pred) if weight is None else (y_true, y_pred, weight)
            same(CompiledFunction(loss)(*arguments), loss(*arguments), what=f"reduction={reduction!r}")


def check_dtypes(case: LossCase) -> None:
    """The value has the predictions' dtype, whatever the labels' and the weights', and the numbers are the same."""
    wide = case.values(*case.arrays("float64"))
    y_true, y_pred = case.arrays()
    for labels in (y_true, y_true.astype("float64"), y_true.tolist()):
        for weight in (None, *case.weights()):
            found = case.make(reduction="none")(labels, y_pred, weight)
            assert found.dtype == np.float32, f"{found.dtype} for predictions of float32"
    assert wide.dtype == np.float64, f"{wide.dtype} for predictions of float64"
    same(case.values(y_true, y_pred), wide, what="float32 beside float64")


def check_derivatives(case: LossCase) -> None:
    """The first and second derivatives with respect to the predictions, against finite differences."""
    y_true, y_pred = case.arrays("float64")
    weight = case.weights()[0]

    def function(predictions: Any) -> Any:
        return case.make()(y_true, predictions, weight)

    check_gradients(function, [y_pred], order=2, name=str(case))


def check_label_shapes(case: LossCase) -> None:
    """Labels that are too many, too few, or would only broadcast are an error that names the loss."""
    y_true, y_pred = case.arrays()
    wrong = [y_true[:-1], y_true[:1], y_true[..., None, None], np.concatenate([y_true, y_true], axis=-1)]
    if y_true.ndim == y_pred.ndim:
        wrong += [y_true[..., :1], y_true[..., 0]]
    for labels in wrong:
        for call in (case.values, case.make()):
            text = refusal(LabelShapeError, call, labels, y_pred)
            assert text, f"labels of shape {labels.shape} were accepted for {y_pred.shape}"
            named = text.startswith(f"{case.name} was given labels of shape")
            assert named, f"the error does not name {case.name}: {text}"


def check_label_values(case: LossCase) -> None:
    """Before training, the case's labels are accepted, and NaN is refused by an error that names the loss."""
    y_true, y_pred = case.arrays()
    shape = (None, *y_pred.shape[1:])
    wrong = y_true.astype("float64")
    wrong.flat[1] = np.nan
    functions = [registry("losses").load(case.function)] if case.function else []
    for check in (case.make().check_labels, *(function.check_labels for function in functions)):
        if not case.config:
            check(y_true, shape)
        text = refusal(LabelValueError, check, wrong, shape)
        assert text, "a label of NaN was accepted"
        assert text.startswith(f"{case.name} was given "), f"the error does not name {case.name}: {text}"
    case.make().check_labels(y_true, shape)


def check_copies(case: LossCase) -> None:
    """A pickled and a deep copy have the same config and give the same."""
    y_true, y_pred = case.arrays()
    if not case.kind:
        return
    loss = case.make(reduction="sum")
    check_copies_of(loss, "losses", lambda one: one(y_true, y_pred))


def traced(case: LossCase) -> tuple[Callable[..., Any], list[Any]]:
    """The loss as a function of labels, predictions and weights, and these."""
    return case.make(), [*case.arrays(), case.weights()[0]]


CHECKS: dict[str, Callable[[LossCase], None]] = {
    "config": check_config,
    "forms": check_forms,
    "names": check_names,
    "reductions": check_reductions,
    "samples": check_samples,
    "determinism": check_determinism,
    "planned": check_planned,
    "dtypes": check_dtypes,
    "derivatives": check_derivatives,
    "label_shapes": check_label_shapes,
    "label_values": check_label_values,
    "copies": check_copies,
}
