"""Other people's programs that the shop needs beside it, from wherever this machine can have them.

PostgreSQL comes from pip; Prometheus and nginx from PATH, or from Debian's packages.
"""
