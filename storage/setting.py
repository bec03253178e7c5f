"""Settings: the programme's facts that Druglink owns, each with its source, approver and review date."""

from datetime import date, datetime

from sqlmodel import Field, Session, col, select

from storage.enums import VersionState
from storage.row import Row
from storage.types import Instant, word


class Setting(Row, table=True):
    key: str = Field(primary_key=True, max_length=80)
    value: str = Field(max_length=4000)  # text; numbers and lists as JSON
    source: str = Field(max_length=300)
    approver: str = Field(max_length=200)
    approved_on: date
    review_by: date
    updated_at: datetime = Field(sa_type=Instant)


def all_settings(session: Session) -> dict[str, Setting]:
    """Every setting by its key."""
    return {setting.key: setting for setting in session.exec(select(Setting).order_by(Setting.key))}


class SettingVersion(Row, table=True):
    """What a setting was, is, or may become: its history. An empty value takes the setting out."""

    __tablename__ = "setting_version"

    id: str = Field(primary_key=True, max_length=32)
    key: str = Field(index=True, max_length=80)
    value: str = Field(max_length=4000)
    source: str = Field(max_length=300)
    approver: str = Field(max_length=200)
    approved_on: date
    review_by: date
    state: VersionState = Field(sa_type=word(VersionState, "setting_version.state"))
    proposed_by: str | None = Field(default=None, max_length=32)  # an account
    proposed_at: datetime = Field(sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=32)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)


def versions_of(session: Session, key: str) -> list[SettingVersion]:
    """A setting's history, the newest first."""
    found = select(SettingVersion).where(SettingVersion.key == key)
    return list(session.exec(found.order_by(col(SettingVersion.proposed_at).desc(), col(SettingVersion.id))))


def proposals_of(session: Session, key: str) -> list[SettingVersion]:
    """A setting's versions that wait for a second person."""
    found = select(SettingVersion).where(SettingVersion.key == key, SettingVersion.state == VersionState.PROPOSED)
    return list(session.exec(found.order_by(col(SettingVersion.proposed_at), col(SettingVersion.id))))


def open_proposals(session: Session) -> list[SettingVersion]:
    """Every version that waits for a second person, the oldest first."""
    found = select(SettingVersion).where(SettingVersion.state == VersionState.PROPOSED)
    return list(session.exec(found.order_by(col(SettingVersion.proposed_at), col(SettingVersion.id))))


def has_live(session: Session, key: str) -> bool:
    """Whether a setting's history knows what it was before."""
    found = select(SettingVersion.id).where(SettingVersion.key == key, SettingVersion.state == VersionState.LIVE)
    return session.exec(found.limit(1)).first() is not None
