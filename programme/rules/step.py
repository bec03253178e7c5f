"""What a short answer means."""

from __future__ import annotations

import re
import unicodedata

# fmt: off
YES = frozenset({
    "yes", "yess", "yesss", "yeah", "yeahh", "yep", "yup", "yea", "ye", "yeh", "yh", "ya", "aye", "y", "ok",
    "okay", "okey", "k", "kk", "sure", "correct", "right", "definitely", "absolutely", "please", "indeed", "fine",
    "great", "perfect", "good", "cool", "deal", "confirm", "confirmed", "agreed", "👍", "✅", "👌", "🆗",
})
NO = frozenset({
    "no", "noo", "nooo", "nope", "nop", "nah", "naa", "naah", "na", "nay", "n", "never", "negative", "cancel", "👎",
    "❌", "🚫",
})
YES_PHRASES = frozenset({
    "yes please", "that's right", "thats right", "that is right", "go ahead", "go on then", "go for it",
    "sounds good", "of course", "why not", "do it", "book it", "lets do it", "let's do it", "yes book it",
    "that works", "works for me", "that's fine", "thats fine", "i do", "i am", "i can", "all good", "no problem",
    "no worries", "please do", "yes go ahead", "that's it", "thats it", "not bad", "that's me", "thats me",
    "go on",
})
NO_PHRASES = frozenset({
    "no thanks", "no thank you", "no ta", "not really", "not now", "not yet", "i don't", "i dont", "i can't",
    "i cant", "don't", "dont", "not that", "no way", "i'd rather not", "id rather not", "that's wrong",
    "thats wrong", "not right", "not ok", "not okay", "not good", "please don't", "please dont", "do not",
    "not correct", "not today", "i do not",
})
# Words that change nothing about a yes or a no beside them.
SOFT = frozenset({
    "please", "pls", "plz", "thanks", "thx", "ta", "thankyou", "mate", "cheers", "then", "well", "oh", "um", "er",
    "lol", "it", "that", "thats",
})
# fmt: on


def plain(text: str) -> str:
    """Small letters, straight apostrophes, single spaces, no punctuation, no skin tones; to compare short answers."""
    flat = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'").replace("\u2018", "'")
    return " ".join(re.sub(r"[^\w\s'👍✅👌🆗👎❌🚫]", " ", flat).split())


def yes_no(text: str) -> bool | None:
    """True, False, or None where the text is not plainly one of the two. Anything with more in it is None."""
    said = plain(text)
    if said in YES_PHRASES:
        return True
    if said in NO_PHRASES:
        return False
    said_words = said.split()
    words = [word for word in said_words if word not in SOFT] or [word for word in said_words if word in YES]
    if words and all(word in YES for word in words):
        return True
    if words and all(word in NO for word in words):
        return False
    return None
