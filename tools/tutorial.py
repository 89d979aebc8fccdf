"""Follow docs/tutorial.md in a clean environment, command by command, as one who has only what was published would.

    python tools/tutorial.py

Blocks of `sh` are run in one shell, in order. A block after the words "New file `PATH`:" is written to that file, one
after "At the end of `PATH`:" is put there, one after "In `PATH`, below the line `LINE`:" below that line. A line after
`<!-- shows -->` has to be in the output of the commands before it. The commands after `<!-- fails -->` have to fail.
Run it with the Python of `.venv` (it needs the dependency group "build").
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from environment import requirements
from workshop import AT_ONCE, ROOT, CheckError, Workshop

PAGE = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?P<before>[^\n]*)\n+^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
# What stands before a block, and what is to be done with it. Who only reads the page sees the same words.
KINDS = {
    "shows": re.compile(r"<!-- shows -->"),
    "fails": re.compile(r"<!-- fails -->"),
    "file": re.compile(r"New file `(?P<path>[^`]+)`:"),
    "append": re.compile(r"(?:.*\. )?At the end of `(?P<path>[^`]+)`:"),
    "insert": re.compile(r"(?:.*\. )?In `(?P<path>[^`]+)`, below the line `(?P<line>[^`]+)`:"),
}
# What the commands of the tutorial install from an index.
FROM_INDEX = ["pip", "build", "hatchling>=1.27", "editables"]


@dataclass(frozen=True)
class Block:
    """A block of the page.

    Attributes:
        kind: one of `KINDS`, or ``run``.
        text: in it.
        path, line: of the file that it belongs to, if it does.
    """

    kind: str
    text: str
    path: str = ""
    line: str = ""


def blocks(page: str) -> list[Block]:
    """All blocks of a page, in order.

    Raises:
        CheckError: a block that nothing would be done with.
    """
    found = []
    for block in BLOCK.finditer(f"\n{page}"):
        kinds = {kind: match for kind, words in KINDS.items() if (match := words.fullmatch(block["before"]))}
        if kinds:
            ((kind, match),) = kinds.items()
            found.append(Block(kind, block["text"], **match.groupdict()))
        elif block["language"] == "sh":
            found.append(Block("run", block["text"]))
        else:
            raise CheckError(f"a block that nobody tries, after {block['before']!r}:\n{block['text']}")
    return found


class Reader:
    """Somebody who does what the page says, in a shell that stays open."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.place = folder
        self.output = ""

    def follow(self, block: Block) -> None:
        """Do what one block says.

        Raises:
            CheckError: it comes out otherwise than the page says.
        """
        path = self.place / block.path
        if block.kind == "shows":
            missing = [line for line in block.text.splitlines() if not shows(self.output, line)]
            if missing:
                raise CheckError(f"the output does not show {missing}:\n{self.output}")
        elif block.kind == "file":
            path.write_text(block.text)
        elif block.kind == "append":
            path.write_text(path.read_text() + block.text)
        elif block.kind == "insert":
            before, found, after = path.read_text().partition(f"{block.line}\n")
            if not found:
                raise CheckError(f"{block.path} has no line {block.line!r}")
            path.write_text(before + found + block.text + after)
        else:
            self._run(block.text, fails=block.kind == "fails")

    def _run(self, commands: str, *, fails: bool) -> None:
        """Go on in the folder and with the variables that the commands before have left."""
        state = self.folder / ".state"
        restore = f". {state}\n" if state.exists() else ""
        script = f"{restore}{'set -e' if not fails else 'set +e'}\n{commands}\ncode=$?\n"
        script += f'export -p > {state}\nprintf "cd %s\\n" "$PWD" >> {state}\nexit $code\n'
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.place,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = done.stdout
        if (done.returncode != 0) != fails:
            how = "did not fail" if fails else "failed"
            raise CheckError(f"{how}:\n{commands}\n{done.stdout}")
        self.place = Path(state.read_text().rstrip().rpartition("\ncd ")[2])


def shows(output: str, line: str) -> bool:
    """Whether a line is in the output, however many spaces there are between its words."""
    return " ".join(line.split()) in " ".join(output.split())


def main() -> None:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kcore-tutorial-") as temporary:
        try:
            workshop = Workshop(Path(temporary))
            plugins = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(workshop.build, [ROOT, *plugins]))
            extras = [workshop.requirement("kcore", "[standard,new]"), workshop.requirement("pytest-kcore")]
            workshop.gather([*extras, *FROM_INDEX, *tools_of_the_template()])
            print(f"{len(workshop.built)} wheels built ({time.monotonic() - start:.0f} s)", flush=True)
            places = f"{workshop.wheels} {workshop.wheelhouse}"
            variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": places, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
            folder = workshop.folder / "reader"
            folder.mkdir()
            reader = Reader(folder, {**workshop.environment, **variables})
            found = blocks(PAGE.read_text())
            for block in found:
                reader.follow(block)
        except CheckError as failure:
            raise SystemExit(f"tutorial: {failure}") from None
    print(f"tutorial: {len(found)} steps followed ({time.monotonic() - start:.0f} s)")


def tools_of_the_template() -> list[str]:
    """What a new distribution's extras ask for: the tools that this repository has, too."""
    return [text for text in requirements(["lint", "test"]) if re.match(r"(ruff|mypy|pytest)\b(?!-)", text)]


if __name__ == "__main__":
    main()
