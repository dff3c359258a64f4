"""The Kubernetes side: `inputs` say what was deployed on AWS, `charts` what runs there, the rest how a part is made.

No stack is imported: both sides share settings and names alone.
"""
