"""Recipes at work, on the real digits."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcore
from kcore import recipes
from kcore.errors import DataShapeError, FileWriteError, RecipeError, UnknownFormatError
from kcore.recipes.document import parse_document
from kcore.recipes.schema import Recipe, check_recipe, load_recipe

EXAMPLES = Path(__file__).parents[2] / "examples"
TINY = """
seed: 3
data: {digits: {flat: true}}
model:
  - Dense: {units: 10, activation: softmax}
compile: {optimizer: {Adam: {learning_rate: 0.02}}, loss: sparse_categorical_crossentropy, metrics: [accuracy]}
fit: {epochs: 2, verbose: 0}
"""


def tiny(more: str = "", base: str = TINY) -> Recipe:
    return check_recipe(parse_document(base + more, "r.yaml"))


def test_a_recipe_trains_saves_and_evaluates(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "model.h5"
    seen: list[Any] = []
    done = recipes.train(tiny(f"save: {path}\n"), before_fit=lambda model, data: seen.append((model, data)))
    assert list(done.history) == ["loss", "accuracy"]
    assert done.epochs == 2
    assert done.seconds > 0
    assert done.test_samples == 359
    assert done.test["accuracy"] > 0.8
    assert done.saved == str(path)
    ((model, data),) = seen
    assert model is done.model
    assert data.name == "digits"
    # Shapes are known before training though the recipe does not say them.
    assert model.output_shape == (None, 10)
    loaded = kcore.load_model(path)
    assert recipes.evaluate(tiny(), loaded) == pytest.approx(done.test)


def test_the_seed_makes_two_runs_the_same() -> None:
    first, second = (recipes.train(tiny()).history for _ in range(2))
    assert first == second
    assert recipes.train(tiny(base=TINY.replace("seed: 3", "seed: 4"))).history != first


def test_a_learning_rate_schedule_and_an_activation_with_arguments() -> None:
    schedule = "{class_name: PiecewiseConstantDecay, config: {boundaries: [3], values: [0.02, 0.0]}}"
    leaky = "{class_name: leaky_relu, config: {negative_slope: 0.5}}"
    text = TINY.replace("learning_rate: 0.02", f"learning_rate: {schedule}")
    done = recipes.train(
        tiny(base=text.replace("model:\n", f"model:\n  - Dense: {{units: 16, activation: {leaky}}}\n"))
    )
    # After four steps nothing changes any more.
    assert float(done.model.optimizer.learning_rate) == 0.0
    assert done.history["loss"][1] > 1.0
    assert done.model.get_config()["layers"][1]["config"]["activation"] == {
        "class_name": "leaky_relu",
        "config": {"negative_slope": 0.5},
    }


def test_validation_on_the_test_data() -> None:
    done = recipes.train(tiny(base=TINY.replace("epochs: 2", "epochs: 1, validation_data: test")))
    assert done.history["val_accuracy"][-1] == pytest.approx(done.test["accuracy"])


def test_callbacks_take_part(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    done = recipes.train(tiny(f"callbacks: [{{CSVLogger: {{filename: {path}}}}}]\n"))
    with open(path, newline="") as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == done.history["loss"]


def test_a_model_without_training_settings_is_compiled_as_the_recipe_says(tmp_path: Path) -> None:
    path = tmp_path / "bare.h5"
    done = recipes.train(tiny())
    done.model.save(path, include_optimizer=False)
    loaded = kcore.load_model(path)
    assert loaded.optimizer is None
    assert recipes.evaluate(tiny(), loaded) == pytest.approx(done.test)
    with pytest.raises(RecipeError, match="there is no section 'compile'"):
        recipes.evaluate(tiny(base="data: digits\n"), kcore.load_model(path))


def test_no_epoch_leaves_the_first_weights() -> None:
    done = recipes.train(tiny(base=TINY.replace("epochs: 2", "epochs: 0")))
    assert (done.epochs, done.history) == (0, {})
    assert done.test["accuracy"] < 0.5


@pytest.mark.parametrize("section", ["data", "model", "compile"])
def test_a_missing_section_is_told_before_anything_is_done(section: str) -> None:
    said = {key: value for key, value in tiny().document.data.items() if key != section}
    document = parse_document(TINY, "r.yaml")
    document.data = said
    with pytest.raises(RecipeError, match=f"there is no section '{section}', which training needs"):
        recipes.train(check_recipe(document))


def never(*_: Any) -> None:
    raise AssertionError("the data were loaded")


def test_a_file_of_unknown_format_is_refused_before_the_data_are_loaded() -> None:
    with pytest.raises(UnknownFormatError, match=r"'model\.keras5' has the suffix '\.keras5'") as caught:
        recipes.train(tiny("save: model.keras5\n"), before_fit=never)
    assert getattr(caught.value, "__notes__", None) == ["Asked for by the recipe: r.yaml, line 8, save."]


def test_a_folder_that_cannot_be_made_is_refused_before_the_data_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileWriteError, match="its folder cannot be made"):
        recipes.train(tiny(f"save: {tmp_path}/file/model.h5\n"), before_fit=never)


def test_a_folder_is_no_file_to_save_to(tmp_path: Path) -> None:
    (tmp_path / "model.h5").mkdir()
    with pytest.raises(FileWriteError, match="it is a folder"):
        recipes.train(tiny(f"save: {tmp_path}/model.h5\n"), before_fit=never)


def test_data_of_the_wrong_shape_are_the_models_error() -> None:
    with pytest.raises(DataShapeError, match=r"\(batch, 5\).*\(batch=1438, 64\)"):
        recipes.train(tiny(base=TINY.replace("units: 10,", "units: 10, input_shape: [5],")))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_builds(path: Path) -> None:
    recipe = load_recipe(path)
    model = recipes.build_model(recipe)
    recipes.compile_model(recipe, model)
    recipes.build_callbacks(recipe)
    assert model.built
    assert recipe.save == f"runs/{path.stem}.h5"


def test_the_digits_example_reaches_its_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = recipes.train(load_recipe(EXAMPLES / "digits.yaml"), verbose=0)
    assert done.test["accuracy"] >= 0.97
    x = recipes.load_data(load_recipe(EXAMPLES / "digits.yaml")).x_test
    loaded = kcore.load_model("runs/digits.h5")
    np.testing.assert_array_equal(loaded.predict(x), done.model.predict(x))
    assert Path("runs/digits.csv").read_text().startswith("epoch,")
