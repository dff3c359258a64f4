"""Asking a Prometheus: PromQL over its HTTP API, with a bound on time and size, and no trust in the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self, TypeVar

import aiohttp
import orjson
from pydantic import BaseModel, Field, PlainValidator, ValidationError, model_validator

_MOST_BYTES = 8_000_000


class PrometheusError(Exception):
    """It does not answer in time, refuses, or answers nonsense: one line that says which."""


Sample = tuple[float, float]
"""Seconds since 1970, and the value; it may be NaN."""


def _sample(raw: Any) -> Sample:
    """Prometheus writes values as text, so that NaN and the infinities can be told."""
    moment, text = raw
    if not isinstance(text, str):
        raise ValueError("expected a value as text")  # noqa: TRY004 - what pydantic expects of a validator
    return float(moment), float(text)


def _samples(raw: Any) -> tuple[Sample, ...]:
    """Read by hand: there are thousands of them in an answer, while customers wait for the event loop."""
    try:
        return tuple(map(_sample, raw))
    except TypeError:
        raise ValueError("expected moments and values") from None


class Series(BaseModel):
    """One series of an answer, its samples in the order of time: one for a query at one moment."""

    metric: dict[str, str]
    samples: Annotated[tuple[Sample, ...], PlainValidator(_samples)] = Field(validation_alias="values", default=())
    value: Annotated[tuple[Sample, ...], PlainValidator(lambda raw: _samples([raw]))] = ()

    @model_validator(mode="after")
    def _either(self) -> Self:
        self.samples = self.samples or self.value
        return self

    @property
    def latest(self) -> float:
        return self.samples[-1][1]


def differing_labels(those: Sequence[Series]) -> str:
    """What tells these series apart: environment (dev, prod), replica (b, none)."""
    names = sorted({name for each in those for name in each.metric})
    values = {name: sorted({each.metric.get(name, "none") for each in those}) for name in names}
    return ", ".join(f"{name} ({', '.join(found)})" for name, found in values.items() if len(found) > 1)


class _Result(BaseModel):
    resultType: Literal["vector", "matrix"]  # noqa: N815 - its name there
    result: tuple[Series, ...]


class Alert(BaseModel):
    """An alert that is not inactive, as Prometheus's own list of them has it."""

    labels: dict[str, str]
    annotations: dict[str, str] = Field(default_factory=dict)
    state: Literal["pending", "firing"]
    activeAt: datetime  # noqa: N815 - its name there


class _Alerts(BaseModel):
    alerts: tuple[Alert, ...]


Data = TypeVar("Data", bound=BaseModel)


class Prometheus:
    """One server. url: with a user and a password where it wants them; token: instead of them.

    seconds: how long one answer may take in all. SSL_CERT_FILE names the authorities to trust, if not the system's.
    """

    def __init__(self, url: str, seconds: float, token: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": f"Bearer {token}"} if token else None,
        )

    async def query(self, promql: str) -> tuple[Series, ...]:
        """The series of that expression now."""
        return (await self.read("query", _Result, {"query": promql})).result

    async def query_range(self, promql: str, *, start: float, end: float, step: float) -> tuple[Series, ...]:
        """The series of that expression at each step. start, end: seconds since 1970; step: seconds."""
        parameters = {"query": promql, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return (await self.read("query_range", _Result, parameters)).result

    async def alerts(self) -> tuple[Alert, ...]:
        """Those that are pending or firing."""
        return (await self.read("alerts", _Alerts)).alerts

    async def read(self, path: str, model: type[Data], parameters: Mapping[str, str] | None = None) -> Data:
        """The data of that part of the API. Every failure is a PrometheusError."""
        status, raw = await self._get(path, parameters or {})
        try:
            answer = _Answer.model_validate(orjson.loads(raw))
        except (orjson.JSONDecodeError, ValidationError):
            raise PrometheusError(f"it answers {status} without the JSON of Prometheus's API") from None
        if answer.status != "success":
            raise PrometheusError(f"it refuses: {answer.error[:200] or status}")
        if answer.warnings:  # part of what it should have read is missing
            raise PrometheusError(f"it answers in part only: {answer.warnings[0][:200]}")
        try:
            return model.model_validate(answer.data)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"])) or "data"
            raise PrometheusError(f"it answers nonsense: {place}: {fault['msg']}") from None

    async def close(self) -> None:
        await self._session.close()

    async def _get(self, path: str, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            async with self._session.get(
                f"{self._url}/api/v1/{path}", params=parameters, allow_redirects=False
            ) as response:
                if 300 <= response.status < 400:  # elsewhere may be another Prometheus, or none of ours
                    raise PrometheusError(f"it answers {response.status}: redirects are not followed")
                raw = bytearray()
                async for chunk in response.content.iter_any():
                    raw += chunk
                    if len(raw) > _MOST_BYTES:
                        raise PrometheusError(f"it answers more than {_MOST_BYTES // 1_000_000} MB")
                return response.status, bytes(raw)
        except TimeoutError:
            raise PrometheusError("it does not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PrometheusError(f"it cannot be reached: {str(error) or type(error).__name__}") from None


class _Answer(BaseModel):
    status: Literal["success", "error"]
    error: str = ""
    warnings: tuple[str, ...] = ()
    data: Any = None
