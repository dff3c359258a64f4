from collections.abc import Mapping
from pathlib import Path

from tests.manifests.snapshot import FOLDER, kept


def test_manifests_are_those_that_are_kept_in_git(folders: Mapping[str, Path], environment_name: str) -> None:
    in_git = {path.name: path.read_text() for path in (FOLDER / environment_name).iterdir()}
    made = kept(folders[environment_name])
    changed = sorted(name for name in in_git | made if in_git.get(name) != made.get(name))
    assert changed == [], "look at the difference: python -m tests.manifests.snapshot && git diff tests/manifests"
