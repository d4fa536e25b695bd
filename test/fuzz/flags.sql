-- Definitions and contexts that are mangled at random: flag_define() takes or
-- refuses them, and evaluation never raises.
CREATE TABLE fuzz.definitions (definition jsonb PRIMARY KEY);
INSERT INTO fuzz.definitions VALUES
('{"variants": {"a": 1, "b": "two", "c": true, "d": {"x": [1]}}, "off": "a", "by": "org", "metadata": {"k": "v"},
   "default": {"split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 3}], "by": ["org", "id"], "seed": "s"},
   "rules": [{"id": "r", "rollout": 12.5, "serve": "c", "when": {"all": [{"attribute": "plan", "in": ["pro", 1, true]},
                {"not": {"attribute": ["a", "b"], "less": 3}}, {"any": []}]}},
             {"when": {"attribute": "mail", "ends_with": ["@x", ""]}, "serve": {"split": [{"variant": "d", "weight": 2147483647}]}}]}'),
('{"rules": [{"when": {"attribute": "v", "exists": false}, "serve": "off"},
             {"when": {"attribute": "arr", "contains": "z"}, "serve": "on", "rollout": 0.001}]}');

-- What went wrong, a row each.
CREATE FUNCTION fuzz.flags(rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	mangled jsonb;
	context jsonb;
BEGIN
	PERFORM wishflags.flag_create('fuzz', enabled => true);
	FOR i IN 1 .. rounds LOOP
		SELECT fuzz.mutate(definition) INTO mangled FROM fuzz.definitions ORDER BY random() LIMIT 1;
		BEGIN
			PERFORM wishflags.flag_define('fuzz', mangled),
				wishflags.flag_rollout('fuzz', CASE WHEN random() < 0.5 THEN 100 ELSE round((random() * 100)::numeric, 3) END);
		EXCEPTION WHEN invalid_parameter_value THEN
			CONTINUE;
		WHEN OTHERS THEN
			RETURN NEXT format('%s %s: %s', SQLSTATE, SQLERRM, mangled);
			CONTINUE;
		END;
		BEGIN
			context := CASE WHEN random() < 0.3 THEN fuzz.junk() ELSE fuzz.mutate(
				'{"targetingKey": "u", "plan": "pro", "mail": "a@x", "arr": ["z", null, {"a": 1}], "a": {"b": 2}, "org": {"id": 7}}') END;
			IF (wishflags.flag_eval('fuzz', context) IS NULL) OR (wishflags.flag_eval('fuzz', 'k' || i) IS NULL) THEN
				RETURN NEXT format('no answer for %s: %s', context, mangled);
			END IF;
			PERFORM wishflags.flag_variant('fuzz', context), wishflags.flag_value('fuzz', context, '1'),
				wishflags.flag_explain('fuzz', context, '1');
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT format('%s %s for %s: %s', SQLSTATE, SQLERRM, context, mangled);
		END;
	END LOOP;
	DELETE FROM wishflags.flags WHERE key = 'fuzz';
END $$;
