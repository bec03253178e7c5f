"""What must happen at each step for each intent: the table that the matrix test holds the dialogue to."""

from programme.rules.danger import DANGERS
from tests.dialogue.outcome import Leaves, Outcome, Stays, ends, goes, leaves, stays, told

ASKED = {  # what each step asks
    "reference": "utter_step_reference",
    "date_of_birth": "utter_step_date_of_birth",
    "preference": "utter_step_preference",
    "choice": "utter_offers",
    "book": "utter_ask_book",
    "move": "utter_ask_move",
    "cancel": "utter_ask_cancel",
    "lost_name": "utter_step_lost_name",
    "lost_birth": "utter_step_lost_birth",
    "lost_phone": "utter_step_lost_phone",
    "callback_number": "utter_step_callback_number",
    "callback_known": "utter_step_callback_known",  # the same step, of somebody whose number is known
    "callback_time": "utter_step_callback_time",
    "callback_yes": "utter_step_callback_yes",
    "feedback_words": "utter_step_feedback_words",
}
STEPS = tuple(ASKED)
WHO = ("reference", "date_of_birth")
LOST = ("lost_name", "lost_birth", "lost_phone")
CALL = ("callback_number", "callback_time", "callback_yes")
LINE = "feedback_words"
UNKNOWN = (*WHO, *LOST, *CALL, LINE)  # it is not known yet who asks
KNOWN = ("preference", "choice", "book", "move", "cancel", "callback_known")


QUESTIONS = (
    "ask_what_is_programme", "ask_duration", "ask_cost", "ask_location", "ask_online", "ask_what_to_bring",
    "ask_accessibility", "ask_non_attendance", "ask_criminal_record", "ask_privacy", "ask_is_this_real", "ask_bot",
    "ask_capabilities", "ask_contact_details", "ask_course_content", "ask_group", "ask_who_runs_it", "ask_rules",
    "ask_bring_someone", "ask_interpreter", "ask_drug_test", "ask_proof_of_attendance", "ask_after_course",
    "ask_eligibility", "ask_young_people", "ask_for_someone_else", "ask_practical_help", "ask_deferred_prosecution",
    "ask_admission", "ask_court_letter", "ask_police_matter", "ask_legal_advice", "ask_support", "ask_drug_advice",
)  # fmt: skip
TOLD = (  # what is told rather than asked, each with an answer of its own name
    "dispute_offence", "dispute_attendance", "join_waiting_list", "change_contact", "complain", "request_my_data",
    "technical_problem", "disclose_offence", "share_low_mood", "insult",
)  # fmt: skip
ALIKE: dict[str, Outcome] = {  # the same at every step
    **{intent: stays(f"utter_{intent}") for intent in (*QUESTIONS, *TOLD)},
    **{danger: leaves(f"utter_danger_{danger}") for danger in sorted(DANGERS)},
    "decline_programme": leaves("utter_decline_programme"),
    "wrong_person": ends("utter_wrong_person"),
    "tell_worker": stays("utter_fallback_person"),  # without a button of ours nobody knows what about
    "greet": stays("utter_greet"),
    "thank": stays("utter_thank"),
    "out_of_scope": stays("utter_out_of_scope"),
    "goodbye": leaves("utter_goodbye_unfinished"),
    "request_more_time": stays("utter_more_time"),
    "request_human": leaves("utter_handoff_open"),
    "withdraw_human": stays("utter_handoff_none"),
    "stop_messages": leaves("utter_stopped_in_form"),
    "stop_reminders": stays("utter_reminders_stopped"),
    "start_reminders": stays("utter_reminders_started"),
    "start_over": ends("utter_start_over"),
    "im_safe": stays("utter_im_safe"),
    "carry_on": stays(),
    "give_details": stays(),
    "rate": stays("utter_feedback_nothing"),
}


def explain(step: str) -> str:
    """The step's question in other words."""
    names = {**dict.fromkeys(("book", "move"), "confirmation"), "callback_known": "callback_number"}
    return f"utter_explain_{names.get(step, step)}"


def example(step: str) -> str:
    """What an answer to the step could look like."""
    names = {**dict.fromkeys(("book", "move", "cancel"), "confirmation"), "callback_known": "callback_number"}
    return f"utter_example_{names.get(step, step)}"


