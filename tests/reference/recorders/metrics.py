"""Streaming metrics over batches of unequal size: the result after each batch.

scikit-learn computes over everything up to each batch at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn import metrics as sklearn_metrics

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, generator, tensor, tf, to_numpy

BATCHES = (5, 3, 8, 1)
PLAIN: list[tuple[str, dict[str, Any]]] = [("plain", {}), ("weighted", {}), ("rank3", {}), ("rank3-weighted", {})]
MATRIX = PLAIN[:2]


def both(*variants: tuple[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each variant without and with weights."""
    return [(name + more, config) for name, config in variants for more in ("", "-weighted")]


# Component: Keras's class, the kind of its data, variants with their configs.
SPECS: dict[str, tuple[str, str, list[tuple[str, dict[str, Any]]]]] = {
    "binary_accuracy": ("BinaryAccuracy", "decisions", PLAIN),
    "categorical_accuracy": ("CategoricalAccuracy", "one_hot", PLAIN),
    "sparse_categorical_accuracy": ("SparseCategoricalAccuracy", "classes", PLAIN),
    "top_k_categorical_accuracy": ("TopKCategoricalAccuracy", "one_hot", both(("two", {"k": 2}), ("rank3", {"k": 3}))),
    "sparse_top_k_categorical_accuracy": (
        "SparseTopKCategoricalAccuracy",
        "classes",
        both(("two", {"k": 2}), ("rank3", {"k": 3})),
    ),
    "mean_absolute_error": ("MeanAbsoluteError", "mean", PLAIN),
    "mean_squared_error": ("MeanSquaredError", "mean", PLAIN),
    "root_mean_squared_error": ("RootMeanSquaredError", "mean", MATRIX),
    "mean_absolute_percentage_error": ("MeanAbsolutePercentageError", "positive", MATRIX),
    "mean_squared_logarithmic_error": ("MeanSquaredLogarithmicError", "positive", MATRIX),
    "log_cosh": ("LogCoshError", "mean", MATRIX),
    "cosine_similarity": ("CosineSimilarity", "mean", [*MATRIX, ("rank3-axis1", {"axis": 1})]),
    "hinge": ("Hinge", "signs", both(("plain", {}), ("binary", {}))),
    "squared_hinge": ("SquaredHinge", "signs", both(("plain", {}), ("binary", {}))),
    "categorical_hinge": ("CategoricalHinge", "one_hot", MATRIX),
    "binary_crossentropy": (
        "BinaryCrossentropy",
        "decisions",
        [*MATRIX, ("logits", {"from_logits": True}), ("smoothed", {"label_smoothing": 0.2})],
    ),
    "categorical_crossentropy": (
        "CategoricalCrossentropy",
        "one_hot",
        [*MATRIX, ("logits", {"from_logits": True}), ("smoothed", {"label_smoothing": 0.2})],
    ),
    "sparse_categorical_crossentropy": (
        "SparseCategoricalCrossentropy",
        "classes",
        [*MATRIX, ("logits", {"from_logits": True}), *both(("ignored", {"ignore_class": 2}))],
    ),
    "kl_divergence": ("KLDivergence", "distributions", MATRIX),
    "poisson": ("Poisson", "counts", MATRIX),
    "R2Score": (
        "R2Score",
        "mean",
        [
            *both(
                ("plain", {}),
                ("variance", {"class_aggregation": "variance_weighted_average"}),
                ("outputs", {"class_aggregation": None}),
            ),
            ("adjusted", {"num_regressors": 2}),
        ],
    ),
    **{
        name: (name, "decisions", both(("plain", {}), ("thresholds", {"thresholds": [0.2, 0.5, 0.9]})))
        for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
    },
    **{
        name: (
            name,
            "decisions",
            [
                *both(("plain", {}), ("thresholds", {"thresholds": [0.2, 0.5, 0.9]}), ("class", {"class_id": 1})),
                ("top_k", {"top_k": 2}),
                ("top_k-threshold", {"top_k": 3, "thresholds": 0.4}),
                ("top_k-class", {"top_k": 2, "class_id": 3}),
            ],
        )
        for name in ("Precision", "Recall")
    },
    "AUC": (
        "AUC",
        "decisions",
        [
            *both(
                ("roc", {}),
                ("roc-minoring", {"summation_method": "minoring", "num_thresholds": 20}),
                ("roc-majoring", {"summation_method": "majoring", "num_thresholds": 20}),
                ("pr", {"curve": "PR"}),
                ("pr-minoring", {"curve": "PR", "summation_method": "minoring", "num_thresholds": 20}),
                ("pr-majoring", {"curve": "PR", "summation_method": "majoring", "num_thresholds": 20}),
                ("gain", {"curve": "PRGAIN", "num_thresholds": 20}),
                ("thresholds", {"thresholds": [0.15, 0.4, 0.85]}),
                ("logits", {"from_logits": True, "num_thresholds": 50}),
                ("outputs", {"multi_label": True, "num_thresholds": 50}),
                ("outputs-pr", {"multi_label": True, "curve": "PR", "num_thresholds": 50}),
            ),
            ("label_weights", {"label_weights": [1.0, 0.5, 2.0, 0.0]}),
            ("outputs-label_weights", {"multi_label": True, "num_labels": 4, "label_weights": [1.0, 0.5, 2.0, 0.0]}),
        ],
    ),
    "F1Score": (
        "F1Score",
        "one_hot",
        both(*((str(average), {"average": average}) for average in (None, "micro", "macro", "weighted"))),
    ),
    "FBetaScore": (
        "FBetaScore",
        "decisions",
        both(
            *(
                (str(average), {"average": average, "beta": 2.0, "threshold": 0.5})
                for average in (None, "micro", "macro", "weighted")
            )
        ),
    ),
    "ConfusionMatrix": ("ConfusionMatrix", "classes", MATRIX),
}


