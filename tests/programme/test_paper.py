"""Papers: one for a subject, real while what it says is so, and nothing in them that tells why somebody came."""

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import paper, paper_file
from programme.context import Context
from programme.paper import NoPaperError, Standing
from storage.audit import audit_of
from storage.booking import Booking
from storage.enums import BookingState, PaperKind, ReferralState
from storage.referral import Referral
from tests.builders import a_booking, a_person, a_referral, a_setting
from tests.conftest import Clock
from tests.programme.desk import ANSWERS

TELLS = re.compile(r"drug|police|offen|court|crime|arrest|divers|referr|programme", re.IGNORECASE)


def done(ctx: Context, name: str = "Alex Green") -> Referral:
    return a_referral(ctx.database, person=a_person(ctx.database, name=name), state=ReferralState.COMPLETED)


def test_a_certificate_is_issued_once_and_is_real_until_it_is_not_so(ctx: Context, clock: Clock) -> None:
    referral = done(ctx)
    first = paper.issue(ctx, referral.id, "worker:1")
    clock.forward(days=3)
    assert paper.issue(ctx, referral.id, "worker:2") == first
    assert first.kind is PaperKind.CERTIFICATE
    found = paper.check(ctx, first.token)
    assert (found.standing, found.kind, found.initials) == (Standing.REAL, PaperKind.CERTIFICATE, "A. G.")
    with ctx.database.reading() as session:
        assert [row.action for row in audit_of(session, "referral", referral.id)] == ["issue_paper"]
    with ctx.database.writing() as session:
        row = session.get_one(Referral, referral.id)
        row.state = ReferralState.MISSED
        session.add(row)
    assert paper.check(ctx, first.token).standing is Standing.OVER


def test_a_proof_counts_while_the_place_is_held_and_a_moved_place_has_a_new_one(ctx: Context) -> None:
    referral = a_referral(ctx.database, state=ReferralState.BOOKED)
    held = a_booking(ctx.database, referral)
    proof = paper.issue_to_person(ctx, held.calendar_token)
    assert proof.kind is PaperKind.PROOF_OF_BOOKING and len(proof.sessions) == 1
    assert paper.check(ctx, proof.token).standing is Standing.REAL
    with ctx.database.writing() as session:
        row = session.get_one(Booking, held.id)
        row.state = BookingState.MOVED
        session.add(row)
    a_booking(ctx.database, referral)
    assert paper.check(ctx, proof.token).standing is Standing.OVER
    assert paper.issue(ctx, referral.id, "person").token != proof.token


def test_nothing_is_certified_that_is_not_so(ctx: Context) -> None:
    for key in (a_referral(ctx.database, state=ReferralState.ATTENDED).id, "nobody"):
        with pytest.raises(NoPaperError):
            paper.issue(ctx, key, "worker:1")
    with pytest.raises(NoPaperError):
        paper.issue_to_person(ctx, "made-up")
    assert paper.check(ctx, "made-up") == paper.Checked(Standing.UNKNOWN)


def test_the_words_tell_nobody_why_they_came(ctx: Context) -> None:
    labels = {name: text for name, text in ANSWERS.labels.items() if name.startswith("label_paper_")}
    assert len(labels) > 15
    assert not [name for name, text in labels.items() if TELLS.search(text)]
    a_setting(ctx.database, paper.ISSUER, "Example Education")
    content = paper.issue(ctx, done(ctx).id, "person")
    assert not TELLS.search(" ".join(paper_file.lines(ANSWERS, content)))
    assert content.issuer == "Example Education"


def test_the_file_is_a_pdf_with_the_name_and_the_address(ctx: Context) -> None:
    address = "https://example.org/verify/abc"
    content = paper.issue(ctx, done(ctx, "Zoë Łukasz-Öztürk").id, "person")
    file = paper_file.draw(ANSWERS, content, address)
    assert file.startswith(b"%PDF-") and file.rstrip().endswith(b"%%EOF")
    assert address.encode() in file, "the address is a link"
    assert len(file) < 60_000, "only the letters that are used are in it"
    streams = [zlib.decompress(each) for each in re.findall(rb"stream\n(x\x9c.*?)\nendstream", file, re.DOTALL)]
    assert max(each.count(b" re f") for each in streams) > 200, "the code's squares"


@given(st.text(max_size=40))
def test_initials_hold_one_sign_of_each_part(name: str) -> None:
    found = paper.initials(name).split()
    assert len(found) == len(name.split())
    assert all(part[0].upper() in one for one, part in zip(found, name.split(), strict=True))
