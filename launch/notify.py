"""Text messages by GOV.UK Notify, with its own Python client."""

import asyncio
import threading
from datetime import timedelta

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from launch.outreach import NotSentError
from programme.outreach_post import Letter

SECONDS = 10
BAD_REQUEST = 400  # this number, or these words, will never be taken; all else may be put right


class Notify:
    """`template`: the id of one whose words are ((message)). Our reference goes with each message, so that what may
    have been sent already is asked about before it is sent again."""

    def __init__(self, key: str, template: str, url: str) -> None:
        self._key, self._template, self._url = key, template, url
        self._own = threading.local()  # the client is for one thread

    async def __call__(self, letter: Letter) -> str:
        """The message's id at Notify. Raises NotSentError."""
        return await asyncio.to_thread(self._send, letter)

    def _send(self, letter: Letter) -> str:
        try:
            earlier = self._earlier(letter) if letter.tries > 1 else None
            return earlier or self._send_anew(letter)
        except APIError as error:
            raise NotSentError(f"notify_{error.status_code}", _wait(error), error.status_code == BAD_REQUEST) from None

    def _send_anew(self, letter: Letter) -> str:
        answer = self._client().send_sms_notification(
            phone_number=letter.to,
            template_id=self._template,
            personalisation={"message": letter.text},
            reference=letter.id,
        )
        return str(answer["id"])

    def _earlier(self, letter: Letter) -> str | None:
        """The message that was sent under this reference, where only its answer was lost."""
        found = self._client().get_all_notifications(reference=letter.id)["notifications"]
        return str(found[0]["id"]) if found else None

    def _client(self) -> NotificationsAPIClient:
        if not hasattr(self._own, "client"):
            self._own.client = NotificationsAPIClient(self._key, base_url=self._url, timeout=SECONDS)
        client: NotificationsAPIClient = self._own.client
        return client


def _wait(error: APIError) -> timedelta | None:
    """How long the other side asks us to wait, where it says so."""
    asked = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    return timedelta(seconds=int(asked)) if asked.isdigit() else None
