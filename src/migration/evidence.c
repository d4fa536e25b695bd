/*
 * evidence.c: the evidence of a finding as jsonb.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "migration/check.h"
#include "migration/finding.h"

static JsonbValue *push_notes(JsonbParseState **state, List *notes);
static Numeric numeric_of(double number);
static void push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text);

/*
 * The evidence as a jsonb object, with the section of the policy; not to be
 * changed.  That of a finding that has no more to say is made once a session.
 */
Datum
wf_finding_evidence(WfFinding *finding)
{
	static Datum *plain;		/* by rule; 0: not made yet */
	WfNote		policy = {.key = "policy", .type = WF_NOTE_TEXT, .text = finding->rule->policy};
	Datum	   *known;

	if (finding->evidence != NIL)
		return wf_notes_jsonb(lcons(&policy, list_copy(finding->evidence)));
	if (plain == NULL)
		plain = MemoryContextAllocZero(TopMemoryContext, wf_migration_rule_count * sizeof(Datum));
	known = &plain[finding->rule - wf_migration_rules];
	if (*known == (Datum) 0)
	{
		Datum		made = wf_notes_jsonb(list_make1(&policy));
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		*known = datumCopy(made, false, -1);
		MemoryContextSwitchTo(old);
	}
	return *known;
}

/* Notes as a jsonb object. */
Datum
wf_notes_jsonb(List *notes)
{
	JsonbParseState *state = NULL;

	return JsonbPGetDatum(JsonbValueToJsonb(push_notes(&state, notes)));
}

static JsonbValue *
push_notes(JsonbParseState **state, List *notes)
{
	JsonbValue	value;
	ListCell   *lc;

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, notes)
	{
		WfNote	   *note = lfirst(lc);
		ListCell   *lc2;

		push_text(state, WJB_KEY, note->key);
		switch (note->type)
		{
			case WF_NOTE_TEXT:
				push_text(state, WJB_VALUE, note->text);
				break;
			case WF_NOTE_NUMBER:
				value.type = jbvNumeric;
				value.val.numeric = numeric_of(note->number);
				pushJsonbValue(state, WJB_VALUE, &value);
				break;
			case WF_NOTE_BOOLEAN:
				value.type = jbvBool;
				value.val.boolean = note->boolean;
				pushJsonbValue(state, WJB_VALUE, &value);
				break;
			case WF_NOTE_LIST:
				pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
				foreach(lc2, note->list)
					push_text(state, WJB_ELEM, lfirst(lc2));
				pushJsonbValue(state, WJB_END_ARRAY, NULL);
				break;
			case WF_NOTE_OBJECT:
				(void) push_notes(state, note->list);
				break;
		}
	}
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Numbers of rows and bytes are whole; others tell three digits after the point. */
static Numeric
numeric_of(double number)
{
	Datum		value;

	if (number == rint(number))
		return int64_to_numeric((int64) number);
	value = DirectFunctionCall2(numeric_round, DirectFunctionCall1(float8_numeric, Float8GetDatum(number)), Int32GetDatum(3));
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, value));
}

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, const char *text)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) text;
	value.val.string.len = strlen(text);
	pushJsonbValue(state, token, &value);
}
