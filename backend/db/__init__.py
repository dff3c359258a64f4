"""PostgreSQL behind one seam: fair bounded access, typed errors, SQL from files, migrations, notifications."""
