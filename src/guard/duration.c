/*
 * duration.c: how long took what the guard let through.
 *
 * The row is there before the command runs, since some commands commit on
 * their way; when the command ends, its duration is added.  A command is known
 * by the address of its tree, which is the same at its start and at its end.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/protect.h"
#include "common/write.h"
#include "guard/duration.h"

/* Commands nest, and one can have several rows; of more the duration is left out. */
#define RUNNING 16

/* Length of a uuid as text, with the final zero byte. */
#define ID_LENGTH 37

typedef struct Running
{
	const Node *tree;
	TimestampTz started_at;
	char		id[ID_LENGTH];
} Running;

/* A row and its duration. */
typedef struct Taken
{
	const char *id;
	double		milliseconds;
} Taken;

static Running running[RUNNING];
static int	count = 0;

static void update_row(void *arg);

/* The command goes on, and the row is written. */
void
wf_guard_duration_begin(const WfGuardCommand *command, const WfGuardLogRow *row)
{
	Running    *entry;

	if (command->tree == NULL || count == RUNNING)
		return;
	entry = &running[count++];
	entry->tree = command->tree;
	entry->started_at = command->started_at;
	strlcpy(entry->id, row->values[WF_GUARD_LOG_ID], ID_LENGTH);
}

/* The command has ended. */
void
wf_guard_duration_end(const Node *tree)
{
	TimestampTz now;

	if (count == 0)
		return;
	now = GetCurrentTimestamp();
	for (int i = 0; i < count; i++)
	{
		Taken		taken = {running[i].id, (now - running[i].started_at) / 1000.0};

		if (running[i].tree == tree)
			(void) wf_common_protect(update_row, &taken, "the guard could not write how long the command took");
	}
	wf_guard_duration_forget(tree);
}

/* A command begins: what is left of the same address has failed. */
void
wf_guard_duration_forget(const Node *tree)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (running[i].tree != tree)
			running[kept++] = running[i];
	}
	count = kept;
}

static void
update_row(void *arg)
{
	const Taken *taken = arg;
	Oid			relid = wf_common_relation_oid("guard_log");
	Oid			types[] = {TEXTOID, FLOAT8OID};
	Datum		values[] = {CStringGetTextDatum(taken->id), Float8GetDatum(taken->milliseconds)};
	WfWrite		write;

	/* The library may be newer than the SQL objects. */
	if (!OidIsValid(relid) || get_attnum(relid, "duration_ms") == InvalidAttrNumber)
		return;
	XactReadOnly = false;
	wf_common_write_begin(&write, relid);
	(void) set_config_option("lock_timeout", "500ms", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_execute_with_args("UPDATE wishflags.guard_log SET duration_ms = $2 WHERE id = $1::pg_catalog.uuid",
							  2, types, values, NULL, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "could not update guard_log");
	SPI_finish();
	wf_common_write_end(&write);
}
