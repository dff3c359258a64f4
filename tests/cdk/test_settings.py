"""Settings that cannot be are refused in one line that names them."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from cdk import settings
from cdk.settings import Environment, SettingsError, environment, examples, readers
from cdk.settings.cluster import ADDONS
from cdk.settings.environment import DeliverySettings
from tools.setup import ROOT

DEV, PROD = environment("dev"), environment("prod")


def changed(env: Environment, part: str, **values: Any) -> Environment:
    """The environment with values of one part exchanged; `part` may be empty for its own."""
    return replace(env, **({part: replace(getattr(env, part), **values)} if part else values))


WRONG: list[tuple[Environment, str, dict[str, Any], str]] = [
    (DEV, "", {"account": "12345"}, "account is 12345"),
    (DEV, "", {"region": "mars-north-1"}, "region is mars-north-1, which is not supported: choose from eu-west-1"),
    (DEV, "network", {"cidr": "10.20.0.0/20"}, "network.cidr is 10.20.0.0/20"),
    (DEV, "network", {"cidr": "10.20.0.1/16"}, "network.cidr is 10.20.0.1/16, which is no address block"),
    (DEV, "network", {"cidr": "8.8.0.0/16"}, "network.cidr is 8.8.0.0/16, which is not private"),
    (DEV, "network", {"cidr": "172.20.0.0/16"}, "network.service_cidr 172.20.0.0/16 overlaps network.cidr"),
    (DEV, "network", {"neighbours": ("10.0.0.0/8",)}, "network.neighbours[0] 10.0.0.0/8 overlaps network.cidr"),
    (DEV, "network", {"zones": ("a", "b")}, "network.zones are a,b: name three"),
    (DEV, "network", {"zones": ("a", "b", "b")}, "network.zones are a,b,b"),
    (DEV, "network", {"nat_gateways": 0}, "network.nat_gateways is 0"),
    (DEV, "network", {"nat_gateways": 4}, "network.nat_gateways is 4"),
    (DEV, "database", {"version": "17"}, "database.version is 17, which is not supported: choose from 18.3"),
    (DEV, "database", {"instance": "t3.nano"}, "database.instance is t3.nano, which is not supported"),
    (DEV, "database", {"max_connections": 5000}, "database.max_connections is 5000: t4g.medium carries 50 to 405"),
    (DEV, "database", {"max_connections": 60}, "database.max_connections is 60, of which pods may plan 35, but need"),
    (DEV, "database", {"storage": 5}, "database.storage is 5"),
    (DEV, "database", {"max_storage": 21}, "database.max_storage is 21"),
    (DEV, "database", {"backup_days": 0}, "database.backup_days is 0"),
    (
        DEV,
        "database",
        {"insights_months": 1},
        "database.insights_months is 1, which is not supported: choose from 0, 15",
    ),
    (DEV, "database", {"insights_months": 24}, "database.insights_months is 24, which is not supported"),
    (DEV, "", {"name": "Prod_1"}, "name is Prod_1: up to 20 small letters, digits and single hyphens"),
    (DEV, "", {"name": "a" * 21}, f"name is {'a' * 21}: up to 20"),
    (DEV, "", {"name": "one--two"}, "name is one--two: up to 20"),
    (PROD, "cluster", {"most_nodes": 1}, "cluster.most_nodes is 1 in each zone, with room for 9.6 vCPU, but pods may"),
    (PROD, "frontend", {"most": 5000}, "cluster.most_nodes is 6 in each zone, with room for 57.6 vCPU, but pods may"),
    (DEV, "rollout", {"healthy": 0}, "rollout.healthy is 0: 2 to 10"),
    (DEV, "rollout", {"healthy": 1}, "rollout.healthy is 1: 2 to 10"),
    (DEV, "rollout", {"healthy": 11}, "rollout.healthy is 11: 2 to 10"),
    (DEV, "rollout", {"unhealthy": 1}, "rollout.unhealthy is 1: 2 to 10"),
    (DEV, "rollout", {"health_interval": 2}, "rollout.health_interval is 2: 5 to 300"),
    (DEV, "rollout", {"health_interval": 400}, "rollout.health_interval is 400: 5 to 300"),
    (DEV, "rollout", {"health_timeout": 0}, "rollout.health_timeout is 0: 2 to 120"),
    (DEV, "rollout", {"health_timeout": 10}, "rollout.health_timeout must be below the interval"),
    (DEV, "rollout", {"idle": 0}, "rollout.idle is 0: 1 to 4,000"),
    (DEV, "rollout", {"deregistration": 4000}, "rollout.deregistration is 4000: 0 to 3,600"),
    (
        DEV,
        "rollout",
        {"healthy": 10, "health_interval": 31},
        "rollout.healthy times rollout.health_interval is 310: at most 300 s, or rollouts are given up",
    ),
    (DEV, "cluster", {"version": "1.29"}, "cluster.version is 1.29, which is not supported: choose from 1.36"),
    (DEV, "cluster", {"addons": {**ADDONS, "metrics-server": ""}}, "cluster.addons lack a version for metrics-server"),
    (DEV, "cluster", {"instances": ()}, "cluster.instances are empty"),
    (DEV, "cluster", {"least_nodes": 0}, "cluster.least_nodes is 0"),
    (DEV, "cluster", {"most_nodes": 0}, "cluster.most_nodes is 0"),
    (DEV, "cluster", {"allowed_cidrs": ()}, "cluster.allowed_cidrs must be empty when"),
    (DEV, "cluster", {"allowed_cidrs": ("0.0.0.0/0",)}, "cluster.allowed_cidrs[0] is 0.0.0.0/0"),
    (DEV, "cluster", {"log_days": 15}, "cluster.log_days is 15, which is not supported: choose from 7"),
    (DEV, "backend", {"pool": 60}, "database.max_connections is 200, of which pods may plan 133, but need"),
    (DEV, "backend", {"most": 12}, "database.max_connections is 200"),
    (DEV, "backend", {"pool": 1}, "backend.pool is 1"),
    (DEV, "backend", {"least": 5}, "backend.most is 4"),
    (DEV, "worker", {"least": 0}, "worker.least is 0"),
    (DEV, "frontend", {"surge": 0}, "frontend.surge is 0"),
    (DEV, "edge", {"domain": "shop.elsewhere.example"}, "edge.domain is shop.elsewhere.example, which is not in"),
    (DEV, "edge", {"requests_per_5_minutes": 5}, "edge.requests_per_5_minutes is 5"),
    (
        DEV,
        "edge",
        {"certificate_arn": "arn:aws:acm:us-east-1:1:certificate/x"},
        "edge.certificate_arn is arn:aws:acm:us-",
    ),
    (DEV, "monitoring", {"retention_days": 14}, "monitoring.retention_days is 14: at least 30"),
    (DEV, "monitoring", {"alarm_address": "nobody"}, "monitoring.alarm_address is nobody"),
    (DEV, "monitoring", {"storage": 1}, "monitoring.storage is 1"),
    (DEV, "delivery", {"repository": "shop"}, "delivery.repository is shop: write owner/name"),
    (
        DEV,
        "cluster",
        {"release_version": "1.35.1-20260901"},
        "cluster.release_version is 1.35.1-20260901: an image of 1.36",
    ),
    (DEV, "cluster", {"addons": {**ADDONS, "coredns": "1.14"}}, "cluster.addons[coredns] is 1.14: an add-on's"),
    (DEV, "cluster", {"instances": ("m7g.large",)}, "cluster.instances[0] is m7g.large, which is not supported"),
    (DEV, "network", {"endpoints": ("ecr",)}, "network.endpoints[0] is ecr, which is not supported"),
    (DEV, "network", {"service_cidr": "8.8.0.0/16"}, "network.service_cidr is 8.8.0.0/16, which is not private"),
    (DEV, "network", {"service_cidr": "172.20.0.0/28"}, "network.service_cidr is 172.20.0.0/28: EKS takes"),
    (DEV, "network", {"zones": ("a", "b", "f")}, "network.zones[2] is f, which is not supported: choose from a, b, c"),
    (DEV, "backend", {"cpu": "a lot"}, "backend.cpu is a lot: write 250m or 2"),
    (DEV, "backend", {"memory": "384"}, "backend.memory is 384: write 384Mi or 2Gi"),
    (DEV, "worker", {"cpu": "2"}, "worker.cpu is 2, and the smallest of cluster.instances has room for 1.6"),
    (
        DEV,
        "worker",
        {"memory": "8Gi"},
        "worker.memory is 8Gi, and the smallest of cluster.instances has room for 6.4Gi",
    ),
    (DEV, "monitoring", {"alarm_address": "team@work"}, "monitoring.alarm_address is team@work: no e-mail address"),
    (DEV, "monitoring", {"replicas": 3}, "monitoring.replicas is 3"),
    (
        DEV,
        "delivery",
        {"runner_connection_arn": "arn:aws:codeconnections:us-east-1:123456789012:connection/1-2"},
        "delivery.runner_connection_arn is arn:aws:codeconnections:us-east-1:123456789012:connection/1-2: it must",
    ),
    (DEV, "delivery", {"runner_workflow": ".*"}, "delivery.runner_workflow is .*"),
    (DEV, "delivery", {"owner_id": "acme", "repository_id": "7"}, "delivery.owner_id is acme: it is a number"),
    (DEV, "delivery", {"owner_id": "7"}, "delivery.owner_id and delivery.repository_id belong together"),
    (DEV, "cluster", {"disk": 8}, "cluster.disk is 8: 20 to 16,384 GiB"),
    (DEV, "cluster", {"allowed_cidrs": ("10.1.0.0/16",)}, "cluster.allowed_cidrs[0] is 10.1.0.0/16: nobody comes from"),
    (DEV, "cluster", {"allowed_cidrs": ("127.0.0.0/24",)}, "cluster.allowed_cidrs[0] is 127.0.0.0/24: nobody comes"),
    (DEV, "cluster", {"instances": ("t3.large", "m6i.xlarge")}, "cluster.instances are t3.large, m6i.xlarge: of one"),
    (DEV, "edge", {"zone_id": "/hostedzone/Z04ABC"}, "edge.zone_id is /hostedzone/Z04ABC: Route 53 writes"),
    (DEV, "edge", {"zone_name": "Tickets.org"}, "edge.zone_name is Tickets.org: write small letters"),
    (DEV, "edge", {"domain": "my_shop.tickets.example.com"}, "edge.domain is my_shop.tickets.example.com: write small"),
    (
        DEV,
        "edge",
        {"domain": f"{'a' * 45}.tickets.example.com"},
        f"edge.domain is {'a' * 45}.tickets.example.com: a cert",
    ),
    (DEV, "database", {"max_storage": 70_000}, "database.max_storage is 70000: RDS ends at 65,536 GiB"),
    (DEV, "network", {"cidr": "198.18.0.0/16"}, "network.cidr is 198.18.0.0/16, which is not private"),
    (DEV, "network", {"service_cidr": "100.64.0.0/16"}, "network.service_cidr is 100.64.0.0/16, which is not private"),
    (DEV, "network", {"endpoints": ("sts", "sts")}, "network.endpoints name a service twice"),
    (DEV, "monitoring", {"storage": 100_000}, "monitoring.storage is 100000: 20 to 16,384 GiB"),
    (DEV, "", {"account": "\u0661" * 12}, "account is "),
    (DEV, "", {"account": "1234\n5678"}, "account is 1234\\n5678: an account has 12 digits"),
    (DEV, "edge", {"domain": "a\r\nb"}, "edge.domain is a\\r\\nb: write"),
    (DEV, "cluster", {"release_version": "a\u2028b"}, "cluster.release_version is a\\u2028b"),
    (DEV, "", {"network": None}, "network is None: write NetworkSettings"),
    (DEV, "", {"protected": "no"}, "protected is 'no': write True or False"),
    (DEV, "network", {"nat_gateways": "1"}, "network.nat_gateways is '1': write a whole number"),
    (DEV, "network", {"zones": "abc"}, "network.zones is 'abc': write texts in a tuple"),
    (DEV, "database", {"storage": True}, "database.storage is True: write a whole number"),
    (DEV, "cluster", {"addons": {"coredns": 1}}, "cluster.addons is {'coredns': 1}: write texts by their names"),
    (DEV, "cluster", {"allowed_cidrs": (7,)}, "cluster.allowed_cidrs is (7,): write texts in a tuple"),
    (DEV, "edge", {"domain": None}, "edge.domain is None: write a text"),
    (DEV, "monitoring", {"heartbeat": 1}, "monitoring.heartbeat is 1: write True or False"),
    (DEV, "delivery", {"owner_id": 7}, "delivery.owner_id is 7: write a text"),
    (DEV, "worker", {"least": "2"}, "worker.least is '2': write a whole number"),
    (DEV, "rollout", {"drain": 5.5}, "rollout.drain is 5.5: write a whole number"),
    (DEV, "sale", {"rush": None}, "sale.rush is None: write a whole number"),
    (PROD, "database", {"multi_az": False}, "database.multi_az must be set where protected is"),
    (PROD, "database", {"backup_days": 7}, "database.backup_days must be at least 14"),
    (PROD, "network", {"nat_gateways": 1}, "network.nat_gateways is 1: one for each zone"),
    (PROD, "cluster", {"private": False, "allowed_cidrs": ("203.0.113.0/24",)}, "cluster.private must be set"),
    (
        PROD,
        "delivery",
        {"runner_connection_arn": "", "runner_workflow": ""},
        "delivery.runner_connection_arn is needed",
    ),
    *(
        (DEV, "delivery", {without: ""}, "delivery.runner_workflow and delivery.runner_connection_arn belong together")
        for without in ("runner_connection_arn", "runner_workflow")
    ),
]


@pytest.mark.parametrize(("env", "part", "values", "says"), WRONG, ids=[wrong[3] for wrong in WRONG])
def test_a_setting_that_cannot_be_is_refused_by_its_name(
    env: Environment, part: str, values: dict[str, Any], says: str
) -> None:
    with pytest.raises(SettingsError) as refusal:
        changed(env, part, **values)
    assert str(refusal.value).startswith(says)
    assert str(refusal.value).isprintable()


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^environment is stage, which is not supported: choose from dev, prod$"):
        environment("stage")


def provided(env: Environment, **values: Any) -> Environment:
    """The environment with other settings of who makes the identity provider."""
    return changed(env, "delivery", **values)


PROVIDERS: list[tuple[Environment, Environment, str]] = [
    (
        provided(DEV, makes_provider=True),
        PROD,
        r"^delivery\.makes_provider is set twice for one account, 111122223333 of dev and prod: set it once$",
    ),
    (
        provided(DEV, makes_provider=True),
        provided(PROD, makes_provider=False),
        r"^delivery\.makes_provider is set for dev, which would take it away from prod: set it for prod$",
    ),
    (
        DEV,
        replace(PROD, account="444455556666"),
        r"^delivery\.makes_provider is not set for dev, alone in account 111122223333",
    ),
    (
        provided(DEV, has_provider=True),
        PROD,
        r"^delivery\.makes_provider is set in account 111122223333, of which delivery\.has_provider says it has one$",
    ),
]


@pytest.mark.parametrize(("dev", "prod", "says"), PROVIDERS)
def test_an_account_has_one_maker_of_its_identity_provider_who_takes_it_away_from_nobody(
    monkeypatch: pytest.MonkeyPatch, dev: Environment, prod: Environment, says: str
) -> None:
    commit(monkeypatch, dev, prod)
    with pytest.raises(SettingsError, match=says):
        environment("dev")


@pytest.mark.parametrize("values", [{"makes_provider": True}, {"has_provider": True}])
def test_an_environment_alone_in_its_account_makes_a_provider_or_finds_one(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    commit(monkeypatch, provided(DEV, **values), replace(PROD, account="444455556666"))
    assert environment("dev").name == "dev"


def test_an_account_given_on_the_command_line_needs_its_provider_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Moved there by itself dev would have roles that nobody can take on."""
    commit(monkeypatch, replace(filled_in(), account=DEV.account), PROD)
    with pytest.raises(SettingsError, match=r"^delivery\.makes_provider is not set for dev, alone in account 7777"):
        environment("dev", account="777788889999")
    commit(monkeypatch, provided(filled_in(), has_provider=True), replace(PROD, account="444455556666"))
    assert environment("dev", account="777788889999").account == "777788889999"


