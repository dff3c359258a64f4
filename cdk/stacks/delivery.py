"""What GitHub may do here."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk import names
from cdk.constructs import github
from cdk.constructs.findings import accept
from cdk.constructs.image_repository import READS
from cdk.constructs.keys import encryption_key
from cdk.constructs.runner import Runner
from cdk.settings import Environment, environment
from cdk.stacks.cluster import ClusterStack
from cdk.stacks.common import outputs, properties
from cdk.stacks.network import NetworkStack
from cdk.stacks.registry import RegistryStack

# The roles that `cdk bootstrap` makes, by their purpose; its qualifier is the CDK's own.
_BOOTSTRAP = "cdk-hnb659fds-{purpose}-role-{account}-{region}"


class DeliveryStack(Stack):
    """How changes get here: roles to look, to push images and to deploy; and a runner, as the API is out of reach."""

    def __init__(
        self,
        scope: Construct,
        *,
        env: Environment,
        network: NetworkStack,
        registry: RegistryStack,
        cluster: ClusterStack,
    ) -> None:
        super().__init__(scope, "Delivery", **properties(env, names.Stack.DELIVERY, "roles of the pipelines"))
        self._env = env
        self._provider = github.provider_arn(self, makes_provider=env.delivery.makes_provider, protected=env.protected)
        plan = self._role(
            "Plan", f"{env.name}-plan", "Compares the stacks with what is there", [self._assume("lookup")]
        )
        push = self._role("Push", f"{env.name}-push", "Pushes images", [*_push(registry), *self._take()])
        accept(push, {"AwsSolutions-IAM5[Resource::*]": "The token to log in with belongs to no repository."})
        deploy = self._role(
            "Deploy",
            env.name,
            "Deploys stacks and manifests",
            [self._assume("deploy", "file-publishing", "lookup"), self._find(cluster), *_find(registry)],
        )
        accept(deploy, {"AwsSolutions-IAM5[Resource::*]": "Looking at load balancers cannot be limited to one."})
        self._let_in(cluster, deploy)
        if env.delivery.runner_connection_arn:
            self._runner(network, cluster)
        outputs(
            self,
            {
                names.Output.PLAN_ROLE: plan.role_arn,
                names.Output.PUSH_ROLE: push.role_arn,
                names.Output.DEPLOY_ROLE: deploy.role_arn,
            },
        )

    def _role(
        self, construct_id: str, environment: str, purpose: str, statements: Sequence[iam.PolicyStatement]
    ) -> iam.Role:
        return github.workflow_role(
            self,
            construct_id,
            provider=self._provider,
            subject=self._env.delivery.subject,
            environment=environment,
            purpose=purpose,
            statements=statements,
        )

    def _assume(self, *purposes: str) -> iam.PolicyStatement:
        """What the CDK does, it does by the roles of its bootstrap."""
        return iam.PolicyStatement(
            actions=["sts:AssumeRole"],
            resources=[
                self.format_arn(
                    service="iam",
                    region="",
                    resource="role",
                    resource_name=_BOOTSTRAP.format(purpose=purpose, account=self.account, region=self.region),
                )
                for purpose in purposes
            ],
        )

    def _take(self) -> list[iam.PolicyStatement]:
        """Images as the environment that goes first has them, whose account may have to let this one in."""
        if not self._env.delivery.images_from:
            return []
        source = environment(self._env.delivery.images_from)
        resources = [
            self.format_arn(
                service="ecr",
                account=source.account,
                region=source.region,
                resource="repository",
                resource_name=names.repository(source.name, image),
            )
            for image in names.IMAGES
        ]
        return [iam.PolicyStatement(actions=list(READS), resources=resources)]

    def _find(self, cluster: ClusterStack) -> iam.PolicyStatement:
        return iam.PolicyStatement(actions=["eks:DescribeCluster"], resources=[cluster.cluster.cluster_arn])

    def _let_in(self, cluster: ClusterStack, role: iam.IRole) -> None:
        """Editing in the application's namespace, and what the group of deployers may do beyond."""
        namespaces = [names.namespace(self._env.name)]
        eks.CfnAccessEntry(
            self,
            "DeployAccess",
            cluster_name=cluster.cluster.cluster_name,
            principal_arn=role.role_arn,
            kubernetes_groups=[names.DEPLOYERS],
            access_policies=[
                eks.CfnAccessEntry.AccessPolicyProperty(
                    policy_arn=eks.AccessPolicyArn.AMAZON_EKS_EDIT_POLICY.policy_arn,
                    access_scope=eks.CfnAccessEntry.AccessScopeProperty(type="namespace", namespaces=namespaces),
                )
            ],
        )

    def _runner(self, network: NetworkStack, cluster: ClusterStack) -> None:
        runner = Runner(
            self,
            "Runner",
            name=f"{names.prefix(self._env.name)}-runner",
            repository=self._env.delivery.repository,
            workflow=self._env.delivery.runner_workflow,
            connection_arn=self._env.delivery.runner_connection_arn,
            vpc=network.vpc,
            subnets=network.application,
            key=encryption_key(self, "Key", purpose="What jobs leave behind", protected=False),
            log_days=self._env.cluster.log_days,
        )
        ec2.CfnSecurityGroupIngress(
            self,
            "RunnerToCluster",
            description="The API of the cluster from the runner of workflows",
            group_id=cluster.cluster.cluster_security_group_id,
            source_security_group_id=runner.security_group.security_group_id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )


def _find(registry: RegistryStack) -> list[iam.PolicyStatement]:
    """Images by their commit, which another role has pushed, and the load balancer that the controller has made."""
    repositories = [repository.repository_arn for repository in registry.repositories]
    return [
        iam.PolicyStatement(actions=["ecr:DescribeImages"], resources=repositories),
        iam.PolicyStatement(actions=["elasticloadbalancing:DescribeLoadBalancers"], resources=["*"]),
    ]


def _push(registry: RegistryStack) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        iam.PolicyStatement(
            actions=[
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            resources=[repository.repository_arn for repository in registry.repositories],
        ),
    ]
