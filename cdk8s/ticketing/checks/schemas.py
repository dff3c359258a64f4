"""Every object by the schema of its kind, strictly: an unknown field is a mistake."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate

from ticketing.checks.objects import Body, Objects, called

_CLI = Path(__file__).parents[3] / "tools" / "cdk8s-cli"


def invalid(objects: Objects, version: str) -> Iterator[str]:
    """version: of Kubernetes. Its own kinds by its own schemas, all others by those of their definitions."""
    others = []
    # Else it would take the nearest version that it has.
    known = {kubernetes_validate.utils.major_minor(each) for each in kubernetes_validate.utils.all_versions()}
    if version not in known:
        yield f"there are no schemas of Kubernetes {version}"
        return
    for body in objects.bodies:
        try:
            kubernetes_validate.validate(dict(body), version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            others.append(body)
        except kubernetes_validate.ValidationError as error:
            yield f"{called(body)}: {'.'.join(map(str, error.path))}: {error.message}"
    yield from _custom(others)


def _custom(bodies: list[Body]) -> Iterator[str]:
    done = subprocess.run(  # noqa: S603 - a program of ours
        ["node", _CLI / "validate.mjs"],  # noqa: S607 - the one of .venv, which is first on PATH
        input=json.dumps(bodies),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        yield f"custom resources could not be checked: {done.stderr.strip()[-500:]}"
    yield from done.stdout.splitlines()
