"""The gate's answer: lines for a terminal, JSON for programs, Markdown for a pull request."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from backend.telemetry.promise_sections import Change
from slo.gate.findings import EXIT_CODES, Finding, GateVerdict

_SAYS: dict[GateVerdict, str] = {
    "block": "do not release",
    "unknown": "not known, which is no yes",
    "warn": "release, with care",
    "allow": "release",
}


@dataclass(frozen=True, slots=True)
class Report:
    """notes: what else whoever decides should know, such as an override whose time is over."""

    verdict: GateVerdict
    change: Change
    prometheus: str
    checked_at: datetime
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        lines = [f"{self.verdict}: {_SAYS[self.verdict]} ({self.change})"]
        lines += [f"  {each.verdict:<8}{each.check:<11}{each.about}: {each.says}" for each in self._telling()]
        lines += [f"  note    {note}" for note in self.notes]
        return "\n".join(lines) + "\n"

    def json(self) -> str:
        content = {
            "verdict": self.verdict,
            "exit_code": EXIT_CODES[self.verdict],
            "change": self.change,
            "prometheus": self.prometheus,
            "checked_at": self.checked_at.isoformat(),
            "findings": [asdict(finding) for finding in self.findings],
            "notes": self.notes,
        }
        return json.dumps(content, indent=2, allow_nan=False) + "\n"

    def markdown(self) -> str:
        head = f"## Error budget gate: {self.verdict}, {_SAYS[self.verdict]}\n\n"
        when = f"For a {self.change}, {self.checked_at:%Y-%m-%d %H:%M} UTC, by {self.prometheus}.\n\n"
        notes = "".join(f"- {_cell(note)}\n" for note in self.notes)
        return head + when + _table(self._gravest_first()) + (f"\n{notes}" if notes else "")

    def _gravest_first(self) -> list[Finding]:
        return sorted(self.findings, key=lambda finding: list(EXIT_CODES).index(finding.verdict))

    def _telling(self) -> Iterator[Finding]:
        """What asks for attention; where nothing does, the budgets."""
        attention = [finding for finding in self._gravest_first() if finding.verdict != "allow"]
        yield from attention or (finding for finding in self.findings if finding.check in ("budget", "load test"))


def without_secrets(url: str) -> str:
    """The address, without the user and the password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _table(findings: Iterable[Finding]) -> str:
    rows = [f"| {each.verdict} | {each.check} | {_cell(each.about)} | {_cell(each.says)} |" for each in findings]
    return "\n".join(["| verdict | check | of | finding |", "|---|---|---|---|", *rows]) + "\n"


def _cell(text: str) -> str:
    """As text: what comes from Prometheus or a file must not break the table."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
