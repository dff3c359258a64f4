"""Prints, as JSON, what cdk-nag finds when nothing is accepted, and what we accept: `python -m tests.cdk.findings`.

The environment is the context's `env`, as for app.py. found: [path, rule]; accepted: [path, rule, reason].
"""

import json
import sys
from collections.abc import Mapping

from aws_cdk import App
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from cdk.constructs import findings


def main() -> int:
    accepted: list[tuple[str, str, str]] = []

    def note(construct: IConstruct, reasons: Mapping[str, str]) -> None:
        accepted.extend((construct.node.path, rule, reason) for rule, reason in reasons.items())

    findings.accept = note
    # Imported when the stand-in is there, so that it is what they import.
    from cdk.settings import environment  # noqa: PLC0415
    from cdk.stacks.environment import build  # noqa: PLC0415

    app = App()
    build(app, environment(app.node.try_get_context("env")))
    found = [
        (resource.construct_path, violation.rule_name)
        for violation in AwsSolutionsChecks().validate_scope(app).violations
        for resource in violation.violating_resources
    ]
    json.dump({"found": found, "accepted": accepted}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
