"""Errors of the command line: what a command lacks, and what it will not do."""

from __future__ import annotations

from collections.abc import Sequence

from kcore.errors.base import KcoreError


class MissingExtraError(KcoreError, ImportError):
    """A command needs a package that comes with an optional extra of kcore.

    Attributes: `command`, `package`, `extra`, `problem` (why the package cannot be imported).
    """

    def __init__(self, *, command: str, package: str, extra: str, problem: str) -> None:
        super().__init__(
            f"kcore {command} needs {package}, which cannot be imported ({problem}). It comes with the extra {extra!r} "
            f'of kcore: pip install "kcore[{extra}]"',
            command=command,
            package=package,
            extra=extra,
            problem=problem,
        )


class PluginAnswersError(KcoreError, ValueError):
    """Answers that no plugin can be made of. Attribute: `problems`, a sentence or more for each."""

    def __init__(self, *, problems: Sequence[str]) -> None:
        super().__init__("\n".join(["The plugin was not made.", *problems]), problems=tuple(problems))


class PluginTemplateError(KcoreError, RuntimeError):
    """The template of a plugin could not be used; nothing is left of the attempt. Attributes: `template`, `problem`."""

    def __init__(self, *, template: str, problem: str) -> None:
        super().__init__(
            f"The plugin was not made, and nothing is left of it: the template {template!r} failed with {problem}. The "
            f'template is a part of kcore: pip install --force-reinstall "kcore[new]" brings an unchanged one.',
            template=template,
            problem=problem,
        )


class FolderExistsError(KcoreError, FileExistsError):
    """A folder that a command would make is there already. Attribute: `path`."""

    def __init__(self, *, path: str) -> None:
        super().__init__(
            f"{path!r} exists already, and was left as it is. Choose another name or another place (--output).",
            path=path,
        )
