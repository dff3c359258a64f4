-- The outbox and its deliveries. Rows are claimed with SKIP LOCKED, so any number of workers share them.

-- name: route
-- One batch of new events, in one statement: each gets a delivery for every sink that wants it and is marked routed;
-- the shop's events whose availability changed are announced. NOTIFY takes an instance-wide lock at commit, so it
-- never rides in a purchase, and here once for a whole batch (in parts of 300 ids, as a payload ends at 8,000 bytes).
-- A bitmap scan would read every new row to find the first ones, and wade through the dead entries of the index each
-- time; an index scan stops early and leaves marks on the dead ones.
SET LOCAL enable_bitmapscan = off;
WITH batch AS (
    SELECT id, type, order_id, (payload ->> 'event_id')::bigint AS event_id
    FROM outbox WHERE routed_at IS NULL ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), routed AS (
    UPDATE outbox o SET routed_at = now() FROM batch b WHERE o.id = b.id
), wanted AS (
    -- That it is in vain, where the customer left no address, is seen here, before each sale is claimed and read again.
    SELECT w.sink, b.id, w.needs_address AND NOT EXISTS (
        SELECT 1 FROM orders o WHERE o.id = b.order_id AND o.email IS NOT NULL
    ) AS in_vain
    FROM batch b JOIN unnest(%(sinks)s::text[], %(types)s::text[], %(needs_address)s::boolean[])
        AS w(sink, type, needs_address) ON w.type IN (b.type, split_part(b.type, '.', 1) || '.*')
), deliveries AS (
    INSERT INTO delivery (sink, outbox_id) SELECT sink, id FROM wanted WHERE NOT in_vain ON CONFLICT DO NOTHING
), changed AS (
    SELECT event_id FROM batch WHERE event_id IS NOT NULL
    UNION
    -- A payment changes no counter, but its seats go from held to sold.
    SELECT h.event_id FROM batch b JOIN hold h ON h.order_id = b.order_id
    WHERE b.type = 'order.paid' AND h.seat_ids IS NOT NULL
), announced AS (
    SELECT pg_notify('availability', '[' || string_agg(event_id::text, ',') || ']') IS NOT NULL AS sent
    FROM (SELECT event_id, (row_number() OVER ()) / 300 AS part FROM changed) AS c GROUP BY part
)
SELECT (SELECT count(*) FROM batch), (SELECT count(sent) FROM announced), (
    SELECT coalesce(jsonb_object_agg(sink, number), '{}')
    FROM (SELECT sink, count(DISTINCT id) AS number FROM wanted WHERE in_vain GROUP BY sink) AS skipped
)

-- name: claim
-- Deliveries that are due, leased to the caller: should it die, they are due again when the lease is over.
SET LOCAL enable_bitmapscan = off;
WITH due AS (
    SELECT outbox_id FROM delivery
    WHERE sink = %(sink)s AND status = 'pending' AND next_attempt_at <= now()
    ORDER BY next_attempt_at, outbox_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE delivery d SET next_attempt_at = now() + %(lease)s
    FROM due WHERE d.sink = %(sink)s AND d.outbox_id = due.outbox_id
    RETURNING d.outbox_id, d.attempts
)
SELECT l.attempts, o.id, o.type, o.order_id, o.payload, o.created_at
FROM leased l JOIN outbox o ON o.id = l.outbox_id ORDER BY o.id

-- name: delivered
DELETE FROM delivery WHERE sink = %(sink)s AND outbox_id = ANY (%(ids)s)

-- name: failed
UPDATE delivery d SET attempts = d.attempts + 1, error = f.error,
    status = CASE WHEN f.dead THEN 'dead' ELSE 'pending' END, next_attempt_at = now() + f.pause * interval '1 second'
FROM unnest(%(ids)s::bigint[], %(errors)s::text[], %(pauses)s::float8[], %(dead)s::boolean[])
    AS f(id, error, pause, dead)
WHERE d.sink = %(sink)s AND d.outbox_id = f.id AND d.status = 'pending'

-- name: backlog
-- Events that some sink still waits for, and the age of the oldest. A dead letter is no longer waited for.
SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
FROM (
    SELECT created_at FROM outbox WHERE routed_at IS NULL
    UNION ALL
    SELECT o.created_at FROM delivery d JOIN outbox o ON o.id = d.outbox_id WHERE d.status = 'pending'
) AS waiting

-- name: redrive
UPDATE delivery SET status = 'pending', attempts = 0, next_attempt_at = now()
WHERE status = 'dead' AND (sink = %(sink)s OR %(sink)s IS NULL)

-- name: forget_events
-- Walks the outbox a thousand rows at a time from _after_, and answers where to go on; no row when the rest is younger.
-- An order's events stay as long as the order, whose history they are; so do those not delivered yet.
WITH old AS (
    SELECT id, routed_at, order_id FROM (SELECT * FROM outbox WHERE id > %(after)s ORDER BY id LIMIT 1000) AS next
    WHERE created_at < now() - %(age)s
), gone AS (
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM old WHERE routed_at IS NOT NULL AND order_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.outbox_id = old.id)
    )
)
SELECT max(id) FROM old HAVING count(*) > 0

-- name: forget_consumed
DELETE FROM consumed WHERE (consumer, outbox_id) IN (
    SELECT consumer, outbox_id
    FROM (SELECT * FROM consumed WHERE consumer = %(consumer)s ORDER BY outbox_id LIMIT 1000) AS oldest
    WHERE consumed_at < now() - %(age)s
)

-- name: already_consumed
SELECT outbox_id FROM consumed WHERE consumer = %(consumer)s AND outbox_id = ANY (%(ids)s)

-- name: mark_consumed
INSERT INTO consumed (consumer, outbox_id) SELECT %(consumer)s, unnest(%(ids)s) ON CONFLICT DO NOTHING
