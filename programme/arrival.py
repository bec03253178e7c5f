"""What follows when referrals have come in, whichever way: by file, by another system, or by hand."""

from collections.abc import Sequence

from sqlmodel import Session

from programme import verification
from programme.context import Context


def arrived(session: Session, ctx: Context, referral_ids: Sequence[str]) -> int:  # noqa: ARG001 - for whoever sends
    """Called once, in the transaction that wrote them, with all that are new: whoever wrote to us before their
    referral was here is looked at again. What is sent to people on their referral is decided from here too.

    How many open claims have a match now. Makes no personal link: whoever sends one makes it when it is sent.
    """
    return verification.match_claims(session) if referral_ids else 0
