"""PostgreSQL with a standby in another zone."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds
from constructs import Construct

from cdk import names
from cdk.constructs.escape import resource_of
from cdk.constructs.findings import accept, managed_policy
from cdk.constructs.keys import let_logs_use
from cdk.constructs.retention import days, lasting
from cdk.settings.database import DatabaseSettings

_LOGS = ("postgresql", "upgrade")
# By the months that the settings name: how long statistics of queries are kept, and the mode that keeps them so long.
INSIGHTS_MODES = {
    0: (rds.PerformanceInsightRetention.DEFAULT, rds.DatabaseInsightsMode.STANDARD),
    15: (rds.PerformanceInsightRetention.MONTHS_15, rds.DatabaseInsightsMode.ADVANCED),
}
_ENHANCED_MONITORING = Duration.seconds(60)


class Postgres(Construct):
    """One instance and its standby. Its master password belongs to RDS, which changes it every seven days."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: DatabaseSettings,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        key: kms.IKey,
        protected: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        # Nobody is let in here: the cluster's stack adds the rule for its nodes, and there is no other.
        self.security_group = ec2.SecurityGroup(
            self, "Access", vpc=vpc, description="The database", allow_all_outbound=False
        )
        self.instance = self._instance(name, settings, vpc, subnets, key, protected=protected)
        self._own_logs(name, settings.log_days, key, protected=protected)
        # RDS lets no group go that an instance is in.
        group = resource_of(self.instance.node.find_child("SubnetGroup"))
        group.apply_removal_policy(lasting(protected=protected))
        _accept_findings(self.instance, protected=protected)

    def _instance(
        self,
        name: str,
        settings: DatabaseSettings,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        key: kms.IKey,
        *,
        protected: bool,
    ) -> rds.DatabaseInstance:
        engine = rds.DatabaseInstanceEngine.postgres(
            version=rds.PostgresEngineVersion.of(settings.version, settings.major_version)
        )
        return rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=name,  # known before it is there, as its log groups must be
            engine=engine,
            instance_type=ec2.InstanceType(settings.instance),
            multi_az=settings.multi_az,
            vpc=vpc,
            vpc_subnets=subnets,
            security_groups=[self.security_group],
            publicly_accessible=False,
            database_name=names.DATABASE,
            credentials=rds.Credentials.from_username(names.DATABASE_OWNER, encryption_key=key),
            manage_master_user_password=True,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            parameter_group=rds.ParameterGroup(
                self, "Parameters", engine=engine, description="AegisTickets", parameters=_parameters(settings)
            ),
            storage_type=rds.StorageType.GP3,
            allocated_storage=settings.storage,
            max_allocated_storage=settings.max_storage,
            storage_encrypted=True,
            storage_encryption_key=key,
            backup_retention=Duration.days(settings.backup_days),
            preferred_backup_window="02:00-03:00",
            preferred_maintenance_window="tue:03:30-tue:04:30",
            copy_tags_to_snapshot=True,
            delete_automated_backups=not protected,
            auto_minor_version_upgrade=False,  # pinned: a new minor version comes by a commit
            engine_lifecycle_support=rds.EngineLifecycleSupport.OPEN_SOURCE_RDS_EXTENDED_SUPPORT_DISABLED,
            enable_performance_insights=True,
            performance_insight_retention=INSIGHTS_MODES[settings.insights_months][0],
            performance_insight_encryption_key=key,
            database_insights_mode=INSIGHTS_MODES[settings.insights_months][1],
            monitoring_interval=_ENHANCED_MONITORING,
            cloudwatch_logs_exports=list(_LOGS),
            deletion_protection=protected,
            removal_policy=lasting(protected=protected, otherwise=RemovalPolicy.SNAPSHOT),
        )

    def _own_logs(self, name: str, log_days: int, key: kms.IKey, *, protected: bool) -> None:
        """RDS would make these groups itself, without our key, keep everything for ever, and leave them behind."""
        for kind in _LOGS:
            group_name = f"/aws/rds/instance/{name}/{kind}"
            let_logs_use(key, group_name)
            group = logs.LogGroup(
                self,
                f"Logs-{kind}",
                log_group_name=group_name,
                retention=days(log_days),
                encryption_key=key,
                removal_policy=lasting(protected=protected),
            )
            self.instance.node.add_dependency(group)


def _accept_findings(instance: rds.DatabaseInstance, *, protected: bool) -> None:
    accept(
        instance,
        {"AwsSolutions-RDS11": "Who may connect is decided by the security group; another port hides nothing."},
    )
    if not protected:
        accept(instance, {"AwsSolutions-RDS10": "This environment is made to be thrown away; a snapshot is taken."})
    accept(
        instance.node.find_child("MonitoringRole"),
        {
            managed_policy("service-role/AmazonRDSEnhancedMonitoringRole"): (
                "AWS keeps this policy in step with what its own agent writes."
            )
        },
    )


def _parameters(settings: DatabaseSettings) -> dict[str, str]:
    return {
        "rds.force_ssl": "1",
        "password_encryption": "scram-sha-256",
        "max_connections": str(settings.max_connections),
        "shared_preload_libraries": "pg_stat_statements",
        # The driver puts values into statements, so a statement in the log would be a customer's address in the log.
        # What is slow is seen in the statistics, where statements have no values.
        "log_min_duration_statement": "-1",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",  # DETAIL quotes the row that was refused
        "log_lock_waits": "1",
        "idle_in_transaction_session_timeout": "60000",
    }
