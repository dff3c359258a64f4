"""The service, in its processes: here its parts meet, are told their settings, and are started.

What several of them need goes below (domain, db, web, messaging, telemetry), what the shop does into features.
"""