def commit(monkeypatch: pytest.MonkeyPatch, dev: Environment, prod: Environment) -> None:
    monkeypatch.setattr("cdk.settings.dev.DEV", dev)
    monkeypatch.setattr("cdk.settings.prod.PROD", prod)


def test_environments_never_share_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    same = replace(PROD, network=replace(PROD.network, cidr=DEV.network.cidr, neighbours=()))
    monkeypatch.setattr("cdk.settings.prod.PROD", same)
    with pytest.raises(SettingsError, match=r"^prod: network\.cidr 10\.20\.0\.0/16 overlaps dev: network\.cidr"):
        environment("dev")


def test_images_come_from_another_environment_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for source in ("stage", "prod"):
        commit(monkeypatch, DEV, changed(PROD, "delivery", images_from=source))
        with pytest.raises(SettingsError, match=rf"^prod: delivery\.images_from is {source}, .*choose from dev$"):
            environment("dev")


def test_an_account_that_takes_images_from_another_one_is_let_in_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert readers(DEV) == (), "their account is one"
    there = replace(PROD, account="444455556666")
    commit(monkeypatch, provided(DEV, makes_provider=True), there)
    assert (readers(DEV), readers(there)) == (("444455556666",), ())
    both = (replace(DEV, account="444455556666"), there)
    commit(monkeypatch, *both)
    assert readers(both[0]) == (), "nobody lets himself in"
    commit(monkeypatch, DEV, PROD)
    assert readers(replace(DEV, account="777788889999")) == (), "an example is nobody to let in"


