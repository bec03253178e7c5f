"""The steps that many walks take."""

from tests.dialogue.desk import Person, answers


def walk(person: Person, *steps: tuple[str, list[str]]) -> None:
    """Says each text and checks every answer to it."""
    for text, wanted in steps:
        said = person.say(text)
        assert answers(said) == wanted, f"{text}: {[each.text for each in said]}"


def at_the_offers(person: Person, place: str = "Reading") -> list[str]:
    """Verified already; the titles of the offers on the table."""
    person.intent("book_course")
    said = person.tap(place)
    return [title for title in said[-1].titles if title not in ("Show more", "None of these")]


def at_the_yes(person: Person, place: str = "Reading") -> None:
    person.tap(at_the_offers(person, place)[0])
