-- Orders: checkout, settlement, cancellation. None of them waits for a provider, and confirming never touches a pool.
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

-- Record what the provider says of these payments, with all that follows from it, in one transaction.
-- _status: processing, succeeded, failed, cancelled (nobody will pay any more: the stock is released).
--
-- Money that has been captured always counts: for tickets if they are still held or can be had again, and their events
-- are still on, else as a refund.
-- One row per payment, in order; tickets as in checkout_v1. result: paid, refund-due, processing, failed, cancelled,
-- replayed (known already), unknown.
-- For whoever counts, each once: moved, the status that the order reached; expired,
-- its holds that ended unpaid; took, the seconds from the beginning of a payment to its settlement.
CREATE FUNCTION settle_v1(
    _payment uuid[], _status text[], _reference text[], _pay_url text[], _failure text[], _grace interval
) RETURNS TABLE (payment uuid, result text, order_id uuid, order_status text, tickets text,
                 moved text, expired integer, took double precision)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    sales uuid[]; lines uuid[]; results text[]; were text[]; simple uuid[]; settled uuid[]; i integer;
    n integer := cardinality(_payment);
BEGIN
    PERFORM 1 FROM payment WHERE id = ANY (_payment) ORDER BY id FOR NO KEY UPDATE;
    sales := ARRAY(SELECT p.order_id FROM payment p WHERE p.id = ANY (_payment));
    PERFORM 1 FROM orders WHERE id = ANY (sales) ORDER BY id FOR NO KEY UPDATE;
    lines := ARRAY(SELECT h.id FROM hold h WHERE h.order_id = ANY (sales));
    PERFORM 1 FROM hold WHERE id = ANY (lines) ORDER BY id FOR NO KEY UPDATE;

    -- The usual case, for the whole batch at once: paid in time, all tickets still held for it. Of two payments of one
    -- order only the first can be that.
    SELECT array_agg(v.result ORDER BY v.k), array_agg(v.was ORDER BY v.k),
        array_agg(v.order_id) FILTER (WHERE v.result = 'paid')
    INTO results, were, simple
    FROM (
        SELECT k, o.id AS order_id, CASE
            WHEN p.id IS NULL THEN 'unknown'
            WHEN p.status = 'succeeded' OR p.status = _status[k] AND p.reference = _reference[k]
                AND (_failure[k] IS NULL OR p.failure IS NOT DISTINCT FROM _failure[k]) THEN 'replayed'
            WHEN _status[k] = 'succeeded' AND o.status = 'pending' AND o.total_minor = p.amount_minor
                AND p.amount_minor = (
                SELECT CASE WHEN bool_and((SELECT e.status FROM event e WHERE e.id = h.event_id) = 'published')
                    THEN sum(h.quantity * h.unit_price_minor) END
                FROM hold h WHERE h.order_id = o.id AND h.state = 'paying'
            ) AND row_number() OVER (PARTITION BY o.id ORDER BY k) = 1 THEN 'paid'
            ELSE 'other' END AS result,
            CASE WHEN row_number() OVER (PARTITION BY o.id ORDER BY k) = 1 THEN o.status END AS was
        FROM generate_series(1, n) AS k
        LEFT JOIN LATERAL (SELECT * FROM payment WHERE id = _payment[k] OFFSET 0) AS p ON true
        LEFT JOIN LATERAL (SELECT * FROM orders WHERE id = p.order_id OFFSET 0) AS o ON true
    ) AS v;
    IF cardinality(simple) > 0 THEN
        settled := ARRAY(SELECT _payment[k] FROM generate_series(1, n) AS k WHERE results[k] = 'paid');
        UPDATE payment p SET status = 'succeeded',
            reference = coalesce(_reference[array_position(_payment, p.id)], p.reference),
            failure = NULL, settled_at = clock_timestamp()
        WHERE p.id = ANY (settled);
        PERFORM issue_tickets_v1(simple);
    END IF;
    FOR i IN 1..n LOOP
        IF results[i] = 'other' THEN
            results[i] := settle_one_v1(_payment[i], _status[i], _reference[i], _pay_url[i], _failure[i], _grace);
        END IF;
    END LOOP;

    RETURN QUERY
    SELECT _payment[k], results[k], o.id, o.status,
        CASE o.status WHEN 'paid' THEN (SELECT string_agg(t.code::text, ',') FROM ticket t WHERE t.order_id = o.id
            AND t.state <> 'void') END,
        CASE WHEN were[k] <> o.status THEN o.status END,
        CASE WHEN were[k] <> o.status AND o.status = 'lapsed'
            THEN (SELECT count(*)::integer FROM hold h WHERE h.order_id = o.id AND h.state = 'expired') ELSE 0 END,
        CASE WHEN results[k] IN ('paid', 'refund-due', 'failed', 'cancelled')
            THEN extract(epoch FROM p.settled_at - p.created_at)::double precision END
    FROM generate_series(1, n) AS k
    LEFT JOIN LATERAL (SELECT q.order_id, q.created_at, q.settled_at FROM payment q
        WHERE q.id = _payment[k] OFFSET 0) AS p ON true
    LEFT JOIN LATERAL (SELECT * FROM orders WHERE id = p.order_id OFFSET 0) AS o ON true
    ORDER BY k;
