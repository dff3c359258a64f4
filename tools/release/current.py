"""What the cluster says just now, written into copies of the manifests before they are applied to it.

How many pods a sale has at least just now, which a deployment must not lower; and which version its secrets have, once
they were fetched anew, so that pods which read them when they start are replaced when one has changed, all of them and
not as each happens to end.
"""

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from cdk.names import SECRETS_VERSION
from tools.console import Failure, say
from tools.release.site import Site

_PRESCALED = "backend"
_SCALED = f"-{_PRESCALED}.k8s.yaml"  # the chart with its autoscaler
_LEAST, _MOST = (re.compile(rf"(?m)^(  {which}Replicas: )(\d+)$") for which in ("min", "max"))
_VERSION = re.compile(rf"(?m)^( +{re.escape(SECRETS_VERSION)}: ).*$")
_PATIENCE = "5m"
_FETCH_SECONDS = 300.0
_LOOK_SECONDS = 2.0


def brought_up_to_date(site: Site, files: Sequence[Path], secrets: Iterable[str]) -> list[Path]:
    """Copies of these files in a folder beside theirs, which stay as what the release is kept as.

    secrets: names of those whose values become variables.
    """
    names = sorted(secrets)
    _fetch(site, names)
    version = "jsonpath={.items[*].metadata.resourceVersion}"
    versions = site.commands.ask(*site.kubectl("get", "secrets", *names, "--output", version), example="")
    least = ("get", f"hpa/{_PRESCALED}", "--ignore-not-found", "--output", "jsonpath={.spec.minReplicas}")
    live = site.commands.ask(*site.kubectl(*least), example="")
    copies = [path.parent.with_name(f"{path.parent.name}.live") / path.name for path in files]
    if site.commands.dry_run:
        return copies
    for path, copy in zip(files, copies, strict=True):
        text = _VERSION.sub(rf'\g<1>"{versions}"', path.read_text(encoding="utf-8"))
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(_with_pods(text, int(live or 0)) if path.name.endswith(_SCALED) else text, encoding="utf-8")
    return copies


def _fetch(site: Site, names: Sequence[str]) -> None:
    """Have the cluster read them anew, which it does by itself once in an hour only, and wait until it has.

    Their former times say when: no clock of ours is compared with the cluster's. Failure when it takes too long.
    """
    brought = [f"externalsecret/{name}" for name in names]
    former = {name: _fetched(site, name, example="") for name in names}
    now = f"force-sync={time.time_ns()}"
    site.commands.run(*site.kubectl("annotate", *brought, now, "--overwrite"))
    give_up = time.monotonic() + _FETCH_SECONDS
    while late := [name for name in names if _fetched(site, name, example="now") == former[name]]:
        if time.monotonic() > give_up:
            site.commands.code(*site.kubectl("describe", *brought))
            raise Failure(f"the cluster does not fetch {', '.join(late)} anew: see above what External Secrets says")
        time.sleep(_LOOK_SECONDS)
    site.commands.run(*site.kubectl("wait", *brought, "--for=condition=Ready", "--timeout", _PATIENCE))


def _fetched(site: Site, name: str, example: str) -> str:
    """When it was read last without fault; nothing before the first time."""
    get = ("get", f"externalsecret/{name}", "--output", "jsonpath={.status.refreshTime}")
    return site.commands.ask(*site.kubectl(*get), example=example)


def _with_pods(text: str, live: int) -> str:
    """No fewer pods at least than there are; within the minute prescaling says anew how many it wants."""
    least, most = _LEAST.search(text), _MOST.search(text)
    if least is None or most is None or (wanted := min(live, int(most[2]))) <= int(least[2]):
        return text
    say(f"  {_PRESCALED} keeps the {wanted} pods at least that a sale needs")
    return _LEAST.sub(rf"\g<1>{wanted}", text)
