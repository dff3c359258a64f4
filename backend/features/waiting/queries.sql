-- Waiting: what the serving processes ask.

-- name: take_places
SELECT result, place_number FROM take_places_v1(
    %(id)s, %(event)s, %(basket)s, %(address)s, %(limit)s, %(most)s
)

-- name: places
-- Only the newest of what a place may have become: those that are waited for come back in any order.
SELECT id, number, admitted_at, expires_at, left_at IS NOT NULL FROM place WHERE id = ANY (%(ids)s)

-- name: seen
-- Rows that somebody else has locked, as an admission does, are as good as seen.
WITH mine AS (
    SELECT id, event_id, away_since FROM place
    WHERE id = ANY (%(ids)s) AND admitted_at IS NULL AND left_at IS NULL AND seen_at < now() - %(fresh)s
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), back AS (
    INSERT INTO room_change (event_id, waiting)
    SELECT event_id, count(*) FROM mine WHERE away_since IS NOT NULL GROUP BY event_id
)
UPDATE place SET seen_at = now(), away_since = NULL FROM mine WHERE place.id = mine.id

-- name: leave
-- The address goes at once: a place that was left counts for nobody.
WITH left_now AS (
    SELECT id FROM place WHERE id = ANY (%(ids)s) AND left_at IS NULL ORDER BY id FOR NO KEY UPDATE
), mine AS (
    UPDATE place SET left_at = now(), address = NULL WHERE id = ANY (ARRAY(SELECT id FROM left_now))
    RETURNING event_id, admitted_at, away_since
)
INSERT INTO room_change (event_id, waiting)
SELECT event_id, -count(*) FROM mine WHERE admitted_at IS NULL AND away_since IS NULL GROUP BY event_id

-- name: rooms
SELECT r.event_id, r.state, r.numbered, r.opens_at, r.next_number, r.admitted_to, r.inlet, r.pace, r.stalled, r.waiting,
    r.gone
FROM room r JOIN event e ON e.id = r.event_id WHERE e.waiting_room <> 'off'

-- name: pulse
INSERT INTO pulse (process, at, shed, busy, tallies) VALUES (%(process)s, now(), %(shed)s, %(busy)s, %(tallies)s)
ON CONFLICT (process) DO UPDATE SET at = now(), shed = excluded.shed, busy = excluded.busy, tallies = excluded.tallies
RETURNING true

-- name: stop_pulse
DELETE FROM pulse WHERE process = %(process)s

-- Governing: what one worker does, once a second. Where rows are found by their ids, what else is asked of them is
-- written so that no other index fits (coalesce): of a room that has just filled there are no statistics, and all of
-- it would be read.

-- name: lead
-- One row for whoever governs from now on; none while somebody else does.
INSERT INTO governor (holder, until) VALUES (%(me)s, clock_timestamp() + %(lease)s)
ON CONFLICT (only_row) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE governor.holder = excluded.holder OR governor.until < clock_timestamp()
RETURNING true

-- name: step_down
DELETE FROM governor WHERE holder = %(me)s

-- name: set_up_rooms
INSERT INTO room (event_id)
SELECT e.id FROM event e
WHERE e.waiting_room <> 'off' AND NOT EXISTS (SELECT FROM room r WHERE r.event_id = e.id)
ON CONFLICT DO NOTHING

-- name: pulses
-- Of each process the last, and whether it is of the moment. A process that has been away for longer has ended.
SELECT process, at, at > now() - interval '3 seconds', shed, busy, tallies
FROM pulse WHERE at > now() - interval '10 seconds'

-- name: rooms_to_govern
-- available: of the types that are on sale now. returning: tickets that may be for sale later, because they are in
-- baskets or their sale is to come; counted only when nothing else is left. out: admissions that somebody may still use.
SELECT r.event_id, e.waiting_room, e.status = 'published', r.state, t.opens_at, t.ends_at, s.available,
    CASE WHEN s.available > 0 THEN 0 ELSE s.capacity - (
        SELECT count(*) FROM ticket k WHERE k.event_id = r.event_id AND k.state <> 'void') END::int,
    (SELECT count(*) FROM place p
        WHERE p.event_id = r.event_id AND p.admitted_at IS NOT NULL AND NOT p.used AND p.expires_at > now())::int,
    r.waiting, r.numbered, r.admitted_to, r.inlet, r.credit, r.pace, r.governed_at, r.slowed_at, r.troubled,
    r.calm_since, now()
