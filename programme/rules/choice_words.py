"""The words in which people pick from a list: none of them, any, the first, the last, option b, not that one."""

import re

NONE = re.compile(
    r"\b(?:neither|none|nowt|no thanks?|not? any(?: of)?|(?:not|don'?t (?:want|like|fancy))"
    r" (?:any|either|these|those|them)"
    r"|nothing (?:there|here|suits|works|good)|(?:can'?t|cannot) (?:do|make)"
    r" (?:any|either|those|these|them)(?! of the \w+ ones?)"
    r"|(?<!if )no good|something else|another (?:one|time|day|date)|other (?:times|dates|days|ones))\b"
)
ANY = re.compile(
    r"\b(?:any(?: one)?(?: of (?:them|those|these))?|anyone|either|whichever|whatever|(?:do)? ?n'?t mind|not bothered"
    r"|you (?:choose|pick)|all (?:good|fine|ok)|soonest|asap)\b"
)
UNSURE = re.compile(
    r"\b(?:not (?:too |really )?sure|don'?t know|do not know|dunno|idk)\b"
    r"|^(?:is|are|does|do (?:i|you|u|we|they)|did|what|where|how|when|which|why|who|will|whats|what's|wheres|where's)\b"
)
NOT = re.compile(
    r"\b(?:not|except|but not|can'?t(?: do| make)?|cannot(?: do| make)?|don'?t want|rather than|instead of"
    r"|any(?:thing)?(?: one)?(?: of (?:them|em|those|these))? (?:but|bar))\b"
)
ORDINALS = (
    r"first|1st|one|1", r"second|2nd|sec|two|2", r"third|3rd|three|3", r"fourth|4th|forth|four|4", r"fifth|5th|five|5",
)  # fmt: skip
LAST = re.compile(r"\b(?:last|final|bottom|latest|later|furthest)\b")
FIRST = re.compile(r"\b(?:first|1st|top|earlier|earl[iy]est|sooner|soonest|next)\b")
MIDDLE = re.compile(r"\b(?:middle)\b")
# What may stand beside a bare number without changing that it is the number of an offer.
# fmt: off
AROUND_NUMBER = frozenset({
    "the", "no", "number", "num", "option", "opt", "choice", "one", "ones", "please", "pls", "plz", "ill", "i'll",
    "id", "i'd", "i", "take", "have", "want", "like", "go", "with", "for", "yes", "yeah", "ok", "okay", "a",
    "thanks", "thx", "ta", "mate", "book", "me", "in", "can", "u", "you", "do", "that", "lets", "let's", "then",
    "session", "course", "slot", "date", "class", "it", "is", "its", "it's", "would", "think", "um", "er",
    "prefer", "my", "or", "and", "|", "will", "choose", "pick", "select", "thank", "sir", "bruv", "fam",
})
# fmt: on
LETTER = re.compile(r"\b(?:option|choice|letter) ([a-e])\b")
NTH = re.compile(r"\bthe (\d{1,2})(?:st|nd|rd|th)\b")
WEEKDAY_AND_NUMBER = re.compile(r"\b([a-z]{3,9}) (\d{1,2})\b(?! ?(?:am|pm)\b|[:.]\d)")
EXACT = re.compile(r"(?:\b([a-z]+)\+)?\b(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?")
