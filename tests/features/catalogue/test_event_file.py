from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.features.catalogue.plans import EventFileError, EventPlan, read_plans
from tests.features.catalogue.samples import HALL, event, season, selling, write

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def problems(folder: Path, text: str) -> list[str]:
    """What is wrong with the file, each as `line: field: reason`."""
    path = write(folder, text)
    with pytest.raises(EventFileError) as caught:
        read_plans(path, NOW)
    assert all(problem.startswith(f"{path}:") for problem in caught.value.problems)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def planned(folder: Path, *events: str, before: str = "") -> tuple[EventPlan, ...]:
    return read_plans(write(folder, season(*events, before=before)), NOW).events


def test_a_wall_clock_time_is_read_in_the_events_zone(tmp_path: Path) -> None:
    (plan,) = planned(tmp_path, event(timezone="Europe/Dublin"))
    assert plan.starts_at == datetime(2127, 6, 12, 18, 30, tzinfo=UTC)
    assert plan.refundable_until == datetime(2127, 6, 5, 18, 30, tzinfo=UTC)
    assert plan.types[0].off_sale_at == plan.starts_at


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2027-06-12T19:30:00Z", datetime(2027, 6, 12, 19, 30, tzinfo=UTC)),
        ("2027-06-12T19:30+02:00", datetime(2027, 6, 12, 17, 30, tzinfo=UTC)),
        ("+2m", datetime(2026, 11, 23, 12, 2, tzinfo=UTC)),
        ("+3h", datetime(2026, 11, 23, 15, 0, tzinfo=UTC)),
        ("+30d 19:30", datetime(2026, 12, 23, 18, 30, tzinfo=UTC)),  # half past seven in Warsaw
        ("+200d 19:30", datetime(2027, 6, 11, 17, 30, tzinfo=UTC)),  # and in its summer
    ],
)
def test_times_can_be_written_as_a_moment_or_from_now(tmp_path: Path, written: str, meant: datetime) -> None:
    (plan,) = planned(tmp_path, event(starts_at=written, timezone="Europe/Warsaw"))
    assert plan.starts_at == meant


def test_a_time_that_comes_twice_can_name_its_offset(tmp_path: Path) -> None:
    (plan,) = planned(tmp_path, event(timezone="Europe/Dublin", starts_at="2127-10-26 01:30+00:00"))
    assert plan.starts_at == datetime(2127, 10, 26, 1, 30, tzinfo=UTC)


def test_refunds_can_end_with_the_start(tmp_path: Path) -> None:
    (plan,) = planned(tmp_path, event(refundable_until="-0m"))
    assert plan.refundable_until == plan.starts_at


def test_a_demonstration_is_never_refused_for_the_clocks_of_its_day(tmp_path: Path) -> None:
    now = datetime(2127, 3, 29, 12, 0, tzinfo=UTC)
    path = write(tmp_path, season(event(timezone="Europe/Dublin", starts_at="+1d 01:30")))
    (skipped,) = read_plans(path, now).events
    assert skipped.starts_at == datetime(2127, 3, 30, 1, 30, tzinfo=UTC)  # half past two, an hour later
    (twice,) = read_plans(path, now.replace(month=10, day=25)).events
    assert twice.starts_at == datetime(2127, 10, 26, 0, 30, tzinfo=UTC)  # the first of the two


def test_a_sale_can_end_before_the_start(tmp_path: Path) -> None:
    tickets = "- {name: Floor, price: 1, capacity: 1, on_sale_at: -30d, off_sale_at: -2h}"
    (plan,) = planned(tmp_path, event(tickets=tickets))
    assert plan.types[0].on_sale_at == datetime(2127, 5, 13, 18, 30, tzinfo=UTC)
    assert plan.types[0].off_sale_at == datetime(2127, 6, 12, 16, 30, tzinfo=UTC)


