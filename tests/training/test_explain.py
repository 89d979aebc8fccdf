"""Looking inside a step: costs by formula, and a model that is unchanged afterwards."""

from __future__ import annotations

import numpy as np
import pytest

import kcore
from kcore import errors
from kcore.engine.explanation import explain_replay, product_rate
from kcore.engine.primitives import convolution
from kcore.engine.primitives.cost import operations
from kcore.engine.types import ArrayType
from kcore.layers import Dense, Dropout


def network() -> kcore.Model:
    model = kcore.Sequential(
        [Dense(16, activation="relu", input_shape=(6,)), Dropout(0.5), Dense(3, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_a_prediction_has_the_operations_of_its_products() -> None:
    found = kcore.explain(network(), batch_size=10, runs=2)
    groups = {row.name: row for row in found.rows if row.name.startswith("matmul")}
    # A product with what follows it: one operation per element for the bias and for relu; softmax is five more
    # equations, of which two are reductions and count what they read.
    assert {name: row.operations for name, row in groups.items()} == {
        "matmul add relu -> float32[10,16]": 2 * 10 * 6 * 16 + 2 * 10 * 16,
        "matmul add max subtract exp sum divide -> float32[10,3]": 2 * 10 * 16 * 3 + 6 * 10 * 3,
    }
    first = groups["matmul add relu -> float32[10,16]"]
    # Input, kernel, bias and output; what is in between goes no further.
    assert first.nbytes == 4 * (10 * 6 + 6 * 16 + 16 + 10 * 16)
    # Both kernels and both biases.
    assert found.state_bytes == 4 * (6 * 16 + 16 + 16 * 3 + 3)
    assert found.operations == sum(row.operations for row in found.rows)
    assert found.equations == sum(row.equations for row in found.rows) + found.views


def test_a_convolution_and_its_derivatives_take_the_same_operations() -> None:
    x, kernel, y = ArrayType((2, 8, 7, 3), "f4"), ArrayType((3, 2, 3, 5), "f4"), ArrayType((2, 6, 6, 5), "f4")
    expected = 2 * (2 * 6 * 6) * (3 * 2 * 3 * 5)
    assert operations(convolution.conv_p, [x, kernel], y, {}) == expected
    assert operations(convolution.conv_input_gradient_p, [y, kernel], x, {}) == expected
    assert operations(convolution.conv_kernel_gradient_p, [x, y], kernel, {}) == expected


def test_explaining_a_training_step_changes_nothing() -> None:
    model = network()
    x, y = np.random.default_rng(0).random((40, 6)), np.arange(40) % 3
    model.fit(x, y, verbose=0)
    before = [*model.get_weights(), *model.optimizer.get_weights()]
    found = kcore.explain(model, x, y, batch_size=20, runs=3)
    for expected, now in zip(before, [*model.get_weights(), *model.optimizer.get_weights()], strict=True):
        np.testing.assert_array_equal(now, expected)
    assert "program(" in found.text and "matmul(" in found.text
    assert all(row.seconds >= 0 for row in found.rows) and found.seconds > 0


def test_the_table_says_what_is_there() -> None:
    found = kcore.explain(network(), batch_size=4, runs=1)
    text = found.to_text(most=1)
    heading, first, *_ = text.splitlines()
    assert heading.split() == ["ms", "%", "count", "pieces", "GFLOP/s", "GB/s", "equations"]
    assert first.endswith(found.rows[0].name)
    assert f"in {sum(row.count for row in found.rows[1:])} more groups" in text
    assert f"{found.equations} equations, {found.views} of them views" in text
    assert "of a large matrix product's" in text and "MiB for intermediate values" in text
    assert str(found) == found.to_text()


def test_memory_and_operations_are_known_before_it_runs() -> None:
    model = network()
    planned, run = kcore.explain(model, batch_size=10, runs=0), kcore.explain(model, batch_size=10, runs=1)
    assert (planned.operations, planned.arena_bytes) == (run.operations, run.arena_bytes)
    assert planned.seconds == 0 and all(row.seconds == 0 for row in planned.rows)
    # Weights and biases, each read once by a row's product: by formula, above.
    assert planned.rows[0].operations == 2 * 10 * 6 * 16 + 2 * 10 * 16
    heading, first, *_, groups, amount, memory = planned.to_text(most=1).splitlines()
    assert heading.split() == ["MFLOP", "MB", "count", "pieces", "equations"]
    assert first.endswith(planned.rows[0].name) and first.split()[0] == "0.002"
    assert groups.endswith("not run") and amount.endswith("GFLOP a run") and "MiB for variables" in memory


def test_the_limit_is_a_rate_this_machine_reaches() -> None:
    assert product_rate(256) > 1e8


def test_what_cannot_be_explained() -> None:
    with pytest.raises(errors.LayerStateError, match="an input of unknown shape"):
        kcore.explain(kcore.Sequential([Dense(3)]))
    with pytest.raises(errors.NotCompiledError, match="cannot explain"):
        kcore.explain(kcore.Sequential([Dense(3, input_shape=(2,))]), np.zeros((4, 2)), np.zeros((4, 3)))

    class Foreign:
        executable = object()

    with pytest.raises(errors.UnsupportedOperationError, match="compiled by another engine"):
        explain_replay(Foreign())  # type: ignore[arg-type]
