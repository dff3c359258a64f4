"""How the tests are shared out when `pytest -n` has several workers."""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

# What the tests of these folders share takes long to make, so one worker makes it.
TOGETHER = ("tests/cdk", "tests/images", "tests/manifests", "tests/rollout")
# What takes a worker longest comes first, lest all the others wait for it at the end.
FIRST = (
    "tests/rollout",
    "tests/cdk",
    "tests/slo/test_rules.py",
    "tests/docs/test_develop.py",
    "tests/journeys",
    "tests/tools",
    "tests/slo",
)


class Together(LoadScopeScheduling):  # type: ignore[misc] # it is published without types
    """Tests that share something go to the same worker: those of a file, and those of a folder of TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """What the test is kept together with: a folder or its file."""
    file = PurePosixPath(nodeid.partition("::")[0])
    return next((folder for folder in TOGETHER if file.is_relative_to(folder)), str(file))


def turn(nodeid: str) -> int:
    """Its place in FIRST, or after all of them."""
    file = PurePosixPath(nodeid.partition("::")[0])
    return next((place for place, first in enumerate(FIRST) if file.is_relative_to(first)), len(FIRST))