FROM room r JOIN event e ON e.id = r.event_id
CROSS JOIN LATERAL (
    SELECT min(y.on_sale_at) AS opens_at, max(least(y.off_sale_at, e.starts_at)) AS ends_at
    FROM ticket_type y WHERE y.event_id = r.event_id AND NOT y.withdrawn) AS t
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.available) FILTER (WHERE o.now), 0)::int AS available,
        coalesce(sum(p.capacity), 0)::int AS capacity
    FROM pool p CROSS JOIN LATERAL (
        SELECT bool_or(now() >= y.on_sale_at AND now() < y.off_sale_at) AS now FROM ticket_type y
        WHERE y.pool_id = p.id AND NOT y.withdrawn HAVING count(*) > 0) AS o
    WHERE p.event_id = r.event_id) AS s
WHERE (e.waiting_room <> 'off' AND e.starts_at > now() - interval '1 day') OR r.state <> 'none'
ORDER BY r.event_id

-- name: use_admissions
-- An admission is used once tickets are held in its basket, whatever becomes of them.
UPDATE place SET used = true
WHERE event_id = %(event)s AND admitted_at IS NOT NULL AND NOT used AND expires_at > now() - interval '1 minute'
    AND EXISTS (SELECT FROM hold h WHERE h.basket_id = place.basket_id)

-- name: lock_room
-- No row when somebody else has governed it meanwhile.
SELECT true FROM room
WHERE event_id = %(event)s AND governed_at IS NOT DISTINCT FROM %(governed_at)s FOR NO KEY UPDATE

-- name: admit
-- Whoever is away is passed over. A row that is being marked as seen is waited for: nobody overtakes. It looks no
-- further than those in front, of whom the next look has found who is away, should all of them be.
WITH next AS (
    SELECT id FROM place
    WHERE id = ANY (ARRAY(
            SELECT id FROM place
            WHERE event_id = %(event)s AND admitted_at IS NULL AND left_at IS NULL AND away_since IS NULL
                AND number IS NOT NULL
            ORDER BY number LIMIT %(front)s))
        AND coalesce(admitted_at, left_at, away_since) IS NULL AND seen_at > now() - %(away)s
    ORDER BY number LIMIT %(most)s FOR NO KEY UPDATE
)
UPDATE place p SET admitted_at = now(), expires_at = now() + %(lasts)s FROM room r
WHERE p.id = ANY (ARRAY(SELECT id FROM next)) AND p.admitted_at IS NULL AND r.event_id = p.event_id
RETURNING p.number, extract(epoch FROM now() - greatest(p.taken_at, r.opened_at))::float

-- name: open_room
-- The caller has locked it, so that nobody gathers any more. Whoever comes from now on stands behind all who did. Whom a
-- draw that was broken off has not come to takes part in the next one.
UPDATE room SET opened_at = coalesce(opened_at, now()), numbered = again.draws = 0 AND (numbered OR opened_at IS NULL),
    drawn = CASE WHEN again.draws > 0 THEN next_number - 1 ELSE drawn END,
    draw_to = CASE WHEN again.draws > 0 THEN next_number - 1 + again.draws ELSE draw_to END,
    next_number = next_number + again.draws, gathered = 0
FROM (
    SELECT CASE WHEN gathered > 0 THEN gathered + draw_to - drawn ELSE 0 END AS draws FROM room WHERE event_id = %(event)s
) AS again
WHERE event_id = %(event)s

-- name: draw
SELECT draw_places_v1(%(event)s, %(most)s)

-- name: keep_room
UPDATE room SET state = %(state)s, opens_at = %(opens_at)s, inlet = %(inlet)s, credit = %(credit)s, pace = %(pace)s,
    stalled = %(stalled)s, waiting = waiting - %(admitted)s, admitted_to = greatest(admitted_to, %(admitted_to)s), governed_at = clock_timestamp(),
    slowed_at = %(slowed_at)s, troubled = %(troubled)s, calm_since = %(calm_since)s
WHERE event_id = %(event)s

-- name: tell_of_room
SELECT pg_notify('catalogue', %(events)s)

