"""Our folder cdk8s/ never hides the library of that name."""

from pathlib import Path

import cdk8s

from tools.setup import ROOT


def test_the_library_is_the_installed_one() -> None:
    assert "site-packages" in Path(cdk8s.__file__).parts


def test_no_folder_of_that_name_is_a_package() -> None:
    ours = [path for folder in ("", "tests") for path in (ROOT / folder).glob("cdk8s/__init__.py")]
    assert ours == []
    assert not (ROOT / "tests" / "cdk8s").exists()