def batch(name: str, kind: str, variant: str, index: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, predictions, sample weights."""
    random = generator("metrics", name, variant, index)
    shape = (size, 3, 4) if variant.startswith("rank3") else (size, 4)
    weight = random.uniform(0.0, 2.0, shape[:-1]).astype("float32")
    if index == 0:
        weight.reshape(-1)[0] = 0.0
    if kind == "mean":
        draw = random.standard_normal
        return draw(shape).astype("float32"), draw(shape).astype("float32"), weight
    y_pred = random.uniform(0.0, 1.0, shape).astype("float32")
    if kind in ("positive", "counts"):
        y_true = random.poisson(3.0, shape) if kind == "counts" else random.uniform(0.5, 3.0, shape)
        return y_true.astype("float32"), y_pred * 3 + np.float32(0.1), weight
    if kind == "signs":
        signs = random.integers(0, 2, shape)
        return (signs if "binary" in variant else 2 * signs - 1).astype("float32"), y_pred * 4 - 2, weight
    if kind == "distributions":
        y_true = random.uniform(0.1, 1.0, shape).astype("float32")
        return y_true / y_true.sum(-1, keepdims=True), y_pred / y_pred.sum(-1, keepdims=True), weight
    if "logits" in variant:
        y_pred = y_pred * 6 - 3
    if kind == "decisions":
        # Exactly on the threshold: the prediction counts as 0.
        y_pred.reshape(-1)[0] = 0.5
        return random.integers(0, 2, shape).astype("float32"), y_pred, weight
    # A tie: the first of the equal classes is the prediction.
    y_pred.reshape(-1, 4)[0] = [0.25, 0.5, 0.5, 0.25]
    labels = random.integers(0, 4, shape[:-1])
    labels.reshape(-1)[0] = index % 4
    if kind == "classes":
        return labels.astype("int64"), y_pred, weight
    return np.eye(4, dtype="float32")[labels], y_pred, weight


# --- scikit-learn ----------------------------------------------------------------------------------------------------


def _flat(y_true: np.ndarray, y_pred: np.ndarray, weight: np.ndarray | None) -> tuple[Any, Any, Any]:
    spread = None if weight is None else np.broadcast_to(weight[..., np.newaxis], y_pred.shape).ravel()
    return y_true.ravel(), y_pred.ravel(), spread


def _regression(function: Callable[..., Any], factor: float = 1.0) -> Callable[..., Any]:
    return lambda y_true, y_pred, weight, config: factor * function(y_true, y_pred, sample_weight=weight)


def _of_all_values(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
        truth, prediction, spread = _flat(y_true, y_pred, weight)
        return function(truth, prediction, sample_weight=spread)

    return compute


def _decided(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
        if "class_id" in config:
            y_true, y_pred = (one[:, config["class_id"], np.newaxis] for one in (y_true, y_pred))
        found = []
        for threshold in np.ravel(config.get("thresholds", 0.5)):
            truth, prediction, spread = _flat(y_true, y_pred > np.float32(threshold), weight)
            found.append(function(truth, prediction, sample_weight=spread, zero_division=0.0))
        return found[0] if len(found) == 1 else found

    return compute


def _log_loss(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
    shares = y_pred / y_pred.sum(-1, keepdims=True)
    labels = y_true.argmax(-1) if y_true.ndim == 2 else y_true
    return sklearn_metrics.log_loss(labels, shares.astype("float64"), sample_weight=weight, labels=range(4))


def _r2(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
    names = {"variance_weighted_average": "variance_weighted", None: "raw_values"}
    chosen = config.get("class_aggregation", "uniform_average")
    multioutput = names.get(chosen, chosen)
    return sklearn_metrics.r2_score(y_true, y_pred, sample_weight=weight, multioutput=multioutput)


def _f_score(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
    threshold = config.get("threshold")
    chosen = y_pred >= y_pred.max(-1, keepdims=True) if threshold is None else y_pred > threshold
    settings = {"beta": config.get("beta", 1.0), "average": config["average"], "zero_division": 0.0}
    return sklearn_metrics.fbeta_score(y_true.astype(int), chosen.astype(int), sample_weight=weight, **settings)


def _roc(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
    """The exact area for predictions that were rounded to the steps between Keras's thresholds."""
    steps = np.ceil(y_pred.astype("float64") * (config.get("num_thresholds", 200) - 1))
    if config.get("multi_label"):
        return sklearn_metrics.roc_auc_score(y_true, steps, sample_weight=weight, average="macro")
    truth, rounded, spread = _flat(y_true, steps, weight)
    return sklearn_metrics.roc_auc_score(truth, rounded, sample_weight=spread)


def _confusion(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
    return sklearn_metrics.confusion_matrix(y_true, y_pred.argmax(-1), labels=range(4), sample_weight=weight)


SKLEARN: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "mean_absolute_error": (_regression(sklearn_metrics.mean_absolute_error), ("plain",)),
    "mean_squared_error": (_regression(sklearn_metrics.mean_squared_error), ("plain",)),
    "root_mean_squared_error": (_of_all_values(sklearn_metrics.root_mean_squared_error), ("plain",)),
    "mean_absolute_percentage_error": (
        _regression(sklearn_metrics.mean_absolute_percentage_error, 100.0),
        ("plain",),
    ),
    "mean_squared_logarithmic_error": (_regression(sklearn_metrics.mean_squared_log_error), ("plain",)),
    "hinge": (_of_all_values(sklearn_metrics.hinge_loss), ("plain",)),
    "categorical_crossentropy": (_log_loss, ("plain",)),
    "sparse_categorical_crossentropy": (_log_loss, ("plain",)),
    "R2Score": (_r2, ("plain", "variance", "outputs")),
    "Precision": (_decided(sklearn_metrics.precision_score), ("plain", "thresholds", "class")),
    "Recall": (_decided(sklearn_metrics.recall_score), ("plain", "thresholds", "class")),
    "AUC": (_roc, ("roc", "outputs")),
    "F1Score": (_f_score, ("None", "micro", "macro", "weighted")),
    "FBetaScore": (_f_score, ("None", "micro", "macro", "weighted")),
    "ConfusionMatrix": (_confusion, ("plain",)),
}


# --- all of them -----------------------------------------------------------------------------------------------------

Batches = list[tuple[np.ndarray, np.ndarray, np.ndarray]]


def streamed(source: str, class_name: str, config: dict[str, Any], batches: Batches, weighted: bool) -> np.ndarray:
    """Keras's result after each batch."""
    metric = getattr(KERAS[source].metrics, class_name)(**config)
    values = []
    for y_true, y_pred, weight in batches:
        given = tensor(source, weight) if weighted else None
        metric.update_state(tensor(source, y_true), tensor(source, y_pred), sample_weight=given)
        values.append(to_numpy(metric.result()))
    return np.stack(values)


def cumulated(function: Callable[..., Any], config: dict[str, Any], batches: Batches, weighted: bool) -> np.ndarray:
    """The results of a function of all data, over everything up to each batch."""
    values = []
    for count in range(1, len(batches) + 1):
        y_true, y_pred, weight = (np.concatenate(parts) for parts in zip(*batches[:count], strict=True))
        values.append(function(y_true, y_pred, weight if weighted else None, config))
    return np.array(values, "float32")


def tensorflow_confusion(y_true: Any, y_pred: Any, weight: Any, config: Any) -> Any:
    """TensorFlow's own matrix: Keras has no such metric."""
    counts = tf.math.confusion_matrix(y_true, y_pred.argmax(-1), num_classes=4, weights=weight, dtype=tf.float32)
    return counts.numpy()


def main() -> None:
    archive = Archive("metrics", VERSIONS)
    for name, (class_name, kind, variants) in SPECS.items():
        for variant, config in variants:
            weighted = variant == "weighted" or variant.endswith("-weighted")
            if name in ("F1Score", "FBetaScore"):
                # "weighted" is one of their averages.
                weighted = variant.endswith("-weighted")
            batches = [batch(name, kind, variant, index, size) for index, size in enumerate(BATCHES)]
            arrays: dict[str, np.ndarray] = {}
            for index, (y_true, y_pred, weight) in enumerate(batches):
                arrays |= {f"y_true_{index}": y_true, f"y_pred_{index}": y_pred}
                if weighted:
                    arrays[f"sample_weight_{index}"] = weight
            found: dict[str, np.ndarray] = {}
            if name == "ConfusionMatrix":
                found["tf_keras"] = cumulated(tensorflow_confusion, config, batches, weighted)
            else:
                found = {source: streamed(source, class_name, config, batches, weighted) for source in KERAS}
            function, which = SKLEARN.get(name, (None, ()))
            base = variant.removesuffix("-weighted")
            if function is not None and (base in which or variant == "weighted"):
                found["sklearn"] = cumulated(function, config, batches, weighted)
            for source, values in found.items():
                archive.add(f"{name}/{variant}", source, config, arrays | {"values": values})
    archive.write(output_path())


if __name__ == "__main__":
    main()