def test_a_hall_is_laid_out_row_by_row(tmp_path: Path) -> None:
    rows = "{rows: A-B, seats: 20}, {rows: 9-11, seats: 3}, {rows: Z, seats: 1}"
    hall = f"halls: {{hall: [{{section: Stalls, rows: [{rows}]}}]}}"
    (plan,) = planned(tmp_path, event(hall="hall", tickets="- {section: Stalls, price: 5}"), before=hall)
    assert plan.types[0].rows == (("A", 20), ("B", 20), ("9", 3), ("10", 3), ("11", 3), ("Z", 1))
    assert plan.pools == {"Stalls": 50}
    assert plan.types[0].name == "Stalls"


def test_ticket_types_can_share_a_pool(tmp_path: Path) -> None:
    tickets = """
        - {name: Adult, price: 14, pool: Room}
        - {name: Child, price: 9, pool: Room}
    """
    (plan,) = planned(tmp_path, event(pools="{Room: 140}", tickets=tickets))
    assert plan.pools == {"Room": 140}
    assert [each.pool for each in plan.types] == ["Room", "Room"]


@pytest.mark.parametrize(
    ("price", "currency", "minor"), [("99.99", "EUR", 9999), ("8900", "ISK", 8900), ("1.125", "KWD", 1125)]
)
def test_prices_are_in_major_units_of_the_currency(tmp_path: Path, price: str, currency: str, minor: int) -> None:
    (plan,) = planned(tmp_path, event(currency=currency, tickets=f"- {{name: A, price: {price}, capacity: 1}}"))
    assert plan.types[0].price_minor == minor


def test_words_that_yaml_likes_to_convert_stay_words(tmp_path: Path) -> None:
    (plan,) = planned(tmp_path, event(name="No", venue="off", city="2027-01-01"))
    assert (plan.name, plan.venue, plan.city) == ("No", "off", "2027-01-01")


def test_the_checksum_follows_what_is_written_and_not_the_clock(tmp_path: Path) -> None:
    text = season(event(starts_at="+30d"))
    path = write(tmp_path, text)
    later = NOW.replace(day=24)
    assert read_plans(path, NOW).events[0].checksum == read_plans(path, later).events[0].checksum
    write(tmp_path, text.replace("20.00", "20.01"))
    assert read_plans(path, NOW).events[0].checksum != read_plans(write(tmp_path, text), NOW).events[0].checksum


def test_the_checksum_follows_the_hall(tmp_path: Path) -> None:
    entry = event(hall="small-hall", tickets="- {section: Stalls, price: 5}")
    (before,) = planned(tmp_path, entry, before=HALL)
    (after,) = planned(tmp_path, entry, before=HALL.replace("seats: 4", "seats: 5"))
    assert before.checksum != after.checksum


