"""Who may do what: the whole table, written out a second time, and who may change whose account."""

import pytest

from programme.rules import role
from programme.rules.role import ROLES, TABLE, Permission, given_by, keeps_a_manager, may, may_look_after

EXPECTED = {
    "worker": {"own", "conversations", "talk", "callbacks", "since", "programme", "refer", "sessions"}
    | {"attention", "decide"},
    "trainer": {"own", "programme", "train"},
    "lead": {
        "own",
        "conversations",
        "talk",
        "callbacks",
        "since",
        "programme",
        "change_programme",
        "train",
        "refer",
        "import",
        "people",
        "audit",
        "sessions",
        "plan_sessions",
        "attention",
        "decide",
        "overturn",
        "police_lists",
        "reports",
        "keep",
    },
}
EXPECTED["manager"] = EXPECTED["lead"] | {"tokens"}


@pytest.mark.parametrize("who", ROLES)
def test_the_table(who: str) -> None:
    assert {permission.value for permission in Permission if may(who, permission)} == EXPECTED[who]


def test_every_permission_has_a_line_and_every_role_is_known() -> None:
    assert set(TABLE) == set(Permission)
    assert {who for line in TABLE.values() for who in line} == set(ROLES)


def test_a_trainer_sees_nobodys_record() -> None:
    of_persons = {Permission.CONVERSATIONS, Permission.TALK, Permission.CALLBACKS, Permission.SINCE, Permission.AUDIT}
    of_persons |= {Permission.REFER, Permission.IMPORT, Permission.TOKENS}
    of_persons |= {Permission.SESSIONS, Permission.PLAN_SESSIONS}
    assert not [one for one in of_persons if may("trainer", one)]


def test_who_looks_after_whom() -> None:
    assert {who: given_by(who) for who in ROLES} == {
        "worker": (),
        "trainer": (),
        "lead": ("worker", "trainer"),
        "manager": ROLES,
    }
    assert may_look_after("manager", "manager")
    assert not may_look_after("lead", "lead")


@pytest.mark.parametrize(
    ("before", "after", "managers", "kept"),
    [
        ("manager", None, 1, False),
        ("manager", "lead", 1, False),
        ("manager", "manager", 1, True),
        ("manager", None, 2, True),
        ("worker", None, 1, True),
        ("lead", "worker", 1, True),
    ],
)
def test_somebody_stays_who_can_do_everything(before: str, after: str | None, managers: int, kept: bool) -> None:
    assert keeps_a_manager(before, after, managers) is kept


def test_roles_are_those_that_are_stored() -> None:
    from storage.enums import Role

    assert tuple(role.ROLES) == tuple(one.value for one in Role)
