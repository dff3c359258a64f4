"""AWS's own APIs, as boto3 knows them: requests are checked against the services' published shapes.

CloudFormation's properties are those of the APIs with other capitals; what differs beyond that is said by the caller.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.model import Shape, StructureShape
from botocore.validate import validate_parameters

Properties = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """An account and region of the server at this address. store: folder of what no emulated service keeps."""

    address: str
    store: Path
    account: str
    region: str

    def client(self, service: str) -> Any:
        return _client(service, self.address, self.region)

    def call(self, service: str, operation: str, properties: Properties, **renamed: object) -> Properties:
        """Call the operation with CloudFormation's properties; renamed: more of them, by the API's names."""
        client = self.client(service)
        answer: Properties = getattr(client, operation)(**request(client, operation, {**properties, **renamed}))
        return answer

    def check(self, service: str, operation: str, properties: Properties, **renamed: object) -> None:
        """Raise what the call would raise for its parameters alone, without calling."""
        client = self.client(service)
        asked = request(client, operation, {**properties, **renamed})
        validate_parameters(asked, _input(client, operation))


def request(client: Any, operation: str, properties: Properties) -> Properties:
    """The properties as this operation takes them. ValueError names one that it does not know."""
    asked: Properties = _shaped(_input(client, operation), properties, operation)
    return asked


def without(properties: Mapping[str, Any], *names: str) -> Properties:
    """The properties but these, which the operation has no place for; each must be worth a reason where it is left."""
    return {name: value for name, value in properties.items() if name not in names}


def tags(pairs: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


def _input(client: Any, operation: str) -> Any:
    return client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape


def _shaped(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape):
        members = {name.casefold(): name for name in shape.members}
        unknown = [name for name in value if name.casefold() not in members]
        if unknown:
            raise ValueError(f"{path} knows no {', '.join(unknown)}")
        known = {members[name.casefold()]: each for name, each in value.items()}
        return {name: _shaped(shape.members[name], each, f"{path}.{name}") for name, each in known.items()}
    if shape.type_name == "list":
        return [_shaped(shape.member, each, f"{path}[{number}]") for number, each in enumerate(value)]
    if shape.type_name == "map":
        return tags(value) if isinstance(value, list) else value
    return _plain(shape.type_name, value)


def _plain(kind: str, value: Any) -> Any:
    """Templates hold numbers and truth as strings, and documents as objects."""
    if kind == "boolean":
        return value is True or value == "true"
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "string":
        return json.dumps(value) if isinstance(value, dict | list) else str(value)
    return value


@cache
def _client(service: str, address: str, region: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=address,
        region_name=region,
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
