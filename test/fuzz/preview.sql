-- Texts, URLs and tokens of previews that are mangled at random: they are taken or
-- refused with an error of their own, evaluation never raises, and no token counts
-- but the one that was issued.

-- A text with some of its characters changed, taken out, doubled or put in.
CREATE FUNCTION fuzz.mangle(original text, pieces text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := original;
	place int;
	piece text;
BEGIN
	FOR i IN 0 .. floor(random() * 3)::int LOOP
		place := floor(random() * (length(result) + 1))::int;
		piece := pieces[1 + floor(random() * array_length(pieces, 1))::int];
		result := CASE floor(random() * 4)::int
			WHEN 0 THEN left(result, place) || piece || substr(result, place + 1)
			WHEN 1 THEN left(result, place) || piece || substr(result, place + 1 + length(piece))
			WHEN 2 THEN left(result, place) || substr(result, place + 1 + floor(random() * 5)::int)
			ELSE left(result, place) || substr(result, greatest(place - 3, 1)) END;
	END LOOP;
	RETURN result;
END $$;

CREATE FUNCTION fuzz.escape(original text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(CASE WHEN random() < 0.2 OR c !~ '^[a-z]$'
		THEN regexp_replace(upper(encode(convert_to(c, 'UTF8'), 'hex')), '..', '%\&', 'g') ELSE c END, '' ORDER BY n), '')
	FROM regexp_split_to_table(original, '') WITH ORDINALITY s(c, n) $$;

-- What went wrong, a row each.
CREATE FUNCTION fuzz.preview(rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	pieces text[] := ARRAY[',', ':', '"', '""', ' ', E'\n', E'\x01', 'true', 'off', 'x', 'ä', '€', ',,', 'fuzz:', '%', '%4', '%22', '%C3', '%FF', '%00', '&', '=', '?', '#', '+', 'flag_', 'preview_flags='];
	letters text[] := ARRAY['.', '..', '-', '_', 'A', 'a', '0', '9', 'z', 'Zz', '=', '+', '/', ' ', 'ä', 'eyJ'];
	token text;
	mangled text;
	said text;
	again text;
BEGIN
	PERFORM set_config('wishflags.environment', 'staging', false), set_config('client_min_messages', 'error', false);
	PERFORM wishflags.flag_create('fuzz');
	token := wishflags.preview_issue('fuzz:true', '1 day');
	FOR i IN 1 .. rounds LOOP
		mangled := fuzz.mangle((ARRAY['?flag_fuzz=true&flag_a=x&preview_flags=b:on,"c d":false', 'fuzz:true,"a:b":"x, ""y""",c:off', 'https://x/?a=b#c'])[1 + i % 3], pieces);
		BEGIN
			said := wishflags.preview_from_url(CASE WHEN i % 2 = 0 THEN mangled ELSE '?preview_flags=' || fuzz.escape(mangled) END);
			-- What is said can be set, and says the same again.
			PERFORM set_config('wishflags.preview', said, false);
			again := wishflags.preview_from_url('?preview_flags=' || fuzz.escape(said));
			IF again IS DISTINCT FROM said THEN
				RETURN NEXT format('%L says %L, which says %L', mangled, said, again);
			END IF;
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		WHEN OTHERS THEN
			RETURN NEXT format('%s %s: %L', SQLSTATE, SQLERRM, mangled);
		END;
		BEGIN
			PERFORM set_config('wishflags.preview', mangled, false);
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		WHEN OTHERS THEN
			RETURN NEXT format('%s %s: %L', SQLSTATE, SQLERRM, mangled);
		END;
		BEGIN
			IF wishflags.flag_eval('fuzz', 'u') IS NULL THEN
				RETURN NEXT format('no answer under %L', current_setting('wishflags.preview'));
			END IF;
			PERFORM wishflags.flag_explain('fuzz', '{}'), wishflags.flag_explain('a:b', '{}');
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT format('%s %s under %L', SQLSTATE, SQLERRM, current_setting('wishflags.preview'));
		END;
		PERFORM set_config('wishflags.preview', '', false);

		mangled := CASE WHEN i % 50 = 0 THEN token WHEN i % 5 = 0 THEN split_part(token, '.', 1) || '.' || fuzz.mangle(split_part(token, '.', 2), letters) || '.' || split_part(token, '.', 3)
			ELSE fuzz.mangle(token, letters) END;
		BEGIN
			PERFORM set_config('wishflags.preview_token', mangled, false);
			IF wishflags.flag_eval('fuzz', 'u') <> (mangled = token) THEN
				RETURN NEXT format('%L counts as token, or does not, of %L', mangled, token);
			END IF;
			PERFORM wishflags.flag_explain('fuzz', '{}');
		EXCEPTION WHEN invalid_parameter_value THEN
			NULL;
		WHEN OTHERS THEN
			RETURN NEXT format('%s %s: token %L', SQLSTATE, SQLERRM, mangled);
		END;
		PERFORM set_config('wishflags.preview_token', '', false);
	END LOOP;
	DELETE FROM wishflags.flags WHERE key = 'fuzz';
	DELETE FROM wishflags.preview_tokens;
END $$;
