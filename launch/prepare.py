"""Before anything starts: the database at its newest migration, keys that fit it, the sample programme on it."""

import json
import os
from dataclasses import dataclass, replace

from pydantic import SecretStr

from launch.context import make_context
from launch.keys import make_sample_keys, read_keyring, refuse_real_programme, sample_password
from launch.lessons import write_lessons
from launch.moved_clock import refuse_real
from launch.settings import Settings
from programme import sample, sample_staff, sample_week
from programme.context import Context
from programme.rules import reference
from programme.sample_staff import SampleLogin
from storage.database import Database
from storage.keys import KEY_BYTES, write_key
from storage.migrate import migrate


def migrate_database(settings: Settings) -> None:
    """Brings the database to its newest migration; nothing in it is read."""
    settings.make_var_dir()
    ctx = _without_keys(settings)
    try:
        migrate(ctx.database)
    finally:
        ctx.database.close()


@dataclass(frozen=True)
class Sample:
    """What is printed at each start on sample data, and stays true: a referral without a place, accounts to try."""

    referral: sample.SampleReferral
    logins: list[SampleLogin]
    password: str


def prepare(settings: Settings) -> Sample | None:
    """Migrates, seeds an empty database with the sample unless a programme of its own is to begin there, tops up a
    sample; what to print of it, if it is one.

    Raises NoKeysError for a real programme without DATA_KEYS, LostKeysError for a sample whose key file is gone,
    NoSampleError for a demonstration on anything but a sample.
    """
    settings.make_var_dir()
    probe = _without_keys(settings)  # whether this is a sample stands in the clear; keys come after the answer
    try:
        migrate(probe.database)
        is_sample = sample.is_sample(probe)
        empty = sample.is_empty(probe) and settings.sample
        if not empty:
            refuse_real(probe, settings)
    finally:
        probe.database.close()
    if not empty and not is_sample:
        refuse_real_programme(settings)
    if empty and not settings.data_keys:
        make_sample_keys(settings)
    ctx = replace(probe, database=Database(settings.database_url, read_keyring(settings)))
    try:
        if empty:
            sample.seed(ctx)
        write_lessons(ctx, settings)
        if not empty and not is_sample:
            sample_staff.retire(ctx)
            return None
        password = sample_password(settings)
        found = Sample(sample.refresh(ctx), sample_staff.refresh(ctx, password), password)
        if sample_week.is_told(ctx):
            sample_week.keep_alive(ctx)
        else:
            sample_week.tell(ctx, sample_staff.ids(ctx))
        return found
    finally:
        ctx.database.close()


def as_json(found: Sample | None) -> str:
    """What the supervisor, which loads no database code, is told: the lines to print; none where it is no sample."""
    if found is None:
        return json.dumps([])
    referral, logins = found.referral, found.logins
    born = f"{referral.born.day} {referral.born:%B %Y}"
    lines = [f"Sample referral: {reference.show(referral.reference)}, born {born}"]
    others = ", ".join(login.email for login in logins[1:])
    lines.append(f"Sample login: {logins[0].email} password: {found.password}")
    lines.append(f"With the same password: {others}")
    return json.dumps(lines)


def _without_keys(settings: Settings) -> Context:
    """A context that can see the tables and open nothing that is sealed."""
    key = SecretStr(write_key(os.urandom(KEY_BYTES)))
    return make_context(settings.model_copy(update={"data_keys": key}))
