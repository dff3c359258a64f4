-- Reading: what customers see. Sales end when the event starts, whatever its file says.

-- name: list_events
-- The literal values are in the statement, so the planner leaves out each condition that is not asked for.
WITH found AS (
    SELECT id, starts_at FROM event
    WHERE status = 'published' AND listed AND starts_at > %(now)s
      AND (%(words)s::text IS NULL OR words @@ to_tsquery('simple', %(words)s))
      AND (%(city)s::text IS NULL OR lower(city) = lower(%(city)s))
      -- The day before and after lets the index narrow it down: no two clocks are further apart.
      AND (%(since)s::date IS NULL OR starts_at > %(since)s::date - interval '1 day'
           AND (starts_at AT TIME ZONE timezone)::date >= %(since)s::date)
      AND (%(until)s::date IS NULL OR starts_at < %(until)s::date + interval '2 days'
           AND (starts_at AT TIME ZONE timezone)::date <= %(until)s::date)
)
SELECT total.events::int, e.id, e.name, '', e.venue, e.city, e.starts_at, e.timezone, e.currency, e.status,
    e.refundable_until, e.cancellation_fee_bp,
    CASE WHEN e.waiting_room = 'off' THEN 'none' ELSE coalesce(r.state, 'none') END
FROM (SELECT count(*) AS events FROM found) AS total
LEFT JOIN (SELECT id FROM found ORDER BY starts_at, id LIMIT %(limit)s OFFSET %(offset)s) AS page ON true
LEFT JOIN event e ON e.id = page.id
LEFT JOIN room r ON r.event_id = e.id
ORDER BY e.starts_at, e.id

-- name: read_events
SELECT e.id, e.name, e.description, e.venue, e.city, e.starts_at, e.timezone, e.currency, e.status, e.refundable_until,
    e.cancellation_fee_bp,
    CASE WHEN e.waiting_room = 'off' THEN 'none' ELSE coalesce(r.state, 'none') END
FROM event e LEFT JOIN room r ON r.event_id = e.id
WHERE e.id = ANY (%(ids)s) AND e.status <> 'withdrawn'

-- name: ticket_types
SELECT t.id, t.pool_id, t.name, t.price_minor, t.seated, t.on_sale_at, least(t.off_sale_at, e.starts_at),
    t.max_per_order, t.max_per_customer, t.event_id, t.description, p.available
FROM ticket_type t JOIN pool p ON p.id = t.pool_id JOIN event e ON e.id = t.event_id
WHERE t.event_id = ANY (%(ids)s) AND NOT t.withdrawn
ORDER BY t.event_id, t.position, t.id

-- name: offers
-- What whoever sells needs of these events and no more, for it is read often: a row for each ticket type. Where
-- everybody is to wait nobody buys freely, even before the room has been set up.
SELECT e.id, e.name, e.starts_at, e.timezone, e.venue, e.currency, e.refundable_until, e.cancellation_fee_bp,
    CASE WHEN e.waiting_room = 'off' THEN NULL
         WHEN e.waiting_room = 'on' AND coalesce(r.state, 'none') = 'none' THEN 'gathering'
         ELSE coalesce(r.state, 'none') END,
    t.id, t.pool_id, t.name, t.price_minor, t.seated, t.on_sale_at, least(t.off_sale_at, e.starts_at),
    t.max_per_order, t.max_per_customer
FROM event e
LEFT JOIN room r ON r.event_id = e.id
LEFT JOIN ticket_type t ON t.event_id = e.id AND NOT t.withdrawn
WHERE e.id = ANY (%(ids)s) AND e.status = 'published'
ORDER BY e.id, t.position, t.id

-- name: rows_of_hall
SELECT s.ticket_type_id, s.row_label, count(*)::int
FROM seat s JOIN ticket_type t ON t.id = s.ticket_type_id
WHERE s.event_id = %(event)s AND NOT t.withdrawn
GROUP BY s.ticket_type_id, s.position, s.row_label ORDER BY s.ticket_type_id, s.position, s.row_label

-- name: seats
SELECT s.id, s.ticket_type_id, s.row_label, s.number,
    CASE WHEN s.sold THEN 'sold' WHEN s.hold_id IS NULL THEN 'free' ELSE 'held' END
FROM seat s JOIN ticket_type t ON t.id = s.ticket_type_id
WHERE s.event_id = %(event)s AND NOT t.withdrawn
ORDER BY t.position, t.id, s.position, s.row_label, s.number

-- name: seat_states
-- By event, the first letter of each state in the order of `seats`.
SELECT s.event_id, string_agg(CASE WHEN s.sold THEN 's' WHEN s.hold_id IS NULL THEN 'f' ELSE 'h' END, ''
    ORDER BY t.position, t.id, s.position, s.row_label, s.number)
