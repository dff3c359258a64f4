"""Resources that moto has no service for: a file for each, holding what was asked for with its references resolved.

Where AWS has an API for the type, the properties are checked against it; custom resources are for Lambda functions that
cannot run here, so what those would be told is all that can be known.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.cdk.emulated.api import Place, without
from tests.cdk.emulated.resource import Asked, Made


def everything(store: Path) -> list[dict[str, Any]]:
    """All that is in the store: type, stack, logical_id, name, properties."""
    return [json.loads(path.read_text()) for path in sorted(store.iterdir())]


def keep(place: Place, asked: Asked, *, id: str = "", **attributes: object) -> Made:  # noqa: A002 - as in Made
    path = place.store / f"{secrets.token_hex(8)}.json"
    path.write_text(json.dumps(asdict(asked), indent=1))
    return Made(id or asked.name, path.unlink, attributes)


def in_cluster(place: Place, asked: Asked) -> Made:
    _cluster(place, asked)
    return keep(place, asked)


def parsed_json(place: Place, asked: Asked) -> Made:
    """A map with a key that only CloudFormation knows: the function parses it, and that is its answer."""
    return keep(place, asked, Value=json.loads(asked.properties["Value"]))


def addon(place: Place, asked: Asked) -> Made:
    _cluster(place, asked)
    place.check("eks", "create_addon", asked.properties)
    return keep(place, asked, id=f"{asked.properties['ClusterName']}|{asked.properties['AddonName']}")


def access_entry(place: Place, asked: Asked) -> Made:
    _cluster(place, asked)
    whose = {name: asked.properties[name] for name in ("ClusterName", "PrincipalArn")}
    place.check("eks", "create_access_entry", without(asked.properties, "AccessPolicies"))
    for policy in asked.properties["AccessPolicies"]:
        place.check("eks", "associate_access_policy", {**whose, **policy})
    return keep(place, asked, id="|".join(whose.values()))


def pod_identity_association(place: Place, asked: Asked) -> Made:
    _cluster(place, asked)
    place.check("eks", "create_pod_identity_association", asked.properties)
    return keep(place, asked)


def _cluster(place: Place, asked: Asked) -> None:
    """ResourceNotFoundException unless it is there."""
    place.client("eks").describe_cluster(name=asked.properties["ClusterName"])


MAKERS = {
    "AWS::EKS::AccessEntry": access_entry,
    "AWS::EKS::Addon": addon,
    "AWS::EKS::PodIdentityAssociation": pod_identity_association,
    "Custom::AWSCDK-EKS-HelmChart": in_cluster,
    "Custom::AWSCDK-EKS-KubernetesResource": in_cluster,
    "Custom::AWSCDKCfnJson": parsed_json,
}
