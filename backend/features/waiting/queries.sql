-- Waiting: what the serving processes ask.

-- name: take_places
SELECT result, place_number FROM take_places_v1(
    %(id)s, %(event)s, %(basket)s, %(address)s, %(limit)s
)

-- name: places
-- Only the newest of what a place may have become: those that are waited for come back in any order.
SELECT id, number, admitted_at, expires_at, left_at IS NOT NULL FROM place WHERE id = ANY (%(ids)s)

-- name: seen
-- Rows that somebody else has locked, as an admission does, are as good as seen.
WITH mine AS (
    SELECT id FROM place
    WHERE id = ANY (%(ids)s) AND admitted_at IS NULL AND left_at IS NULL AND seen_at < now() - %(fresh)s
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE place SET seen_at = now() FROM mine WHERE place.id = mine.id

-- name: leave
UPDATE place SET left_at = now(), seen_at = now() WHERE id = %(id)s AND left_at IS NULL

-- name: rooms
SELECT r.event_id, r.state, r.numbered, r.opens_at, r.next_number, r.admitted_to, r.inlet, r.pace, r.stalled, r.waiting,
    r.gone
FROM room r JOIN event e ON e.id = r.event_id WHERE e.waiting_room <> 'off'

-- name: pulse
INSERT INTO pulse (process, at, answered, late, slow, failed, shed, busy, arrivals)
VALUES (%(process)s, now(), %(answered)s, %(late)s, %(slow)s, %(failed)s, %(shed)s, %(busy)s, %(arrivals)s)
ON CONFLICT (process) DO UPDATE SET at = now(), answered = excluded.answered, late = excluded.late,
    slow = excluded.slow, failed = excluded.failed, shed = excluded.shed, busy = excluded.busy,
    arrivals = excluded.arrivals

-- name: stop_pulse
DELETE FROM pulse WHERE process = %(process)s
