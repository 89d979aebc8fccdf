"""Agreement beyond chance: scikit-learn's numbers, batches, weights, the edges where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from kcore import Sequential, layers, load_model, metrics
from kcore.errors import InvalidArgumentError, LabelShapeError
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from kcore_agreement.counts import ClassCounts
from kcore_agreement.metrics import CohenKappa, MatthewsCorrelation

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 4, 200)
# Half of the decisions are right, the others are by chance, and the last class is rare among them.
DECIDED = np.where(RNG.uniform(size=200) < 0.5, LABELS, RNG.integers(0, 3, 200))
SCORES = np.eye(4)[DECIDED] + RNG.uniform(0, 0.4, (200, 4))
WEIGHTS = RNG.uniform(0, 2, 200)

MEASURES: list[tuple[Callable[[], Any], Callable[..., float]]] = [
    (lambda: CohenKappa(4), cohen_kappa_score),
    (lambda: CohenKappa(4, "linear"), lambda *given, **more: cohen_kappa_score(*given, weights="linear", **more)),
    (lambda: CohenKappa(4, "quadratic"), lambda *given, **more: cohen_kappa_score(*given, weights="quadratic", **more)),
    (lambda: MatthewsCorrelation(4), matthews_corrcoef),
]
KINDS = ["kappa", "linear", "quadratic", "matthews"]


@pytest.mark.parametrize(("make", "expected"), MEASURES, ids=KINDS)
def test_the_numbers_of_scikit_learn(make: Callable[[], Any], expected: Callable[..., float]) -> None:
    assert abs(make()(LABELS, SCORES) - expected(LABELS, DECIDED)) < 1e-13
    weighted = make()(LABELS, SCORES, sample_weight=WEIGHTS)
    assert abs(weighted - expected(LABELS, DECIDED, sample_weight=WEIGHTS)) < 1e-13
    one_hot = make()(np.eye(4)[LABELS], SCORES)
    assert one_hot == make()(LABELS.reshape(-1, 1), SCORES) == make()(LABELS.reshape(4, 50), SCORES.reshape(4, 50, 4))


@pytest.mark.parametrize(("make", "expected"), MEASURES, ids=KINDS)
def test_batches_and_resets(make: Callable[[], Any], expected: Callable[..., float]) -> None:
    metric = make()
    metric.update(LABELS[::-1], SCORES)
    metric.reset()
    for part in np.split(np.arange(200), [7, 100, 101]):
        metric.update(LABELS[part], SCORES[part])
    assert abs(metric.result() - expected(LABELS, DECIDED)) < 1e-13


def test_the_number_of_classes_is_found_out() -> None:
    for make in (CohenKappa, MatthewsCorrelation):
        metric = make()
        assert metric.result() == 0.0 and metric.get_config()["num_classes"] is None
        assert metric(LABELS, SCORES) == make(4)(LABELS, SCORES)
        with pytest.raises(InvalidArgumentError, match="predictions of 4 classes"):
            metric.update(LABELS, SCORES[:, :3])


def test_the_part_that_they_share_measures_nothing() -> None:
    with pytest.raises(NotImplementedError, match="agreement"):
        ClassCounts(2).result()


def test_two_classes_with_one_probability() -> None:
    labels, probability = LABELS % 2, np.where(DECIDED % 2 == 1, 0.7, 0.2)
    for shape in ((200,), (200, 1)):
        given = labels.reshape(shape), probability.reshape(shape)
        assert abs(CohenKappa(2)(*given) - cohen_kappa_score(labels, DECIDED % 2)) < 1e-13
        assert abs(MatthewsCorrelation(2)(*given) - matthews_corrcoef(labels, DECIDED % 2)) < 1e-13
    assert MatthewsCorrelation(2)(labels, 1.0 - labels) == -1.0
    # 0.5 is not above 0.5.
    assert CohenKappa(2)(np.array([0, 1]), np.array([0.5, 0.6])) == 1.0


@pytest.mark.parametrize("make", [CohenKappa, MatthewsCorrelation])
def test_where_nothing_is_said_the_result_is_0(make: type[Any]) -> None:
    metric = make(3)
    assert metric.result() == 0.0
    assert metric(np.zeros(5, "int64"), np.eye(3)[np.zeros(5, "int64")]) == 0.0
    assert make(3)(np.arange(3), np.eye(3)[[1, 1, 1]], sample_weight=np.array([1, 2, 3])) == 0.0
    assert make(3)(np.arange(3), np.eye(3)) == 1.0


@pytest.mark.parametrize(("make", "expected"), MEASURES, ids=KINDS)
def test_labels_that_are_no_class_are_left_out(make: Callable[[], Any], expected: Callable[..., float]) -> None:
    labels = LABELS.copy()
    labels[::3] = -1
    kept = labels >= 0
    assert abs(make()(labels, SCORES) - expected(LABELS[kept], DECIDED[kept])) < 1e-13


@pytest.mark.parametrize("wrong", [1, 0, -3, 2.5, "2"])
def test_a_number_of_classes_that_is_none_is_refused(wrong: Any) -> None:
    for make in (CohenKappa, MatthewsCorrelation):
        with pytest.raises(InvalidArgumentError, match=r"num_classes=.*an integer of at least 2"):
            make(wrong)


def test_other_arguments_and_data_that_do_not_fit() -> None:
    with pytest.raises(InvalidArgumentError, match="weighting='cubic'"):
        CohenKappa(3, "cubic")
    with pytest.raises(InvalidArgumentError, match="predictions of 3 classes"):
        CohenKappa(3)(LABELS, SCORES)
    with pytest.raises(LabelShapeError):
        CohenKappa(4)(LABELS[:5], SCORES)


def test_they_are_found_by_name_in_training_and_in_files(tmp_path: Any) -> None:
    model = Sequential([layers.Dense(4, activation="softmax", input_shape=(4,))])
    measures = [metrics.CohenKappa(4, "linear"), metrics.MatthewsCorrelation(4)]
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[*measures, "MatthewsCorrelation"])
    history = model.fit(SCORES, LABELS, epochs=2, verbose=0, validation_data=(SCORES, LABELS)).history
    assert {"cohen_kappa", "matthews_correlation", "val_cohen_kappa", "val_matthews_correlation"} < set(history)
    assert history["MatthewsCorrelation"] == history["matthews_correlation"]
    expected = cohen_kappa_score(LABELS, model.predict(SCORES).argmax(-1), weights="linear")
    assert abs(history["val_cohen_kappa"][-1] - expected) < 1e-12
    model.save(tmp_path / "m.h5")
    again = load_model(tmp_path / "m.h5")
    assert again.evaluate(SCORES, LABELS) == model.evaluate(SCORES, LABELS)
