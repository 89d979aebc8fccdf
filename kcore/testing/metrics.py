"""Metrics put to the test: the cases that a metric's author states, and the checks that every case must pass.

Each check is a function of a case that raises an AssertionError, or the metric's own error, where the metric breaks the
contract of metrics::

    from kcore.testing.metrics import CHECKS, MetricCase

    for name, check in CHECKS.items():
        check(MetricCase("MeanSquaredError", (8, 3)))
"""

from __future__ import annotations

import copy
import functools
import pickle
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kcore.components.metric import FunctionMetric, Metric
from kcore.engine.compiled import CompiledFunction
from kcore.engine.types import Array
from kcore.errors.components import InvalidArgumentError, LabelShapeError
from kcore.registry import deserialize, registry, serialize
from kcore.testing.labelled import drawn_labels, drawn_predictions, refusal
from kcore.testing.round_trips import check_config_of
from kcore.training.objectives import Objectives, as_metric

# Counts are exact; sums are of float64, in another order.
TOLERANCE = 1e-11


@dataclass(frozen=True)
class MetricCase:
    """One way to use a metric, on which all checks run.

    Attributes:
        metric: the name of its class in ``kcore.metrics``; empty for a function alone.
        shape: of the predictions, (batch, ..., values), with at least 4 samples.
        config: arguments of the class, as a config writes them.
        function: the name of its function form, if there is one.
        names: further names; all names have to mean the same.
        labels, predictions: what they are: see ``kcore.testing.labelled``.
        result: the shape of the result.
        ignores_absent: whether a sample with the weight 0 is as if it were not there.
        label: what is particular about the case; cases of one metric have different ones.
    """

    metric: str
    shape: tuple[int, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    function: str = ""
    names: Sequence[str] = ()
    labels: str = "real"
    predictions: str = "real"
    result: tuple[int, ...] = ()
    ignores_absent: bool = True
    label: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> MetricCase:
        """A case from a row of a table in JSON or YAML, which has lists for tuples."""
        return cls(**{"metric": "", **row, "shape": tuple(row["shape"]), "result": tuple(row.get("result", ()))})

    def __str__(self) -> str:
        name = self.metric or self.function
        return f"{name}-{self.label}" if self.label else name

    def arrays(self, dtype: str = "float32", rows: int = 0, seed: int = 0) -> tuple[Array, Array]:
        """Labels and predictions of so many samples (those of ``shape`` by default), the same at every call."""
        rng = np.random.default_rng([zlib.crc32(str(self).encode()), seed])
        shape = (rows or self.shape[0], *self.shape[1:])
        axis = int(self.config.get("axis", -1))
        labels = drawn_labels(self.labels, shape, rng, axis)
        labels = labels if labels.dtype.kind in "iu" else labels.astype(dtype)
        return labels, drawn_predictions(self.predictions, shape, rng, axis).astype(dtype)

    def weights(self, rows: int = 0) -> Array:
        """A weight per sample, the second one 0."""
        weights = np.random.default_rng(1).uniform(0.25, 2.0, rows or self.shape[0])
        weights[1:2] = 0.0
        return weights

    def make(self, **more: Any) -> Metric:
        """A new metric; of a function alone, what ``compile`` makes of it."""
        if self.metric:
            metric: Metric = deserialize({"class_name": self.metric, "config": {**self.config, **more}}, "metrics")
            return metric
        function = registry("metrics").load(self.function)
        return FunctionMetric(functools.update_wrapper(functools.partial(function, **self.config), function))


def streamed(metric: Metric, arrays: Sequence[Array], sizes: Sequence[int]) -> Any:
    """The result after batches of these sizes of labels, predictions, and perhaps weights."""
    start = 0
    for size in sizes:
        metric.update(*(array[start : start + size] for array in arrays))
        start += size
    return metric.result()


def _same(found: Any, expected: Any, what: str, tolerance: float = TOLERANCE) -> None:
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale, err_msg=what)


# --- the checks ------------------------------------------------------------------------------------------------------


