/*
 * service.c: registered services and their owners.
 *
 * A service says by which application_name or roles its sessions are known,
 * and which objects it uses that nobody has seen it use.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "common/extension.h"
#include "common/write.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/statement.h"
#include "migration/impact.h"

PG_FUNCTION_INFO_V1(wf_services_check);

typedef struct WfService
{
	char	   *name;
	char	   *owner;
	char	   *contact;		/* NULL: none */
	char	   *application_name;	/* pattern of LIKE; NULL: none */
	List	   *roles;			/* of char * */
	List	   *objects;		/* of char *: qualified and quoted */
} WfService;

static void take_service(void *arg, HeapTuple tuple, TupleDesc desc);
static bool uses(const WfService *service, const WfReached *reached);
static bool is_of(const WfService *service, const WfImpactRow *row);
static char *canonical_name(const char *text);
static List *strings_of(Datum array, const char *column);

/* All services, a list of WfService by name; whoever may ask for an impact sees them. */
List *
wf_services(void)
{
	List	   *services = NIL;
	WfWrite		write;

	wf_common_write_begin(&write, wf_common_relation_oid("services"));
	wf_impact_query("SELECT name, owner, contact, application_name, roles, objects"
					" FROM wishflags.services ORDER BY name", 0, NULL, NULL, take_service, &services);
	wf_common_write_end(&write);
	return services;
}

static void
take_service(void *arg, HeapTuple tuple, TupleDesc desc)
{
	List	  **services = arg;
	WfService  *service = palloc0(sizeof(WfService));

	service->name = SPI_getvalue(tuple, desc, 1);
	service->owner = SPI_getvalue(tuple, desc, 2);
	service->contact = SPI_getvalue(tuple, desc, 3);
	service->application_name = SPI_getvalue(tuple, desc, 4);
	service->roles = wf_impact_strings(tuple, desc, 5);
	service->objects = wf_impact_strings(tuple, desc, 6);
	*services = lappend(*services, service);
}

/* Makes rows of the services that say that they use what is reached. */
void
wf_service_rows(WfImpact *impact, const WfReached *reached)
{
	ListCell   *lc;

	foreach(lc, impact->services)
	{
		WfService  *service = lfirst(lc);
		WfImpactRow row = {
			.kind = "registered service", .identity = service->name, .how = WF_HOW_REFERENCES,
			.via = WF_VIA_SERVICE, .total_time = -1, .service = service->name, .owner = service->owner,
		};

		if (!uses(service, reached))
			continue;
		if (service->contact)
			wf_impact_note(&row, "contact", service->contact);
		wf_impact_put(impact, reached, &row);
	}
}

/* Who uses a table uses its columns, and the other way round. */
static bool
uses(const WfService *service, const WfReached *reached)
{
	ListCell   *lc;

	foreach(lc, service->objects)
	{
		const char *object = lfirst(lc);
		size_t		length = strlen(object);

		if (strcmp(object, reached->identity) == 0)
			return true;
		if (reached->address.classId == ProcedureRelationId &&
			strncmp(object, reached->identity, length) == 0 && reached->identity[length] == '(')
			return true;
		if (reached->relation == NULL)
			continue;
		if (strcmp(object, reached->relation) == 0)
			return true;
		length = strlen(reached->relation);
		if (reached->column == NULL && strncmp(object, reached->relation, length) == 0 && object[length] == '.')
			return true;
	}
	return false;
}

/* Fills in the service, and its owner, whose session or statement the row tells of. */
void
wf_service_attribute(WfImpact *impact, WfImpactRow *row)
{
	ListCell   *lc;

	foreach(lc, impact->services)
	{
		WfService  *service = lfirst(lc);

		if (is_of(service, row))
		{
			row->service = service->name;
			row->owner = service->owner;
			return;
		}
	}
}

static bool
is_of(const WfService *service, const WfImpactRow *row)
{
	ListCell   *lc;
	ListCell   *lc2;

	if (service->application_name && row->application_name)
		return DatumGetBool(DirectFunctionCall2Coll(textlike, C_COLLATION_OID,
													CStringGetTextDatum(row->application_name),
													CStringGetTextDatum(service->application_name)));
	foreach(lc, service->roles)
	{
		foreach(lc2, row->roles)
		{
			if (strcmp(lfirst(lc), lfirst(lc2)) == 0)
				return true;
		}
	}
	return false;
}

/*
 * services_check(), BEFORE INSERT OR UPDATE on services: names of objects are
 * written as the server writes them.  What does not exist only gives a
 * WARNING, so that a dump can be restored before its roles are there.
 */
Datum
wf_services_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple	tuple;
	TupleDesc	desc;
	Datum		value;
	bool		isnull;
	int			column;
	List	   *objects;
	Datum	   *elements;
	int			n = 0;
	ListCell   *lc;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		RelationGetRelid(data->tg_relation) != wf_common_relation_oid("services"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("services_check() is the trigger of table \"wishflags.services\"")));
	tuple = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	desc = RelationGetDescr(data->tg_relation);
	value = heap_getattr(tuple, SPI_fnumber(desc, "roles"), desc, &isnull);
	foreach(lc, isnull ? NIL : strings_of(value, "roles"))
	{
		if (!OidIsValid(get_role_oid(lfirst(lc), true)))
			ereport(WARNING,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("role \"%s\" does not exist", (char *) lfirst(lc))));
	}
	column = SPI_fnumber(desc, "objects");
	value = heap_getattr(tuple, column, desc, &isnull);
	if (isnull)
		return PointerGetDatum(tuple);
	objects = strings_of(value, "objects");
	elements = palloc(sizeof(Datum) * Max(list_length(objects), 1));
	foreach(lc, objects)
		elements[n++] = CStringGetTextDatum(canonical_name(lfirst(lc)));
	value = PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, desc, 1, &column, &value, &isnull));
}

static List *
strings_of(Datum array, const char *column)
{
	List	   *strings = NIL;
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" of a service must not hold nulls", column)));
		strings = lappend(strings, TextDatumGetCString(elements[i]));
	}
	return strings;
}

/* schema.table, schema.table.column or schema.function, as the grammar reads it. */
static char *
canonical_name(const char *text)
{
	char	   *sql = psprintf("COMMENT ON COLUMN x.%s IS NULL", text);
	WfReader   *reader = wf_ddl_reader_begin(sql, strlen(sql));
	WfStatement statement;
	WfStatement next;
	Node	   *node = NULL;
	List	   *names = NIL;

	if (wf_ddl_reader_next(reader, &statement) && statement.kind == WF_STATEMENT_SQL &&
		!wf_ddl_reader_next(reader, &next))
		node = IsA(statement.node, RawStmt) ? ((RawStmt *) statement.node)->stmt : statement.node;
	if (node && IsA(node, CommentStmt) && ((CommentStmt *) node)->comment == NULL)
		names = list_delete_first((List *) ((CommentStmt *) node)->object);
	if (list_length(names) != 2 && list_length(names) != 3)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is no qualified name of an object", text),
				 errhint("Write schema.table, schema.table.column, schema.type or schema.function, without arguments.")));
	return wf_ddl_quote_names(names, ".");
}
