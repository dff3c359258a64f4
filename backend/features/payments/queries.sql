-- name: settle
SELECT result, order_id, order_status, tickets, moved, expired, took
FROM settle_v1(%(payment)s, %(status)s, %(reference)s, %(pay_url)s, %(failure)s, %(grace)s)

-- name: receive_webhooks
-- The second delivery of an event changes nothing.
INSERT INTO webhook_inbox (provider, event_id, kind, reference, payment_id, refund_id, status, failure, occurred_at)
SELECT %(provider)s, * FROM unnest(
    %(event_id)s::text[], %(kind)s::text[], %(reference)s::text[], %(payment_id)s::uuid[], %(refund_id)s::uuid[],
    %(status)s::text[], %(failure)s::text[], %(occurred_at)s::timestamptz[]
)
ON CONFLICT DO NOTHING

-- name: webhooks_to_process
-- A bitmap scan would wade through the index entries of all that has been processed lately; an index scan marks them.
SET LOCAL enable_bitmapscan = off;
SELECT event_id FROM webhook_inbox
WHERE provider = %(provider)s AND processed_at IS NULL AND next_attempt_at <= now()
ORDER BY next_attempt_at LIMIT %(most)s

-- name: oldest_unsettled
-- In seconds: since a report came that has no effect yet, or since an open payment should have ended one way or another.
SELECT coalesce(greatest(
    (SELECT extract(epoch FROM now() - min(received_at)) FROM webhook_inbox
     WHERE provider = %(provider)s AND processed_at IS NULL),
    (SELECT extract(epoch FROM now() - min(deadline_at)) FROM payment
     WHERE provider = %(provider)s AND status IN ('created', 'processing'))
), 0)::float8

-- name: process_webhooks
SELECT event_id, result, occurred_at, moved, issued, expired, took
FROM process_webhooks_v1(%(provider)s, %(events)s, %(grace)s)

-- name: postpone_webhook
-- One that failed must not stand in the way of those behind it.
UPDATE webhook_inbox SET attempts = attempts + 1, error = %(error)s,
    next_attempt_at = now() + interval '1 second' * power(2, least(attempts, 9))
WHERE provider = %(provider)s AND event_id = %(event_id)s AND processed_at IS NULL

-- name: forget_webhooks
DELETE FROM webhook_inbox WHERE (provider, event_id) IN (
    SELECT provider, event_id FROM webhook_inbox WHERE processed_at < now() - interval '35 days' LIMIT %(most)s
)

-- name: claim_open_payments
-- Payments that nobody has settled: each is asked about by one worker at a time, and again after a while.
UPDATE payment SET check_at = now() + interval '30 seconds'
WHERE id IN (
    SELECT id FROM payment WHERE provider = %(provider)s AND status IN ('created', 'processing') AND check_at <= now()
    ORDER BY check_at LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id, reference, method, status, deadline_at <= now()

-- name: claim_refunds
UPDATE refund SET attempts = attempts + 1,
    check_at = now() + least(interval '10 seconds' * power(2, attempts), interval '1 hour')
WHERE id IN (
    SELECT r.id FROM refund r JOIN payment p ON p.id = r.payment_id
    WHERE p.provider = %(provider)s AND r.status IN ('due', 'in_transit') AND r.check_at <= now()
    ORDER BY r.check_at LIMIT %(most)s FOR NO KEY UPDATE OF r SKIP LOCKED
)
RETURNING id, (SELECT reference FROM payment WHERE payment.id = refund.payment_id), amount_minor, currency

-- name: settle_refund
SELECT settle_refund_v1(%(refund)s, %(status)s, %(reference)s, %(failure)s, %(check)s)

-- name: left_with_others
-- What only a worker of another provider can settle: open payments, and refunds that are not sent or not done.
SELECT provider, sum(payments)::int, sum(refunds)::int
FROM (
    SELECT provider, 1 AS payments, 0 AS refunds FROM payment WHERE status IN ('created', 'processing')
    UNION ALL
    SELECT p.provider, 0, 1 FROM refund r JOIN payment p ON p.id = r.payment_id WHERE r.status IN ('due', 'in_transit')
) AS open
WHERE provider <> %(provider)s GROUP BY provider ORDER BY provider