TYPE = "events[0].tickets[0]"
STARTS = "events[0].starts_at"
NAME_IT = "add +01:00 or +00:00 to say which"
LINE = "must be one line of printable characters without blanks at its ends"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (event(currency="XXX"), "9: events[0].currency: 'XXX' is not an ISO 4217 currency code"),
        (event(timezone="Mars/Olympus"), "7: events[0].timezone: Mars/Olympus is no time zone such as Europe/Dublin"),
        (event(timezone="../etc/zone"), "7: events[0].timezone: ../etc/zone is no time zone such as Europe/Dublin"),
        (event(starts_at="soon"), "8: events[0].starts_at: 'soon' is no time such as 2027-03-12 19:30 or +30d 19:30"),
        (event(starts_at="+1d 25:00"), "8: events[0].starts_at: hour must be in 0..23"),
        (event(starts_at="0001-01-01T00:00+23:00"), "8: events[0].starts_at: that year is too far away"),
        (
            event(timezone="Europe/Dublin", starts_at="2127-03-30 01:30"),
            "8: events[0].starts_at: 2127-03-30 01:30 is skipped by the clocks of Europe/Dublin",
        ),
        (
            event(timezone="Europe/Dublin", starts_at="2127-10-26 01:30"),
            f"8: {STARTS}: 2127-10-26 01:30 comes twice by the clocks of Europe/Dublin: {NAME_IT}",
        ),
        (
            event(refundable_until="2127-06-12 19:31"),
            "10: events[0].refundable_until: tickets could be given back after the event has started",
        ),
        (event(status="gone"), "10: events[0].status: Input should be 'published', 'withdrawn' or 'cancelled'"),
        (event(colour="red"), "10: events[0].colour: there is no such field"),
        (event(hall="nowhere"), "10: events[0].hall: there is no hall nowhere in this file"),
        (event(name='"two\\nlines"'), f"4: events[0].name: {LINE}"),
        (event(name='"\\u0000"'), f"4: events[0].name: {LINE}"),
        (event(slug="Not A Slug"), "3: events[0].slug: String should match pattern '^[a-z0-9]+(-[a-z0-9]+)*$'"),
        (event(currency="JPY").replace("20.00", "9.5"), f"11: {TYPE}.price: 9.5 has more digits than JPY has"),
        (selling("section: A, price: 1"), f"11: {TYPE}.section: the hall has no section A"),
        (selling("name: A, price: 1, pool: B"), f"11: {TYPE}.pool: B is not among the event's pools"),
        (selling("name: A, price: 1"), f"11: {TYPE}: a ticket has exactly one of capacity, pool and section"),
        (selling("price: 1, capacity: 1"), f"11: {TYPE}: a ticket without a section needs a name"),
        (selling("name: A, price: -1, capacity: 1"), f"11: {TYPE}.price: Input should be greater than or equal to 0"),
        (selling("name: A, price: 1, capacity: 1.5"), f"11: {TYPE}.capacity: Input should be a valid integer"),
        (selling("name: A, price: 1, capacity: 007"), f"11: {TYPE}.capacity: Input should be a valid integer"),
        (
            selling("name: A, price: 1, capacity: 1, on_sale_at: 2127-07-01"),
            f"11: {TYPE}.on_sale_at: the sale would begin after its end",
        ),
        (
            selling(*["name: A, price: 1, capacity: 1"] * 2),
            "12: events[0].tickets[1]: A is sold by a ticket type above",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(tmp_path: Path, entry: str, problem: str) -> None:
    assert problems(tmp_path, season(entry)) == [problem]


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, season(event("a", timezone="X"), event("b", currency="XXX"), event("a")))
    assert len(found) == 3
    assert "events[2].slug: a belongs to an event above" in found[0]


ROWS = "halls.h[0].rows"
TWICE = "{rows: A-C, seats: 1}, {rows: B, seats: 1}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("events: [", "2: did not find expected node content"),
        ("prune: false\nprune: true", "2: 'prune' stands there twice"),
        ("halls: &a {}\nevents: *a", "1: aliases are not supported: write the value out"),
        ("? [a]\n: b", "1: a key must be a word"),
        ("- just\n- a list", "1: Input should be a valid dictionary or instance of EventFile"),
        ("", "1: Input should be a valid dictionary or instance of EventFile"),
        ("prune: maybe", "1: prune: Input should be a valid boolean"),
        (
            "halls: {h: [{section: A, rows: [{rows: C-A, seats: 1}]}]}",
            f"1: {ROWS}[0]: C-A is no range such as A-M or 1-20",
        ),
        (f"halls: {{h: [{{section: A, rows: [{TWICE}]}}]}}", "1: halls.h[0]: a row stands there twice"),
        (
            "events: !!python/name:os.system ''",
            "1: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventFileError, match=r"nowhere\.yaml: No such file"):
        read_plans(tmp_path / "nowhere.yaml", NOW)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EventFileError, match=r"binary\.yaml: not UTF-8 text"):
        read_plans(tmp_path / "binary.yaml", NOW)
