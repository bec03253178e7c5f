"""The builders write rows that the database accepts."""

from storage.booking import active_booking
from tests.builders import a_booking


def test_x(database):
    b = a_booking(database)
    with database.reading() as s:
        assert active_booking(s, b.referral_id).id == b.id
