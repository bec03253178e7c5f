"""Settings: the only reader of the environment. CONTRACTS.md's table, and what the supervisor tells its children."""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

PROJECT = Path(__file__).resolve().parent.parent
APP_PYTHON = PROJECT / ".venv" / "bin" / "python"
RASA_PYTHON = PROJECT / ".venv-rasa" / "bin" / "python"
TELEGRAM = "https://api.telegram.org"
NOTIFY = "https://api.notifications.service.gov.uk"
NOTIFY_KEY = re.compile(r".+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORTEST_TOKEN = 16
STAGE = re.compile(r"http://127\.0\.0\.1:[1-9]\d{1,4}")
BENCH_PARTS = ("turns", "understanding", "workers")
# Meant for whoever runs us, not for our children. Without .pyc files each start would compile Rasa anew.
NOT_FOR_CHILDREN = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS"}


class BadSettingsError(ValueError):
    """Settings (environment variables) that cannot be used; the message names each with what is wrong."""


def _web_address(text: object) -> object:
    if isinstance(text, str):
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("must be a web address, such as https://example.org")
        return text.rstrip("/")
    return text


def _database_address(text: object) -> object:
    if isinstance(text, str) and not text.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValueError("must start with postgresql:// (or sqlite:///)")
    return text


def _redis_address(text: object) -> object:
    if isinstance(text, str) and not text.startswith(("redis://", "rediss://")):
        raise ValueError("must start with redis:// or rediss://")
    return text


def _mail_address(text: object) -> object:
    if isinstance(text, str):
        parts = urlsplit(text)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(
                "must look like smtp://name:password@mail.example.org:587 (smtps:// for TLS from the start)"
            )
    return text


def _notify_key(text: object) -> object:
    if isinstance(text, str) and not NOTIFY_KEY.fullmatch(text.strip()):
        raise ValueError("must be a whole key of GOV.UK Notify: its name, the service's id and the secret")
    return text.strip() if isinstance(text, str) else text


def _proxy_addresses(text: object) -> object:
    if not isinstance(text, str):
        return text
    given = tuple(one.strip() for one in text.split(",") if one.strip())
    try:
        nets = [ipaddress.ip_network(one) for one in given]
    except ValueError:
        raise ValueError("must be addresses of proxies with commas between, such as 127.0.0.1, 10.0.0.0/24") from None
    if any(net.prefixlen == 0 for net in nets):
        raise ValueError("must not be everybody: then anyone could give us any address as theirs")
    return given


def _stage(text: object) -> object:
    if isinstance(text, str) and not STAGE.fullmatch(text):
        raise ValueError("must be a page's origin on this machine, such as http://127.0.0.1:8000")
    return text


def _parts(given: object) -> object:
    parts = tuple(one.strip() for one in given.split(",") if one.strip()) if isinstance(given, str) else given
    if not parts or not isinstance(parts, tuple) or not set(parts) <= set(BENCH_PARTS):
        raise ValueError(f"must be of {', '.join(BENCH_PARTS)}, with commas between")
    return parts


WebAddress = Annotated[str, BeforeValidator(_web_address)]
DatabaseAddress = Annotated[SecretStr, BeforeValidator(_database_address)]
RedisAddress = Annotated[SecretStr, BeforeValidator(_redis_address)]
MailAddress = Annotated[SecretStr, BeforeValidator(_mail_address)]
NotifyKey = Annotated[SecretStr, BeforeValidator(_notify_key)]
ProxyAddresses = Annotated[tuple[str, ...], BeforeValidator(_proxy_addresses)]
StageOrigin = Annotated[str, BeforeValidator(_stage)]
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseModel):
    """What was set, checked. Secrets print as stars; `get_secret_value()` opens them.

    `data_keys`: as they are written in DATA_KEYS (comma list, newest first), None where unset: launch/keys.py reads
    them. The six before the bench's are for the processes inside and are set by the supervisor at each start.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000  # 0: any free one, and the printed line says which
    trusted_proxy: ProxyAddresses = ()  # whose X-Forwarded-For is believed; without it nobody's
    var_dir: Path = PROJECT / "var"
    models_dir: Path | None = None  # where several starts are to share their models, and which of them is live
    live_margin: Annotated[float, Field(ge=0, le=100)] = 0.5  # points that a model may lose where less is at stake
    train_config: Path = PROJECT / "nlu" / "config.yml"  # by which models are trained; a quicker one is a weaker one
    score_sets: Path = PROJECT / "tests" / "nlu"  # the messages by which models are compared and may go live
    live_seconds: Annotated[float, Field(gt=0)] = 180.0  # in which every process must have a new model ready
    database: DatabaseAddress | None = Field(default=None, alias="database_url")
    redis_url: RedisAddress | None = None
    telegram_bot_token: SecretStr | None = None
    telegram_api_url: WebAddress = TELEGRAM
    telegram_webhook_url: WebAddress | None = None
    telegram_webhook_secret: SecretStr | None = None
    data_keys: SecretStr | None = None
    sample: bool = True  # whether an empty database gets the sample programme; no: a programme of your own begins
    public_url: WebAddress | None = None  # where people and workers find us, for links; else HOST and PORT
    smtp_url: MailAddress | None = None  # without it no e-mail is sent
    notify_api_key: NotifyKey | None = None  # GOV.UK Notify's; without it no text message is sent
    notify_sms_template: str | None = None  # the id of a template whose words are ((message)) and nothing else
    notify_url: WebAddress = NOTIFY
    notify_receipt_token: SecretStr | None = None  # with which it tells us what arrived; without it nobody can
    mail_from: str = "no-reply@localhost"

    dialogue_port: Port | None = None
    dialogue_at: Path | None = None
    dialogue_secret: SecretStr | None = None
    actions_port: Port | None = None
    actions_secret: SecretStr | None = None
    parent_pid: int | None = None

    # For `make demo`, on sample data only: the file that moves the clock ahead, and the one page that may show the
    # console in a frame and use the doors of launch/demo/door.py. Both off unless set.
    demo_clock: Path | None = None
    demo_stage: StageOrigin | None = None

    # For `make bench` (docs/bench.md), and what it tells the processes that it times.
    bench_parts: Annotated[tuple[str, ...], BeforeValidator(_parts)] = BENCH_PARTS
    bench_rounds: Annotated[int, Field(ge=1)] | None = None
    bench_stock_epochs: Annotated[int, Field(ge=1)] = 100
    bench_stock_examples: Annotated[int, Field(ge=1)] | None = None
    year_referrals: Annotated[int, Field(ge=1, le=100_000)] = 5000
    trace_dir: Path | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.telegram_webhook_url and not self.telegram_webhook_secret:
            raise ValueError(
                "TELEGRAM_WEBHOOK_URL needs TELEGRAM_WEBHOOK_SECRET, so that only Telegram can write to us"
            )
        if self.telegram_webhook_url and not self.telegram_webhook_url.startswith("https://"):
            raise ValueError("TELEGRAM_WEBHOOK_URL must start with https://: Telegram writes to nothing else")
        if self.notify_api_key and not self.notify_sms_template:
            raise ValueError("NOTIFY_API_KEY needs NOTIFY_SMS_TEMPLATE, the id of a template that says ((message))")
        if self.notify_api_key and not self.public_url:
            raise ValueError("NOTIFY_API_KEY needs PUBLIC_URL: text messages end in a link to the chat")
        if not self.sample and not self.data_keys:
            raise ValueError("SAMPLE=no needs DATA_KEYS: a programme of your own needs keys that are kept safe")
        if self.is_demo and self.data_keys:
            raise ValueError("DEMO_CLOCK and DEMO_STAGE are for sample data only, never beside DATA_KEYS")
        receipts = self.notify_receipt_token
        if receipts and len(receipts.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"NOTIFY_RECEIPT_TOKEN must have at least {SHORTEST_TOKEN} characters")
        return self

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the database; SQLite in VAR_DIR unless DATABASE_URL is set."""
        return self.database.get_secret_value() if self.database else f"sqlite:///{self.var_dir / 'app.db'}"

    @property
    def tracker_url(self) -> str:
        """Where Rasa keeps its conversations: a file of its own, or the same PostgreSQL."""
        if self.database and not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{self.var_dir / 'tracker.db'}"

    @property
    def dialogue_url(self) -> str:
        """The Rasa server's address on loopback. Only where the supervisor has set its port."""
        return f"http://127.0.0.1:{self.dialogue_port}"

    @property
    def actions_url(self) -> str:
        """The action server's address on loopback. Only where the supervisor has set its port."""
        return f"http://127.0.0.1:{self.actions_port}"

    @property
    def is_demo(self) -> bool:
        """Whether this start is one of `make demo`."""
        return self.demo_clock is not None or self.demo_stage is not None

    @property
    def models(self) -> Path:
        """The folder of trained models, and of which one is live."""
        return self.models_dir or self.var_dir / "models"

    def make_var_dir(self) -> None:
        """Makes VAR_DIR, for its owner alone. Raises BadSettingsError where that cannot be."""
        try:
            self.var_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.var_dir.chmod(0o700)
        except OSError as error:
            raise BadSettingsError(f"VAR_DIR: {self.var_dir} cannot be used: {error.strerror}.") from None


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; an empty variable counts as unset. Raises BadSettingsError."""
    environment = os.environ if environment is None else environment
    given = {name: environment[name.upper()] for name in _names() if environment.get(name.upper(), "").strip()}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        raise BadSettingsError("\n".join(_in_words(problem) for problem in error.errors())) from None
    folders = {
        name: getattr(settings, name) for name in ("var_dir", "models_dir", "train_config", "score_sets", "demo_clock")
    }
    return settings.model_copy(
        update={name: folder.expanduser().absolute() for name, folder in folders.items() if folder}
    )


def child_environment(settings: Settings | None = None, **more: str | None) -> dict[str, str]:
    """What a child is given: `more` (None leaves a name out) over the settings over what we were given ourselves.

    Without `settings`, none of ours goes down: the Rasa server has no business with the data keys or Telegram's token.
    """
    names = {name.upper() for name in _names()}
    kept = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHILDREN | names}
    ours = {} if settings is None else {name: os.environ[name] for name in names & os.environ.keys()}
    if settings is not None:
        ours["VAR_DIR"] = str(settings.var_dir)
        if settings.models_dir:
            ours["MODELS_DIR"] = str(settings.models_dir)
        if settings.demo_clock:  # every process of a demonstration tells the same time
            ours["DEMO_CLOCK"] = str(settings.demo_clock)
    given = {name: value for name, value in more.items() if value is not None}
    return {**kept, **ours, "PYTHONUNBUFFERED": "1", **given}


def chromium() -> str | None:
    """`$CHROMIUM`: the browser that tests drive."""
    return os.environ.get("CHROMIUM") or None


def search_path() -> str:
    """`$PATH`."""
    return os.environ.get("PATH", os.defpath)


def _names() -> list[str]:
    return [field.alias or name for name, field in Settings.model_fields.items()]


def _in_words(problem: Mapping[str, object]) -> str:
    where = problem["loc"]
    name = str(where[0]).upper() if isinstance(where, tuple) and where else ""
    words = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name}: {words}." if name else f"{words}."
