"""What the functions refuse, and the examples in their docstrings."""

from __future__ import annotations

import doctest
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pytest

from kcore import backend as K
from kcore.errors import InvalidArgumentError, KcoreError, LabelShapeError, OperandError

IMAGES = np.zeros((1, 4, 4, 2), "float32")
KERNEL = np.zeros((2, 2, 2, 3), "float32")
STEPS = np.zeros((2, 5, 3), "float32")

WRONG: list[tuple[Callable[[], Any], type[KcoreError], str]] = [
    (lambda: K.dot(np.zeros((2, 3)), np.zeros((4, 5))), OperandError, "kcore.backend.dot cannot take operands of shape (2, 3), (4, 5): the last axis of the first has size 3, the last but one of the second 4."),
    (lambda: K.batch_dot(np.zeros(3), np.zeros((3, 2))), OperandError, "kcore.backend.batch_dot cannot take operands of shape (3,), (3, 2): both need at least two axes."),
    (lambda: K.batch_dot(np.zeros((2, 3)), np.zeros((2, 3)), axes=0), InvalidArgumentError, "kcore.backend.batch_dot cannot take axes=0. Allowed: an axis other than 0, or one for each array, of arrays with 2 and 2 axes."),
    (lambda: K.batch_dot(np.zeros((2, 3)), np.zeros((2, 3)), axes=(1, 2)), InvalidArgumentError, "kcore.backend.batch_dot cannot take axes=(1, 2). Allowed: an axis other than 0, or one for each array, of arrays with 2 and 2 axes."),
    (lambda: K.batch_dot(np.zeros((2, 3)), np.zeros((4, 3)), axes=1), OperandError, "kcore.backend.batch_dot cannot take operands of shape (2, 3), (4, 3): the batches, and axes 1 and 1, must have the same sizes."),
    (lambda: K.reshape(STEPS, "ab"), InvalidArgumentError, "kcore.backend.reshape cannot take shape='ab'. Allowed: whole numbers, as K.int_shape(x) or K.shape(x) gives them."),
    (lambda: K.zeros((2, None)), InvalidArgumentError, "kcore.backend.zeros cannot take shape=(2, None). Allowed: whole numbers, as K.int_shape(x) or K.shape(x) gives them."),
    (lambda: K.random_normal((2.5,)), InvalidArgumentError, "kcore.backend.random_normal cannot take shape=(2.5,). Allowed: whole numbers, as K.int_shape(x) or K.shape(x) gives them."),
    (lambda: K.repeat(STEPS, 2), InvalidArgumentError, "kcore.backend.repeat cannot take x='array of shape (2, 5, 3)'. Allowed: an array of the axes (samples, features)."),
    (lambda: K.slice(STEPS, [0, 1], [1, 1]), InvalidArgumentError, "kcore.backend.slice cannot take start=[0, 1]. Allowed: 3 numbers, and as many sizes."),
    (lambda: K.slice(STEPS, [0, 1, 0], [1, 5, 1]), OperandError, "kcore.backend.slice cannot take operands of shape (2, 5, 3): no part starts at (0, 1, 0) with the sizes (1, 5, 1)."),
    (lambda: K.in_top_k(np.zeros((2, 3)), np.zeros((2, 1)), 1), OperandError, "kcore.backend.in_top_k cannot take operands of shape (2, 3), (2, 1): predictions are (batch, classes), targets (batch,)."),
    (lambda: K.temporal_padding(IMAGES), InvalidArgumentError, "kcore.backend.temporal_padding cannot take x='array of shape (1, 4, 4, 2)'. Allowed: an array of the axes (batch, steps, features)."),
    (lambda: K.temporal_padding(STEPS, (1, -1)), InvalidArgumentError, "kcore.backend.temporal_padding cannot take padding=(1, -1). Allowed: a pair (before, after) of whole numbers from 0 up."),
    (lambda: K.spatial_2d_padding(IMAGES, (1, 1)), InvalidArgumentError, "kcore.backend.spatial_2d_padding cannot take padding=(1, 1). Allowed: a pair (before, after) of whole numbers from 0 up for each of 2 axes."),
    (lambda: K.spatial_3d_padding(IMAGES), InvalidArgumentError, "kcore.backend.spatial_3d_padding cannot take x='array of shape (1, 4, 4, 2)'. Allowed: an array of the axes batch, 3 spatial ones and channels."),
    (lambda: K.spatial_2d_padding(IMAGES, data_format="last"), InvalidArgumentError, "kcore.backend.spatial_2d_padding cannot take data_format='last'. Allowed: 'channels_last', 'channels_first'."),
    (lambda: K.conv2d(STEPS, KERNEL), InvalidArgumentError, "kcore.backend.conv2d cannot take x='array of shape (2, 5, 3)'. Allowed: an array of the axes (batch, rows, columns, channels), or channels first."),
    (lambda: K.conv2d(IMAGES, KERNEL, padding="causal"), InvalidArgumentError, "kcore.backend.conv2d cannot take padding='causal'. Allowed: 'valid', 'same'."),
    (lambda: K.conv2d(IMAGES, KERNEL, strides=(1, 0)), InvalidArgumentError, "kcore.backend.conv2d cannot take strides=(1, 0). Allowed: 2 whole numbers of at least 1, or one for all."),
    (lambda: K.conv1d(STEPS, np.zeros((2, 3, 1)), dilation_rate=0), InvalidArgumentError, "kcore.backend.conv1d cannot take dilation_rate=0. Allowed: a whole number of at least 1."),
    (lambda: K.conv2d(IMAGES, np.zeros((2, 2, 5, 3), "float32")), OperandError, "conv cannot take operands of shape (1, 4, 4, 2), (2, 2, 5, 3): the input has 2 channels, the kernel takes 5."),
    (lambda: K.depthwise_conv2d(IMAGES, KERNEL[0]), InvalidArgumentError, "kcore.backend.depthwise_conv2d cannot take depthwise_kernel='array of shape (2, 2, 3)'. Allowed: an array of the axes of the window, channels, multiplier."),
    (lambda: K.conv2d_transpose(IMAGES, KERNEL, (1, 5, 5, 2)), OperandError, "kcore.backend.conv2d_transpose cannot take operands of shape (1, 4, 4, 2), (2, 2, 2, 3): the kernel is (size of the window, channels of the output, channels of x)."),
    (lambda: K.conv2d_transpose(IMAGES, KERNEL.swapaxes(2, 3), (5, 5, 3)), InvalidArgumentError, "kcore.backend.conv2d_transpose cannot take output_shape=(5, 5, 3). Allowed: 4 sizes, that of the batch first."),
    (lambda: K.conv2d_transpose(IMAGES, KERNEL.swapaxes(2, 3), (1, 9, 5, 3)), OperandError, "conv_input_gradient cannot take operands of shape (1, 4, 4, 2), (2, 2, 3, 2): the gradient of the output must have shape (1, 8, 4, 2)."),
    (lambda: K.pool2d(IMAGES, (2, 2), pool_mode="mean"), InvalidArgumentError, "kcore.backend.pool2d cannot take pool_mode='mean'. Allowed: 'max', 'avg'."),
    (lambda: K.pool3d(IMAGES, (2, 2, 2)), InvalidArgumentError, "kcore.backend.pool3d cannot take x='array of shape (1, 4, 4, 2)'. Allowed: an array of the axes (batch, planes, rows, columns, channels), or channels first."),
    (lambda: K.resize_images(IMAGES, 2, 0, None), InvalidArgumentError, "kcore.backend.resize_images cannot take width_factor=0. Allowed: a whole number of at least 1."),
    (lambda: K.resize_images(IMAGES, 2, 2, None, "cubic"), InvalidArgumentError, "kcore.backend.resize_images cannot take interpolation='cubic'. Allowed: 'nearest', 'bilinear'."),
    (lambda: K.local_conv1d(STEPS, np.zeros((5, 6, 1)), 2, 1), OperandError, "kcore.backend.local_conv1d cannot take operands of shape (2, 5, 3), (5, 6, 1): it makes [4] windows of 6 elements, for a kernel (windows, elements, filters)."),
    (lambda: K.local_conv2d(IMAGES, np.zeros((9, 8, 1)), (2, 2), (1, 1), (3, 2)), OperandError, "kcore.backend.local_conv2d cannot take operands of shape (1, 4, 4, 2), (9, 8, 1): it makes [3, 3] windows of 8 elements, for a kernel (windows, elements, filters)."),
    (lambda: K.bias_add(STEPS, np.zeros((2, 5, 3))), InvalidArgumentError, "kcore.backend.bias_add cannot take bias='array of shape (2, 5, 3)'. Allowed: an array of 1 or 2 axes."),
    (lambda: K.relu(STEPS, max_value=-1.0), InvalidArgumentError, "kcore.backend.relu cannot take max_value=-1.0. Allowed: None, or a number from 0 up."),
    (lambda: K.categorical_crossentropy(np.zeros((2, 3)), np.zeros((2, 4))), LabelShapeError, "kcore.backend.categorical_crossentropy was given labels of shape (batch=2, 3) for predictions of shape (batch=2, 4). It expects targets of the same shape as the output."),
    (lambda: K.binary_crossentropy(np.zeros(2), np.zeros((2, 1))), LabelShapeError, "kcore.backend.binary_crossentropy was given labels of shape (batch=2,) for predictions of shape (batch=2, 1). It expects targets of the same shape as the output."),
    (lambda: K.sparse_categorical_crossentropy(np.zeros(3), np.zeros((2, 4))), LabelShapeError, "kcore.backend.sparse_categorical_crossentropy was given labels of shape (batch=3,) for predictions of shape (batch=2, 4). It expects one class number per prediction, of shape (batch=2,)."),
    (lambda: K.switch(np.zeros((2, 2, 2)), np.zeros((2, 2)), 0.0), InvalidArgumentError, "kcore.backend.switch cannot take condition='array of shape (2, 2, 2)'. Allowed: an array of at most as many axes as the expressions have, 2."),
    (lambda: K.rnn(lambda x, s: (x, s), np.zeros((2, 3)), []), OperandError, "kcore.backend.rnn cannot take operands of shape (2, 3): inputs are (batch, steps, ...), with at least one step."),
    (lambda: K.rnn(lambda x, s: (x, s), STEPS, [], mask=np.ones((5, 2))), OperandError, "kcore.backend.rnn cannot take operands of shape (5, 2): a mask is (batch, steps), here (2, 5)."),
    (lambda: K.rnn(lambda x, s: (x, []), STEPS, [np.zeros((2, 3))]), InvalidArgumentError, "kcore.backend.rnn cannot take step_function='a function that returned 0 states'. Allowed: one that returns as many states as there are first ones, 1."),
    (lambda: K.ctc_batch_cost(np.zeros((2, 3), int), STEPS, [5, 5, 5], [3, 3]), OperandError, "kcore.backend.ctc_batch_cost cannot take operands of shape (2, 3), (2, 5, 3), (3,), (2,): it takes labels (batch, length), probabilities (batch, steps, classes), and two lengths (batch, 1)."),
    (lambda: K.foldl(lambda a, x: a + x, np.zeros((0, 2))), OperandError, "kcore.backend.foldl cannot take operands of shape (0, 2): there is no first element to begin with."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "kind", "text"), WRONG, ids=[text.split(" ")[0].rpartition(".")[2] for _, _, text in WRONG]
)
def test_errors_name_function_and_argument(call: Callable[[], Any], kind: type[KcoreError], text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_examples_in_the_docstrings() -> None:
    import kcore.backend

    attempted = 0
    for module in iter_modules(kcore.backend.__path__):
        found = doctest.testmod(import_module(f"kcore.backend.{module.name}"), extraglobs={"np": np})
        assert found.failed == 0
        attempted += found.attempted
    assert attempted >= 45


@pytest.mark.parametrize("name", K.__all__)
def test_every_function_is_documented(name: str) -> None:
    text = inspect.getdoc(getattr(K, name))
    assert text
    # Each argument that is described is one of the function.
    parameters = list(inspect.signature(getattr(K, name)).parameters)
    section = re.search(r"^Args:\n((?:    .*\n?|\n)*)", text, re.M)
    for line in section.group(1).splitlines() if section else []:
        heading = re.match(r"    ([\w*][\w*, ]*?):", line)
        if heading:
            assert {part.strip(" *") for part in heading.group(1).split(",")} <= set(parameters), line


def test_the_page_lists_every_function() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "backend.md").read_text()
    table = page.partition("## The functions")[2].partition("## What is different")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(K.__all__)
