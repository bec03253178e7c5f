"""The frames of the web chat's socket, as CONTRACTS name them: checked on the way in, shaped on the way out."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from programme.transcript import Line

FrameId = Annotated[str, Field(min_length=1, max_length=64)]


class Hello(BaseModel):
    type: Literal["hello"]
    token: Annotated[str, Field(min_length=1, max_length=200)]
    last_seen: Annotated[str, Field(max_length=64)] | None = None


class Say(BaseModel):
    type: Literal["say"]
    id: FrameId
    text: Annotated[str, Field(min_length=1)]


class Choose(BaseModel):
    type: Literal["choose"]
    id: FrameId
    payload: Annotated[str, Field(min_length=1, max_length=200)]


class Seen(BaseModel):
    type: Literal["seen"]
    id: FrameId


class Typing(BaseModel):
    type: Literal["typing"]


Frame = Hello | Say | Choose | Seen | Typing
FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def message(line: Line) -> dict[str, Any]:
    """The frame of a message to the page."""
    frame = {
        "type": "message",
        "id": line.id,
        "re": line.re,
        "from": line.sender.value,
        "text": line.text,
        "buttons": list(line.buttons),
        "answer": line.answer,
        "at": line.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    return {key: value for key, value in frame.items() if value is not None}
