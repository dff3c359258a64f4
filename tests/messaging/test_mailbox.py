"""The folder that stands for a mail server."""

from email.parser import BytesParser
from email.policy import default
from pathlib import Path

from backend.messaging.events import Failure
from backend.messaging.sinks.mailbox import Mailbox
from tests.messaging.letters import letter


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_each_letter_becomes_a_file_that_mail_programs_open(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "mail")
    assert await mailbox.send([letter(number=1), letter(number=2)]) == [None, None]
    files = files_in(tmp_path / "mail")
    assert [file.name for file in files] == ["1.order-paid.eml", "2.order-paid.eml"]
    arrived = BytesParser(policy=default).parsebytes(files[0].read_bytes())
    assert (arrived["To"], arrived["Subject"]) == ("ana@example.com", "Your tickets")


async def test_a_letter_that_comes_again_replaces_its_file(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    await mailbox.send([letter()])
    await mailbox.send([letter(subject="Your tickets again")])
    assert [b"Your tickets again" in file.read_bytes() for file in files_in(tmp_path)] == [True]


async def test_no_message_id_leads_out_of_the_folder(tmp_path: Path) -> None:
    odd = letter()
    del odd["Message-ID"]
    odd["Message-ID"] = "<../../etc/cron.d/x@shop.example>"
    await Mailbox(tmp_path / "mail").send([odd])
    assert [file.name for file in files_in(tmp_path / "mail")] == [".._.._etc_cron.d_x.eml"]


async def test_a_folder_that_cannot_be_written_fails_for_now(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("not a folder")
    (answer,) = await Mailbox(tmp_path / "mail").send([letter()])
    assert isinstance(answer, Failure)
    assert not answer.for_good