-- name: mark_away_in_front
-- Of those who are next, who has not been seen for long; how many were looked at, and how many of them are away.
WITH looked AS (
    SELECT id FROM place
    WHERE event_id = %(event)s AND admitted_at IS NULL AND left_at IS NULL AND away_since IS NULL
        AND number IS NOT NULL
    ORDER BY number LIMIT %(most)s
), stale AS (
    SELECT id FROM place
    WHERE id = ANY (ARRAY(SELECT id FROM looked)) AND coalesce(admitted_at, left_at, away_since) IS NULL
        AND seen_at <= now() - %(away)s
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), marked AS (
    UPDATE place SET away_since = seen_at WHERE id = ANY (ARRAY(SELECT id FROM stale)) RETURNING event_id
), change AS (
    INSERT INTO room_change (event_id, waiting) SELECT event_id, -count(*) FROM marked GROUP BY event_id
)
SELECT (SELECT count(*) FROM looked)::int, (SELECT count(*) FROM marked)::int

-- name: mark_away
-- The same for the places of all these rooms, a page at a time by id; the last id of the page, null when no other follows.
WITH looked AS (
    SELECT id FROM place WHERE id > %(after)s ORDER BY id LIMIT %(most)s
), stale AS (
    SELECT id FROM place
    WHERE id = ANY (ARRAY(SELECT id FROM looked)) AND array_position(%(events)s::bigint[], event_id) IS NOT NULL
        AND coalesce(admitted_at, left_at, away_since) IS NULL AND seen_at <= now() - %(away)s
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), marked AS (
    UPDATE place SET away_since = seen_at WHERE id = ANY (ARRAY(SELECT id FROM stale)) RETURNING event_id
), change AS (
    INSERT INTO room_change (event_id, waiting) SELECT event_id, -count(*) FROM marked GROUP BY event_id
)
SELECT id FROM looked ORDER BY id OFFSET %(most)s - 1

-- name: count_waiting
-- From what has changed since the last time, a bounded part of it, whatever has piled up.
WITH changes AS (
    DELETE FROM room_change WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM room_change WHERE event_id = %(event)s LIMIT %(most)s))
    RETURNING waiting
)
UPDATE room r SET waiting = r.waiting + coalesce((SELECT sum(waiting) FROM changes), 0),
    gone = ARRAY(
        SELECT p.number FROM place p
        WHERE p.event_id = r.event_id AND p.number > r.admitted_to AND p.admitted_at IS NULL
            AND (p.left_at IS NOT NULL OR p.away_since IS NOT NULL)
        ORDER BY p.number LIMIT %(most)s)
WHERE r.event_id = %(event)s
RETURNING r.waiting

-- name: give_up_lost_places
-- They no longer count as waiting: only who is away is lost.
UPDATE place SET left_at = now(), address = NULL
WHERE id = ANY (ARRAY(
        SELECT id FROM place
        WHERE event_id = %(event)s AND admitted_at IS NULL AND left_at IS NULL AND away_since < now() - %(lost)s
        ORDER BY away_since LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED))

-- name: forget_places
-- A day after the event has begun nobody asks after them, and addresses are kept no longer than they are needed.
DELETE FROM place WHERE id = ANY (ARRAY(
    SELECT p.id FROM room r JOIN event e ON e.id = r.event_id
    CROSS JOIN LATERAL (
        SELECT id FROM place WHERE event_id = r.event_id ORDER BY event_id, number LIMIT %(most)s) AS p
    WHERE e.starts_at < now() - interval '1 day' LIMIT %(most)s))

-- name: forget_left_places
-- An hour later, and once their turn would have been, which it is not in a room that is closed: until then positions are
-- reckoned with their numbers.
DELETE FROM place WHERE id = ANY (ARRAY(
    SELECT p.id FROM room r
    CROSS JOIN LATERAL (
        SELECT id FROM place
        WHERE event_id = r.event_id AND admitted_at IS NULL AND left_at < now() - interval '1 hour'
            AND number <= CASE WHEN r.state IN ('closed', 'none') THEN r.next_number ELSE r.admitted_to END
        ORDER BY event_id, number LIMIT %(most)s) AS p
    LIMIT %(most)s))

-- name: forget_addresses
UPDATE place SET address = NULL WHERE id = ANY (ARRAY(
    SELECT id FROM place WHERE address IS NOT NULL AND expires_at < now() ORDER BY expires_at LIMIT %(most)s))

-- name: forget_pulses
DELETE FROM pulse WHERE at < now() - interval '1 hour'
