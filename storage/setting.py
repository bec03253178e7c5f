"""Settings: the programme's facts that Druglink owns, each with its source, approver and review date."""

from datetime import date, datetime

from sqlmodel import Field, Session, select

from storage.row import Row
from storage.types import Instant


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
