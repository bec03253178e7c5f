"""The web chat's page, embed script and words, filled in from the answers' labels, and the headers they travel with."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
_BLANK = re.compile(r"\{\{(\w+)\}\}")
_EMBED_WORDS = {
    "open": "label_embed_open",
    "close": "label_embed_close",
    "frame": "label_embed_frame",
    "fresh": "label_embed_new",
}


class PageNotReadyError(Exception):
    """A word that the page needs has no label, or "Leave this page" leads to no web address."""


@dataclass(frozen=True)
class ChatPage:
    """What the page says and where it leads.

    `labels`: every `label_*` of nlu/answers; `phone` as people write it; `hours` in words, or "" when they are not
    known; `leave_to`: the http(s) address that "Leave this page" opens; `sample`: whether to say that nothing is real.
    Raises PageNotReadyError at once rather than when someone reads.
    """

    labels: Mapping[str, str]
    phone: str
    leave_to: str
    sample: bool
    hours: str = ""
    framed_by: Sequence[str] = ()  # origins that may show the chat in a frame

    def __post_init__(self) -> None:
        if not re.match(r"https?://", self.leave_to):
            raise PageNotReadyError
        self.html()
        self.embed_script()

    def html(self) -> str:
        """The page for `/` and `/r/<token>`, every word in it escaped."""
        values = {
            **{key: self._fill(text) for key, text in self.labels.items()},
            "label_hours": self._fill(self.labels.get("label_hours", "")) if self.hours else "",
            "phone": self.phone,
            "phone_link": "tel:" + re.sub(r"[^\d+]", "", self.phone),
            "leave_to": self.leave_to,
            "sample": "true" if self.sample else "false",
        }
        page = (STATIC / "index.html").read_text(encoding="utf-8")
        try:
            return _BLANK.sub(lambda found: html.escape(values[found[1]]), page)
        except KeyError as missing:
            raise PageNotReadyError from missing

    def embed_script(self) -> str:
        """The script for `/embed.js`."""
        try:
            words = {name: self.labels[key] for name, key in _EMBED_WORDS.items()}
        except KeyError as missing:
            raise PageNotReadyError from missing
        script = (STATIC / "embed.js").read_text(encoding="utf-8")
        return script.replace('"{{words}}"', json.dumps(words))

    def words(self) -> dict[str, object]:
        """The answer of `GET /chat/labels.json`: what the page's script says."""
        own = {key: text for key, text in self.labels.items() if key.startswith("label_")}
        return {"labels": own, "phone": self.phone, "sample": self.sample, "leave_to": self.leave_to}

    def _fill(self, text: str) -> str:
        return text.replace("{phone}", self.phone).replace("{hours}", self.hours)


def page_headers(embed_origins: Sequence[str] = (), host: str = "") -> dict[str, str]:
    """Headers for the page: nothing inline or from elsewhere, framed only by `embed_origins`, stored nowhere.

    `host`: as the request names it. Older Safari does not count the socket of its own host as 'self'.
    """
    socket = f" wss://{host} ws://{host}" if _HOST.fullmatch(host) else ""
    ancestors = " ".join(embed_origins) if embed_origins else "'none'"
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self'{socket}",
        "manifest-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        f"frame-ancestors {ancestors}",
        "require-trusted-types-for 'script'",
    ]
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    }
