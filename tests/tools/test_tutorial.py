"""The program that follows the tutorial: what it does with each kind of block, and what it does not let pass."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"

PAGE = """
Begin.

```sh
mkdir inner
cd inner
WHERE=inner
export WHERE
```

New file `notes.txt`:

```
first
last
```

Now more. In `notes.txt`, below the line `first`:

```
second
```

At the end of `notes.txt`:

```
end
```

```sh
echo "$WHERE"; cat   notes.txt
```

<!-- shows -->
```
inner
first second last end
```

<!-- fails -->
```sh
ls nothing-of-that-name
```

<!-- shows -->
```
nothing-of-that-name
```
"""


@pytest.fixture
def tutorial(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(TOOLS))
    yield importlib.import_module("tutorial")
    for name in ("tutorial", "workshop"):
        sys.modules.pop(name, None)


def follow(tutorial: Any, page: str, folder: Path) -> None:
    reader = tutorial.Reader(folder, {"PATH": os.environ["PATH"]})
    for block in tutorial.blocks(page):
        reader.follow(block)


def test_a_page_is_followed(tutorial: Any, tmp_path: Path) -> None:
    kinds = [block.kind for block in tutorial.blocks(PAGE)]
    assert kinds == ["run", "file", "insert", "append", "run", "shows", "fails", "shows"]
    follow(tutorial, PAGE, tmp_path)
    assert (tmp_path / "inner" / "notes.txt").read_text() == "first\nsecond\nlast\nend\n"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("Look:\n\n```python\nprint(1)\n```\n", "a block that nobody tries, after 'Look:':\nprint"),
        ("```sh\necho one\nfalse\necho two\n```\n", "failed:\necho one"),
        ("<!-- fails -->\n```sh\ntrue\n```\n", "did not fail:\ntrue"),
        ("```sh\necho one\n```\n\n<!-- shows -->\n```\ntwo\n```\n", r"does not show \['two'\]:\none"),
        ("New file `a`:\n\n```\nx\n```\n\nIn `a`, below the line `y`:\n\n```\nz\n```\n", "a has no line 'y'"),
    ],
)
def test_what_does_not_come_out_as_the_page_says(tutorial: Any, tmp_path: Path, page: str, text: str) -> None:
    with pytest.raises(tutorial.CheckError, match=text):
        follow(tutorial, page, tmp_path)


def test_the_tutorial_has_no_block_that_nobody_tries(tutorial: Any) -> None:
    found = tutorial.blocks(tutorial.PAGE.read_text())
    assert {block.kind for block in found} == {"run", "file", "insert", "append", "shows", "fails"}
