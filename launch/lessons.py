"""What trainers taught on their page, written beside the models as a file of examples: it joins every training."""

import os
from pathlib import Path

from launch.context import make_context
from launch.model import LESSONS
from launch.settings import Settings
from programme import taught
from programme.context import Context
from storage.migrate import is_current

HEAD = "# Written by the assistant from what trainers taught on the Training page. Do not edit: it is written anew.\n"


def refresh_lessons(settings: Settings) -> int:
    """The same, where there is a database already; it is opened for this alone."""
    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url[10:]).exists():
        return 0
    ctx = make_context(settings)
    try:
        return write_lessons(ctx, settings) if is_current(ctx.database) else 0
    finally:
        ctx.database.close()


def write_lessons(ctx: Context, settings: Settings) -> int:
    """Writes the file, or takes it away where nothing is taught. How many lessons stand in it."""
    content = taught.export(ctx)
    file = settings.models / LESSONS
    if not content:
        file.unlink(missing_ok=True)
        return 0
    new = file.with_name(f".{LESSONS}.{os.getpid()}")
    settings.models.mkdir(mode=0o700, parents=True, exist_ok=True)
    new.touch(mode=0o600)
    new.write_text(HEAD + content, encoding="utf-8")
    if file.exists() and file.read_bytes() == new.read_bytes():
        new.unlink()
    else:
        new.replace(file)
    return content.count("\n    - ")
