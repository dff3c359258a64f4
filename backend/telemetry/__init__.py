"""What the service knows of itself: the promise as slo.yaml has it, metrics, logs, and asking Prometheus.

Features say what happened; under which name that is counted is decided here.
"""
