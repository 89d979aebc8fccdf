"""Losses: per-sample values, the class's scalar with and without weights, and the scalars' gradients."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from recorders.archive import Archive, output_path
from recorders.sources import (
    KERAS,
    KERAS_FLOAT64,
    VERSIONS,
    generator,
    normal,
    precision,
    pull_back,
    tensor,
    to_numpy,
)

CLASSES = {
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "cosine_similarity": "CosineSimilarity",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
}
REGRESSION = tuple(CLASSES)[:7]
CERTAIN = (
    "Has predictions of exactly 0 and 1. All clip to [1e-7, 1 - 1e-7]; Keras 2's binary crossentropy then "
    "adds 1e-7 inside the logarithms too: at a wrong certain prediction its value is smaller by log(2)."
)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray) -> np.ndarray:
    shifted = np.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def problem(name: str, kind: str, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, predictions and sample weights."""
    random = generator("losses", name, kind)
    shape = (2, 3, 4) if kind.startswith("rank3") else (6, 4)
    logits = normal(shape, "float64", 2.0, kind)
    weight = random.uniform(0.0, 2.0, shape[:-1])
    weight.reshape(-1)[1] = 0.0
    labels = random.integers(0, shape[-1], shape[:-1])
    if name in REGRESSION:
        y_true = normal(shape, "float64", tag="targets")
        if kind == "zero":
            # One label with no length, and one prediction below every bound of a logarithm.
            y_true[0, 1], logits[1, 2] = 0.0, -3.0
        if kind == "far":
            logits *= 20
        if "axis1" in kind:
            weight = weight[:, :1] * np.ones((1, 4))
        return y_true.astype(dtype), logits.astype(dtype), weight.astype(dtype)
    if name in ("hinge", "squared_hinge"):
        signs = random.integers(0, 2, shape) if kind == "binary" else random.choice([-1, 1], shape)
        if kind == "mixed":
            signs = random.integers(-1, 2, shape)
        return signs.astype(dtype), logits.astype(dtype), weight.astype(dtype)
    if name == "categorical_hinge":
        return np.eye(shape[-1])[labels].astype(dtype), logits.astype(dtype), weight.astype(dtype)
    if name == "poisson":
        return random.poisson(3.0, shape).astype(dtype), np.exp(logits / 2).astype(dtype), weight.astype(dtype)
    if name == "kl_divergence":
        y_true, y_pred = softmax(normal(shape, "float64", tag="targets")), softmax(logits)
        if kind == "certain":
            y_true[:2] = np.eye(4)[[1, 0]]
            y_pred[:2] = np.eye(4)[[1, 2]]
        return y_true.astype(dtype), y_pred.astype(dtype), weight.astype(dtype)
    if name == "binary_crossentropy":
        y_true = random.integers(0, 2, shape).astype(dtype)
        y_pred = logits if "logits" in kind else sigmoid(logits)
        if kind == "certain":
            y_pred[0] = [0.0, 1.0, 0.0, 1.0]
            y_true[0] = [0.0, 1.0, 1.0, 0.0]
            y_pred[1] = [1e-8, 1 - 1e-8, 5e-8, 0.5]
    else:
        y_true = labels if name.startswith("sparse") else np.eye(shape[-1])[labels].astype(dtype)
        y_pred = logits if "logits" in kind else softmax(logits)
        if kind == "certain":
            y_pred[0] = [0.0, 1.0, 0.0, 0.0]
            y_pred[1] = [0.0, 0.0, 1.0, 0.0]
            new = [1, 0]
            if name.startswith("sparse"):
                y_true[:2] = new
            else:
                y_true[:2] = np.eye(4)[new]
        if kind == "unnormalized":
            y_pred = sigmoid(logits)
    if "logits-large" in kind:
        y_pred = logits * 20
    return (
        y_true.astype("int64") if name.startswith("sparse") else y_true,
        y_pred.astype(dtype),
        weight.astype(dtype),
    )


def variants(name: str) -> list[tuple[str, dict[str, Any], str]]:
    """Variant, config, dtype."""
    found: list[tuple[str, dict[str, Any], str]]
    if "crossentropy" not in name:
        found = [("plain", {}, "float32"), ("rank3", {}, "float32")]
        if name != "log_cosh":
            # Keras 2 subtracts float32's logarithm of 2 also in float64.
            found.append(("plain-float64", {}, "float64"))
        if (name.startswith("mean") and "log" in name) or "percentage" in name:
            found.append(("zero", {}, "float32"))
        if name == "huber":
            found += [("delta", {"delta": 0.25}, "float32"), ("delta-far", {"delta": 3.0}, "float32")]
        if name in ("huber", "log_cosh"):
            found.append(("far", {}, "float32"))
        if name == "cosine_similarity":
            found.append(("rank3-axis1", {"axis": 1}, "float32"))
        if name in ("hinge", "squared_hinge"):
            found += [("binary", {}, "float32"), ("mixed", {}, "float32")]
        if name == "kl_divergence":
            found.append(("certain", {}, "float32"))
        return found
    found = [
        ("probabilities", {}, "float32"),
        ("certain", {}, "float32"),
        ("rank3", {}, "float32"),
        ("logits", {"from_logits": True}, "float32"),
        ("logits-large", {"from_logits": True}, "float32"),
        ("rank3-logits", {"from_logits": True}, "float32"),
        ("probabilities-float64", {}, "float64"),
        ("logits-float64", {"from_logits": True}, "float64"),
    ]
    if name != "binary_crossentropy":
        found.append(("unnormalized", {}, "float32"))
    if name.startswith("sparse"):
        found += [
            ("ignored", {"ignore_class": 2}, "float32"),
            ("logits-ignored", {"from_logits": True, "ignore_class": 2}, "float32"),
        ]
    else:
        found += [
            ("smoothed", {"label_smoothing": 0.1}, "float32"),
            ("logits-smoothed", {"from_logits": True, "label_smoothing": 0.1}, "float32"),
        ]
    return found


def record(
    source: str,
    name: str,
    config: dict[str, Any],
    y_true: np.ndarray,
    y_pred: np.ndarray,
    weight: np.ndarray,
) -> dict[str, np.ndarray]:
    library = KERAS[source]
    target = tensor(source, y_true)
    per_sample = to_numpy(getattr(library.losses, name)(target, tensor(source, y_pred), **config))
    loss = getattr(library.losses, CLASSES[name])(**config)
    value, _, (gradient,) = pull_back(source, functools.partial(loss, target), [y_pred])
    weighted = functools.partial(loss, target, sample_weight=tensor(source, weight))
    weighted_value, _, (weighted_gradient,) = pull_back(source, weighted, [y_pred])
    return {
        "per_sample": per_sample,
        "loss": value,
        "loss_weighted": weighted_value,
        "dy_pred": gradient,
        "dy_pred_weighted": weighted_gradient,
    }


def main() -> None:
    archive = Archive("losses", VERSIONS)
    for name in CLASSES:
        for variant, config, dtype in variants(name):
            y_true, y_pred, weight = problem(name, variant.removesuffix("-float64"), dtype)
            for source in KERAS_FLOAT64 if dtype == "float64" else tuple(KERAS):
                with precision(dtype):
                    results = record(source, name, config, y_true, y_pred, weight)
                inputs = {"y_true": y_true, "y_pred": y_pred, "sample_weight": weight}
                note = CERTAIN if variant == "certain" else ""
                archive.add(f"{name}/{variant}", source, config, inputs | results, note)
    archive.write(output_path())


if __name__ == "__main__":
    main()
