-- Looking at flags in psql.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS wishflags;
CREATE ROLE regress_show SUPERUSER;
SET SESSION AUTHORIZATION regress_show;
SET search_path = wishflags, public;
SET TimeZone = 'UTC';
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL session_replication_role = replica;
TRUNCATE flag_audit, flags, flag_overrides, segments;
COMMIT;
-- When it happened differs from run to run.
CREATE FUNCTION pg_temp.undated(line text) RETURNS text LANGUAGE sql AS
$$ SELECT regexp_replace(line, '2[0-9]{3}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]', '2026-01-01 00:00') $$;

SELECT count(*) FROM (SELECT flag_create('price_chart', 'history of prices, shown below the picture of a wish; long enough to be wrapped somewhere', 'web', rollout => 0, enabled => true),
	flag_create('add_button', enabled => true, owner_team => 'a very long team name', definition => '{
		"variants": {"plain": {"colour": "grey"}, "loud": {"colour": "red"}, "none": null},
		"off": "none", "requires": [{"flag": "price_table"}],
		"default": {"split": [{"variant": "plain", "weight": 3}, {"variant": "loud", "weight": 1}]},
		"rules": [{"id": "children", "when": {"attribute": "age", "less": 16}, "serve": "none"},
			{"id": "early birds", "rollout": 10, "serve": "loud", "when": {"not": {"attribute": "country", "in": ["US", "CA"]}}}]}'),
	flag_create('日本語の旗はとても長い名前を持っていますので切られます', E'two\nlines and a bell \x07', enabled => true)) made;
SELECT count(flag_override_set('add_button', 'user-' || n, 'loud')) FROM generate_series(1, 7) n;
SET wishflags.reason = 'somebody from the data team said that it would be better so, and they would know';
SELECT flag_rollout('add_button', 12.345);
UPDATE flags SET notes = '{"rollback": "ask", "links": ["a", 1]}', tags = '{checkout,mobile}', owner_email = 'growth@example.com', owner_role = 'regress_show',
	documentation_url = 'https://wiki.example.com/' || repeat('abc', 30), expires_at = '2036-12-24', on_expiry = 'disable', client_visible = true
WHERE key = 'add_button';
SELECT flag_disable('add_button');
SELECT flag_override_unset('add_button', 'user-1');
SELECT flag_archive('price_chart');
RESET wishflags.reason;

CREATE VIEW public.show_view AS SELECT wishflags.flag_eval('add_button', 'x') AS shown;
SELECT count(*) FROM generate_series(1, 20) n WHERE flag_eval('add_button', 'user-' || n % 3);
SELECT usage_flush() > 0 AS flushed;
SELECT pg_temp.undated(l) FROM flag_card('add_button') l;
DROP VIEW public.show_view;
SELECT pg_temp.undated(l) FROM flag_card('price_chart') l;
SELECT pg_temp.undated(l) FROM flag_card('日本語の旗はとても長い名前を持っていますので切られます') l;
SELECT pg_temp.undated(l) FROM flag_timeline('add_button') l;
SELECT pg_temp.undated(l) FROM flag_timeline('add_button', 2) l;

\pset format aligned
\pset tuples_only off
SELECT * FROM flag_overview;
SELECT * FROM flag_list();
SELECT * FROM flag_list('state:all');
SELECT * FROM flag_list('state:archived picture');
SELECT * FROM flag_list('  tag:MOBILE button owner:growth@example.com kind:release state:off dialect:native');
SELECT flag FROM flag_list('owner:"');
SELECT flag FROM flag_list('%');
SELECT flag FROM flag_list('');
SELECT flag_expire('add_button', '2020-01-01', 'disable'), flag_enable('add_button');
SELECT flag, state FROM flag_list('state:expired');

-- Words that are wrapped and clipped.
SELECT text_wrap(t, 5) FROM unnest(ARRAY['', ' ', 'one', 'one two three', 'onetwothree', '  one   two', '日本語日本語', 'a日本語', E'a\tb\nc']) t;
SELECT text_clip(t, 5) FROM unnest(ARRAY['', 'one', 'one two', '日本語', 'a日本語', E'a\x07b', 'onetwo']) t;
SELECT text_clip('abc', 0), text_clip('abc', -1), text_wrap('abc', -1), text_wrap(NULL, 3), text_clip('a', NULL);

-- Nothing is wider than 80 columns.
INSERT INTO flags (key, description, owner_team, rollout, definition, version, created_at, updated_at, enabled)
SELECT repeat(c, 60) || n, repeat(c || ' ', n * 7), repeat(c, n), 12.345, CASE WHEN n % 2 = 0 THEN jsonb_build_object('variants', jsonb_build_object(repeat(c, n), 1), 'default', repeat(c, n)) END,
	2000000000, now(), now(), true
FROM unnest(ARRAY['x', '日', 'é']) c, generate_series(1, 12) n;
CREATE FUNCTION pg_temp.width(line text) RETURNS int LANGUAGE sql AS $$ SELECT sum(CASE WHEN ch > '⺀' COLLATE "C" THEN 2 ELSE 1 END)::int FROM regexp_split_to_table(line, '') ch $$;
SELECT max(pg_temp.width(l)) <= 78 AS card_fits FROM flags f, flag_card(f.key) l;
SELECT max(pg_temp.width(flag)) + max(pg_temp.width(state)) + max(pg_temp.width(rollout)) + 5 + 9 + max(pg_temp.width(owner)) + 17 <= 80 AS overview_fits FROM flag_overview;
SELECT max(pg_temp.width(flag)) + max(pg_temp.width(state)) + 11 + max(pg_temp.width(owner)) + 10 + 14 <= 80 AS list_fits FROM flag_list('state:all');

-- Wrong use.
SELECT * FROM flag_list('team:growth');
SELECT * FROM flag_list(':x');
SELECT flag_card('nope');
SELECT flag_card(NULL);
SELECT flag_timeline('nope');
SELECT flag_timeline('add_button', -1);
SELECT usage_reset() > 0 AS counts_gone;
DELETE FROM flags;
RESET SESSION AUTHORIZATION;
DROP OWNED BY regress_show;
DROP ROLE regress_show;