END $$;

-- One payment of settle_v1 (which has locked it) that is not the usual case.
CREATE FUNCTION settle_one_v1(_payment uuid, _status text, _reference text, _pay_url text, _failure text,
    _grace interval)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    mine payment; sale orders; paying uuid[]; why text;
BEGIN
    UPDATE payment SET status = _status, reference = coalesce(_reference, reference),
        pay_url = coalesce(_pay_url, pay_url),
        failure = _failure, settled_at = CASE WHEN _status = 'processing' THEN NULL ELSE clock_timestamp() END
    -- A payment that has failed does not start again; one that failed or was cancelled may still turn out captured.
    WHERE id = _payment AND NOT (status IN ('failed', 'cancelled') AND _status <> 'succeeded')
    RETURNING * INTO mine;
    IF NOT FOUND THEN RETURN 'replayed'; END IF;
    SELECT * INTO sale FROM orders WHERE id = mine.order_id;
    paying := ARRAY(SELECT id FROM hold WHERE order_id = sale.id AND state = 'paying');

    IF _status = 'processing' THEN
        RETURN 'processing';
    ELSIF _status = 'succeeded' THEN
        IF sale.status IN ('pending', 'lapsed') AND sale.total_minor = mine.amount_minor AND have_again_v1(sale.id) THEN
            PERFORM issue_tickets_v1(ARRAY[sale.id]);
            RETURN 'paid';
        END IF;
        why := CASE WHEN sale.status = 'paid' THEN 'paid_twice' WHEN sale.status = 'cancelled' THEN 'cancelled'
            WHEN closed_v1(sale.id) THEN 'event_cancelled' ELSE 'too_late' END;
        INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason)
        VALUES (gen_random_uuid(), mine.id, sale.id, mine.amount_minor, mine.currency, why);
        IF sale.status = 'pending' THEN
            PERFORM release_holds_v1(ARRAY(SELECT id FROM hold WHERE order_id = sale.id
                AND state IN ('held', 'paying')), 'expired');
            PERFORM lapse_v1(ARRAY[sale.id]);
        END IF;
        INSERT INTO outbox (type, order_id, payload) VALUES ('refund.due', sale.id, jsonb_build_object(
            'order_id', sale.id, 'amount_minor', mine.amount_minor, 'currency', mine.currency, 'reason', why));
        RETURN 'refund-due';
    END IF;

    IF sale.status = 'pending' AND cardinality(paying) > 0 THEN
        IF _status = 'failed' THEN
            -- The customer may try again: the hold goes on for a while, but no series of declines keeps it beyond half
            -- an hour.
            UPDATE hold SET state = 'held', expires_at = greatest(expires_at, least(
                clock_timestamp() + _grace,
                (SELECT min(created_at) FROM hold WHERE id = ANY (paying)) + interval '30 minutes'))
            WHERE id = ANY (paying);
        ELSE
            PERFORM release_holds_v1(paying, 'expired');
            PERFORM lapse_v1(ARRAY[sale.id]);
        END IF;
    END IF;
    INSERT INTO outbox (type, order_id, payload) VALUES ('payment.' || _status, sale.id, jsonb_build_object(
        'order_id', sale.id, 'payment_id', mine.id, 'failure', _failure));
    RETURN _status;
