"""What our tools ask of the CDK's command line, beyond what the deployment here asks, is what the pinned one knows."""

import re

import pytest

from tests.cdk.emulated.running import Aws
from tests.tools.release.stand_ins import shown
from tools.commands import Commands
from tools.release.changes import in_the_account


def test_comparing_has_every_option_that_make_changes_gives_it(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    in_the_account(Commands({}, dry_run=True), "prod")
    _, verb, *words = shown(capsys.readouterr().out)[0].split()
    known = re.findall(r"(?<!\S)--?[\w-]+", aws.cdk("options of diff", verb, "--help").output)
    assert {word for word in words if word.startswith("-")} - set(known) == set()
