/*
 * trigger.h: what the triggers of the flag tables have in common.
 */
#ifndef WF_FLAGS_TRIGGER_H
#define WF_FLAGS_TRIGGER_H

#include "commands/trigger.h"

#include "flags/program.h"

/* Most columns that one of the tables has. */
#define WF_TRIGGER_COLUMNS_MAX 32

/* The new row of a trigger, and which columns it has set. */
typedef struct WfTriggerRow
{
	TriggerData *data;
	TupleDesc	desc;
	HeapTuple	tuple;
	Datum		values[WF_TRIGGER_COLUMNS_MAX];
	bool		nulls[WF_TRIGGER_COLUMNS_MAX];
	bool		set[WF_TRIGGER_COLUMNS_MAX];
} WfTriggerRow;

/* Where a table counts its versions. */
typedef struct WfVersionColumns
{
	int			version;
	int			created_at;
	int			updated_at;
	int			uncounted;		/* whose change is no version, or 0 */
	int			created_by;		/* or 0 */
	int			updated_by;
	int			key;
	const char *kind;			/* of its chains in flag_audit; NULL: none */
} WfVersionColumns;

extern TriggerData *wf_flags_trigger_data(FunctionCallInfo fcinfo, const char *table);
extern void wf_flags_trigger_row(FunctionCallInfo fcinfo, const char *table, WfTriggerRow *row);
extern Datum wf_flags_trigger_result(WfTriggerRow *row);
extern bool wf_flags_trigger_null(const WfTriggerRow *row, int attnum);
extern WfString wf_flags_trigger_text(const WfTriggerRow *row, int attnum);
extern void wf_flags_trigger_set(WfTriggerRow *row, int attnum, Datum value);
extern void wf_flags_trigger_set_null(WfTriggerRow *row, int attnum);
extern bool wf_flags_made_before(Datum created_at);
extern bool wf_flags_trigger_restored(const WfTriggerRow *row, int attnum);
extern bool wf_flags_trigger_changed(TriggerData *data, int attnum);
extern void wf_flags_trigger_number(WfTriggerRow *row, const WfVersionColumns *columns);
extern bool wf_flags_trigger_is_last_key(const FmgrInfo *flinfo, WfString key);
extern void wf_flags_trigger_keep_key(FmgrInfo *flinfo, WfString key);
extern void wf_flags_trigger_signal(const char *signal_name);
extern void wf_flags_trigger_check_key(const char *what, WfString key);

#endif							/* WF_FLAGS_TRIGGER_H */