def check_config(case: MetricCase) -> None:
    """The config is plain data, has the case's arguments, and makes the same metric through JSON and YAML."""
    if not case.metric:
        name = serialize(registry("metrics").load(case.function), "metrics")
        assert name == case.function, f"the function is written as {name!r}, not {case.function!r}"
        return
    metric = case.make(name="mine", dtype="float32")
    written = serialize(metric, "metrics")
    expected = {**case.config, "name": "mine", "dtype": "float32"}
    found = {key: written["config"].get(key) for key in expected}
    assert found == expected, f"the config has {found}, not {expected}"
    check_config_of(metric, "metrics")


def check_names(case: MetricCase) -> None:
    """Every name means the same metric, as a string and as what it stands for; a string is also its name in logs."""
    plain = replace(case, config={})
    y_true, y_pred = plain.arrays()
    expected = plain.make()(y_true, y_pred)
    for name in filter(None, (case.metric, case.function, *case.names)):
        for identifier in (name, registry("metrics").load(name)):
            found = as_metric(identifier)
            _same(found(y_true, y_pred), expected, f"the name {name!r} means another metric")
        shown = as_metric(name).name
        assert shown == name, f"{name!r} is called {shown!r} in logs"


def check_function(case: MetricCase) -> None:
    """The function gives a float64 value per sample, and the metric is their mean."""
    if not case.function:
        return
    y_true, y_pred = case.arrays()
    values = registry("metrics").load(case.function)(y_true, y_pred, **case.config)
    assert values.dtype == np.float64, f"the function gives {values.dtype}"
    assert values.shape[0] == len(y_pred), f"the function gives values of shape {values.shape}"
    ignored = case.config.get("ignore_class")
    count = values.size if ignored is None else np.sum(y_true != ignored)
    _same(case.make()(y_true, y_pred), np.sum(values) / count, "the mean of the function's values")


def check_batches(case: MetricCase) -> None:
    """However the samples are batched, weighted or not, the result is that of one pass; inputs are not changed."""
    arrays = (*case.arrays(), case.weights())
    before = copy.deepcopy(arrays)
    rows = len(arrays[1])
    for given in (arrays[:2], arrays):
        expected = streamed(case.make(), given, [rows])
        for one, other in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(one, other, err_msg="labels, predictions or weights were changed")
        for sizes in ([1] * rows, [2, rows - 2], [rows - 1, 1]):
            _same(streamed(case.make(), given, sizes), expected, f"batches of {sizes} samples")


def check_weights(case: MetricCase) -> None:
    """Weights of 1 change nothing, and a sample with the weight 0 is as if it were not there."""
    arrays = case.arrays()
    rows = len(arrays[1])
    plain = case.make()(*arrays)
    _same(case.make()(*arrays, np.ones(rows)), plain, "weights of 1")
    if case.ignores_absent:
        weights = np.arange(rows) % 2
        expected = case.make()(*(array[weights == 1] for array in arrays))
        _same(case.make()(*arrays, weights), expected, "weights of 0 and 1")
    text = refusal(LabelShapeError, case.make(), *arrays, np.ones(rows + 1))
    assert text.startswith("sample_weight was given"), "a weight too many was accepted"


def check_result(case: MetricCase) -> None:
    """The result has the stated shape and the metric's dtype, and is finite also before anything was taken in."""
    for dtype in (None, "float32") if case.metric else (None,):
        metric = case.make(dtype=dtype)
        assert np.all(np.isfinite(metric.result())), f"before anything was taken in, the result is {metric.result()}"
        assert metric.result().dtype == (dtype or "float64"), f"the first result is {metric.result().dtype}"
        result = metric(*case.arrays())
        assert result.shape == case.result, f"the result has shape {result.shape}, not {case.result}"
        assert result.dtype == (dtype or "float64"), f"the result is {result.dtype} where dtype={dtype!r}"
        for state in metric.states:
            assert state.dtype == "float64", f"the state {state.name} is {state.dtype}"


