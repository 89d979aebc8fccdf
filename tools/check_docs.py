"""Check every Markdown file: links, anchors, commands, examples.

    python tools/check_docs.py

A code block right after the comment `<!-- runnable -->` is run: the Python blocks of one file in order in one
process, `sh` blocks each in a shell. Run it with the Python of `.venv`. Exit code 1 when something is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from tracked_files import ROOT, tracked_files

BLOCK = re.compile(r"^(?P<mark><!-- runnable -->\n+)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
SECONDS = 120


def slug(heading: str) -> str:
    """The anchor that a heading gets: small letters, no signs, hyphens for spaces."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def without_code(text: str) -> str:
    """The text with its code blocks and code spans taken out: what stands there is no link."""
    return re.sub(r"`[^`\n]*`", "", BLOCK.sub("", text))


def anchors(path: Path) -> set[str]:
    """The anchors of a Markdown file."""
    found: dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*#*$", BLOCK.sub("", path.read_text()), re.M):
        name = slug(heading)
        count = found.get(name, 0)
        found[name] = count + 1
        result.add(f"{name}-{count}" if count else name)
    return result


def link_problems() -> Iterator[str]:
    """Links to files or anchors that do not exist."""
    known = set(tracked_files())
    for path in tracked_files(".md"):
        for match in LINK.finditer(without_code(path.read_text())):
            target, _, anchor = match["target"].partition("#")
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            goal = (path.parent / target).resolve() if target else path
            where = f"{path.relative_to(ROOT)}: {match['target']}"
            if goal not in known and not any(goal in file.parents for file in known):
                yield f"{where}: no such file in the repository"
            elif anchor and (goal.suffix != ".md" or anchor not in anchors(goal)):
                yield f"{where}: no such heading"


def reach_problems() -> Iterator[str]:
    """Pages of docs/ to which no chain of links leads from README.md."""
    todo, reached = [ROOT / "README.md"], set()
    while todo:
        path = todo.pop()
        if path in reached or path.suffix != ".md" or not path.is_file():
            continue
        reached.add(path)
        for match in LINK.finditer(without_code(path.read_text())):
            todo.append((path.parent / match["target"].partition("#")[0]).resolve())
    for path in tracked_files(".md"):
        if path not in reached and path.relative_to(ROOT).parts[0] in ("docs", "plugins"):
            yield f"{path.relative_to(ROOT)}: no link leads to it from README.md"


def decision_problems() -> Iterator[str]:
    """Decisions with a wrong number, and dependencies without a decision."""
    folder = ROOT / "docs" / "decisions"
    pages = sorted(folder.glob("[0-9]*.md"))
    for number, path in enumerate(pages, 1):
        if not path.name.startswith(f"{number:04}-"):
            yield f"{path.relative_to(ROOT)}: its number should be {number:04}"
    text = "\n".join(path.read_text().lower() for path in pages)
    for file in [ROOT / "pyproject.toml", *(ROOT / "plugins").glob("*/pyproject.toml")]:
        content = tomllib.loads(file.read_text())
        extras = content["project"].get("optional-dependencies", {})
        wanted = [*content["project"]["dependencies"], *(text for texts in extras.values() for text in texts)]
        wanted += [item for items in content.get("dependency-groups", {}).values() for item in items]
        for requirement in wanted:
            name = re.match(r"[\w-]+", requirement) if isinstance(requirement, str) else None
            if name and not name.group().startswith("kcore") and name.group().lower() not in text:
                yield f"{file.relative_to(ROOT)}: no page in docs/decisions names the dependency {name.group()}"


def changelog_problems() -> Iterator[str]:
    """A version that the change log does not have."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if not re.search(rf"^## \[(Unreleased|{re.escape(version)})\]", (ROOT / "CHANGELOG.md").read_text(), re.M):
        yield f"CHANGELOG.md has no section for {version}"


def command_problems() -> Iterator[str]:
    """`make` targets that a page names but the Makefile lacks."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in tracked_files(".md"):
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.M):
            if target not in targets:
                yield f"{path.relative_to(ROOT)}: `make {target}` is no target of the Makefile"


def example_problems() -> Iterator[str]:
    """Runnable blocks that fail."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KCORE_", "PYTHON"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    count = 0
    for path in tracked_files(".md"):
        blocks = [match for match in BLOCK.finditer(path.read_text()) if match["mark"]]
        python = "\n".join(match["code"] for match in blocks if match["language"] == "python")
        programs = [[sys.executable, "-W", "error", "-c", python]] if python else []
        programs += [["sh", "-e", "-c", match["code"]] for match in blocks if match["language"] == "sh"]
        for match in blocks:
            if match["language"] not in ("python", "sh"):
                yield f"{path.relative_to(ROOT)}: a runnable block in the language {match['language']!r}"
        for program in programs:
            count += 1
            with tempfile.TemporaryDirectory() as folder:
                try:
                    done = subprocess.run(
                        program, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
                    )
                except subprocess.TimeoutExpired:
                    yield f"{path.relative_to(ROOT)}: an example ran for more than {SECONDS} s"
                    continue
            if done.returncode:
                yield f"{path.relative_to(ROOT)}: an example failed:\n{done.stdout}{done.stderr}"
    print(f"  {count} examples run")


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "links": link_problems,
    "reach": reach_problems,
    "decisions": decision_problems,
    "change log": changelog_problems,
    "commands": command_problems,
    "examples": example_problems,
}


def main() -> None:
    count = 0
    for name, check in CHECKS.items():
        print(f"docs: {name}", flush=True)
        for problem in check():
            print(f"  PROBLEM {problem}", flush=True)
            count += 1
    if count:
        raise SystemExit(f"docs: {count} problems")
    print("docs: all pages in order")


if __name__ == "__main__":
    main()
