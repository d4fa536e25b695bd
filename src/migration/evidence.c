/*
 * evidence.c: the evidence of a finding, and that as jsonb.
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

/* Evidence that is kept; key is NULL where it is the policy's section alone. */
typedef struct KnownEvidence
{
	char	   *key;
	char	   *text;
	Datum		evidence;		/* 0: none yet */
} KnownEvidence;

static WfNote *new_note(const char *key, WfNoteType type);
static WfNote *add_note(WfFinding *finding, const char *key, WfNoteType type);
static List *copy_notes(List *notes);
static List *copy_strings(List *strings);
static Datum jsonb_of(const WfNote *first, List *notes);
static void object_of(const WfNote *first, List *notes, JsonbValue *object);
static void put_pair(JsonbValue *object, const WfNote *note);
static void value_of(const WfNote *note, JsonbValue *value);
static Numeric numeric_of(double number);
static void text_of(const char *text, JsonbValue *value);

static WfNote *
new_note(const char *key, WfNoteType type)
{
	WfNote	   *note = palloc0(sizeof(WfNote));

	note->key = key;
	note->type = type;
	return note;
}

static WfNote *
add_note(WfFinding *finding, const char *key, WfNoteType type)
{
	WfNote	   *note = new_note(key, type);

	finding->evidence = lappend(finding->evidence, note);
	return note;
}

/* Evidence; key and text must live as long as the finding. */
void
wf_finding_note_text(WfFinding *finding, const char *key, const char *text)
{
	add_note(finding, key, WF_NOTE_TEXT)->text = text;
}

void
wf_finding_note_number(WfFinding *finding, const char *key, double number)
{
	add_note(finding, key, WF_NOTE_NUMBER)->number = number;
}

void
wf_finding_note_boolean(WfFinding *finding, const char *key, bool value)
{
	add_note(finding, key, WF_NOTE_BOOLEAN)->boolean = value;
}

/* The same as members of an object. */
WfNote *
wf_note_of_text(const char *key, const char *text)
{
	WfNote	   *note = new_note(key, WF_NOTE_TEXT);

	note->text = text;
	return note;
}

WfNote *
wf_note_of_number(const char *key, double number)
{
	WfNote	   *note = new_note(key, WF_NOTE_NUMBER);

	note->number = number;
	return note;
}

/* list is one of char *. */
void
wf_finding_note_list(WfFinding *finding, const char *key, List *list)
{
	add_note(finding, key, WF_NOTE_LIST)->list = list;
}

/* A copy in CurrentMemoryContext, for a finding that outlives its statement. */
WfFinding *
wf_finding_copy(const WfFinding *finding)
{
	WfFinding  *copy = palloc(sizeof(WfFinding));

	*copy = *finding;
	copy->object = finding->object ? pstrdup(finding->object) : NULL;
	copy->message = pstrdup(finding->message);
	copy->hint = finding->hint ? pstrdup(finding->hint) : NULL;
	copy->safe_sql = finding->safe_sql ? pstrdup(finding->safe_sql) : NULL;
	copy->evidence = NIL;
	copy->evidence = copy_notes(finding->evidence);
	copy->deferral_columns = copy_strings(finding->deferral_columns);
	if (finding->relation)
	{
		copy->relation = palloc(sizeof(WfRelation));
		*copy->relation = *finding->relation;
		copy->relation->name = pstrdup(finding->relation->name);
		if (finding->relation->schema)
			copy->relation->schema = pstrdup(finding->relation->schema);
	}
	return copy;
}

static List *
copy_notes(List *notes)
{
	List	   *copy = NIL;
	ListCell   *lc;

	foreach(lc, notes)
	{
		const WfNote *note = lfirst(lc);
		WfNote	   *note_copy = palloc(sizeof(WfNote));

		*note_copy = *note;
		note_copy->text = note->text ? pstrdup(note->text) : NULL;
		note_copy->list = note->type == WF_NOTE_OBJECT ? copy_notes(note->list) : copy_strings(note->list);
		copy = lappend(copy, note_copy);
	}
	return copy;
}

static List *
copy_strings(List *strings)
{
	List	   *copy = NIL;
	ListCell   *lc;

	foreach(lc, strings)
		copy = lappend(copy, pstrdup(lfirst(lc)));
	return copy;
}

