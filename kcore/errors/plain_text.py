"""Texts of strangers in sentences of ours: no control characters, and not too long."""

from __future__ import annotations


def printable(text: str, most: int = 120) -> str:
    """The text on one line, with what a terminal would obey spelled out, and its middle left out if it is long."""
    if len(text) > most:
        text = f"{text[: most // 2]}...{text[-(most // 2) :]}"
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
