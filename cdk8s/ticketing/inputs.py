"""What the manifests need to know of what is deployed: the stacks' outputs, and the images that were pushed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from pathlib import Path

from cdk import names
from cdk.names import Output
from cdk.settings import Environment, SettingsError, environment, refuse_examples
from cdk.settings.environment import EXAMPLE_ACCOUNT

EXAMPLE = Path(__file__).parents[1] / "outputs.example.json"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_ACCOUNT, _REGION = r"(?P<account>\d{12})", r"(?P<region>[a-z0-9-]+)"
_EXAMPLE_IMAGE = "sha256:" + "0" * 64

# How each output that the manifests use looks; the others are for people and pipelines.
_FORMS = {
    Output.BACKEND_REPOSITORY: rf"{_ACCOUNT}\.dkr\.ecr\.{_REGION}\.amazonaws\.com/[a-z0-9/-]+",
    Output.FRONTEND_REPOSITORY: rf"{_ACCOUNT}\.dkr\.ecr\.{_REGION}\.amazonaws\.com/[a-z0-9/-]+",
    Output.DATABASE_HOST: r"[a-z0-9.-]+",
    Output.DATABASE_PORT: r"\d{2,5}",
    Output.DATABASE_OWNER_SECRET: rf"arn:aws:secretsmanager:{_REGION}:{_ACCOUNT}:secret:\S+",
    Output.PUBLIC_SUBNETS: r"[0-9./,]+",
    Output.DATA_SUBNETS: r"[0-9./,]+",
    Output.CERTIFICATE: rf"arn:aws:acm:{_REGION}:{_ACCOUNT}:certificate/\S+",
    Output.WEB_ACL: rf"arn:aws:wafv2:{_REGION}:{_ACCOUNT}:regional/webacl/\S+",
    Output.LOAD_BALANCER_LOGS: r"[a-z0-9.-]{3,63}",
    Output.TOPIC: rf"arn:aws:sns:{_REGION}:{_ACCOUNT}:\S+",
    Output.MAIL_QUEUE: rf"https://sqs\.{_REGION}\.amazonaws\.com/{_ACCOUNT}/\S+",
    Output.ALARM_TOPIC: rf"arn:aws:sns:{_REGION}:{_ACCOUNT}:\S+",
}


class InputError(ValueError):
    """One line: what is wrong with what was deployed, or with how we were told of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Of one environment. images: by name, as a container is given them. example: made up, not to be deployed."""

    env: Environment
    outputs: Mapping[Output, str]
    images: Mapping[str, str]
    example: bool

    def __getitem__(self, output: Output) -> str:
        return self.outputs[output]

    def blocks(self, output: Output) -> list[str]:
        """Address blocks of subnets."""
        return self.outputs[output].split(",")

    @property
    def namespace(self) -> str:
        return names.namespace(self.env.name)


def read_inputs(name: str, variables: Mapping[str, str]) -> Inputs:
    """Of dev or prod, from CDK_OUTPUTS (a file), BACKEND_IMAGE and FRONTEND_IMAGE (a digest, or a commit's id).

    SettingsError or InputError in one line. Without CDK_OUTPUTS it is the committed example, whose images may be left
    out; with it, everything must be there and real.
    """
    env = environment(name)
    path = variables.get("CDK_OUTPUTS", "")
    outputs = _read_outputs(env, Path(path) if path else EXAMPLE)
    if path:
        _refuse_examples(env, path, outputs)
    return Inputs(env=env, outputs=outputs, images=_images(outputs, variables, example=not path), example=not path)


def _read_outputs(env: Environment, path: Path) -> dict[Output, str]:
    try:
        stacks = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): deploy first, with --outputs-file") from None
    except ValueError:
        raise InputError(f"{path} is no JSON as `cdk deploy --outputs-file` writes it") from None
    return {output: _output(stacks, env, output, path) for output in _FORMS}


def _output(stacks: object, env: Environment, output: Output, path: Path) -> str:
    stack = names.stack(env.name, names.STACK_OF[output])
    outputs = stacks.get(stack) if isinstance(stacks, dict) else None
    value = outputs.get(str(output)) if isinstance(outputs, dict) else None
    if value is None:
        raise InputError(f"{path} lacks {stack}.{output}: deploy that stack again, with --outputs-file")
    found = re.fullmatch(_FORMS[output], value) if isinstance(value, str) else None
    if found is None:
        raise InputError(f"{path}: {stack}.{output} is {value!r}, which does not look like one")
    for what, mine in (("account", env.account), ("region", env.region)):
        theirs = found.groupdict().get(what, mine)
        if theirs != mine:
            raise InputError(f"{path}: {stack}.{output} is of {what} {theirs}, and {env.name} is in {mine}")
    if output in (Output.PUBLIC_SUBNETS, Output.DATA_SUBNETS):
        _check_blocks(value, env, f"{path}: {stack}.{output}")
    return str(value)


def _check_blocks(value: str, env: Environment, where: str) -> None:
    try:
        blocks = [IPv4Network(block) for block in value.split(",")]
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise InputError(f"{where} is no list of address blocks: {error}") from None
    strangers = [str(block) for block in blocks if not block.subnet_of(IPv4Network(env.network.cidr))]
    if strangers:
        raise InputError(f"{where}: {', '.join(strangers)} is not in network.cidr {env.network.cidr}")


def _refuse_examples(env: Environment, path: str, outputs: Mapping[Output, str]) -> None:
    made_up = [str(output) for output, value in outputs.items() if EXAMPLE_ACCOUNT in value or "example" in value]
    if made_up or Path(path).resolve() == EXAMPLE:
        raise InputError(f"{path} holds examples ({', '.join(made_up) or EXAMPLE.name}), which cannot be deployed")
    try:
        refuse_examples(env)
    except SettingsError as error:
        raise InputError(str(error)) from None


def _images(outputs: Mapping[Output, str], variables: Mapping[str, str], *, example: bool) -> dict[str, str]:
    repositories = zip(names.IMAGES, (Output.BACKEND_REPOSITORY, Output.FRONTEND_REPOSITORY), strict=True)
    given = _EXAMPLE_IMAGE if example else ""
    return {
        image: _image(f"{image.upper()}_IMAGE", outputs[repository], variables.get(f"{image.upper()}_IMAGE") or given)
        for image, repository in repositories
    }


def _image(variable: str, repository: str, version: str) -> str:
    if not version:
        raise InputError(f"{variable} is not set: give the digest that was pushed, sha256:…, or the commit's id")
    if _DIGEST.fullmatch(version):
        return f"{repository}@{version}"
    if _COMMIT.fullmatch(version):
        return f"{repository}:{version}"
    raise InputError(
        f"{variable} is {version}: give a digest, sha256:…, or a commit's id; a tag that moves is no version"
    )
