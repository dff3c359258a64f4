"""What only the store keeps is no secret."""

from tests.cdk.emulated import eks, services, stored
from tools.setup import ROOT


def test_the_page_on_aws_lists_what_is_only_written_down() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    listed = page.partition("only written down")[2].partition("\n## ")[0]
    assert {each for each in stored.MAKERS if f"`{each}`" not in listed} == set()
    assert {each for each in (*eks.MAKERS, *services.MAKERS) if f"`{each}`" in listed} == set()
