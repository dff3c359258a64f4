"""How many pods are started ahead of a sale follows from what the backend was measured to need."""

from dataclasses import replace
from pathlib import Path

import pytest

from cdk.settings import SettingsError
from cdk.settings.dev import DEV
from cdk.settings.prod import PROD
from cdk.settings.sale import BOOKING, HOLDING, READING, Sale
from cdk.settings.workloads import CPU_PERCENT


def test_a_pod_does_the_rush_for_its_tickets_within_the_cpu_that_it_was_promised() -> None:
    for env in (DEV, PROD):
        tickets = env.sale.tickets_a_pod(env.backend)
        seconds = tickets * (BOOKING + env.sale.comers * (2 * READING + HOLDING))
        allowed = env.backend.cores * CPU_PERCENT / 100 * env.sale.rush
        assert allowed * 0.99 < seconds <= allowed


def test_the_guide_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs" / "kubernetes.md").read_text()
    prod, dev = (env.sale.tickets_a_pod(env.backend) for env in (PROD, DEV))
    assert f"{prod:,} tickets. A pod of `dev` is smaller: {dev:,}." in text


def test_more_who_come_a_shorter_rush_or_a_smaller_pod_take_more_pods() -> None:
    usual = PROD.sale.tickets_a_pod(PROD.backend)
    assert Sale(comers=20).tickets_a_pod(PROD.backend) < usual
    assert Sale(rush=2).tickets_a_pod(PROD.backend) < usual
    assert PROD.sale.tickets_a_pod(replace(PROD.backend, cpu="450m")) < usual
    assert Sale(comers=1000, rush=1).tickets_a_pod(replace(PROD.backend, cpu="1m")) == 1


@pytest.mark.parametrize("wrong", [{"comers": 0}, {"rush": 0}, {"lead": 4}, {"stay": 241}])
def test_a_sale_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsError, match=rf"^sale\.{name} is {wrong[name]}: "):
        Sale(**wrong)
