"""The machines that pods run on."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.constructs.escape import as_interface, resource_of
from cdk.constructs.findings import accept, managed_policy
from cdk.settings.cluster import ClusterSettings

POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")


class Nodes(Construct):
    """A managed node group for each zone, so that a pod whose volume is in one zone always finds a node there."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: ClusterSettings,
        cluster: eks.Cluster,
        subnets: Sequence[ec2.ISubnet],
        zones: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        role = self._role()
        template = self._template(settings.disk)
        self.groups = [
            eks.Nodegroup(
                self,
                f"Zone{zone[-1].upper()}",
                cluster=as_interface(cluster),
                subnets=ec2.SubnetSelection(subnets=[subnet]),
                node_role=role,
                ami_type=eks.NodegroupAmiType.AL2023_X86_64_STANDARD,
                instance_types=[ec2.InstanceType(name) for name in settings.instances],
                min_size=settings.least_nodes,
                max_size=settings.most_nodes,
                desired_size=settings.least_nodes,
                launch_template_spec=eks.LaunchTemplateSpec(
                    id=template.launch_template_id or "", version=template.latest_version_number
                ),
                enable_node_auto_repair=True,
                max_unavailable=1,
                force_update=False,  # a pod that may not be moved stops an upgrade, not the other way round
            )
            for zone, subnet in zip(zones, subnets, strict=True)
        ]
        for group in self.groups:
            # The construct knows no version, and without one nodes stay behind when the control plane goes on.
            resource_of(group).add_property_override("Version", settings.version)
            if settings.release_version:
                resource_of(group).add_property_override("ReleaseVersion", settings.release_version)

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="Nodes: join the cluster and pull images. What pods may do comes by Pod Identity.",
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in POLICIES],
        )
        accept(
            role,
            {
                managed_policy(name): ("AWS keeps this policy in step with what its own node software calls.")
                for name in POLICIES
            },
        )
        return role

    def _template(self, disk: int) -> ec2.LaunchTemplate:
        return ec2.LaunchTemplate(
            self,
            "Template",
            require_imdsv2=True,
            http_put_response_hop_limit=1,  # pods are one hop further, and must not borrow the node's role
            block_devices=[
                ec2.BlockDevice(
                    device_name="/dev/xvda",
                    volume=ec2.BlockDeviceVolume.ebs(
                        disk, encrypted=True, volume_type=ec2.EbsDeviceVolumeType.GP3, delete_on_termination=True
                    ),
                )
            ],
        )
