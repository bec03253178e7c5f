"""Changing a fact: checked, then live at once, or agreed by a second person where consequences rest on it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session

from programme import audit, setting, unanswered
from programme.catalogue import Entry, catalogue
from programme.context import Context
from programme.rules import fact as rules
from programme.rules import london
from programme.rules.role import Permission, may
from storage.account import Account
from storage.enums import VersionState
from storage.row import add_unless_there, lock_one, lock_row
from storage.setting import Setting, SettingVersion, has_live, proposals_of


class WrongFieldsError(ValueError):
    """Something in this form is not right. Look at the marked fields."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        """`wrong`: what is wrong, in words, by field: value, source, approver, review_by, reason."""
        super().__init__(WrongFieldsError.__doc__)
        self.wrong = dict(wrong)


class NotChangeableError(RuntimeError):
    """This setting cannot be changed here."""


class NotAllowedError(RuntimeError):
    """Only leads and managers can change settings."""


class SamePersonError(RuntimeError):
    """You proposed this yourself. Another lead or manager must agree."""


class DecidedError(RuntimeError):
    """This has been decided already."""


class ReviewOverError(RuntimeError):
    """The review date of this proposal has passed. Propose it again with a new one."""


class Change(StrEnum):
    """What became of what somebody filled in."""

    LIVE = "live"
    PROPOSED = "proposed"


@dataclass(frozen=True)
class Given:
    """As it was written in the form. `value` of hours and days: the JSON that their editors make."""

    value: str
    source: str
    approver: str
    review_by: str


@dataclass(frozen=True)
class Changed:
    """`answered`: the answers that can be given now and could not before, where somebody had asked."""

    change: Change
    answered: tuple[str, ...] = ()


def propose(ctx: Context, account_id: str, key: str, given: Given) -> Changed:
    """Fills in a setting. Raises UnknownFactError, NotAllowedError, NotChangeableError, WrongFieldsError."""
    entry, today = catalogue().entry(key), london.today(ctx.clock())
    if entry.fixed:
        raise NotChangeableError(NotChangeableError.__doc__)
    value, source, approver, review_by = _read(entry, given, today)
    with ctx.database.writing() as session:
        _check_head(session, account_id)
        return _write(session, ctx, account_id, entry, value, source, approver, review_by)


def take_out(ctx: Context, account_id: str, key: str, reason: str) -> Changed:
    """Empties a setting: what rests on it is not said any more, or the public help line is. `reason` is its source.

    Raises as `propose`; NotChangeableError also where nothing is filled in.
    """
    entry, today = catalogue().entry(key), london.today(ctx.clock())
    try:
        reason = rules.read_name(reason, rules.LONGEST_SOURCE)
    except rules.BadFactError as error:
        raise WrongFieldsError({"reason": str(error)}) from None
    with ctx.database.writing() as session:
        name = _check_head(session, account_id)
        if entry.fixed or session.get(Setting, key) is None:
            raise NotChangeableError(NotChangeableError.__doc__)
        return _write(session, ctx, account_id, entry, "", reason, name, today)


def agree(ctx: Context, account_id: str, version_id: str) -> Changed:
    """A second person agrees: it is live. Raises NotAllowedError, SamePersonError, DecidedError, ReviewOverError."""
    with ctx.database.writing() as session:
        _check_head(session, account_id)
        version = _proposal(session, version_id)
        if version.proposed_by == account_id:
            raise SamePersonError(SamePersonError.__doc__)
        if version.value and version.review_by <= london.today(ctx.clock()):
            raise ReviewOverError(ReviewOverError.__doc__)
        _note(session, ctx, account_id, "agree_setting", version)
        return _go_live(session, ctx, account_id, version)


def refuse(ctx: Context, account_id: str, version_id: str, reason: str) -> None:
    """A proposal is refused, or taken back by who made it. Raises NotAllowedError, DecidedError, WrongFieldsError."""
    try:
        reason = rules.read_name(reason, rules.LONGEST_SOURCE)
    except rules.BadFactError as error:
        raise WrongFieldsError({"reason": str(error)}) from None
    with ctx.database.writing() as session:
        _check_head(session, account_id)
        _refuse(session, ctx, account_id, _proposal(session, version_id), reason)


def _read(entry: Entry, given: Given, today: date) -> tuple[str, str, str, date]:
    """All four, checked. Raises WrongFieldsError with all that is wrong at once."""
    wrong: dict[str, str] = {}
    value = source = approver = ""
    review_by = today
    try:
        value = _value(entry, given.value, today)
    except rules.BadFactError as error:
        wrong["value"] = str(error)
    try:
        source = rules.read_name(given.source, rules.LONGEST_SOURCE)
    except rules.BadFactError as error:
        wrong["source"] = str(error)
    try:
        approver = rules.read_name(given.approver, rules.LONGEST_APPROVER)
    except rules.BadFactError as error:
        wrong["approver"] = str(error)
    try:
        review_by = rules.read_review(given.review_by, today)
    except rules.BadFactError as error:
        wrong["review_by"] = str(error)
    if wrong:
        raise WrongFieldsError(wrong)
    return value, source, approver, review_by


def _value(entry: Entry, text: str, today: date) -> str:
    if entry.kind == "hours":
        try:
            weekly = setting.parse_hours(text)
        except setting.BadHoursError:
            raise rules.NothingWrittenError(rules.NothingWrittenError.__doc__) from None
        if not any(weekly.values()):
            raise rules.NothingWrittenError(rules.NothingWrittenError.__doc__)
        return text
    if entry.kind == "days":
        return rules.read_days(json.loads(text), today)
    return rules.read(entry.kind, text, entry.bounds)


def _check_head(session: Session, account_id: str) -> str:
    """The name of who changes it. The page asks too; here it holds for every way in. Raises NotAllowedError."""
    account = session.get(Account, account_id)
    allowed = account is not None and account.disabled_at is None
    if account is None or not allowed or not may(account.role, Permission.CHANGE_PROGRAMME):
        raise NotAllowedError(NotAllowedError.__doc__)
    return account.name


def _write(
    session: Session,
    ctx: Context,
    account_id: str,
    entry: Entry,
    value: str,
    source: str,
    approver: str,
    review_by: date,
) -> Changed:
    """The new version, proposed, or live where one person is enough. What was proposed before gives way to it."""
    now = ctx.clock()
    for earlier in proposals_of(session, entry.key):
        _refuse(session, ctx, account_id, earlier, None)
    version = SettingVersion(
        id=ctx.new_id(),
        key=entry.key,
        value=value,
        source=source,
        approver=approver,
        approved_on=london.today(now),
        review_by=review_by,
        state=VersionState.PROPOSED,
        proposed_by=account_id,
        proposed_at=now,
    )
    session.add(version)
    session.flush()
    if entry.consequence:
        _note(session, ctx, account_id, "propose_setting", version)
        return Changed(Change.PROPOSED)
    _note(session, ctx, account_id, "change_setting" if value else "take_out_setting", version)
    return _go_live(session, ctx, account_id, version)


def _go_live(session: Session, ctx: Context, account_id: str, version: SettingVersion) -> Changed:
    now, today = ctx.clock(), london.today(ctx.clock())
    before = lock_row(session, Setting, version.key)
    _keep_first(session, ctx, before)
    if version.value:
        _put(session, version, now)
    elif before is not None:
        session.delete(before)
    version.state, version.decided_by, version.decided_at = VersionState.LIVE, account_id, now
    session.add(version)
    session.flush()
    answered = unanswered.settle(session, ctx, account_id, setting.facts(session), today)
    return Changed(Change.LIVE, tuple(answered))


def _put(session: Session, version: SettingVersion, now: datetime) -> None:
    """The setting as this version has it, whether it is there or not: two may fill in the same one at once."""
    about = {name: getattr(version, name) for name in ("value", "source", "approver", "approved_on", "review_by")}
    if add_unless_there(session, Setting(key=version.key, updated_at=now, **about), ["key"]):
        return
    row = lock_one(session, Setting, version.key)
    for name, value in {**about, "updated_at": now}.items():
        setattr(row, name, value)
    session.add(row)


def _keep_first(session: Session, ctx: Context, before: Setting | None) -> None:
    """What was there before anybody changed it here becomes the beginning of its history."""
    if before is None or has_live(session, before.key):
        return
    session.add(
        SettingVersion(
            id=ctx.new_id(),
            key=before.key,
            value=before.value,
            source=before.source,
            approver=before.approver,
            approved_on=before.approved_on,
            review_by=before.review_by,
            state=VersionState.LIVE,
            proposed_at=before.updated_at,
            decided_at=before.updated_at,
        )
    )


def _proposal(session: Session, version_id: str) -> SettingVersion:
    version = lock_row(session, SettingVersion, version_id)
    if version is None or version.state != VersionState.PROPOSED:
        raise DecidedError(DecidedError.__doc__)
    return version


def _refuse(session: Session, ctx: Context, account_id: str, version: SettingVersion, reason: str | None) -> None:
    """`reason`: none where a newer proposal took its place."""
    version.state, version.decided_by, version.decided_at = VersionState.REFUSED, account_id, ctx.clock()
    session.add(version)
    _note(session, ctx, account_id, "refuse_setting", version, reason)


def _note(
    session: Session, ctx: Context, account_id: str, action: str, version: SettingVersion, reason: str | None = None
) -> None:
    """A line of the audit log of the setting; its reason is read again for the history."""
    audit.note(
        session,
        ctx,
        audit.worker(account_id),
        action,
        "setting",
        version.key,
        {"version": version.id, **({"reason": reason} if reason else {})},
    )
