"""Other languages: a message that is not in English is noticed, offline, and answered with fixed lines in its own."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from lingua import Language, LanguageDetector, LanguageDetectorBuilder

from programme import case, handoff, promise
from programme.answers import ButtonSpec
from programme.context import Context
from programme.outbox import Reply
from programme.words import spoken_in
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.row import lock_one

INTENT = "ask_for_interpreter"  # only ever a button of ours; it needs no dialogue
UNKNOWN = "und"  # another language, but none that we have lines in (ISO 639)
LATIN = {"pl": Language.POLISH, "ro": Language.ROMANIAN, "pt": Language.PORTUGUESE, "es": Language.SPANISH}
LATIN |= {"so": Language.SOMALI}
BY_SCRIPT = {"GURMUKHI": "pa", "BENGALI": "bn", "CJK": "zh"}
ARABIC_SCRIPT = {Language.ARABIC: "ar", Language.URDU: "ur"}
LEAST_LETTERS = 4  # of another script; a Chinese message may have two
LEAST_WORDS = 2
SURE, QUITE_SURE = 0.6, 0.95


class BadLanguageFileError(ValueError):
    """The file of languages is not as it should be."""


@dataclass(frozen=True)
class Lines:
    """What is said in one language. `checked`: a speaker has reviewed it."""

    code: str
    name: str
    notice: str
    asked: str
    button: str
    common: frozenset[str]
    checked: bool


class Languages:
    """The languages that we have lines in; tells which one a message is written in."""

    def __init__(self, lines: Mapping[str, Lines], english: frozenset[str]) -> None:
        self.lines = lines
        self._english = english

    @classmethod
    def load(cls, folder: Path) -> "Languages":
        """Reads `languages.yml` of the folder of answers. Raises BadLanguageFileError."""
        file = folder / "languages.yml"
        try:
            told = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            lines = {code: _lines(code, each) for code, each in told["languages"].items()}
            return cls(lines, frozenset(told["english"].split()))
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise BadLanguageFileError(f"{BadLanguageFileError.__doc__} {file}: {error}") from None

    def find(self, text: str) -> str | None:
        """The ISO 639 code of the language of a message; None: English, too little to tell, or no lines to say."""
        if not self.lines:
            return None
        letters = [letter for letter in unicodedata.normalize("NFKC", text) if letter.isalpha()]
        others = [letter for letter in letters if not unicodedata.name(letter, "LATIN").startswith("LATIN")]
        if len(others) * 2 > len(letters):
            return self._by_script("".join(others), text)
        return self._by_words(text)

    def _by_script(self, letters: str, text: str) -> str | None:
        script = unicodedata.name(letters[0], "").split()[0]
        if len(letters) < LEAST_LETTERS and (script != "CJK" or len(letters) < LEAST_WORDS):
            return None
        if script == "ARABIC":
            likeliest = self._detector.detect_language_of(text)
            return ARABIC_SCRIPT.get(likeliest, UNKNOWN) if likeliest else UNKNOWN
        return BY_SCRIPT.get(script, UNKNOWN)

    def _by_words(self, text: str) -> str | None:
        """Latin letters: some everyday words of that language, not a name alone, and the statistics agree."""
        words = [word for word in spoken_in(re.sub(r"\S*[\d@/]\S*", " ", text)) if len(word) > 1]
        if len(words) < LEAST_WORDS:
            return None
        met = {code: sum(word in lines.common for word in words) for code, lines in self.lines.items()}
        best = max(met, key=lambda code: met[code])
        if met[best] <= sum(word in self._english for word in words):
            return None
        share = met[best] / len(words)
        if met[best] < LEAST_WORDS or share < 1 / 3:
            return self._by_statistics(text, words)
        if best not in LATIN:  # Urdu, Punjabi, Bengali and Arabic in Latin letters: no statistics know them
            return best if (met[best] >= LEAST_WORDS + 1 and share >= 1 / 2) or share == 1 else None
        sure = self._sure(text)
        likely = {code: sure.get(LATIN[code], 0.0) for code in met if code in LATIN and met[code] == met[best]}
        return max(likely, key=lambda code: likely[code]) if sure.get(Language.ENGLISH, 0.0) < SURE else None

    def _by_statistics(self, text: str, words: list[str]) -> str | None:
        """Without everyday words: only a longer text, and only where hardly anything speaks for English."""
        if len(words) < 2 * LEAST_WORDS:
            return None
        sure = self._sure(text)
        for code, language in LATIN.items():
            known = sum(word in self.lines[code].common for word in words)
            if (
                sure.get(language, 0.0) >= QUITE_SURE
                and known >= 1
                and sure.get(Language.ENGLISH, 0.0) < 1 - QUITE_SURE
            ):
                return code
        return None

    def _sure(self, text: str) -> dict[Language, float]:
        return {each.language: each.value for each in self._detector.compute_language_confidence_values(text)}

    @cached_property
    def _detector(self) -> LanguageDetector:
        known = [Language.ENGLISH, *LATIN.values(), *ARABIC_SCRIPT, Language.PERSIAN]
        return LanguageDetectorBuilder.from_languages(*known).with_low_accuracy_mode().build()

    def notice(self, code: str) -> Reply:
        """What is said instead of an answer, with a button for an interpreter."""
        lines = self.lines.get(code)
        if lines is None:
            button = ButtonSpec(INTENT, label="label_interpreter", carries={"language": UNKNOWN})
            return Reply("notice_language_unknown", buttons=(button,))
        button = ButtonSpec(INTENT, title=lines.button, carries={"language": code})
        return Reply("notice_language", {"in_language": lines.notice, **_named(lines)}, (button,))

    def asked(self, code: str) -> Reply:
        """What is said to somebody who asked for an interpreter."""
        lines = self.lines.get(code)
        if lines is None:
            return Reply("notice_interpreter_unknown")
        return Reply("notice_interpreter", {"in_language": lines.asked, **_named(lines)})


def ask_for_interpreter(ctx: Context, languages: Languages, conversation_id: str, code: str) -> list[Reply]:
    """A person wants an interpreter: the conversation's language, a case for a worker, and their place in the queue."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        conversation.language = code
        session.add(conversation)
        case.open_for(session, ctx, CaseReason.LANGUAGE, Urgency.ASKED, conversation, {"language": code})
    return [languages.asked(code), promise.reply(ctx, handoff.ask(ctx, conversation_id, "interpreter"))]


def _lines(code: str, told: Mapping[str, Any]) -> Lines:
    return Lines(
        code,
        told["name"],
        told["notice"].strip(),
        told["asked"].strip(),
        told["button"],
        frozenset(told["common"].split()),
        told["reviewed_by"] is not None,
    )


def _named(lines: Lines) -> dict[str, str]:
    """The language's name is given where the words must say that nobody has checked them."""
    return {} if lines.checked else {"language": lines.name}
