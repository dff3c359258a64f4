"""What this extension adds to moto's CloudFormation: resources that are made by calling the emulated APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from tests.cdk.emulated.api import Place, Properties


@dataclass(frozen=True)
class Made:
    """A resource that is there. id: what Ref answers; attributes: what Fn::GetAtt answers; undo: makes it go."""

    id: str
    undo: Callable[[], object]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A resource of a template, its references resolved. name: one that is free, for those that were given none."""

    type: str
    stack: str
    logical_id: str
    name: str
    properties: Properties
    deletion: str = "Delete"  # or Snapshot; what is to be retained nobody deletes


Maker = Callable[[Place, Asked], Made]


class Emulated(CloudFormationModel):
    """One such resource, as moto's stacks hold it."""

    place: Place
    makers: Mapping[str, Maker]

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        with explained(asked.logical_id, asked.type):
            self.made = self.makers[asked.type](self.place, asked)
        self.type = self.cf_resource_type = asked.type

    @property
    def physical_resource_id(self) -> str:
        return self.made.id

    def get_cfn_attribute(self, name: str) -> Any:
        return self.made.attributes[name]

    def delete(self, *_place: str) -> None:
        self.made.undo()

    def is_created(self) -> bool:
        return True

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "?"  # one class for many types: the makers know which

    @classmethod
    def has_cfn_attr(cls, _attribute: str) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,  # noqa: ARG003 - there is one place only
        region_name: str,  # noqa: ARG003
        **asked: Any,
    ) -> Emulated:
        deletion = cloudformation_json.get("DeletionPolicy", "Delete")
        which = (asked["ResourceType"], asked["StackId"], asked["LogicalId"])
        return cls(Asked(*which, resource_name, cloudformation_json["Properties"], deletion))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Emulated,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,  # noqa: ARG003 - there is one place only
        region_name: str,  # noqa: ARG003
    ) -> Emulated:
        """Every change replaces: the new one takes the old one's place."""
        original_resource.delete()
        asked = replace(original_resource.asked, name=new_resource_name, properties=cloudformation_json["Properties"])
        return cls(asked)


@contextmanager
def explained(logical_id: str, resource_type: str) -> Iterator[None]:
    """Whatever went wrong, the stack has failed, and says why."""
    try:
        yield
    except Exception as error:
        raise ValidationError(message=f"{logical_id} ({resource_type}): {error}") from error