/*
 * The evidence as a jsonb object, with the section of the policy; not to be
 * changed.  A rule has mostly the same to say, or nothing: what it says first,
 * where that is a text at most, is made once a session.
 */
Datum
wf_finding_evidence(WfFinding *finding)
{
	static KnownEvidence *known;	/* by rule */
	WfNote		policy = {.key = "policy", .type = WF_NOTE_TEXT, .text = finding->rule->policy};
	WfNote	   *note = finding->evidence != NIL ? linitial(finding->evidence) : NULL;
	KnownEvidence *first;

	if (note && (list_length(finding->evidence) > 1 || note->type != WF_NOTE_TEXT))
		return jsonb_of(&policy, finding->evidence);
	if (known == NULL)
		known = MemoryContextAllocZero(TopMemoryContext, wf_migration_rule_count * sizeof(KnownEvidence));
	first = &known[finding->rule - wf_migration_rules];
	if (first->evidence == (Datum) 0)
	{
		Datum		made = jsonb_of(&policy, finding->evidence);
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		first->key = note ? pstrdup(note->key) : NULL;
		first->text = note ? pstrdup(note->text) : NULL;
		first->evidence = datumCopy(made, false, -1);
		MemoryContextSwitchTo(old);
	}
	else if (note ? first->key == NULL || strcmp(first->key, note->key) != 0 || strcmp(first->text, note->text) != 0 :
			 first->key != NULL)
		return jsonb_of(&policy, finding->evidence);
	return first->evidence;
}

/* Notes as a jsonb object. */
Datum
wf_notes_jsonb(List *notes)
{
	return jsonb_of(NULL, notes);
}

static Datum
jsonb_of(const WfNote *first, List *notes)
{
	JsonbValue	object;

	object_of(first, notes, &object);
	return JsonbPGetDatum(JsonbValueToJsonb(&object));
}

/*
 * The object is made as jsonb wants it, with its keys in order: there are few,
 * and pushing each as a parser does costs several times as much.  first may be NULL.
 */
static void
object_of(const WfNote *first, List *notes, JsonbValue *object)
{
	ListCell   *lc;

	object->type = jbvObject;
	object->val.object.nPairs = 0;
	object->val.object.pairs = palloc((list_length(notes) + 1) * sizeof(JsonbPair));
	if (first)
		put_pair(object, first);
	foreach(lc, notes)
		put_pair(object, lfirst(lc));
}

/* Adds a key at its place, shorter ones first; of two that are the same the last stays. */
static void
put_pair(JsonbValue *object, const WfNote *note)
{
	JsonbPair  *pairs = object->val.object.pairs;
	int			place = object->val.object.nPairs;
	JsonbValue	key;
	int			order = 1;

	text_of(note->key, &key);
	for (; place > 0; place--)
	{
		JsonbValue *before = &pairs[place - 1].key;

		order = key.val.string.len - before->val.string.len;
		if (order == 0)
			order = memcmp(key.val.string.val, before->val.string.val, key.val.string.len);
		if (order >= 0)
			break;
	}
	if (place > 0 && order == 0)
		place--;
	else
	{
		memmove(&pairs[place + 1], &pairs[place], (object->val.object.nPairs - place) * sizeof(JsonbPair));
		object->val.object.nPairs++;
		pairs[place].key = key;
	}
	value_of(note, &pairs[place].value);
}

static void
value_of(const WfNote *note, JsonbValue *value)
{
	switch (note->type)
	{
		case WF_NOTE_TEXT:
			text_of(note->text, value);
			break;
		case WF_NOTE_NUMBER:
			value->type = jbvNumeric;
			value->val.numeric = numeric_of(note->number);
			break;
		case WF_NOTE_BOOLEAN:
			value->type = jbvBool;
			value->val.boolean = note->boolean;
			break;
		case WF_NOTE_LIST:
			value->type = jbvArray;
			value->val.array.nElems = list_length(note->list);
			value->val.array.rawScalar = false;
			value->val.array.elems = palloc(list_length(note->list) * sizeof(JsonbValue));
			for (int i = 0; i < list_length(note->list); i++)
				text_of(list_nth(note->list, i), &value->val.array.elems[i]);
			break;
		case WF_NOTE_OBJECT:
			object_of(NULL, note->list, value);
			break;
	}
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
text_of(const char *text, JsonbValue *value)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = strlen(text);
}
