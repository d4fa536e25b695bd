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
             {"when": {"attribute": "arr", "contains": "z"}, "serve": "on", "rollout": 0.001}]}'),
('{"variants": [{"name": "a", "value": 1}, {"name": "b", "value": null}], "off": "b", "default": {"split": [{"variant": "a", "weight": 2}], "coverage": 0.5},
   "rollout": {"from": {"at": "2020-01-01T00:00:00Z", "percent": 1}, "to": {"at": "2090-01-01T00:00:00Z", "percent": 99}},
   "window": {"from": "2020-01-01T00:00:00Z", "until": "2090-01-01T00:00:00Z"}, "exclusive": {"group": "g", "from": 1, "until": 99, "by": ["org", "id"]},
   "deny": {"any": [{"attribute": "mail", "matches": ["^(a|b)+$", "x{2,}"], "ignore_case": true}, {"attribute": "v", "version_less": "2.1"}]},
   "requires": [{"flag": "fuzz", "variant": "a", "otherwise": "a"}, {"flag": "other", "value": {"attribute": "value", "type": ["object", "null"]}}],
   "rules": [{"window": {"from": "2020-01-01T00:00:00Z"}, "rollout": {"steps": [{"at": "2020-01-01T00:00:00Z", "percent": 50}]}, "otherwise": "off",
              "serve": {"split": [{"variant": "a", "ranges": [[0, 10], [20, 30.5]]}, {"variant": "b", "ranges": [[10, 20]]}]}}]}'),
('{"default": "off", "by": {"kind": "org", "path": "id"}, "rules": [{"serve": "on", "when": {"any": [
   {"attribute": {"kind": "user"}, "not_in": ["x", 1], "absent": true}, {"attribute": "arr", "has_all": ["z", 1]}, {"attribute": "arr", "length_less": 3},
   {"attribute": "plan", "not_starts_with": "P", "ignore_case": true}, {"attribute": ["org", "id"], "modulo": {"divisor": 3, "remainder": 1}},
   {"attribute": "mail", "before": "2026-01-01T00:00:00Z"}, {"attribute": "mail", "in_network": ["10.0.0.0/8"]}, {"between": ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"]},
   {"segment": ["s", "t"]}, {"flag": "other", "enabled": false}, {"split": {"percent": 10, "seed": "s", "by": "mail"}}]}}]}'),
('{"variants": {"a": 1, "b": 2}, "off": "b", "by": {"compute": {"cat": [{"var": "plan"}, {"var": "$flag.key"}]}}, "rollout": 50,
   "default": {"compute": {"if": [{"some": [{"var": "arr"}, {"==": [{"var": ""}, "z"]}]}, "a", {"<": [{"var": "a.b"}, {"*": [{"var": "$flag.now"}, 2]}]}, "b", null]}},
   "rules": [{"when": {"compute": {"in": [{"var": "mail"}, {"merge": [["a@x"], {"map": [{"var": "arr"}, {"substr": [{"var": ""}, 0, 1]}]}]}]}}, "serve": "a"}]}');

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
			context := CASE WHEN random() < 0.3 THEN fuzz.junk() WHEN random() < 0.3 THEN fuzz.mutate(
				'{"kind": "multi", "user": {"key": "u", "mail": "10.1.2.3"}, "org": {"targetingKey": 7, "id": 7, "arr": ["z", 1]}, "v": "1.2"}')
				ELSE fuzz.mutate(
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
