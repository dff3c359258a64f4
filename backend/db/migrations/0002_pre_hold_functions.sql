-- Inventory: a counter per pool, changed only together with its holds.
-- Lock order, everywhere: payment -> order -> hold -> pool. Only hold_tickets goes pool -> hold, so it skips locked
-- holds.
-- Planner switches: the tables are small when a plan is cached and large when it runs; index order stays right
-- for both. One plan for all batches: making one for each would cost as much as carrying it out.
-- So that no plan can read more than its batch, whatever it believed about the tables when it was made, rows are found
-- by `= ANY` of an array, one by one in a subquery (LATERAL with OFFSET 0), or by an expression that refers to one of
-- them; never by joining a table with a list. tests/features/test_growth.py holds it.

-- Release what is due in one pool, or in all when _pool is null, and give the stock back exactly once.
-- At most _most holds; returns how many. Holds that somebody else has locked wait for the next call; those of an order
-- whose payment failed are the business of lapse_orders_v1, because the order is locked before its holds.
CREATE FUNCTION expire_holds_v1(_pool bigint, _most integer) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    due uuid[];
BEGIN
    due := ARRAY(
        SELECT id FROM hold
        WHERE state = 'held' AND expires_at <= now() AND expires_at < 'infinity' AND order_id IS NULL
            AND (_pool IS NULL OR pool_id = _pool)
        ORDER BY expires_at LIMIT _most FOR NO KEY UPDATE SKIP LOCKED
    );
    IF cardinality(due) > 0 THEN
        PERFORM release_holds_v1(due, 'expired');
    END IF;
    RETURN cardinality(due);
END $$;

-- End holds that the caller has locked: their tickets go back to the pool, their seats become free.
CREATE FUNCTION release_holds_v1(_holds uuid[], _state text) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    pools bigint[]; given integer[];
BEGIN
    SELECT array_agg(g.pool_id), array_agg(g.back) INTO pools, given
    FROM (SELECT pool_id, sum(quantity) AS back FROM hold WHERE id = ANY (_holds) GROUP BY pool_id) AS g;
    PERFORM 1 FROM pool WHERE id = ANY (pools) ORDER BY id FOR NO KEY UPDATE;
    UPDATE seat SET hold_id = NULL WHERE hold_id = ANY (_holds);
    UPDATE pool SET available = available + given[array_position(pools, id)] WHERE id = ANY (pools);
    UPDATE hold SET state = _state WHERE id = ANY (_holds);
    INSERT INTO outbox (type, payload)
    SELECT 'tickets.released', jsonb_build_object(
        'event_id', event_id, 'reason', _state,
        'holds', jsonb_agg(jsonb_build_object('id', id, 'ticket_type_id', ticket_type_id, 'quantity', quantity))
    )
    FROM hold WHERE id = ANY (_holds) GROUP BY event_id;
END $$;

