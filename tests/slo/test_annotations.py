"""What a person reads when an alert comes: promtool fills the templates in as Prometheus does."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from slo.rules.document import OUTPUT, alerts
from slo.ruletests import document as ruletests
from slo.ruletests.model import Fires, Silent, World
from slo.spec import load_spec
from tests.slo.promql import program
from tests.slo.promtool import without_recording, written

SPEC = load_spec()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Summaries and descriptions by alert, as they are sent when it first fires."""
    folder = tmp_path_factory.mktemp("annotations")
    written(SPEC, folder)
    rules = folder / OUTPUT
    rules.write_text(without_recording(rules.read_text(encoding="utf-8")), encoding="utf-8")
    asked: dict[str, dict[str, int]] = {}
    for name, world in sorted(ruletests.worlds(SPEC).items(), key=lambda item: length(item[1])):
        for check in world.checks:
            if isinstance(check, Fires) and not any(check.alert in found for found in asked.values()):
                asked.setdefault(name, {})[check.alert] = check.minute
    texts: dict[str, list[str]] = {}
    for name, minutes in asked.items():
        texts |= sent(folder / ruletests.FOLDER / f"{name}.yaml", minutes)
    return texts


def length(world: World) -> int:
    return max(check.last if isinstance(check, Silent) else check.minute for check in world.checks)


def sent(path: Path, minutes: dict[str, int]) -> dict[str, list[str]]:
    """By alert, at its minute. When nothing is expected, promtool tells what it got."""
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    (test,) = content["tests"]
    test.pop("promql_expr_test")
    test["alert_rule_test"] = [
        {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": []} for alert, minute in minutes.items()
    ]
    asked = path.with_name(f"asked-{path.name}")
    asked.write_text(yaml.safe_dump(content))
    tested = subprocess.run([program("promtool"), "test", "rules", asked], capture_output=True, text=True, check=False)
    _, *answers = re.split(r"alertname: ?(\w+),", tested.stdout + tested.stderr)
    texts = (re.findall(r"(?:summary|description)=\"((?:[^\"\\]|\\.)*)\"", answer) for answer in answers[1::2])
    return dict(zip(answers[::2], texts, strict=True))


@pytest.mark.parametrize("alert", [alert.name for alert in alerts(SPEC)])
def test_the_text_of_every_alert_is_complete(alert: str, told: dict[str, list[str]]) -> None:
    texts = told[alert]
    assert texts
    for text in texts:
        assert "error" not in text.replace("error budget", "").replace("errors by itself", ""), text
        assert "{{" not in text
        assert "<no value>" not in text
        assert not re.search(r"  | \.|  $|: $|\bNaN\b", text), text
