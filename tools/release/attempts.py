"""What a deployment from here has tried, so that a pipeline undoes that and nothing else.

It stands in a file beside the manifests, from just before the first pod is replaced until the next deployment begins.
"""

import json
from pathlib import Path

from tools import synth
from tools.release.site import Site


def forget(site: Site) -> None:
    """A deployment begins, and has touched nothing yet."""
    if not site.commands.dry_run:
        _note(site).unlink(missing_ok=True)


def remember(site: Site, commit: str, *, before: str) -> None:
    """Pods are about to be replaced. before: the commit that ran until now and had sold, or nothing."""
    if site.commands.dry_run:
        return
    _note(site).parent.mkdir(parents=True, exist_ok=True)
    _note(site).write_text(json.dumps({"commit": commit, "before": before}), encoding="utf-8")


def nothing_to_undo(site: Site, commit: str) -> str:
    """Why what the deployment of this commit left may stay as it is; nothing when it may not."""
    note = json.loads(_note(site).read_text(encoding="utf-8")) if _note(site).exists() else {}
    if not str(note.get("commit", "")).startswith(commit):
        return f"no pod was touched, so there is nothing to undo of {commit[:12]}; to go back all the same, say TO="
    if str(note["before"]).startswith(commit):
        return f"{commit[:12]} ran and sold before this deployment of it: it stays; to go back all the same, say TO="
    return ""


def _note(site: Site) -> Path:
    return synth.MANIFESTS / f"{site.name}.tried.json"
