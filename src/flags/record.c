/*
 * record.c: what a flag's row says beside its evaluation: kind, owner,
 * documentation, tags, expiry, archive.
 *
 * A column is looked at when it is given or changed: a role that owned a flag
 * may have been dropped since, and the flag has to be changed all the same.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "flags/record.h"
#include "flags/row.h"
#include "flags/tables.h"

/* Longest tag, in bytes. */
#define TAG_MAX 63

/* A column that takes one of a few words. */
typedef struct WordColumn
{
	int			attnum;
	const char *name;
	const char *const *words;	/* end with NULL */
} WordColumn;

static const char *const kinds[] = {"release", "experiment", "operational", "kill-switch", "permission", NULL};
static const char *const on_expiry[] = {"warn", "disable", "freeze", "extend", NULL};

static const WordColumn word_columns[] = {
	{Anum_wf_flags_kind, "kind", kinds},
	{Anum_wf_flags_on_expiry, "on_expiry", on_expiry},
};

static void check_closed(const WfTriggerRow *row, bool changes_evaluation);
static bool expires_by(const Datum *values, const bool *nulls, const char *word);
static void check_word(const WfTriggerRow *row, const WordColumn *column);
static void check_email(const WfTriggerRow *row);
static void check_role(const WfTriggerRow *row);
static void check_url(const WfTriggerRow *row);
static void check_notes(const WfTriggerRow *row);
static void check_tags(const WfTriggerRow *row);
static void check_cache_ttl(const WfTriggerRow *row);
pg_noreturn static void refuse(const WfTriggerRow *row, const char *column, const char *expected);

/*
 * Refuses a row of flags whose record is not what it should be, and a change
 * of an archived or frozen flag.  What is restored may be closed and may have
 * an owner who is no more.
 */
void
wf_flags_check_record(const WfTriggerRow *row, bool changes_evaluation)
{
	if (TRIGGER_FIRED_BY_UPDATE(row->data->tg_event))
		check_closed(row, changes_evaluation);
	for (int i = 0; i < lengthof(word_columns); i++)
		check_word(row, &word_columns[i]);
	check_email(row);
	check_role(row);
	check_url(row);
	check_notes(row);
	check_tags(row);
	check_cache_ttl(row);
}

/* The number of a kind of flags, from 0; -1 where there is no such kind. */
int
wf_flags_kind_number(WfString kind)
{
	for (int i = 0; kinds[i]; i++)
	{
		if (wf_flags_strings_equal(kind, wf_flags_string(kinds[i])))
			return i;
	}
	return -1;
}

/*
 * Until when a row's flag is enabled: DT_NOBEGIN where it is not, DT_NOEND
 * where no expiry disables it.
 */
TimestampTz
wf_flags_enabled_until(const Datum *values, const bool *nulls)
{
	if (!DatumGetBool(values[Anum_wf_flags_enabled - 1]) || !nulls[Anum_wf_flags_archived_at - 1])
		return DT_NOBEGIN;
	if (nulls[Anum_wf_flags_expires_at - 1] || !expires_by(values, nulls, "disable"))
		return DT_NOEND;
	return DatumGetTimestampTz(values[Anum_wf_flags_expires_at - 1]);
}

/* Whether a row says that its flag can't be changed. */
WfClosed
wf_flags_closed(const Datum *values, const bool *nulls)
{
	WfClosed	closed = {WF_CLOSED_NOT, 0};

	if (!nulls[Anum_wf_flags_archived_at - 1])
	{
		closed.why = WF_CLOSED_ARCHIVED;
		closed.since = DatumGetTimestampTz(values[Anum_wf_flags_archived_at - 1]);
	}
	else if (!nulls[Anum_wf_flags_expires_at - 1] && expires_by(values, nulls, "freeze"))
	{
		closed.since = DatumGetTimestampTz(values[Anum_wf_flags_expires_at - 1]);
		if (closed.since <= GetCurrentTransactionStartTimestamp())
			closed.why = WF_CLOSED_FROZEN;
	}
	return closed;
}

/* Raises that a flag can't be changed. */
void
wf_flags_report_closed(WfString key, WfClosed closed)
{
	const char *name = pnstrdup(key.data, key.len);

	if (closed.why == WF_CLOSED_ARCHIVED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("flag \"%s\" is archived", name),
				 errdetail("It was archived at %s, and cannot be changed since.", timestamptz_to_str(closed.since)),
				 errhint("Take it back first: SELECT wishflags.flag_unarchive(%s);", quote_literal_cstr(name))));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("flag \"%s\" is frozen", name),
			 errdetail("It expired at %s, and what it answers cannot be changed since.", timestamptz_to_str(closed.since)),
			 errhint("Archive it, or let it live on: SELECT wishflags.flag_expire(%s, now() + '30 days', 'freeze');",
					 quote_literal_cstr(name))));
}

