-- From a basket to its order, and on to its tickets. Nothing here waits for a provider or touches a pool.
-- Lock order, everywhere: payment -> order -> hold -> pool.

-- Turn the holds of these orders (locked by the caller) into tickets; the orders are paid from here on. An order is
-- issued once, so whatever of it is confirmed already has been so by the caller, in a statement that touched the hold
-- anyway.
CREATE FUNCTION issue_tickets_v1(_orders uuid[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    seats bigint[];
BEGIN
    WITH issued AS (
        INSERT INTO ticket (order_id, event_id, ticket_type_id, pool_id, seat_id, price_minor, refundable_until,
            fee_minor)
        SELECT h.order_id, h.event_id, h.ticket_type_id, h.pool_id, h.seat_ids[n], h.unit_price_minor,
            h.refundable_until,
            (h.unit_price_minor * h.fee_bp + 5000) / 10000
        FROM hold h CROSS JOIN LATERAL generate_series(1, h.quantity) AS n
        WHERE h.order_id = ANY (_orders) AND h.state IN ('held', 'paying', 'confirmed')
        RETURNING seat_id
    )
    SELECT array_agg(seat_id) INTO seats FROM issued WHERE seat_id IS NOT NULL;
    IF seats IS NOT NULL THEN
        UPDATE seat SET sold = true WHERE id = ANY (seats);
    END IF;
    UPDATE hold SET state = 'confirmed' WHERE order_id = ANY (_orders) AND state IN ('held', 'paying');
    UPDATE orders SET status = 'paid', paid_at = clock_timestamp(), closed_at = NULL, retained_minor = total_minor
    WHERE id = ANY (_orders) AND status <> 'paid';
    INSERT INTO outbox (type, order_id, payload)
    SELECT 'order.paid', o.id,
        jsonb_build_object('order_id', o.id, 'total_minor', o.total_minor, 'currency', o.currency)
    FROM orders o WHERE o.id = ANY (_orders);
END $$;

-- Make orders of baskets, a batch at a time, one element per basket (each basket once).
-- A free basket is confirmed at once; any other becomes a pending order whose holds no longer expire by themselves,
-- with a payment that waits for its provider. A basket whose payment failed gets another payment for the same order.
--
-- One row per basket, in order; basket: the order's, where a key leads to another; tickets: the codes in force,
-- comma-separated.
-- result: paid, pending, exists (this very attempt was made before, under its Idempotency-Key: see order_status and the
-- attempt's payment), taken (an attempt of somebody who may be somebody else was: see the order's latest payment),
-- mismatch (another body under the same Idempotency-Key), unknown-basket, basket-expired, basket-emptied, event-closed
-- (it is cancelled or withdrawn: its tickets are given back, other lines stay held), customer-limit.
-- lapsed: how many orders ended by that, 0 or 1.
CREATE FUNCTION checkout_v1(
    _basket uuid[], _order uuid[], _payment uuid[], _email text[], _name text[], _key text[], _fingerprint text[],
    _method text[], _provider text, _pay_within interval
) RETURNS TABLE (basket uuid, result text, order_id uuid, order_status text, total bigint, currency text,
                 payment uuid, payment_status text, pay_url text, failure text, tickets text, lapsed integer)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    locked uuid[]; lines uuid[]; results text[]; orders_of uuid[]; totals bigint[]; currencies text[]; owners uuid[];
    again boolean[]; tried uuid[]; mine uuid[]; closed uuid[]; lapsed_of integer[]; first attempt;
    placed uuid[]; bought uuid[]; free uuid[]; n integer := cardinality(_basket);
BEGIN
    -- An order that appears between these two locks is being made by somebody else: it is reported, not touched.
    locked := ARRAY(SELECT id FROM orders WHERE basket_id = ANY (_basket));
    PERFORM 1 FROM orders WHERE id = ANY (locked) ORDER BY id FOR NO KEY UPDATE;
    lines := ARRAY(SELECT id FROM hold WHERE basket_id = ANY (_basket));
    PERFORM 1 FROM hold WHERE id = ANY (lines) ORDER BY id FOR NO KEY UPDATE;

    SELECT array_agg(v.result ORDER BY v.i), array_agg(v.order_id ORDER BY v.i), array_agg(v.total ORDER BY v.i),
        array_agg(v.currency ORDER BY v.i), array_agg(v.owner ORDER BY v.i), array_agg(v.again ORDER BY v.i),
        array_agg(v.tried ORDER BY v.i)
    INTO results, orders_of, totals, currencies, owners, again, tried
    FROM (
        SELECT b.i, coalesce(k.order_id, o.id, b.order_id) AS order_id, h.total, h.currency, h.owner,
            o.id IS NOT NULL AS again, CASE WHEN k.key IS NULL THEN b.payment_id ELSE k.payment_id END AS tried,
            CASE
                -- Its own order or payment is there already: the answer to this very request was lost on its way.
                WHEN o.id = b.order_id OR (SELECT p.id FROM payment p WHERE p.id = b.payment_id) IS NOT NULL
                    THEN 'repeated'
                WHEN k.fingerprint <> b.fingerprint THEN 'mismatch'
                WHEN k.key IS NOT NULL THEN 'exists'
                WHEN o.id IS NOT NULL
                    AND (o.id <> ALL (locked) OR o.status NOT IN ('pending', 'lapsed') OR h.paying > 0) THEN 'taken'
                WHEN h.ever = 0 THEN 'unknown-basket'
                WHEN h.closed THEN 'event-closed'
                WHEN h.live IS NOT TRUE THEN
                    CASE WHEN o.id IS NOT NULL THEN 'taken' WHEN h.emptied THEN 'basket-emptied'
                        ELSE 'basket-expired' END
                WHEN h.limited AND b.email IS NOT NULL AND over_limit_v1(b.basket, b.email) THEN 'customer-limit'
                WHEN h.total = 0 THEN 'paid'
                ELSE 'pending'
            END AS result
        FROM unnest(_basket, _order, _payment, _email, _key, _fingerprint) WITH ORDINALITY
            AS b(basket, order_id, payment_id, email, key, fingerprint, i)
        LEFT JOIN LATERAL (SELECT * FROM orders WHERE basket_id = b.basket OFFSET 0) AS o ON true
        LEFT JOIN LATERAL (SELECT * FROM attempt WHERE key = b.key OFFSET 0) AS k ON true
        CROSS JOIN LATERAL (
            SELECT count(*) AS ever, count(*) FILTER (WHERE h.state = 'paying') AS paying,
                bool_and(h.state = 'cancelled') AS emptied,
                bool_or((SELECT e.status FROM event e WHERE e.id = h.event_id) <> 'published')
                    FILTER (WHERE h.state = 'held') AS closed,
                bool_and(h.expires_at > clock_timestamp()) FILTER (WHERE h.state = 'held') AS live,
                sum(h.quantity * h.unit_price_minor) FILTER (WHERE h.state = 'held') AS total,
                min(h.currency) FILTER (WHERE h.state = 'held') AS currency, (array_agg(h.owner))[1] AS owner,
                bool_or((SELECT y.max_per_customer FROM ticket_type y WHERE y.id = h.ticket_type_id) IS NOT NULL)
                    FILTER (WHERE h.state = 'held') AS limited
            FROM hold h WHERE h.basket_id = b.basket
        ) AS h
    ) AS v;

    placed := ARRAY(SELECT orders_of[k] FROM generate_series(1, n) AS k
                    WHERE results[k] IN ('paid', 'pending') AND _key[k] IS NOT NULL);
    IF cardinality(placed) > 0 THEN
        -- Whoever comes second with a key waits here for the first, whichever basket it came by, and is told of its
        -- order. In one order everywhere, so that no two batches wait for each other.
        WITH claimed AS (
            INSERT INTO attempt (key, fingerprint, order_id, payment_id)
            SELECT _key[k], _fingerprint[k], orders_of[k], CASE results[k] WHEN 'pending' THEN _payment[k] END
            FROM generate_series(1, n) AS k
            WHERE results[k] IN ('paid', 'pending') AND _key[k] IS NOT NULL ORDER BY _key[k]
            ON CONFLICT DO NOTHING RETURNING order_id
        )
        SELECT coalesce(array_agg(c.order_id), '{}') INTO mine FROM claimed AS c;
        IF cardinality(mine) < cardinality(placed) THEN
            FOR i IN 1..n LOOP
                IF orders_of[i] = ANY (placed) AND orders_of[i] <> ALL (mine) THEN
                    SELECT * INTO first FROM attempt a WHERE a.key = _key[i];
                    results[i] := CASE WHEN first.fingerprint = _fingerprint[i] THEN 'exists' ELSE 'mismatch' END;
                    orders_of[i] := first.order_id; tried[i] := first.payment_id;
                END IF;
            END LOOP;
        END IF;
    END IF;

    placed := ARRAY(SELECT orders_of[k] FROM generate_series(1, n) AS k WHERE results[k] IN ('paid', 'pending'));
    IF cardinality(placed) > 0 THEN
        INSERT INTO orders (id, basket_id, owner, email, name, status, total_minor, currency, paid_at)
        SELECT orders_of[i], _basket[i], owners[i], _email[i], _name[i], results[i], totals[i], currencies[i],
            CASE results[i] WHEN 'paid' THEN clock_timestamp() END
        FROM generate_series(1, n) AS i WHERE results[i] IN ('paid', 'pending') AND NOT again[i];
        IF true = ANY (again) THEN
            UPDATE orders o SET email = _email[i], name = _name[i], status = results[i], closed_at = NULL,
                total_minor = totals[i], currency = currencies[i],
                paid_at = CASE results[i] WHEN 'paid' THEN clock_timestamp() END
            FROM generate_series(1, n) AS i WHERE results[i] IN ('paid', 'pending') AND again[i] AND o.id = orders_of[i]
                AND o.id = ANY (placed);
        END IF;
        bought := ARRAY(SELECT _basket[i] FROM generate_series(1, n) AS i WHERE results[i] IN ('paid', 'pending'));
        UPDATE hold h SET order_id = orders_of[array_position(_basket, h.basket_id)],
            state = CASE results[array_position(_basket, h.basket_id)] WHEN 'pending' THEN 'paying'
                ELSE 'confirmed' END,
            (refundable_until, fee_bp) = (
                SELECT e.refundable_until, e.cancellation_fee_bp FROM event e WHERE e.id = h.event_id)
        WHERE h.basket_id = ANY (bought) AND h.state = 'held';
        IF 'pending' = ANY (results) THEN
            INSERT INTO payment (id, order_id, provider, method, amount_minor, currency, deadline_at, check_at)
            SELECT _payment[i], orders_of[i], _provider, _method[i], totals[i], currencies[i],
                clock_timestamp() + _pay_within, clock_timestamp() + interval '30 seconds'
            FROM generate_series(1, n) AS i WHERE results[i] = 'pending';
            INSERT INTO outbox (type, order_id, payload)
            SELECT 'order.placed', orders_of[i], jsonb_build_object('order_id', orders_of[i], 'total_minor', totals[i],
                'currency', currencies[i])
            FROM generate_series(1, n) AS i WHERE results[i] = 'pending';
        END IF;
        free := ARRAY(SELECT orders_of[i] FROM generate_series(1, n) AS i WHERE results[i] = 'paid');
        IF cardinality(free) > 0 THEN
            PERFORM issue_tickets_v1(free);
        END IF;
    END IF;
    IF 'event-closed' = ANY (results) THEN
        bought := ARRAY(SELECT _basket[k] FROM generate_series(1, n) AS k WHERE results[k] = 'event-closed');
        closed := ARRAY(SELECT h.id FROM hold h WHERE h.basket_id = ANY (bought) AND h.state = 'held'
            AND (SELECT e.status FROM event e WHERE e.id = h.event_id) <> 'published');
        PERFORM release_holds_v1(closed, 'cancelled');
        FOR i IN 1..n LOOP
            IF results[i] = 'event-closed' AND again[i] THEN
                lapsed_of[i] := lapse_v1(ARRAY[orders_of[i]]);
            END IF;
        END LOOP;
    END IF;

    RETURN QUERY
    SELECT coalesce(o.basket_id, _basket[i]),
        CASE WHEN results[i] <> 'repeated' THEN results[i] WHEN p.status = 'created' THEN 'pending'
            ELSE 'exists' END,
        o.id, o.status, o.total_minor, o.currency, p.id, p.status, p.pay_url, p.failure,
        CASE o.status WHEN 'paid' THEN (SELECT string_agg(t.code::text, ',') FROM ticket t WHERE t.order_id = o.id
            AND t.state <> 'void') END, coalesce(lapsed_of[i], 0)
    FROM generate_series(1, n) AS i
    LEFT JOIN LATERAL (SELECT * FROM orders WHERE id = orders_of[i] OFFSET 0) AS o ON true
    LEFT JOIN LATERAL (
        SELECT * FROM payment q
        WHERE q.order_id = o.id AND (results[i] NOT IN ('exists', 'repeated') OR q.id = tried[i])
        ORDER BY q.created_at DESC LIMIT 1
    ) AS p ON true
    ORDER BY i;
END $$;

-- Would this basket take its customer, known by e-mail, over a ticket type's limit?
-- What waits for its payment counts too, and baskets of one e-mail are judged one after another, whoever sells them.
CREATE FUNCTION over_limit_v1(_basket uuid, _email text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(lower(_email), 0));
    RETURN EXISTS (
        SELECT 1
        FROM (SELECT ticket_type_id, sum(quantity) AS quantity FROM hold WHERE basket_id = _basket AND state = 'held'
            GROUP BY 1) AS asked
        JOIN ticket_type y ON y.id = asked.ticket_type_id
        WHERE y.max_per_customer IS NOT NULL AND asked.quantity + (
            SELECT count(*) FROM orders o JOIN ticket t ON t.order_id = o.id
            WHERE lower(o.email) = lower(_email) AND t.ticket_type_id = y.id AND t.state <> 'void'
        ) + (
            SELECT coalesce(sum(h.quantity), 0) FROM orders o JOIN hold h ON h.order_id = o.id
            WHERE lower(o.email) = lower(_email) AND h.ticket_type_id = y.id AND h.state = 'paying'
        ) > y.max_per_customer
    );
END $$;
