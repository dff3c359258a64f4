"""What must be true of the manifests, whoever wrote them: `python -m ticketing.checks ENV FOLDER`.

Checks read plain YAML and know nothing of the charts.
"""
