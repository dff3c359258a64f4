"""What `cdk synth` makes of an environment, read as plain JSON; app.py runs in a process of its own, as always."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cdk import names
from cdk.settings import Environment, environment
from tools.setup import ROOT
from tools.setup import environment as with_our_programs

Properties = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    id: str
    type: str
    properties: Properties
    body: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]

    @property
    def waits_for(self) -> list[str]:
        """Ids of what it says it depends on."""
        found = self.body.get("DependsOn", [])
        return [found] if isinstance(found, str) else list(found)

    @property
    def stays(self) -> bool:
        """Whether it outlives its stack, but not one whose creation failed: the next try must find its name free."""
        policies = (self.body.get("DeletionPolicy"), self.body.get("UpdateReplacePolicy"))
        return policies == ("RetainExceptOnCreate", "Retain")


class Template:
    """One stack's template."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body

    def all(self, kind: str = "") -> list[Resource]:
        """Resources of a type (`RDS::DBInstance`), all of them without one."""
        wanted = kind if kind.startswith("Custom::") or not kind else f"AWS::{kind}"
        return [
            Resource(name, body["Type"], body.get("Properties", {}), body)
            for name, body in self.body["Resources"].items()
            if not kind or body["Type"] == wanted
        ]

    def only(self, kind: str, **properties: object) -> Resource:
        """The one resource of a type that has these properties."""
        found = [each for each in self.all(kind) if all(each.properties.get(k) == v for k, v in properties.items())]
        assert len(found) == 1, f"{len(found)} of {kind} with {properties}"
        return found[0]

    def statements(self, role: Resource) -> list[Properties]:
        """All that a role of this template may do by policies of ours."""
        mine = {"Ref": role.id}
        policies = [each for each in self.all("IAM::Policy") if mine in each["Roles"]]
        return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]

    def identity(self, service_account: str) -> tuple[Resource, Resource]:
        """The association of a service account, and its role."""
        association = self.only("EKS::PodIdentityAssociation", ServiceAccount=service_account)
        (role,) = [each for each in self.all("IAM::Role") if each.id == association["RoleArn"]["Fn::GetAtt"][0]]
        return association, role


class Assembly:
    """All stacks of an environment. said: what was said while they were made."""

    def __init__(self, env: Environment, folder: Path, said: str = "") -> None:
        self.env = env
        self.said = said
        self.folder = folder
        self.manifest = json.loads((folder / "manifest.json").read_text())
        self._templates = {each: self._read(each) for each in names.Stack}

    def __getitem__(self, which: names.Stack) -> Template:
        return self._templates[which]

    def __iter__(self) -> Iterator[tuple[names.Stack, Template]]:
        return iter(self._templates.items())

    def artifact(self, which: names.Stack) -> dict[str, Any]:
        """What the command line is told of a stack."""
        found: dict[str, Any] = self.manifest["artifacts"][which.title()]
        return found

    def resources(self, kind: str = "") -> list[Resource]:
        return [resource for _, template in self for resource in template.all(kind)]

    def _read(self, which: names.Stack) -> Template:
        return Template(json.loads((self.folder / f"{which.title()}.template.json").read_text()))


def start(folder: Path, *program: str, **context: str) -> subprocess.Popen[str]:
    """Begin to synthesize into the folder, with the context that the command line would give. program: else app.py."""
    kept = json.loads((ROOT / "cdk.context.json").read_text())
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    return subprocess.Popen(
        [sys.executable, *(program or ("app.py",))],
        cwd=ROOT,
        env={
            **with_our_programs(),
            "PYTHONPATH": str(ROOT),
            "CDK_OUTDIR": str(folder),
            "CDK_CONTEXT_JSON": json.dumps({**flags, **kept, **context}),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Status, output and errors."""
    out, err = process.communicate(timeout=180)
    return process.returncode, out, err


def synthesized(running: Mapping[str, subprocess.Popen[str]], folder: Path) -> dict[str, Assembly]:
    """Of each environment, in the folder of its name; all have ended before the first that failed is told."""
    answers = {name: finish(process) for name, process in running.items()}
    for name, (status, out, err) in answers.items():
        assert status == 0, f"{name}: {out}{err}"
    return {name: Assembly(environment(name), folder / name, err) for name, (_, _, err) in answers.items()}


def text_of(value: object) -> str:
    """A value of a template as a person would read it: its literal parts, with … for what is known later."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator.join(text_of(part) for part in parts))
    return "…"
