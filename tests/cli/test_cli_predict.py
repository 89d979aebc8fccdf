"""``kcore predict``, and the files it reads and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcore as framework
from kcore import recipes
from kcore.cli.arrays import classes, fitted, read_array, write_array
from kcore.errors import FileContentError, FileWriteError, MissingFileError
from kcore.models import load_model


@pytest.fixture(scope="module")
def x(trained: Path) -> Any:
    return recipes.load_data(recipes.load_recipe(trained / "recipe.yaml")).x_test


@pytest.fixture(scope="module")
def expected(trained: Path, x: Any) -> Any:
    return load_model(trained / "model.h5").predict(x)


def test_predictions_for_a_recipe_are_lines_of_numbers(kcore: Any, trained: Path, expected: Any) -> None:
    result = kcore("predict", str(trained / "model.h5"), "--recipe", str(trained / "recipe.yaml"))
    assert result.exit_code == 0
    found = [[float(cell) for cell in line.split(",")] for line in result.stdout.splitlines()]
    # Written so that nothing is lost.
    assert (np.array(found, "float32") == expected).all()


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "several.npz", "x.csv", "headed.csv"])
def test_predictions_for_a_file(kcore: Any, trained: Path, x: Any, expected: Any, name: str) -> None:
    if name == "x.npy":
        np.save(name, x)
    elif name.endswith(".npz"):
        np.savez(name, **({"only": x} if name == "x.npz" else {"x": x, "y": np.zeros(3)}))
    else:
        heading = ",".join(f"p{n}" for n in range(64)) if name == "headed.csv" else ""
        np.savetxt(name, x, delimiter=",", header=heading, comments="")
    result = kcore("predict", str(trained / "model.h5"), "--input", name, "--output", "new/p.npy")
    assert result.stdout == f"Wrote {len(x)} predictions to new/p.npy\n"
    np.testing.assert_allclose(np.load("new/p.npy"), expected, rtol=1e-5)


def test_classes_and_csv(kcore: Any, trained: Path, expected: Any) -> None:
    command = ["predict", str(trained / "model.h5"), "--recipe", str(trained / "recipe.yaml"), "--classes"]
    result = kcore(*command)
    assert [int(line) for line in result.stdout.splitlines()] == expected.argmax(axis=1).tolist()
    assert kcore(*command, "--output", "c.csv").exit_code == 0
    assert Path("c.csv").read_text() == result.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Say what to predict for: either --recipe or --input."),
        (["--recipe", "r.yaml", "--input", "x.npy"], "Say what to predict for: either --recipe or --input."),
        (["--input", "x.npy", "--set", "seed=1"], "--set changes a recipe, so it needs --recipe."),
        (["--input", "x.txt"], "'x.txt' does not end in .npy or .npz or .csv."),
        (["--input", "x.npy", "--output", "p.npz"], "'p.npz' does not end in .npy or .csv."),
    ],
)
def test_wrong_usage(kcore: Any, trained: Path, options: list[str], message: str) -> None:
    result = kcore("predict", str(trained / "model.h5"), *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_data_that_do_not_fit_the_model(kcore: Any, trained: Path) -> None:
    np.save("x.npy", np.zeros((3, 5)))
    result = kcore("predict", str(trained / "model.h5"), "--input", "x.npy")
    assert result.exit_code == 1
    assert "(batch, 64)" in result.stderr
    assert "(batch=3, 5)" in result.stderr


def test_a_model_of_several_outputs_is_refused(kcore: Any) -> None:
    inputs = framework.Input((4,))
    dense = framework.layers.Dense
    framework.Model(inputs, [dense(1)(inputs), dense(2)(inputs)]).save("two.h5")
    np.save("x.npy", np.zeros((3, 4)))
    result = kcore("predict", "two.h5", "--input", "x.npy")
    assert result.exit_code == 1
    assert result.stderr == "Error: two.h5 has 2 outputs; this command is for models with one.\n"


def test_flat_samples_get_the_shape_of_the_model(kcore: Any) -> None:
    layers = framework.layers
    model = framework.Sequential([layers.Flatten(input_shape=(2, 3)), layers.Dense(1)])
    model.save("m.h5")
    Path("x.csv").write_text("1,2,3,4,5,6\n")
    result = kcore("predict", "m.h5", "--input", "x.csv")
    value = model.predict(np.arange(1.0, 7).reshape(1, 2, 3))
    assert float(result.stdout) == pytest.approx(float(value[0, 0]), rel=1e-6)


@pytest.mark.parametrize(
    ("shape", "wanted", "result"),
    [
        ((5, 6), (None, 2, 3), (5, 2, 3)),
        ((5, 6), (None, 6), (5, 6)),
        ((5, 6), (None, 2, 2), (5, 6)),
        ((5, 6), (None, None, 3), (5, 6)),
        ((5, 2, 3), (None, 3, 2), (5, 2, 3)),
        ((5, 6), None, (5, 6)),
    ],
)
def test_fitting(shape: Any, wanted: Any, result: Any) -> None:
    assert fitted(np.zeros(shape), wanted).shape == result


@pytest.mark.parametrize(
    ("outputs", "numbers"),
    [
        ([[0.1, 0.9], [0.8, 0.2]], [1, 0]),
        ([[0.4], [0.6], [0.5]], [0, 1, 0]),
        ([0.4, 0.6], [0, 1]),
        ([[[0.1, 0.9], [0.8, 0.2]]], [[1, 0]]),
    ],
)
def test_numbers_of_classes(outputs: Any, numbers: Any) -> None:
    assert classes(np.array(outputs)).tolist() == numbers


def test_files_that_hold_no_array(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError):
        read_array(tmp_path / "none.csv")
    contents: dict[str, bytes] = {
        "a.npy": b"nothing",
        "b.npz": b"nothing",
        "c.csv": b"",
        "d.csv": b"a,b\n",
        "e.csv": b"1,2\n3\n",
        "f.csv": b"1,2\n3,x\n",
        "g.csv": b"\xff\xfe",
        "h.npy": b"",
    }
    for name, content in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FileContentError, match=rf"{name}' (cannot be read|holds no line of numbers)"):
            read_array(path)
    np.savez(tmp_path / "i.npz", a=np.zeros(1), b=np.zeros(1))
    with pytest.raises(FileContentError, match="holds the arrays a, b; expected a single array, or one named x"):
        read_array(tmp_path / "i.npz")


def test_a_pickle_is_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(FileContentError, match="cannot be read"):
        read_array(tmp_path / "x.npy")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in ("file/x.npy", "file/x.csv"):
        with pytest.raises(FileWriteError):
            write_array(np.zeros((1, 2)), tmp_path / name)
