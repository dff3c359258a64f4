"""moto's CloudFormation with the ways to go wrong taken out: what it would pass over becomes an error.

It makes nothing of a type that it does not know, nor of a reference that it cannot resolve, and then reports success.
Here such a stack fails; so does one that names a network, a role or a key that is not there, or writes what its service
does not take. It also learns the reference to another stack's output that the CDK makes, Fn::GetStackOutput, and that a
protected stack stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.core.common_models import CloudFormationModel
from moto.ec2.models import ec2_backends
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from tests.cdk.emulated.remove import remove
from tests.cdk.emulated.resource import Emulated, explained
from tests.cdk.texts import refused

_clean_json = parsing.clean_json
_parse_resource = parsing.parse_resource
_class_of = parsing.resource_class_from_type
_delete_stack = CloudFormationBackend.delete_stack
_resolve_parameters = CloudFormationBackend._resolve_update_parameters
_is_permitted = IAMPolicyStatement.is_action_permitted
_ID = re.compile(r"(subnet|sg|vpc)-[0-9a-f]{8,}")
_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/(?:.*/)?([^/*]+)")
_KEY = re.compile(r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[0-9a-z-]+")


def install() -> None:
    """Change moto, in this process and for good."""
    for where, name, ours in (
        (parsing, "resource_class_from_type", _known_class_of),
        (parsing, "clean_json", _resolved),
        (parsing, "parse_resource", _parsed),
        (parsing.ResourceMap, "delete", _delete),
        (CloudFormationBackend, "delete_stack", _delete_unprotected),
        (CloudFormationBackend, "_resolve_update_parameters", _remembered),
        (IAMPolicyStatement, "is_action_permitted", _permitted),
    ):
        setattr(where, name, ours)


def _known_class_of(resource_type: str) -> type[CloudFormationModel] | None:
    if resource_type in Emulated.makers:
        return Emulated
    found = None if resource_type.startswith("Custom::") else _class_of(resource_type)
    if found is None and resource_type not in parsing.NULL_MODELS:
        raise ValidationError(message=f"nobody here makes {resource_type}")
    return found


def _resolved(value: Any, resources: parsing.ResourceMap) -> Any:
    if isinstance(value, dict) and "Fn::GetStackOutput" in value:
        return _output(**_clean_json(value["Fn::GetStackOutput"], resources))
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        return _attribute(value["Fn::GetAtt"], resources)
    cleaned = _clean_json(value, resources)
    return getattr(cleaned, "resource_id", cleaned)  # a reference to one of RDS's groups is the group itself


def _output(StackName: str, Region: str, OutputName: str) -> str:  # noqa: N803 - as in templates
    stack = cloudformation_backends[Emulated.place.account][Region].get_stack(StackName)
    for output in stack.outputs or []:
        if output["OutputKey"] == OutputName:
            return str(output["OutputValue"])
    raise ValidationError(message=f"stack {StackName} has no output {OutputName}")


def _attribute(reference: list[str], resources: parsing.ResourceMap) -> Any:
    logical_id, name = reference
    resource: Any = resources[logical_id]
    try:
        return resource.get_cfn_attribute(name)
    except (KeyError, NotImplementedError, UnformattedGetAttTemplateException) as error:
        raise ValidationError(message=f"{logical_id} has no attribute {name}") from error


def _parsed(body: dict[str, Any], resources: parsing.ResourceMap) -> Any:
    found = _parse_resource(body, resources)
    properties = found[1].get("Properties", {}) if found else {}
    for missing in _missing(properties):
        raise ValidationError(message=f"{body['Type']}: there is no {missing}")
    for text in refused(body["Type"], properties):
        raise ValidationError(message=f"{body['Type']} does not take {text}")
    return found


def _missing(properties: Any) -> Iterator[str]:
    """Ids and ARNs of these properties that belong to nothing."""
    place = Emulated.place
    ec2 = ec2_backends[place.account][place.region]
    of_a_kind = {"subnet": ec2.get_subnet, "sg": ec2.get_security_group_from_id, "vpc": ec2.get_vpc}
    roles = {role.name for role in iam_backends[place.account]["aws"].roles.values()}
    keys = {key.arn for key in kms_backends[place.account][place.region].keys.values()}
    for text in _texts(properties):
        if (found := _ID.fullmatch(text)) and not _there(of_a_kind[found[1]], text):
            yield text
        if (found := _ROLE.fullmatch(text)) and found[1] not in roles:
            yield text
        if _KEY.fullmatch(text) and text not in keys:
            yield text


def _there(get: Any, identifier: str) -> bool:
    try:
        return get(identifier) is not None
    except Exception:  # noqa: BLE001 - each of the getters has an error of its own
        return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _delete(resources: parsing.ResourceMap) -> None:
    """In the reverse of the order in which they were made, as CloudFormation does, and not by trial and error."""
    bodies = resources._resource_json_map
    made: list[tuple[str, Any]] = [each for each in resources._parsed_resources.items() if each[0] in bodies]
    for logical_id, resource in reversed(made):
        body = bodies[logical_id]
        if resource is not None and not str(body.get("DeletionPolicy")).startswith("Retain"):
            with explained(logical_id, body["Type"]):
                remove(Emulated.place, resource, _resolved(body, resources))


def _delete_unprotected(stacks: CloudFormationBackend, name_or_id: str) -> None:
    for stack in stacks.stacks.values():
        if name_or_id in (stack.name, stack.stack_id) and stack.enable_termination_protection:
            raise ValidationError(message=f"Stack [{stack.name}] cannot be deleted: TerminationProtection is enabled")
    _delete_stack(stacks, name_or_id)


def _remembered(stacks: CloudFormationBackend, instance: Any, incoming_params: list[dict[str, str]]) -> Any:
    """A parameter keeps its value, also one that nobody has ever given and that has its default."""
    for name, body in instance.template_dict.get("Parameters", {}).items():
        instance.parameters.setdefault(name, body["Default"])
    return _resolve_parameters(stacks, instance, incoming_params)


def _permitted(statement: IAMPolicyStatement, *action: Any) -> PermissionResult:
    """Moto denies what a condition of a denial does not fit, and buckets deny whoever comes without TLS, as we do."""
    if "Condition" in statement._statement and statement._statement["Effect"] == "Deny":
        return PermissionResult.NEUTRAL
    return _is_permitted(statement, *action)