FROM seat s JOIN ticket_type t ON t.id = s.ticket_type_id
WHERE s.event_id = ANY (%(ids)s) AND NOT t.withdrawn
GROUP BY s.event_id

-- name: seats_of_hall
SELECT id, ticket_type_id, row_label, number FROM seat WHERE event_id = %(event)s

-- name: tickets_opening
-- Ticket types that share a pool are the same tickets.
SELECT coalesce(sum(capacity), 0)::bigint FROM (
    SELECT DISTINCT p.id, p.capacity
    FROM ticket_type t JOIN pool p ON p.id = t.pool_id JOIN event e ON e.id = t.event_id
    WHERE e.status = 'published' AND NOT t.withdrawn AND t.on_sale_at BETWEEN %(since)s AND %(until)s
) AS opening

-- Writing: event files. Whoever applies one holds the lock, so that two of them never interleave.

-- name: lock_event_files
SELECT pg_advisory_xact_lock(hashtext('event files'))

-- name: known_events
SELECT slug, id, checksum, starts_at FROM event WHERE slug = ANY (%(slugs)s) OR id = ANY (%(ids)s::bigint[])

-- name: lock_event
-- The pools in the order in which whoever sells locks them.
SELECT 1 FROM event WHERE id = %(event)s FOR NO KEY UPDATE;
SELECT 1 FROM pool WHERE event_id = %(event)s ORDER BY id FOR NO KEY UPDATE

-- name: event_to_change
SELECT name, description, venue, city, starts_at, timezone, currency, status, listed, refundable_until,
    cancellation_fee_bp, waiting_room
FROM event WHERE id = %(event)s

-- name: pools_to_change
SELECT name, id, capacity, available FROM pool WHERE event_id = %(event)s

-- name: types_to_change
SELECT t.name, t.description, p.name, t.price_minor, t.seated, t.on_sale_at, t.off_sale_at, t.max_per_order,
    t.max_per_customer, t.position, t.withdrawn
FROM ticket_type t JOIN pool p ON p.id = t.pool_id WHERE t.event_id = %(event)s ORDER BY t.id

-- name: put_event
INSERT INTO event (id, slug, name, description, venue, city, starts_at, timezone, currency, status, listed,
    refundable_until, cancellation_fee_bp, waiting_room, checksum)
VALUES (coalesce(%(id)s, nextval(pg_get_serial_sequence('event', 'id'))), %(slug)s, %(name)s, %(description)s,
    %(venue)s, %(city)s, %(starts_at)s, %(timezone)s, %(currency)s, %(status)s, %(listed)s,
    %(refundable_until)s, %(fee_bp)s, %(waiting_room)s, %(checksum)s)
ON CONFLICT (slug) DO UPDATE SET name = excluded.name, description = excluded.description, venue = excluded.venue,
    city = excluded.city, starts_at = excluded.starts_at, timezone = excluded.timezone, status = excluded.status,
    listed = excluded.listed, refundable_until = excluded.refundable_until,
    cancellation_fee_bp = excluded.cancellation_fee_bp, waiting_room = excluded.waiting_room,
    checksum = excluded.checksum, updated_at = now()
RETURNING id

-- name: number_events_after
-- The next event without a number of its own must not run into one that has it.
SELECT setval(pg_get_serial_sequence('event', 'id'), greatest(%(id)s, (SELECT last_value FROM event_id_seq)))

-- name: put_pool
-- The caller has locked the pool and knows that no more is taken away than is there.
INSERT INTO pool (event_id, name, capacity, available) VALUES (%(event)s, %(name)s, %(capacity)s, %(capacity)s)
ON CONFLICT (event_id, name) DO UPDATE
SET available = pool.available + excluded.capacity - pool.capacity, capacity = excluded.capacity

-- name: put_type
INSERT INTO ticket_type (event_id, pool_id, name, description, price_minor, seated, on_sale_at, off_sale_at,
    max_per_order, max_per_customer, position)
SELECT %(event)s, p.id, %(name)s, %(description)s, %(price_minor)s, %(seated)s, %(on_sale_at)s, %(off_sale_at)s,
    %(max_per_order)s, %(max_per_customer)s, %(position)s
FROM pool p WHERE p.event_id = %(event)s AND p.name = %(pool)s
ON CONFLICT (event_id, name) DO UPDATE SET description = excluded.description, price_minor = excluded.price_minor,
    on_sale_at = excluded.on_sale_at, off_sale_at = excluded.off_sale_at, max_per_order = excluded.max_per_order,
    max_per_customer = excluded.max_per_customer, position = excluded.position, withdrawn = false

-- name: withdraw_type
UPDATE ticket_type SET withdrawn = true WHERE event_id = %(event)s AND name = %(name)s

