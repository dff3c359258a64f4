"""Where domain events go: mail transports, SNS. Each keeps the `Sink` contract of `backend.messaging.events`."""
