"""A runner for workflows inside the VPC, for a cluster whose API answers there, and few addresses besides."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.constructs.escape import logical_id, present, resource_of
from cdk.constructs.findings import accept
from cdk.constructs.github import LONGEST_JOB
from cdk.constructs.retention import days

_CONNECT = ("codeconnections:GetConnection", "codeconnections:GetConnectionToken", "codeconnections:UseConnection")


class Runner(Construct):
    """CodeBuild starts one for each job that asks for `codebuild-NAME-…`, and ends it with the job.

    Of its own role it may write its log, join the VPC and get the connection's token for GitHub; whatever it runs may
    do so too, and reaches what the VPC reaches. To deploy, a job takes on a role of its own, as on any other runner.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        repository: str,
        workflow: str,
        connection_arn: str,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        key: kms.IKey,
        log_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.security_group = ec2.SecurityGroup(self, "Access", vpc=vpc, description="The runner of workflows")
        group = logs.LogGroup(self, "Logs", retention=days(log_days), removal_policy=RemovalPolicy.DESTROY)
        project = codebuild.Project(
            self,
            "Project",
            project_name=name,
            description=f"Runs the workflows of {repository} inside the VPC",
            source=_jobs_of(repository),
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxBuildImage.AMAZON_LINUX_2023_5,
                compute_type=codebuild.ComputeType.MEDIUM,
            ),
            vpc=vpc,
            subnet_selection=subnets,
            security_groups=[self.security_group],
            encryption_key=key,
            grant_report_group_permissions=False,
            logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=group)),
            timeout=LONGEST_JOB,
            queued_timeout=Duration.hours(1),
        )
        _start_for(workflow, project)
        self._let_connect(project, connection_arn)
        self._accept_findings(project)

    def _let_connect(self, project: codebuild.Project, connection_arn: str) -> None:
        """CodeBuild tries the connection, as the project's role, while it makes the project: the policy comes first.

        The policy that the library writes names the project's own log, and so comes after it.
        """
        auth = {"Type": "CODECONNECTIONS", "Resource": connection_arn}
        resource_of(project).add_property_override("Source.Auth", auth)
        policy = iam.Policy(
            self,
            "Connection",
            roles=[present(project.role)],
            statements=[iam.PolicyStatement(actions=list(_CONNECT), resources=[connection_arn])],
        )
        resource_of(project).add_resource_dependency(resource_of(policy))

    def _accept_findings(self, project: codebuild.Project) -> None:
        stack = Stack.of(self)
        logs_of_project = (
            f"arn:aws:logs:{stack.region}:{stack.account}:log-group:/aws/codebuild/<{logical_id(project)}>:*"
        )
        interfaces = "arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:network-interface/*"
        accept(
            project,
            {
                "AwsSolutions-IAM5[Resource::*]": "Looking at the VPC's parts cannot be limited to some.",
                f"AwsSolutions-IAM5[Resource::{interfaces}]": "Named when made; limited to our subnets.",
                f"AwsSolutions-IAM5[Resource::{logs_of_project}]": "The streams of its own log group.",
                "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]": "Both forms of one action, on one key.",
                "AwsSolutions-IAM5[Action::kms:ReEncrypt*]": "Both ends of one action, on one key.",
            },
        )


def _jobs_of(repository: str) -> codebuild.ISource:
    """Jobs that its workflows queue."""
    owner, _, repo = repository.partition("/")
    queued = codebuild.FilterGroup.in_event_of(codebuild.EventAction.WORKFLOW_JOB_QUEUED)
    return codebuild.Source.git_hub(owner=owner, repo=repo, webhook=True, webhook_filters=[queued])


def _start_for(workflow: str, project: codebuild.Project) -> None:
    """The library knows no filter of this kind. Of branches and accounts the service asks with other events only."""
    only = [
        {"Type": "EVENT", "Pattern": "WORKFLOW_JOB_QUEUED"},
        {"Type": "WORKFLOW_NAME", "Pattern": f"^{workflow}$"},
    ]
    resource_of(project).add_property_override("Triggers.FilterGroups", [only])