def test_settings_never_change_once_they_are_made() -> None:
    with pytest.raises(AttributeError):
        DEV.account = "123456789012"  # type: ignore[misc]


def test_committed_settings_name_what_is_still_an_example() -> None:
    assert examples(DEV) == (
        "account",
        "cluster.allowed_cidrs[0]",
        "edge.domain",
        "edge.zone_name",
        "edge.zone_id",
        "monitoring.alarm_address",
        "delivery.repository",
        "delivery.runner_connection_arn",
    )


def test_settings_that_are_filled_in_hold_no_example() -> None:
    assert examples(filled_in()) == ()


def filled_in() -> Environment:
    return replace(
        DEV,
        account="123456789012",
        cluster=replace(DEV.cluster, allowed_cidrs=("62.12.8.0/24",)),
        edge=replace(DEV.edge, domain="dev.tickets.org", zone_name="tickets.org", zone_id="Z04ABC"),
        monitoring=replace(DEV.monitoring, alarm_address="team@tickets.org"),
        delivery=DeliverySettings(repository="tickets/examples-of-shops", makes_provider=False),
    )


def test_a_real_account_beside_examples_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"^cluster\.allowed_cidrs\[0\], edge\.domain, .* of dev still hold examples"
    ):
        environment("dev", account="123456789012")


def test_another_region_takes_its_zones_along() -> None:
    assert environment("dev", region="eu-north-1").zones == ("eu-north-1a", "eu-north-1b", "eu-north-1c")


def test_every_addon_of_the_cluster_is_pinned_to_a_build() -> None:
    assert all(version.startswith("v") and "-eksbuild." in version for version in ADDONS.values())
    assert set(DEV.cluster.addons) == set(PROD.cluster.addons) == set(ADDONS)


def test_reading_settings_loads_nothing_of_the_cdk_and_costs_no_time() -> None:
    probe = (
        "import sys, time; began = time.perf_counter(); from cdk.settings import environment; environment('prod');"
        "import cdk.names; print(time.perf_counter() - began, 'aws_cdk' in sys.modules, 'jsii' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, *loaded = answer.stdout.split()
    assert loaded == ["False", "False"]
    assert float(seconds) < 1.0  # 0.04 on an idle machine; the CDK takes 3


def test_what_is_exported_exists() -> None:
    assert all(hasattr(settings, name) for name in settings.__all__)
