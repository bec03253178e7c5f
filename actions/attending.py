"""Coming to the course, being late for it, having missed it, and where one stands: told once it is known who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actions.speech import Tap
from programme import attendance, case_card
from programme.attendance import Coming
from programme.case_card import Standing
from programme.rules import attendance as rules
from programme.rules.attendance import WHYS, Missed
from storage.enums import CaseReason

if TYPE_CHECKING:
    from actions.journey import Journey
    from programme.booked import BookingView

CARDS: Mapping[Standing, str] = {
    Standing.SESSION_OVER: "utter_session_over",
    Standing.NOT_BOOKED: "utter_case_not_booked",
    Standing.MISSED: "utter_case_missed",
    Standing.ATTENDED: "utter_case_attended",
    Standing.COMPLETED: "utter_case_completed",
    Standing.DEADLINE_UNKNOWN: "utter_case_deadline_unknown",
    Standing.DEADLINE_PAST: "utter_case_deadline_past",
    Standing.CLOSED: "utter_case_closed",
}
DONE = (Standing.COMPLETED, Standing.CLOSED)  # nothing is left that not going could lead to
BY_WORKER = (Standing.MISSED, Standing.DEADLINE_UNKNOWN, Standing.DEADLINE_PAST, Standing.CLOSED)
# What workers have to look at, as it is told to the person. The other reasons are the workers' own business.
OPEN: Mapping[CaseReason, str] = {
    CaseReason.NO_SESSION: "label_case_no_session",
    CaseReason.DEADLINE_UNKNOWN: "label_case_deadline",
    CaseReason.DEADLINE_PAST: "label_case_deadline",
    CaseReason.MORE_TIME: "label_case_more_time",
    CaseReason.CUT_OFF: "label_case_cut_off",
    CaseReason.NOT_OPEN: "label_case_not_open",
    CaseReason.MISSED_SESSION: "label_case_missed_session",
    CaseReason.ATTENDANCE_DISPUTED: "label_case_attendance_disputed",
    CaseReason.WAITING_LIST: "label_case_waiting_list",
    CaseReason.CONTACT_CHANGE: "label_case_contact_change",
    CaseReason.DECLINED: "label_case_declined",
    CaseReason.COMPLAINT: "label_case_complaint",
    CaseReason.DATA_REQUEST: "label_case_data_request",
    CaseReason.UNDER_18: "label_case_under_18",
    CaseReason.ELIGIBILITY: "label_case_eligibility",
    CaseReason.OFFENCE_DISPUTED: "label_case_offence_disputed",
    CaseReason.COURT_LETTER: "label_case_court_letter",
    CaseReason.ACCESS_NEEDS: "label_case_access_needs",
    CaseReason.LANGUAGE: "label_case_language",
}
MISSED = "missed_session"


def confirm(journey: Journey) -> None:
    """Notes that they will be there, and says when and where."""
    found = attendance.confirm(journey.ctx, journey.conversation_id)
    match found.what:
        case Coming.NO_PLACE:
            journey.settle("action_begin_booking")
            journey.say("utter_confirm_no_place")
        case Coming.OVER if found.booking is not None:
            journey.settle()
            tell_over(journey, found.booking)
        case _:
            journey.settle()
            journey.say(
                "utter_confirmed_online" if _online(found.booking) else "utter_confirmed", _values(found.booking)
            )


def late(journey: Journey, intent: str = "running_late") -> None:
    """Where to go today, and what is done about being late."""
    found = attendance.late(journey.ctx, journey.conversation_id, journey.said(intent))
    match found.what:
        case Coming.TODAY:
            journey.say(
                "utter_late_today_online" if _online(found.booking) else "utter_late_today", _values(found.booking)
            )
        case Coming.AHEAD:
            journey.say("utter_late_other_day", _values(found.booking))
        case Coming.OVER if found.booking is not None:
            tell_over(journey, found.booking)
        case _:
            journey.say("utter_running_late")


def missed(journey: Journey) -> None:
    """No blame: the next place at once where the programme allows it, else a worker."""
    found = attendance.tell_missed(journey.ctx, journey.conversation_id, journey.said(MISSED))
    match found.what:
        case Missed.AGAIN:
            journey.begin("book")
            journey.say("utter_missed_again", {}, *_why())
        case Missed.WORKER:
            journey.end(pending="action_request_human")
            journey.say("utter_missed_worker", {}, *_why())
        case Missed.NOT_YET:
            journey.settle()
            journey.say("utter_missed_not_yet", _values(found.booking))
        case Missed.ON_NOW:
            journey.settle()
            late(journey, MISSED)
        case _:
            journey.settle("action_begin_booking")
            journey.say("utter_missed_nothing")


def is_over(journey: Journey, held: BookingView) -> bool:
    """Whether the last session of this place has ended."""
    return rules.is_over(held.sessions, journey.ctx.clock())


def tell_over(journey: Journey, held: BookingView) -> None:
    """When a place was that is over, and what its list says by now: that they came, that they did not, or nothing."""
    standing = case_card.stands(journey.ctx, journey.conversation_id, held)
    journey.say(CARDS[standing], _known(journey, standing, held.values(), held))


def tell_none(journey: Journey) -> None:
    """No place is held: the next one may be booked, with the session that was missed before it; or it is over here."""
    if case_card.stands(journey.ctx, journey.conversation_id, None) is Standing.CLOSED:
        journey.end(pending="action_request_human")
        journey.say(CARDS[Standing.CLOSED])
        return
    journey.end(pending="action_begin_booking")
    journey.say("utter_no_booking", case_card.missed(journey.ctx, journey.conversation_id))


def _known(
    journey: Journey, standing: Standing, values: Mapping[str, Any], held: BookingView | None
) -> Mapping[str, Any]:
    """`values`, without the times where it cannot be said of all of them that they were missed."""
    told = standing is not Standing.MISSED or (held and len(held.sessions) == 1 and is_over(journey, held))
    return values if told else {key: value for key, value in values.items() if key != "times"}


def tell_card(journey: Journey) -> None:
    """Where they stand: the place, the last days, what happens otherwise, who decides and what is open."""
    card = case_card.read(journey.ctx, journey.conversation_id)
    if card is None:  # taken back just now
        journey.end()
        journey.say("utter_case_first")
        return
    if card.standing is Standing.BOOKED and card.booking is not None:
        journey.settle()
        journey.tell(card.booking)
    else:
        begin = "action_begin_booking" if card.standing is Standing.NOT_BOOKED else None
        journey.settle("action_request_human" if card.standing in BY_WORKER else begin)
        journey.say(CARDS[card.standing], _known(journey, card.standing, card.values(), card.booking))
    if card.standing not in DONE:
        labels = dict.fromkeys(OPEN[reason] for reason in card.open if reason in OPEN)
        lines = [f"• {journey.ctx.answers.label(label)}" for label in labels]
        journey.say("utter_case_otherwise", {"open": "\n".join(lines) or None})


def _why() -> list[Tap]:
    """What got in the way, for whoever wants to say it."""
    return [Tap("tell_worker", f"label_why_{why}", carries={"reason": MISSED, "why": why}) for why in WHYS]


def _values(held: BookingView | None) -> dict[str, Any]:
    return held.values() if held else {}


def _online(held: BookingView | None) -> bool:
    return held is not None and held.online
