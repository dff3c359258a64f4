"""What the pods are started with is what the service itself understands."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

from backend.__main__ import parser
from backend.psp.options import VARIABLES, PspOptions
from backend.settings import Settings, SettingsError
from ticketing.checks.objects import Body, Objects, Pod
from ticketing.checks.references import brings
from ticketing.inputs import Inputs

_LIBPQ = {"PGSERVICEFILE"}
_STAND_IN = "stands for what nobody may see"  # of a secret's value, which is not known here
_UNKEYED = {"check", "migrate", "prescale", "probe", "rotate"}  # they sign nothing


def commands(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """Each container of the backend's image has a command that there is, and settings that it starts with."""
    for pod in objects.pods:
        for container in pod.containers:
            if container["image"] != inputs.images["backend"]:
                continue
            complaint = io.StringIO()
            try:
                with contextlib.redirect_stderr(complaint):
                    command = parser().parse_args(container["args"]).command
            except SystemExit:
                yield f"{pod}: {complaint.getvalue().strip().splitlines()[-1]}"
                continue
            yield from _settings(objects, pod, container, command)


def _settings(objects: Objects, pod: Pod, container: Body, command: str) -> Iterator[str]:
    given = {each["name"]: each["value"] for each in container.get("env", [])}
    secret = {key for source in container.get("envFrom", []) for key in brings(objects, source["secretRef"]["name"])}
    known = {name.upper() for name in Settings.model_fields} | set(VARIABLES) | {"ENVIRONMENT"} | _LIBPQ
    for name in sorted((set(given) | secret) - known):
        yield f"{pod}: the service knows no variable {name}"
    variables = {**dict.fromkeys(secret, _STAND_IN), **given}
    try:
        if command == "psp":
            PspOptions.from_env(variables)
        else:
            Settings.from_env({**({"SECRET_KEY": _STAND_IN} if command in _UNKEYED else {}), **variables})
    except (SettingsError, ValueError) as error:
        yield f"{pod}: would not start: {error}"
