"""Staff members and their logins on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.errors import StaffRefusedError
from bot.storage.records import StaffRole
from bot.storage.store import Store

PASSWORD = "correct horse battery"
HOURS_8 = timedelta(hours=8)


@pytest.fixture
def staff(store: Store) -> Any:
    store.staff.add("Ana", PASSWORD, StaffRole.ADMIN)
    store.staff.add("ben", PASSWORD, StaffRole.AGENT)
    return store.staff


def test_check_takes_name_in_any_case_and_the_right_password(staff: Any) -> None:
    member = staff.check(" ANA ", PASSWORD)
    assert (member.name, member.role) == ("ana", StaffRole.ADMIN)
    assert staff.check("ana", PASSWORD + "!") is None
    assert staff.check("nobody", PASSWORD) is None
    assert staff.check("a\0na", PASSWORD) is None


@pytest.mark.parametrize("name", ["", "a b", "desk", "Bot", "customer", "<b>", "ü", "a" * 65])
def test_add_refuses_what_is_no_login_name(staff: Any, name: str) -> None:
    with pytest.raises(StaffRefusedError):
        staff.add(name, PASSWORD, StaffRole.AGENT)


def test_add_refuses_taken_names_and_short_passwords(staff: Any) -> None:
    with pytest.raises(StaffRefusedError, match="already"):
        staff.add("ANA", PASSWORD, StaffRole.AGENT)
    with pytest.raises(StaffRefusedError, match="10 to 256"):
        staff.add("cem", "short", StaffRole.AGENT)
    assert staff.get("cem") is None


def test_database_holds_neither_password_nor_login_secret(store: Store, staff: Any) -> None:
    secret = staff.start_session("ana", HOURS_8)
    dump = store._database.read(
        lambda session: [
            str(row)
            for table in ("staff", "staff_sessions")
            for row in session.execute(text(f"SELECT * FROM {table}")).all()
        ]
    )
    assert len(dump) == 3
    assert "argon2id" in "".join(dump)
    assert PASSWORD not in "".join(dump)
    assert secret not in "".join(dump)


def test_session_finds_its_member_until_it_expires(staff: Any, clock: Any) -> None:
    secret = staff.start_session("ana", HOURS_8)
    clock.advance(hours=7.9)
    assert staff.find_session(secret).name == "ana"
    clock.advance(hours=0.2)
    assert staff.find_session(secret) is None
    assert staff.find_session("another") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda staff: staff.disable("ben"),
        lambda staff: staff.set_role("ben", StaffRole.REVIEWER),
        lambda staff: staff.set_password("ben", PASSWORD + "2"),
        lambda staff: staff.revoke_sessions("ben"),
    ],
)
def test_a_change_of_rights_ends_all_logins_of_that_member_only(staff: Any, change: Callable[[Any], None]) -> None:
    first, second, other = (staff.start_session(name, HOURS_8) for name in ("ben", "ben", "ana"))
    change(staff)
    assert [staff.find_session(secret) for secret in (first, second)] == [None, None]
    assert staff.find_session(other) is not None


def test_logout_ends_one_login(staff: Any) -> None:
    first, second = (staff.start_session("ben", HOURS_8) for _ in range(2))
    staff.revoke_session(first)
    assert staff.find_session(first) is None
    assert staff.find_session(second) is not None


def test_disabled_members_cannot_log_in_until_enabled(staff: Any) -> None:
    staff.disable("ben")
    assert staff.check("ben", PASSWORD) is None
    with pytest.raises(StaffRefusedError):
        staff.start_session("ben", HOURS_8)
    staff.enable("ben")
    assert staff.check("ben", PASSWORD) is not None


def test_new_password_replaces_the_old_one(staff: Any) -> None:
    staff.set_password("ben", "another passphrase")
    assert staff.check("ben", PASSWORD) is None
    assert staff.check("ben", "another passphrase") is not None


def test_the_last_admin_stays(staff: Any) -> None:
    for change in (lambda: staff.disable("ana"), lambda: staff.set_role("ana", StaffRole.AGENT)):
        with pytest.raises(StaffRefusedError, match="last admin"):
            change()
    staff.set_role("ben", StaffRole.ADMIN)
    staff.disable("ana")
    assert [(member.name, member.disabled) for member in staff.members()] == [("ana", True), ("ben", False)]


def test_changes_of_unknown_members_are_refused(staff: Any) -> None:
    for change in (
        lambda: staff.disable("eve"),
        lambda: staff.enable("eve"),
        lambda: staff.set_role("eve", StaffRole.AGENT),
        lambda: staff.set_password("eve", PASSWORD),
    ):
        with pytest.raises(StaffRefusedError, match="no staff member"):
            change()


def test_roles_include_the_lower_ones() -> None:
    assert StaffRole.ADMIN.includes(StaffRole.REVIEWER)
    assert StaffRole.REVIEWER.includes(StaffRole.REVIEWER)
    assert not StaffRole.AGENT.includes(StaffRole.REVIEWER)
