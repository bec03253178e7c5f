"""What follows when referrals have come in, whichever way: by file, by another system, or by hand."""

from collections.abc import Sequence

from sqlmodel import Session

from programme import outreach, verification
from programme.context import Context


def arrived(session: Session, ctx: Context, referral_ids: Sequence[str]) -> int:
    """Called once, in the transaction that wrote them, with all that are new: whoever wrote to us before their
    referral was here is looked at again, and everybody's personal link is planned: it is made when it is sent.

    How many open claims have a match now.
    """
    outreach.welcome_all(session, ctx, referral_ids)
    return verification.match_claims(session) if referral_ids else 0
