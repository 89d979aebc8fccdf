"""Write docs/reference/: a page for each family of components and one of errors, from metadata and docstrings.

    python tools/registry_pages.py

`tools/check_tree.py` fails when a page is not what this would write. Run it with the Python of `.venv`.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tracked_files import ROOT

FOLDER = ROOT / "docs" / "reference"
# What every class of a family has from its contract is not repeated in each section.
_WIDTH: Final = 116


def pages() -> dict[Path, str]:
    """Every page by its path."""
    from kcore.registry import FAMILIES

    found = {FOLDER / f"{family}.md": page(family) for family in FAMILIES}
    return {FOLDER / "README.md": overview(), **found, FOLDER / "errors.md": errors()}


def overview() -> str:
    """The page that leads to the others."""
    from kcore.registry import FAMILIES

    rows = []
    for family in FAMILIES:
        groups = components(family)
        owners = sorted({members[0].distribution for members in groups})
        brought = ", ".join(f"`{owner}`" for owner in owners) or "plugins"
        rows.append(f"| [{family}]({family}.md) | {len(groups)} | {brought} |")
    head = ["# Reference", "", _mark(), "", "| Family | First-party components | From |", "|---|---|---|"]
    tail = [
        "",
        "`kcore list` shows what is installed, third parties' components included,",
        "and `kcore info FAMILY/NAME` everything about one. [Errors](errors.md) have a page, too.",
    ]
    return "\n".join([*head, *rows, *tail, ""])


def page(family: str) -> str:
    """The page of one family."""
    from kcore.registry.families import group_of, member
    from kcore.testing.suites import suite

    noun = member(family)
    lines = [f"# {family.capitalize()}", "", _mark(), "", f"Entry-point group `{group_of(family)}`.", ""]
    contract = contract_of(family)
    if contract is not None:
        lines += [f"The contract is `kcore.{family}.{contract.__name__}`. {_paragraph(contract)}", ""]
    lines += [f"## Every {noun}", ""]
    for members in components(family):
        lines += section(family, members)
    found = suite(family)
    lines += [
        "## Checks",
        "",
        f"What [the conformance suite](../conformance.md) puts each {noun} to, beside what it asks of every component:",
        "",
        "| Check | Says |",
        "|---|---|",
    ]
    lines += [f"| `{name}` | {_paragraph(check)} |" for name, check in found.checks.items()]
    lines += ["", "## A case", "", *_fields(found.case), ""]
    return "\n".join(lines)


def errors() -> str:
    """The page of all error classes, by the module that defines them."""
    module = import_module("kcore.errors")
    lines = ["# Errors", "", _mark(), ""]
    lines += ["Every error that kcore raises on purpose is a `KcoreError`, and carries its data as attributes.", ""]
    groups: dict[str, list[type]] = {}
    for _, kind in inspect.getmembers(module, inspect.isclass):
        groups.setdefault(kind.__module__.rpartition(".")[2], []).append(kind)
    for group, kinds in sorted(groups.items()):
        lines += [f"## {group.replace('_', ' ').capitalize()}", ""]
        for kind in kinds:
            bases = ", ".join(f"`{base.__name__}`" for base in kind.__bases__)
            lines += [f"### {kind.__name__}", "", f"Base: {bases}. {_paragraph(kind)}", ""]
            attributes = re.search(r"^Attributes:\s*((?:.+\n?)+)", inspect.getdoc(kind) or "", re.M)
            if attributes:
                lines += [f"Attributes: {' '.join(attributes[1].replace('``', '`').split())}", ""]
    return "\n".join(lines)


def components(family: str) -> list[list[Any]]:
    """The records of first-party distributions, those of one class or function together, by name."""
    from kcore.registry import registry
    from kcore.registry.first_party import FIRST_PARTY

    groups: dict[str, list[Any]] = {}
    for record in registry(family).records():
        if record.name in FIRST_PARTY.get(family, {}).get(record.distribution, ()):
            groups.setdefault(record.entry_point, []).append(record)
    for entry_point, members in groups.items():
        own = entry_point.rpartition(":")[2]
        members.sort(key=lambda record: (record.name != own, record.name))
    return sorted(groups.values(), key=lambda members: members[0].name.lower())


def contract_of(family: str) -> Any:
    """The base class of a family; None where there is none."""
    from kcore.registry.families import CONTRACTS

    for place, of_family in CONTRACTS.items():
        if of_family == family:
            module, _, name = place.partition(":")
            return getattr(import_module(module), name)
    return None


def section(family: str, members: list[Any]) -> list[str]:
    """One component."""
    from kcore.registry import registry

    record = members[0]
    target = registry(family).load(record.qualified)
    others = ", ".join(f"`{one.name}`" for one in members[1:])
    origin = f"`{record.distribution}`, `{record.entry_point}`"
    return [
        f"### {record.name}",
        "",
        f"{origin}{f'; also named {others}' if others else ''}",
        "",
        "```python",
        signature(record.name, target),
        "```",
        "",
        _paragraph(target),
        "",
    ]


def signature(name: str, target: Any) -> str:
    """How it is called, without annotations, broken where it is long."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):
        return name
    empty = inspect.Parameter.empty
    parts = []
    star = False
    for one in parameters:
        if one.kind is one.VAR_POSITIONAL:
            star = True
        elif one.kind is one.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        prefix = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
        # An address in a default is another one in each process.
        default = "" if one.default is empty else f"={re.sub(r' at 0x[0-9a-f]+', '', repr(one.default))}"
        parts.append(f"{prefix}{one.name}{default}")
    text = f"{name}({', '.join(parts)})"
    if len(text) <= _WIDTH:
        return text
    lines, line = [], ""
    for part in parts:
        if line and len(line) + len(part) > _WIDTH - 8:
            lines.append(line.rstrip())
            line = ""
        line += f"{part}, "
    return "\n    ".join([f"{name}(", *lines, line.rstrip(", ")]) + "\n)"


def _paragraph(target: Any) -> str:
    """The first paragraph of a docstring, as Markdown in one line."""
    text = (inspect.getdoc(target) or "").split("\n\n")[0]
    text = re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split()))
    return text.replace("|", "\\|").rstrip(":")


def _fields(case: Any) -> list[str]:
    """The fields of a case, from the list in its docstring."""
    text = inspect.getdoc(case) or ""
    lines = [f"A row of a table has these fields; they make a `{case.__module__}.{case.__name__}`.", ""]
    lines += ["| Field | Default | Holds |", "|---|---|---|"]
    empty = inspect.Parameter.empty
    defaults = {name: one.default for name, one in inspect.signature(case).parameters.items()}
    for names, meaning in re.findall(r"^    (\w+(?:, \w+)*): (.*(?:\n        .*)*)", text, re.M):
        for name in names.split(", "):
            default = defaults.get(name, empty)
            shown = "" if default is empty or "factory" in repr(default) else f"`{default!r}`"
            lines.append(f"| `{name}` | {shown} | {' '.join(meaning.replace('``', '`').split())} |")
    return lines


def _mark() -> str:
    source = "metadata, signatures and docstrings: change those, and run it again."
    return f"<!-- Written by tools/registry_pages.py from {source} -->"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path, text in pages().items():
        path.write_text(text)
        print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
