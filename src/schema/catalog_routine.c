/*
 * catalog_routine.c: queries for functions, procedures and aggregates.
 */
#include "common/compat.h"

#include "catalog/pg_proc.h"

#include "schema/catalog.h"

#define SIGNATURE QUALIFIED("n.nspname", "p.proname") " || '(' || oidvectortypes(p.proargtypes) || ')'"

/* Procedures may differ in output arguments only. */
#define ROUTINE_SIGNATURE QUALIFIED("n.nspname", "p.proname") \
	" || '(' || CASE WHEN p.prokind = 'p' THEN" \
	" (SELECT coalesce(string_agg(CASE m WHEN 'o' THEN 'OUT ' WHEN 'b' THEN 'INOUT ' WHEN 'v' THEN 'VARIADIC ' ELSE 'IN ' END" \
	"  || format_type(t, NULL), ', ' ORDER BY i), '') FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes) WITH ORDINALITY x(t, m, i))" \
	" ELSE oidvectortypes(p.proargtypes) END || ')'"

/* OPERATOR(schema.name), as CREATE AGGREGATE takes it. */
#define OPERATOR_NAME(oid) \
	"(SELECT 'OPERATOR(' || quote_ident(k.nspname) || '.' || o.oprname || ')' FROM pg_operator o" \
	" JOIN pg_namespace k ON k.oid = o.oprnamespace WHERE o.oid = " oid ")"
#define FUNCTION_NAME(oid) \
	"(SELECT " QUALIFIED("k.nspname", "f.proname") " FROM pg_proc f" \
	" JOIN pg_namespace k ON k.oid = f.pronamespace WHERE f.oid = " oid ")"
#define FUNCTION_CLAUSE(word, column) \
	" || CASE WHEN " column " <> 0 THEN ', " word " = ' || " FUNCTION_NAME(column) " ELSE '' END"
#define MODIFY_CLAUSE(word, column, usual) \
	" || CASE " column " WHEN 'r' THEN ', " word " = READ_ONLY' WHEN 's' THEN ', " word " = SHAREABLE'" \
	" ELSE ', " word " = READ_WRITE' END"

const WfCatalogQuery wf_schema_catalog_routines[] = {
	{WF_OBJECT_FUNCTION, ProcedureRelationId, InvalidOid,
		"SELECT p.oid AS _oid, n.nspname AS _nsp,"
		" CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS _type,"
		" " ROUTINE_SIGNATURE " AS identity, rtrim(pg_get_functiondef(p.oid), E'\\n') AS definition,"
		" pg_get_function_result(p.oid) AS result,"
		" concat_ws('/', p.proargnames, p.proargmodes) AS arguments, p.pronargdefaults::text AS defaults,"
		" CASE p.prokind WHEN 'w' THEN 'true' END AS window,"
		" " ROLE("p.proowner") " AS owner, " GRANTS("p.proacl", "f", "p.proowner")
		" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
		" WHERE p.prokind IN ('f', 'p', 'w') AND " USER_SCHEMA("n")
	" AND " NO_MEMBER("pg_proc", "p.oid")},
	{WF_OBJECT_AGGREGATE, ProcedureRelationId, InvalidOid,
		"SELECT p.oid AS _oid, n.nspname AS _nsp, " SIGNATURE " AS signature,"
		" " QUALIFIED("n.nspname", "p.proname") " || '(' || s.args || ')' AS identity,"
		" 'CREATE AGGREGATE ' || " QUALIFIED("n.nspname", "p.proname") " || '(' || s.args || ') (SFUNC = '"
		"  || " FUNCTION_NAME("a.aggtransfn") " || ', STYPE = ' || format_type(a.aggtranstype, NULL)"
		"  || CASE WHEN a.aggtransspace <> 0 THEN ', SSPACE = ' || a.aggtransspace ELSE '' END"
		FUNCTION_CLAUSE("FINALFUNC", "a.aggfinalfn")
		"  || CASE WHEN a.aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END"
		"  || CASE WHEN a.aggfinalfn <> 0 THEN ''" MODIFY_CLAUSE("FINALFUNC_MODIFY", "a.aggfinalmodify", "'r'") " ELSE '' END"
		FUNCTION_CLAUSE("COMBINEFUNC", "a.aggcombinefn")
		FUNCTION_CLAUSE("SERIALFUNC", "a.aggserialfn")
		FUNCTION_CLAUSE("DESERIALFUNC", "a.aggdeserialfn")
		"  || coalesce(', INITCOND = ' || quote_literal(a.agginitval), '')"
		FUNCTION_CLAUSE("MSFUNC", "a.aggmtransfn")
		FUNCTION_CLAUSE("MINVFUNC", "a.aggminvtransfn")
		"  || CASE WHEN a.aggmtranstype <> 0 THEN ', MSTYPE = ' || format_type(a.aggmtranstype, NULL) ELSE '' END"
		"  || CASE WHEN a.aggmtransspace <> 0 THEN ', MSSPACE = ' || a.aggmtransspace ELSE '' END"
		FUNCTION_CLAUSE("MFINALFUNC", "a.aggmfinalfn")
		"  || CASE WHEN a.aggmfinalextra THEN ', MFINALFUNC_EXTRA' ELSE '' END"
		"  || CASE WHEN a.aggmfinalfn <> 0 THEN ''" MODIFY_CLAUSE("MFINALFUNC_MODIFY", "a.aggmfinalmodify", "'r'") " ELSE '' END"
		"  || coalesce(', MINITCOND = ' || quote_literal(a.aggminitval), '')"
		"  || CASE WHEN a.aggsortop <> 0 THEN ', SORTOP = ' || " OPERATOR_NAME("a.aggsortop") " ELSE '' END"
		"  || CASE p.proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END"
		"  || CASE a.aggkind WHEN 'h' THEN ', HYPOTHETICAL' ELSE '' END || ')' AS definition,"
		" " ROLE("p.proowner") " AS owner, " GRANTS("p.proacl", "f", "p.proowner")
		" FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid JOIN pg_namespace n ON n.oid = p.pronamespace,"
		" LATERAL (SELECT coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*') AS args) s"
		" WHERE " USER_SCHEMA("n")
	" AND " NO_MEMBER("pg_proc", "p.oid")},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};
