"""Who of the staff may do what: the one table, and who may change whose account.

A worker talks with people. A trainer teaches the assistant from messages without names, and sees nobody's record. A
lead does what both do, fills in the programme's settings, and looks after workers and trainers. A manager may do
everything, and is the only one who looks after leads and managers.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

WORKER, TRAINER, LEAD, MANAGER = ROLES = ("worker", "trainer", "lead", "manager")


class Permission(StrEnum):
    """What a page or a form asks for."""

    OWN = "own"  # one's own account: second factor, sessions, sign out
    CONVERSATIONS = "conversations"  # read any conversation: Waiting, Mine, All
    TALK = "talk"  # take, reply, note, hand back, pass on, close, book for a person, canned replies
    CALLBACKS = "callbacks"
    SINCE = "since"  # Since last shift
    PROGRAMME = "programme"  # read every setting
    CHANGE_PROGRAMME = "change_programme"  # propose, agree, refuse
    TRAIN = "train"
    REFER = "refer"  # a referral by hand, its state, a letter
    IMPORT = "import"  # files of referrals
    TOKENS = "tokens"  # other systems that send us referrals
    PEOPLE = "people"  # accounts and invitations
    AUDIT = "audit"
    KEEP = "keep"  # somebody's details from being erased, and let them go
    SESSIONS = "sessions"  # the diary, lists with names, who came
    PLAN_SESSIONS = "plan_sessions"  # plan, change and cancel sessions; venues
    ATTENTION = "attention"  # Needs attention, another chance, certificates
    DECIDE = "decide"  # on non-attendance: the evidence, decide, agree, refuse
    OVERTURN = "overturn"  # a final decision
    POLICE_LISTS = "police_lists"
    REPORTS = "reports"


_EVERYBODY = frozenset(ROLES)
_TALKERS = frozenset({WORKER, LEAD, MANAGER})
_HEADS = frozenset({LEAD, MANAGER})

TABLE: MappingProxyType[Permission, frozenset[str]] = MappingProxyType(
    {
        Permission.OWN: _EVERYBODY,
        Permission.CONVERSATIONS: _TALKERS,
        Permission.TALK: _TALKERS,
        Permission.CALLBACKS: _TALKERS,
        Permission.SINCE: _TALKERS,
        Permission.PROGRAMME: _EVERYBODY,
        Permission.CHANGE_PROGRAMME: _HEADS,
        Permission.TRAIN: frozenset({TRAINER, LEAD, MANAGER}),
        Permission.REFER: _TALKERS,
        Permission.IMPORT: _HEADS,
        Permission.TOKENS: frozenset({MANAGER}),
        Permission.PEOPLE: _HEADS,
        Permission.AUDIT: _HEADS,
        Permission.KEEP: _HEADS,
        Permission.SESSIONS: _TALKERS,
        Permission.PLAN_SESSIONS: _HEADS,
        Permission.ATTENTION: _TALKERS,
        Permission.DECIDE: _TALKERS,
        Permission.OVERTURN: _HEADS,
        Permission.POLICE_LISTS: _HEADS,
        Permission.REPORTS: _HEADS,
    }
)

# Whose accounts somebody may make, change, disable and enable, by role.
_LOOKS_AFTER: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {WORKER: frozenset(), TRAINER: frozenset(), LEAD: frozenset({WORKER, TRAINER}), MANAGER: _EVERYBODY}
)


def may(role: str, permission: Permission) -> bool:
    """Whether somebody with this role may do it."""
    return role in TABLE[permission]


def may_look_after(role: str, other: str) -> bool:
    """Whether somebody with this role may give the other role, or change an account that has it."""
    return other in _LOOKS_AFTER[role]


def given_by(role: str) -> tuple[str, ...]:
    """The roles that somebody with this role may give, in the order of ROLES."""
    return tuple(other for other in ROLES if may_look_after(role, other))


def keeps_a_manager(before: str, after: str | None, managers: int) -> bool:
    """Whether a change of one account from `before` to `after` (None: disabled) leaves a manager who can sign in.

    `managers`: how many there are now, this one included.
    """
    return before != MANAGER or after == MANAGER or managers > 1
