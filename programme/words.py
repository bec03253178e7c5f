"""What a message says in the closed set of words that the safety phrases know: spelling is settled here.

Words of every script are read; marks on letters go (umrzeć, umrzec), and each Chinese character is a word.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

UNKNOWN, NUMBER, START, END = "_", "#", "^", "$"
YEAR = "someyear"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_SIGNS = "\u0900-\u0963\u0981-\u09cd\u09d7\u09e2\u09e3\u0a01-\u0a51\u0a70\u0a71\u0a75"  # of Indic vowels: no letters
_LETTER = rf"(?:[^\W_{_HAN}]|[{_SIGNS}])"
_SPOKEN = re.compile(rf"[{_HAN}]|{_LETTER}+(?:'{_LETTER}+)*")
_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_ARABIC_MARKS = re.compile(r"[\u0640\u064b-\u065f\u0670\u200c\u200d]")
# Letters that stand for one another: of Latin script, and as Arabic, Urdu and Persian keyboards have them.
_ALIKE = str.maketrans("łøđıأإآٱىیېکہھۀةۃؤ", "lodiاااايييكهههههو")
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘`´ʼ′", "'"))
_LEET = str.maketrans("013457@$", "oieastas")
_FOLDED = re.compile(r"(.)\1*")
_VOWELS = re.compile(r"[aeiou]")
_NO_VOWELS = re.compile(r"[b-df-hj-np-tv-z]{3,12}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SPLIT = re.compile(r"\b(my|him|her|your|them) (?=self\b|selves\b)", re.IGNORECASE)
_COUNTED = re.compile(r"(\d+)([a-z]*)")


class Words:
    """Turns a text into the closed set of words that the patterns know; whatever else it says becomes `_`."""

    def __init__(
        self,
        spellings: Mapping[str, Sequence[str]],
        guessed: Iterable[str] = (),
        never: Iterable[str] = (),
        without_vowels: Iterable[str] = (),
        emoji: Mapping[str, str] | None = None,
        verbs: Iterable[str] = (),
    ) -> None:
        self.spellings = {str(wrong): right.split() for right, wrongs in spellings.items() for wrong in wrongs}
        self.known: set[str] = {word for right in spellings for word in right.split()} | {NUMBER, YEAR}
        self.never, self._verbs = frozenset(never), frozenset(verbs)
        self._prefixes: tuple[str, ...] = ()
        self._deletes: dict[str, str] = {}
        for word in guessed:
            self.known.add(word)
            self._deletes.update(dict.fromkeys({word, *_cuts(word)}, word))
        self._skeletons = {bones: word for word in without_vowels for bones in _bones(word)}
        self.known.update(self._skeletons.values())
        self._emoji = str.maketrans({sign: f" {word} " for word, signs in (emoji or {}).items() for sign in signs})
        self.known.update(emoji or {})

    def learn(self, words: Iterable[str]) -> None:
        """Take in the words of the patterns; `suicid*` stands for every word that begins so."""
        for word in words:
            if word.endswith("*"):
                self._prefixes = tuple(sorted({*self._prefixes, word[:-1]}, key=len, reverse=True))
            elif word not in self.spellings:
                self.known.add(word)

    def read(self, text: str) -> list[str]:
        """The text in known words, between a start and an end mark."""
        said = spoken_in(_SPLIT.sub(r"\1", text.translate(self._emoji)))
        spoken = _join_letters(list(map(self._to, said, [*said[1:], ""])))
        return [START, *itertools.chain.from_iterable(self._recognise(word) for word in spoken), END]

    def _to(self, word: str, following: str) -> str:
        """`2 die` is to die, `2 pills` are two."""
        return "to" if word == "2" and following in self._verbs else word

    def _recognise(self, raw: str) -> list[str]:
        if raw in self.spellings:
            return self.spellings[raw]
        word = raw.replace("'", "")
        forms = (word, *self._other_forms(word))
        for form in forms:
            if form in self.spellings:
                return self.spellings[form]
            if form in self.known:
                return [form]
        for form, prefix in itertools.product(forms, self._prefixes):
            if form.startswith(prefix):
                return [prefix + "*"]
        if _YEAR.fullmatch(word):
            return [YEAR]
        counted = _COUNTED.fullmatch(word)
        if counted:
            unit = counted[2]
            return [NUMBER, unit if unit in self.known else UNKNOWN] if unit else [NUMBER]
        return self._recognise(raw[:-2]) if raw.endswith("'s") else [UNKNOWN]  # "my mate's gone blue"

    def _other_forms(self, word: str) -> Iterator[str]:
        stretched = list(_unstretch(word))
        yield from stretched
        if not word.isdigit():  # "4 nights" are not a nights
            yield word.translate(_LEET)
        if _NO_VOWELS.fullmatch(word) and word in self._skeletons:
            yield self._skeletons[word]
        for form in (word, *stretched):
            for cut in (form, *_cuts(form)) if 6 <= len(form) <= 20 and form not in self.never else ():
                guess = self._deletes.get(cut)
                if guess and guess[0] == form[0]:
                    yield guess


def spoken_in(text: str) -> list[str]:
    """The words of a text in small letters, without marks and stops."""
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).lower()
    bare = _LATIN_MARKS.sub("", unicodedata.normalize("NFD", plain))
    folded = _ARABIC_MARKS.sub("", unicodedata.normalize("NFC", bare)).translate(_ALIKE)
    return _SPOKEN.findall(folded)


def _bones(word: str) -> set[str]:
    """`hitting` -> `httng`, `htng`."""
    bones = _VOWELS.sub("", word)
    return {bones, _FOLDED.sub(r"\1", bones)}


def _cuts(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(1, len(word))}


def _unstretch(word: str) -> Iterator[str]:
    """`dieee` -> `diee`, `die`; the known form wins. A long word with many runs is not worth the product."""
    runs = [(run[0][0], len(run[0])) for run in _FOLDED.finditer(word[:80])]
    if 0 < sum(length > 1 for _, length in runs) <= 4:
        choices = [(letter * 2, letter) if length > 1 else (letter,) for letter, length in runs]
        yield from ("".join(choice) for choice in itertools.product(*choices))


def _join_letters(words: list[str]) -> Iterator[str]:
    """`k m s` is one word; a lone `i` or `a` in a sentence is not."""
    alone = itertools.groupby(words, key=lambda word: len(word) == 1 and word.isascii() and word.isalpha())
    for single, run in alone:
        letters = list(run)
        yield from ["".join(letters)] if single and len(letters) > 2 else letters