def by_step() -> dict[str, dict[str, Outcome]]:
    """What depends on the step."""
    first_place = dict.fromkeys(("preference", "choice", "book", "callback_known"), goes("choice"))
    other_dates = {**first_place, "move": goes("choice"), "cancel": goes("choice")}
    wait_for_identity = dict.fromkeys(UNKNOWN, stays("utter_sessions_after_identity"))
    other_way_in = dict.fromkeys((*LOST, *CALL), goes("reference"))  # a changed mind: who are you, then?
    explained: dict[str, Outcome] = {step: stays(explain(step)) for step in STEPS}
    explained["reference"] = told("utter_explain_reference")
    return {
        "affirm": {
            **explained,
            "preference": goes("choice"),
            "book": ends("notice_booked"),
            "move": ends("notice_moved"),
            "cancel": ends("notice_cancelled"),
            "callback_known": goes("callback_time"),
            "callback_time": goes("callback_yes"),  # any time will do
            "callback_yes": ends("utter_callback_done"),
        },
        "deny": {
            **explained,
            "preference": goes("choice"),
            "choice": goes("preference", "utter_none_of_these"),
            "book": goes("choice"),
            "move": goes("choice"),
            "cancel": ends("utter_kept"),
            "lost_phone": told("utter_phone_unreadable"),
            "callback_number": ends("utter_callback_not_wanted"),
            "callback_known": told("utter_step_callback_number"),
            "callback_yes": told("utter_callback_change"),
        },
        "unsure": {**explained, "preference": goes("choice"), "callback_time": goes("callback_yes")},
        "ask_repeat": {step: stays(explain(step)) for step in STEPS},
        "nlu_fallback": {step: stays(example(step)) for step in STEPS},
        "ask_deadline": {
            **dict.fromkeys(UNKNOWN, stays("utter_ask_deadline")),
            **dict.fromkeys(KNOWN, stays("utter_deadline")),
        },
        "book_course": {
            **dict.fromkeys((*WHO, "choice", "book", "move"), stays()),
            **other_way_in,
            "preference": goes("choice"),  # "just book me in": anything will do
            "cancel": ends("utter_already_booked"),
            "callback_known": goes("preference"),
        },
        "ask_available_sessions": {**wait_for_identity, **other_dates},
        "choose_session": {
            **wait_for_identity,
            "preference": goes("choice"),
            "choice": stays(explain("choice")),
            "book": stays(explain("book")),
            "move": stays(explain("move")),
            "cancel": goes("choice"),
            "callback_known": goes("choice"),
        },
        "show_more": {**wait_for_identity, **other_dates},
        "check_booking": {
            **dict.fromkeys(WHO, stays()),  # it is said once it is known who asks
            **other_way_in,
            **dict.fromkeys(("preference", "choice", "book", "callback_known"), stays("utter_not_booked_yet")),
            "move": stays("utter_still_booked"),
            "cancel": stays("utter_booking"),
        },
        "reschedule_booking": {
            **dict.fromkeys((*WHO, "preference"), stays()),
            **other_way_in,
            "choice": goes("preference"),  # nothing is booked yet: other dates are meant
            "book": goes("choice"),
            "move": goes("choice"),
            "cancel": goes("preference"),
            "callback_known": ends("utter_no_booking"),
        },
        "cancel_booking": {
            **dict.fromkeys((*WHO, "cancel"), stays()),
            **other_way_in,
            **dict.fromkeys(("preference", "choice", "book", "callback_known"), ends("utter_no_booking")),
            "move": goes("cancel"),
        },
        "lost_reference": {
            **dict.fromkeys((*WHO, *CALL), goes("lost_name")),
            **dict.fromkeys(LOST, stays()),
            **dict.fromkeys(KNOWN, stays("utter_no_reference_needed")),
        },
        **once_known(),
        "running_late": {
            **dict.fromkeys(STEPS, stays("utter_running_late")),
            **dict.fromkeys(("move", "cancel"), stays("utter_late_other_day")),
        },
        "ask_callback": {
            **dict.fromkeys(UNKNOWN, goes("callback_number")),
            **dict.fromkeys(KNOWN, goes("callback_known")),
            **dict.fromkeys((*CALL, "callback_known"), stays()),
        },
        "withdraw_callback": {
            **dict.fromkeys(STEPS, stays("utter_callback_none")),
            **dict.fromkeys((*CALL, "callback_known"), ends("utter_callback_not_wanted")),
        },
        "go_back": {
            **dict.fromkeys(("reference", "preference", "cancel"), stays("utter_first_step")),
            **dict.fromkeys(("callback_number", "callback_known"), stays("utter_first_step")),
            "callback_time": goes("callback_number"),
            "callback_yes": goes("callback_time"),
            "date_of_birth": goes("reference"),
            "choice": goes("preference"),
            "book": goes("choice"),
            "move": goes("choice"),
            "lost_name": goes("reference"),
            "lost_birth": goes("lost_name"),
            "lost_phone": goes("lost_birth"),
        },
    }


