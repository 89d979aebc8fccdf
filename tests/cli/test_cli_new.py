"""``kcore new``: what it makes, asks, refuses, and leaves behind when it fails: nothing."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kcore.cli.plugin_template import PluginTemplate
from kcore.errors import (
    FileWriteError,
    FolderExistsError,
    MissingExtraError,
    PluginAnswersError,
    PluginTemplateError,
)

TEMPLATE = PluginTemplate.find()


def test_it_makes_a_plugin_and_says_what_is_next(process: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    done = process(
        "new", "kcore-acme", "--family", "losses", "--family", "datasets,formats", HOME=str(tmp_path / "home")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "Made kcore-acme: losses, datasets, formats."
    for line in ("cd kcore-acme", 'python -m pip install -e ".[test,lint]"', "pytest", "kcore list --dist kcore-acme"):
        assert f"  {line}\n" in done.stdout
    assert {path.name for path in (tmp_path / "kcore-acme" / "src" / "kcore_acme").glob("*.py")} == {
        "__init__.py", "symlog.py", "losses.py", "datasets.py", "formats.py",
    }  # fmt: skip
    # Nothing is kept for the next time, and nothing else is left.
    assert list((tmp_path / "home").iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} - {"cache"} == {"home", "kcore-acme"}
    assert not list(TEMPLATE.folder.rglob("__pycache__"))


def test_every_option_arrives(kcore: Any, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    result = kcore(
        *("new", "other", "--family", "activations", "--author", "Ada L.", "--email", "ada@example.org"),
        *(
            "--licence",
            "Apache-2.0",
            "--python",
            "3.12",
            "--no-docs",
            "--no-ci",
            "--primitive",
            "--output",
            "below",
            "-y",
        ),
    )
    assert result.exit_code == 0, result.stderr
    assert "  cd below/other\n" in result.stdout
    project = tmp_path / "below" / "other"
    metadata = (project / "pyproject.toml").read_text()
    for line in (
        'license = "Apache-2.0"',
        'requires-python = ">=3.12"',
        'authors = [{ name = "Ada L.", email = "ada@example.org" }]',
        'other_symlog = "other.activations:other_symlog"',
    ):
        assert line in metadata
    assert "Primitive(" in (project / "src" / "other" / "symlog.py").read_text()
    assert not (project / "docs").exists() and not (project / ".github").exists()


def test_the_settings_of_cookiecutter_do_not_count(process: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / ".cookiecutterrc").write_text("default_context: {licence: proprietary, author: Nobody}\n")
    done = process("new", "kcore-acme", HOME=str(tmp_path), COOKIECUTTER_CONFIG=str(tmp_path / ".cookiecutterrc"))
    assert done.returncode == 0
    assert (tmp_path / "kcore-acme" / "LICENSE").read_text().startswith("MIT License")


def test_a_folder_that_exists_is_left_as_it_is(kcore: Any, tmp_path: Path) -> None:
    (tmp_path / "kcore-acme").mkdir()
    (tmp_path / "kcore-acme" / "mine").write_text("mine")
    result = kcore("new", "kcore-acme")
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "'kcore-acme' exists already, and was left as it is. Choose another name" in result.stderr
    assert [path.name for path in tmp_path.rglob("*")] == ["kcore-acme", "mine"]
    with pytest.raises(FolderExistsError) as caught:
        TEMPLATE.bake({"name": "kcore-acme"}, tmp_path)
    assert caught.value.path == str(tmp_path / "kcore-acme")


def test_answers_that_do_not_fit_are_all_told(kcore: Any, tmp_path: Path) -> None:
    result = kcore("new", "Acme", "--family", "nets", "--licence", "GPL")
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert told[0] == "Error: The plugin was not made."
    assert "Did you mean 'acme'?" in told[1] and "There is no family 'nets'. Allowed" in told[2] and "'GPL'" in told[3]
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(PluginAnswersError) as caught:
        TEMPLATE.bake({"name": "acme", "families": "callbacks", "engine": "primitive"}, tmp_path)
    assert len(caught.value.problems) == 1


def test_an_output_that_is_no_folder_is_wrong_usage(kcore: Any) -> None:
    result = kcore("new", "acme", "--output", "nowhere")
    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr


def test_without_cookiecutter_it_says_what_to_install(tmp_path: Path) -> None:
    # What None stands for cannot be imported, as if it were not installed.
    program = "import sys; sys.modules['cookiecutter'] = None; from kcore.cli import main; main(['new', 'acme'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: kcore new needs cookiecutter, which cannot be imported (")
    assert done.stderr.endswith("It comes with the extra 'new' of kcore: pip install \"kcore[new]\"\n")
    assert list(tmp_path.iterdir()) == []
    error = MissingExtraError(command="new", package="cookiecutter", extra="new", problem="x")
    assert isinstance(error, ImportError) and error.extra == "new"


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    with pytest.raises(FileWriteError, match="kcore-acme' was not written"):
        TEMPLATE.bake({"name": "kcore-acme"}, tmp_path / "gone")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("{{cookiecutter.name}}/README.md", "{{ cookiecutter.no_such_answer }}", "UndefinedVariableInTemplate"),
        ("{{cookiecutter.name}}/README.md", "{% if %}", "TemplateSyntaxError"),
        ("hooks/post_gen_project.py", "raise SystemExit(1)", "FailedHookException"),
    ],
)
def test_a_template_that_fails_leaves_nothing(tmp_path: Path, file: str, text: str, said: str) -> None:
    folder, output = tmp_path / "template", tmp_path / "output"
    shutil.copytree(TEMPLATE.folder, folder)
    output.mkdir()
    (folder / file).write_text(text)
    with pytest.raises(PluginTemplateError, match=said) as caught:
        PluginTemplate.find([folder]).bake({"name": "kcore-acme"}, output)
    assert caught.value.template == str(folder)
    assert list(output.iterdir()) == []


def test_a_kcore_without_its_template(tmp_path: Path) -> None:
    with pytest.raises(PluginTemplateError, match=r"it is not there.*pip install --force-reinstall"):
        PluginTemplate.find([tmp_path / "nothing"])


def at_terminal(folder: Path, arguments: list[str], typed: str) -> tuple[int, str]:
    """Runs the command at a terminal of its own, where somebody types; exit code and what is to be seen."""
    master, slave = pty.openpty()
    program = "from kcore.cli import main; main()"
    environment = {**os.environ, "KCORE_CONFIG": "off", "COLUMNS": "200"}
    running = subprocess.Popen(
        [sys.executable, "-c", program, "new", *arguments],
        cwd=folder, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    os.write(master, typed.encode())
    seen = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # The other end is closed.
            break
        if not part:
            break
        seen += part
    os.close(master)
    return running.wait(timeout=60), seen.decode()


def test_at_a_terminal_it_asks_again_until_an_answer_fits(tmp_path: Path) -> None:
    typed = [
        "Acme Nets",
        "acme-nets",
        "nets",
        "metrics, callbacks",
        "Ada",
        "",
        "GPL",
        "BSD-3-Clause",
        "3.12",
        "n",
        "",
        "y",
    ]
    code, seen = at_terminal(tmp_path, [], "".join(f"{line}\n" for line in typed))
    assert code == 0, seen
    assert "Did you mean 'acme-nets'?" in seen and "There is no family 'nets'. Allowed" in seen and "'GPL'" in seen
    project = tmp_path / "acme-nets"
    metadata = (project / "pyproject.toml").read_text()
    assert 'name = "Ada" }' in metadata and '"BSD-3-Clause"' in metadata and ">=3.12" in metadata
    assert not (project / "docs").exists() and (project / ".github").exists()
    assert "Primitive(" in (project / "src" / "acme_nets" / "symlog.py").read_text()


def test_at_a_terminal_only_what_is_missing_is_asked(tmp_path: Path) -> None:
    given = ["kcore-acme", "--family", "callbacks", "--licence", "MIT", "--python", "3.11", "--docs", "--no-ci"]
    code, seen = at_terminal(tmp_path, given, "\n\n")
    assert code == 0, seen
    # Callbacks have no use for a primitive, so that is no question.
    assert "Author [The kcore-acme authors]:" in seen and "E-mail" in seen
    assert not any(
        word in seen for word in ("Name of", "Which of them", "Licence", "Oldest", "page of", "primitive of")
    )
    code, seen = at_terminal(tmp_path, ["kcore-silent", "--yes"], "")
    assert code == 0 and seen.startswith("Made kcore-silent: layers.")


def test_an_end_of_the_input_ends_it_without_a_trace(tmp_path: Path) -> None:
    code, _ = at_terminal(tmp_path, ["kcore-acme"], "\x04")
    assert code == 130
    assert list(tmp_path.iterdir()) == []
