"""The template of a plugin, a part of kcore: where it is, what it asks, and how a plugin is made of it."""

from __future__ import annotations

import json
import os
import runpy
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kcore
from kcore.errors.cli import FolderExistsError, MissingExtraError, PluginAnswersError, PluginTemplateError
from kcore.errors.saving import FileWriteError

# Beside this file in an installed kcore, at the top of the tree in one that is worked on.
_PLACES = (
    Path(__file__).parent / "cookiecutter-plugin",
    Path(kcore.__file__).parent.parent / "cookiecutter-plugin",
)


@dataclass(frozen=True)
class PluginTemplate:
    """The template as cookiecutter takes it.

    Attributes:
        folder: with `cookiecutter.json`, the hooks, and the tree.
        questions: each with its default; a list where one of several is to be chosen, the first by default.
        families: all that a plugin can bring.
        computing: those whose components can use a primitive of the plugin's own.
        problems: what is wrong with some answers, in sentences; the same rules that cookiecutter itself runs.
        chosen: the families that an answer names.
    """

    folder: Path
    questions: Mapping[str, Any]
    families: Sequence[str]
    computing: Sequence[str]
    problems: Callable[[Mapping[str, str]], list[str]]
    chosen: Callable[[str], list[str]]

    @classmethod
    def find(cls, places: Sequence[Path] = _PLACES) -> PluginTemplate:
        """The template in the first of these places that has one; by default the one that came with this kcore.

        Raises:
            PluginTemplateError: it is in none.
        """
        folder = next((place for place in places if (place / "cookiecutter.json").is_file()), None)
        if folder is None:
            raise PluginTemplateError(template=str(places[0]), problem="no cookiecutter.json: it is not there")
        questions = json.loads((folder / "cookiecutter.json").read_text(encoding="utf-8"))
        # Run, not imported: no bytecode is left in the template.
        rules = runpy.run_path(str(folder / "hooks" / "pre_gen_project.py"), run_name="rules")
        return cls(
            folder,
            {name: default for name, default in questions.items() if not name.startswith("_")},
            rules["FAMILIES"],
            rules["COMPUTING"],
            rules["problems"],
            rules["chosen"],
        )

    def default(self, question: str) -> Any:
        """The answer that is taken where none is given; a text may have `{{ cookiecutter.name }}` in it."""
        value = self.questions[question]
        return value[0] if isinstance(value, list) else value

    def bake(self, answers: Mapping[str, Any], output: Path) -> Path:
        """Make a plugin.

        Args:
            answers: to the questions; for those that are left out, the default is taken.
            output: the folder in which the plugin's own is made.

        Returns:
            the plugin's folder.

        Raises:
            MissingExtraError: cookiecutter cannot be imported.
            PluginAnswersError: no plugin can be made of the answers.
            FolderExistsError: the plugin's folder is there already.
            FileWriteError: it could not be written; nothing is left of it.
            PluginTemplateError: the template failed; nothing is left of it.
        """
        cookiecutter, failure = imported_cookiecutter()
        problems = self.problems({name: str(answer) for name, answer in {**self._plain_defaults(), **answers}.items()})
        if problems:
            raise PluginAnswersError(problems=problems)
        name = str(answers.get("name", self.default("name")))
        target = output / name
        if os.path.lexists(target):
            raise FolderExistsError(path=str(target))
        try:
            # Beside the target, so that it gets there whole, in one step.
            with tempfile.TemporaryDirectory(prefix=".kcore-new-", dir=output) as place:
                settings = Path(place, "settings.yaml")
                # Nothing is read from the user's own settings of cookiecutter, and nothing kept there.
                settings.write_text(json.dumps({"replay_dir": place, "cookiecutters_dir": place}))
                cookiecutter(
                    str(self.folder),
                    no_input=True,
                    extra_context=dict(answers),
                    output_dir=place,
                    config_file=str(settings),
                )
                os.rename(Path(place, name), target)
        except OSError as error:
            raise FileWriteError(path=str(target), problem=error.strerror or str(error)) from error
        except failure as error:
            raise PluginTemplateError(template=str(self.folder), problem=f"{type(error).__name__}: {error}") from error
        return target

    def _plain_defaults(self) -> dict[str, Any]:
        """The defaults that are not made of other answers."""
        return {
            name: default
            for name in self.questions
            if not isinstance(default := self.default(name), str) or "{{" not in default
        }


def imported_cookiecutter() -> tuple[Callable[..., str], tuple[type[Exception], ...]]:
    """cookiecutter's function, and the errors in which it tells that a template failed.

    Raises:
        MissingExtraError: it cannot be imported.
    """
    try:
        from cookiecutter.exceptions import CookiecutterException
        from cookiecutter.main import cookiecutter
        from jinja2 import TemplateError
    except ImportError as error:
        raise MissingExtraError(command="new", package="cookiecutter", extra="new", problem=str(error)) from error
    return cookiecutter, (CookiecutterException, TemplateError)
