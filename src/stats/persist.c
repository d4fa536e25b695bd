/*
 * persist.c: the server's store in a file, over a restart.
 *
 * Written when the server is shut down, read when it starts, and removed then:
 * after a crash it would be older than what it says, and a backup would take it
 * along.  What can't be read is dropped: these are counts, nothing depends on
 * them.
 */
#include "common/compat.h"

#include <unistd.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "storage/fd.h"

#include "stats/store.h"

#define STORE_FILE PGSTAT_STAT_PERMANENT_DIRECTORY "/wishflags_usage.stat"

/* Another one for another layout. */
#define STORE_FORMAT 0x57465501

typedef struct StoreHead
{
	uint32		format;
	uint32		major;			/* version of the server */
	uint32		entry_size;
	uint32		cell_size;
	int64		nentries;
} StoreHead;

static void save_entry(void *arg, WfStatsEntry *entry);
static bool load_entry(FILE *file);
static bool load_cells(FILE *file, WfStatsEntry *entry, int ncells);

static const StoreHead current = {
	.format = STORE_FORMAT,
	.major = WF_SERVER_MAJOR,
	.entry_size = sizeof(WfStatsEntry),
	.cell_size = sizeof(WfStatsCell),
};

/* Called by the postmaster when all others have ended. */
void
wf_stats_save(int code, Datum arg)
{
	StoreHead	head = current;
	FILE	   *file;

	/* Not after a crash. */
	if (code != 0)
		return;
	file = AllocateFile(STORE_FILE ".tmp", PG_BINARY_W);
	if (file)
	{
		head.nentries = hash_get_num_entries(wf_stats_entries);
		(void) fwrite(&head, sizeof(head), 1, file);
		wf_stats_each(wf_stats_entries, save_entry, file);
		if (!ferror(file) && FreeFile(file) == 0 &&
			durable_rename(STORE_FILE ".tmp", STORE_FILE, LOG) == 0)
			return;
	}
	ereport(LOG,
			(errcode_for_file_access(),
			 errmsg("could not write file \"%s\": %m", STORE_FILE)));
	(void) unlink(STORE_FILE ".tmp");
}

/* An entry, its registers if it has any, and its cells. */
static void
save_entry(void *arg, WfStatsEntry *entry)
{
	FILE	   *file = (FILE *) arg;

	(void) fwrite(entry, sizeof(WfStatsEntry), 1, file);
	if (entry->registers)
		(void) fwrite(entry->registers, WF_STATS_REGISTERS, 1, file);
	for (WfStatsCell *cell = entry->cells; cell; cell = cell->next)
		(void) fwrite(cell, sizeof(WfStatsCell), 1, file);
}

/* Called by the postmaster before there are others. */
void
wf_stats_load(void)
{
	FILE	   *file = AllocateFile(STORE_FILE, PG_BINARY_R);
	StoreHead	head;
	bool		sound;

	if (file == NULL)
	{
		if (errno != ENOENT)
			ereport(LOG,
					(errcode_for_file_access(),
					 errmsg("could not read file \"%s\": %m", STORE_FILE)));
		return;
	}
	sound = fread(&head, sizeof(head), 1, file) == 1 &&
		memcmp(&head, &current, offsetof(StoreHead, nentries)) == 0;
	LWLockAcquire(wf_stats_store->lock, LW_EXCLUSIVE);
	for (int64 i = 0; sound && i < head.nentries; i++)
		sound = load_entry(file);
	LWLockRelease(wf_stats_store->lock);
	if (!sound)
		ereport(LOG,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("ignoring what can't be read of file \"%s\"", STORE_FILE)));
	(void) FreeFile(file);
	(void) unlink(STORE_FILE);
}

static bool
load_entry(FILE *file)
{
	WfStatsEntry saved;
	WfStatsEntry *entry;
	uint8		registers[WF_STATS_REGISTERS];

	if (fread(&saved, sizeof(saved), 1, file) != 1 || saved.key.kind > WF_STATS_UNKNOWN ||
		saved.key.name[WF_STATS_NAME_SIZE - 1] != '\0')
		return false;
	if (saved.registers && fread(registers, WF_STATS_REGISTERS, 1, file) != 1)
		return false;

	/* There may be fewer places than there were. */
	entry = wf_stats_entry_enter(&saved.key, saved.since);
	if (entry && memcmp(&entry->key, &saved.key, sizeof(WfStatsKey)) == 0)
	{
		entry->since = saved.since;
		entry->first = saved.first;
		entry->last_error = saved.last_error;
		entry->last_load_us = saved.last_load_us;
		entry->last_load_at = saved.last_load_at;
		if (saved.registers && entry->registers)
			memcpy(entry->registers, registers, WF_STATS_REGISTERS);
	}
	if (entry)
	{
		entry->last = Max(entry->last, saved.last);
		entry->last_error_at = Max(entry->last_error_at, saved.last_error_at);
		entry->evaluations += saved.evaluations;
		entry->errors += saved.errors;
		entry->fallbacks += saved.fallbacks;
		entry->loads += saved.loads;
		entry->load_us += saved.load_us;
	}
	return load_cells(file, entry, saved.ncells);
}

static bool
load_cells(FILE *file, WfStatsEntry *entry, int ncells)
{
	for (int i = 0; i < ncells; i++)
	{
		WfStatsCell saved;
		WfStatsCell *cell;

		if (fread(&saved, sizeof(saved), 1, file) != 1 || saved.variant[WF_STATS_VARIANT_SIZE - 1] != '\0')
			return false;
		cell = entry && entry->key.name[0] ? wf_stats_cell_enter(entry, &saved) : NULL;
		if (cell)
			cell->evaluations += saved.evaluations;
	}
	return true;
}
