/*
 * deprecate.c: deprecate(), deprecation_withdraw() and release().
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"
#include "migration/impact.h"

PG_FUNCTION_INFO_V1(wf_deprecate);
PG_FUNCTION_INFO_V1(wf_deprecation_withdraw);
PG_FUNCTION_INFO_V1(wf_release);

static WfImpactTarget *find_object(const char *name);
static void check_owner(const WfImpactTarget *target);
static uint64 write_rows(const char *table, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
static char *given_text(FunctionCallInfo fcinfo, int n, const char *name, const char *hint);
static Datum caller(void);

/*
 * deprecate(object text, replacement text, until date, releases integer, reason text) -> text
 *
 * The role must own the object.  Raises undefined_object, insufficient_privilege,
 * duplicate_object where it is deprecated already, invalid_parameter_value
 * where neither a later day nor a number of releases is given, or no reason.
 */
Datum
wf_deprecate(PG_FUNCTION_ARGS)
{
	static const char hint[] =
	"Say for example: SELECT wishflags.deprecate('public.orders.note', replacement => 'public.orders.remark', "
	"until => current_date + 90, reason => 'renamed');";
	Oid			types[] = {OIDOID, OIDOID, INT4OID, TEXTOID, DATEOID, INT4OID, TEXTOID, TEXTOID};
	Datum		values[lengthof(types)];
	char		nulls[] = "        ";
	char	   *name = given_text(fcinfo, 0, "object", hint);
	char	   *reason = given_text(fcinfo, 4, "reason", hint);
	WfImpactTarget *target;

	if (PG_ARGISNULL(2) && PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"until\" or \"releases\" must be given"),
				 errhint("%s", hint)));
	if (!PG_ARGISNULL(2) &&
		DatumGetTimestampTz(DirectFunctionCall1(date_timestamptz, PG_GETARG_DATUM(2))) <= GetCurrentTransactionStartTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"until\" must be a day to come"),
				 errhint("%s", hint)));
	if (!PG_ARGISNULL(3) && PG_GETARG_INT32(3) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"releases\" must be positive"),
				 errhint("%s", hint)));
	wf_common_require_writable("deprecate()");
	target = find_object(name);
	check_owner(target);
	values[0] = ObjectIdGetDatum(target->address.classId);
	values[1] = ObjectIdGetDatum(target->address.objectId);
	values[2] = Int32GetDatum(target->address.objectSubId);
	values[6] = CStringGetTextDatum(reason);
	values[7] = caller();
	for (int i = 1; i <= 3; i++)
	{
		nulls[i + 2] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i + 2] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	if (write_rows("deprecated_objects",
				   "INSERT INTO wishflags.deprecated_objects (object, object_type, object_names, object_args,"
				   " replacement, until, releases, reason, deprecated_by)"
				   " SELECT i.identity, a.type, a.object_names, a.object_args, $4, $5, $6, $7, $8"
				   " FROM pg_catalog.pg_identify_object($1, $2, $3) i,"
				   " pg_catalog.pg_identify_object_as_address($1, $2, $3) a"
				   " WHERE NOT EXISTS (SELECT FROM wishflags.deprecated_addresses d WHERE d.withdrawn_at IS NULL"
				   " AND d.classid = $1 AND d.objid = $2 AND d.objsubid = $3)",
				   lengthof(types), types, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("object \"%s\" is deprecated already", target->identity),
				 errhint("Take that back first: SELECT wishflags.deprecation_withdraw(%s, 'the reason');",
						 quote_literal_cstr(target->identity))));
	PG_RETURN_TEXT_P(cstring_to_text(target->identity));
}

/*
 * deprecation_withdraw(object text, reason text) -> text
 *
 * Raises undefined_object where there is no such object, or no deprecation of it.
 */
