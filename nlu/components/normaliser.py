"""One way of writing for many: unicode, marks, repeated letters, contractions and texting forms.

What comes out is for the classifier only. Safety phrases, stored messages and form answers use what was typed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

import yaml

WORDS = Path(__file__).resolve().parent.parent / "words"
# About eighty pieces for the sentence model: its time grows with length, and a wish stands at the start or the end.
HEAD_WORDS, TAIL_WORDS = 40, 24
LONGEST = 4000

_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "“": '"', "”": '"', "–": "-", "—": "-", "_": " "}
)
_REPEATED_MARK = re.compile(r"([!?.,;:\-*~=#])\1+")
_RUN = re.compile(r"([a-z])\1{2,}")
_DIGIT_RUN = re.compile(r"(\D)\1{5,}")
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*|[^\sa-z0-9]")
_GLUE = re.compile(r"\s+")


@lru_cache(maxsize=1)
def read_shorthand() -> dict[str, dict[str, str]]:
    """`nlu/words/shorthand.yml`: the tables `whole`, `words` and `marks`, each written form to its meaning."""
    tables = yaml.safe_load((WORDS / "shorthand.yml").read_text(encoding="utf-8"))
    return {name: {str(form): str(meaning) for form, meaning in table.items()} for name, table in tables.items()}


def fold(text: str) -> str:
    """Lower case, plain quotes and dashes, no accents, no invisible characters; marks that are answers become words."""
    for mark, meaning in read_shorthand()["marks"].items():
        text = text.replace(mark, f" {meaning} ")
    text = unicodedata.normalize("NFKD", text.translate(_QUOTES)).translate(_QUOTES)
    kept = (
        c if unicodedata.category(c)[0] in "LNPSZ" else " "
        for c in text
        if unicodedata.category(c) not in ("Mn", "Cf", "Me", "Sk")
    )
    return "".join(kept).lower()


def shorten(text: str) -> str:
    """A long message by its first and last words."""
    words = text.split()
    if len(words) > HEAD_WORDS + TAIL_WORDS:
        words = words[:HEAD_WORDS] + words[-TAIL_WORDS:]
    return " ".join(word[:40] for word in words)


def normalise(text: str) -> str:
    """`text` as the classifier reads it: lower case words one space apart. An empty message stays empty."""
    text = shorten(fold(text[:LONGEST]))
    text = _RUN.sub(r"\1\1", _REPEATED_MARK.sub(r"\1", text))
    tables = read_shorthand()
    whole = text.strip(" .!,")
    if whole in tables["whole"]:
        return tables["whole"][whole]
    words = tables["words"]
    text = re.sub(r"[a-z0-9]+(?:'[a-z]+)*", lambda match: words.get(match[0], match[0]), text)
    return _GLUE.sub(" ", text).strip(" .!,;:-?\"'")
