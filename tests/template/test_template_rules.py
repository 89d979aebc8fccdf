"""The rules for answers, which stand in the template's own hook, and that the template agrees with kcore."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter

import kcore
from kcore.cli.plugin_template import PluginTemplate
from kcore.registry import FAMILIES

ROOT = Path(__file__).parents[2]
TEMPLATE = PluginTemplate.find()
ALL = ", ".join(FAMILIES)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"name": "Kcore_Acme"}, "The name 'Kcore_Acme' does not fit. Did you mean 'kcore-acme'? A name here is made of"),
        ({"name": ""}, "The name '' does not fit. A name here"),
        ({"name": "a--b"}, "Did you mean 'a-b'?"),
        ({"name": "-a"}, "Did you mean 'a'?"),
        ({"name": "3d-layers"}, "The name '3d-layers' does not fit. A name here"),
        ({"name": "a/b"}, "Did you mean 'a-b'?"),
        ({"name": "a" * 41}, "40 characters at the most"),
        ({"name": "naïve"}, "The name 'naïve' does not fit."),
        ({"name": "kcore"}, "The name 'kcore' belongs to kcore itself."),
        ({"name": "kcore-layers"}, "belongs to kcore itself"),
        ({"name": "pytest-kcore"}, "belongs to kcore itself"),
        ({"name": "class"}, "would be imported as class, which is something else already"),
        ({"name": "json"}, "would be imported as json"),
        ({"name": "numpy"}, "would be imported as numpy"),
        ({"name": "kcore-3d"}, "what follows kcore- has to begin with a letter"),
        ({"families": ""}, f"No family of components was chosen. Allowed, with commas between them: {ALL}; or all."),
        ({"families": "layers, layer"}, f"There is no family 'layer'. Allowed, with commas between them: {ALL}; or all."),
        ({"families": "x y"}, "There is no family 'x' and no family 'y'."),
        ({"families": "all,layers"}, "There is no family 'all'."),
        ({"author": " "}, "The author ' ' does not fit"),
        ({"author": 'Ada "Countess"'}, "without quotes"),
        ({"author": "{{ cookiecutter.name }}"}, "without quotes and braces"),
        ({"author": "Ada\nLovelace"}, "does not fit"),
        ({"author": "a" * 101}, "1 to 100 characters"),
        ({"email": "ada"}, "it looks like someone@example.org, or is empty"),
        ({"email": 'a@b"c'}, "does not fit"),
        ({"licence": "GPL"}, "The licence 'GPL' is not one of: MIT, Apache-2.0, BSD-3-Clause, proprietary."),
        ({"python": "2.7"}, "The oldest Python '2.7' is not one of: 3.11, 3.12, 3.13."),
        ({"engine": "cuda"}, "The engine 'cuda' is not one of: numpy, primitive."),
        (
            {"families": "callbacks,datasets", "engine": "primitive"},
            "A primitive of its own would be used by nothing in callbacks, datasets. Choose the engine numpy, or one of "
            "these families as well: layers, losses, metrics, regularizers, activations.",
        ),
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_that_does_not_fit(answers: dict[str, str], said: str) -> None:
    (problem,) = TEMPLATE.problems(answers)
    assert said in problem


@pytest.mark.parametrize(
    "answers",
    [
        {"name": "a"},
        {"name": "a" * 40},
        {"name": "my-kcore-things2"},
        {"families": "layers"},
        {"families": " formats ,backends"},
        {"families": "all", "engine": "primitive"},
        {"families": "callbacks,losses", "engine": "primitive"},
        {"author": "Ada O'Łovelace & Söhne, 艾达"},
        {"email": ""},
        {"email": "ada.l+x@example.co.uk"},
    ],
    ids=str,
)
def test_an_answer_that_fits(answers: dict[str, str]) -> None:
    assert TEMPLATE.problems(answers) == []


def test_several_problems_are_told_at_once() -> None:
    assert len(TEMPLATE.problems({"name": "A", "families": "x", "licence": "y", "engine": "primitive"})) == 3


def test_cookiecutter_itself_refuses_and_leaves_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    output, settings = tmp_path / "output", tmp_path / "settings.yaml"
    output.mkdir()
    settings.write_text(json.dumps({"replay_dir": str(tmp_path), "cookiecutters_dir": str(tmp_path)}))
    answers = {"name": "kcore-acme", "families": "layers,nets", "author": 'Ada "X" \\ {} \'"""'}
    with pytest.raises(FailedHookException):
        cookiecutter(
            str(TEMPLATE.folder),
            no_input=True,
            extra_context=answers,
            output_dir=str(output),
            config_file=str(settings),
        )
    said = capfd.readouterr().err
    assert f"There is no family 'nets'. Allowed, with commas between them: {ALL}; or all." in said
    assert "The author" in said
    assert list(output.iterdir()) == []


def test_the_families_are_those_of_the_registry_everywhere() -> None:
    assert list(TEMPLATE.families) == list(FAMILIES)
    questions = json.loads((TEMPLATE.folder / "cookiecutter.json").read_text())
    assert re.findall(r"'(\w+)'", questions["__families"].partition("in [")[2].partition("]")[0]) == list(FAMILIES)
    assert re.findall(r"'(\w+)'", questions["__symlog"].partition("in [")[2].partition("]")[0]) == list(
        TEMPLATE.computing
    )
    after = (TEMPLATE.folder / "hooks" / "post_gen_project.py").read_text()
    assert re.findall(r'"(\w+)"', after.partition("ALL = (")[2].partition(")")[0]) == list(FAMILIES)
    assert not [(one, other) for one in FAMILIES for other in FAMILIES if one != other and one in other]


def test_the_questions_have_texts_and_the_answers_of_the_rules() -> None:
    questions: dict[str, Any] = json.loads((TEMPLATE.folder / "cookiecutter.json").read_text())
    assert set(questions["__prompts__"]) == set(TEMPLATE.questions)
    for question in ("licence", "python", "engine"):
        for answer in questions[question]:
            assert TEMPLATE.problems({question: answer}) == []
    licences = {path.stem for path in (TEMPLATE.folder / "templates" / "licences").iterdir()}
    assert licences == set(questions["licence"])


def test_the_template_fits_this_kcore() -> None:
    template = (TEMPLATE.folder / "{{cookiecutter.name}}" / "pyproject.toml").read_text()
    core = tomllib.loads((ROOT / "pyproject.toml").read_text())
    major, minor = kcore.__version__.split(".")[:2]
    own = f'"kcore>={major}.{minor},<{major}.{int(minor) + 1}"'
    assert own in template and own.replace("kcore", "kcore-callbacks") in template
    assert f'\n{kcore.PLUGIN_API} = "' in template
    groups = core["dependency-groups"]
    tools = [*groups["ruff"], *(one for one in groups["lint"] if isinstance(one, str) and one.startswith("mypy"))]
    assert re.findall(r'"((?:ruff|mypy)[^"]+)"', template) == tools
    assert f'"{core["project"]["requires-python"].removeprefix(">=")}"' in json.dumps(TEMPLATE.questions["python"])
