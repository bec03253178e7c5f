"""Deciding that somebody did not attend: a named worker with a reason, then a second one, on that moment's evidence.

Nothing here is called by a clock or by the dialogue: only by a worker's form. Nothing is sent to anybody by it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from programme import audit, evidence, referral_state, second_chance, setting
from programme.context import Context
from programme.evidence import Pack
from programme.rules import decision as rules
from programme.rules.referral import Event
from storage.account import Account
from storage.decision import Decision, decisions_in, decisions_of, standing_decision
from storage.enums import DecisionState, Finding
from storage.person import Person
from storage.referral import Referral
from storage.row import add_unless_there, lock_one, lock_row

SHORTEST, LONGEST = 10, 2000  # signs of a reason
ALONE = "decision_alone"  # the setting by which one worker is enough


class NoReferralError(LookupError):
    """There is no such referral."""


class ReasonError(ValueError):
    """A decision needs a reason in words that others understand."""


class NotPossibleError(RuntimeError):
    """This cannot be decided of this person now."""


class DecidedError(RuntimeError):
    """This has been decided already."""


class SamePersonError(RuntimeError):
    """Somebody else must agree."""


@dataclass(frozen=True)
class DecisionView:
    """A decision with its people's names. `is_mine`: whoever looks made it, and cannot be the second one."""

    id: str
    referral_id: str
    finding: Finding
    state: DecisionState
    reason: str
    decided_by: str
    decided_at: datetime
    second_by: str | None
    second_at: datetime | None
    second_reason: str | None
    overturned_by: str | None
    overturned_at: datetime | None
    overturned_reason: str | None
    is_mine: bool


@dataclass(frozen=True)
class Waiting:
    """One that waits for a second worker."""

    decision: DecisionView
    name: str


@dataclass(frozen=True)
class Deciding:
    """What the page shows. `alone`: one worker is enough, by the setting."""

    pack: Pack
    standing: DecisionView | None
    earlier: tuple[DecisionView, ...]
    alone: bool


def look(ctx: Context, referral_id: str, account_id: str, live: bool = False) -> Deciding:
    """The evidence and what was decided so far; that somebody looked is logged. Raises NoReferralError."""
    with ctx.database.reading() as session:
        referral = session.get(Referral, referral_id)
        if referral is None:
            raise NoReferralError(NoReferralError.__doc__)
        pack = evidence.read(session, ctx, referral)
        found = [_view(session, row, account_id) for row in decisions_of(session, referral_id)]
        standing = standing_decision(session, referral_id)
        alone = setting.is_on(setting.facts(session), ALONE)
    if not live:
        with ctx.database.writing() as session:
            _record(session, ctx, account_id, "read_evidence", referral_id)
    own = next((each for each in found if standing is not None and each.id == standing.id), None)
    return Deciding(pack, own, tuple(each for each in found if each != own), alone)


def waiting(ctx: Context, account_id: str) -> list[Waiting]:
    """Every decision that waits for a second worker, the oldest first."""
    with ctx.database.reading() as session:
        return [
            Waiting(_view(session, row, account_id), _name_of(session, row.referral_id))
            for row in decisions_in(session, DecisionState.PROPOSED)
        ]


def decide(ctx: Context, referral_id: str, account_id: str, finding: str, reason: str) -> DecisionState:
    """Writes a decision down with the evidence as it is now. It is final where the setting lets one worker decide.

    Raises NoReferralError, ReasonError, NotPossibleError, DecidedError; then nothing was written.
    """
    words = _reason(reason)
    with ctx.database.writing() as session:
        referral = _locked(session, referral_id)
        if standing_decision(session, referral_id) is not None:
            raise DecidedError(DecidedError.__doc__)
        pack = evidence.read(session, ctx, referral)
        _check(pack.standing, finding)
        row = Decision(
            id=ctx.new_id(),
            referral_id=referral_id,
            finding=Finding(finding),
            state=DecisionState.PROPOSED,
            reason=words,
            evidence=pack.kept(),
            decided_by=account_id,
            decided_at=ctx.clock(),
        )
        if not add_unless_there(session, row, ["id"]):
            raise DecidedError(DecidedError.__doc__)
        _record(session, ctx, account_id, "decide", referral_id, {"finding": finding})
        if setting.is_on(setting.facts(session), ALONE):
            _finish(session, ctx, lock_one(session, Decision, row.id), referral, account_id)
            return DecisionState.FINAL
        return DecisionState.PROPOSED