END $$;

-- Is an event of this order cancelled or withdrawn?
CREATE FUNCTION closed_v1(_order uuid) RETURNS boolean LANGUAGE sql AS $$
    SELECT EXISTS (SELECT 1 FROM hold h JOIN event e ON e.id = h.event_id
        WHERE h.order_id = _order AND e.status <> 'published')
$$;

-- Give back what is held of an event that is sold no more; how many holds. The caller has locked the event's pools, out
-- of the usual order, so this waits for nobody: what somebody else has locked is refused at checkout, or its money is
-- sent back.
CREATE FUNCTION close_event_v1(_event bigint) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    sales uuid[]; held uuid[];
BEGIN
    sales := ARRAY(SELECT o.id FROM orders o WHERE o.id IN (
        SELECT h.order_id FROM hold h WHERE h.event_id = _event AND h.state = 'held' AND h.expires_at < 'infinity'
    ) FOR NO KEY UPDATE SKIP LOCKED);
    held := ARRAY(
        SELECT h.id FROM hold h
        WHERE h.event_id = _event AND h.state = 'held' AND h.expires_at < 'infinity'
            AND (h.order_id IS NULL OR h.order_id = ANY (sales))
        FOR NO KEY UPDATE SKIP LOCKED);
    IF cardinality(held) > 0 THEN
        PERFORM release_holds_v1(held, 'cancelled');
        PERFORM lapse_v1(sales);
    END IF;
    RETURN cardinality(held);
END $$;

-- Make sure that a late payment's order has all its tickets held: those still held count, released ones are taken again
-- if every one of them can be had. The caller has locked the order and its holds.
CREATE FUNCTION have_again_v1(_order uuid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    gone uuid[]; changed integer;
BEGIN
    IF (SELECT total_minor FROM orders WHERE id = _order) <>
       (SELECT coalesce(sum(quantity * unit_price_minor), -1) FROM hold WHERE order_id = _order) THEN
        RETURN false;  -- lines were taken out of the basket after the payment began
    END IF;
    IF closed_v1(_order) THEN RETURN false; END IF;
    gone := ARRAY(SELECT id FROM hold WHERE order_id = _order AND state IN ('expired', 'cancelled'));
    IF cardinality(gone) = 0 THEN RETURN true; END IF;
    PERFORM 1 FROM pool WHERE id = ANY (ARRAY(SELECT pool_id FROM hold WHERE id = ANY (gone))) ORDER BY id
        FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM (SELECT pool_id, sum(quantity) AS wanted FROM hold WHERE id = ANY (gone)
           GROUP BY pool_id) AS w
                  JOIN pool p ON p.id = w.pool_id WHERE p.available < w.wanted)
       OR EXISTS (SELECT 1 FROM hold h JOIN seat s ON s.id = ANY (h.seat_ids) WHERE h.id = ANY (gone)
           AND s.hold_id IS NOT NULL) THEN
        RETURN false;
    END IF;
    UPDATE pool p SET available = p.available - w.wanted
    FROM (SELECT pool_id, sum(quantity) AS wanted FROM hold WHERE id = ANY (gone) GROUP BY pool_id) AS w
        WHERE p.id = w.pool_id;
    UPDATE seat s SET hold_id = h.id FROM hold h WHERE h.id = ANY (gone) AND s.id = ANY (h.seat_ids);
    UPDATE hold SET state = 'paying' WHERE id = ANY (gone);
    INSERT INTO outbox (type, payload)
    SELECT 'tickets.held', jsonb_build_object('event_id', event_id, 'holds', jsonb_agg(
        jsonb_build_object('id', id, 'ticket_type_id', ticket_type_id, 'quantity', quantity)))
    FROM hold WHERE id = ANY (gone) GROUP BY event_id;
    RETURN true;
END $$;

-- End those of these orders (locked by the caller) that still wait for money but hold nothing any more; returns how
-- many.
CREATE FUNCTION lapse_v1(_orders uuid[]) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    lapsed integer;
BEGIN
    WITH lapsed AS (
        UPDATE orders o SET status = 'lapsed', closed_at = clock_timestamp()
        WHERE o.id = ANY (_orders) AND o.status = 'pending'
          AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.order_id = o.id AND h.state IN ('held', 'paying'))
        RETURNING o.id
    )
    INSERT INTO outbox (type, order_id, payload)
    SELECT 'order.lapsed', id, jsonb_build_object('order_id', id) FROM lapsed;
    GET DIAGNOSTICS lapsed = ROW_COUNT;
    RETURN lapsed;