-- Hold a batch of requests in arrival order: each gets all its lines or none, and never harms its neighbours.
--
-- One element per line; the lines of a request stand together. _types: the distinct ticket types, _type: an index
-- into them. _known: the basket that the line joins, null for a new one. _strict: an unknown _known is an error (it was
-- named), not a reason to open a new basket (it came from a cookie). _seats: '{}' or an array literal of seat ids; of a
-- request's lines those with chosen seats come first, and no seat stands in two.
-- _address_limit, _customer_limit: live tickets per address, live holds per customer; null when not limited.
--
-- One row per request, price being that of a ticket of its first line. result: held, replayed, mismatch, unknown-event,
-- unknown-basket, basket-expired, basket-emptied, basket-bought, basket-busy, currency (detail: the basket's),
-- not-on-sale and off-sale (detail: the time), order-limit and customer-limit (detail: the limit), address-limit,
-- hold-limit, sold-out (detail: what is left), seat-gone, seat-unknown.
-- When holds expired on demand, one more row: result swept, price being how many, detail how many orders lapsed by it.
--
-- It is one long function because what one request takes the next must see, without a round through the tables: stock
-- and all that is known of lines, types and pools live in arrays while the batch runs, and are written once, at the
-- end.
CREATE FUNCTION hold_tickets_v1(
    _request integer[], _hold uuid[], _basket uuid[], _known uuid[], _strict boolean[], _address text[],
    _fingerprint text[], _type integer[], _quantity integer[], _seats text[], _types bigint[],
    _ttl interval, _address_limit integer, _customer_limit integer
) RETURNS TABLE (request integer, result text, basket uuid, expires timestamptz, price bigint, detail text)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_variable
DECLARE
    -- of the ticket types, by their index in _types
    type_pool integer[]; type_event bigint[]; type_price bigint[]; type_currency text[]; type_seated boolean[];
    type_on timestamptz[]; type_off timestamptz[]; type_per_order integer[]; type_per_customer integer[];
    -- of the pools, by the index that type_pool holds
    pools bigint[]; remaining integer[]; swept boolean[];
    -- of the lines
    expired integer := 0; lapsed integer := 0;
    taken boolean[] := array_fill(false, ARRAY[cardinality(_hold)]);
    line_basket uuid[] := _basket; line_owner uuid[] := array_fill(NULL::uuid, ARRAY[cardinality(_hold)]);
    line_expires timestamptz[] := array_fill(NULL::timestamptz, ARRAY[cardinality(_hold)]);
    line_extended boolean[] := array_fill(false, ARRAY[cardinality(_hold)]);
    replays uuid[];
    old record; live record;
    i integer := 1; j integer; k integer; t integer; p integer; n integer := cardinality(_hold); found_seats integer;
    asked_for integer;
    wanted bigint[]; moment timestamptz;
BEGIN
    IF _address_limit IS NOT NULL THEN
        -- What an address holds is counted for one batch after another, whichever pools they want; in one order
        -- everywhere.
        PERFORM pg_advisory_xact_lock(a.key)
        FROM (SELECT DISTINCT hashtextextended(address, 1) AS key FROM unnest(_address) AS address
            WHERE address IS NOT NULL ORDER BY 1) AS a;
    END IF;
    IF _customer_limit IS NOT NULL THEN
        -- What a customer holds likewise, after all addresses.
        PERFORM pg_advisory_xact_lock(c.key)
        FROM (SELECT DISTINCT hashtextextended(coalesce(
                (SELECT coalesce(h.owner, h.basket_id) FROM hold h WHERE h.basket_id = known LIMIT 1), known)::text, 2)
                AS key
            FROM unnest(_known) AS known WHERE known IS NOT NULL ORDER BY 1) AS c;
    END IF;
    pools := ARRAY(SELECT DISTINCT pool_id FROM ticket_type WHERE id = ANY (_types) ORDER BY pool_id);
    -- What is left comes with the lock: of a row that somebody else has changed meanwhile, the newest version is locked.
    remaining := ARRAY(SELECT available FROM pool WHERE id = ANY (pools) ORDER BY id FOR NO KEY UPDATE);

    -- New statements from here on: their snapshots are later than the locks, so counts and replays are exact.
    moment := clock_timestamp();
    swept := array_fill(false, ARRAY[cardinality(pools)]);
    SELECT array_agg(array_position(pools, y.pool_id) ORDER BY w.o), array_agg(e.id ORDER BY w.o),
        array_agg(y.price_minor ORDER BY w.o), array_agg(e.currency ORDER BY w.o), array_agg(y.seated ORDER BY w.o),
        array_agg(y.on_sale_at ORDER BY w.o), array_agg(least(y.off_sale_at, e.starts_at) ORDER BY w.o),
        array_agg(y.max_per_order ORDER BY w.o), array_agg(y.max_per_customer ORDER BY w.o)
    INTO type_pool, type_event, type_price, type_currency, type_seated, type_on, type_off, type_per_order,
        type_per_customer
    FROM unnest(_types) WITH ORDINALITY AS w(id, o)
    LEFT JOIN LATERAL (SELECT * FROM ticket_type WHERE id = w.id AND NOT withdrawn OFFSET 0) AS y ON true
    LEFT JOIN LATERAL (
        SELECT id, currency, starts_at FROM event WHERE id = y.event_id AND status = 'published' OFFSET 0
    ) AS e ON true;
    replays := ARRAY(SELECT id FROM hold WHERE id = ANY (_hold));

    WHILE i <= n LOOP
        j := i;
        WHILE j < n AND _request[j + 1] = _request[i] LOOP j := j + 1; END LOOP;
        request := _request[i]; result := NULL; basket := _basket[i]; expires := moment + _ttl;
        price := type_price[_type[i]]; detail := NULL;

        IF cardinality(replays) > 0 AND _hold[i] = ANY (replays) THEN
            SELECT h.basket_id, h.expires_at, h.fingerprint, h.state INTO old FROM hold h WHERE h.id = _hold[i];
            IF old.fingerprint IS DISTINCT FROM _fingerprint[i] THEN
                result := 'mismatch';
            ELSIF old.state = 'cancelled' THEN
                result := 'basket-emptied';
            ELSIF old.state = 'expired' OR old.state = 'held' AND old.expires_at <= moment THEN
                result := 'basket-expired';
            ELSE
                result := 'replayed'; basket := old.basket_id; expires := old.expires_at;
            END IF;
        END IF;

        -- May each line be sold, now and to this basket?
        IF result IS NULL THEN
            FOR k IN i..j LOOP
                t := _type[k];
                asked_for := CASE WHEN i = j THEN _quantity[k] ELSE (
                    SELECT sum(a.quantity) FROM unnest(_type[i:j], _quantity[i:j]) AS a(type, quantity)
                        WHERE a.type = t) END;
                IF type_event[t] IS NULL THEN
                    result := 'unknown-event';
                ELSIF moment < type_on[t] THEN
                    result := 'not-on-sale'; detail := to_json(type_on[t]) #>> '{}';
                ELSIF moment >= type_off[t] THEN
                    result := 'off-sale'; detail := to_json(type_off[t]) #>> '{}';
                ELSIF asked_for > type_per_order[t] THEN
                    result := 'order-limit'; detail := type_per_order[t];
                ELSIF asked_for > type_per_customer[t] THEN
                    result := 'customer-limit'; detail := type_per_customer[t];
                ELSIF type_currency[t] <> type_currency[_type[i]] THEN
                    result := 'currency'; detail := type_currency[_type[i]];
                END IF;
                EXIT WHEN result IS NOT NULL;
            END LOOP;
        END IF;

        -- A known basket lends its owner and its clock; a customer is their first basket and all that followed.
        IF result IS NULL AND _known[i] IS NOT NULL THEN
            SELECT (array_agg(coalesce(h.owner, h.basket_id)))[1] AS customer,
                min(h.expires_at) FILTER (WHERE h.state = 'held') AS until,
                bool_or(h.extended) FILTER (WHERE h.state = 'held') AS extended,
                count(*) FILTER (WHERE h.state = 'held') AS lines, count(*) FILTER (WHERE h.state = 'paying') AS paying,
                min(h.currency) FILTER (WHERE h.state = 'held') AS currency, bool_or(h.state = 'confirmed') AS bought,
                bool_or(h.order_id IS NOT NULL) AS ordered
            INTO live FROM hold h WHERE h.basket_id = _known[i];
            IF live.customer IS NULL AND _strict[i] THEN
                result := 'unknown-basket';
            ELSIF live.paying > 0 THEN
                result := CASE WHEN _strict[i] OR _known[i] = _basket[i] THEN 'basket-busy' END;
            ELSIF live.lines > 0 AND live.until > moment THEN
                PERFORM 1 FROM hold h WHERE h.basket_id = _known[i] AND h.state = 'held' FOR NO KEY UPDATE SKIP LOCKED;
                GET DIAGNOSTICS k = ROW_COUNT;
                IF k < live.lines THEN
                    result := 'basket-busy';  -- it is being paid, extended or emptied at this moment
                ELSIF live.currency <> type_currency[_type[i]] THEN
                    result := 'currency'; detail := live.currency;
                ELSE
                    basket := _known[i]; expires := live.until;
                END IF;
            ELSIF _strict[i] OR _known[i] = _basket[i] AND live.ordered THEN
                result := CASE WHEN live.bought THEN 'basket-bought' ELSE 'basket-expired' END;
            END IF;
            IF result IS NULL THEN
                FOR k IN i..j LOOP
                    line_owner[k] := live.customer;
                    line_extended[k] := basket = _known[i] AND coalesce(live.extended, false);
                END LOOP;
                SELECT CASE WHEN _customer_limit IS NOT NULL AND held.holds >= _customer_limit THEN 'hold-limit' END,
                    _customer_limit
                INTO result, detail
                FROM (SELECT count(DISTINCT b.id) AS holds FROM (
                          SELECT h.basket_id FROM hold h
                          WHERE (h.owner = live.customer OR h.basket_id = live.customer)
                            AND h.state IN ('held', 'paying')
                          UNION ALL
                          SELECT line_basket[a] FROM generate_series(1, i - 1) AS a
                          WHERE taken[a] AND line_owner[a] = live.customer
                      ) AS b(id) WHERE b.id <> basket) AS held;
            END IF;
            IF result IS NULL THEN
                SELECT CASE WHEN mine.in_basket + asked.quantity > type_per_order[asked.type] THEN 'order-limit'
                            WHEN mine.ever + asked.quantity > type_per_customer[asked.type] THEN 'customer-limit' END,
                       CASE WHEN mine.in_basket + asked.quantity > type_per_order[asked.type]
                           THEN type_per_order[asked.type]
                            ELSE type_per_customer[asked.type] END
                INTO result, detail
                FROM (SELECT a.type, sum(a.quantity) AS quantity
                    FROM unnest(_type[i:j], _quantity[i:j]) AS a(type, quantity) GROUP BY a.type) AS asked
                CROSS JOIN LATERAL (
                    SELECT
                        coalesce(sum(h.quantity) FILTER (WHERE h.basket_id = basket AND h.state = 'held'),
                            0) AS in_basket,
                        coalesce(sum(h.quantity) FILTER (WHERE h.state IN ('held', 'paying', 'confirmed')), 0) AS ever
                    FROM hold h
                    WHERE (h.owner = live.customer OR h.basket_id = live.customer OR h.basket_id = basket)
                      AND h.ticket_type_id = _types[asked.type]
                ) AS mine
                ORDER BY 1 LIMIT 1;
            END IF;
        END IF;

        IF result IS NULL AND _address_limit IS NOT NULL AND _address[i] IS NOT NULL THEN
            SELECT CASE WHEN coalesce(sum(h.quantity), 0)
                    + (SELECT sum(a) FROM unnest(_quantity[i:j]) AS a)
                    + (SELECT coalesce(sum(_quantity[a]), 0) FROM generate_series(1, i - 1) AS a
                       WHERE taken[a] AND _address[a] = _address[i])
                    > _address_limit THEN 'address-limit' END, _address_limit
            INTO result, detail
            FROM hold h
            WHERE h.address = _address[i] AND (h.state = 'paying' OR h.state = 'held' AND h.expires_at > moment);
        END IF;

        -- Is there enough of each? What has expired here comes back first.
        IF result IS NULL THEN
            detail := NULL;
            FOR k IN i..j LOOP
                p := type_pool[_type[k]];
                IF remaining[p] < _quantity[k] AND NOT swept[p] THEN
                    swept[p] := true;
                    expired := expired + expire_holds_v1(pools[p], 1000);
                    SELECT expired + o.expired, lapsed + o.lapsed INTO expired, lapsed
                    FROM lapse_orders_v1(1000, pools[p]) AS o;
                    -- What this batch has taken so far is not in the row yet: take it off again.
                    remaining[p] := (SELECT available FROM pool WHERE id = pools[p]) - coalesce(
                        (SELECT sum(_quantity[a]) FROM generate_series(1, k - 1) AS a
                         WHERE (taken[a] OR a >= i) AND type_pool[_type[a]] = p), 0);
                END IF;
                IF _seats[k] <> '{}' THEN
                    wanted := _seats[k]::bigint[];
                    SELECT count(*), count(*) FILTER (WHERE s.hold_id IS NULL) INTO t, found_seats
                    FROM seat s WHERE s.id = ANY (wanted) AND s.ticket_type_id = _types[_type[k]];
                    IF t < _quantity[k] THEN
                        result := 'seat-unknown';
                    ELSIF found_seats < _quantity[k] THEN
                        result := 'seat-gone';
                        detail := (SELECT json_agg(s.id)::text FROM seat s
                                   WHERE s.id = ANY (wanted) AND s.hold_id IS NOT NULL);
                    END IF;
                END IF;
                IF result IS NULL AND remaining[p] < _quantity[k] THEN
                    result := 'sold-out'; detail := remaining[p];
                END IF;
                IF result IS NOT NULL THEN  -- all or nothing: what the lines before it took goes back
                    FOR t IN i..k - 1 LOOP
                        p := type_pool[_type[t]]; remaining[p] := remaining[p] + _quantity[t];
                    END LOOP;
                    EXIT;
                END IF;
                remaining[p] := remaining[p] - _quantity[k];
            END LOOP;
        END IF;

        IF result IS NULL THEN
            result := 'held';
            FOR k IN i..j LOOP
                taken[k] := true; line_basket[k] := basket; line_expires[k] := expires;
                -- Under the pool's lock nobody else claims seats; without a choice the front-most free ones go.
                IF _seats[k] <> '{}' THEN
                    UPDATE seat SET hold_id = _hold[k] WHERE id = ANY (_seats[k]::bigint[]) AND hold_id IS NULL;
                ELSIF type_seated[_type[k]] THEN
                    UPDATE seat SET hold_id = _hold[k] WHERE id IN (
                        SELECT s.id FROM seat s WHERE s.ticket_type_id = _types[_type[k]] AND s.hold_id IS NULL
                        ORDER BY s.position, s.number LIMIT _quantity[k]);
                END IF;
                GET DIAGNOSTICS found_seats = ROW_COUNT;
                IF type_seated[_type[k]] AND found_seats <> _quantity[k] THEN
                    RAISE EXCEPTION 'a request names a seat twice' USING ERRCODE = 'data_exception';
                END IF;
            END LOOP;
        END IF;
        RETURN NEXT;
        i := j + 1;
    END LOOP;

    IF true = ANY (taken) THEN
        INSERT INTO hold (id, basket_id, owner, address, fingerprint, event_id, ticket_type_id, pool_id, quantity,
                          unit_price_minor, currency, seat_ids, extended, expires_at)
        SELECT l.id, l.basket, l.owner, l.address, l.fingerprint, type_event[l.type], _types[l.type],
            pools[type_pool[l.type]], l.quantity, type_price[l.type], type_currency[l.type],
            CASE WHEN type_seated[l.type] THEN ARRAY(SELECT s.id FROM seat s WHERE s.hold_id = l.id ORDER BY s.id) END,
            l.extended, l.expires
        FROM unnest(_hold, line_basket, line_owner, _address, _fingerprint, _type, _quantity, line_extended,
            line_expires, taken)
            AS l(id, basket, owner, address, fingerprint, type, quantity, extended, expires, taken)
        WHERE l.taken;
        UPDATE pool SET available = remaining[array_position(pools, id)]
        WHERE id = ANY (pools) AND available <> remaining[array_position(pools, id)];
        -- One event for each event of the batch, naming its holds: consumers see every hold, the purchase pays for one
        -- row.
        INSERT INTO outbox (type, payload)
        SELECT 'tickets.held', jsonb_build_object('event_id', type_event[l.type], 'holds', jsonb_agg(
            jsonb_build_object('id', l.id, 'ticket_type_id', _types[l.type], 'quantity', l.quantity)))
        FROM unnest(_hold, _type, _quantity, taken) AS l(id, type, quantity, taken)
        WHERE l.taken GROUP BY type_event[l.type];
    END IF;
    IF expired > 0 THEN
        request := NULL; result := 'swept'; price := expired; detail := lapsed;
        RETURN NEXT;
    END IF;
END $$;
