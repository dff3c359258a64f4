"""AWS's own client library, which blocks: each call runs in a thread of this client's, never in the loop's."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any


@dataclass(frozen=True, kw_only=True)
class AwsOptions:
    """Credentials and whatever is None come from the environment, as AWS's tools do it; in the cluster from the role.

    endpoint_url: another server than AWS's, for tests.
    """

    region: str | None = None
    endpoint_url: str | None = None
    connect_seconds: float = 2.0
    read_seconds: float = 5.0
    threads: int = 4  # calls at once; those of a server that hangs hold up nobody else's


class AwsError(Exception):
    """code: AWS's word for why it refused ("MessageRejected"); None when it never answered."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.code = code


class AwsClient:
    """One service: `await client.call("publish_batch", TopicArn=…)`."""

    def __init__(self, service: str, options: AwsOptions) -> None:
        # Loading boto3 costs 0.3 s and 30 MB, so only a process that uses it does.
        import boto3  # noqa: PLC0415 - see above
        from botocore.config import Config  # noqa: PLC0415 - see above
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above

        config = Config(
            connect_timeout=options.connect_seconds,
            read_timeout=options.read_seconds,
            # The relay tries again anyway, and later. Once more at once is for what a single bad connection did.
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        self._client: Any = boto3.session.Session().client(
            service, region_name=options.region, endpoint_url=options.endpoint_url, config=config
        )
        self._errors: tuple[type[Exception], ...] = (BotoCoreError, ClientError)
        self._threads = ThreadPoolExecutor(options.threads, thread_name_prefix=f"aws-{service}")

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """The answer of one operation, by its name in boto3. Raises AwsError."""
        method = partial(getattr(self._client, operation), **arguments)
        try:
            answer: dict[str, Any] = await asyncio.get_running_loop().run_in_executor(self._threads, method)
        except self._errors as error:
            raise AwsError(str(error), getattr(error, "response", {}).get("Error", {}).get("Code")) from error
        return answer

    async def close(self) -> None:
        """Let go of the connections. A call that hangs ends by its own timeout."""
        self._client.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
