-- What must always be true of stock, orders and money. One statement, so one snapshot: exact while the shop sells.
-- Each row is a broken invariant: its name, what it is about, and the figures. No rows is the only good answer.

WITH live AS (
    SELECT pool_id, sum(quantity) AS tickets FROM hold WHERE state IN ('held', 'paying') GROUP BY pool_id
), sold AS (
    SELECT pool_id, count(*) AS tickets FROM ticket WHERE state <> 'void' GROUP BY pool_id
), of_order AS (
    SELECT order_id, count(*) AS ever, count(*) FILTER (WHERE state <> 'void') AS in_force,
        coalesce(sum(price_minor) FILTER (WHERE state <> 'void'), 0) AS worth
    FROM ticket GROUP BY order_id
), bought AS (
    SELECT order_id, sum(quantity) AS tickets FROM hold WHERE state = 'confirmed' GROUP BY order_id
), captured AS (
    SELECT order_id, sum(amount_minor) AS amount FROM payment WHERE status = 'succeeded' GROUP BY order_id
), returned AS (
    SELECT order_id, sum(amount_minor) AS amount, count(*) AS ever, count(*) FILTER (WHERE status = 'done') AS done,
        count(*) FILTER (WHERE status = 'failed') AS failed
    FROM refund GROUP BY order_id
), told AS (
    -- The events of an order stay in the outbox as long as the order.
    SELECT order_id, count(*) FILTER (WHERE type = 'order.placed') AS placed,
        count(*) FILTER (WHERE type = 'order.paid') AS paid, count(*) FILTER (WHERE type = 'order.lapsed') AS lapsed,
        count(*) FILTER (WHERE type = 'order.cancelled') AS cancelled,
        count(*) FILTER (WHERE type = 'refund.due') AS due,
        count(*) FILTER (WHERE type = 'refund.done') AS done, count(*) FILTER (WHERE type = 'refund.failed') AS failed
    FROM outbox WHERE order_id IS NOT NULL GROUP BY order_id
)
SELECT 'stock' AS invariant, 'pool ' || p.id AS subject,
    format('capacity %s, available %s, held %s, sold %s', p.capacity, p.available, coalesce(l.tickets, 0),
           coalesce(s.tickets, 0)) AS figures,
    greatest(coalesce(l.tickets, 0) + coalesce(s.tickets, 0) - p.capacity, 0) AS oversold
FROM pool p LEFT JOIN live l ON l.pool_id = p.id LEFT JOIN sold s ON s.pool_id = p.id
WHERE p.capacity <> p.available + coalesce(l.tickets, 0) + coalesce(s.tickets, 0)
UNION ALL
-- Every seat that is taken belongs to exactly one line that names it, and is sold exactly when a ticket in force does.
SELECT 'seat-owner', 'seat ' || s.id, format('hold %s (%s), sold %s', s.hold_id, h.state, s.sold), 0
FROM seat s LEFT JOIN hold h ON h.id = s.hold_id
WHERE s.hold_id IS NOT NULL
  AND (h.id IS NULL OR s.id <> ALL (h.seat_ids) OR s.sold <> (h.state = 'confirmed')
       OR h.state NOT IN ('held', 'paying', 'confirmed')
       OR s.sold <> EXISTS (SELECT 1 FROM ticket t WHERE t.seat_id = s.id AND t.state <> 'void'))
UNION ALL
SELECT 'seat-owner', 'hold ' || h.id,
    format('names %s seats, has %s, quantity %s', cardinality(h.seat_ids), count(s.id), h.quantity), 0
FROM hold h LEFT JOIN seat s ON s.hold_id = h.id
WHERE h.seat_ids IS NOT NULL AND h.state IN ('held', 'paying')
GROUP BY h.id HAVING count(s.id) <> h.quantity OR cardinality(h.seat_ids) <> h.quantity
UNION ALL
SELECT 'seat-owner', 'ticket ' || t.code, 'in force for a seated type, without a seat', 0
FROM ticket t JOIN ticket_type y ON y.id = t.ticket_type_id
WHERE y.seated AND t.seat_id IS NULL AND t.state <> 'void'
UNION ALL
SELECT 'order-tickets', 'order ' || o.id,
    format('%s: bought %s, tickets %s, in force %s worth %s, retained %s', o.status, coalesce(b.tickets, 0),
           coalesce(t.ever, 0), coalesce(t.in_force, 0), coalesce(t.worth, 0), o.retained_minor), 0
FROM orders o LEFT JOIN of_order t ON t.order_id = o.id LEFT JOIN bought b ON b.order_id = o.id
WHERE coalesce(b.tickets, 0) <> coalesce(t.ever, 0)
   OR (o.status = 'paid' AND coalesce(t.in_force, 0) = 0)
   OR (o.status <> 'paid' AND coalesce(t.in_force, 0) > 0)
   OR (o.status = 'paid' AND o.retained_minor <> t.worth AND t.in_force = t.ever)
   OR (o.status IN ('pending', 'lapsed') AND o.retained_minor <> 0)
UNION ALL
SELECT 'money', 'order ' || o.id,
    format('%s: captured %s, retained %s, refunds %s', o.status, coalesce(c.amount, 0), o.retained_minor,
           coalesce(r.amount, 0)), 0
FROM orders o LEFT JOIN captured c ON c.order_id = o.id LEFT JOIN returned r ON r.order_id = o.id
WHERE coalesce(c.amount, 0) <> o.retained_minor + coalesce(r.amount, 0)
UNION ALL
SELECT 'one-order', 'basket ' || basket_id, format('%s orders', count(DISTINCT order_id)), 0
FROM hold WHERE order_id IS NOT NULL GROUP BY basket_id HAVING count(DISTINCT order_id) > 1
UNION ALL
-- A key has one attempt by its index; that must be an attempt at an order.
SELECT 'one-order', 'key ' || a.key, format('order %s, payment %s', a.order_id, a.payment_id), 0
FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = a.order_id)
   OR a.payment_id IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.id = a.payment_id AND p.order_id = a.order_id)
UNION ALL
-- Whatever became of an order and its refunds, the outbox has told. A cancellation's own event tells of its refund.
SELECT 'outbox', 'order ' || o.id,
    format('%s, paid %s, refunds %s, of them done %s, failed %s; told: %s', o.status, o.paid_at, coalesce(r.ever, 0),
           coalesce(r.done, 0), coalesce(r.failed, 0), coalesce(to_jsonb(t) - 'order_id', '{}')), 0
FROM orders o LEFT JOIN told t ON t.order_id = o.id LEFT JOIN returned r ON r.order_id = o.id
WHERE (o.status = 'pending' AND coalesce(t.placed, 0) = 0)
   OR (o.paid_at IS NOT NULL AND coalesce(t.paid, 0) = 0)
   OR (o.status = 'lapsed' AND coalesce(t.lapsed, 0) = 0)
   OR (o.status = 'cancelled' AND coalesce(t.cancelled, 0) = 0)
   OR r.ever > coalesce(t.cancelled + t.due, 0) OR r.done > coalesce(t.done, 0) OR r.failed > coalesce(t.failed, 0)
