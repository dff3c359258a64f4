from tests.cdk.assembly import Assembly
from tests.cdk.snapshot import FOLDER, files


def test_templates_are_those_that_are_kept_in_git(assembly: Assembly) -> None:
    changed = [path.name for path, text in files(assembly).items() if not path.exists() or path.read_text() != text]
    assert changed == [], "look at the difference: python -m tests.cdk.snapshot && git diff tests/cdk/snapshots"


def test_every_kept_template_is_of_a_stack_that_there_is(assembly: Assembly) -> None:
    assert set((FOLDER / assembly.env.name).iterdir()) == set(files(assembly))
