"""The area under the curve of decisions at many thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kcore import Array, epsilon, ops
from kcore.errors import InvalidArgumentError
from kcore.metrics import Metric, align_labels, as_predictions
from kcore_metrics.decisions import flat_weights, ratio, tally
from kcore_metrics.formula import check_integer, is_number

CURVES = {"ROC": "ROC", "roc": "ROC", "PR": "PR", "pr": "PR"} | dict.fromkeys(
    ("PR_GAIN", "PRGAIN", "pr_gain", "prgain"), "PR_GAIN"
)
SUMMATIONS = {name: name.lower() for kind in ("interpolation", "minoring", "majoring") for name in (kind, kind.title())}


class AUC(Metric):
    """The area under a curve of yes/no decisions, approximated at a number of thresholds.

    At each threshold, a prediction above it is a yes. ``"ROC"`` is the recall over the share of wrong alarms,
    ``FP / (FP + TN)``; ``"PR"`` the precision over the recall; ``"PR_GAIN"`` the same in gains over a random decision.
    The numbers are those at Keras's thresholds, not the exact area: the curve moves in steps of
    1 / (num_thresholds - 1). Where predictions crowd near 0 or 1, the exact area differs; more thresholds come nearer.

    Args:
        num_thresholds: how many, evenly spread from just below 0 to just above 1.
        curve: ``"ROC"``, ``"PR"`` or ``"PR_GAIN"``.
        summation_method: ``"interpolation"``: straight lines between points of ROC, and for PR the hyperbolas between
            neighbouring counts; ``"minoring"`` and ``"majoring"``: steps at the lower or higher end.
        name: in logs.
        dtype: of the result; None is float64.
        thresholds: between 0 and 1, in place of even ones.
        multi_label: whether each output has a curve of its own; the result is the mean of their areas. Otherwise all
            outputs are decisions of one curve.
        num_labels: how many outputs there are, if multi_label; found out at the first batch otherwise.
        label_weights: a weight per output, of its area if multi_label, otherwise of its decisions.
        from_logits: whether predictions are logits, to which no sigmoid was applied.

    Raises:
        InvalidArgumentError: an argument that is none of these; on update, another number of outputs than before.
        LabelShapeError: on update, labels whose shape is not the predictions'.

    Source: Keras's definition, the same in Keras 2 and 3; for PR, Davis and Goadrich, The Relationship Between
    Precision-Recall and ROC Curves, ICML 2006; for gains, Flach and Kull, Precision-Recall-Gain Curves, NeurIPS 2015.
    scikit-learn's ``roc_auc_score`` is the exact area, its ``average_precision_score`` takes steps.

    Example:
        >>> float(AUC(num_thresholds=3)(np.array([0, 0, 1, 1]), np.array([0.0, 0.5, 0.3, 0.9])))
        0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        for argument, value, known in (
            ("curve", curve, CURVES),
            ("summation_method", summation_method, SUMMATIONS),
        ):
            if not isinstance(value, str) or value not in known:
                self._refuse(argument, value, sorted(set(known.values())))
        for argument, flag in (("multi_label", multi_label), ("from_logits", from_logits)):
            if flag not in (True, False):
                self._refuse(argument, flag, [True, False])
        check_integer("AUC", "num_thresholds", num_thresholds, least=2)
        self.curve = CURVES[curve]
        self.summation_method = SUMMATIONS[summation_method]
        self.thresholds = None if thresholds is None else sorted(self._numbers("thresholds", thresholds, 1.0))
        self.num_thresholds = num_thresholds if thresholds is None else len(thresholds) + 2
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = (
            None if label_weights is None else self._numbers("label_weights", label_weights, float("inf"))
        )
        self.from_logits = from_logits
        inner = self.thresholds
        if inner is None:
            inner = [(place + 1) / (num_thresholds - 1) for place in range(num_thresholds - 2)]
        self._limits = np.array([-epsilon(), *inner, 1 + epsilon()])
        # As in Keras: only where thresholds are even, predictions beyond 0..1 count as 0 and 1.
        even = np.linspace(0.0, 1.0, self.num_thresholds)
        self._clipped = bool(np.allclose([0.0, *inner, 1.0], even, atol=epsilon()))
        if num_labels is not None:
            check_integer("AUC", "num_labels", num_labels, least=1)
            if not multi_label:
                self._refuse("num_labels", num_labels, "None, unless multi_label=True")
        if not multi_label or num_labels is not None:
            self._make_states(num_labels)

    @staticmethod
    def _refuse(argument: str, value: Any, allowed: Any, found: str = "") -> None:
        raise InvalidArgumentError(component="AUC", argument=argument, value=value, allowed=allowed, found=found)

    def _numbers(self, argument: str, given: Any, most: float) -> list[float]:
        values = given.tolist() if isinstance(given, np.ndarray) else given
        if not isinstance(values, list | tuple) or not all(is_number(value) and 0 <= value <= most for value in values):
            self._refuse(
                argument, given, "a list of numbers from 0 to 1" if most == 1 else "a list of weights, 0 or more"
            )
        return [float(value) for value in values]

    def _make_states(self, labels: int | None) -> None:
        behind = () if labels is None else (labels,)
        shape = (self.num_thresholds, *behind)
        self.true_positives = self.add_state("true_positives", shape)
        self.false_positives = self.add_state("false_positives", shape)
        self.positives = self.add_state("positives", behind)
        self.negatives = self.add_state("negatives", behind)

    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None = None) -> None:
        """Count the decisions of one batch at each threshold.

        Raises:
            LabelShapeError: labels whose shape is not the predictions'.
            InvalidArgumentError: another number of outputs than before, or than there are label weights.
        """
        predictions: Any = as_predictions(y_pred)
        labels: Any = align_labels("AUC", y_true, predictions)
        outputs = predictions.shape[-1]
        weights = flat_weights(sample_weight, predictions)
        if self.multi_label and not self.states:
            self._make_states(outputs)
        if self.multi_label and self.positives.shape != (outputs,):
            self._refuse("y_pred", f"(..., {outputs})", f"predictions of {self.positives.shape[0]} outputs")
        if self.label_weights is not None and len(self.label_weights) != outputs:
            self._refuse("label_weights", self.label_weights, "a weight per output", f"there are {outputs} outputs")
        if self.label_weights is not None and not self.multi_label:
            own = np.broadcast_to(np.array(self.label_weights), predictions.shape)
            weights = own if weights is None else weights * own
        if self.from_logits:
            predictions = ops.sigmoid(predictions)
        if self._clipped:
            predictions = ops.clip(predictions, 0.0, 1.0)
        behind = (outputs,) if self.multi_label else ()
        positive = np.reshape(labels != 0, (-1, 1, *behind))
        limits = self._limits.astype(predictions.dtype).reshape(-1, *(1 for _ in behind))
        above = np.reshape(predictions, (-1, 1, *behind)) > limits
        weights = None if weights is None else np.reshape(weights, (-1, 1, *behind))
        for state, hits in (
            (self.true_positives, positive & above),
            (self.false_positives, ~positive & above),
            (self.positives, positive),
            (self.negatives, ~positive),
        ):
            state.assign(state + np.reshape(tally(hits, weights), state.shape))

    def result(self) -> Array:
        """The area over everything so far; 0 before anything was taken in."""
        if not self.states:
            return self.in_dtype(np.zeros(()))
        areas = self._areas()
        if not self.multi_label:
            return self.in_dtype(areas)
        if self.label_weights is None:
            return self.in_dtype(np.mean(areas))
        return self.in_dtype(ratio(np.sum(areas * np.array(self.label_weights)), np.asarray(sum(self.label_weights))))

    def _areas(self) -> Any:
        """The area of each curve."""
        right, wrong = self.true_positives * 1.0, self.false_positives * 1.0
        positives, negatives = self.positives * 1.0, self.negatives * 1.0
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated_precision(right, right + wrong, positives)
        if self.curve == "ROC":
            x, y = ratio(wrong, negatives + 0 * wrong), ratio(right, positives + 0 * right)
        elif self.curve == "PR":
            x, y = ratio(right, positives + 0 * right), ratio(right, right + wrong)
        else:
            odds = ratio(positives, negatives)
            gain = 1 - odds * ratio(positives - right, right)
            x = np.maximum(np.where(right == 0, 0.0, gain), 0.0)
            y = np.where(right == 0, 1.0, 1 - odds * ratio(wrong, right))
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2
        elif self.summation_method == "minoring":
            heights = np.minimum(y[:-1], y[1:])
        else:
            heights = np.maximum(y[:-1], y[1:])
        return np.sum((x[:-1] - x[1:]) * heights, axis=0)


def _interpolated_precision(right: Any, chosen: Any, positives: Any) -> Any:
    """The area below precision over recall, where counts, not precisions, lie on straight lines between thresholds.

    With ``TP = a + s * P`` between two thresholds, P being all decisions that are yes, the precision is ``s + a / P``;
    its integral over the recall is ``s * (dTP + a * log(P1 / P0)) / positives``.
    """
    step = right[:-1] - right[1:]
    slope = ratio(step, np.maximum(chosen[:-1] - chosen[1:], 0.0))
    intercept = right[1:] - slope * chosen[1:]
    both = (chosen[:-1] > 0) & (chosen[1:] > 0)
    growth = np.where(both, chosen[:-1] / np.where(both, chosen[1:], 1.0), 1.0)
    parts = slope * (step + intercept * np.log(growth))
    return np.sum(ratio(parts, positives + 0 * parts), axis=0)
