"""From slo.yaml to all that keeps its promise: rules, alerts and their tests, dashboards, thresholds, the gate, docs.

spec reads the file, objectives and series say what is measured, each other module writes one output of it.
"""
