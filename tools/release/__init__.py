"""AWS and the cluster from outside: deploying, going back, taking down, and the questions asked in between.

Each step is a command that a person could type, and is shown before it runs.
"""
