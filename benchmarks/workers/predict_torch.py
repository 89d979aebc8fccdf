"""One row through an eager PyTorch network, from array to array: ``predict_torch.py CALLS``."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import torch
from calls import median_microseconds
from torch import nn


def main(calls: int) -> None:
    torch.set_num_threads(2)
    model = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10), nn.Softmax(1)
    ).eval()
    x = np.random.default_rng(0).random((64, 784), np.float32)

    def predict() -> Any:
        with torch.inference_mode():
            return model(torch.from_numpy(x[:1])).numpy()

    microseconds = median_microseconds(predict, calls)
    json.dump({"version": torch.__version__, "predict_us": microseconds, "calls": calls}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
