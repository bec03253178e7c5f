"""What the programme knows and what it does not: every setting with where it comes from, its history and what waits
for it, and what is to be looked at again soon."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import Literal

from sqlmodel import Session

from programme import setting, unanswered
from programme.answers import Answers, meta
from programme.catalogue import Entry, answers_with, catalogue, sample_approver
from programme.context import Context
from programme.rules import fact as rules
from programme.rules import london
from programme.rules.fact import State
from programme.unanswered import Asked
from storage.account import Account
from storage.audit import audit_of
from storage.enums import VersionState
from storage.setting import Setting, SettingVersion, all_settings, open_proposals, versions_of

Origin = Literal["setting", "public", "none"]  # `public`: a help line's value in nlu/answers/help_lines.yml
UNKNOWN = "…"  # stands in a preview for what a conversation or another setting gives


@dataclass(frozen=True)
class Version:
    """One step of a setting's history. `value` "" took it out. `reason`: why it was refused; none where a newer one
    took its place."""

    id: str
    key: str
    value: str
    source: str
    approver: str
    approved_on: date
    review_by: date
    state: VersionState
    proposed_by: str | None  # an account's id
    proposed_name: str | None
    proposed_at: datetime
    decided_name: str | None
    decided_at: datetime | None
    reason: str | None = None


@dataclass(frozen=True)
class View:
    """A setting as it stands. `sample`: nobody has approved it yet; `asked`: questions that wait for it."""

    entry: Entry
    value: str
    origin: Origin
    state: State
    sample: bool
    source: str
    approver: str
    approved_on: date | None
    review_by: date | None
    changed_at: datetime | None
    proposal: Version | None
    asked: tuple[Asked, ...]

    @property
    def times(self) -> int:
        """How often somebody asked in vain."""
        return sum(each.times for each in self.asked)


@dataclass(frozen=True)
class Due:
    """An answer whose own words are to be looked at again. `silent`: it is not given any more, or will not be then."""

    answer: str
    review_by: date
    silent: bool


@dataclass(frozen=True)
class Listing:
    """`attention`: what is empty or past its review, most asked first; `soon`: reviews due within 30 days;
    `elsewhere`: questions whose answer waits for its own review, not for a setting."""

    sample: bool
    attention: tuple[View, ...]
    proposals: tuple[tuple[Entry, Version], ...]
    soon: tuple[View, ...]
    due: tuple[Due, ...]
    elsewhere: tuple[Asked, ...]
    groups: tuple[tuple[str, tuple[View, ...]], ...]
    samples: int


@dataclass(frozen=True)
class Words:
    """Part of an answer as people read it. `this`: it is the setting that is looked at."""

    text: str
    this: bool = False


@dataclass(frozen=True)
class One:
    """A setting with its history, the newest first, and the answers that say it."""

    view: View
    history: tuple[Version, ...]
    told: tuple[tuple[str, tuple[Words, ...]], ...]


def listing(ctx: Context) -> Listing:
    """The whole page."""
    today = london.today(ctx.clock())
    with ctx.database.reading() as session:
        facts, rows = setting.facts(session), all_settings(session)
        asked = unanswered.questions(session, ctx.answers, facts, today)
        proposed = {row.key: _version(session, row) for row in open_proposals(session)}
        views = {
            key: _view(ctx.answers, entry, rows.get(key), proposed.get(key), asked, today)
            for key, entry in catalogue().entries.items()
        }
    attention = [each for each in views.values() if needs_work(each)]
    return Listing(
        sample=setting.SAMPLE in rows,
        attention=tuple(sorted(attention, key=lambda each: (-each.times, each.state != "expired"))),
        proposals=tuple((catalogue().entries[key], each) for key, each in proposed.items() if key in views),
        soon=_by_date([each for each in views.values() if each.state == "soon"]),
        due=tuple(_due(ctx.answers, today)),
        elsewhere=tuple(each for each in asked if each.expired),
        groups=tuple(
            (title, tuple(each for each in views.values() if each.entry.group == group))
            for group, title in catalogue().groups.items()
        ),
        samples=sum(each.sample and not each.entry.fixed for each in views.values()),
    )


def one(ctx: Context, key: str) -> One:
    """One setting. Raises UnknownFactError."""
    entry, today = catalogue().entry(key), london.today(ctx.clock())
    with ctx.database.reading() as session:
        facts, row = setting.facts(session), session.get(Setting, key)
        asked = unanswered.questions(session, ctx.answers, facts, today)
        history = tuple(_version(session, each) for each in versions_of(session, key))
    proposal = next((each for each in history if each.state is VersionState.PROPOSED), None)
    view = _view(ctx.answers, entry, row, proposal, asked, today)
    values = {name: fact.value for name, fact in facts.items()}
    values |= {name: line["value"] for name, line in ctx.answers.help_lines.items() if name not in values}
    return One(view, history, _told(ctx.answers, key, {**values, key: view.value}))


def needs_work(view: View) -> bool:
    """Whether it is empty or past its review, and the service is the poorer for it."""
    return view.state in ("empty", "expired") and not view.entry.optional


def _view(
    answers: Answers,
    entry: Entry,
    row: Setting | None,
    proposal: Version | None,
    asked: Sequence[Asked],
    today: date,
) -> View:
    line = answers.help_lines.get(entry.key)
    own = row is not None and bool(row.value.strip())
    waiting = tuple(each for each in asked if entry.key in each.missing)
    if row is not None and own:
        return View(
            entry=entry,
            value=row.value,
            origin="setting",
            state=rules.state(row.value, row.review_by, today),
            sample=row.approver == sample_approver(),
            source=row.source,
            approver=row.approver,
            approved_on=row.approved_on,
            review_by=row.review_by,
            changed_at=row.updated_at,
            proposal=proposal,
            asked=waiting,
        )
    review_by = date.fromisoformat(str(line["review_by"])) if line else None
    return View(
        entry=entry,
        value=line["value"] if line else "",
        origin="public" if line else "none",
        state=rules.state(line["value"] if line else "", review_by, today),
        sample=line is not None and line["approver"] == sample_approver(),
        source=line["source"] if line else "",
        approver=line["approver"] if line else "",
        approved_on=date.fromisoformat(str(line["approved_on"])) if line else None,
        review_by=review_by,
        changed_at=None,
        proposal=proposal,
        asked=waiting,
    )


def _version(session: Session, row: SettingVersion) -> Version:
    return Version(
        id=row.id,
        key=row.key,
        value=row.value,
        source=row.source,
        approver=row.approver,
        approved_on=row.approved_on,
        review_by=row.review_by,
        state=row.state,
        proposed_by=row.proposed_by,
        proposed_name=_name(session, row.proposed_by),
        proposed_at=row.proposed_at,
        decided_name=_name(session, row.decided_by),
        decided_at=row.decided_at,
        reason=_reason(session, row) if row.state is VersionState.REFUSED else None,
    )


def _name(session: Session, account_id: str | None) -> str | None:
    account = session.get(Account, account_id) if account_id else None
    return account.name if account else None


def _reason(session: Session, row: SettingVersion) -> str | None:
    """Why it was refused: in the audit log, sealed."""
    for line in audit_of(session, "setting", row.key):
        told: Mapping[str, str] = json.loads(line.detail or "{}")
        if line.action == "refuse_setting" and told.get("version") == row.id:
            return told.get("reason")
    return None


def _by_date(views: Sequence[View]) -> tuple[View, ...]:
    return tuple(sorted(views, key=lambda each: each.review_by or date.max))


def _due(answers: Answers, today: date) -> list[Due]:
    """The answers with a variation whose review is over, or due within 30 days, the earliest first."""
    found = []
    for name in answers.names():
        abouts = [meta(each) for each in answers.variations(name) if meta(each).get("review_by")]
        dated = [(date.fromisoformat(str(about["review_by"])), not about.get("lasting")) for about in abouts]
        late = [each for each in dated if each[0] <= today + rules.SOON]
        if late:
            found.append(Due(name, min(day for day, _ in late), any(silent for _, silent in late)))
    return sorted(found, key=lambda each: (each.review_by, each.answer))


def _told(answers: Answers, key: str, values: Mapping[str, str]) -> tuple[tuple[str, tuple[Words, ...]], ...]:
    """Each different text of an answer that says the setting, once."""
    found: dict[tuple[Words, ...], str] = {}
    for name in answers_with(answers, key):
        for each in answers.variations(name):
            parts = list(Formatter().parse(str(each["text"]).strip()))
            if any(field == key for _, field, _, _ in parts):
                found.setdefault(_words(parts, key, values), name)
    return tuple((name, words) for words, name in found.items())


def _words(
    parts: Sequence[tuple[str, str | None, str | None, str | None]], key: str, values: Mapping[str, str]
) -> tuple[Words, ...]:
    words: list[Words] = []
    for text, field, _, _ in parts:
        if text:
            words.append(Words(text))
        if field:
            words.append(Words(values.get(field) or UNKNOWN, this=field == key))
    return tuple(words)
