-- A verdict on all evaluations and on each flag.
SET search_path = wishflags, public;
SELECT usage_reset() >= 0 AS reset;
SELECT * FROM flag_health();
SELECT flag_create('sound', enabled => true), flag_create('sick', enabled => true, rollout => 50),
	flag_create('ailing', enabled => true, rollout => 50), flag_create('seldom', enabled => true, rollout => 50),
	flag_create('empty', enabled => true, definition => '{"variants": {"a": 1}, "default": "a", "off": null, "rollout": 0}');
SELECT count(flag_eval('sound', n)) FROM generate_series(1, 1000) n;
SELECT count(flag_eval('sick', CASE WHEN n % 10 > 0 THEN n::text END)) FROM generate_series(1, 1000) n;
SELECT count(flag_eval('ailing', CASE WHEN n % 50 > 0 THEN n::text END)) FROM generate_series(1, 1000) n;
SELECT count(flag_eval('seldom', NULL::text)) FROM generate_series(1, 10) n;
SELECT count(flag_variant('empty', n)) FROM generate_series(1, 100) n;
SELECT count(flag_eval('nix', n)) FROM generate_series(1, 100) n;
SELECT usage_flush() > 0 AS flushed;
SELECT flag, verdict, reason, evaluations, error_percent, miss_percent, fallback_percent, last_error FROM flag_health();
SELECT flag, verdict, reason FROM flag_health('{"error_critical": 20, "error_warning": 15, "miss_warning": 100, "miss_critical": 100}');
SELECT flag, verdict, reason FROM flag_health('{"fallback_warning": 50, "min_evaluations": 1}') WHERE verdict <> 'ok';
-- Wrong use.
SELECT * FROM flag_health('{"errors": 5}');
SELECT * FROM flag_health('{"error_critical": "5"}');
SELECT * FROM flag_health('{"error_critical": 101}');
SELECT * FROM flag_health('{"miss_warning": -1}');
SELECT * FROM flag_health('{"min_evaluations": -1}');
SELECT * FROM flag_health('[]');
SELECT usage_estimate('\x00');
SELECT usage_union(r) FROM (VALUES ('\x00'::bytea), ('\x01')) v (r);
SET wishflags.usage_sample_rate = 2;
SET wishflags.usage_max = 5;

-- Rows and registers are for those who are given them; the switch is a superuser's.
CREATE ROLE wf_nobody;
GRANT USAGE ON SCHEMA wishflags TO wf_nobody;
SET ROLE wf_nobody;
SELECT flag_eval('sound', 'a');
SELECT * FROM flag_usage;
SELECT * FROM flag_usage_detail;
SELECT * FROM unknown_flags;
SELECT * FROM flag_cache_usage;
SELECT * FROM flag_usage_log;
SELECT * FROM flag_usage_session();
SELECT * FROM usage_entries(true);
SELECT * FROM usage_status();
SELECT * FROM flag_health();
SELECT usage_flush();
SELECT usage_reset();
SET wishflags.track_usage = off;
RESET ROLE;
-- Whoever may flush need not be able to write to the table.
GRANT EXECUTE ON FUNCTION usage_flush() TO wf_nobody;
SET ROLE wf_nobody;
SELECT usage_flush() > 0 AS flushed;
RESET ROLE;
REVOKE ALL ON SCHEMA wishflags FROM wf_nobody;
REVOKE ALL ON FUNCTION usage_flush() FROM wf_nobody;
DROP ROLE wf_nobody;
SELECT usage_reset() > 0 AS reset;
DELETE FROM flags;
