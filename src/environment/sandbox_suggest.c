/*
 * sandbox_suggest.c: columns whose names tell that they should be masked.
 */
#include "common/compat.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "regex/regex.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "environment/sandbox.h"

/* The first row that fits counts. */
static const struct
{
	const char *column;			/* regular expression for its name */
	const char *table;			/* and for its table's; NULL: any */
	bool		date;			/* else of a string type */
	const char *mask;
}			suggestions[] = {
	{"e_?mail", NULL, false, "fake-email"},
	{"phone|mobile|telefax|^fax", NULL, false, "fake-phone"},
	{"passw(or)?d|passwd|pwd|secret|token|api_?key|salt$", NULL, false, "hash"},
	{"ssn|social_?sec|tax_?id|passport|iban|card_?(no|num)|national_?id", NULL, false, "hash"},
	{"(first|last|full|middle|sur|family|given|maiden|user|contact|person|customer|display)_?name", NULL, false, "fake-name"},
	{"^name$", "user|customer|person|people|contact|employee|member|patient|account|client", false, "fake-name"},
	{"street|address|zip_?code|postal", NULL, false, "hash"},
	{"birth|^dob$", NULL, true, "noise"},
};

static const char *suggestion(WfSandboxColumn *column);
static void put_hint(WfSandbox *sandbox, WfSandboxColumn *column, const char *mask);
static bool fits(const char *name, const char *pattern);

/*
 * Masks what looks personal, where the caller asked for it, and else says so:
 * a row a column.  Keys and columns with a mask are left alone.
 */
void
wf_sandbox_suggest(WfSandbox *sandbox)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		foreach(lc2, table->root == table ? table->columns : NIL)
		{
			WfSandboxColumn *column = lfirst(lc2);
			const char *mask = column->rule || column->is_key || column->generated ? NULL : suggestion(column);

			if (!mask)
				continue;
			if (sandbox->suggested)
				wf_sandbox_mask_column(column, mask);
			else
				put_hint(sandbox, column, mask);
		}
	}
}

static const char *
suggestion(WfSandboxColumn *column)
{
	Oid			type = getBaseType(column->type);
	char		category;
	bool		preferred;

	get_type_category_preferred(type, &category, &preferred);
	for (int i = 0; i < lengthof(suggestions); i++)
	{
		if (suggestions[i].date ? type != DATEOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID
			: category != TYPCATEGORY_STRING)
			continue;
		if (fits(column->name, suggestions[i].column) &&
			(!suggestions[i].table || fits(column->table->name, suggestions[i].table)))
			return suggestions[i].mask;
	}
	return NULL;
}

/* The command "wishflags sandbox" shows the comment. */
static void
put_hint(WfSandbox *sandbox, WfSandboxColumn *column, const char *mask)
{
	char	   *name = psprintf("%s.%s", column->table->identity, column->name);

	wf_sandbox_put(sandbox, "hint", name, -1,
				   psprintf("looks personal, and is not masked; \"%s\" would mask it, \"none\" silences this", mask),
				   wf_sandbox_comment(psprintf("Not masked: %s, which looks personal; \"%s\" would mask it.", name, mask)), NULL);
}

static bool
fits(const char *name, const char *pattern)
{
	return DatumGetBool(DirectFunctionCall2Coll(texticregexeq, C_COLLATION_OID,
												CStringGetTextDatum(name), CStringGetTextDatum(pattern)));
}
