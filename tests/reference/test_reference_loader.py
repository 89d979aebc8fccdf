"""The reader of reference files, against files that the recorders' own writer makes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kcore.testing.reference import glorot_uniform_weights, load_cases, sha256_of

VERSIONS = {"torch": {"torch": "1.2.3"}, "tf_keras": {"tf_keras": "4.5", "tensorflow": "6.7"}}


def new_archive() -> Any:
    """The writer needs NumPy only, so it can be loaded outside the recorders' environment."""
    path = Path(__file__).parent / "recorders" / "archive.py"
    spec = importlib.util.spec_from_file_location("reference_archive", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Archive("layers", VERSIONS)


def test_a_case_comes_back_as_it_was_recorded(tmp_path: Path) -> None:
    archive = new_archive()
    x = np.arange(6, dtype="float32").reshape(2, 3)
    arrays = {"x": x, "same": x.copy(), "scalar": np.float64(1.5), "labels": np.array([3, 1])}
    arrays["none"] = np.zeros((0, 2))
    archive.add("Dense/relu", "torch", {"units": 3}, arrays, "a note")
    archive.add("Dense/relu", "tf_keras", {"units": 3}, {"x": x.T})
    archive.write(tmp_path / "file.npz")
    first, second = load_cases(tmp_path / "file.npz")
    assert (first.name, first.component) == ("Dense/relu", "Dense")
    assert (first.source, first.note) == ("torch", "a note")
    assert first.versions == {"torch": "1.2.3"}
    assert first.config == {"units": 3}
    assert str(first) == "Dense/relu@torch"
    assert (second.note, second.versions) == ("", VERSIONS["tf_keras"])
    np.testing.assert_array_equal(second.arrays["x"], x.T, strict=True)
    assert set(first.arrays) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(first.arrays[name], np.asarray(array), strict=True)


def test_arrays_are_read_only(tmp_path: Path) -> None:
    archive = new_archive()
    archive.add("Dense/a", "torch", {}, {"x": np.ones(3)})
    archive.write(tmp_path / "file.npz")
    with pytest.raises(ValueError, match="read-only"):
        load_cases(tmp_path / "file.npz")[0].arrays["x"][0] = 2.0


def test_the_same_cases_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        archive = new_archive()
        archive.add("Dense/a", "torch", {"units": 1}, {"x": np.ones(3), "y": np.ones((), "int64")})
        archive.write(tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_writer_refuses_doubles_and_nan() -> None:
    archive = new_archive()
    archive.add("Dense/a", "torch", {}, {})
    with pytest.raises(ValueError, match="recorded twice: Dense/a@torch"):
        archive.add("Dense/a", "torch", {}, {})
    with pytest.raises(ValueError, match="Dense/b@torch: y has NaN"):
        archive.add("Dense/b", "torch", {}, {"y": np.array([np.nan])})


def test_a_file_without_meta_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.ones(2))
    with pytest.raises(ValueError, match=r"other\.npz is not a reference file: it has no member 'meta'"):
        load_cases(tmp_path / "other.npz")


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", meta=np.array('{"format": 99}'))
    with pytest.raises(ValueError, match=r"new\.npz has reference format 99; this version reads format 1"):
        load_cases(tmp_path / "new.npz")


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_cases(tmp_path / "missing.npz")


def test_drawn_weights_follow_the_stated_formula() -> None:
    kernel, bias, second = glorot_uniform_weights([(3, 3, 2, 4), (4,), (5, 6)], key=7)
    # The same words, drawn one by one.
    bits = np.random.Philox(key=7)
    words = [int(bits.random_raw()) for _ in range(72 + 30)]
    uniform = [(word >> 11) / 2**53 for word in words]
    limits = [(6 / (9 * 2 + 9 * 4)) ** 0.5] * 72 + [(6 / (5 + 6)) ** 0.5] * 30
    expected = np.array([(2 * u - 1) * limit for u, limit in zip(uniform, limits, strict=True)])
    found = np.concatenate([kernel.ravel(), second.ravel()])
    np.testing.assert_allclose(found, expected, rtol=1e-7)
    np.testing.assert_array_equal(bias, np.zeros(4, "float32"), strict=True)
    assert (kernel.shape, second.shape) == ((3, 3, 2, 4), (5, 6))
    assert kernel.dtype == second.dtype == np.dtype("float32")


def test_checksum_is_of_little_endian_bytes_in_c_order() -> None:
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    # sha256 of the 24 bytes 0.0 ... 5.0, from the sha256sum program.
    expected = "e2c0a71510b5394df7773b63fb5f54372b84c3564e67811bde7d665be227976d"
    assert sha256_of(array) == expected
    assert sha256_of(np.asfortranarray(array)) == expected
    assert sha256_of(array.astype(">f4")) == expected
