"""How volumes are made for pods that ask for one."""

from __future__ import annotations

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from cdk import names


def storage_class(
    scope: Construct, construct_id: str, *, cluster: eks.ICluster, environment: str
) -> eks.KubernetesManifest:
    """The default: encrypted, able to grow, in the zone where the pod was put, and tagged as the stacks' parts are.

    No stack knows the volumes, so by these tags alone one finds what a cluster has left.
    """
    return eks.KubernetesManifest(
        scope,
        construct_id,
        cluster=cluster,
        manifest=[
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {
                    "name": names.STORAGE_CLASS,
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                },
                "provisioner": "ebs.csi.aws.com",
                "parameters": {
                    "type": "gp3",
                    "encrypted": "true",
                    "tagSpecification_1": f"product={names.PRODUCT}",
                    "tagSpecification_2": f"environment={environment}",
                },
                "volumeBindingMode": "WaitForFirstConsumer",
                "allowVolumeExpansion": True,
            }
        ],
    )
