"""How old somebody is."""

from datetime import date

ADULT = 18


def years(born: date, today: date) -> int:
    """Whole years; who was born on 29 February has their birthday on 1 March in other years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_adult(born: date, today: date) -> bool:
    """Whether the programme is for them."""
    return years(born, today) >= ADULT
