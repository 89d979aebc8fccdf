"""A workload in plain eager PyTorch, with a loop by hand: ``train_torch.py WORKLOAD STEPS EPOCHS``."""

from __future__ import annotations

import sys
import time
from typing import Any

import torch
from epochs import milliseconds, report, spans
from process_memory import status
from torch import nn
from workloads import WORKLOADS, Workload, data


class LastState(nn.Module):
    """A recurrent layer of which the last state is wanted; the two directions' states side by side."""

    def __init__(self, recurrent: nn.RNNBase) -> None:
        super().__init__()
        self.recurrent = recurrent

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = self.recurrent(x)[1]
        if isinstance(state, tuple):
            state = state[0]
        return torch.cat(list(state), 1) if len(state) > 1 else state[0]


class Convolution1D(nn.Module):
    """A convolution of (batch, steps, features): PyTorch has the features in front of the steps."""

    def __init__(self, features: int, filters: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(features, filters, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.convolution(x.transpose(1, 2)))


class GlobalMaximum(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax(2)


class GlobalAverage(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))


class Residual(nn.Module):
    """Two convolutions beside a shortcut, which is a 1x1 convolution where the shape changes."""

    def __init__(self, filters: int, strides: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            *convolution_and_normalization(filters, strides), nn.ReLU(), *convolution_and_normalization(filters, 1)
        )
        self.shortcut = nn.Sequential(*(convolution_and_normalization(filters, strides, 1) if strides != 1 else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.inner(x) + self.shortcut(x))


def convolution_and_normalization(filters: int, strides: int, size: int = 3) -> list[nn.Module]:
    # Keras's momentum of 0.99 is PyTorch's 0.01.
    return [
        nn.LazyConv2d(filters, size, strides, padding=size // 2, bias=False),
        nn.LazyBatchNorm2d(eps=1e-3, momentum=0.01),
    ]


def modules(shape: tuple[int, ...], kind: str, *facts: Any) -> list[nn.Module]:
    """One entry of the workload's list. The lazy modules learn the size of their input from the first batch."""
    match kind:
        case "dense":
            return [nn.LazyLinear(facts[0]), nn.ReLU()]
        case "output":  # its activation is part of the loss
            return [nn.LazyLinear(facts[0])]
        case "dropout":
            return [nn.Dropout(facts[0])]
        case "flatten":
            return [nn.Flatten()]
        case "conv2d":
            filters, padding, *strides = facts
            return [nn.LazyConv2d(filters, 3, *strides, padding=1 if padding == "same" else 0), nn.ReLU()]
        case "conv2d_transpose":
            activation = nn.ReLU() if facts[1] == "relu" else nn.Sigmoid()
            return [nn.LazyConvTranspose2d(facts[0], 3, 2, padding=1, output_padding=1), activation]
        case "pool":
            return [nn.MaxPool2d(2)]
        case "conv1d":
            return [Convolution1D(shape[-1], facts[0])]
        case "global_max_pool_1d":
            return [GlobalMaximum()]
        case "global_average_pool_2d":
            return [GlobalAverage()]
        case "embedding":
            return [nn.Embedding(*facts)]
        case "lstm":
            return [LastState(nn.LSTM(shape[-1], facts[0], batch_first=True))]
        case "gru":
            return [LastState(nn.GRU(shape[-1], facts[0], batch_first=True))]
        case "bidirectional_lstm":
            return [LastState(nn.LSTM(shape[-1], facts[0], batch_first=True, bidirectional=True))]
        case "conv2d_bn":
            return [*convolution_and_normalization(facts[0], facts[1]), nn.ReLU()]
        case "residual":
            return [Residual(*facts)]
    raise ValueError(kind)


def network(workload: Workload, sample: torch.Tensor) -> nn.Sequential:
    """The network with all weights made."""
    model = nn.Sequential()
    with torch.no_grad():
        for kind, *facts in workload.layers:
            for module in modules(tuple(sample.shape), kind, *facts):
                model.append(module)
                sample = module(sample)
    return model


def optimizer(name: str, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """With Keras 2's defaults."""
    if name == "adam":
        return torch.optim.Adam(parameters, lr=0.001, eps=1e-7)
    if name == "adadelta":
        return torch.optim.Adadelta(parameters, lr=0.001, rho=0.95, eps=1e-7)
    return torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, eps=1e-7)


LOSSES = {
    "mse": nn.MSELoss,
    "binary_crossentropy": nn.BCEWithLogitsLoss,
    "sparse_categorical_crossentropy": nn.CrossEntropyLoss,
}


def main(name: str, steps: int, epochs: int) -> None:
    torch.set_num_threads(2)
    imported = status("VmRSS")
    workload = WORKLOADS[name]
    arrays, labels = data(workload, steps)
    x = torch.from_numpy(arrays)
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    y = x if workload.copies else torch.from_numpy(labels)
    # Two rows, because batch normalization has no use for one.
    model = network(workload, x[:2])
    model.train()
    update = optimizer(workload.optimizer, list(model.parameters()))
    loss_function = LOSSES[workload.loss]()
    ready = status("VmRSS")

    def epoch(samples: int) -> None:
        order = torch.randperm(samples)
        total = 0.0
        for start in range(0, samples, workload.batch):
            rows = order[start : start + workload.batch]
            update.zero_grad()
            loss = loss_function(model(x[rows]), y[rows])
            loss.backward()
            update.step()
            total += loss.item()

    first_step = milliseconds(lambda: epoch(workload.batch))
    times = [time.perf_counter()]
    for _ in range(epochs + 1):
        epoch(len(x))
        times.append(time.perf_counter())
    report(torch.__version__, imported, ready, first_step, spans(times, steps))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
