"""Bad data and calls out of order: each its own error, before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcore
from kcore import errors, metrics
from kcore.layers import Conv2D, Dense, Flatten, Input


def classifier() -> kcore.Model:
    model = kcore.Sequential([Dense(4, name="hidden", input_shape=(6,)), Dense(3, activation="softmax")], name="net")
    model.compile("sgd", "sparse_categorical_crossentropy", ["accuracy"])
    return model


X = np.zeros((8, 6), np.float32)
Y = np.zeros(8, np.int64)


def failing(kind: type[Exception], x: Any = X, y: Any = Y, **options: Any) -> Any:
    model = classifier()
    before = model.get_weights()
    with pytest.raises(kind) as caught:
        model.fit(x, y, **{"verbose": 0, **options})
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    return caught.value


def test_wrong_shape_names_the_layer_and_both_shapes() -> None:
    error = failing(errors.DataShapeError, np.zeros((8, 5)))
    assert str(error) == (
        "Model 'net' expects data of shape (batch, 6) for its input 'hidden_input' (the input of layer 'hidden'), "
        "but was given shape (batch=8, 5)."
    )
    assert (error.expected, error.given, error.layer) == ((None, 6), (8, 5), "hidden")


def test_a_single_sample_and_a_missing_channel_axis_are_recognised() -> None:
    model = kcore.Sequential([Conv2D(2, 3, input_shape=(8, 8, 1)), Flatten(), Dense(2)])
    with pytest.raises(errors.DataShapeError, match=r"looks like a single sample: .*x\[np.newaxis\]"):
        model.predict(np.zeros((8, 8, 1)))
    with pytest.raises(errors.DataShapeError, match=r"channel axis is missing: .*x\[\.\.\., np.newaxis\]"):
        model.predict(np.zeros((5, 8, 8)))


def test_a_layer_inside_names_itself_and_its_place() -> None:
    with pytest.raises(errors.LayerInputError) as caught:
        kcore.Sequential([Dense(4, input_shape=(6,)), Conv2D(2, 3, name="picture")], name="net")
    assert str(caught.value) == (
        "Layer 'picture' (Conv2D), layer 2 in model 'net', expects an input with 4 axes (the batch axis is one of "
        "them), but its input has shape (batch, 4)."
    )


@pytest.mark.parametrize(
    ("x", "found"),
    [
        (np.full((8, 6), "a"), "strings"),
        (np.full((8, 6), None), "Python objects"),
        (np.zeros((8, 6), "datetime64[s]"), "dates"),
        (np.zeros((8, 6), complex), "complex numbers"),
    ],
)
def test_wrong_dtype(x: Any, found: str) -> None:
    error = failing(errors.DataTypeError, x)
    assert found in str(error) and "Convert it to an array" in str(error)


def test_ragged_rows_and_single_numbers() -> None:
    assert "rows of different lengths" in str(failing(errors.DataTypeError, [[1.0], [1.0, 2.0]]))
    assert "a single number" in str(failing(errors.DataTypeError, 3.0))


def test_nan_labels_of_a_sparse_loss() -> None:
    y = Y.astype(float)
    y[5] = np.nan
    error = failing(errors.LabelValueError, X, y)
    assert "nan" in str(error) and "position 5" in str(error)


@pytest.mark.parametrize(("label", "text"), [(3, "3"), (-1, "-1")])
def test_labels_out_of_range(label: int, text: str) -> None:
    y = Y.copy()
    y[2] = label
    error = failing(errors.LabelValueError, X, y)
    assert text in str(error) and "position 2" in str(error)


def test_empty_data() -> None:
    assert str(failing(errors.EmptyDataError, X[:0], Y[:0])) == "There is no sample to fit: x has length 0."


def test_missing_labels() -> None:
    assert "no labels were given" in str(failing(errors.EmptyDataError, X, None))


def test_lengths_that_differ() -> None:
    error = failing(errors.DataLengthError, X, Y[:5])
    assert str(error) == (
        "All data must have the same number of samples (the length of the first axis), but x has 8, y has 5."
    )
    assert error.lengths == {"x": 8, "y": 5}


def test_a_split_that_leaves_a_side_empty() -> None:
    assert "leaves one side empty" in str(failing(errors.EmptyDataError, X[:1], Y[:1], validation_split=0.1))


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0}, {"batch_size": 2.5}, {"epochs": -1}, {"verbose": 7}, {"validation_split": 1.5},
        {"validation_data": 5}, {"initial_epoch": -2},
    ],
)  # fmt: skip
def test_bad_arguments_name_themselves(options: dict[str, Any]) -> None:
    error = failing(errors.InvalidArgumentError, **options)
    assert error.argument == next(iter(options)) and error.argument in str(error)


def test_before_compile() -> None:
    model = kcore.Sequential([Dense(1, input_shape=(2,))], name="raw")
    with pytest.raises(
        errors.NotCompiledError, match=r"'raw' cannot fit.*model\.compile\(optimizer=\.\.\., loss=\.\.\.\)"
    ):
        model.fit(np.zeros((2, 2)), np.zeros(2))


def test_compile_refuses_metrics_with_several_results() -> None:
    model = kcore.Sequential([Dense(2, input_shape=(3,))], name="two")
    with pytest.raises(errors.InvalidArgumentError) as caught:
        model.compile("sgd", "mse", ["mae", metrics.F1Score()])
    assert str(caught.value) == (
        "compile cannot take metrics='f1_score' (F1Score has one result per class; average='macro', 'weighted' or 'micro' "
        "makes one of them). Allowed: metrics whose result is one number, as logs hold numbers."
    )
    with pytest.raises(errors.InvalidArgumentError, match="TruePositives has one result per threshold"):
        model.compile("sgd", "mse", [metrics.TruePositives(thresholds=[0.25, 0.5])])
    with pytest.raises(errors.InvalidArgumentError, match="ConfusionMatrix has one result per pair of classes"):
        model.compile("sgd", "mse", ["confusion_matrix"])
    with pytest.raises(errors.InvalidArgumentError, match=r"R2Score has one result per output"):
        model.compile("sgd", "mse", [metrics.R2Score(class_aggregation=None)])


def test_fit_refuses_a_result_that_turns_out_to_be_no_number() -> None:
    class Both(metrics.Metric):
        def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            pass

        def result(self) -> Any:
            return np.zeros(2)

    model = kcore.Sequential([Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse", [Both()])
    with pytest.raises(errors.InvalidArgumentError) as caught:
        model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)
    assert str(caught.value) == (
        "compile cannot take metrics='both' (its result has the shape (2,)). Allowed: metrics whose result is one number, "
        "as logs hold numbers."
    )


def test_compile_refuses_what_is_no_loss_metric_or_optimizer() -> None:
    model = kcore.Sequential([Dense(1, input_shape=(2,))])
    for arguments, name in [(("sgd", 5), "loss"), (("sgd", "mse", [5]), "metrics"), ((5, "mse"), "optimizer")]:
        with pytest.raises(errors.InvalidArgumentError) as caught:
            model.compile(*arguments)
        assert caught.value.argument == name
    with pytest.raises(errors.InvalidArgumentError, match="a loss for at least one output"):
        model.compile("sgd", [])


def test_wrong_number_and_names_of_arrays() -> None:
    first, second = Input((3,), name="first"), Input((2,), name="second")
    model = kcore.Model([first, second], Dense(1, name="out")(first), name="two")
    with pytest.raises(
        errors.DataStructureError, match=r"has 2 inputs \('first', 'second'\), but was given a list of 3"
    ):
        model.predict([X, X, X])
    with pytest.raises(errors.DataStructureError, match=r"the names \['first', 'third'\]"):
        model.predict({"first": X, "third": X})
    with pytest.raises(errors.DataStructureError, match="losses for"):
        model.compile("sgd", {"in": "mse"})


def test_labels_that_would_only_broadcast() -> None:
    model = kcore.Sequential([Dense(2, input_shape=(6,))])
    model.compile("sgd", "mse")
    with pytest.raises(errors.LabelShapeError) as caught:
        model.fit(X, np.zeros((8, 1)), verbose=0)
    assert "(batch=8, 1)" in str(caught.value) and "(batch=8, 2)" in str(caught.value)
