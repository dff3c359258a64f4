"""What the test provider is started with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.psp.cards import card_named

ALLOWED_ENVIRONMENTS = ("local", "dev", "test")

# Each variable's default and what it means, for docs/settings.md.
VARIABLES = {
    "PSP_API_KEY": ("required", "What the shop is known by here."),
    "PSP_WEBHOOK_SECRET": ("required", "Signs what is reported to the shop."),
    "PSP_HOST": ("127.0.0.1", "Address to listen on."),
    "PSP_PORT": ("8082", "Port to listen on."),
    "PSP_PUBLIC_URL": ("", "Where browsers find the pay page; not set, where the shop found it."),
    "PSP_JOURNAL": ("", "File that keeps payments over a restart; not set, they are kept in memory."),
    "PSP_CARD": ("approve", "Test card of payments made without a page, by its name (`decline`, `late` and so on)."),
    "PSP_LATENCY_MS": ("0", "Milliseconds that every call takes longer."),
    "PSP_FAILURE_RATE": ("0", "Share of calls, 0 to 1, answered 503, half of them after they were carried out."),
    "PSP_LATE_SECONDS": ("5", "Seconds that the card `late` takes."),
    "PSP_TIMEOUT_SECONDS": ("10", "Seconds that the card `timeout` takes."),
    "PSP_SETTLED_WEBHOOKS": ("on", "`off` reports nothing that the answer has said already."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PspOptions:
    """All of it, checked: constructing it in production is a ValueError.

    public_url: where a customer's browser finds the pay page; None means the address that the shop itself used.
    journal: file that keeps the intents over a restart; None keeps them in memory only.
    card: the name of the test card for payments made server to server.
    failure_rate: share of calls answered 503, half of them after the payment was done, as a broken network would.
    late_seconds, timeout_seconds: how long the cards `late` and `timeout` take.
    settled_webhooks: False sends none for what the answer has said already.
    """

    environment: str
    api_key: str
    webhook_secret: str
    host: str = "127.0.0.1"
    port: int = 8082
    public_url: str | None = None
    journal: Path | None = None
    card: str = "approve"
    latency_seconds: float = 0.0
    failure_rate: float = 0.0
    late_seconds: float = 5.0
    timeout_seconds: float = 10.0
    webhook_linger_seconds: float = 0.05
    webhook_retry_seconds: float = 0.5
    webhook_attempts: int = 8
    settled_webhooks: bool = True

    def __post_init__(self) -> None:
        if self.environment not in ALLOWED_ENVIRONMENTS:
            raise ValueError(
                f"the test payment provider moves no money and never runs in {self.environment!r};"
                f" ENVIRONMENT must be one of {', '.join(ALLOWED_ENVIRONMENTS)}"
            )
        if not self.api_key or not self.webhook_secret:
            raise ValueError("PSP_API_KEY and PSP_WEBHOOK_SECRET must both be set")
        if not 0 <= self.failure_rate <= 1:
            raise ValueError("PSP_FAILURE_RATE must be a share from 0 to 1")
        card_named(self.card)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> PspOptions:
        """ENVIRONMENT, which is required, and VARIABLES."""
        return cls(
            environment=environ.get("ENVIRONMENT", "unset"),
            api_key=environ.get("PSP_API_KEY", ""),
            webhook_secret=environ.get("PSP_WEBHOOK_SECRET", ""),
            host=environ.get("PSP_HOST", "127.0.0.1"),
            port=int(_number(environ, "PSP_PORT", 8082)),
            public_url=environ.get("PSP_PUBLIC_URL") or None,
            journal=Path(environ["PSP_JOURNAL"]) if environ.get("PSP_JOURNAL") else None,
            card=environ.get("PSP_CARD", "approve"),
            latency_seconds=_number(environ, "PSP_LATENCY_MS", 0) / 1000,
            failure_rate=_number(environ, "PSP_FAILURE_RATE", 0),
            late_seconds=_number(environ, "PSP_LATE_SECONDS", 5),
            timeout_seconds=_number(environ, "PSP_TIMEOUT_SECONDS", 10),
            settled_webhooks=environ.get("PSP_SETTLED_WEBHOOKS", "on") != "off",
        )


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = -1
    if not 0 <= number < 100_000:
        raise ValueError(f"{name} must be a number from 0 to 100000, not {text!r}")
    return number
