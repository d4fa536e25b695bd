/*
 * registry_json_compat.c: the rules by which Confluent's registry judges the
 * change of a JSON Schema: does what was valid stay valid?
 *
 * Source: Confluent's documentation "Schema Evolution and Compatibility" and
 * the published names of the differences.  Only those that are not compatible
 * are noted.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/jsonb_access.h"
#include "schema/registry_jsonschema.h"

static bool compare_combination(WfCompat *compat, WfPart *old, WfPart *update);
static void compare_combined(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static bool criterion_fits(WfPart *old, WfPart *update);
static int	match(WfCompat *compat, WfPart *old, WfPart *update);
static bool find_partner(bool *fits, int nold, int nupdate, int from, int *partner, bool *tried);
static void compare_enums(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static bool holds_all(JsonbValue *array, JsonbValue *other);
static char *json_text(JsonbValue *value);
static void compare_not(WfCompat *compat, WfPart *old, WfPart *update, const char *path);
static WfPart *taken_apart(WfPart *part);

/* Notes what valid under writer is invalid under reader. */
void
wf_schema_json_compare(WfCompat *compat, void *writer, void *reader)
{
	wf_schema_json_compare_parts(compat, writer, reader, "#");
}

void
wf_schema_json_compare_parts(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	old = taken_apart(old);
	update = taken_apart(update);
	if (compare_combination(compat, old, update))
		return;
	if (old->kind != update->kind)
	{
		if (old->kind != WF_PART_NOTHING && update->kind != WF_PART_ANY)
			wf_schema_compat_note(compat, "TYPE_CHANGED", path, "what is asked has another type");
		return;
	}
	switch (old->kind)
	{
		case WF_PART_NUMBER:
			if (update->integer && !old->integer)
				wf_schema_compat_note(compat, "TYPE_NARROWED", path, "a number must be an integer now");
			/* FALLTHROUGH */
		case WF_PART_STRING:
			wf_schema_json_compare_limits(compat, old, update, path);
			break;
		case WF_PART_OBJECT:
			if (!wf_schema_compat_seen(compat, old->body->val.binary.data, update->body->val.binary.data))
				wf_schema_json_compare_objects(compat, old, update, path);
			break;
		case WF_PART_ARRAY:
			if (!wf_schema_compat_seen(compat, old->body->val.binary.data, update->body->val.binary.data))
				wf_schema_json_compare_arrays(compat, old, update, path);
			break;
		case WF_PART_ENUM:
			compare_enums(compat, old, update, path);
			break;
		case WF_PART_CONST:
			if (strcmp(json_text(wf_schema_jsonb_get(old->body, "const")),
					   json_text(wf_schema_jsonb_get(update->body, "const"))) != 0)
				wf_schema_compat_note(compat, "TYPE_CHANGED", psprintf("%s/const", path), "another constant is asked");
			break;
		case WF_PART_NOT:
			compare_not(compat, old, update, path);
			break;
		case WF_PART_COMBINED:
			compare_combined(compat, old, update, path);
			break;
		default:
			break;
	}
}

/* Does what is valid under old stay valid?  Nothing is noted. */
bool
wf_schema_json_fits(WfCompat *compat, WfPart *old, WfPart *update)
{
	WfCompat	trial = {NIL, list_copy(compat->pairs)};

	wf_schema_json_compare_parts(&trial, old, update, "");
	list_free(trial.pairs);
	return trial.found == NIL;
}

/* A combination of one is that one, and a choice may be added around a schema. */
static bool
compare_combination(WfCompat *compat, WfPart *old, WfPart *update)
{
	ListCell   *lc;

	if (old->kind != WF_PART_COMBINED && update->kind == WF_PART_COMBINED
		&& (list_length(update->parts) == 1 || update->criterion != WF_ALL_OF))
	{
		foreach(lc, update->parts)
		{
			if (wf_schema_json_fits(compat, old, lfirst(lc)))
				return true;
		}
	}
	if (old->kind == WF_PART_COMBINED && update->kind != WF_PART_COMBINED && list_length(old->parts) == 1)
		return wf_schema_json_fits(compat, linitial(old->parts), update);
	return false;
}

/*
 * Each part of the smaller combination needs a partner in the other; more
 * alternatives, or fewer demands, are no harm.
 */
