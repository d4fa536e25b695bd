-- Contexts as an argument and of the session.
SET search_path = wishflags;

SELECT flag_create('pro-only', rollout => 0, enabled => true, definition =>
	'{"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "on"}]}');

SELECT flag_eval('pro-only', '{"plan": "pro"}'::jsonb) AS pro,
       flag_eval('pro-only', '{"plan": "free"}'::jsonb) AS free,
       flag_eval('pro-only', '{}'::jsonb) AS nothing,
       flag_eval('pro-only', 'user-1') AS only_a_key;

-- A context that is no object.
SELECT c AS context, flag_eval('pro-only', c), e.reason, e.error_code
FROM unnest(ARRAY['[]', '[{"plan": "pro"}]', '"pro"', '1', 'null', 'true']::jsonb[]) c,
     flag_explain('pro-only', c) e;

-- Of the session.
SHOW wishflags.context;
SELECT flag_eval('pro-only');
SET wishflags.context = '{"targetingKey": "user-1", "plan": "pro"}';
SELECT flag_eval('pro-only'), flag_variant('pro-only'), flag_value('pro-only', '"default"');
-- It is not mixed into other forms.
SELECT flag_eval('pro-only', 'user-1');

BEGIN;
SET LOCAL wishflags.context = '{"plan": "free"}';
SELECT flag_eval('pro-only');
COMMIT;
SELECT flag_eval('pro-only');

-- What is no JSON object is refused, and the old one stays.
SET wishflags.context = '{"plan": ';
SET wishflags.context = '[1]';
SET wishflags.context = '{"plan": "\u0000"}';
SET wishflags.context = 'user-1';
SELECT flag_eval('pro-only');
SELECT set_config('wishflags.context', '{"plan": "free"}', false);
SELECT flag_eval('pro-only');
SET wishflags.context = '';
SELECT flag_eval('pro-only');
RESET wishflags.context;

-- Other settings of the prefix are refused.
SET wishflags.contxt = '{}';

-- In a policy.
CREATE TABLE public.gallery (owner text, title text);
INSERT INTO public.gallery VALUES ('a', 'one'), ('b', 'two');
ALTER TABLE public.gallery ENABLE ROW LEVEL SECURITY;
CREATE POLICY pro ON public.gallery USING (wishflags.flag_eval('pro-only'));
CREATE ROLE wf_reader;
GRANT USAGE ON SCHEMA wishflags TO wf_reader;
GRANT SELECT ON public.gallery TO wf_reader;
SET ROLE wf_reader;
SELECT count(*) FROM public.gallery;
SET wishflags.context = '{"plan": "pro"}';
SELECT count(*) FROM public.gallery;
RESET wishflags.context;
RESET ROLE;
DROP TABLE public.gallery;
REVOKE ALL ON SCHEMA wishflags FROM wf_reader;
DROP ROLE wf_reader;
DELETE FROM flags;
