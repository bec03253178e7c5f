"""A person: who is referred, and how they can be reached. Every personal field is sealed."""

from datetime import datetime

from sqlmodel import Field

from storage.row import Row
from storage.types import Instant, Sealed


class Person(Row, table=True):
    id: str = Field(primary_key=True, max_length=32)
    name: str = Field(sa_type=Sealed("person.name"))
    date_of_birth: str = Field(sa_type=Sealed("person.date_of_birth"))
    phone: str | None = Field(default=None, sa_type=Sealed("person.phone"))
    email: str | None = Field(default=None, sa_type=Sealed("person.email"))
    access_needs: str | None = Field(default=None, sa_type=Sealed("person.access_needs"))
    language: str = Field(default="en", max_length=16)
    created_at: datetime = Field(sa_type=Instant)
