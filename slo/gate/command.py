"""`python -m slo gate`: its arguments, its exit code and the files it writes."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from backend.telemetry.prometheus import Prometheus, PrometheusError
from backend.telemetry.promise_faults import PromiseError
from backend.telemetry.promise_sections import Change
from slo.gate.findings import EXIT_CODES, Finding, verdict
from slo.gate.load_test import SummaryError, judge_load_test
from slo.gate.measured import measure
from slo.gate.overrides import DEFAULT, Override, apply, moment, read_overrides
from slo.gate.policy import judge
from slo.gate.report import Report, without_secrets
from slo.spec import Spec, load_spec

WRONG_INPUT = 2
_ROLLBACK = "a rollback is always allowed"
_ANSWER_SECONDS = 10.0
_ALL_SECONDS = 30.0


class InputError(Exception):
    """An argument that cannot be meant: one line that names it and what was expected."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prometheus", metavar="URL", help="the Prometheus that evaluates slo/out/rules.yaml")
    parser.add_argument("--bearer-token-file", metavar="FILE", type=Path, help="what it asks of whoever reads from it")
    parser.add_argument("--k6", metavar="SUMMARY.json", type=Path, help="judge this load test as well")
    parser.add_argument("--change", default="feature", help=" | ".join(get_args(Change)))
    parser.add_argument("--bootstrap", metavar="UNTIL", help="until then let a young history pass, with a warning")
    parser.add_argument("--overrides", metavar="FILE", type=Path, default=DEFAULT, help="blocks that are let pass")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the findings there for programs")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write them there for people")


def gate(options: argparse.Namespace) -> int:
    """Print the verdict; its exit code is 20 block, 30 unknown, 10 warn or 0 allow; 2 when an input is wrong.

    A rollback is the way out: it is 0 whatever is wrong, and what that is stands in the notes.
    """
    rollback = options.change == "rollback"
    now = datetime.now(UTC)
    try:
        report = asyncio.run(_report(load_spec(), options, now))
    except (InputError, PromiseError, SummaryError) as error:
        if not rollback:
            sys.stderr.write(f"gate: {error}\n")
            return WRONG_INPUT
        report = Report("allow", "rollback", "nobody", now, (), (_ROLLBACK, *str(error).splitlines()))
    try:
        for path, text in ((options.json, report.json()), (options.markdown, report.markdown())):
            if path is not None:
                path.write_text(text, encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"gate: {error.filename}: {error.strerror}\n")
        if not rollback:
            return WRONG_INPUT
    sys.stdout.write(report.text())
    return EXIT_CODES[report.verdict]


async def _report(spec: Spec, options: argparse.Namespace, now: datetime) -> Report:
    change, url = _change(options.change), _url(options.prometheus)
    token = _token(options.bearer_token_file, url)
    bootstrap = _bootstrap(spec, options.bootstrap, now)
    overrides = read_overrides(options.overrides, spec, now)
    tested = list(judge_load_test(spec, options.k6, now)) if options.k6 else []
    young_until = bootstrap if bootstrap is not None and bootstrap > now else None
    findings = apply(
        overrides,
        [*await _findings(spec, Prometheus(url, _ANSWER_SECONDS, token), change, young_until, now), *tested],
        now,
    )
    return Report(
        verdict=verdict(findings, change),
        change=change,
        prometheus=without_secrets(url),
        checked_at=now,
        findings=tuple(findings),
        notes=tuple(_notes(options.overrides, bootstrap, overrides, change, now)),
    )


async def _findings(
    spec: Spec, prometheus: Prometheus, change: Change, bootstrap: datetime | None, now: datetime
) -> list[Finding]:
    try:
        async with asyncio.timeout(_ALL_SECONDS):
            measured = await measure(spec, prometheus, now.timestamp())
    except PrometheusError as error:
        return [Finding("prometheus", "unknown", str(error))]
    except TimeoutError:
        return [Finding("prometheus", "unknown", f"it does not answer everything within {_ALL_SECONDS:.0f} s")]
    finally:
        await prometheus.close()
    return list(judge(spec, measured, change, bootstrap))


def _notes(
    path: Path, bootstrap: datetime | None, overrides: tuple[Override, ...], change: Change, now: datetime
) -> list[str]:
    notes = [_ROLLBACK] if change == "rollback" else []
    if path.resolve() != DEFAULT.resolve():
        notes.append(f"overrides are read from {path}, not from slo/overrides.yaml, which is reviewed")
    if bootstrap is not None and bootstrap <= now:
        notes.append(f"--bootstrap ended {bootstrap:%Y-%m-%d %H:%M} UTC and is ignored")
    return notes + [f"{_standing(override, now)}: {override.says}" for override in overrides]


def _standing(override: Override, now: datetime) -> str:
    return "in force" if override.expires > now else "ignored, its time is over"


def _change(text: str) -> Change:
    known: tuple[Change, ...] = get_args(Change)
    found = next((change for change in known if change == text), None)
    if found is None:
        raise InputError(f"--change {text}: expected one of {', '.join(known)}")
    return found


def _url(text: str | None) -> str:
    if not text:
        raise InputError("--prometheus is missing: expected an address such as http://prometheus:9090")
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
        _ = parts.port  # ValueError when it is none
    except ValueError:
        whole = False
    if not whole:
        raise InputError("--prometheus: expected an address such as http://prometheus:9090")
    return text


def _token(path: Path | None, url: str) -> str | None:
    if path is None:
        return None
    try:
        words = path.read_text(encoding="ascii").split()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        words = []
    if len(words) != 1 or not words[0].isprintable():
        raise InputError(f"--bearer-token-file {path}: expected one token")
    if "@" in urlsplit(url).netloc:
        raise InputError("--prometheus: expected either a password or a token")
    return words[0]


def _bootstrap(spec: Spec, text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        until = moment(text)
    except ValueError as error:
        raise InputError(f"--bootstrap {text}: {error}") from None
    if until > now + spec.window:
        raise InputError(f"--bootstrap {text}: expected no more than {spec.window.days} days ahead")
    return until
