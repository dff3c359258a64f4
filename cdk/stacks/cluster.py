"""Where the application runs."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk import names
from cdk.constructs.addons import Addons
from cdk.constructs.cluster import kubernetes_cluster
from cdk.constructs.keys import encryption_key
from cdk.constructs.nodes import Nodes
from cdk.settings import Environment
from cdk.stacks.common import outputs, properties
from cdk.stacks.database import DatabaseStack
from cdk.stacks.network import NetworkStack


class ClusterStack(Stack):
    """EKS: the control plane, a node group in each zone, the managed add-ons, and the nodes' way to the database."""

    def __init__(self, scope: Construct, *, env: Environment, network: NetworkStack, database: DatabaseStack) -> None:
        super().__init__(scope, "Cluster", **properties(env, names.Stack.CLUSTER, "Kubernetes"))
        self.administrator = iam.Role(
            self,
            "Administrator",
            role_name=names.administrator(env.name),
            description="May do anything in the cluster; taken on by people of this account, never by pipelines",
            assumed_by=iam.AccountRootPrincipal(),
        )
        self.cluster = kubernetes_cluster(
            self,
            "Cluster",
            settings=env.cluster,
            name=names.cluster(env.name),
            vpc=network.vpc,
            subnets=network.application,
            service_cidr=env.network.service_cidr,
            key=encryption_key(self, "Key", purpose="Kubernetes secrets", protected=env.protected),
            administrator=self.administrator,
            protected=env.protected,
        )
        nodes = Nodes(
            self,
            "Nodes",
            settings=env.cluster,
            cluster=self.cluster,
            subnets=network.application.subnets or [],
            zones=env.zones,
        )
        self.addons = Addons(self, "Addons", cluster=self.cluster, versions=env.cluster.addons)
        self.addons.around(nodes.groups)
        # Whatever wears the cluster's own security group gets here: nodes with their pods, and the CDK's functions with
        # kubectl, which run while stacks are deployed and know no login.
        ec2.CfnSecurityGroupIngress(
            self,
            "NodesToDatabase",
            description="PostgreSQL from the nodes of the cluster",
            group_id=database.security_group.security_group_id,
            source_security_group_id=self.cluster.cluster_security_group_id,
            ip_protocol="tcp",
            from_port=5432,
            to_port=5432,
        )
        outputs(
            self,
            {
                names.Output.CLUSTER_NAME: self.cluster.cluster_name,
                names.Output.CLUSTER_ADMIN_ROLE: self.administrator.role_arn,
            },
        )
