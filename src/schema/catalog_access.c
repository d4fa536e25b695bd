/*
 * catalog_access.c: queries for what extends the server itself: access
 * methods, operator classes, languages, parsers, subscriptions.
 */
#include "common/compat.h"

#include "catalog/pg_am.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_language.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_transform.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"

#include "schema/catalog.h"

#define USER_OID(oid) oid " >= 16384"
#define FUNCTION_OPTION(word, column) \
	" || CASE WHEN " column " <> 0 THEN ', " word " = ' || " column "::text ELSE '' END"

/* OPERATOR 1 s.<(integer,integer) and FUNCTION 1 (integer, integer) f(...). */
#define OPERATOR_MEMBER \
	"'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::regoperator::text" \
	" || CASE WHEN o.amopsortfamily <> 0 THEN ' FOR ORDER BY ' || (SELECT " QUALIFIED("sn.nspname", "sf.opfname") \
	"  FROM pg_opfamily sf JOIN pg_namespace sn ON sn.oid = sf.opfnamespace WHERE sf.oid = o.amopsortfamily) ELSE '' END"
#define FUNCTION_MEMBER \
	"'FUNCTION ' || p.amprocnum || ' (' || format_type(p.amproclefttype, NULL) || ', '" \
	" || format_type(p.amprocrighttype, NULL) || ') ' || p.amproc::regprocedure::text"

/* An entry that an operator class holds goes with the class. */
#define IN_CLASS(catalog, oid) \
	"EXISTS (SELECT FROM pg_depend d WHERE d.classid = '" catalog "'::regclass AND d.objid = " oid \
	" AND d.refclassid = 'pg_opclass'::regclass AND d.deptype = 'i')"
#define FAMILY "(" QUALIFIED("n.nspname", "f.opfname") " || ' USING ' || quote_ident(m.amname))"