END $$;

-- End orders whose payment failed and whose time has run out since: how many holds expired, and how many orders lapsed.
-- With a _pool only its holds are released, and an order lapses when it holds nothing elsewhere. Whoever names a pool
-- has locked it, out of the usual order: so this waits for no order, hold or other pool, and leaves those to the next
-- call.
CREATE FUNCTION lapse_orders_v1(_most integer, _pool bigint DEFAULT NULL, OUT expired integer, OUT lapsed integer)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    due uuid[]; holds uuid[];
BEGIN
    expired := 0; lapsed := 0;
    due := ARRAY(
        SELECT order_id FROM hold
        WHERE state = 'held' AND expires_at <= now() AND expires_at < 'infinity' AND order_id IS NOT NULL
            AND (_pool IS NULL OR pool_id = _pool)
        ORDER BY expires_at LIMIT _most
    );
    IF cardinality(due) = 0 THEN RETURN; END IF;
    due := ARRAY(SELECT id FROM orders WHERE id = ANY (due) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    holds := ARRAY(SELECT id FROM hold WHERE order_id = ANY (due) AND state = 'held' AND expires_at <= now()
                       AND (_pool IS NULL OR pool_id = _pool)
                   ORDER BY id FOR NO KEY UPDATE SKIP LOCKED);
    IF cardinality(holds) = 0 THEN RETURN; END IF;
    PERFORM release_holds_v1(holds, 'expired');
    expired := cardinality(holds);
    lapsed := lapse_v1(due);
END $$;

-- Take tickets of a paid order back: all of them, or those of _event. Stock returns, the refund becomes due.
-- _by: customer (until refundable_until, less the fee, by the terms of the sale) or event (whole price, whenever).
-- Tickets of a cancelled event have neither deadline nor fee, even before the shop gets round to giving them back.
-- result: cancelled, unknown, not-paid, too-late, checked-in. ended: whether no ticket is left, so that the order is
-- cancelled.
CREATE FUNCTION cancel_order_v1(_order uuid, _event bigint, _by text)
RETURNS TABLE (result text, refund_minor bigint, fee_minor bigint, ended boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    sale orders; terms record; source payment;
BEGIN
    SELECT * INTO sale FROM orders WHERE id = _order FOR NO KEY UPDATE;
    SELECT array_agg(t.code) AS codes, coalesce(sum(t.price_minor), 0)::bigint AS paid,
        min(t.refundable_until) FILTER (WHERE e.status <> 'cancelled') AS until,
        coalesce(sum(t.fee_minor) FILTER (WHERE e.status <> 'cancelled'), 0)::bigint AS fee,
        coalesce(bool_or(t.state = 'checked_in'), false) AS used
    INTO terms FROM ticket t JOIN event e ON e.id = t.event_id
    WHERE t.order_id = _order AND t.state <> 'void' AND (_event IS NULL OR t.event_id = _event);
    fee_minor := CASE _by WHEN 'customer' THEN terms.fee ELSE 0 END;
    refund_minor := terms.paid - fee_minor;
    result := CASE WHEN sale.id IS NULL THEN 'unknown' WHEN sale.status <> 'paid' OR terms.codes IS NULL THEN 'not-paid'
                   WHEN _by = 'customer' AND terms.used THEN 'checked-in'
                   WHEN _by = 'customer' AND clock_timestamp() >= terms.until THEN 'too-late' ELSE 'cancelled' END;
    IF result <> 'cancelled' THEN RETURN NEXT; RETURN; END IF;

    UPDATE ticket SET state = 'void' WHERE code = ANY (terms.codes);
    ended := NOT EXISTS (SELECT 1 FROM ticket WHERE order_id = _order AND state <> 'void');
    PERFORM 1 FROM pool WHERE id = ANY (ARRAY(SELECT pool_id FROM ticket WHERE code = ANY (terms.codes))) ORDER BY id
        FOR NO KEY UPDATE;
    UPDATE seat SET hold_id = NULL, sold = false
        WHERE id = ANY (ARRAY(SELECT seat_id FROM ticket WHERE code = ANY (terms.codes)));
    UPDATE pool p SET available = p.available + t.back
    FROM (SELECT pool_id, count(*) AS back FROM ticket WHERE code = ANY (terms.codes) GROUP BY pool_id) AS t
        WHERE p.id = t.pool_id;
    UPDATE orders SET retained_minor = retained_minor - refund_minor,
        status = CASE WHEN ended THEN 'cancelled' ELSE 'paid' END,
        closed_at = clock_timestamp()
    WHERE id = _order;
    IF refund_minor > 0 THEN
        -- Of several that succeeded (all but one came too late) some may have gone back already.
        SELECT p.* INTO source FROM payment p WHERE p.order_id = _order AND p.status = 'succeeded'
        ORDER BY
            p.amount_minor - (SELECT coalesce(sum(r.amount_minor), 0) FROM refund r WHERE r.payment_id = p.id)
                < refund_minor,
            p.settled_at LIMIT 1;
        INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason)
        VALUES (gen_random_uuid(), source.id, _order, refund_minor, source.currency,
                CASE _by WHEN 'customer' THEN 'cancelled' ELSE 'event_cancelled' END);
    END IF;
    INSERT INTO outbox (type, order_id, payload)
    SELECT 'tickets.released', NULL, jsonb_build_object('event_id', event_id, 'reason', 'cancelled', 'holds', jsonb_agg(
        jsonb_build_object('ticket_type_id', ticket_type_id, 'quantity', 1)))
    FROM ticket WHERE code = ANY (terms.codes) GROUP BY event_id
    UNION ALL
    SELECT 'order.cancelled', _order, jsonb_build_object(
        'order_id', _order, 'refund_minor', refund_minor, 'fee_minor', fee_minor,
        'currency', sale.currency, 'by', _by);
    RETURN NEXT;
END $$;

-- Record what became of a refund. _status: in_transit, done, failed (for good), due (try again at _check).
CREATE FUNCTION settle_refund_v1(_refund uuid, _status text, _reference text, _failure text, _check interval)
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    mine refund;
BEGIN
    UPDATE refund SET status = _status, reference = coalesce(_reference, reference), failure = _failure,
        check_at = clock_timestamp() + _check,
        settled_at = CASE WHEN _status IN ('done', 'failed') THEN clock_timestamp() END
    -- A bank may send back days later what the provider called done: then it is owed still.
    WHERE id = _refund AND (status IN ('due', 'in_transit') OR status = 'done' AND _status = 'failed')
    RETURNING * INTO mine;
    IF NOT FOUND THEN RETURN 'replayed'; END IF;
    IF _status IN ('done', 'failed') THEN
        INSERT INTO outbox (type, order_id, payload) VALUES ('refund.' || _status, mine.order_id, jsonb_build_object(
            'order_id', mine.order_id, 'amount_minor', mine.amount_minor, 'currency', mine.currency,
            'failure', _failure));
    END IF;
    RETURN _status;
END $$;

-- Process webhooks and mark them processed, in the transaction of their effect. What several of them say of one payment
-- counts once: that it was paid, else that it failed, else that it goes on.
--
-- One row for each that was looked at. result: settle_v1's or settle_refund_v1's, or unknown when nothing here matches
-- it (it may come before what it speaks of: it is looked at again, up to ten times). issued: how many tickets the order
-- got; moved, expired, took: as in settle_v1; occurred_at: when the provider says it happened, or it came, if that was
-- earlier. Of several webhooks of one payment one has these, the others are replayed.
CREATE FUNCTION process_webhooks_v1(_provider text, _events text[], _grace interval)
RETURNS TABLE (event_id text, result text, moved text, issued integer, expired integer, took double precision,
    occurred_at timestamptz)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    hooks text[]; targets uuid[]; unmatched text[];
    tellers text[]; payments uuid[]; statuses text[]; refs text[]; failures text[];
    outcomes jsonb := '{}'; hook record;
BEGIN
    hooks := ARRAY(SELECT w.event_id FROM webhook_inbox w
                   WHERE w.provider = _provider AND w.event_id = ANY (_events) AND w.processed_at IS NULL
                   ORDER BY w.event_id FOR NO KEY UPDATE SKIP LOCKED);
    -- Whom each of them speaks of: a payment, or a refund. Two lookups, because one with OR would read all of the
    -- provider's.
    SELECT array_agg(coalesce(
            CASE w.kind WHEN 'refund' THEN coalesce(
                (SELECT r.id FROM refund r JOIN payment p ON p.id = r.payment_id
                 WHERE p.provider = _provider AND r.id = w.refund_id),
                (SELECT r.id FROM refund r JOIN payment p ON p.id = r.payment_id
                 WHERE p.provider = _provider AND w.refund_id IS NULL AND r.reference = w.reference))
            ELSE coalesce(
                (SELECT p.id FROM payment p WHERE p.provider = _provider AND p.id = w.payment_id),
                (SELECT p.id FROM payment p WHERE p.provider = _provider AND w.payment_id IS NULL
                    AND p.reference = w.reference))
            END) ORDER BY w.event_id)
    INTO targets FROM webhook_inbox w WHERE w.provider = _provider AND w.event_id = ANY (hooks);
    unmatched := ARRAY(SELECT hooks[i] FROM generate_series(1, cardinality(hooks)) AS i WHERE targets[i] IS NULL);

    SELECT array_agg(said.event_id), array_agg(said.target), array_agg(said.status), array_agg(said.reference),
        array_agg(said.failure)
    INTO tellers, payments, statuses, refs, failures
    FROM (
        SELECT DISTINCT ON (t.target) t.event_id, t.target, t.status, t.reference, t.failure
        FROM (
            SELECT w.*, targets[array_position(hooks, w.event_id)] AS target FROM webhook_inbox w
            WHERE w.provider = _provider AND w.event_id = ANY (hooks) AND w.kind = 'payment' OFFSET 0
        ) AS t
        -- Most tell what the provider's answer has said already: there is nothing to lock for them.
        WHERE (SELECT p.status FROM payment p WHERE p.id = t.target) <> 'succeeded'
        ORDER BY t.target, array_position(ARRAY['succeeded', 'failed', 'cancelled', 'processing'], t.status),
            t.received_at DESC
    ) AS said;
    IF payments IS NOT NULL THEN
        SELECT jsonb_object_agg(tellers[array_position(payments, s.payment)], jsonb_build_array(
            s.result, s.moved, cardinality(string_to_array(s.tickets, ',')), s.expired, s.took))
        INTO outcomes
        FROM settle_v1(payments, statuses, refs, array_fill(NULL::text, ARRAY[cardinality(payments)]), failures,
            _grace) AS s;
    END IF;
    FOR hook IN SELECT w.event_id, targets[array_position(hooks, w.event_id)] AS target, w.status, w.reference,
                    w.failure
                FROM webhook_inbox w
                WHERE w.provider = _provider AND w.event_id = ANY (hooks) AND w.event_id <> ALL (unmatched)
                  AND w.kind = 'refund'
                ORDER BY w.received_at LOOP
        outcomes := outcomes || jsonb_build_object(hook.event_id, jsonb_build_array(
            settle_refund_v1(hook.target, hook.status, hook.reference, hook.failure, interval '1 minute')));
    END LOOP;

    RETURN QUERY
    UPDATE webhook_inbox w SET attempts = w.attempts + 1,
        processed_at = CASE WHEN w.event_id <> ALL (unmatched) OR w.attempts >= 9 THEN clock_timestamp() END,
        next_attempt_at = clock_timestamp() + interval '1 second' * power(2, least(w.attempts, 9)),
        error = CASE WHEN w.event_id = ANY (unmatched) THEN 'nothing here matches it' END
    WHERE w.provider = _provider AND w.event_id = ANY (hooks)
    RETURNING w.event_id,
        coalesce(outcomes -> w.event_id ->> 0,
            CASE WHEN w.event_id = ANY (unmatched) THEN 'unknown' ELSE 'replayed' END),
        outcomes -> w.event_id ->> 1, (outcomes -> w.event_id ->> 2)::integer, (outcomes -> w.event_id ->> 3)::integer,
        (outcomes -> w.event_id ->> 4)::double precision, least(w.occurred_at, w.received_at);
END $$;
