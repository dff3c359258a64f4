-- name: checkout
SELECT result, basket, order_id, order_status, total, currency, payment, payment_status, pay_url, failure,
    tickets, lapsed
FROM checkout_v1(
    %(basket)s, %(order)s, %(payment)s, %(email)s, %(name)s, %(key)s, %(fingerprint)s, %(method)s, %(provider)s,
    %(pay_within)s
)

-- name: attempt
-- The attempt that was made under the first of these keys that has one.
SELECT a.key, o.basket_id FROM attempt a JOIN orders o ON o.id = a.order_id
WHERE a.key = ANY (%(keys)s) ORDER BY array_position(%(keys)s, a.key) LIMIT 1

-- name: bought_lately
-- What somebody with this cookie is paying for, or has just paid for.
SELECT h.basket_id, o.status, h.event_id, h.ticket_type_id, h.quantity
FROM hold h JOIN orders o ON o.id = h.order_id
WHERE (h.basket_id = %(cookie)s OR h.owner = %(cookie)s)
    AND (h.state = 'paying' OR h.state = 'confirmed' AND o.status = 'paid' AND o.paid_at > now() - %(lately)s)

-- name: order
-- An order by its own id or a ticket's, with its latest payment and its refunds: a row for each ticket, or one.
SELECT o.id, o.status, o.total_minor, o.currency, o.created_at, o.name, o.email, p.status, p.failure, p.pay_url,
    (SELECT min(h.expires_at) FROM hold h WHERE h.order_id = o.id AND h.state = 'held' AND h.expires_at > now()),
    o.basket_id,
    (SELECT json_agg(json_build_array(r.amount_minor, r.status, r.reason) ORDER BY r.created_at)
     FROM refund r WHERE r.order_id = o.id),
    t.code, t.state, t.price_minor, y.name, s.row_label, s.number, e.id, e.name, e.starts_at, e.timezone, e.venue,
    e.city, e.status = 'cancelled', CASE WHEN e.status <> 'cancelled' THEN t.refundable_until END,
    CASE WHEN e.status = 'cancelled' THEN 0 ELSE t.fee_minor END
FROM orders o
LEFT JOIN LATERAL (SELECT * FROM payment q WHERE q.order_id = o.id ORDER BY q.created_at DESC LIMIT 1) AS p ON true
LEFT JOIN ticket t ON t.order_id = o.id
LEFT JOIN ticket_type y ON y.id = t.ticket_type_id
LEFT JOIN event e ON e.id = t.event_id
-- LIMIT, because seats are looked up one by one: joined to few tickets, a whole table of them was read for each order.
LEFT JOIN LATERAL (SELECT * FROM seat WHERE seat.id = t.seat_id LIMIT 1) AS s ON true
WHERE o.id = coalesce(%(order)s, (SELECT order_id FROM ticket WHERE code = %(ticket)s))
ORDER BY e.starts_at, e.id, y.position, y.id, s.position, s.number, t.code

-- name: cancel_order
SELECT result, ended, EXISTS (SELECT FROM ticket WHERE order_id = %(order)s AND event_id = %(probe)s)
FROM cancel_order_v1(%(order)s, NULL, 'customer')

-- name: cancel_for_event
SELECT result, ended, false FROM cancel_order_v1(%(order)s, %(event)s, 'event')

-- name: orders_of_cancelled_events
SELECT DISTINCT t.order_id, t.event_id
FROM event e JOIN ticket t ON t.event_id = e.id AND t.state <> 'void'
WHERE e.status = 'cancelled' LIMIT %(most)s
