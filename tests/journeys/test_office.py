"""What leads and trainers change reaches people at once: a setting, opening hours, and what the assistant learns."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from launch.settings import PROJECT
from programme import shift
from programme.rules import london
from storage.callback import Callback
from storage.enums import Role
from storage.miss import Miss
from tests.journeys.conftest import started, well_again
from tests.journeys.desk import ASK
from tests.journeys.system import System
from tests.journeys.test_going_live import MESSAGES
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]
LOST = ("not understand", "not sure what you mean")
TRAINED_SECONDS = 900.0
UNDONE_SECONDS = 120.0
NUMBER = "+441632960123"
# Wordings that nobody has taught: the first that is not understood is the one for the trainer.
UNHEARD = ("gaffer wants bodies on the tarmac", "piecework on the onions till friday", "lambing and no spare hands")
INTENT, ANSWER = "ask_practical_help", "In this sample: we cannot pay for travel or child care"


@pytest.fixture(scope="module")
def _office(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("office")
    sets = folder / "sets"
    sets.mkdir()
    (sets / "few.yml").write_text(MESSAGES)
    # Fewer steps over the same examples: a real training, and a weaker model, in a fraction of the time.
    quick = folder / "config.yml"
    usual = (PROJECT / "nlu" / "config.yml").read_text()
    quick.write_text(usual.replace("steps: 40", "steps: 6").replace("folds: 3", "folds: 2"))
    assert quick.read_text().count("steps: 6") == quick.read_text().count("folds: 2") == 1
    running = System(folder, model, SCORE_SETS=str(sets), TRAIN_CONFIG=str(quick))
    running.bring_vectors(model.parent)
    with started(running):
        yield running


@pytest.fixture
def office(_office: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """A running system whose settings and model may be changed."""
    with well_again(_office, request):
        yield _office


def is_lost(told: list[str]) -> bool:
    """The assistant did not understand."""
    return any(words in told[0] for words in LOST)


def fill_in(lead: Worker, title: str, button: str = "Save") -> None:
    """The rest of a setting's form, and sends it."""
    page = lead.page
    page.get_by_label("Source").fill("A journey")
    page.get_by_label("Approver").fill("Lou Lead")
    page.get_by_label("Review by").fill((london.today(lead.now()) + timedelta(days=200)).isoformat())
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved. People hear it from now on.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_a_lead_fills_in_a_setting_and_the_answer_changes_at_once(
    office: System, visit: Visit, sign_in: SignIn
) -> None:
    person = visit(office.address)
    assert "no price is set" in person.say("how much does it cost")[0]
    lead = sign_in(office, "Lou", Role.LEAD)
    lead.go("since")
    lead.look("since")
    lead.go("programme")
    lead.look("programme")
    lead.page.locator("summary", has_text="The session").click()
    lead.page.get_by_role("link", name="What it costs", exact=True).click()
    lead.look("setting")
    lead.page.get_by_label("Words, as people read them").fill("It costs nothing, and the tea is free.")
    fill_in(lead, "What it costs")
    assert person.say("how much does it cost")[0] == "It costs nothing, and the tea is free."
    expect(lead.page.locator("#history")).to_contain_text("Lou")


def test_out_of_hours_people_are_told_the_truth_and_offered_a_call(
    office: System, visit: Visit, sign_in: SignIn
) -> None:
    lead = sign_in(office, "Lou", Role.LEAD)
    lead.go("programme/opening_hours")
    opens = london.today(lead.now()) + timedelta(days=3)
    for day in range(7):
        lead.page.locator(f"#mode-{day}").select_option("open" if day == opens.weekday() else "closed")
    for field, value in (("begins", "09:30"), ("ends", "17:00"), ("break_begins", ""), ("break_ends", "")):
        lead.page.locator(f"#{field}-{opens.weekday()}").fill(value)
    fill_in(lead, "Opening hours")

    for worker in shift.on_shift(office.ctx):
        shift.end(office.ctx, worker.account_id)
    person = visit(office.address)
    told = "\n".join(person.say(ASK))
    assert "Nobody from the team is here right now." in told
    assert f"{opens:%A} at 9:30am" in told
    assert "116 123" in told
    person.look("out-of-hours")
    person.tap("Ask for a call")
    person.say("01632 960123")
    person.say("tuesday afternoon")
    assert "01632 960123" in person.lines()[-1]
    person.tap("Yes")
    assert [call.good_time for call in office.rows(Callback) if call.number == NUMBER] == ["tuesday afternoon"]
    lead.go("callbacks")
    ring = lead.page.locator(f'a[href="tel:{NUMBER}"]')
    expect(ring.first).to_be_visible()
    lead.look("callbacks")


def test_a_trainer_teaches_trains_makes_it_live_and_undoes_it(office: System, visit: Visit, sign_in: SignIn) -> None:
    person = visit(office.address)
    unheard = next(words for words in UNHEARD if is_lost(person.say(words)))
    trainer = sign_in(office, "Tess", Role.TRAINER)
    page = trainer.page
    trainer.go("training")
    lesson = page.locator("form.lesson", has_text=unheard)
    trainer.look("training")
    lesson.get_by_label("It means").select_option(INTENT)
    lesson.get_by_role("button", name="Teach").click()
    expect(page.get_by_role("status").filter(has_text="Learnt: 1 message means")).to_be_visible()

    began = time.monotonic()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("heading", name="Before and after")).to_be_visible(timeout=TRAINED_SECONDS * 1000)
    took = {"trained": time.monotonic() - began}
    trainer.look("trained")
    expect(page.locator("#model")).to_contain_text("No danger message is lost.")
    assert is_lost(person.say(unheard)), "it is not live yet"

    began = time.monotonic()
    page.get_by_role("button", name="Make live").click()
    expect(page.get_by_text("Live since")).to_be_visible(timeout=TRAINED_SECONDS * 1000)
    took["live"] = time.monotonic() - began
    trainer.look("live")
    assert ANSWER in person.say(unheard)[0]

    began = time.monotonic()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone. The model before is live since")).to_be_visible(timeout=UNDONE_SECONDS * 1000)
    took["undone"] = time.monotonic() - began
    print(", ".join(f"{name} after {seconds:.0f} s" for name, seconds in took.items()))
    assert is_lost(person.say(unheard))
    taught = [miss.text for miss in office.rows(Miss, Miss.intent == INTENT)]
    assert taught == [unheard]
