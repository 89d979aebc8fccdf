"""What is said about a name that nobody provides."""

from __future__ import annotations

import pickle
import threading
from typing import Any

import pytest

from kcore.errors import KcoreError, UnknownComponentError
from kcore.registry import refresh, registry
from kcore.registry.suggestions import near_names


@pytest.fixture(autouse=True)
def some(installed: Any) -> None:
    names = ["Dense", "Dropout", "Conv2D", "two_words"]
    installed.install(
        "kcore-layers", {"layers": {name: f"m:{name}" for name in names}}, {"m.py": "class Dense: ..."}, version="0.9"
    )
    installed.install("metrics-dist", {"metrics": {"distance": "m:f"}, "losses": {"distance": "m:f"}})
    refresh()


def text(family: str, name: str) -> str:
    with pytest.raises(UnknownComponentError) as caught:
        registry(family).resolve(name)
    assert isinstance(caught.value, KcoreError) and isinstance(caught.value, LookupError)
    return str(caught.value)


def test_near_names() -> None:
    assert text("layers", "dense") == "No layer named 'dense' is installed. Did you mean 'Dense'?"
    assert "'Conv2D'" in text("layers", "Conv2d")
    assert "'two_words'" in text("layers", "TwoWords")
    assert "Did you mean" not in text("layers", "Xylophone")


def test_names_close_in_other_ways() -> None:
    assert near_names("droput", ["Dropout", "Dense", "DropOut2D"])[0] == "Dropout"
    assert near_names("Dense", ["Dense", "dense"]) == ["dense"]
    assert near_names("mse", []) == []


def test_what_there_is_when_nothing_is_near() -> None:
    assert text("layers", "Xylophone") == (
        "No layer named 'Xylophone' is installed. Installed layers: Conv2D, Dense, Dropout, two_words."
    )
    assert text("callbacks", "Xylophone") == ("No callback named 'Xylophone' is installed. No callbacks are installed.")


def test_long_listings_are_cut() -> None:
    for number in range(15):
        registry("callbacks").register(len, name=f"c{number:02}")
    assert text("callbacks", "Xylophone").endswith("c10, c11 and 3 more.")


def test_the_provider_that_is_not_installed() -> None:
    assert text("losses", "mse") == (
        "No loss named 'mse' is installed. kcore-losses provides 'mse', but it is not installed: "
        "pip install kcore-losses"
    )
    assert text("losses", "kcore-losses>mse").endswith("pip install kcore-losses")


def test_the_provider_that_is_too_old() -> None:
    assert text("layers", "Flatten") == (
        "No layer named 'Flatten' is installed. kcore-layers provides 'Flatten', but not in the installed version 0.9: "
        "pip install --upgrade kcore-layers"
    )


def test_a_near_name_of_a_provider_that_is_not_installed() -> None:
    assert text("optimizers", "Adaam") == (
        "No optimizer named 'Adaam' is installed. Did you mean 'Adam' or 'adam' or 'Nadam'? kcore-optimizers provides that, but "
        "it is not installed: pip install kcore-optimizers"
    )


def test_the_same_name_in_another_family() -> None:
    assert text("layers", "distance") == (
        "No layer named 'distance' is installed. Did you mean the loss or the metric of that name?"
    )
    assert "Did you mean the optimizer of that name?" in text("layers", "adam")


def test_qualified_names() -> None:
    assert text("layers", "nobody>Dense") == (
        "No layer named 'nobody>Dense' is installed. No installed distribution named 'nobody' has components for "
        "kcore. Did you mean 'kcore-layers>Dense'?"
    )
    assert text("layers", "metrics-dist>Dense") == (
        "No layer named 'metrics-dist>Dense' is installed. metrics-dist 1.0 is installed, but has no layer of that "
        "name. Did you mean 'kcore-layers>Dense'?"
    )
    assert "Did you mean 'kcore-layers>Dense'?" in text("layers", "kcore-layers>dense")
    for odd in (">", ">Dense", "Dense>", "", "a>b>c"):
        assert f"No layer named {odd!r} is installed." in text("layers", odd)


def test_the_error_carries_its_data_through_a_pickle() -> None:
    with pytest.raises(UnknownComponentError) as caught:
        registry("losses").resolve("mse")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.family, copy.name, copy.provider, copy.provider_version) == ("losses", "mse", "kcore-losses", None)
    assert str(copy) == str(caught.value)


def test_many_threads_get_one_object(installed: Any) -> None:
    installed.install("slow", {"layers": {"S": "slow:S"}}, {"slow.py": "import time; time.sleep(0.05)\nclass S: ..."})
    refresh()
    layers, found = registry("layers"), []
    threads = [threading.Thread(target=lambda: found.append(layers.load("S"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1
