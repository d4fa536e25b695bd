/*
 * dialect_flagsmith_identity.c: overrides of single identities.  Pure.
 *
 * In an environment document they stand by themselves.  The engine knows
 * segments only: identities whose overrides are the same become one, which
 * goes before all others.  As in Flagsmith's SDK for Node, the keys of the
 * states, by which variants are split, make no difference there: those of the
 * first identity count.
 */
#include "common/compat.h"

#include "utils/fmgrprotos.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"
#include "flags/json.h"

/* Of segments made of identities' overrides. */
#define IDENTITY_SEGMENT "identity_overrides"

/* An identity, and what is overridden for it. */
typedef struct Identity
{
	WfString	identifier;
	Jsonb	   *overrides;		/* by name, as they stand in a segment */
	Jsonb	   *compared;		/* the same, but for their keys */
	int			order;
} Identity;

static bool read_identity(JsonbValue *value, const char *path, WfFault *fault, Identity *identity);
static Jsonb *with_text(Jsonb *object, const char *name, const char *text);
static int	compare_identities(const void *a, const void *b);
static bool same_overrides(const Identity *a, const Identity *b);
static void push_identity_segment(JsonbParseState **state, int number, const Identity *identities, int count);

/* Adds the segments that the identities of an environment document become. */
bool
wf_flags_flagsmith_push_identities(JsonbParseState **state, JsonbContainer *environment, WfFault *fault)
{
	JsonbContainer *array;
	Identity   *identities;
	int			length;
	int			count = 0;
	int			number = 0;

	if (!wf_flags_flagsmith_array(environment, "identity_overrides", "$", fault, &array, &length))
		return false;
	identities = palloc(sizeof(Identity) * Max(length, 1));
	for (int i = 0; i < length; i++)
	{
		JsonbValue	value;

		wf_flags_document_element(array, i, &value);
		identities[count].order = i;
		if (!read_identity(&value, psprintf("$.identity_overrides[%d]", i), fault, &identities[count]))
			return false;
		if (identities[count].overrides)
			count++;
	}
	qsort(identities, count, sizeof(Identity), compare_identities);
	for (int first = 0, next; first < count; first = next)
	{
		for (next = first + 1; next < count && same_overrides(&identities[first], &identities[next]);)
			next++;
		push_identity_segment(state, ++number, identities + first, next - first);
	}
	return true;
}

/* An identity's overrides by name; NULL where there are none. */
static bool
read_identity(JsonbValue *value, const char *path, WfFault *fault, Identity *identity)
{
	JsonbContainer *object;
	JsonbContainer *array;
	JsonbContainer *feature_state;
	JsonbParseState *overrides = NULL;
	JsonbParseState *compared = NULL;
	WfString	name;
	WfValue		identifier;
	int			length;

	identity->overrides = NULL;
	if (!wf_flags_document_object(value, path, fault, &object) ||
		!wf_flags_flagsmith_array(object, "identity_features", path, fault, &array, &length))
		return false;
	if (length == 0)
		return true;
	if (!wf_flags_flagsmith_member(object, "identifier", &identifier))
		return wf_flags_document_fault(fault, path, "expected \"identifier\"");
	identity->identifier = wf_flags_python_string(&identifier);

	/* An object keeps its members in one order, whatever they came in. */
	wf_flags_json_begin(&overrides);
	wf_flags_json_begin(&compared);
	for (int i = 0; i < length; i++)
	{
		const char *place = psprintf("%s.identity_features[%d]", path, i);
		Jsonb	   *feature;

		if (!wf_flags_flagsmith_element(array, i, place, fault, &feature_state) ||
			(feature = wf_flags_flagsmith_read_state(feature_state, place, fault, &name)) == NULL)
			return false;
		feature = with_text(feature, "priority", "-INF");
		wf_flags_json_document(&overrides, name.data, feature);
		wf_flags_json_document(&compared, name.data, with_text(feature, "key", ""));
	}
	identity->overrides = wf_flags_json_end(&overrides);
	identity->compared = wf_flags_json_end(&compared);
	return true;
}

static Jsonb *
with_text(Jsonb *object, const char *name, const char *text)
{
	JsonbParseState *state = NULL;

	wf_flags_json_begin(&state);
	wf_flags_json_text(&state, name, text);
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(object),
											  JsonbPGetDatum(wf_flags_json_end(&state))));
}

/* Equal overrides side by side, the first identity first; else in any order. */
static int
compare_identities(const void *a, const void *b)
{
	const Identity *x = a;
	const Identity *y = b;
	int			order;

	if (VARSIZE(x->compared) != VARSIZE(y->compared))
		return VARSIZE(x->compared) < VARSIZE(y->compared) ? -1 : 1;
	order = memcmp(x->compared, y->compared, VARSIZE(x->compared));
	return order ? order : x->order - y->order;
}

static bool
same_overrides(const Identity *a, const Identity *b)
{
	return VARSIZE(a->compared) == VARSIZE(b->compared) &&
		memcmp(a->compared, b->compared, VARSIZE(a->compared)) == 0;
}

static void
push_identity_segment(JsonbParseState **state, int number, const Identity *identities, int count)
{
	JsonbIterator *it = JsonbIteratorInit(&identities[0].overrides->root);
	JsonbIteratorToken token;
	JsonbValue	value;

	wf_flags_json_key(state, psprintf("%s_%d", IDENTITY_SEGMENT, number));
	wf_flags_json_begin(state);
	wf_flags_json_text(state, "key", "");
	wf_flags_json_text(state, "name", IDENTITY_SEGMENT);
	wf_flags_json_open_array(state, "rules");
	wf_flags_json_begin(state);
	wf_flags_json_text(state, "type", "ALL");
	wf_flags_json_open_array(state, "conditions");
	wf_flags_json_begin(state);
	wf_flags_json_text(state, "property", "$.identity.identifier");
	wf_flags_json_text(state, "operator", "IN");
	wf_flags_json_open_array(state, "value");
	for (int i = 0; i < count; i++)
		wf_flags_json_string(state, NULL, identities[i].identifier);
	wf_flags_json_close_array(state);
	wf_flags_json_close_object(state);
	wf_flags_json_close_array(state);
	wf_flags_json_close_object(state);
	wf_flags_json_close_array(state);

	wf_flags_json_open_array(state, "overrides");
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_VALUE)
			(void) pushJsonbValue(state, WJB_ELEM, &value);
	}
	wf_flags_json_close_array(state);
	wf_flags_json_key(state, "metadata");
	wf_flags_json_begin(state);
	wf_flags_json_text(state, "source", "identity_override");
	wf_flags_json_close_object(state);
	wf_flags_json_close_object(state);
}