def check_compile(case: MetricCase) -> None:
    """Only a metric with one result can stand in ``compile``; the others are refused by an error that names them."""
    text = refusal(InvalidArgumentError, Objectives, "model", ["output"], None, [case.make()], None)
    if case.result == ():
        assert not text, f"compile refuses it: {text}"
    else:
        assert text, f"compile accepts a result of shape {case.result}"
        assert case.metric in text and "one number" in text, f"the error does not say what is wrong: {text}"


def check_reset(case: MetricCase) -> None:
    """After a reset, the metric knows nothing of before."""
    arrays = case.arrays()
    metric = case.make()
    metric.update(*case.arrays(seed=1))
    metric.reset()
    np.testing.assert_array_equal(metric(*arrays), case.make()(*arrays), err_msg="after a reset")


def check_determinism(case: MetricCase) -> None:
    """Two instances give the same to the last bit."""
    arrays = case.arrays()
    found = [case.make()(*arrays) for _ in range(2)]
    np.testing.assert_array_equal(found[0], found[1], err_msg="another instance, another result")


def check_planned(case: MetricCase) -> None:
    """Compiled, the metric gives what it gives eagerly, batch after batch, also of another size."""
    for weighted in (False, True):
        eager, planned = case.make(), case.make()
        step = CompiledFunction(planned)
        for rows, seed in ((case.shape[0], 0), (case.shape[0], 1), (3, 2)):
            arrays: Any = case.arrays(rows=rows, seed=seed)
            arrays = (*arrays, case.weights(rows)) if weighted else arrays
            _same(step(*arrays), eager(*arrays), f"compiled, at batch {seed}")


def check_dtypes(case: MetricCase) -> None:
    """Predictions and labels of float32 and float64 have the same result."""
    expected = case.make()(*case.arrays("float64"))
    _same(case.make()(*case.arrays("float32")), expected, "float32 beside float64", 2e-5)
    y_true, y_pred = case.arrays()
    for labels in (y_true.astype("float64"), y_true.tolist()):
        _same(case.make()(labels, y_pred), expected, "labels of another dtype", 2e-5)


def check_label_shapes(case: MetricCase) -> None:
    """Labels that are too many, too few, or would only broadcast are an error that names them and the predictions."""
    y_true, y_pred = case.arrays()
    for labels in (y_true[:-1], y_true[:1], np.concatenate([y_true, y_true], axis=-1), y_true[..., None, None]):
        text = refusal(LabelShapeError, case.make(), labels, y_pred)
        assert text, f"labels of shape {labels.shape} were accepted for {y_pred.shape}"
        assert "was given labels of shape" in text, f"the error does not say what is wrong: {text}"


def check_copies(case: MetricCase) -> None:
    """A pickled and a deep copy go on from where the metric is, and share nothing; so does one with its states."""
    first, second = case.arrays(), case.arrays(seed=1)
    metric = case.make()
    metric.update(*first)
    before = copy.deepcopy(metric.result())
    other = case.make()
    other.update(*second)
    for state, value in zip(other.states, metric.states, strict=True):
        state.value[...] = value.value
    found = [copied(*second) for copied in (pickle.loads(pickle.dumps(metric)), copy.deepcopy(metric), other)]
    np.testing.assert_array_equal(metric.result(), before, err_msg="a copy changed the metric")
    expected = metric(*second)
    for result in found:
        np.testing.assert_array_equal(result, expected, err_msg="a copy")


def traced(case: MetricCase) -> tuple[Callable[..., Any], list[Any]]:
    """The metric as a function of labels, predictions and weights, and these."""
    return case.make(), [*case.arrays(), case.weights()]


CHECKS: dict[str, Callable[[MetricCase], None]] = {
    "config": check_config,
    "names": check_names,
    "function": check_function,
    "batches": check_batches,
    "weights": check_weights,
    "result": check_result,
    "compile": check_compile,
    "reset": check_reset,
    "determinism": check_determinism,
    "planned": check_planned,
    "dtypes": check_dtypes,
    "label_shapes": check_label_shapes,
    "copies": check_copies,
}
