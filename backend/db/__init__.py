"""PostgreSQL behind one seam: fair bounded access, typed errors, SQL from files, migrations, notifications.

Whatever knows the driver or the server belongs here, and the schema; the shop's statements stand beside its features.
"""
