"""The steps of choosing: what suits the person, and which of the offered courses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actions.speech import Tap
from programme import dates, offers
from programme.offers import OffersKind, OfferView
from programme.rules import choice, preference
from programme.rules.preference import Preference

if TYPE_CHECKING:
    from actions.journey import Journey

FEW = 3  # words
ANYTHING = Preference(anything=True)
EASY = ("affirm", "unsure", "deny", "book_course", "choose_session", "ask_available_sessions", "show_more")
POLITE = ("greet", "goodbye", "thank")  # "good evening" asks for no evening
TAPPED = {
    "any": ANYTHING,
    "evening": Preference(parts=frozenset({"evening"})),
    "weekend": Preference(weekend=True),
    "online": Preference(online=True),
}


def take_preference(journey: Journey) -> bool:
    """A wish, or that there is none; a tap on an older list is a choice already."""
    if token := journey.heard.entities.get("offer"):
        journey.put(preference=preference.pack(ANYTHING))
        return _pick(journey, token)
    wanted = wish(journey)
    if wanted is None and journey.heard.intent in EASY and not journey.is_question():
        wanted = ANYTHING
    if wanted is None:
        return False
    return show(journey, wanted)


def wish(journey: Journey) -> Preference | None:
    """What the message asks of a course: tapped or in words; None where it says nothing about it."""
    option = journey.heard.entities.get("option", "")
    if option in TAPPED:
        return TAPPED[option]
    if option.startswith("place:"):
        return Preference(place=option.removeprefix("place:"))
    if journey.heard.tapped or journey.is_question() or journey.heard.intent in POLITE:
        return None
    return read_wish(journey)


def read_wish(journey: Journey) -> Preference | None:
    """What the words of the message ask of a course."""
    said = dates.plainly(journey.heard.text, journey.ctx.clock())
    return preference.read(said, offers.places(journey.ctx))


def read_choice(journey: Journey, table: Sequence[OfferView]) -> choice.Choice:
    """Which of the offers on the table the words of the message mean."""
    said = dates.plainly(journey.heard.text, journey.ctx.clock(), list_shown=True)
    return choice.read(said, [offer.slot for offer in table], offers.places(journey.ctx))


def show(journey: Journey, wanted: Preference | None, more: bool = False) -> bool:
    """Puts offers on the table, or says honestly that there are none."""
    made = offers.make(journey.ctx, journey.conversation_id, wanted, more)
    answer = "utter_offers_one" if len(made.offers) == 1 else "utter_offers"
    if made.kind is OffersKind.NONE_FITS and wanted is not None:
        wanted, made = _nearest(journey, wanted, made)
        answer = "utter_offers_near"
    match made.kind:
        case OffersKind.OFFERS:
            journey.put(preference=preference.pack(wanted or ANYTHING), choice=None, confirmation=None)
            journey.say(answer, {}, *taps(made.offers, made.more))
            journey.asked = True
        case OffersKind.NO_MORE:
            journey.say("utter_no_more", {}, Tap("choose_session", "label_any_time", carries={"option": "any"}))
            journey.asked = True
        case OffersKind.NONE_FITS:
            journey.put(preference=None, choice=None)
            journey.say("utter_none_fits")
        case OffersKind.NONE_FREE:
            journey.end()
            asked = made.asked_at.isoformat() if made.asked_at else None
            journey.say("utter_none_free", {"asked_at": asked})
        case kind:
            journey.end()
            journey.say(f"utter_{kind.value}")
    return True


def _nearest(journey: Journey, wanted: Preference, none: offers.Offered) -> tuple[Preference, offers.Offered]:
    """Where no place is free on the dates that were asked for: what is, from then on, or else at any time."""
    for loose in preference.nearest(wanted):
        made = offers.make(journey.ctx, journey.conversation_id, loose)
        if made.kind is OffersKind.OFFERS:
            return loose, made
    return wanted, none


def taps(found: Sequence[OfferView], more: bool = False) -> list[Tap]:
    """A button for each offer, then more, then none of these."""
    shown = [_tap(offer) for offer in found]
    if more:
        shown.append(Tap("show_more", "label_show_more"))
    return [*shown, Tap("choose_session", "label_none_of_these", carries={"option": "none"})]


def _tap(offer: OfferView) -> Tap:
    return Tap("choose_session", label(offer), facts(offer), {"offer": offer.token})


def label(offer: OfferView) -> str:
    """The label of an offer's button."""
    return "label_offer_online" if offer.online else "label_offer"


