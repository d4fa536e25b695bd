/*
 * notify.c: telling the listeners of channel wishflags what has changed.
 *
 * A transaction sends one notification, when it commits: {"flags":
 * ["checkout"], "segments": ["staff"]}.  "more" is true where the lists are
 * not complete, as a payload is of 8000 bytes at most.
 *
 * One that is prepared sends none, as PostgreSQL could not keep it; whoever
 * uses two-phase commit asks changes_since() from time to time.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/async.h"
#include "lib/stringinfo.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "flags/notify.h"
#include "flags/row.h"

#define CHANNEL "wishflags"

/* As much as fits the payload, with room for the last key and what ends it. */
#define PAYLOAD_MAX 6500

/* More keys than this would not fit, however short they are. */
#define KEYS_MAX 1000

/* Something that the transaction has changed. */
typedef struct Change
{
	WfNotifyKind kind;
	char	   *key;			/* NULL: all there were */
	SubTransactionId subtransaction;
} Change;

static bool notify = true;
static List *changes = NIL;		/* of Change, in TopTransactionContext */

static void note(WfNotifyKind kind, const char *key);
static void on_transaction(XactEvent event, void *arg);
static void on_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg);
static char *payload(void);
static bool write_keys(StringInfo text, WfNotifyKind kind);

void
wf_flags_notify_init(void)
{
	DefineCustomBoolVariable("wishflags.notify",
							 "Whether a change of flags notifies the listeners of channel wishflags.",
							 "A transaction that is prepared for two-phase commit never does.",
							 &notify, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
}

/*
 * Notes what a trigger is told has changed; key and created_at are column
 * numbers.  What is restored is no change.
 */
void
wf_flags_notify(TriggerData *data, WfNotifyKind kind, int key, int created_at)
{
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(data->tg_relation);
	bool		isnull;

	if (!notify)
		return;
	if (!TRIGGER_FIRED_FOR_ROW(data->tg_event))
		note(kind, NULL);
	else if (!TRIGGER_FIRED_BY_INSERT(data->tg_event) || !wf_flags_made_before(heap_getattr(row, created_at, desc, &isnull)))
	{
		WfString	name = wf_flags_text_string(heap_getattr(row, key, desc, &isnull));

		note(kind, pnstrdup(name.data, name.len));
	}
}

/* Adds a change, if it is not the same as one before. */
static void
note(WfNotifyKind kind, const char *key)
{
	MemoryContext old;
	Change	   *change;
	ListCell   *lc;

	foreach(lc, changes)
	{
		change = lfirst(lc);
		if (change->kind == kind && (change->key && key ? strcmp(change->key, key) == 0 : change->key == key))
			return;
	}
	if (list_length(changes) > KEYS_MAX)
		return;
	old = MemoryContextSwitchTo(TopTransactionContext);
	change = palloc(sizeof(Change));
	change->kind = kind;
	change->key = key ? pstrdup(key) : NULL;
	change->subtransaction = GetCurrentSubTransactionId();
	changes = lappend(changes, change);
	MemoryContextSwitchTo(old);
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		return;
	if (event == XACT_EVENT_PRE_COMMIT && changes != NIL)
		Async_Notify(CHANNEL, payload());
	changes = NIL;
}

/*
 * What is taken back was no change.  As numbers of subtransactions grow, those
 * from the one that ends on were inside of it.
 */
static void
on_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	ListCell   *lc;

	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach(lc, changes)
	{
		if (((Change *) lfirst(lc))->subtransaction >= id)
			changes = foreach_delete_current(changes, lc);
	}
}

static char *
payload(void)
{
	StringInfoData text;
	bool		complete = list_length(changes) <= KEYS_MAX;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int kind = 0; kind < WF_NOTIFY_KINDS; kind++)
		complete &= write_keys(&text, kind);
	if (!complete)
		appendStringInfo(&text, "%s\"more\": true", text.len > 1 ? ", " : "");
	appendStringInfoChar(&text, '}');
	return text.data;
}

/* The member of a kind, where it has any; false: not all of it was written. */
static bool
write_keys(StringInfo text, WfNotifyKind kind)
{
	static const char *const names[] = {
		[WF_NOTIFY_FLAG] = "flags",[WF_NOTIFY_SEGMENT] = "segments",[WF_NOTIFY_DOCUMENT] = "documents"
	};
	int			nkeys = 0;
	bool		complete = true;
	ListCell   *lc;

	foreach(lc, changes)
	{
		Change	   *change = lfirst(lc);

		if (change->kind != kind)
			continue;
		if (change->key == NULL || text->len > PAYLOAD_MAX)
		{
			complete = false;
			continue;
		}
		if (nkeys++ == 0)
			appendStringInfo(text, "%s\"%s\": [", text->len > 1 ? ", " : "", names[kind]);
		else
			appendStringInfoString(text, ", ");
		escape_json(text, change->key);
	}
	if (nkeys > 0)
		appendStringInfoChar(text, ']');
	return complete;
}
