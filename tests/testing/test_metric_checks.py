"""The checks of ``kcore.testing.metrics`` find what is wrong: a metric for each, broken in just that way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kcore.metrics import Mean, MeanMetric, align_labels, as_predictions
from kcore.registry import registry
from kcore.testing.metrics import CHECKS, MetricCase, streamed


def distance(y_true: Any, y_pred: Any, factor: float = 2.0) -> Any:
    predictions = as_predictions(y_pred)
    difference = np.abs(predictions - align_labels("distance", y_true, predictions))
    return np.mean(difference, axis=-1, dtype="float64") * factor


class Distance(MeanMetric):
    """A metric that keeps the contract."""

    def __init__(self, factor: float = 2.0, name: str | None = "distance", dtype: str | None = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.factor = factor

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return distance(y_true, y_pred, self.factor)


class ForgetsAnArgument(Distance):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": 2.0}


class OtherThanTheFunction(Distance):
    def values(self, y_true: Any, y_pred: Any) -> Any:
        return super().values(y_true, y_pred) * 2


class MeanOfMeans(Distance):
    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.add(np.mean(self.values(y_true, y_pred)))


class ForgetsTheWeights(Distance):
    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.add(self.values(y_true, y_pred))


class CountsTheAbsent(Distance):
    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        values = self.values(y_true, y_pred)
        super().update(y_true, y_pred, sample_weight)
        if sample_weight is not None:
            self.count.assign(self.count - np.sum(sample_weight) + float(values.size))


class TakesAnyWeights(Distance):
    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update(y_true, y_pred, None if sample_weight is None else sample_weight[: len(y_pred)])


class ChangesPredictions(Distance):
    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update(y_true, y_pred, sample_weight)
        y_pred *= 1.5


class NothingOverNothing(Distance):
    def result(self) -> Any:
        with np.errstate(invalid="ignore"):
            return self.in_dtype(self.total / self.count)


class TwoResults(Distance):
    def result(self) -> Any:
        return np.reshape(super().result(), (1,)) * np.ones(2)


class IgnoresItsDtype(Distance):
    def in_dtype(self, value: Any) -> Any:
        return value


class StateOfFloat32(Distance):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.last = self.add_state("last", (), "float32")


class SaysOne(TwoResults):
    pass


class SaysSeveral(Distance):
    def several(self) -> str:
        return "class"


class NeverForgets(Distance):
    def reset(self) -> None:
        pass


class DrawsAtRandom(Distance):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.noise = np.random.default_rng().uniform()

    def values(self, y_true: Any, y_pred: Any) -> Any:
        return super().values(y_true, y_pred) + self.noise


class LooksAtTheTracing(Distance):
    def values(self, y_true: Any, y_pred: Any) -> Any:
        values = super().values(y_true, y_pred)
        return values if isinstance(values, np.ndarray) else values * 2.0


class AnotherOfFloat32(Distance):
    def values(self, y_true: Any, y_pred: Any) -> Any:
        return super().values(y_true, y_pred) * (1.5 if y_pred.dtype == np.float32 else 1.0)


class Broadcasts(Distance):
    def values(self, y_true: Any, y_pred: Any) -> Any:
        return np.mean(np.abs(y_pred - y_true[:1, :1]), axis=-1) * 2.0


class CannotBePickled(Distance):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.nothing = lambda x: x


class SharesWithItsCopies(Distance):
    def __deepcopy__(self, memo: Any) -> Any:
        return self


class HiddenState(Distance):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seen: float = 0.0

    def values(self, y_true: Any, y_pred: Any) -> Any:
        self.seen = float(np.asarray(y_pred).sum())
        return super().values(y_true, y_pred)

    def result(self) -> Any:
        return super().result() + self.first()

    def first(self) -> float:
        self.earliest = getattr(self, "earliest", self.seen)
        return self.earliest


def float32_alone(y_true: Any, y_pred: Any) -> Any:
    return np.mean(np.abs(y_pred - align_labels("float32_alone", y_true, y_pred)), axis=-1)


@pytest.mark.parametrize("check", CHECKS)
def test_a_function_alone_is_checked_as_far_as_it_goes(check: str) -> None:
    home = registry("metrics")
    home.register(distance)
    try:
        case = MetricCase.from_row({"function": "distance", "shape": [7, 3], "config": {"factor": 3.0}})
        assert str(case) == "distance"
        CHECKS[check](case)
    finally:
        home.unregister("distance")


def test_what_is_wrong_with_a_function_alone_is_found() -> None:
    home = registry("metrics")
    home.register(float32_alone)
    try:
        with pytest.raises(AssertionError, match="the function gives float32"):
            CHECKS["function"](MetricCase.from_row({"function": "float32_alone", "shape": [7, 3]}))
    finally:
        home.unregister("float32_alone")


WRONG: list[tuple[type[Mean], str, str]] = [
    (ForgetsAnArgument, "config", "the config has .* not "),
    (OtherThanTheFunction, "names", "the name 'distance' means another metric"),
    (OtherThanTheFunction, "function", "the mean of the function's values"),
    (MeanOfMeans, "batches", r"batches of \[2, 5\] samples"),
    (ChangesPredictions, "batches", "labels, predictions or weights were changed"),
    (ForgetsTheWeights, "weights", "weights of 0 and 1"),
    (CountsTheAbsent, "weights", "weights of 0 and 1"),
    (TakesAnyWeights, "weights", "a weight too many was accepted"),
    (NothingOverNothing, "result", "before anything was taken in, the result is nan"),
    (TwoResults, "result", r"the result has shape \(2,\), not \(\)"),
    (IgnoresItsDtype, "result", "the first result is float64"),
    (StateOfFloat32, "result", "is float32"),
    (SaysSeveral, "compile", "compile refuses it: .*SaysSeveral has one result per class"),
    (NeverForgets, "reset", "after a reset"),
    (DrawsAtRandom, "determinism", "another instance, another result"),
    (LooksAtTheTracing, "planned", "compiled, at batch 0"),
    (AnotherOfFloat32, "dtypes", "float32 beside float64"),
    (Broadcasts, "label_shapes", r"labels of shape \(6, 3\) were accepted for \(7, 3\)"),
    (CannotBePickled, "copies", "pickle"),
    (SharesWithItsCopies, "copies", "a copy changed the metric"),
    (HiddenState, "copies", "a copy"),
]


@pytest.fixture
def offered() -> Iterator[Callable[[type[Mean]], MetricCase]]:
    """Registers a metric beside the function ``distance``, and gives a case of it."""
    home = registry("metrics")
    names = ["distance"]
    home.register(distance)

    def offer(kind: type[Mean]) -> MetricCase:
        home.register(kind)
        names.append(kind.__name__)
        return MetricCase(
            kind.__name__, (7, 3), {"factor": 3.0} if kind in (Distance, ForgetsAnArgument) else {}, "distance"
        )

    yield offer
    for name in names:
        home.unregister(name)


@pytest.mark.parametrize("check", CHECKS)
def test_a_metric_that_keeps_the_contract_passes(check: str, offered: Callable[[type[Mean]], MetricCase]) -> None:
    CHECKS[check](offered(Distance))


@pytest.mark.parametrize(("kind", "check", "text"), WRONG)
def test_each_check_finds_its_own(
    kind: type[Mean], check: str, text: str, offered: Callable[[type[Mean]], MetricCase]
) -> None:
    case = offered(kind)
    with pytest.raises(Exception, match=f"(?s){text}"):
        CHECKS[check](case)


def test_compile_has_to_refuse_what_has_several_results(offered: Callable[[type[Mean]], MetricCase]) -> None:
    case = replace(offered(SaysOne), result=(2,))
    with pytest.raises(AssertionError, match=r"compile accepts a result of shape \(2,\)"):
        CHECKS["compile"](case)


def test_every_check_has_a_metric_that_it_finds() -> None:
    assert {check for _, check, _ in WRONG} == set(CHECKS)


def test_rows_of_tables() -> None:
    row = {
        "metric": "F",
        "shape": [5, 4, 2],
        "label": "x",
        "labels": "class_numbers",
        "config": {"axis": 1},
        "result": [2],
    }
    case = MetricCase.from_row(row)
    assert case.shape == (5, 4, 2) and str(case) == "F-x" and case.result == (2,)
    y_true, y_pred = case.arrays("float64", rows=9, seed=3)
    assert y_true.shape == (9, 2) and y_pred.shape == (9, 4, 2) and y_pred.dtype == np.float64
    assert not np.array_equal(y_pred, case.arrays("float64", rows=9, seed=4)[1])
    assert case.weights(3).shape == (3,) and case.weights()[1] == 0.0 and len(case.weights(1)) == 1


def test_streaming() -> None:
    metric = Distance()
    found = streamed(metric, [np.zeros(3), np.array([1.0, 2.0, 3.0])], [1, 2])
    assert found == 4.0 and metric.count.value == 3
