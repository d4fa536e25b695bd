/*
 * catalog_other.c: queries for objects of the database as a whole.
 */
#include "common/compat.h"

#include "catalog/pg_cast.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_user_mapping.h"

#include "schema/catalog.h"

#define OPERAND(oid) "CASE WHEN " oid " = 0 THEN 'NONE' ELSE format_type(" oid ", NULL) END"
#define OPERATOR_CLAUSE(word, column) \
	" || coalesce(', " word " = ' || (SELECT 'OPERATOR(' || quote_ident(k.nspname) || '.' || q.oprname || ')'" \
	"  FROM pg_operator q JOIN pg_namespace k ON k.oid = q.oprnamespace WHERE q.oid = " column "), '')"

const WfCatalogQuery wf_schema_catalog_others[] = {
	{WF_OBJECT_OPERATOR, OperatorRelationId, InvalidOid,
		"SELECT o.oid AS _oid, n.nspname AS _nsp,"
		" quote_ident(n.nspname) || '.' || o.oprname || ' (' || " OPERAND("o.oprleft")
		"  || ', ' || " OPERAND("o.oprright") " || ')' AS identity,"
		" 'CREATE OPERATOR ' || quote_ident(n.nspname) || '.' || o.oprname || ' (FUNCTION = ' || o.oprcode::text"
		"  || CASE WHEN o.oprleft <> 0 THEN ', LEFTARG = ' || format_type(o.oprleft, NULL) ELSE '' END"
		"  || ', RIGHTARG = ' || format_type(o.oprright, NULL)"
		OPERATOR_CLAUSE("COMMUTATOR", "o.oprcom") OPERATOR_CLAUSE("NEGATOR", "o.oprnegate")
		"  || CASE WHEN o.oprrest <> 0 THEN ', RESTRICT = ' || o.oprrest::text ELSE '' END"
		"  || CASE WHEN o.oprjoin <> 0 THEN ', JOIN = ' || o.oprjoin::text ELSE '' END"
		"  || CASE WHEN o.oprcanmerge THEN ', MERGES' ELSE '' END"
		"  || CASE WHEN o.oprcanhash THEN ', HASHES' ELSE '' END || ')' AS definition,"
		" " ROLE("o.oprowner") " AS owner"
		" FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace"
		" WHERE o.oprcode <> 0 AND " USER_SCHEMA("n")
	" AND " NO_MEMBER("pg_operator", "o.oid")},
	{WF_OBJECT_CAST, CastRelationId, InvalidOid,
		"SELECT c.oid AS _oid, x.name AS identity, 'CREATE CAST ' || x.name"
		"  || CASE c.castmethod WHEN 'b' THEN ' WITHOUT FUNCTION' WHEN 'i' THEN ' WITH INOUT'"
		"   ELSE ' WITH FUNCTION ' || c.castfunc::regprocedure::text END"
		"  || CASE c.castcontext WHEN 'i' THEN ' AS IMPLICIT' WHEN 'a' THEN ' AS ASSIGNMENT' ELSE '' END AS definition"
		" FROM pg_cast c, LATERAL (SELECT '(' || format_type(c.castsource, NULL) || ' AS '"
		"  || format_type(c.casttarget, NULL) || ')' AS name) x"
	" WHERE c.oid >= 16384 AND " NO_MEMBER("pg_cast", "c.oid")},
	{WF_OBJECT_CONVERSION, ConversionRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.conname") " AS identity,"
		" 'CREATE ' || CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END || 'CONVERSION '"
		"  || " QUALIFIED("n.nspname", "c.conname") " || ' FOR ' || quote_literal(pg_encoding_to_char(c.conforencoding))"
		"  || ' TO ' || quote_literal(pg_encoding_to_char(c.contoencoding)) || ' FROM ' || c.conproc::text AS definition,"
		" " ROLE("c.conowner") " AS owner"
		" FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_TS_DICTIONARY, TSDictionaryRelationId, InvalidOid,
		"SELECT d.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "d.dictname") " AS identity,"
		" 'CREATE TEXT SEARCH DICTIONARY ' || " QUALIFIED("n.nspname", "d.dictname") " || ' (TEMPLATE = '"
		"  || " QUALIFIED("tn.nspname", "t.tmplname") " || coalesce(', ' || d.dictinitoption, '') || ')' AS definition,"
		" " ROLE("d.dictowner") " AS owner"
		" FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace"
		" JOIN pg_ts_template t ON t.oid = d.dicttemplate JOIN pg_namespace tn ON tn.oid = t.tmplnamespace"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_TS_CONFIGURATION, TSConfigRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, x.name AS identity,"
		" 'CREATE TEXT SEARCH CONFIGURATION ' || x.name || ' (PARSER = ' || " QUALIFIED("pn.nspname", "p.prsname") " || ')'"
		"  || coalesce((SELECT string_agg(E';\\nALTER TEXT SEARCH CONFIGURATION ' || x.name || ' ADD MAPPING FOR '"
		"   || y.alias || ' WITH ' || y.dicts, '' ORDER BY y.alias COLLATE \"C\") FROM ("
		"   SELECT k.alias, string_agg(" QUALIFIED("dn.nspname", "d.dictname") ", ', ' ORDER BY m.mapseqno) AS dicts"
		"   FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype"
		"   JOIN pg_ts_dict d ON d.oid = m.mapdict JOIN pg_namespace dn ON dn.oid = d.dictnamespace"
		"   WHERE m.mapcfg = c.oid GROUP BY k.alias) y), '') AS definition,"
		" " ROLE("c.cfgowner") " AS owner"
		" FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace"
		" JOIN pg_ts_parser p ON p.oid = c.cfgparser JOIN pg_namespace pn ON pn.oid = p.prsnamespace,"
		" LATERAL (SELECT " QUALIFIED("n.nspname", "c.cfgname") " AS name) x"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_FOREIGN_DATA_WRAPPER, ForeignDataWrapperRelationId, InvalidOid,
		"SELECT f.oid AS _oid, quote_ident(f.fdwname) AS identity,"
		" 'CREATE FOREIGN DATA WRAPPER ' || quote_ident(f.fdwname)"
		"  || CASE WHEN f.fdwhandler <> 0 THEN ' HANDLER ' || f.fdwhandler::regproc::text ELSE '' END"
		"  || CASE WHEN f.fdwvalidator <> 0 THEN ' VALIDATOR ' || f.fdwvalidator::regproc::text ELSE '' END AS definition,"
		" " SORTED_LIST("f.fdwoptions") " AS options, " ROLE("f.fdwowner") " AS owner, "
		GRANTS("f.fdwacl", "F", "f.fdwowner")
	" FROM pg_foreign_data_wrapper f"},
	{WF_OBJECT_SERVER, ForeignServerRelationId, InvalidOid,
		"SELECT s.oid AS _oid, quote_ident(s.srvname) AS identity,"
		" 'CREATE SERVER ' || quote_ident(s.srvname) || coalesce(' TYPE ' || quote_literal(s.srvtype), '')"
		"  || coalesce(' VERSION ' || quote_literal(s.srvversion), '')"
		"  || ' FOREIGN DATA WRAPPER ' || quote_ident(f.fdwname) AS definition,"
		" " SORTED_LIST("s.srvoptions") " AS options, " ROLE("s.srvowner") " AS owner, "
		GRANTS("s.srvacl", "S", "s.srvowner")
	" FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw"},

	/*
	 * Options that may hold a secret are never read; the view hides the rest
	 * from strangers.
	 */
	{WF_OBJECT_USER_MAPPING, UserMappingRelationId, InvalidOid,
		"SELECT u.umid AS _oid, x.name AS identity, 'CREATE USER MAPPING ' || x.name AS definition,"
		" CASE WHEN u.umoptions IS NOT NULL THEN (SELECT jsonb_agg(o ORDER BY o COLLATE \"C\")"
		"  FROM unnest(u.umoptions) o WHERE NOT " IS_SECRET("o") ")::text END"
		"  AS options"
		" FROM pg_user_mappings u, LATERAL (SELECT 'FOR ' || CASE WHEN u.umuser = 0 THEN 'PUBLIC'"
	"  ELSE " ROLE("u.umuser") " END || ' SERVER ' || quote_ident(u.srvname) AS name) x"},
	{WF_OBJECT_PUBLICATION, PublicationRelationId, InvalidOid,
		"SELECT p.oid AS _oid, quote_ident(p.pubname) AS identity,"
		" 'CREATE PUBLICATION ' || quote_ident(p.pubname)"
		"  || CASE WHEN p.puballtables THEN ' FOR ALL TABLES' ELSE coalesce(' FOR ' || ("
		"   SELECT string_agg(x.part, ', ' ORDER BY x.part COLLATE \"C\") FROM ("
		"    SELECT 'TABLE ONLY ' || " QUALIFIED("n.nspname", "c.relname")
		"     || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE \"C\")"
		"      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)) || ')', '')"
		"     || coalesce(' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')', '') AS part"
		"    FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid"
		"    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = p.oid"
		"    UNION ALL SELECT 'TABLES IN SCHEMA ' || quote_ident(n.nspname) FROM pg_publication_namespace s"
		"    JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid) x), '') END"
		"  || ' WITH (publish = ' || quote_literal(concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,"
		"   CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,"
		"   CASE WHEN p.pubtruncate THEN 'truncate' END))"
		"  || CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' ELSE '' END || ')' AS definition,"
		" " ROLE("p.pubowner") " AS owner"
	" FROM pg_publication p"},
	{WF_OBJECT_EVENT_TRIGGER, EventTriggerRelationId, InvalidOid,
		"SELECT t.oid AS _oid, quote_ident(t.evtname) AS identity,"
		" 'CREATE EVENT TRIGGER ' || quote_ident(t.evtname) || ' ON ' || t.evtevent"
		"  || coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(x), ', ') FROM unnest(t.evttags) x) || ')', '')"
		"  || ' EXECUTE FUNCTION ' || t.evtfoid::regproc::text || '()' AS definition,"
		" CASE t.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled,"
		" " ROLE("t.evtowner") " AS owner"
	" FROM pg_event_trigger t"},
	{WF_OBJECT_DEFAULT_PRIVILEGES, DefaultAclRelationId, InvalidOid,
		"SELECT a.oid AS _oid, n.nspname AS _nsp, 'FOR ROLE ' || " ROLE("a.defaclrole")
		"  || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ON ' || CASE a.defaclobjtype"
		"   WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'"
		"   WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS identity,"
		" " GRANT_LIST("a.defaclacl", "CASE WHEN a.defaclnamespace = 0 THEN"
					   " acldefault(CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END, a.defaclrole) END", "a.defaclrole") " AS grants"
	" FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace"},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};
