"""What things cost is counted as the stacks have them, and the document says it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cdk.cost import bill
from cdk.cost import prices as price_table
from cdk.cost.bill import Line, month, total
from cdk.cost.bookings import Booking, million
from cdk.cost.document import PATH, document
from cdk.cost.lower import steps
from cdk.cost.prices import prices
from cdk.settings import ENVIRONMENTS, Environment, environment
from tests.cdk.assembly import Assembly


def test_the_document_is_current() -> None:
    written = document([environment(name) for name in ENVIRONMENTS], prices())
    assert PATH.read_text() == written, "run `python -m cdk.cost`"


def test_every_line_has_a_price_in_the_table() -> None:
    for name in ENVIRONMENTS:
        env = environment(name)
        lines = month(env) + bill.nodes_hour(env) + million(env, Booking())
        assert {line.price for line in lines} <= set(prices())


def test_what_is_paid_for_is_what_the_templates_hold(assembly: Assembly) -> None:
    lines = {line.price: line.units for line in month(assembly.env)}
    (firewall,) = assembly.resources("WAFv2::WebACL")
    interfaces = [each for each in assembly.resources("EC2::VPCEndpoint") if each["VpcEndpointType"] == "Interface"]
    assert lines["kms-key-month"] == len(assembly.resources("KMS::Key"))
    assert lines["secret-month"] == len(assembly.resources("SecretsManager::Secret")) + 1
    assert lines["alarm-month"] == len(assembly.resources("CloudWatch::Alarm"))
    assert lines["dashboard-month"] == len(assembly.resources("CloudWatch::Dashboard"))
    assert lines["waf-rule-month"] == len(firewall["Rules"])
    assert lines["nat-hour"] == len(assembly.resources("EC2::NatGateway")) * bill.HOURS
    assert lines.get("endpoint-hour", 0) == len(interfaces) * 3 * bill.HOURS


def test_a_standby_doubles_instance_and_storage() -> None:
    env = environment("dev")
    alone = {line.price: line.units for line in month(replace(env, database=replace(env.database, multi_az=False)))}
    paired = {line.price: line.units for line in month(env)}
    for price in ("rds-t4g.medium-hour", "rds-gp3-month"):
        assert paired[price] == 2 * alone[price]


def test_an_open_price_is_left_out_of_the_total_and_said_to_be_open() -> None:
    table = {**prices(), "sqs-million": replace(prices()["sqs-million"], usd=None)}
    lines = [Line("a", "nat-hour", 10), Line("b", "sqs-million", 10)]
    assert lines[1].usd(table) is None
    assert total(lines, table) == pytest.approx(0.45)


def test_a_price_without_its_source_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    table.write_text("id,usd,unit,what,dated,source\nnat-hour,0.045,hour,NAT gateway,,\n")
    monkeypatch.setattr(price_table, "TABLE", table)
    with pytest.raises(ValueError, match="nat-hour: a price comes with its date and source"):
        prices()


def test_a_price_that_nobody_dated_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    table.write_text("id,usd,unit,what,dated,source\nnat-hour,0.045,hour,NAT gateway,undated,https://example.com\n")
    monkeypatch.setattr(price_table, "TABLE", table)
    with pytest.raises(ValueError, match="nat-hour: undated is no date"):
        prices()


@pytest.mark.parametrize("open_", ["nat-hour", "sns-million"])
def test_what_is_open_is_said_with_every_sum_that_lacks_it(open_: str) -> None:
    environments = [environment(name) for name in ENVIRONMENTS]
    table = {each.id: replace(each, usd=None) if each.id == open_ else each for each in prices().values()}
    written = document(environments, table).splitlines()
    sums = [line for line in written if line.startswith("| together")]
    lacking = [lines for lines in _sums(environments) if any(line.usd(table) is None for line in lines)]
    assert len(sums) == len(ENVIRONMENTS) + 1
    assert sum(line.count("and what is open") for line in sums) == len(lacking) > 0


def _sums(environments: list[Environment]) -> list[list[Line]]:
    return [*map(month, environments), *(million(env, Booking()) for env in environments)]


def test_an_environment_elsewhere_than_the_prices_is_said_to_be() -> None:
    elsewhere = [env for env in map(environment, ENVIRONMENTS) if env.region != price_table.REGION]
    said = PATH.read_text()
    assert all(said.count(f"It is in {env.region};") >= 1 for env in elsewhere)


def test_turning_down_saves(assembly: Assembly) -> None:
    assert all(step.saves > 0 for step in steps(assembly.env, prices()))
