-- Tickets given back, refunds, and webhooks of both kinds.
-- Lock order, everywhere: payment -> order -> hold -> pool.

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