/* A flag that was closed and stays so for the same reason cannot be changed. */
static void
check_closed(const WfTriggerRow *row, bool changes_evaluation)
{
	Datum		values[Natts_wf_flags];
	bool		nulls[Natts_wf_flags];
	bool		changed = changes_evaluation;
	WfClosed	closed;

	wf_flags_deform(row->data->tg_trigtuple, row->desc, Natts_wf_flags, values, nulls);
	closed = wf_flags_closed(values, nulls);
	if (closed.why == WF_CLOSED_NOT || wf_flags_closed(row->values, row->nulls).why != closed.why)
		return;
	for (int i = 1; i <= row->desc->natts && !changed && closed.why == WF_CLOSED_ARCHIVED; i++)
		changed = wf_flags_trigger_changed(row->data, i);
	if (changed)
		wf_flags_report_closed(wf_flags_trigger_text(row, Anum_wf_flags_key), closed);
}

static bool
expires_by(const Datum *values, const bool *nulls, const char *word)
{
	return !nulls[Anum_wf_flags_on_expiry - 1] &&
		wf_flags_strings_equal(wf_flags_text_string(values[Anum_wf_flags_on_expiry - 1]), wf_flags_string(word));
}

/* Whether a column has a value that is new. */
static bool
is_given(const WfTriggerRow *row, int attnum)
{
	return !wf_flags_trigger_null(row, attnum) &&
		(!TRIGGER_FIRED_BY_UPDATE(row->data->tg_event) || wf_flags_trigger_changed(row->data, attnum));
}

static void
check_word(const WfTriggerRow *row, const WordColumn *column)
{
	StringInfoData words;
	WfString	given;

	if (!is_given(row, column->attnum))
		return;
	given = wf_flags_trigger_text(row, column->attnum);
	initStringInfo(&words);
	for (int i = 0; column->words[i]; i++)
	{
		if (wf_flags_strings_equal(given, wf_flags_string(column->words[i])))
			return;
		appendStringInfo(&words, "%s%s", i == 0 ? "one of " : ", ", column->words[i]);
	}
	refuse(row, column->name, words.data);
}

/* One "@" with something on either side: more can only be known by writing to it. */
static void
check_email(const WfTriggerRow *row)
{
	const char *email;
	const char *at;

	if (!is_given(row, Anum_wf_flags_owner_email))
		return;
	email = TextDatumGetCString(row->values[Anum_wf_flags_owner_email - 1]);
	at = strchr(email, '@');
	if (at == NULL || at == email || at[1] == '\0' || strchr(at + 1, '@') || email[strcspn(email, " \t\r\n")] != '\0')
		refuse(row, "owner_email", "an e-mail address, as team@example.com");
}

static void
check_role(const WfTriggerRow *row)
{
	const char *role;

	if (!is_given(row, Anum_wf_flags_owner_role) || wf_flags_trigger_restored(row, Anum_wf_flags_version))
		return;
	role = TextDatumGetCString(row->values[Anum_wf_flags_owner_role - 1]);
	if (!OidIsValid(get_role_oid(role, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" does not exist", role),
				 errhint("Create the role, or name a team that has none in owner_team.")));
}

static void
check_url(const WfTriggerRow *row)
{
	const char *url;

	if (!is_given(row, Anum_wf_flags_documentation_url))
		return;
	url = TextDatumGetCString(row->values[Anum_wf_flags_documentation_url - 1]);
	if ((pg_strncasecmp(url, "https://", 8) != 0 && pg_strncasecmp(url, "http://", 7) != 0) ||
		strstr(url, "://")[3] == '\0' || url[strcspn(url, " \t\r\n\"<>")] != '\0')
		refuse(row, "documentation_url", "an address that begins with https:// or http://");
}

static void
check_notes(const WfTriggerRow *row)
{
	if (is_given(row, Anum_wf_flags_notes) &&
		!JB_ROOT_IS_OBJECT(DatumGetJsonbP(row->values[Anum_wf_flags_notes - 1])))
		refuse(row, "notes", "an object, as {\"rollback\": \"ask the data team\"}");
}

static void
check_tags(const WfTriggerRow *row)
{
	ArrayType  *array;
	Datum	   *tags;
	bool	   *nulls;
	int			ntags;

	if (!is_given(row, Anum_wf_flags_tags))
		return;
	array = DatumGetArrayTypeP(row->values[Anum_wf_flags_tags - 1]);
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &tags, &nulls, &ntags);
	for (int i = 0; i < ntags; i++)
	{
		WfString	tag = nulls[i] ? wf_flags_string("") : wf_flags_text_string(tags[i]);

		if (ARR_NDIM(array) > 1 || tag.len == 0 || tag.len > TAG_MAX)
			refuse(row, "tags", "words of 1 to 63 bytes, as '{checkout,mobile}'");
		for (int j = 0; j < i; j++)
		{
			if (wf_flags_strings_equal(wf_flags_text_string(tags[j]), tag))
				refuse(row, "tags", "each word once");
		}
	}
}

static void
check_cache_ttl(const WfTriggerRow *row)
{
	if (is_given(row, Anum_wf_flags_cache_ttl_seconds) &&
		DatumGetInt32(row->values[Anum_wf_flags_cache_ttl_seconds - 1]) < 0)
		refuse(row, "cache_ttl_seconds", "a number of seconds, 0 for clients that are to keep nothing");
}

static void
refuse(const WfTriggerRow *row, const char *column, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid %s of flag \"%s\"", column, TextDatumGetCString(row->values[Anum_wf_flags_key - 1])),
			 errhint("Give %s.", expected)));
}
