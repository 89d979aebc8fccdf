"""Embedding."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812

from recorders.layer_cases.recorder import Recorder, main
from recorders.sources import generator, normal


def record(recorder: Recorder) -> None:
    variants: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
        ("plain", {}, (4, 6), "int64"),
        ("int32", {}, (4, 6), "int32"),
        ("uint8", {}, (4, 6), "uint8"),
        ("mask_zero", {"mask_zero": True}, (4, 6), "int64"),
        ("rank3", {}, (2, 3, 4), "int64"),
    ]
    for variant, options, shape, dtype in variants:
        config = {"input_dim": 9, "output_dim": 3} | options
        # Rows that come several times, and some that never come.
        x = generator(shape, "embedding").integers(0, 7, shape).astype(dtype)
        table = [normal((9, 3), "float32", 0.5, "embeddings")]
        recorder.keras(f"Embedding/{variant}", config, x, table)
        if dtype == "int64":
            recorder.torch(f"Embedding/{variant}", config, x, table, F.embedding)


if __name__ == "__main__":
    main(record)
