"""The runbooks: one for each alert, and commands in them that somebody who was just woken can believe."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from backend.__main__ import parser
from backend.settings import Settings
from cdk import names
from slo.rules.document import alerts, document, groups
from slo.spec import load_spec
from tests.slo import promql
from tests.slo.test_dashboards import OTHERS, exposed, recorded

SPEC = load_spec()
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(FOLDER.glob("*.md"))

HEADINGS = ["What it means", "First three commands", "Likely causes", "How to stop the bleeding", "After"]
LANGUAGES = {"promql", "sql", "sh"}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_OURS = {"PENDING_VALIDATION", "DATABASE_URL"}  # ACM's word, and a variable that README explains


@dataclass(frozen=True)
class Block:
    page: str
    language: str
    text: str


def alert_pages() -> list[Path]:
    return [page for page in PAGES if page.stem != "README"]


def blocks(language: str) -> list[Block]:
    found = (Block(page.stem, *each) for page in PAGES for each in BLOCK.findall(page.read_text(encoding="utf-8")))
    return [block for block in found if block.language == language]


def sections(page: Path) -> dict[str, str]:
    """Heading to text, in order."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert [page.stem for page in alert_pages()] == sorted(alert.name for alert in alerts(SPEC))


def test_the_address_in_each_alert_is_that_of_its_page() -> None:
    for group in document(SPEC)["groups"]:
        for rule in group["rules"]:
            if "alert" in rule:
                _, _, path = rule["annotations"]["runbook_url"].partition("/blob/main/")
                assert (ROOT / path).read_text(encoding="utf-8").startswith(f"# {rule['alert']}\n")


@pytest.mark.parametrize("page", alert_pages(), ids=lambda page: page.stem)
def test_a_page_has_its_five_parts_and_three_commands(page: Path) -> None:
    parts = sections(page)
    assert list(parts) == HEADINGS
    assert all(text.strip() for text in parts.values())
    commands = BLOCK.findall(parts["First three commands"])
    assert len(commands) == 3
    assert {language for language, _ in commands} <= LANGUAGES


def test_every_link_leads_somewhere() -> None:
    for page in PAGES:
        links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
        assert [link for link in links if not (FOLDER / link).exists()] == [], page.stem


def test_promql_parses(tmp_path: Path) -> None:
    assert promql.faults([block.text for block in blocks("promql")], tmp_path) == ""


def test_promql_names_metrics_that_exist() -> None:
    watched = {name for group in groups(SPEC) for rule in group.rules for name in promql.metrics(rule.expr)}
    known = exposed(SPEC) | recorded(SPEC) | watched | set().union(*OTHERS.values())
    for block in blocks("promql"):
        assert promql.metrics(block.text) - known == set(), block.page


def test_promql_asks_for_buckets_that_exist() -> None:
    edges = {repr(float(edge)) for edges in SPEC.buckets.model_dump().values() for edge in edges}
    for block in blocks("promql"):
        assert set(re.findall(r'le="([^"]+)"', block.text)) <= edges, block.page


def test_sql_runs_on_the_shop_s_own_tables_and_only_reads(dsn: str) -> None:
    connection = psycopg2.connect(dsn)
    try:
        connection.set_session(readonly=True)
        for block in blocks("sql"):
            with connection, connection.cursor() as cursor:
                cursor.execute(block.text)
                assert cursor.description, block.page
    finally:
        connection.close()


def test_names_in_the_cluster_are_those_that_it_is_built_with() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"kubectl -n (\S+)", text)) == {names.namespace("prod"), names.MONITORING}
    of_prometheus = set(re.findall(r"(?:sts|svc)/(\S+)", text))
    assert of_prometheus == {f"{names.MONITORING}-prometheus", f"prometheus-{names.MONITORING}-prometheus"}


def test_logs_of_a_deployment_are_asked_of_all_its_pods() -> None:
    """Kubectl shows those of one pod otherwise, and only one of many may know."""
    asked = [line for block in blocks("sh") for line in block.text.splitlines() if "logs deploy/" in line]
    assert asked
    assert [line for line in asked if "--all-pods" not in line] == []


def test_shell_is_well_formed() -> None:
    for block in blocks("sh"):
        checked = subprocess.run(["sh", "-n"], input=block.text, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, (block.page, checked.stderr)


def test_commands_of_the_backend_exist() -> None:
    said = {
        command
        for page in PAGES
        for command in re.findall(r"python -m backend ([a-z][a-z -]*[a-z])", page.read_text(encoding="utf-8"))
    }
    assert said
    for command in said:
        arguments = [*command.split(), *(["FILE.yaml"] if command == "events apply" else [])]
        assert parser().parse_args(arguments).command == arguments[0]


def test_variables_of_the_backend_exist() -> None:
    known = {name.upper() for name in Settings.model_fields} | NOT_OURS
    for page in PAGES:
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", page.read_text(encoding="utf-8")))
        assert named <= known, page.stem
