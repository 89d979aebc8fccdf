"""The checks of ``kcore.testing.losses`` find what is wrong: a loss for each, broken in just that way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kcore import ops
from kcore.errors import LabelValueError
from kcore.losses import Loss, align_labels, as_predictions, label_check
from kcore.registry import registry
from kcore.testing.labelled import LABELS, PREDICTIONS, drawn_labels, drawn_predictions
from kcore.testing.losses import CHECKS, LossCase


def refuse_nan(component: str) -> Callable[[Any, Any], None]:
    def check(labels: Any, output_shape: Any) -> None:
        if np.isnan(np.asarray(labels)).any():
            raise LabelValueError(component=component, problem="NaN", example=0, position=0, expected="numbers")

    return check


@label_check(refuse_nan("distance"))
def distance(y_true: Any, y_pred: Any, power: float = 2.0) -> Any:
    """A loss that keeps the contract."""
    predictions = as_predictions(y_pred)
    return np.mean(np.abs(predictions - align_labels("distance", y_true, predictions)) ** power, axis=-1)


class Distance(Loss):
    """The class form, made of any function."""

    function = staticmethod(distance)

    def __init__(self, power: float = 2.0, reduction: str | None = "sum_over_batch_size", name: Any = None) -> None:
        super().__init__(reduction=reduction, name=name)
        self.power = power

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return type(self).function(y_true, y_pred, self.power)

    def check_labels(self, labels: Any, output_shape: Any) -> None:
        type(self).function.check_labels(labels, output_shape)  # type: ignore[attr-defined]


def broken(change: Callable[[Any, Any, float], Any], check: Any = None) -> tuple[Any, type[Loss]]:
    """A function under the name of ``distance``, and its class form."""

    def function(y_true: Any, y_pred: Any, power: float = 2.0) -> Any:
        return change(y_true, y_pred, power)

    function.__name__ = "distance"
    label_check(check or refuse_nan("distance"))(function)
    return function, type("Distance", (Distance,), {"function": staticmethod(function)})


class ForgetsAnArgument(Distance):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power": 2.0}


class OtherThanTheFunction(Distance):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return super().call(y_true, y_pred) * 2


class DividesByTheWeights(Distance):
    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        values = super().__call__(y_true, y_pred, sample_weight)
        if sample_weight is None or self.reduction != "sum_over_batch_size":
            return values
        return values / np.mean(sample_weight)


class CannotBePickled(Distance):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.nothing = lambda x: x


def of_two_calls(y_true: Any, y_pred: Any, power: float) -> Any:
    return distance(y_true, y_pred, power) * (1 + np.random.default_rng().uniform())


def changes_labels(y_true: Any, y_pred: Any, power: float) -> Any:
    values = distance(y_true, y_pred, power)
    y_true *= 2
    return values


def traced_otherwise(y_true: Any, y_pred: Any, power: float) -> Any:
    values = distance(y_true, y_pred, power)
    return values if isinstance(values, np.ndarray) else values * np.asarray(2, values.dtype)


def broadcasts(y_true: Any, y_pred: Any, power: float) -> Any:
    try:
        return distance(y_true, y_pred, power)
    except ValueError:
        return np.zeros(len(y_pred))


def names_another(y_true: Any, y_pred: Any, power: float) -> Any:
    align_labels("length", y_true, y_pred)
    return distance(y_true, y_pred, power)


WRONG: list[tuple[Any, Any, str, str]] = [
    (distance, ForgetsAnArgument, "config", "the config has .* not "),
    (broken(lambda t, p, k: distance(t, p, k)[:, None])[0], Distance, "forms", r"shape \(4, 1\), not \(4,\)"),
    (distance, OtherThanTheFunction, "forms", "class and function"),
    (distance, OtherThanTheFunction, "names", "the name 'Distance' means another loss"),
    (distance, DividesByTheWeights, "reductions", "reduction='sum_over_batch_size', weights of shape"),
    (*broken(lambda t, p, k: distance(t, p, k) - np.mean(distance(t, p, k))), "samples", "sample 0"),
    (*broken(changes_labels), "samples", "labels or predictions were changed"),
    (*broken(of_two_calls), "determinism", "another call, another value"),
    (*broken(traced_otherwise), "planned", "reduction="),
    (*broken(lambda t, p, k: distance(t, p, k).astype("float64")), "dtypes", "float64 for predictions of float32"),
    (*broken(lambda t, p, k: distance(t, p, k).astype("float32")), "dtypes", "float32 for predictions of float64"),
    (*broken(lambda t, p, k: distance(t, ops.stop_gradient(p), k)), "derivatives", "derivative of order 1 .* is wrong"),
    (*broken(broadcasts), "label_shapes", r"labels of shape \(3, 3\) were accepted for \(4, 3\)"),
    (*broken(names_another), "label_shapes", "the error does not name distance"),
    (*broken(distance, lambda labels, shape: None), "label_values", "a label of NaN was accepted"),
    (*broken(distance, refuse_nan("length")), "label_values", "the error does not name distance"),
    (distance, CannotBePickled, "copies", "pickle"),
]


@pytest.fixture
def offered() -> Iterator[Callable[[Any, Any], LossCase]]:
    """Registers a function and its class, and gives a case of them."""
    home = registry("losses")

    def offer(function: Any, kind: Any) -> LossCase:
        home.register(function, name="distance")
        home.register(kind, name="Distance")
        return LossCase("distance", "Distance", (4, 3), {"power": 3.0})

    yield offer
    for name in ("distance", "Distance"):
        home.unregister(name)


@pytest.mark.parametrize("check", CHECKS)
def test_a_loss_that_keeps_the_contract_passes(check: str, offered: Callable[[Any, Any], LossCase]) -> None:
    CHECKS[check](offered(distance, Distance))


class Alone(Loss):
    """A class without a function form."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        predictions = as_predictions(y_pred)
        return np.mean(np.square(predictions - align_labels("Alone", y_true, predictions)), axis=-1)

    def check_labels(self, labels: Any, output_shape: Any) -> None:
        refuse_nan("Alone")(labels, output_shape)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("form", ["function", "class"])
