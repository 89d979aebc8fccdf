"""Streaming metrics over batches of unequal size: the result after each batch."""

from __future__ import annotations

import numpy as np

from recorders.archive import Archive, output_path
from recorders.sources import KERAS, VERSIONS, generator, tensor, to_numpy

CLASSES = {
    "binary_accuracy": "BinaryAccuracy",
    "categorical_accuracy": "CategoricalAccuracy",
    "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_squared_error": "MeanSquaredError",
}
BATCHES = (5, 3, 8, 1)


def batch(name: str, variant: str, index: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Targets, predictions, sample weights."""
    random = generator("metrics", name, variant, index)
    shape = (size, 3, 4) if variant.startswith("rank3") else (size, 4)
    weight = random.uniform(0.0, 2.0, shape[:-1]).astype("float32")
    if index == 0:
        weight.reshape(-1)[0] = 0.0
    if name.startswith("mean"):
        draw = random.standard_normal
        return draw(shape).astype("float32"), draw(shape).astype("float32"), weight
    y_pred = random.uniform(0.0, 1.0, shape).astype("float32")
    if name == "binary_accuracy":
        # Exactly on the threshold: the prediction counts as 0.
        y_pred.reshape(-1)[0] = 0.5
        return random.integers(0, 2, shape).astype("float32"), y_pred, weight
    # A tie: the first of the equal classes is the prediction.
    y_pred.reshape(-1, 4)[0] = [0.25, 0.5, 0.5, 0.25]
    labels = random.integers(0, 4, shape[:-1])
    labels.reshape(-1)[0] = index % 4
    if name.startswith("sparse"):
        return labels.astype("int64"), y_pred, weight
    return np.eye(4, dtype="float32")[labels], y_pred, weight


def main() -> None:
    archive = Archive("metrics", VERSIONS)
    for name, class_name in CLASSES.items():
        for variant in ("plain", "weighted", "rank3", "rank3-weighted"):
            batches = [batch(name, variant, index, size) for index, size in enumerate(BATCHES)]
            for source, library in KERAS.items():
                metric = getattr(library.metrics, class_name)()
                arrays: dict[str, np.ndarray] = {}
                values = []
                for index, (y_true, y_pred, weight) in enumerate(batches):
                    arrays |= {f"y_true_{index}": y_true, f"y_pred_{index}": y_pred}
                    given = None
                    if variant.endswith("weighted"):
                        arrays[f"sample_weight_{index}"] = weight
                        given = tensor(source, weight)
                    metric.update_state(tensor(source, y_true), tensor(source, y_pred), sample_weight=given)
                    values.append(to_numpy(metric.result()))
                archive.add(f"{name}/{variant}", source, {}, arrays | {"values": np.stack(values)})
    archive.write(output_path())


if __name__ == "__main__":
    main()