def facts(offer: OfferView) -> dict[str, object]:
    """What is said about an offered course."""
    return {
        "starts_at": offer.starts[0].isoformat(),
        "ends_at": offer.ends.isoformat(),
        "last_starts_at": offer.starts[-1].isoformat(),
        "times": [[starts.isoformat(), ends.isoformat()] for starts, ends in offer.sessions],
        "sessions": len(offer.starts),
        "place": offer.place,
        "venue": offer.venue,
    }


def take_choice(journey: Journey) -> bool:
    """One of the offers, none of them, more of them, or another wish."""
    token = journey.heard.entities.get("offer")
    if token:
        return _pick(journey, token)
    option = journey.heard.entities.get("option")
    if option == "none":
        return _none(journey)
    if option:
        return take_preference(journey)
    if journey.heard.intent == "show_more":
        return show(journey, unpacked(journey), more=True)
    if journey.heard.tapped:
        return _take_other_words(journey, (), None)
    if journey.is_question() or journey.heard.intent in POLITE:
        return False
    return _take_words(journey)


def names_one(journey: Journey) -> bool:
    """Whether a few words plainly pick one of the offers, or refuse them all."""
    if len(journey.heard.text.split()) > FEW:
        return False
    table = offers.latest(journey.ctx, journey.conversation_id)
    return read_choice(journey, table).kind in ("index", "none")


def _take_words(journey: Journey) -> bool:
    table = offers.latest(journey.ctx, journey.conversation_id)
    picked = read_choice(journey, table)
    if picked.kind == "index" and picked.index is not None:
        return _pick(journey, table[picked.index].token)
    if picked.kind == "none":
        return _none(journey)
    if picked.kind == "ambiguous":
        some = [
            Tap("choose_session", label(o), facts(o), {"offer": o.token}) for o in (table[i] for i in picked.indices)
        ]
        journey.say("utter_which_one", {}, *some)
        journey.asked = True
        return True
    return _take_other_words(journey, table, read_wish(journey))


def _take_other_words(journey: Journey, table: tuple[OfferView, ...], wanted: Preference | None) -> bool:
    if wanted is not None:
        return show(journey, preference.merge(unpacked(journey), wanted))
    match journey.heard.intent:
        case "affirm" if len(table) == 1:
            return _pick(journey, table[0].token)
        case "deny":
            return _none(journey)
        case "ask_available_sessions":
            return show(journey, unpacked(journey), more=True)
        case "affirm" | "unsure" | "choose_session":
            journey.say("utter_explain_choice")
            return True
        case _:
            return False


def _pick(journey: Journey, token: str) -> bool:
    journey.put(choice=token, confirmation=None)
    return True


def _none(journey: Journey) -> bool:
    journey.put(preference=None, choice=None)
    journey.say("utter_none_of_these")
    return True


def unpacked(journey: Journey) -> Preference | None:
    """The wish that the offers on the table were made for."""
    packed = journey.slots.get("preference")
    return preference.unpack(packed) if isinstance(packed, dict) else None


def places_to_tap(journey: Journey) -> list[Tap]:
    """Buttons for a wish: any time, evenings, weekends, online, and the towns."""
    first = [
        Tap("choose_session", "label_any_time", carries={"option": "any"}),
        Tap("choose_session", "label_evenings", carries={"option": "evening"}),
        Tap("choose_session", "label_weekends", carries={"option": "weekend"}),
        Tap("choose_session", "label_choose_online", carries={"option": "online"}),
    ]
    towns = [place for place in offers.places(journey.ctx) if place.casefold() != "online"]
    return first + [
        Tap("choose_session", "label_place", {"place": town}, {"option": f"place:{town}"}) for town in towns
    ]
