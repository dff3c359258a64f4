"""What a local shop is started with when Prometheus can be had, and when it cannot."""

from pathlib import Path

import pytest
import yaml

from slo.spec import load_spec
from tools.local.ports import Ports
from tools.local.shop import Shop
from tools.programs import prometheus


@pytest.fixture
def watched(tmp_path: Path) -> Shop:
    return Shop(Ports(20_000), tmp_path, "postgresql://localhost/tickets", Path("/opt/prometheus"))


@pytest.fixture
def unwatched(tmp_path: Path) -> Shop:
    return Shop(Ports(20_000), tmp_path, "postgresql://localhost/tickets")


def test_its_prometheus_has_the_rules_and_times_of_the_promise(watched: Shop, tmp_path: Path) -> None:
    part = next(part for part in watched.parts() if part.name == "prometheus")
    config = yaml.safe_load((tmp_path / "prometheus" / "prometheus.yml").read_text())
    promised = load_spec().prometheus
    assert config["global"] == {"scrape_interval": f"{promised.scrape_interval.total_seconds():.0f}s"}
    assert (tmp_path / "prometheus" / config["rule_files"][0]).read_text() == Path("slo/out/rules.yaml").read_text()
    assert f"--storage.tsdb.retention.time={promised.retention.days}d" in part.command


def test_every_process_with_metrics_is_scraped_prometheus_itself_too(watched: Shop, tmp_path: Path) -> None:
    watched.parts()
    config = yaml.safe_load((tmp_path / "prometheus" / "prometheus.yml").read_text())
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]}
    assert targets == {
        "backend": ["127.0.0.1:20001"],
        "worker": ["127.0.0.1:20004"],
        "prometheus": ["127.0.0.1:20003"],
    }


def test_the_shop_is_told_where_its_prometheus_is(watched: Shop) -> None:
    assert watched.settings()["PROMETHEUS_URL"] == "http://127.0.0.1:20003"
    assert watched.facts()["prometheus_url"] == "http://localhost:20003"
    assert "Prometheus        http://localhost:20003\n" in watched.addresses()


def test_without_prometheus_none_is_named_and_it_says_how_to_have_it(unwatched: Shop) -> None:
    assert "prometheus" not in {part.name for part in unwatched.parts()}
    assert "prometheus_url" not in unwatched.facts()
    assert "PROMETHEUS_URL" not in unwatched.settings()
    assert unwatched.addresses().count(prometheus.MISSING) == 1