def agree(ctx: Context, decision_id: str, account_id: str) -> str:
    """A second worker agrees, if it is still possible; the referral's id.

    Raises DecidedError, SamePersonError, NotPossibleError; then nothing was changed.
    """
    with ctx.database.writing() as session:
        row, referral = _proposed(session, decision_id)
        if not rules.may_agree(row.decided_by, account_id):
            raise SamePersonError(SamePersonError.__doc__)
        _check(evidence.stands(session, ctx, referral), row.finding.value)
        row.second_by, row.second_at = account_id, ctx.clock()
        _record(session, ctx, account_id, "agree_decision", referral.id)
        _finish(session, ctx, row, referral, account_id)
        return referral.id


def refuse(ctx: Context, decision_id: str, account_id: str, reason: str) -> str:
    """A second worker does not agree, or the first one takes it back; the referral's id. Raises DecidedError,
    ReasonError."""
    words = _reason(reason)
    with ctx.database.writing() as session:
        row, referral = _proposed(session, decision_id)
        row.state, row.second_by, row.second_at = DecisionState.REFUSED, account_id, ctx.clock()
        row.second_reason = words
        session.add(row)
        _record(session, ctx, account_id, "refuse_decision", referral.id)
        return referral.id


def overturn(ctx: Context, decision_id: str, account_id: str, reason: str) -> str:
    """A final decision was wrong: they get another chance, and what went to the police is taken back with the next
    list. The referral's id. Raises DecidedError, ReasonError."""
    words = _reason(reason)
    with ctx.database.writing() as session:
        row, referral = _in_state(session, decision_id, DecisionState.FINAL)
        row.state, row.overturned_by, row.overturned_at = DecisionState.OVERTURNED, account_id, ctx.clock()
        row.overturned_reason = words
        session.add(row)
        _change(session, ctx, referral, "overturn", account_id, words)
        second_chance.clear_place(session, ctx, referral, audit.worker(account_id))
        _record(session, ctx, account_id, "overturn_decision", referral.id)
        return referral.id


def _finish(session: Session, ctx: Context, row: Decision, referral: Referral, account_id: str) -> None:
    row.state = DecisionState.FINAL
    session.add(row)
    _change(session, ctx, referral, "give_back", account_id, row.reason)
    _record(session, ctx, account_id, "give_back", referral.id, {"finding": row.finding.value})


def _check(standing: rules.Standing, finding: str) -> None:
    if not rules.may_find(standing, finding):
        raise NotPossibleError(NotPossibleError.__doc__)


def _reason(text: str) -> str:
    words = " ".join(text.split())
    if not SHORTEST <= len(words) <= LONGEST:
        raise ReasonError(ReasonError.__doc__)
    return words


def _locked(session: Session, referral_id: str) -> Referral:
    row = lock_row(session, Referral, referral_id)
    if row is None:
        raise NoReferralError(NoReferralError.__doc__)
    return row


def _proposed(session: Session, decision_id: str) -> tuple[Decision, Referral]:
    return _in_state(session, decision_id, DecisionState.PROPOSED)


def _in_state(session: Session, decision_id: str, state: DecisionState) -> tuple[Decision, Referral]:
    """The decision and its referral, locked in the order referral, decision."""
    known = session.get(Decision, decision_id)
    if known is None:
        raise DecidedError(DecidedError.__doc__)
    referral = lock_one(session, Referral, known.referral_id)
    row = lock_one(session, Decision, decision_id)
    if row.state is not state or referral.erased_at is not None:
        raise DecidedError(DecidedError.__doc__)
    return row, referral


def _change(session: Session, ctx: Context, referral: Referral, event: Event, account_id: str, why: str) -> None:
    if referral_state.move(session, ctx, referral, event, audit.worker(account_id), why) is None:
        raise NotPossibleError(NotPossibleError.__doc__)


def _view(session: Session, row: Decision, account_id: str) -> DecisionView:
    return DecisionView(
        id=row.id,
        referral_id=row.referral_id,
        finding=row.finding,
        state=row.state,
        reason=row.reason,
        decided_by=_account(session, row.decided_by) or "",
        decided_at=row.decided_at,
        second_by=_account(session, row.second_by),
        second_at=row.second_at,
        second_reason=row.second_reason,
        overturned_by=_account(session, row.overturned_by),
        overturned_at=row.overturned_at,
        overturned_reason=row.overturned_reason,
        is_mine=row.decided_by == account_id,
    )


def _account(session: Session, account_id: str | None) -> str | None:
    account = session.get(Account, account_id) if account_id else None
    return account.name if account else None


def _name_of(session: Session, referral_id: str) -> str:
    return session.get_one(Person, session.get_one(Referral, referral_id).person_id).name


def _record(
    session: Session, ctx: Context, account_id: str, action: str, referral_id: str, detail: dict[str, str] | None = None
) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, "referral", referral_id, detail)
