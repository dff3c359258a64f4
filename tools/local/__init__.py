"""The shop on this machine: its processes, their ports and settings, and the directory that keeps what it sold.

`up` shows it to a person; `running` lends it to tests, pictures and measurements.
"""
