"""What people send that is not words, and which notice answers it."""

from telegram import Message

# In this order: an animation is a document as well, a venue a location.
READABLE = {
    "voice": "voice",
    "audio": "voice",
    "video_note": "video",
    "video": "video",
    "animation": "video",
    "photo": "photo",
    "sticker": "sticker",
    "document": "document",
    "venue": "location",
    "location": "location",
    "contact": "contact",
    "poll": "other",
    "dice": "other",
    "game": "other",
    "story": "other",
    "paid_media": "other",
    "checklist": "other",
}
EDITED = "edited"
KINDS = (*dict.fromkeys(READABLE.values()), EDITED)


def kind_of(message: Message) -> str | None:
    """One of KINDS; None for what nobody sent on purpose, such as "message pinned"."""
    return next((kind for attribute, kind in READABLE.items() if getattr(message, attribute, None)), None)


def other_answer(kind: str) -> str:
    """The notice that answers a message of kind OTHER; `kind` is the message's stored text."""
    return f"notice_cannot_read_{kind if kind in KINDS else 'other'}"
