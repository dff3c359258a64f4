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

-- name: order_of_ticket
SELECT order_id FROM ticket WHERE code = %(code)s

-- name: order_head
SELECT o.id, o.status, o.total_minor, o.currency, o.created_at, o.name, o.email, p.status, p.failure, p.pay_url,
    (SELECT min(h.expires_at) FROM hold h WHERE h.order_id = o.id AND h.state = 'held' AND h.expires_at > now()),
    o.basket_id
FROM orders o
LEFT JOIN LATERAL (SELECT * FROM payment q WHERE q.order_id = o.id ORDER BY q.created_at DESC LIMIT 1) AS p ON true
WHERE o.id = %(order)s

-- name: order_tickets
SELECT t.code, t.state, t.price_minor, y.name, s.row_label, s.number, e.id, e.name, e.starts_at, e.timezone, e.venue,
    e.city, e.status = 'cancelled', CASE WHEN e.status <> 'cancelled' THEN t.refundable_until END,
    CASE WHEN e.status = 'cancelled' THEN 0 ELSE t.fee_minor END
FROM ticket t JOIN ticket_type y ON y.id = t.ticket_type_id JOIN event e ON e.id = t.event_id
LEFT JOIN seat s ON s.id = t.seat_id
WHERE t.order_id = %(order)s
ORDER BY e.starts_at, e.id, y.position, y.id, s.position, s.number, t.code

-- name: order_refunds
SELECT amount_minor, status, reason FROM refund WHERE order_id = %(order)s ORDER BY created_at

-- name: cancel_order
SELECT result, ended, EXISTS (SELECT FROM ticket WHERE order_id = %(order)s AND event_id = %(probe)s)
FROM cancel_order_v1(%(order)s, NULL, 'customer')

-- name: cancel_for_event
SELECT result, ended, false FROM cancel_order_v1(%(order)s, %(event)s, 'event')

-- name: orders_of_cancelled_events
SELECT DISTINCT t.order_id, t.event_id
FROM event e JOIN ticket t ON t.event_id = e.id AND t.state <> 'void'
WHERE e.status = 'cancelled' LIMIT %(most)s
