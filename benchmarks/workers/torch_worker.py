"""One workload in plain eager PyTorch."""

from __future__ import annotations

import sys

import torch
from torch import nn
from workloads import WORKLOADS, data, report


def network(name: str) -> nn.Module:
    if name == "mlp_mnist":
        return nn.Sequential(
            nn.Linear(784, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 10)
        )  # fmt: skip
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(),
        nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )  # fmt: skip


def main(name: str) -> None:
    torch.set_num_threads(2)
    arrays, labels = data(name)
    x, y = torch.from_numpy(arrays), torch.from_numpy(labels)
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    model = network(name)
    parameters = list(model.parameters())
    adam = WORKLOADS[name]["optimizer"] == "adam"
    optimizer = torch.optim.Adam(parameters) if adam else torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, eps=1e-7)
    loss_function = nn.CrossEntropyLoss()
    batch = WORKLOADS[name]["batch"]
    model.train()

    def epoch() -> None:
        order = torch.randperm(len(x))
        total = 0.0
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            optimizer.zero_grad()
            loss = loss_function(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item()

    report(name, "torch", torch.__version__, epoch)


if __name__ == "__main__":
    main(sys.argv[1])
