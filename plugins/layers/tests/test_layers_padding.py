"""A padded batch with a mask gives what each sequence gives alone: for every recurrent layer, in every wrapper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcore import Array
from kcore_layers.bidirectional import Bidirectional
from kcore_layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from kcore_layers.convolutional_recurrent import ConvLSTM2D
from kcore_layers.core import Dense
from kcore_layers.cudnn import CuDNNGRU, CuDNNLSTM
from kcore_layers.recurrent import GRU, LSTM, SimpleRNN
from kcore_layers.rnn import RNN
from kcore_layers.wrappers import TimeDistributed

OPTIONS: dict[str, Any] = {"dtype": "float64", "return_sequences": True, "return_state": True}
MAKERS: dict[str, Any] = {
    "SimpleRNN": lambda: SimpleRNN(3, **OPTIONS),
    "LSTM": lambda: LSTM(3, **OPTIONS),
    "GRU": lambda: GRU(3, **OPTIONS),
    "GRU-after": lambda: GRU(3, reset_after=True, **OPTIONS),
    "CuDNNLSTM": lambda: CuDNNLSTM(3, **OPTIONS),
    "CuDNNGRU": lambda: CuDNNGRU(3, **OPTIONS),
    "RNN": lambda: RNN(GRUCell(3, dtype="float64"), **OPTIONS),
    "RNN-stacked": lambda: RNN([LSTMCell(2, dtype="float64"), SimpleRNNCell(3, dtype="float64")], **OPTIONS),
    "ConvLSTM2D": lambda: ConvLSTM2D(2, 2, padding="same", **OPTIONS),
}
LAYERS = {name: make() for name, make in MAKERS.items()}
AROUND = {name: Bidirectional(make()) for name, make in MAKERS.items()}
SIZES = {"ConvLSTM2D": (3, 2, 2)}


@st.composite
def padded_batches(draw: st.DrawFn) -> tuple[list[int], int, bool, int]:
    """The lengths of the sequences, how long all are made, whether at their beginning, and a seed for the numbers."""
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    return lengths, max(lengths) + draw(st.integers(0, 2)), draw(st.booleans()), draw(st.integers(0, 1000))


def laid_out(batch: Any, sizes: tuple[int, ...]) -> tuple[list[Array], Array, Array]:
    """The sequences, the batch that holds all, and its mask; the padding is anything."""
    lengths, steps, before, seed = batch
    rng = np.random.default_rng(seed)
    sequences = [rng.standard_normal((n, *sizes)) for n in lengths]
    x, mask = rng.standard_normal((len(lengths), steps, *sizes)), np.zeros((len(lengths), steps), bool)
    for row, kept, sequence in zip(x, mask, sequences, strict=True):
        start = steps - len(sequence) if before else 0
        row[start : start + len(sequence)] = sequence
        kept[start : start + len(sequence)] = True
    return sequences, x, mask


def check(layer: Any, batch: Any, sizes: tuple[int, ...]) -> None:
    sequences, x, mask = laid_out(batch, sizes)
    found, *states = layer(x, mask=mask)
    for number, sequence in enumerate(sequences):
        expected, *ends = layer(sequence[None])
        np.testing.assert_allclose(found[number][mask[number]], expected[0], rtol=1e-9, atol=1e-12)
        for state, end in zip(states, ends, strict=True):
            np.testing.assert_allclose(state[number], end[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
@settings(max_examples=15, deadline=None)
@given(batch=padded_batches())
def test_each_layer_alone(name: str, batch: Any) -> None:
    check(LAYERS[name], batch, SIZES.get(name, (2,)))


@pytest.mark.parametrize("name", AROUND)
@settings(max_examples=15, deadline=None)
@given(batch=padded_batches())
def test_in_both_directions(name: str, batch: Any) -> None:
    check(AROUND[name], batch, SIZES.get(name, (2,)))


STEPWISE = TimeDistributed(Dense(3, activation="tanh", dtype="float64"))
INNER = TimeDistributed(Bidirectional(LSTM(3, dtype="float64")))


@settings(max_examples=25, deadline=None)
@given(batch=padded_batches())
def test_step_by_step(batch: Any) -> None:
    sequences, x, mask = laid_out(batch, (2,))
    y = STEPWISE(x, mask=mask)
    for number, sequence in enumerate(sequences):
        np.testing.assert_allclose(y[number][mask[number]], STEPWISE(sequence[None])[0], rtol=1e-9, atol=1e-12)
    # Each sequence as one step of a longer one.
    ends = INNER(x[:, None], mask=mask[:, None])
    for number, sequence in enumerate(sequences):
        np.testing.assert_allclose(ends[number, 0], INNER(sequence[None, None])[0, 0], rtol=1e-9, atol=1e-12)
