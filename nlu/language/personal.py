"""What looks like a real person's: phone numbers, e-mail addresses, postcodes, long numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from nlu.language.finding import Finding, read_limits
from nlu.language.project import Project

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"(?<![\w/.-])(?:(?:\+|00) ?44[ -]?(?:\(0\)[ -]?)?|\(?0)(?:[ ().-]{0,2}\d){9,10}(?!\d)")
FOREIGN_PHONE = re.compile(r"(?<![\w])\+(?!44)\d(?:[ -]?\d){7,}")
INSURANCE = re.compile(r"\b(?!QQ)[A-CEGHJ-PR-TW-Z]{2} ?(?:\d{2} ?){3}[A-D]\b", re.IGNORECASE)
LONG = re.compile(r"(?<![\w-])\d(?:[ -]?\d){11,}(?![\w-])")
POSTCODE = re.compile(
    r"\b(?:A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GMPV]|JE|K[ATWY]|"
    r"L[ADELNSU]?|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE)"
    r"\d[A-Z\d]? ?\d(?!ST\b|ND\b|RD\b|TH\b)[ABD-HJLNP-UW-Z]{2}\b",
    re.IGNORECASE,
)


def check_personal(project: Project) -> Iterator[Finding]:
    """Every line of what people are made to say."""
    allowed = read_limits()["personal"]
    phones = [_pattern(phone) for phone in allowed["phones"]] + [_pattern(line) for line in _help_lines(project)]
    for place, line in project.lines():
        for kind, text in find_personal(line, allowed, phones):
            yield Finding(place.path, place.line, kind, {"text": text})


def find_personal(line: str, allowed: dict[str, Any], phones: list[re.Pattern[str]]) -> Iterator[tuple[str, str]]:
    """(kind, what was found) of a line. `phones`: whole numbers, digits only, that belong to nobody or to everybody."""
    for reference in allowed["references"]:
        line = re.sub(_loose(reference), " ", line, flags=re.IGNORECASE)
    for found in EMAIL.findall(line):
        domain = found.rpartition("@")[2].lower()
        if not any(domain == one or domain.endswith(f".{one}") for one in allowed["emails"]):
            yield "email", found
    line = EMAIL.sub(" ", line)
    for pattern in (PHONE, FOREIGN_PHONE):
        for found in pattern.finditer(line):
            if not any(one.fullmatch(_national(found[0])) for one in phones):
                yield "phone", found[0].strip()
        line = pattern.sub(" ", line)
    for kind, pattern in (("insurance_number", INSURANCE), ("long_number", LONG), ("postcode", POSTCODE)):
        for found in pattern.findall(line):
            if found.replace(" ", "").upper() not in {one.replace(" ", "").upper() for one in allowed["postcodes"]}:
                yield kind, found
        line = pattern.sub(" ", line)


def _national(phone: str) -> str:
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    return re.sub(r"^(?:00)?44", "0", digits)


def _pattern(phone: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"[^\d#]", "", phone).replace("#", r"\d"))


def _loose(reference: str) -> str:
    """An invented reference however it is typed: letters or digits for `#`, any marks between."""
    return r"[\W_]*".join(r"[a-z\d]" if mark == "#" else mark for mark in reference if mark.isalnum() or mark == "#")


def _help_lines(project: Project) -> list[str]:
    file = project.root / "nlu" / "answers" / "help_lines.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    lines = (content or {}).get("help_lines") or {}
    return [
        found
        for one in lines.values()
        for found in PHONE.findall(str(one.get("value") if isinstance(one, dict) else one))
    ]
