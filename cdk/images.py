"""What our images and the manifests that run them agree on."""

USER = 10001  # numeric, so that Kubernetes can see that it is not root
BACKEND_PORT = 8080
METRICS_PORT = 9102  # of every process of the backend's image
PAYMENTS_PORT = 8082  # of the test payment provider, which is in the backend's image
FRONTEND_PORT = 8080
# In the backend's image: the certificate authorities of RDS, all regions, as AWS publishes them.
DATABASE_CA = "/etc/ssl/certs/rds-ca-bundle.pem"