def once_known() -> dict[str, dict[str, Outcome]]:
    """What is told or done once it is known who asks: before that the same step is asked again, with the reason."""
    answers: dict[str, tuple[str, Outcome, Outcome]] = {  # who are you first; without a place; with one
        "ask_my_case": (
            "utter_case_first",
            stays("utter_case_not_booked", "utter_case_otherwise"),
            stays("utter_booking", "utter_case_otherwise"),
        ),
        "confirm_attendance": (
            "utter_confirm_first",
            stays("utter_confirm_no_place"),
            stays("utter_confirmed"),
        ),
        "missed_session": (
            "utter_missed_first",
            stays("utter_missed_nothing"),
            stays("utter_missed_not_yet"),
        ),
    }
    return {
        intent: {
            **dict.fromkeys(WHO, stays(first)),
            **dict.fromkeys((*LOST, *CALL, LINE), goes("reference", first)),
            **dict.fromkeys(("preference", "choice", "book", "callback_known"), without),
            **dict.fromkeys(("move", "cancel"), booked),
        }
        for intent, (first, without, booked) in answers.items()
    }


# Texts of tests/nlu for what is read as well as classified; for the others any text that is understood will do.
TEXTS = {"choose_session": "third", "give_details": "its under lewis trevaskis"}
# The goal said again at "shall I?" is a yes where it is short ("book it please"), else it is asked again.
LONG = {"book_course", "cancel_booking"}
# Words that mean something else at a step than the intent alone does.
TYPED: dict[tuple[str, str], Outcome] = {
    ("choice", "choose_session"): goes("book"),  # "third"
    ("book", "choose_session"): goes("book"),
    ("move", "choose_session"): goes("move"),
    ("reference", "give_details"): told("utter_reference_unreadable"),  # a name, where a reference was asked for
    ("date_of_birth", "give_details"): told("utter_birth_unreadable"),
    ("lost_name", "give_details"): goes("lost_birth"),
}


def at_the_line(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    """A line for the team is asked for once: whatever else is tapped ends it, without a word about it."""
    over = {
        intent: ends(*outcome.said) if isinstance(outcome, Stays | Leaves) else outcome
        for intent, outcome in outcomes.items()
    }
    return over | {
        "affirm": ends("utter_yes_to_what"),
        "deny": ends("utter_no_problem"),
        "unsure": ends("utter_no_hurry"),
        "ask_repeat": ends(explain(LINE)),
        "nlu_fallback": ends(example(LINE)),
        "book_course": goes("reference"),
        "choose_session": ends("utter_sessions_after_identity"),
        "check_booking": goes("reference"),
        "reschedule_booking": goes("reference"),
        "cancel_booking": goes("reference"),
        "lost_reference": goes("lost_name"),
        "go_back": ends("utter_first_step"),
        "give_details": goes("reference"),
        "carry_on": ends("utter_start_over"),
        "im_safe": ends("utter_im_safe", "utter_start_over"),
    }


EXPECTED: dict[tuple[str, str], Outcome] = {
    **{(step, intent): outcome for intent, outcome in ALIKE.items() for step in STEPS},
    **{(step, intent): outcome for intent, rows in by_step().items() for step, outcome in rows.items()},
}
EXPECTED |= {
    (LINE, intent): outcome
    for intent, outcome in at_the_line(
        {intent: outcome for (step, intent), outcome in EXPECTED.items() if step == LINE}
    ).items()
}
BUTTONS_ONLY = {
    "show_more", "im_safe", "carry_on", "stop_reminders", "start_reminders", "withdraw_human", "tell_worker",
    "ask_callback", "withdraw_callback", "rate",
}  # fmt: skip
