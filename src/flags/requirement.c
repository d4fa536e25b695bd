/*
 * requirement.c: the fields that a flag's record has to have here, which
 * wishflags.require_fields lists.
 *
 * A flag that lacks one already can be changed all the same: who has to switch
 * it off is not held up by a description that nobody wrote.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "flags/record.h"
#include "flags/requirement.h"
#include "flags/row.h"
#include "flags/tables.h"
#include "flags/trigger.h"

/* What may be required: that one of some columns, up to a 0, says something. */
typedef struct RequiredField
{
	const char *name;
	const char *columns;		/* as a list, for who has to fill them */
	int			attnums[4];
} RequiredField;

static const RequiredField fields[] = {
	{"description", "description", {Anum_wf_flags_description}},
	{"owner", "owner_team, owner_email or owner_role",
	{Anum_wf_flags_owner_team, Anum_wf_flags_owner_email, Anum_wf_flags_owner_role}},
	{"owner_team", "owner_team", {Anum_wf_flags_owner_team}},
	{"owner_email", "owner_email", {Anum_wf_flags_owner_email}},
	{"owner_role", "owner_role", {Anum_wf_flags_owner_role}},
	{"documentation_url", "documentation_url", {Anum_wf_flags_documentation_url}},
	{"notes", "notes", {Anum_wf_flags_notes}},
	{"tags", "tags", {Anum_wf_flags_tags}},
	{"expires_at", "expires_at", {Anum_wf_flags_expires_at}},
};

/* By field, a bit for each kind of flag that needs it; NULL: nothing is required. */
typedef struct Requirements
{
	uint8		kinds[lengthof(fields)];
} Requirements;

static char *require_fields;
static const Requirements *required = NULL;

static bool check_setting(char **value, void **extra, GucSource source);
static void assign_setting(const char *value, void *extra);
static bool add_requirement(char *item, Requirements *requirements);
static bool is_lacking(const RequiredField *field, uint8 kinds, TupleDesc desc, const Datum *values, const bool *nulls);
static bool says_something(int attnum, Oid type, const Datum *values, const bool *nulls);

void
wf_flags_requirement_init(void)
{
	DefineCustomStringVariable("wishflags.require_fields",
							   "What a flag has to say about itself: fields, each for all kinds of flags or FIELD:KIND for one.",
							   "Known are description, owner (any of the three), owner_team, owner_email, owner_role,"
							   " documentation_url, notes, tags and expires_at. A flag that lacks one already can still be changed, and flag_import() takes in what it is given.",
							   &require_fields, "",
							   PGC_SUSET, GUC_LIST_INPUT, check_setting, assign_setting, NULL);
}

/* Refuses a row of flags, in an AFTER trigger, that newly lacks what is required.  What is restored may lack it. */
void
wf_flags_check_required(TriggerData *data)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(data->tg_event);
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	Datum		old_values[Natts_wf_flags];
	bool		old_nulls[Natts_wf_flags];
	const char *key;

	if (required == NULL)
		return;
	wf_flags_deform(update ? data->tg_newtuple : data->tg_trigtuple, desc, Natts_wf_flags, values, nulls);
	if (update)
		wf_flags_deform(data->tg_trigtuple, desc, Natts_wf_flags, old_values, old_nulls);
	else if (wf_flags_made_before(values[Anum_wf_flags_created_at - 1]))
		return;
	key = TextDatumGetCString(values[Anum_wf_flags_key - 1]);
	for (int i = 0; i < lengthof(fields); i++)
	{
		const RequiredField *field = &fields[i];

		if (is_lacking(field, required->kinds[i], desc, values, nulls) &&
			!(update && is_lacking(field, required->kinds[i], desc, old_values, old_nulls)))
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("flag \"%s\" needs %s", key, field->columns),
					 errdetail("Setting wishflags.require_fields asks for it."),
					 update ? errhint("Give it in the same UPDATE.")
					 : errhint("Give it with the flag: INSERT INTO wishflags.flags (key, %s) VALUES (%s, ...);",
							   NameStr(TupleDescAttr(desc, field->attnums[0] - 1)->attname),
							   quote_literal_cstr(key))));
	}
}

/*
 * Requires nothing while the GUC nest level lasts that the caller has opened:
 * for records that are taken in as they come, or brought back as they were.
 */
void
wf_flags_require_nothing(void)
{
	(void) set_config_option("wishflags.require_fields", "", PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

static bool
check_setting(char **value, void **extra, GucSource source)
{
	Requirements requirements = {0};
	Requirements *kept;
	List	   *items;
	ListCell   *lc;

	if (!SplitIdentifierString(pstrdup(*value), ',', &items))
	{
		GUC_check_errdetail("It is no list of words with commas in between.");
		return false;
	}
	foreach(lc, items)
	{
		if (!add_requirement(lfirst(lc), &requirements))
		{
			GUC_check_errdetail("\"%s\" is no field of a flag, or no field and kind.", (char *) lfirst(lc));
			GUC_check_errhint("ALTER DATABASE shop SET wishflags.require_fields = 'owner, description, expires_at:release';");
			return false;
		}
	}
	if (items == NIL)
		return true;
	kept = wf_guc_malloc(sizeof(Requirements));
	if (kept == NULL)
		return false;
	*kept = requirements;
	*extra = kept;
	return true;
}

static void
assign_setting(const char *value, void *extra)
{
	required = extra;
}

/* Adds FIELD or FIELD:KIND; false where it is neither. */
static bool
add_requirement(char *item, Requirements *requirements)
{
	char	   *kind = strchr(item, ':');
	Size		len = kind ? kind - item : strlen(item);
	int			bit = kind ? wf_flags_kind_number(wf_flags_string(kind + 1)) : 0;

	if (bit < 0)
		return false;
	for (int i = 0; i < lengthof(fields); i++)
	{
		if (strlen(fields[i].name) == len && strncmp(fields[i].name, item, len) == 0)
		{
			requirements->kinds[i] |= kind ? 1 << bit : PG_UINT8_MAX;
			return true;
		}
	}
	return false;
}

/* Whether a flag is of a kind that needs a field, and lacks it. */
static bool
is_lacking(const RequiredField *field, uint8 kinds, TupleDesc desc, const Datum *values, const bool *nulls)
{
	int			kind;

	/* What is NULL by mistake is refused by the table's own constraints. */
	if (nulls[Anum_wf_flags_kind - 1])
		return false;
	kind = wf_flags_kind_number(wf_flags_text_string(values[Anum_wf_flags_kind - 1]));
	if (kind < 0 || !(kinds & (1 << kind)))
		return false;
	for (int i = 0; i < lengthof(field->attnums) && field->attnums[i]; i++)
	{
		if (says_something(field->attnums[i], TupleDescAttr(desc, field->attnums[i] - 1)->atttypid, values, nulls))
			return false;
	}
	return true;
}

static bool
says_something(int attnum, Oid type, const Datum *values, const bool *nulls)
{
	Datum		value = values[attnum - 1];
	char	   *string;

	if (nulls[attnum - 1])
		return false;
	switch (type)
	{
		case TEXTOID:
			string = TextDatumGetCString(value);
			return string[strspn(string, " \t\r\n")] != '\0';
		case JSONBOID:
			return JB_ROOT_COUNT(DatumGetJsonbP(value)) > 0;
		case TEXTARRAYOID:
			return ARR_NDIM(DatumGetArrayTypeP(value)) > 0;
		default:
			return true;
	}
}
