"""Mail through a real SMTP server on this machine."""

import asyncio
import ssl
from contextlib import suppress

import pytest

from backend.messaging.events import Failure
from backend.messaging.sinks.smtp import SmtpServer, SmtpTransport
from tests.messaging.letters import certificates, letter, post_office

Sides = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    return certificates(tmp_path_factory.mktemp("certificates"))


def transport(port: int, *, tls: ssl.SSLContext | None = None, seconds: float = 5.0, **server: object) -> SmtpTransport:
    return SmtpTransport(SmtpServer("127.0.0.1", port, **server), tls=tls, letter_seconds=seconds)  # type: ignore[arg-type] # any of the server's fields


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with post_office() as office:
        assert await transport(office.port).send([letter()]) == [None]
    (envelope,), (arrived,) = office.envelopes, office.letters
    assert (envelope.mail_from, envelope.rcpt_tos) == ("tickets@shop.example", ["ana@example.com"])
    assert (arrived["Message-ID"], arrived["Subject"]) == ("<17.order-paid@shop.example>", "Your tickets")
    body = arrived.get_body(("plain",))
    assert body is not None
    assert body.get_content() == "Łódź, Saturday\r\n"
    assert [part.get_filename() for part in arrived.iter_attachments()] == ["tickets.pdf"]


async def test_a_refused_letter_fails_for_good_and_its_neighbours_go_over_the_same_connection() -> None:
    async with post_office() as office:
        office.refuse["nobody@example.com"] = "550 no such mailbox"
        answers = await transport(office.port).send([letter(number=1), letter("nobody@example.com"), letter(number=3)])
    assert answers == [None, Failure("127.0.0.1: 550 no such mailbox", for_good=True), None]
    assert [arrived["Message-ID"][:2] for arrived in office.letters] == ["<1", "<3"]
    assert len(office.connections) == 1


async def test_a_letter_refused_for_now_may_be_sent_again() -> None:
    async with post_office() as office:
        office.refuse["ana@example.com"] = "451 try again later"
        answers = await transport(office.port).send([letter()])
    assert answers == [Failure("127.0.0.1: 451 try again later")]


async def test_an_address_that_the_server_cannot_take_fails_for_good() -> None:
    async with post_office(enable_SMTPUTF8=False) as office:
        (answer,) = await transport(office.port).send([letter("añá@example.com")])
    assert isinstance(answer, Failure)
    assert answer.for_good
    assert office.letters == []


async def test_an_address_in_other_letters_than_ascii_arrives_where_the_server_can() -> None:
    async with post_office(enable_SMTPUTF8=True) as office:
        assert await transport(office.port).send([letter("añá@example.com")]) == [None]
    assert office.envelopes[0].rcpt_tos == ["añá@example.com"]


async def test_the_connection_becomes_private_where_the_server_offers_it(sides: Sides) -> None:
    async with post_office(tls_context=sides[0]) as office:
        assert await transport(office.port, tls=sides[1]).send([letter()]) == [None]
    assert office.private == [True]


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(sides: Sides) -> None:
    async with post_office(tls_context=sides[0]) as office:
        (answer,) = await transport(office.port).send([letter()])
    assert isinstance(answer, Failure)
    assert "certificate" in answer.reason.lower()
    assert not answer.for_good
    assert office.letters == []


async def test_tls_from_the_first_byte(sides: Sides) -> None:
    async with post_office(implicit_tls=sides[0]) as office:
        assert await transport(office.port, tls=sides[1], implicit_tls=True, start_tls=False).send([letter()]) == [None]
    assert office.private == [True]


async def test_user_and_password_open_the_server(sides: Sides) -> None:
    async with post_office(users=True, tls_context=sides[0]) as office:
        sender = transport(office.port, tls=sides[1], user="shop", password="s3cret/word", start_tls=True)
        assert await sender.send([letter()]) == [None]
    assert office.passwords == [b"s3cret/word"]


async def test_a_wrong_password_is_our_mistake_and_may_be_put_right(sides: Sides) -> None:
    async with post_office(users=True, tls_context=sides[0]) as office:
        sender = transport(office.port, tls=sides[1], user="shop", password="guess", start_tls=True)
        answers = await sender.send([letter(), letter()])
    assert [isinstance(answer, Failure) and answer.reason[:14] for answer in answers] == ["127.0.0.1: 535"] * 2
    assert not any(isinstance(answer, Failure) and answer.for_good for answer in answers)
    assert office.letters == []


async def test_a_password_is_never_sent_in_the_open() -> None:
    async with post_office(users=True) as office:
        (answer,) = await transport(office.port, user="shop", password="s3cret/word", start_tls=True).send([letter()])
    assert isinstance(answer, Failure)
    assert (office.passwords, office.letters) == ([], [])


async def test_a_server_that_goes_away_fails_only_what_it_had_not_taken() -> None:
    async with post_office() as office:
        office.refuse["last@example.com"] = "421 closing"
        letters = [letter(number=1), letter("last@example.com"), letter(number=3)]
        answers = await transport(office.port).send(letters)
    assert answers[0] is None
    assert [isinstance(answer, Failure) and not answer.for_good for answer in answers[1:]] == [True, True]
    assert len(office.letters) == 1


async def test_a_server_that_hangs_is_left_after_the_time_for_one_letter() -> None:
    hung_up = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        begun = asyncio.get_running_loop().time()
        answers = await transport(port, seconds=0.1).send([letter(), letter()])
        assert asyncio.get_running_loop().time() - begun < 1
        async with asyncio.timeout(2):
            await hung_up.wait()
    assert [isinstance(answer, Failure) and not answer.for_good for answer in answers] == [True, True]


async def test_a_server_that_is_not_there_fails_all_for_now() -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    (answer,) = await transport(port).send([letter()])
    assert isinstance(answer, Failure)
    assert not answer.for_good


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://localhost:1025", SmtpServer("localhost", 1025)),
        ("smtp://mail.example", SmtpServer("mail.example", 587)),
        (
            "smtp://shop:s3cret%2Fword@mail.example",
            SmtpServer("mail.example", 587, "shop", "s3cret/word", start_tls=True),
        ),
        ("smtp://shop:s3cret@127.0.0.1:25/", SmtpServer("127.0.0.1", 25, "shop", "s3cret")),
        (
            "smtps://a%40b:x@mail.example",
            SmtpServer("mail.example", 465, "a@b", "x", implicit_tls=True, start_tls=False),
        ),
    ],
)
def test_a_url_says_where_mail_is_handed_in(url: str, server: SmtpServer) -> None:
    assert SmtpServer.from_url(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://u:hunter2@mail.example:port",
        "smtp://u:hunter2@h/x?y",
    ],
)
def test_a_url_that_is_none_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        SmtpServer.from_url(url)
    assert "hunter2" not in str(refused.value)


def test_a_password_stands_in_no_log() -> None:
    assert "hunter2" not in repr(SmtpServer.from_url("smtp://u:hunter2@mail.example"))