Datum
wf_deprecation_withdraw(PG_FUNCTION_ARGS)
{
	static const char hint[] = "Say why: SELECT wishflags.deprecation_withdraw('public.orders.note', 'the reason');";
	Oid			types[] = {OIDOID, OIDOID, INT4OID, TEXTOID, TEXTOID};
	Datum		values[lengthof(types)];
	char	   *name = given_text(fcinfo, 0, "object", hint);
	char	   *reason = given_text(fcinfo, 1, "reason", hint);
	WfImpactTarget *target;

	wf_common_require_writable("deprecation_withdraw()");
	target = find_object(name);
	check_owner(target);
	values[0] = ObjectIdGetDatum(target->address.classId);
	values[1] = ObjectIdGetDatum(target->address.objectId);
	values[2] = Int32GetDatum(target->address.objectSubId);
	values[3] = CStringGetTextDatum(reason);
	values[4] = caller();
	if (write_rows("deprecated_objects",
				   "UPDATE wishflags.deprecated_objects SET withdrawn_at = pg_catalog.clock_timestamp(),"
				   " withdrawn_reason = $4, withdrawn_by = $5"
				   " WHERE id IN (SELECT d.id FROM wishflags.deprecated_addresses d WHERE d.withdrawn_at IS NULL"
				   " AND d.classid = $1 AND d.objid = $2 AND d.objsubid = $3)",
				   lengthof(types), types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("object \"%s\" is not deprecated", target->identity),
				 errhint("What is: SELECT object, until FROM wishflags.deprecations;")));
	PG_RETURN_TEXT_P(cstring_to_text(target->identity));
}

/*
 * release(name text) -> bigint
 *
 * Raises duplicate_object where there was a release of that name.
 */
Datum
wf_release(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	char	   *name = given_text(fcinfo, 0, "name", "Say for example: SELECT wishflags.release('2.14');");
	Datum		values[] = {PG_GETARG_DATUM(0), caller()};
	uint64		over;

	wf_common_require_writable("release()");
	if (write_rows("releases",
				   "INSERT INTO wishflags.releases (name, released_by) VALUES ($1, $2) ON CONFLICT DO NOTHING",
				   lengthof(types), types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("there was a release \"%s\" already", name),
				 errhint("Which there were: SELECT name, released_at FROM wishflags.releases ORDER BY released_at;")));
	over = write_rows("deprecated_objects",
					  "SELECT FROM wishflags.deprecated_objects d"
					  " WHERE d.withdrawn_at IS NULL AND COALESCE(d.until, '-infinity') <= pg_catalog.now()"
					  " AND d.releases <= (SELECT pg_catalog.count(*) FROM wishflags.releases r"
					  " WHERE r.released_at >= d.deprecated_at)"
					  " AND EXISTS (SELECT FROM wishflags.deprecated_addresses n,"
					  " LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, n.objsubid) i"
					  " WHERE n.id = d.id AND i.identity IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a"
					  " WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND a.attrelid = d.objid"
					  " AND a.attnum = d.objsubid AND a.attisdropped))", 0, NULL, NULL, NULL);
	PG_RETURN_INT64(over);
}

/* The one object that a name means. */
static WfImpactTarget *
find_object(const char *name)
{
	List	   *targets = wf_impact_targets(wf_ddl_catalog_live(), name, NULL);

	if (list_length(targets) != 1 || ((WfImpactTarget *) linitial(targets))->statement != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" does not name one object", name),
				 errhint("Give the name of a table, column (table.column), view, type or function (name(types)).")));
	return linitial(targets);
}

static void
check_owner(const WfImpactTarget *target)
{
	Oid			object = target->address.objectId;
	bool		owns = true;

	switch (target->address.classId)
	{
		case RelationRelationId:
			owns = wf_relation_ownercheck(object, GetUserId());
			break;
		case TypeRelationId:
			owns = wf_type_ownercheck(object, GetUserId());
			break;
		case ProcedureRelationId:
			owns = wf_routine_ownercheck(object, GetUserId());
			break;
	}
	if (!owns)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of \"%s\"", target->identity),
				 errhint("Its owner can deprecate it, or a superuser.")));
}

/* Runs a statement as the owner of the extension's table; how many rows it touched. */
static uint64
write_rows(const char *table, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	WfWrite		write;
	uint64		rows;
	int			result;

	wf_common_write_begin(&write, wf_common_relation_oid(table));
	SPI_connect();
	result = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	if (result < 0)
		elog(ERROR, "could not run a statement on \"%s\": %s", table, SPI_result_code_string(result));
	rows = SPI_processed;
	SPI_finish();
	wf_common_write_end(&write);
	return rows;
}

/* A text that must be given and not be blank. */
static char *
given_text(FunctionCallInfo fcinfo, int n, const char *name, const char *hint)
{
	char	   *value = PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));

	if (value == NULL || value[strspn(value, " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be given", name),
				 errhint("%s", hint)));
	return value;
}

/* Who asks, outside of SECURITY DEFINER functions. */
static Datum
caller(void)
{
	return CStringGetTextDatum(GetUserNameFromId(GetOuterUserId(), false));
}
