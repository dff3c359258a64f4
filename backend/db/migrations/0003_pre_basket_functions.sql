-- Baskets that are held already: extended, emptied.
-- Lock order, everywhere: payment -> order -> hold -> pool.

-- Give a live basket _ttl from now, once. The same request again, known by its _key, is answered as before.
-- result: extended, already-extended, basket-expired, basket-emptied, basket-bought, basket-busy, unknown-basket,
-- mismatch (another body under the same key).
CREATE FUNCTION extend_basket_v1(_basket uuid, _ttl interval, _key uuid, _fingerprint text)
RETURNS TABLE (result text, basket uuid, expires timestamptz)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    lines record; before extension;
BEGIN
    PERFORM 1 FROM hold WHERE basket_id = _basket ORDER BY id FOR NO KEY UPDATE;
    SELECT * INTO before FROM extension WHERE key = _key;
    IF FOUND THEN
        result := CASE WHEN before.fingerprint = _fingerprint THEN 'extended' ELSE 'mismatch' END;
        basket := before.basket_id; expires := before.expires_at;
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT count(*) AS ever, count(*) FILTER (WHERE state = 'paying') AS paying,
        count(*) FILTER (WHERE state = 'confirmed') AS bought, bool_and(state = 'cancelled') AS emptied,
        bool_and(expires_at > clock_timestamp()) FILTER (WHERE state = 'held') AS live,
        bool_or(extended) FILTER (WHERE state = 'held') AS extended
    INTO lines FROM hold WHERE basket_id = _basket;
    result := CASE WHEN lines.ever = 0 THEN 'unknown-basket' WHEN lines.paying > 0 THEN 'basket-busy'
                   WHEN lines.bought > 0 THEN 'basket-bought' WHEN lines.emptied THEN 'basket-emptied'
                   WHEN lines.live IS NOT TRUE THEN 'basket-expired'
                   WHEN lines.extended THEN 'already-extended' ELSE 'extended' END;
    basket := _basket;
    IF result = 'extended' THEN
        expires := clock_timestamp() + _ttl;
        UPDATE hold SET expires_at = expires, extended = true WHERE basket_id = _basket AND state = 'held';
        IF _key IS NOT NULL THEN
            INSERT INTO extension (key, fingerprint, basket_id, expires_at)
                VALUES (_key, _fingerprint, _basket, expires);
        END IF;
        INSERT INTO outbox (type, payload)
        VALUES ('basket.extended', jsonb_build_object('basket_id', _basket, 'expires_at', expires));
    END IF;
    RETURN NEXT;
END $$;

-- Empty a basket, or take one line out when _line is given.
-- result: released, unknown-basket, unknown-line, basket-busy, basket-bought.
-- lapsed: how many orders that ended, 0 or 1.
CREATE FUNCTION release_basket_v1(_basket uuid, _line uuid, OUT result text, OUT lapsed integer)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    mine uuid[]; ever integer; paying integer; bought integer;
BEGIN
    PERFORM 1 FROM orders WHERE basket_id = _basket FOR NO KEY UPDATE;
    PERFORM 1 FROM hold WHERE basket_id = _basket ORDER BY id FOR NO KEY UPDATE;
    SELECT count(*), count(*) FILTER (WHERE state = 'paying'), count(*) FILTER (WHERE state = 'confirmed'),
        array_agg(id) FILTER (WHERE state = 'held' AND (_line IS NULL OR id = _line))
    INTO ever, paying, bought, mine FROM hold WHERE basket_id = _basket;
    lapsed := 0;
    IF ever = 0 THEN
        result := 'unknown-basket';
    ELSIF paying > 0 THEN
        result := 'basket-busy';
    ELSIF bought > 0 THEN
        result := 'basket-bought';
    ELSIF mine IS NULL THEN
        result := CASE WHEN _line IS NULL THEN 'unknown-basket' ELSE 'unknown-line' END;
    ELSE
        result := 'released';
        PERFORM release_holds_v1(mine, 'cancelled');
        -- A payment may have been tried and failed; once the last line is gone there is nothing left to pay.
        lapsed := lapse_v1(ARRAY(SELECT id FROM orders WHERE basket_id = _basket));
    END IF;
END $$;
