"""From nothing to a trained network in PyTorch: ``cold_torch.py STEPS``. The whole process is timed from outside."""

from __future__ import annotations

import sys

import numpy as np
import torch
from torch import nn

rng = np.random.default_rng(0)
count = 32 * int(sys.argv[1])
x = torch.from_numpy(rng.random((count, 20), np.float32))
y = torch.from_numpy(rng.random((count, 1), np.float32))
model = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters())
loss_function = nn.MSELoss()
for rows in torch.randperm(count).split(32):
    optimizer.zero_grad()
    loss = loss_function(model(x[rows]), y[rows])
    loss.backward()
    optimizer.step()
