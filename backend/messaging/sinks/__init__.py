"""Where domain events go: mail transports, SNS. Each keeps the `Sink` contract of `backend.messaging.events`.

The same event may come twice, so what a sink does must do no harm when it is done again.
"""
