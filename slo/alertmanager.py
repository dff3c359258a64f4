"""Where alerts go: pages to whoever is on call, tickets to the queue, the watchdog to what misses it.

Ours say page or ticket; those that come with the monitoring itself say critical, warning, info or none.
"""

from pathlib import Path
from typing import Any

from slo.heads import MADE_BY
from slo.series import duration
from slo.spec import Spec
from slo.yaml_text import dump

OUTPUT = Path("slo/out/alertmanager.yaml")

# Files with one URL each, mounted from a secret: an address that can raise the alarm is no part of a repository.
_URLS = "/etc/alertmanager/receivers"
RECEIVERS = ("page", "ticket", "watchdog")


def write(spec: Spec) -> dict[Path, str]:
    return {OUTPUT: f"# {MADE_BY}\n\n{dump(configuration(spec))}"}


def configuration(spec: Spec) -> dict[str, Any]:
    """Alertmanager's own configuration file, and what its operator's resource is made from."""
    return {
        "route": {
            "receiver": "ticket",  # whatever has no severity is not lost
            "group_by": ["alertname", "slo", "journey"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": [
                _route("watchdog", 'alertname="Watchdog"', wait="0s", interval="1m", repeat="1m"),
                # What belongs to others' rules only to hold back further ones: nobody can do anything about it.
                _route("silent", 'severity=~"none|info"', wait="30s", repeat="1d"),
                # Something that is down fails in many ways at once: what pages for one journey is one call.
                _route("page", 'severity=~"page|critical"', wait="10s", interval="1m", repeat="1h"),
                _route("ticket", 'severity="ticket"', wait=duration(spec.alerting.for_.page), repeat="1d"),
            ],
        },
        # Whoever is paged for an objective of a journey knows already what the ticket would say.
        "inhibit_rules": [
            {
                "source_matchers": ['severity="page"'],
                # What is not measured is told by tickets that explain the page.
                "target_matchers": ['severity="ticket"', 'slo!="measurement"'],
                "equal": ["slo", "journey"],
            },
            {
                "source_matchers": ['severity="page"', 'slo=~"latency-.+"'],
                "target_matchers": ['severity="ticket"', 'slo=~"latency-.+"'],
                "equal": ["journey"],
            },
        ],
        "receivers": [
            {"name": name, "webhook_configs": [{"url_file": f"{_URLS}/{name}", "send_resolved": name != "watchdog"}]}
            for name in RECEIVERS
        ]
        + [{"name": "silent"}],
    }


def _route(receiver: str, matcher: str, *, wait: str, repeat: str, interval: str = "5m") -> dict[str, Any]:
    return {
        "receiver": receiver,
        "matchers": [matcher],
        "group_wait": wait,
        "group_interval": interval,
        "repeat_interval": repeat,
    }