def test_a_loss_of_one_form_is_checked_as_far_as_it_goes(
    form: str, check: str, offered: Callable[[Any, Any], LossCase]
) -> None:
    offered(distance, Alone)
    alone = {"function": "distance", "config": {"power": 3.0}} if form == "function" else {"kind": "Distance"}
    case = LossCase.from_row({**alone, "shape": [4, 3]})
    assert str(case) == ("distance" if form == "function" else "Distance")
    if form == "class" and check in ("label_shapes", "label_values"):
        # It is registered under another name than it gives itself.
        with pytest.raises(AssertionError, match="the error does not name Distance: Alone was given"):
            CHECKS[check](case)
    else:
        CHECKS[check](case)


@pytest.mark.parametrize(
    ("function", "check", "text"),
    [
        (broken(traced_otherwise)[0], "planned", "reduction="),
        (broken(changes_labels)[0], "samples", "were changed"),
        (broken(lambda t, p, k: distance(t, p, k)[:, None])[0], "forms", r"shape \(4, 1\)"),
        (broken(distance, lambda labels, shape: None)[0], "label_values", "a label of NaN was accepted"),
    ],
)
def test_what_is_wrong_with_a_function_alone_is_found(
    function: Any, check: str, text: str, offered: Callable[[Any, Any], LossCase]
) -> None:
    offered(function, Distance)
    with pytest.raises(AssertionError, match=text):
        CHECKS[check](LossCase("distance", "", (4, 3)))


@pytest.mark.parametrize(("function", "kind", "check", "text"), WRONG)
def test_each_check_finds_its_own(
    function: Any, kind: Any, check: str, text: str, offered: Callable[[Any, Any], LossCase]
) -> None:
    case = offered(function, kind)
    with pytest.raises(Exception, match=f"(?s){text}"):
        CHECKS[check](case)


def test_every_check_has_a_loss_that_it_finds() -> None:
    assert {check for _, _, check, _ in WRONG} == set(CHECKS)


def test_rows_of_tables() -> None:
    row = {
        "function": "f",
        "kind": "F",
        "shape": [3, 4, 2],
        "label": "x",
        "labels": "class_numbers",
        "config": {"axis": 1},
    }
    case = LossCase.from_row(row)
    assert case.shape == (3, 4, 2) and str(case) == "f-x" and case.axis == 1
    assert case.values_shape() == (3, 2) and [weight.shape for weight in case.weights()] == [(3,), (3, 2)]
    y_true, y_pred = case.arrays("float64")
    assert y_true.shape == (3, 2) and y_true.dtype.kind == "i" and y_true.max() < 4
    assert y_pred.shape == (3, 4, 2) and y_pred.dtype == np.float64


@pytest.mark.parametrize("kind", LABELS)
def test_kinds_of_labels(kind: str) -> None:
    found = drawn_labels(kind, (50, 4, 2), np.random.default_rng(0), 1)
    least, most = {
        "real": (-2, 2),
        "positive": (0.1, 3),
        "counts": (0, 4),
        "signs": (-1, 1),
        "class_numbers": (0, 3),
    }.get(kind, (0, 1))
    assert found.shape == ((50, 2) if kind == "class_numbers" else (50, 4, 2))
    assert least <= found.min() and found.max() <= most
    if kind in ("one_hot", "distribution"):
        np.testing.assert_allclose(found.sum(1), 1.0)


@pytest.mark.parametrize("kind", PREDICTIONS)
def test_kinds_of_predictions(kind: str) -> None:
    found = drawn_predictions(kind, (50, 4), np.random.default_rng(0))
    assert (found.min() < 0) == (kind == "real") and (found.max() <= 1) == (kind in ("unit", "distribution"))
    if kind == "distribution":
        np.testing.assert_allclose(found.sum(-1), 1.0)


def test_an_unknown_kind() -> None:
    with pytest.raises(KeyError):
        drawn_labels("ordinal", (2, 2), np.random.default_rng(0))
