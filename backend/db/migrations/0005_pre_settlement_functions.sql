-- What a provider says of payments, and how orders and sales end without one.
-- Lock order, everywhere: payment -> order -> hold -> pool.

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
