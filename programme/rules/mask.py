"""Masking: what could tell who somebody is, taken out of a message before a trainer sees it."""

import re
from collections.abc import Collection

MASK = "•••"
SHORTEST_NAME = 3  # letters; shorter parts of a name are words of their own

_EMAIL = re.compile(r"\S+@\S+")
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_POSTCODE = re.compile(r"\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\b", re.IGNORECASE)
# Anything with a digit in it that is more than a short number: references, phone numbers, dates, house numbers.
_NUMBER = re.compile(
    r"\b(?:[a-z]{2,4}-)?(?=[\w/.-]*\d)[a-z\d]+(?:[-/. ](?=[\w/.-]*\d)[a-z\d]+)+\b|\b\w*\d\w*\d\w*\b", re.IGNORECASE
)
_MONTH = re.compile(
    r"\b\d{0,2}(?:st|nd|rd|th)?\s*(?:of\s+)?(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\s+\d{2,4}\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"\b\d+[a-z]?\s+(?:[a-z']+\s+){1,3}(?:road|rd|street|st|lane|ln|avenue|ave|close|drive|way|court|gardens|crescent)\b",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"\b((?:my|his|her|their)\s+(?:full\s+|first\s+|sur|last\s+)?name(?:s|\s+is|'s|’s)?|names|surname(?:\s+is)?|called|"
    r"this\s+is)\s+((?!a\b|the\b|not\b|my\b|about\b|for\b|it\b|so\b|is\b|on\b|in\b|to\b|an\b)[^\W\d_]+"
    r"(?:\s+(?!and\b|born\b|from\b|im\b|i\b|my\b|the\b|dob\b|on\b|at\b)[^\W\d_]+)?)",
    re.IGNORECASE,
)
# "If I miss a slot", "my dr said", "on a pc at work": words after which nobody is named.
_NO_NAME = (
    r"a|again|all|an|and|another|any|anything|appointments?|at|because|being|both|but|can|cause|class(?:es)?|college|"
    r"court|dates?|days?|does|each|every|first|for|from|gave|had|half|has|having|he|her|him|his|i|if|in|is|it|its|just|"
    r"last|lessons?|loads|lots|lunch|me|more|most|my|next|not|note|of|on|one|only|or|our|out|parts?|people|said|says?|"
    r"school|sessions?|she|shifts?|so|some|something|that|the|their|them|these|they|things?|this|those|three|to|told|too|"
    r"two|u|ur|us|was|we|what|when|with|work|you|your"
)
_TITLED = re.compile(rf"\b(mr|mrs|ms|miss|dr|pc|sgt)(?:\.\s*|\s+)(?!(?:{_NO_NAME})\b)[^\W\d_]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_I_AM = re.compile(r"\b(?:i\s+am|i['’]?m|it['’]?s|for|to)$", re.IGNORECASE)
_SPACES = re.compile(rf"(?:{MASK}\s*)+{MASK}")


def mask(text: str, names: Collection[str] = ()) -> str:
    """`text` without addresses, numbers, dates of birth, references and names; `names`: names that are known here.

    Rather too much than too little: what is left must still show what was meant, and nothing of who it was.
    """
    for name in names:
        for part in re.findall(r"[^\W\d_]+", name):
            if len(part) >= SHORTEST_NAME:
                text = re.sub(rf"\b{re.escape(part)}\b", MASK, text, flags=re.IGNORECASE)
    text = _INTRODUCED.sub(lambda found: f"{found[1]} {MASK}", text)
    text = _TITLED.sub(lambda found: f"{found[1]} {MASK}", text)
    for pattern in (_EMAIL, _LINK, _ADDRESS, _POSTCODE, _MONTH, _NUMBER):
        text = pattern.sub(MASK, text)
    return _SPACES.sub(MASK, text)


def mask_people(text: str, parts: Collection[str]) -> str:
    """`text` without what may be somebody's name: `parts` are the names of everybody known, in lower case, a word each.

    Many names are words too (Will, Rose, May), so that one counts only where it is written with a capital inside a
    sentence, stands beside another name, or follows "I am".
    """
    words = list(_WORD.finditer(text))
    known = [word[0].casefold() in parts and len(word[0]) >= SHORTEST_NAME for word in words]
    for number in reversed(range(len(words))):
        if known[number] and _stands_as_name(text, words, known, number):
            text = text[: words[number].start()] + MASK + text[words[number].end() :]
    return _SPACES.sub(MASK, text)


def _stands_as_name(text: str, words: list[re.Match[str]], known: list[bool], number: int) -> bool:
    word = words[number]
    before = text[: word.start()].rstrip()
    inside = bool(before) and before[-1] not in ".!?"
    beside = any(0 <= other < len(words) and known[other] for other in (number - 1, number + 1))
    return (word[0][0].isupper() and inside) or beside or bool(_I_AM.search(before))
