"""What `cdk8s synth` runs: the manifests of one environment into $CDK8S_OUTDIR, of all into a folder each.

`python main.py [dev|prod]`. CDK_OUTPUTS, BACKEND_IMAGE and FRONTEND_IMAGE say what they are made for; without
CDK_OUTPUTS a committed example stands in, which is enough to look at and is refused by whoever deploys.
"""

import os
import sys
from pathlib import Path

from cdk.settings import ENVIRONMENTS, SettingsError
from cdk.settings.environment import unwatched
from ticketing.build import build
from ticketing.inputs import InputError, read_inputs


def main(arguments: list[str]) -> int:
    """0 when the manifests are written; whatever is wrong with settings or inputs is one line."""
    out = Path(os.environ.get("CDK8S_OUTDIR", "dist"))
    try:
        for name in arguments or ENVIRONMENTS:
            inputs = read_inputs(name, os.environ)
            if inputs.example:
                sys.stderr.write(f"note: {name} is made of example outputs and cannot be deployed; see CDK_OUTPUTS\n")
            if warning := unwatched(inputs.env):
                sys.stderr.write(f"WARNING: {warning}\n")
            build(inputs, out if arguments else out / name)
    except (SettingsError, InputError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
