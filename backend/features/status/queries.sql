-- name: record_check
INSERT INTO invariant_check (checked_at, broken) VALUES (now(), %(broken)s::text[])
ON CONFLICT (only_row) DO UPDATE SET checked_at = EXCLUDED.checked_at, broken = EXCLUDED.broken

-- name: last_check
SELECT broken, checked_at FROM invariant_check
