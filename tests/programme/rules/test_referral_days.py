"""By when: what came with the referral goes before the settings, and no step is given longer than the one after it."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.referral_days import Dates, Days, count

DAY = date(2026, 11, 20)
NUMBERS = st.none() | st.integers(1, 730)
DATES = st.none() | st.dates(DAY, DAY + timedelta(days=900))


def test_counted_from_the_referral() -> None:
    assert count(DAY, Days(3, 14, 42)) == Dates(date(2026, 11, 23), date(2026, 12, 4), date(2027, 1, 1))
    assert count(DAY, Days(None, None, None)) == Dates(None, None, None)


def test_what_came_with_it_goes_before() -> None:
    own = count(DAY, Days(3, 14, 42), date(2026, 12, 20), date(2026, 12, 31))
    assert (own.book_by, own.finish_by) == (date(2026, 12, 20), date(2026, 12, 31))


@given(NUMBERS, NUMBERS, NUMBERS, DATES, DATES)
def test_the_order_of_the_dates(
    contact: int | None, book: int | None, finish: int | None, book_by: date | None, finish_by: date | None
) -> None:
    dates = count(DAY, Days(contact, book, finish), book_by, finish_by)
    assert dates.finish_by == (finish_by or (DAY + timedelta(days=finish) if finish else None))
    assert book_by is None or dates.book_by == book_by
    assert (dates.book_by is None) is (book_by is None and book is None)
    if book_by is None and dates.book_by and dates.finish_by:
        assert dates.book_by <= dates.finish_by
    if dates.contact_by and dates.book_by:
        assert dates.contact_by <= dates.book_by