static void
compare_combined(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	int			nold = list_length(old->parts);
	int			nupdate = list_length(update->parts);

	if (!criterion_fits(old, update))
	{
		wf_schema_compat_note(compat, "COMBINED_TYPE_CHANGED", path, "schemas are combined in another way");
		return;
	}
	if (nold < nupdate && update->criterion == WF_ALL_OF)
		wf_schema_compat_note(compat, "PRODUCT_TYPE_EXTENDED", path, "more schemas must be met at once");
	else if (nold > nupdate && update->criterion != WF_ALL_OF)
		wf_schema_compat_note(compat, "SUM_TYPE_NARROWED", path, "there are fewer schemas to choose from");

	/*
	 * Of the same number, what is wrong with the one that lies in place says
	 * more.
	 */
	if (match(compat, old, update) < Min(nold, nupdate))
	{
		int			before = list_length(compat->found);

		for (int i = 0; nold == nupdate && i < nold; i++)
		{
			if (!wf_schema_json_fits(compat, list_nth(old->parts, i), list_nth(update->parts, i)))
				wf_schema_json_compare_parts(compat, list_nth(old->parts, i), list_nth(update->parts, i),
											 psprintf("%s/%d", path, i));
		}
		if (list_length(compat->found) == before)
			wf_schema_compat_note(compat, "COMBINED_TYPE_SUBSCHEMAS_CHANGED", path,
								  "the combined schemas do not fit those before");
	}
}

static bool
criterion_fits(WfPart *old, WfPart *update)
{
	if (old->criterion == update->criterion || update->criterion == WF_ANY_OF)
		return true;
	if (list_length(old->parts) != 1)
		return false;
	return update->criterion == WF_ONE_OF || list_length(update->parts) == 1;
}

/* How many parts find a partner of their own: a greatest matching of a bipartite graph. */
static int
match(WfCompat *compat, WfPart *old, WfPart *update)
{
	int			nold = list_length(old->parts);
	int			nupdate = list_length(update->parts);
	bool	   *fits = palloc0(nold * nupdate * sizeof(bool));
	int		   *partner = palloc(nupdate * sizeof(int));
	int			matched = 0;

	for (int i = 0; i < nold; i++)
	{
		for (int j = 0; j < nupdate; j++)
			fits[i * nupdate + j] = wf_schema_json_fits(compat, list_nth(old->parts, i), list_nth(update->parts, j));
	}
	for (int j = 0; j < nupdate; j++)
		partner[j] = -1;
	for (int i = 0; i < nold; i++)
	{
		bool	   *tried = palloc0(nupdate * sizeof(bool));

		if (find_partner(fits, nold, nupdate, i, partner, tried))
			matched++;
	}
	return matched;
}

static bool
find_partner(bool *fits, int nold, int nupdate, int from, int *partner, bool *tried)
{
	check_stack_depth();
	for (int j = 0; j < nupdate; j++)
	{
		if (!fits[from * nupdate + j] || tried[j])
			continue;
		tried[j] = true;
		if (partner[j] < 0 || find_partner(fits, nold, nupdate, partner[j], partner, tried))
		{
			partner[j] = from;
			return true;
		}
	}
	return false;
}

static void
compare_enums(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	JsonbValue *before = wf_schema_jsonb_get(old->body, "enum");
	JsonbValue *after = wf_schema_jsonb_get(update->body, "enum");

	if (holds_all(after, before))
		return;
	wf_schema_compat_note(compat, holds_all(before, after) ? "ENUM_ARRAY_NARROWED" : "ENUM_ARRAY_CHANGED",
						  psprintf("%s/enum", path), "values that were allowed are not any more");
}

static bool
holds_all(JsonbValue *array, JsonbValue *other)
{
	ListCell   *lc;
	ListCell   *element;

	foreach(lc, wf_schema_jsonb_elements(other))
	{
		char	   *wanted = json_text(lfirst(lc));
		bool		found = false;

		foreach(element, wf_schema_jsonb_elements(array))
			found = found || strcmp(json_text(lfirst(element)), wanted) == 0;
		if (!found)
			return false;
	}
	return true;
}

static char *
json_text(JsonbValue *value)
{
	Jsonb	   *jsonb = JsonbValueToJsonb(value);

	return JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
}

/* What must not be met may become less. */
static void
compare_not(WfCompat *compat, WfPart *old, WfPart *update, const char *path)
{
	WfPart	   *before = wf_schema_json_part(wf_schema_jsonb_get(old->body, "not"), old->root);
	WfPart	   *after = wf_schema_json_part(wf_schema_jsonb_get(update->body, "not"), update->root);

	if (!wf_schema_json_fits(compat, after, before))
		wf_schema_compat_note(compat, "NOT_TYPE_EXTENDED", psprintf("%s/not", path), "more is forbidden");
}

static WfPart *
taken_apart(WfPart *part)
{
	return part->kind == WF_PART_UNREAD ? wf_schema_json_part(part->body, part->root) : part;
}
