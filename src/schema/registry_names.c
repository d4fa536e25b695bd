/*
 * registry_names.c: names as Avro and Protobuf take them, adjusted as Debezium
 * does it.
 *
 * "avro": a character that is no ASCII letter, digit or underscore becomes an
 * underscore; a leading digit gets one in front.  "avro_unicode": such a
 * character, and the underscore itself, becomes _u and its four-digit UTF-16
 * code, so that different names stay different.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"

#include "schema/names.h"
#include "schema/registry.h"

static bool is_letter(pg_wchar c);
static void append_unicode(StringInfo buf, pg_wchar c);

/* A valid name for this one; with dots, a full name of several parts. */
const char *
wf_schema_registry_adjust(const char *name, bool dots, WfRegistryOptions *options)
{
	bool		unicode = strcmp(options->name_adjustment, "avro_unicode") == 0;
	StringInfoData buf;
	const char *utf8 = (const char *) pg_do_encoding_conversion((unsigned char *) unconstify(char *, name),
																strlen(name), GetDatabaseEncoding(), PG_UTF8);
	bool		first = true;

	initStringInfo(&buf);
	while (*utf8)
	{
		pg_wchar	c = utf8_to_unicode((const unsigned char *) utf8);
		bool		digit = c >= '0' && c <= '9';

		utf8 += pg_utf_mblen((const unsigned char *) utf8);
		if (is_letter(c) || (c == '_' && !unicode) || (digit && !first) || (c == '.' && dots))
			appendStringInfoChar(&buf, (char) c);
		else if (unicode)
			append_unicode(&buf, c);
		else
		{
			appendStringInfoChar(&buf, '_');
			if (digit)
				appendStringInfoChar(&buf, (char) c);
		}
		first = c == '.' && dots;
	}
	return buf.data;
}

static bool
is_letter(pg_wchar c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* As Java has characters: one past the first plane is two. */
static void
append_unicode(StringInfo buf, pg_wchar c)
{
	if (c >= 0x10000)
	{
		appendStringInfo(buf, "_u%04x", (unsigned) (0xD800 + ((c - 0x10000) >> 10)));
		c = 0xDC00 + ((c - 0x10000) & 0x3FF);
	}
	appendStringInfo(buf, "_u%04x", (unsigned) c);
}

/*
 * Raises duplicate_column where two columns of a record have one name after
 * the adjustment.
 */
void
wf_schema_registry_check_fields(List *fields, const char *record)
{
	wf_names_hash *seen = wf_names_create(CurrentMemoryContext, list_length(fields), NULL);
	ListCell   *lc;

	foreach(lc, fields)
	{
		WfField    *field = lfirst(lc);
		bool		found;
		WfNameEntry *entry = wf_names_insert(seen, field->name, &found);

		if (found)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("columns \"%s\" and \"%s\" of \"%s\" are both called \"%s\" in a schema",
							(char *) linitial(entry->list), field->column, record, field->name),
					 errhint("Keep them apart by the option '{\"name_adjustment\": \"avro_unicode\"}'.")));
		entry->list = list_make1(unconstify(char *, field->column));
	}
}
