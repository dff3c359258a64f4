"""The worker: relays events, gives back what has expired, settles payments, and checks that all of it agrees."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from backend import parts
from backend.db.pool import Database
from backend.features.inventory.sweeps import broken_invariants, count_expired, forget_extensions, give_back_expired
from backend.features.mail.composer import WANTS, Composer, Sender
from backend.features.orders.documents.printer import Printer
from backend.features.orders.orders import Orders
from backend.features.payments.inbox import forget_old_webhooks, measure_unsettled, process_inbox
from backend.features.payments.reconciler import Reconciler
from backend.features.payments.settlements import Settlements
from backend.features.status.checks import record_check
from backend.features.waiting.governor import GOVERN_SECONDS, Governor, Terms, forget_places
from backend.features.waiting.inlet import Objectives
from backend.messaging.events import Sink
from backend.messaging.loops import Pause, every, poll
from backend.messaging.relay import MEASURE_SECONDS, Relay
from backend.messaging.sinks.mail import MailSink, Transport
from backend.messaging.sinks.mailbox import Mailbox
from backend.messaging.sinks.ses import SesTransport
from backend.messaging.sinks.smtp import SmtpServer, SmtpTransport
from backend.messaging.sinks.sns import SnsSink
from backend.messaging.sqs import SqsConsumer
from backend.messaging.upkeep import Upkeep
from backend.readiness import watch_database
from backend.settings import Settings
from backend.telemetry.logs import Logs, quiet_driver_noise
from backend.telemetry.metrics import Metrics, metrics_app
from backend.telemetry.process import watch_loop
from backend.telemetry.promise import load_promise
from backend.web.health import Health, readiness

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 1.0
_CHECK_SECONDS = 10.0
# On a large database the check must not become the load: it rests for so many times as long as it took.
_CHECK_REST = 20.0
_WARN_SECONDS = 300.0
_HOUR = 3600.0


def work(settings: Settings) -> int:
    """Work until SIGTERM or Ctrl-C."""
    logs = Logs(parts.log_options(settings))
    try:
        asyncio.run(_work(settings))
    finally:
        logs.stop()
    return 0


async def _work(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    quiet_driver_noise(loop)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        jobs = await jobs_of(settings, stack)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
            log.info("working")
            await stop.wait()
            for task in tasks:
                task.cancel()


async def jobs_of(settings: Settings, stack: AsyncExitStack) -> list[Coroutine[Any, Any, None]]:
    """Everything that goes on for as long as the worker runs."""
    metrics = parts.metrics(settings)
    health = Health()
    await stack.enter_async_context(_metrics_site(settings, metrics, health))
    await stack.enter_async_context(watch_loop(metrics.loop_lag))
    database = await parts.database(settings, "worker", metrics.pool)
    stack.push_async_callback(database.close)
    provider = parts.provider(settings)
    stack.push_async_callback(provider.close)
    settlements = Settlements(database, metrics, provider.name)
    reconciler = Reconciler(database, provider, settlements)
    orders = Orders(database, metrics)
    mail, consumers = _mail(settings, stack, orders)
    sinks, queues = _sinks(settings, stack, database, mail)
    governor = _governor(settings, database, metrics)
    stack.push_async_callback(governor.stop)
    pause = Pause(0.1, 0.25)

    async def sweep() -> None:
        count_expired(metrics, *await give_back_expired(database))

    async def unsettled() -> None:
        await measure_unsettled(database, provider.name, metrics)

    async def webhooks() -> bool:
        return await process_inbox(database, provider.name, metrics) > 0

    return [
        watch_database(database, health),
        Relay(database, sinks, metrics).run(),
        *(queue.run() for queue in queues),
        every(_SWEEP_SECONDS, sweep, "giving back expired holds"),
        every(_SWEEP_SECONDS, orders.cancel_for_cancelled_events, "refunding cancelled events"),
        every(_SWEEP_SECONDS, reconciler.settle_open_payments, "settling open payments"),
        every(_SWEEP_SECONDS, reconciler.send_refunds, "sending refunds"),
        every(_WARN_SECONDS, reconciler.warn_of_others, "looking for what other providers keep"),
        poll(webhooks, "processing webhooks", pause),
        every(MEASURE_SECONDS, unsettled, "measuring what is not settled"),
        _checking(settings, metrics),
        every(GOVERN_SECONDS, governor.govern, "governing the waiting rooms"),
        every(_HOUR, lambda: forget_places(database), "deleting old places"),
        every(_HOUR, Upkeep(database, consumers).sweep, "deleting old events"),
        every(_HOUR, lambda: forget_old_webhooks(database), "deleting old webhooks"),
        every(_HOUR, lambda: forget_extensions(database), "deleting old extensions"),
    ]


def _governor(settings: Settings, database: Database, metrics: Metrics) -> Governor:
    promised = load_promise().objectives
    objectives = Objectives(
        late=1 - promised.latency[0].target, failed=1 - promised.availability.target, busy=promised.saturation.busy
    )
    terms = Terms(
        gather=timedelta(seconds=settings.waiting_room_gather_seconds),
        lasts=timedelta(seconds=settings.admission_seconds),
    )
    return Governor(database, metrics.waiting, objectives, terms)


async def _checking(settings: Settings, metrics: Metrics) -> None:
    """Check the invariants every ten seconds, less often where that takes long.

    On a connection of its own: the check reads every table and takes longer than a customer's statement may.
    """
    database = await parts.checking_database(settings)
    loop = asyncio.get_running_loop()

    async def check() -> bool:
        began = loop.time()
        try:
            broken = await broken_invariants(database)
        except BaseException:
            metrics.invariants_broken.forget()
            metrics.tickets_oversold.forget()
            raise
        metrics.invariants_broken.set(len(broken))
        metrics.tickets_oversold.set(sum(each.oversold for each in broken))
        await record_check(database, [str(each) for each in broken])
        for each in broken:
            log.error("invariant broken: %s", each)
        await asyncio.sleep(_CHECK_REST * (loop.time() - began))
        return False

    try:
        await poll(check, "checking the invariants", Pause(_CHECK_SECONDS, _CHECK_SECONDS))
    finally:
        await database.close()


def _mail(settings: Settings, stack: AsyncExitStack, orders: Orders) -> tuple[MailSink, tuple[str, ...]]:
    """The sink that writes to customers, and the names under which a queue's consumer remembers what it has done."""
    printer = Printer(settings.secret_key)
    stack.callback(printer.close)
    tokens = parts.tokens(settings)

    def link(order_id: UUID) -> str:
        return f"{settings.public_url}/orders/{order_id}?token={tokens.issue(order_id)}"

    transport = _transport(settings)
    stack.push_async_callback(transport.close)
    composer = Composer(orders, link, Sender(settings.mail_from, reply_to=settings.mail_reply_to), pdf=printer.pdf)
    sink = MailSink(WANTS, composer, transport)
    return sink, (sink.name,)