const WfCatalogQuery wf_schema_catalog_access[] = {
	{WF_OBJECT_LANGUAGE, LanguageRelationId, InvalidOid,
		"SELECT l.oid AS _oid, quote_ident(l.lanname) AS identity,"
		" 'CREATE ' || CASE WHEN l.lanpltrusted THEN 'TRUSTED ' ELSE '' END || 'LANGUAGE ' || quote_ident(l.lanname)"
		"  || ' HANDLER ' || l.lanplcallfoid::regproc::text"
		"  || CASE WHEN l.laninline <> 0 THEN ' INLINE ' || l.laninline::regproc::text ELSE '' END"
		"  || CASE WHEN l.lanvalidator <> 0 THEN ' VALIDATOR ' || l.lanvalidator::regproc::text ELSE '' END AS definition,"
		" " ROLE("l.lanowner") " AS owner, " GRANTS("l.lanacl", "l", "l.lanowner")
	" FROM pg_language l WHERE l.lanispl AND " USER_OID("l.oid")},
	{WF_OBJECT_ACCESS_METHOD, AccessMethodRelationId, InvalidOid,
		"SELECT m.oid AS _oid, quote_ident(m.amname) AS identity,"
		" 'CREATE ACCESS METHOD ' || quote_ident(m.amname) || CASE m.amtype WHEN 't' THEN ' TYPE TABLE' ELSE ' TYPE INDEX' END"
		"  || ' HANDLER ' || m.amhandler::text AS definition"
	" FROM pg_am m WHERE " USER_OID("m.oid")},
	{WF_OBJECT_OPERATOR_FAMILY, OperatorFamilyRelationId, InvalidOid,
		"SELECT f.oid AS _oid, n.nspname AS _nsp, " FAMILY " AS identity,"
		" 'CREATE OPERATOR FAMILY ' || " FAMILY " AS definition, " ROLE("f.opfowner") " AS owner"
		" FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_OPERATOR_CLASS, OperatorClassRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, x.name AS identity,"
		" 'CREATE OPERATOR CLASS ' || " QUALIFIED("n.nspname", "c.opcname")
		"  || CASE WHEN c.opcdefault THEN ' DEFAULT' ELSE '' END || ' FOR TYPE ' || format_type(c.opcintype, NULL)"
		"  || ' USING ' || quote_ident(m.amname) || ' FAMILY ' || " QUALIFIED("fn.nspname", "f.opfname") " || E' AS\\n    '"
		"  || concat_ws(E',\\n    ', CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END,"
		"   (SELECT string_agg(" OPERATOR_MEMBER ", E',\\n    ' ORDER BY o.amopstrategy, o.amoplefttype::regtype::text,"
		"    o.amoprighttype::regtype::text) FROM pg_amop o JOIN pg_depend d ON d.classid = 'pg_amop'::regclass"
		"    AND d.objid = o.oid AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid),"
		"   (SELECT string_agg(" FUNCTION_MEMBER ", E',\\n    ' ORDER BY p.amprocnum, p.amproclefttype::regtype::text,"
		"    p.amprocrighttype::regtype::text) FROM pg_amproc p JOIN pg_depend d ON d.classid = 'pg_amproc'::regclass"
		"    AND d.objid = p.oid AND d.refclassid = 'pg_opclass'::regclass AND d.refobjid = c.oid),"
		/* A class without any member still needs one clause. */
		"   CASE WHEN c.opckeytype = 0 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_opclass'::regclass"
		"    AND d.refobjid = c.oid AND d.deptype = 'i') THEN 'STORAGE ' || format_type(c.opcintype, NULL) END) AS definition,"
		" " ROLE("c.opcowner") " AS owner"
		" FROM pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am m ON m.oid = c.opcmethod"
		" JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace,"
		" LATERAL (SELECT " QUALIFIED("n.nspname", "c.opcname") " || ' USING ' || quote_ident(m.amname) AS name) x"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_FAMILY_MEMBER, AccessMethodOperatorRelationId, OperatorFamilyRelationId,
		"SELECT o.oid AS _oid, f.oid AS _parent, n.nspname AS _nsp, x.name || ' OF ' || " FAMILY " AS identity,"
		" 'ALTER OPERATOR FAMILY ' || " FAMILY " || ' ADD ' || " OPERATOR_MEMBER " AS definition,"
		" 'ALTER OPERATOR FAMILY ' || " FAMILY " || ' DROP ' || x.name AS removal"
		" FROM pg_amop o JOIN pg_opfamily f ON f.oid = o.amopfamily JOIN pg_namespace n ON n.oid = f.opfnamespace"
		" JOIN pg_am m ON m.oid = f.opfmethod, LATERAL (SELECT 'OPERATOR ' || o.amopstrategy || ' ('"
		"  || format_type(o.amoplefttype, NULL) || ', ' || format_type(o.amoprighttype, NULL) || ')' AS name) x"
	" WHERE " USER_OID("o.oid") " AND NOT " IN_CLASS("pg_amop", "o.oid")},
	{WF_OBJECT_FAMILY_MEMBER, AccessMethodProcedureRelationId, OperatorFamilyRelationId,
		"SELECT p.oid AS _oid, f.oid AS _parent, n.nspname AS _nsp, x.name || ' OF ' || " FAMILY " AS identity,"
		" 'ALTER OPERATOR FAMILY ' || " FAMILY " || ' ADD ' || " FUNCTION_MEMBER " AS definition,"
		" 'ALTER OPERATOR FAMILY ' || " FAMILY " || ' DROP ' || x.name AS removal"
		" FROM pg_amproc p JOIN pg_opfamily f ON f.oid = p.amprocfamily JOIN pg_namespace n ON n.oid = f.opfnamespace"
		" JOIN pg_am m ON m.oid = f.opfmethod, LATERAL (SELECT 'FUNCTION ' || p.amprocnum || ' ('"
		"  || format_type(p.amproclefttype, NULL) || ', ' || format_type(p.amprocrighttype, NULL) || ')' AS name) x"
	" WHERE " USER_OID("p.oid") " AND NOT " IN_CLASS("pg_amproc", "p.oid")},
	{WF_OBJECT_TRANSFORM, TransformRelationId, InvalidOid,
		"SELECT t.oid AS _oid, x.name AS identity, 'CREATE TRANSFORM ' || x.name || ' (' || concat_ws(', ',"
		"  CASE WHEN t.trffromsql <> 0 THEN 'FROM SQL WITH FUNCTION ' || t.trffromsql::regprocedure::text END,"
		"  CASE WHEN t.trftosql <> 0 THEN 'TO SQL WITH FUNCTION ' || t.trftosql::regprocedure::text END) || ')' AS definition"
		" FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang,"
	" LATERAL (SELECT 'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) AS name) x"},
	{WF_OBJECT_TS_PARSER, TSParserRelationId, InvalidOid,
		"SELECT p.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "p.prsname") " AS identity,"
		" 'CREATE TEXT SEARCH PARSER ' || " QUALIFIED("n.nspname", "p.prsname") " || ' (START = ' || p.prsstart::text"
		FUNCTION_OPTION("GETTOKEN", "p.prstoken") FUNCTION_OPTION("END", "p.prsend")
		FUNCTION_OPTION("HEADLINE", "p.prsheadline") FUNCTION_OPTION("LEXTYPES", "p.prslextype") " || ')' AS definition"
		" FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_TS_TEMPLATE, TSTemplateRelationId, InvalidOid,
		"SELECT t.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "t.tmplname") " AS identity,"
		" 'CREATE TEXT SEARCH TEMPLATE ' || " QUALIFIED("n.nspname", "t.tmplname") " || ' (LEXIZE = ' || t.tmpllexize::text"
		FUNCTION_OPTION("INIT", "t.tmplinit") " || ')' AS definition"
		" FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};

/* Only superusers read these; a connection with a secret stays unread. */
const WfCatalogQuery wf_schema_catalog_superuser[] = {
	{WF_OBJECT_SUBSCRIPTION, SubscriptionRelationId, InvalidOid,
		"SELECT s.oid AS _oid, quote_ident(s.subname) AS identity,"
		" 'CREATE SUBSCRIPTION ' || quote_ident(s.subname) || ' CONNECTION ' || quote_literal(s.subconninfo)"
		"  || ' PUBLICATION ' || (SELECT string_agg(quote_ident(p), ', ' ORDER BY p COLLATE \"C\") FROM unnest(s.subpublications) p)"
		"  || ' WITH (connect = false, slot_name = ' || coalesce(quote_literal(s.subslotname), 'NONE')"
		"  || CASE WHEN s.subbinary THEN ', binary = true' ELSE '' END"
		"  || CASE j.r->>'substream' WHEN 'true' THEN ', streaming = on' WHEN 't' THEN ', streaming = on'"
		"   WHEN 'p' THEN ', streaming = parallel' ELSE '' END"
		"  || CASE s.subtwophasestate WHEN 'd' THEN '' ELSE ', two_phase = on' END"
		"  || CASE WHEN s.subdisableonerr THEN ', disable_on_error = true' ELSE '' END"
		"  || coalesce(', synchronous_commit = ' || quote_literal(nullif(s.subsynccommit, 'off')), '') || ')' AS definition,"
		" CASE WHEN s.subenabled THEN 'true' END AS enabled,"
		" " ROLE("s.subowner") " AS owner"
		" FROM pg_subscription s, to_jsonb(s) AS j(r)"
		" WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
	" AND s.subconninfo !~* 'passw'"},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};
