-- Creating and changing flags, by function and by plain SQL.
SET search_path = wishflags;

SELECT flag_create('new-gallery', 'the new gallery', 'web');
SELECT flag_enable('new-gallery');
SELECT flag_rollout('new-gallery', 12.345);
SELECT flag_rollout('new-gallery', 50.000);
SELECT key, enabled, rollout, definition, description, owner_team, version,
       created_at <= updated_at AS in_order
FROM flags;
SELECT flag_disable('new-gallery');

-- Without a change there is no new version.
SELECT flag_disable('new-gallery');
SELECT flag_rollout('new-gallery', 50.0);
UPDATE flags SET description = 'the gallery' WHERE key = 'new-gallery' RETURNING version;

-- Everything at once.
SELECT flag_create('limits', rollout => 0.001, enabled => true,
	definition => '{"variants": {"low": 10, "high": 100}, "off": "low", "default": "high"}');

-- Plain SQL does the same.
INSERT INTO flags (key, enabled, rollout) VALUES ('plain', true, 99.990) RETURNING key, rollout, version;
UPDATE flags SET rollout = 25 WHERE key = 'plain' RETURNING rollout, version;
SELECT flag_override_set('plain', 'user-1');
SELECT flag_override_set('plain', 'user-2', false);
INSERT INTO flag_overrides (flag, key, variant) VALUES ('limits', 'user-1', 'low');
SELECT flag, key, variant FROM flag_overrides ORDER BY flag, key;

-- A row that brings its version is a restored one.
INSERT INTO flags (key, version, created_at, updated_at)
VALUES ('restored', 17, '2020-01-01 00:00+00', '2021-01-01 00:00+00')
RETURNING key, version, extract(year FROM created_at AT TIME ZONE 'UTC') AS created,
          extract(year FROM updated_at AT TIME ZONE 'UTC') AS updated;

SELECT * FROM flag_overview;
INSERT INTO flags (key, owner_team)
VALUES ('a-flag-with-a-name-that-nobody-can-remember', 'the-team-with-the-long-name');
SELECT * FROM flag_overview WHERE flag LIKE 'a-%';

-- Deleting a flag takes its overrides along.
DELETE FROM flags;
SELECT count(*) FROM flag_overrides;
