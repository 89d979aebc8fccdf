"""One workload in plain eager PyTorch."""

from __future__ import annotations

import sys

import torch
from torch import nn
from workloads import WORKLOADS, data, outputs, report


def network(name: str) -> nn.Module:
    layers: list[nn.Module] = []
    for kind, *facts in WORKLOADS[name]["layers"]:
        # The lazy ones learn their input's size from the first batch.
        if kind == "conv":
            layers += [nn.LazyConv2d(facts[0], 3, padding=facts[1]), nn.ReLU()]
        elif kind == "dense":
            layers += [nn.LazyLinear(facts[0]), nn.ReLU()]
        elif kind == "output":
            layers.append(nn.LazyLinear(facts[0]))
        elif kind == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            layers.append(nn.Dropout(facts[0]) if kind == "dropout" else nn.Flatten())
    return nn.Sequential(*layers)


def main(name: str) -> None:
    torch.set_num_threads(2)
    arrays, labels = data(name)
    x, y = torch.from_numpy(arrays), torch.from_numpy(labels)
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    model = network(name)
    batch = WORKLOADS[name]["batch"]
    model(x[:batch])
    parameters = list(model.parameters())
    optimizer = {
        "adam": lambda: torch.optim.Adam(parameters),
        "adadelta": lambda: torch.optim.Adadelta(parameters, lr=1.0, rho=0.95, eps=1e-7),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, eps=1e-7),
    }[WORKLOADS[name]["optimizer"]]()
    loss_function = nn.MSELoss() if outputs(name) == 1 else nn.CrossEntropyLoss()
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
