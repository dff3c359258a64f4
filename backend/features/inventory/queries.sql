-- name: hold_tickets
SELECT result, basket, expires, price, detail
FROM hold_tickets_v1(
    %(request)s, %(hold)s, %(basket)s, %(known)s, %(strict)s, %(address)s, %(fingerprint)s, %(type)s, %(quantity)s,
    %(seats)s, %(types)s, %(ttl)s, %(address_limit)s, %(customer_limit)s
)

-- name: basket_lines
-- Every line that a basket still holds, oldest first; no rows when it has none.
SELECT h.id, h.event_id, e.name, h.ticket_type_id, y.name, h.quantity, h.unit_price_minor, h.currency, h.expires_at,
    h.state, h.extended, e.starts_at, e.timezone, e.venue, e.refundable_until, e.cancellation_fee_bp,
    (SELECT json_agg(json_build_object('id', s.id, 'row', s.row_label, 'number', s.number)
                     ORDER BY s.position, s.number)::text
     FROM seat s WHERE s.id = ANY (h.seat_ids))
FROM hold h JOIN event e ON e.id = h.event_id JOIN ticket_type y ON y.id = h.ticket_type_id
WHERE h.basket_id = %(basket)s AND (h.state = 'paying' OR h.state = 'held' AND h.expires_at > now())
ORDER BY h.created_at, h.id

-- name: basket_of_customer
-- The live basket that a cookie means: its own, else the newest that followed it.
SELECT h.basket_id FROM hold h
WHERE (h.basket_id = %(cookie)s OR h.owner = %(cookie)s) AND h.state = 'held' AND h.expires_at > now()
ORDER BY h.basket_id = %(cookie)s DESC, h.created_at DESC LIMIT 1

-- name: hold_of_basket
SELECT EXISTS (SELECT 1 FROM hold WHERE id = %(hold)s AND basket_id = %(basket)s)

-- name: end_of_basket
-- Why a basket holds nothing.
SELECT CASE WHEN count(*) = 0 THEN 'unknown-basket' WHEN bool_or(state = 'confirmed') THEN 'basket-bought'
    WHEN bool_and(state = 'cancelled') THEN 'basket-emptied' ELSE 'basket-expired' END
FROM hold WHERE basket_id = %(basket)s

-- name: extend_basket
SELECT result, basket, expires FROM extend_basket_v1(%(basket)s, %(ttl)s, %(key)s, %(fingerprint)s)

-- name: release_basket
SELECT result, lapsed FROM release_basket_v1(%(basket)s, %(line)s)

-- name: expire_holds
SELECT expire_holds_v1(NULL, %(most)s), 0

-- name: lapse_orders
SELECT expired, lapsed FROM lapse_orders_v1(%(most)s)

-- name: forget_extensions
DELETE FROM extension WHERE key IN (
    SELECT key FROM extension WHERE expires_at < now() - interval '1 day' LIMIT %(most)s
)
