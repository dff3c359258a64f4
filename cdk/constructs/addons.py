"""What AWS keeps running in the cluster, at versions of our choice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk import names
from cdk.constructs.findings import accept, managed_policy
from cdk.constructs.pod_role import pod_role

# Without these no node becomes ready, so they come before the nodes; their pods are one on each node.
AGENT, BEFORE_NODES = "eks-pod-identity-agent", ("kube-proxy", "vpc-cni")
# These want a node to run on before they call themselves active.
AFTER_NODES = ("coredns", "aws-ebs-csi-driver", "metrics-server")

# Without it NetworkPolicies are accepted and do nothing.
_CONFIGURATION: Mapping[str, object] = {"vpc-cni": {"enableNetworkPolicy": "true"}}
_IDENTITIES = {
    "vpc-cni": ("aws-node", "AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy"),
}


class Addons(Construct):
    """Managed add-ons of EKS, some before the nodes and some after."""

    def __init__(
        self, scope: Construct, construct_id: str, *, cluster: eks.Cluster, versions: Mapping[str, str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._cluster = cluster
        self._versions = versions
        agent = self._addon(AGENT)
        before = [self._addon(name) for name in BEFORE_NODES]
        self.before = [agent, *before]
        self.after = [self._addon(name) for name in AFTER_NODES]
        for addon in before + self.after:
            addon.add_resource_dependency(agent)

    def around(self, nodes: Sequence[eks.Nodegroup]) -> None:
        """Nodes come after what they need, and before what needs them."""
        for group in nodes:
            group.node.add_dependency(*self.before)
            for addon in self.after:
                addon.node.add_dependency(group)

    def _addon(self, name: str) -> eks.CfnAddon:
        configuration = _CONFIGURATION.get(name)
        return eks.CfnAddon(
            self,
            name,
            addon_name=name,
            addon_version=self._versions[name],
            cluster_name=self._cluster.cluster_name,
            resolve_conflicts="OVERWRITE",
            configuration_values=json.dumps(configuration) if configuration else None,
            pod_identity_associations=self._identity(name),
        )

    def _identity(self, addon: str) -> list[eks.CfnAddon.PodIdentityAssociationProperty] | None:
        if addon not in _IDENTITIES:
            return None
        service_account, policy = _IDENTITIES[addon]
        role = pod_role(self, f"{addon}-role", namespace=names.KUBE_SYSTEM, service_account=service_account)
        role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(policy))
        accept(
            role,
            {managed_policy(policy): ("AWS keeps this policy in step with what its own add-on calls.")},
        )
        return [eks.CfnAddon.PodIdentityAssociationProperty(service_account=service_account, role_arn=role.role_arn)]
