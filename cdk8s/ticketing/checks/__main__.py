"""Checks the manifests of an environment in a folder; 1 with a line for each finding."""

import os
import sys
from pathlib import Path

from cdk.settings import SettingsError
from ticketing.checks.every import findings
from ticketing.checks.objects import Objects
from ticketing.inputs import InputError, read_inputs


def main(arguments: list[str]) -> int:
    name, folder = arguments
    objects = Objects.read(Path(folder))
    try:
        found = list(findings(objects, read_inputs(name, os.environ)))
    except (SettingsError, InputError) as error:
        found = [str(error)]
    for finding in found:
        sys.stderr.write(f"error: {finding}\n")
    sys.stdout.write(f"{len(objects.bodies)} objects, {len(found)} findings\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
