-- The OpenFeature Remote Evaluation Protocol, for a bridge that speaks HTTP.

CREATE FUNCTION wishflags.ofrep_evaluate(key text, OUT status integer, OUT headers jsonb, INOUT body jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_ofrep_evaluate';
COMMENT ON FUNCTION wishflags.ofrep_evaluate(text, jsonb) IS
'OFREP''s POST /ofrep/v1/evaluate/flags/{key}: the answer to a request with this body';

CREATE FUNCTION wishflags.ofrep_evaluate_all(OUT status integer, OUT headers jsonb, INOUT body jsonb, if_none_match text DEFAULT NULL)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_ofrep_evaluate_all';
COMMENT ON FUNCTION wishflags.ofrep_evaluate_all(jsonb, text) IS
'OFREP''s POST /ofrep/v1/evaluate/flags: the answer with all flags that are client-visible; 304 where if_none_match is still right';

CREATE FUNCTION wishflags.ofrep_event(etag text DEFAULT NULL)
RETURNS text
LANGUAGE SQL STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT 'data: ' || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
			'type', 'refetchEvaluation', 'etag', etag,
			'lastModified', pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.statement_timestamp()))))::text || E'\n\n';
END;
COMMENT ON FUNCTION wishflags.ofrep_event(text) IS
'the server-sent event that tells OFREP clients to ask again; to be sent when a notification "wishflags" arrives';
