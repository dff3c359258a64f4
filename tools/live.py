"""What only the cluster knows, written into copies of the manifests before they are applied to it.

How many pods a sale has at least just now, which a deployment must not lower; and which version its secrets have, so
that pods which read them when they start are replaced when one has changed, all of them and not as each happens to end.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cdk.names import SECRETS_VERSION
from tools.console import say
from tools.site import Site

_PRESCALED = "backend"
_SCALED = f"-{_PRESCALED}.k8s.yaml"  # the chart with its autoscaler
_LEAST, _MOST = (re.compile(rf"(?m)^(  {which}Replicas: )(\d+)$") for which in ("min", "max"))
_VERSION = re.compile(rf"(?m)^( +{re.escape(SECRETS_VERSION)}: ).*$")
_PATIENCE = "5m"


def brought_up_to_date(site: Site, files: Sequence[Path], secrets: Iterable[str]) -> list[Path]:
    """Copies of these files in a folder beside theirs, which stay as what the release is kept as.

    secrets: names of those whose values become variables.
    """
    names = sorted(secrets)
    brought = [f"externalsecret/{name}" for name in names]
    site.commands.run(*site.kubectl("wait", *brought, "--for=condition=Ready", "--timeout", _PATIENCE))
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


def _with_pods(text: str, live: int) -> str:
    """No fewer pods at least than there are; within the minute prescaling says anew how many it wants."""
    least, most = _LEAST.search(text), _MOST.search(text)
    if least is None or most is None or (wanted := min(live, int(most[2]))) <= int(least[2]):
        return text
    say(f"  {_PRESCALED} keeps the {wanted} pods at least that a sale needs")
    return _LEAST.sub(rf"\g<1>{wanted}", text)
