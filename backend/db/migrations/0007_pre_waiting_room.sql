-- The waiting room. Who waits, in which order, and who has been let in is decided here alone, so that any number of
-- processes give the same order.

ALTER TABLE event ADD COLUMN waiting_room text NOT NULL DEFAULT 'off' CHECK (waiting_room IN ('off', 'on', 'automatic'));
-- Few events have a room, and the governor looks for them every second.
CREATE INDEX event_with_room ON event (id) WHERE waiting_room <> 'off';

-- One row for each event that has or may have a room; its lock is what puts arrivals into an order.
-- none: nobody needs to wait. gathering: places have no number yet. open: buying needs an admission. closed: nothing is
-- left, or the sale is over.
CREATE TABLE room (
    event_id bigint PRIMARY KEY,
    state text NOT NULL DEFAULT 'none' CHECK (state IN ('none', 'gathering', 'open', 'closed')),
    seed uuid NOT NULL DEFAULT gen_random_uuid(),  -- of the draw, kept so that everybody can do it again
    opens_at timestamptz,  -- when the first ticket type goes on sale
    opened_at timestamptz,
    drawn bigint NOT NULL DEFAULT 0,  -- the last number that the draw has given
    draw_to bigint NOT NULL DEFAULT 0,  -- the last that it will give
    numbered boolean NOT NULL DEFAULT false,  -- whether the draw is over
    gathered bigint NOT NULL DEFAULT 0,  -- places taken that no number has been set aside for
    next_number bigint NOT NULL DEFAULT 1,
    admitted_to bigint NOT NULL DEFAULT 0,  -- the highest number that has been admitted
    -- What the governor knows and keeps, so that another one can go on.
    inlet double precision NOT NULL DEFAULT 0,  -- admissions a second
    credit double precision NOT NULL DEFAULT 0,  -- what is left of the last second's
    pace double precision NOT NULL DEFAULT 0,  -- admissions a second, of the last half minute
    stalled boolean NOT NULL DEFAULT false,  -- nobody is admitted, because everything is promised or in baskets
    waiting integer NOT NULL DEFAULT 0,  -- places neither admitted, left nor away, but for what room_change holds
    gone bigint[] NOT NULL DEFAULT '{}',  -- numbers above admitted_to whose holders left or are away, ascending
    governed_at timestamptz,
    slowed_at timestamptz,  -- when the inlet was last reduced
    troubled integer NOT NULL DEFAULT 0,  -- looks in a row at which the shop was in trouble and this event wanted
    calm_since timestamptz  -- since when nobody waits and all is well
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- What has changed in the number of those who wait, so that nobody has to lock the room to say so, nor anybody to count
-- all places: the governor adds it up from second to second.
CREATE TABLE room_change (
    event_id bigint NOT NULL,
    waiting integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX room_change_by_event ON room_change (event_id);

-- seen_at changes with every few polls: it is in no index, and pages keep room for it, so those updates are HOT.
CREATE TABLE place (
    id uuid PRIMARY KEY,  -- made by the caller; the same id again is the same request
    event_id bigint NOT NULL,
    number bigint,  -- null until it is drawn
    lot bytea,  -- what it is drawn by, of whoever gathers: SHA-256 of the room's seed and the place's id
    basket_id uuid NOT NULL,  -- the one that its admission can fill
    address text,  -- the client's, when places per address are limited
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    away_since timestamptz,  -- set to seen_at once somebody has found that to be long ago; null again when seen
    admitted_at timestamptz,  -- set once
    expires_at timestamptz,  -- of the admission
    used boolean NOT NULL DEFAULT false,  -- tickets were held with it
    left_at timestamptz,  -- given up, or unseen for too long
    UNIQUE (event_id, number)
) WITH (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.1
);
-- Without those who are away: however many they are, nobody has to look past them to find who is next.
CREATE INDEX place_waiting ON place (event_id, number)
WHERE admitted_at IS NULL AND left_at IS NULL AND away_since IS NULL;
CREATE INDEX place_gone ON place (event_id, number)
WHERE admitted_at IS NULL AND (left_at IS NOT NULL OR away_since IS NOT NULL);
CREATE INDEX place_away ON place (event_id, away_since)
WHERE admitted_at IS NULL AND left_at IS NULL AND away_since IS NOT NULL;
-- Addresses that are no longer needed: few, as they are deleted.
CREATE INDEX place_with_old_address ON place (expires_at) WHERE address IS NOT NULL AND expires_at IS NOT NULL;
-- Made as people gather, so that the draw itself only reads it in order, however many there are.
CREATE INDEX place_lot ON place (event_id, lot) WHERE number IS NULL;
-- Admissions that nobody has used yet: few, and asked for every second.
CREATE INDEX place_let_in ON place (event_id, expires_at) WHERE admitted_at IS NOT NULL AND NOT used;
-- Places that were left are not in it: else whoever takes and leaves many makes every later look at theirs slow.
CREATE INDEX place_by_address ON place (address, event_id) WHERE address IS NOT NULL AND left_at IS NULL;

-- What each serving process has met in its last second; the governor reads those of the moment. Nothing is lost with
-- it, so it is not worth a write to the log: it gets through where commits are slow.
CREATE UNLOGGED TABLE pulse (
    process uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    shed integer NOT NULL,
    busy double precision NOT NULL,  -- share of time that its connections were in use
    tallies jsonb NOT NULL  -- how buying went, by event
) WITH (fillfactor = 20);

-- Whose turn it is to govern, and until when without another word.
CREATE TABLE governor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    holder uuid NOT NULL,
    until timestamptz NOT NULL
);

-- Take a batch of places in the order in which they came. _limit: live places of one address, null for any number.
-- _most: places of one room whose turn has not come, given up or not: each is a row and a number to get past.
-- One row per place: gathering, waiting (with its number), limit, full, or the state of a room that takes none: none,
-- closed.
CREATE FUNCTION take_places_v1(
    _id uuid[], _event bigint[], _basket uuid[], _address text[], _limit integer, _most bigint
)
RETURNS TABLE (result text, place_number bigint)
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    rooms bigint[]; states text[]; seeds text[]; nexts bigint[]; gathers bigint[]; takes integer[]; lines bigint[];
    known record; r integer;
BEGIN
    IF _limit IS NOT NULL THEN
        -- One address after another, whichever events its batches are for; in one order everywhere, before the rooms.
        PERFORM pg_advisory_xact_lock(a.key)
        FROM (SELECT DISTINCT hashtextextended(address, 3) AS key FROM unnest(_address) AS address
            WHERE address IS NOT NULL ORDER BY 1) AS a;
    END IF;
    PERFORM 1 FROM room WHERE event_id = ANY (_event) ORDER BY event_id FOR NO KEY UPDATE;
    -- A new statement, whose snapshot is later than the locks.
    SELECT array_agg(event_id ORDER BY event_id), array_agg(state ORDER BY event_id),
        array_agg(seed::text ORDER BY event_id), array_agg(next_number ORDER BY event_id),
        array_agg(0 ORDER BY event_id), array_agg(0 ORDER BY event_id),
        array_agg(next_number - 1 + gathered - admitted_to ORDER BY event_id)
    INTO rooms, states, seeds, nexts, gathers, takes, lines FROM room WHERE event_id = ANY (_event);
    FOR i IN 1..cardinality(_id) LOOP
        place_number := NULL;
        SELECT p.number INTO known FROM place p WHERE p.id = _id[i];
        IF FOUND THEN
            result := CASE WHEN known.number IS NULL THEN 'gathering' ELSE 'waiting' END;
            place_number := known.number;
            RETURN NEXT;
            CONTINUE;
        END IF;
        r := array_position(rooms, _event[i]);
        result := CASE coalesce(states[r], 'none') WHEN 'open' THEN 'waiting' ELSE coalesce(states[r], 'none') END;
        IF result IN ('gathering', 'waiting') AND lines[r] + takes[r] >= _most THEN
            result := 'full';
        ELSIF result IN ('gathering', 'waiting') AND _limit <= (
            SELECT count(*) FROM (
                SELECT FROM place p
                WHERE p.address = _address[i] AND p.event_id = _event[i] AND p.left_at IS NULL
                    AND (p.admitted_at IS NULL OR p.expires_at > clock_timestamp())
                LIMIT _limit) AS live
        ) THEN
            result := 'limit';
        END IF;
        IF result = 'waiting' THEN
            place_number := nexts[r]; nexts[r] := nexts[r] + 1;
        ELSIF result = 'gathering' THEN
            gathers[r] := gathers[r] + 1;
        END IF;
        IF result IN ('gathering', 'waiting') THEN
            takes[r] := takes[r] + 1;
            INSERT INTO place (id, event_id, number, lot, basket_id, address)
            VALUES (_id[i], _event[i], place_number,
                CASE result WHEN 'gathering' THEN sha256((seeds[r] || _id[i]::text)::bytea) END, _basket[i],
                _address[i]);
        END IF;
        RETURN NEXT;
    END LOOP;
    UPDATE room SET next_number = t.next, gathered = gathered + t.gathers, waiting = waiting + t.takes
    FROM unnest(rooms, nexts, gathers, takes) AS t(event, next, gathers, takes)
    WHERE event_id = t.event AND t.takes > 0;
END $$;

-- Give the next _most of those who gathered their numbers, in the order of their lots; true once all have theirs.
-- Of two who draw at a time, the second breaks the key of the numbers, and nothing of what it did remains.
-- Sorting is off so that the lots are read by their index: else each call would sort all that are left.
CREATE FUNCTION draw_places_v1(_event bigint, _most integer) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off
SET enable_mergejoin = off AS $$
DECLARE
    next uuid[]; before bigint;
BEGIN
    SELECT drawn INTO before FROM room WHERE event_id = _event;
    next := ARRAY(SELECT id FROM place WHERE event_id = _event AND number IS NULL ORDER BY lot LIMIT _most);
    UPDATE place p SET number = before + n.turn
    FROM unnest(next) WITH ORDINALITY AS n(id, turn) WHERE p.id = n.id;
    UPDATE room SET drawn = before + cardinality(next), numbered = cardinality(next) < _most WHERE event_id = _event;
    RETURN cardinality(next) < _most;
END $$;
