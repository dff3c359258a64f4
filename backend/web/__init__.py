"""The door: whatever applies to every request, from routes and parsing to limits, problems and streams.

It knows no feature; a feature's routes and models stand beside its rules.
"""