def _transport(settings: Settings) -> Transport:
    if settings.smtp_url:
        return SmtpTransport(SmtpServer.from_url(settings.smtp_url))
    if settings.ses:
        return SesTransport(parts.aws_options(settings))
    return Mailbox(settings.mailbox_dir)


def _sinks(
    settings: Settings, stack: AsyncExitStack, database: Database, mail: MailSink
) -> tuple[list[Sink], list[SqsConsumer]]:
    """Where the relay delivers to; with SNS the letters are written by the consumer of its queue."""
    if settings.events == "postgres":
        return [mail], []
    topic = SnsSink(settings.sns_topic_arn, parts.aws_options(settings))
    consumer = SqsConsumer(database, settings.sqs_queue_url, mail, parts.aws_options(settings))
    stack.push_async_callback(topic.close)
    stack.push_async_callback(consumer.close)
    return [topic], [consumer]


def worker_app(metrics: Metrics, health: Health) -> web.Application:
    """Metrics, and whether this worker can work: it has no other port, and a rollout waits for that."""

    async def ready(_request: web.Request) -> web.Response:
        return readiness(health)

    app = metrics_app(metrics.registry)
    app.router.add_get("/readiness", ready)
    return app


@asynccontextmanager
async def _metrics_site(settings: Settings, metrics: Metrics, health: Health) -> AsyncIterator[None]:
    runner = web.AppRunner(worker_app(metrics, health), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.metrics_port).start()
        yield
    finally:
        await runner.cleanup()
