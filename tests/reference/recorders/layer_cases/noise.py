"""Layers with noise, at prediction."""

from __future__ import annotations

from typing import Any

from recorders.layer_cases.recorder import FLOAT64, Recorder, main
from recorders.sources import normal

NOTE = "Prediction: the input, unchanged. Training is random and not recorded."


def record(recorder: Recorder) -> None:
    variants: list[tuple[str, dict[str, Any]]] = [
        ("GaussianNoise", {"stddev": 0.5}),
        ("GaussianDropout", {"rate": 0.3}),
        ("AlphaDropout", {"rate": 0.3}),
        ("AlphaDropout", {"rate": 0.3, "noise_shape": [2, 1, 4]}),
    ]
    for component, config in variants:
        name = f"{component}/predict{'-noise_shape' if 'noise_shape' in config else ''}"
        recorder.keras(name, config, normal((2, 3, 4)), note=NOTE)
        recorder.keras(name + FLOAT64, config, normal((2, 3, 4), "float64"), sources=("tf_keras",), note=NOTE)


if __name__ == "__main__":
    main(record)
