"""Events become letters, each on its own."""

from collections.abc import Sequence
from dataclasses import replace
from email.message import EmailMessage

from backend.messaging.events import Failure, OutboxEvent
from backend.messaging.sinks.mail import MailSink
from tests.messaging.cloud import ALL, EVENT
from tests.messaging.letters import letter


class Carrier:
    """A transport that answers as it was told, by recipient."""

    def __init__(self, **refusals: Failure) -> None:
        self._refusals = refusals
        self.rounds: list[list[str]] = []

    async def send(self, letters: Sequence[EmailMessage]) -> Sequence[Failure | None]:
        recipients = [str(letter["To"]).partition("@")[0] for letter in letters]
        self.rounds.append(recipients)
        return [self._refusals.get(recipient) for recipient in recipients]

    async def close(self) -> None:
        pass


async def compose(event: OutboxEvent) -> EmailMessage | Failure | None:
    match event.payload["to"]:
        case None:
            return None
        case "broken":
            raise RuntimeError("no such template")
        case "nowhere":
            return Failure("not an address", for_good=True)
        case to:
            return letter(f"{to}@example.com")


def events(*recipients: str | None) -> list[OutboxEvent]:
    return [replace(EVENT, id=number, payload={"to": to}) for number, to in enumerate(recipients)]


async def test_each_event_has_the_outcome_of_its_own_letter() -> None:
    full = Failure("mailbox full")
    carrier = Carrier(bo=full)
    outcomes = await MailSink(ALL, compose, carrier).deliver(events("ana", None, "broken", "bo", "nowhere", "eva"))
    assert outcomes == [
        "relayed",
        "skipped",
        Failure("composing failed: RuntimeError: no such template"),
        full,
        Failure("not an address", for_good=True),
        "relayed",
    ]
    assert carrier.rounds == [["ana", "bo", "eva"]]


async def test_without_a_letter_nothing_is_handed_to_the_transport() -> None:
    carrier = Carrier()
    assert await MailSink(ALL, compose, carrier).deliver(events(None, None)) == ["skipped", "skipped"]
    assert carrier.rounds == []