-- name: put_seats
INSERT INTO seat (event_id, pool_id, ticket_type_id, row_label, number, position)
SELECT t.event_id, t.pool_id, t.id, r.label, n, r.position
FROM ticket_type t, unnest(%(labels)s::text[], %(counts)s::int[]) WITH ORDINALITY AS r(label, seats, position),
    generate_series(1, r.seats) AS n
WHERE t.event_id = %(event)s AND t.name = %(name)s
ON CONFLICT (ticket_type_id, row_label, number) DO UPDATE SET position = excluded.position
WHERE seat.position <> excluded.position

-- name: rows_of_seats
-- The rows of each seated type as they are, front first.
SELECT t.name, s.row_label, count(*)::int
FROM seat s JOIN ticket_type t ON t.id = s.ticket_type_id
WHERE s.event_id = %(event)s GROUP BY t.name, s.row_label, s.position ORDER BY s.position

-- name: seats_in_the_way
-- Of the seats that are to go: those that somebody has, and those that a late payment may still ask for.
WITH wanted AS (
    SELECT r.label, r.seats FROM unnest(%(labels)s::text[], %(counts)s::int[]) AS r(label, seats)
), doomed AS (
    SELECT s.id, s.row_label, s.number, s.hold_id
    FROM seat s JOIN ticket_type t ON t.id = s.ticket_type_id LEFT JOIN wanted w ON w.label = s.row_label
    WHERE s.event_id = %(event)s AND t.name = %(name)s AND s.number > coalesce(w.seats, 0)
)
SELECT d.row_label, d.number FROM doomed d
WHERE d.hold_id IS NOT NULL OR EXISTS (
    SELECT 1 FROM hold h JOIN orders o ON o.id = h.order_id
    WHERE h.event_id = %(event)s AND d.id = ANY (h.seat_ids) AND o.status IN ('pending', 'lapsed')
)
ORDER BY d.row_label, d.number

-- name: remove_seats
DELETE FROM seat s USING ticket_type t
WHERE t.id = s.ticket_type_id AND s.event_id = %(event)s AND t.name = %(name)s AND s.number > coalesce(
    (SELECT r.seats FROM unnest(%(labels)s::text[], %(counts)s::int[]) AS r(label, seats)
     WHERE r.label = s.row_label), 0)

-- name: others_to_withdraw
-- What is not listed belongs to no season.
SELECT slug, id FROM event WHERE status = 'published' AND listed AND slug <> ALL (%(slugs)s) ORDER BY id

-- name: withdraw_event
UPDATE event SET status = 'withdrawn', checksum = '', updated_at = now() WHERE id = %(event)s

-- name: close_event
-- The caller has locked its pools.
SELECT close_event_v1(%(event)s)

-- name: tell
INSERT INTO outbox (type, payload) VALUES (%(type)s, %(payload)s)

-- name: notify_catalogue
-- Not part of any purchase, so the lock that NOTIFY takes at commit harms nobody.
SELECT pg_notify('catalogue', %(events)s)

-- The demonstration's sold seats. They go through the shop's own functions, so that the books are right.

-- name: ticket_types_of
SELECT t.id, p.available, t.max_per_order
FROM ticket_type t JOIN event e ON e.id = t.event_id JOIN pool p ON p.id = t.pool_id
WHERE e.slug = %(slug)s ORDER BY t.position

-- name: seats_of_type
-- Row by row, front first.
SELECT row_label, array_agg(id ORDER BY number) FROM seat WHERE ticket_type_id = %(type)s GROUP BY position, row_label
ORDER BY position

-- name: give_away
-- Hold each group, at no price.
WITH held AS (
    SELECT r.request FROM hold_tickets_v1(
        ARRAY(SELECT generate_series(1, %(groups)s)), %(holds)s, %(baskets)s, array_fill(NULL::uuid, ARRAY[%(groups)s]),
        array_fill(false, ARRAY[%(groups)s]), array_fill(NULL::text, ARRAY[%(groups)s]),
        array_fill(NULL::text, ARRAY[%(groups)s]), array_fill(1, ARRAY[%(groups)s]), %(quantities)s, %(seats)s,
        ARRAY[%(type)s]::bigint[], interval '10 minutes', NULL, NULL
    ) AS r WHERE r.result = 'held'
)
SELECT count(*)::int FROM held

-- name: charge_nothing
UPDATE hold SET unit_price_minor = 0 WHERE id = ANY (%(holds)s)

-- name: confirm_gifts
SELECT count(*)::int FROM checkout_v1(
    %(baskets)s, %(orders)s, %(payments)s, array_fill(NULL::text, ARRAY[%(groups)s]),
    array_fill('Box office'::text, ARRAY[%(groups)s]), array_fill(NULL::text, ARRAY[%(groups)s]),
    array_fill(NULL::text, ARRAY[%(groups)s]), array_fill('card'::text, ARRAY[%(groups)s]), 'free',
    interval '15 minutes'
) AS c WHERE c.result = 'paid'
