"""Mail through Amazon SES, API version 2."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP

from backend.messaging.aws import AwsClient, AwsError, AwsOptions
from backend.messaging.events import Failure

# What SES will say of the same letter tomorrow as well. "MessageRejected" may be about a sender not yet verified.
_FOR_GOOD = {"BadRequestException"}


class SesTransport:
    """Hands letters in as they are. SES writes a Message-ID of its own, so ours travels as the tag `letter` too."""

    def __init__(self, options: AwsOptions, *, configuration_set: str | None = None) -> None:
        self._client = AwsClient("sesv2", options)
        self._settings = {} if configuration_set is None else {"ConfigurationSetName": configuration_set}

    async def send(self, letters: Sequence[EmailMessage]) -> Sequence[Failure | None]:
        """One call a letter, as SES takes no more; once it does not answer, the rest is not tried."""
        answers: list[Failure | None] = []
        for letter in letters:
            try:
                await self._send_one(letter)
            except AwsError as error:
                answers.append(Failure(f"SES: {error}", for_good=error.code in _FOR_GOOD))
                if error.code is None:
                    return answers + answers[-1:] * (len(letters) - len(answers))
            else:
                answers.append(None)
        return answers

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _send_one(self, letter: EmailMessage) -> None:
        await self._client.call(
            "send_email",
            FromEmailAddress=letter["From"].addresses[0].addr_spec,
            Destination={"ToAddresses": [address.addr_spec for address in letter["To"].addresses]},
            Content={"Raw": {"Data": letter.as_bytes(policy=SMTP.clone(cte_type="7bit"))}},
            EmailTags=[{"Name": "letter", "Value": _tag(letter["Message-ID"])}],
            **self._settings,
        )


def _tag(message_id: str) -> str:
    """Tags hold ASCII letters, digits, - and _ only."""
    local = message_id.strip("<>").partition("@")[0]
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in local)
