"""Secrets that are made where they are kept, so that nobody has ever seen them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from cdk.constructs.findings import accept
from cdk.constructs.retention import lasting


def generated_secret(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    purpose: str,
    known: Mapping[str, str],
    generated: str,
    key: kms.IKey,
    unrotated: str,
    protected: bool,
) -> secrets.Secret:
    """A JSON object: what is known, and one generated value. unrotated: why AWS does not change it by a schedule.

    Whatever of `generate_secret_string` changes once it is deployed, CloudFormation generates the value anew: all that
    people and the rotation have put into the secret is lost. A key is added to the value itself; see docs/secrets.md.
    """
    secret = secrets.Secret(
        scope,
        construct_id,
        secret_name=name,
        description=purpose,
        encryption_key=key,
        removal_policy=lasting(protected=protected),
        generate_secret_string=secrets.SecretStringGenerator(
            secret_string_template=json.dumps(known),
            generate_string_key=generated,
            exclude_punctuation=True,
            password_length=48,
        ),
    )
    accept(secret, {"AwsSolutions-SMG4": unrotated})
    return secret
