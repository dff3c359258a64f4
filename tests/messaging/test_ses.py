"""Mail through Amazon SES."""

from dataclasses import replace

from backend.messaging.events import Failure
from backend.messaging.sinks.ses import SesTransport
from tests.messaging.cloud import Cloud, sent_letters
from tests.messaging.letters import letter


async def test_ses_gets_the_letter_as_it_was_written(cloud: Cloud) -> None:
    await cloud.call("sesv2", "create_email_identity", EmailIdentity="tickets@shop.example")
    transport = SesTransport(cloud.options)
    assert await transport.send([letter(), letter("bo@example.com")]) == [None, None]
    await transport.close()
    first, second = await sent_letters(cloud.options)
    assert (first["To"], second["To"]) == ("ana@example.com", "bo@example.com")
    assert first["Message-ID"] == "<17.order-paid@shop.example>"
    body = first.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Łódź, Saturday"
    assert [part.get_filename() for part in first.iter_attachments()] == ["tickets.pdf"]


async def test_ses_may_come_to_accept_a_sender_that_it_does_not_know_yet(cloud: Cloud) -> None:
    transport = SesTransport(cloud.options)
    stranger = letter()
    stranger.replace_header("From", "stranger@elsewhere.example")
    (answer,) = await transport.send([stranger])
    await transport.close()
    assert isinstance(answer, Failure)
    assert not answer.for_good


async def test_when_ses_does_not_answer_the_rest_is_not_tried(unused_tcp_port: int, cloud: Cloud) -> None:
    transport = SesTransport(replace(cloud.options, endpoint_url=f"http://127.0.0.1:{unused_tcp_port}"))
    answers = await transport.send([letter(), letter()])
    await transport.close()
    assert [isinstance(answer, Failure) and not answer.for_good for answer in answers] == [True, True]
    assert answers[0] is answers[1]
