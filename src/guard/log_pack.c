/*
 * log_pack.c: a row of wishflags.guard_log as one piece of memory, to hand over
 * to another process.
 */
#include "common/compat.h"

#include "guard/log.h"

static int32 length_of(const char *value);

/* How many bytes the packed row takes. */
Size
wf_guard_log_pack_size(const WfGuardLogRow *row)
{
	Size		size = offsetof(WfGuardLogPack, data);

	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
		size += length_of(row->values[i]);
	return size;
}

/* Copies the row to where that many bytes are. */
void
wf_guard_log_pack(WfGuardLogPack *pack, const WfGuardLogRow *row)
{
	char	   *place = pack->data;

	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
	{
		pack->lengths[i] = length_of(row->values[i]);
		if (pack->lengths[i] > 0)
			memcpy(place, row->values[i], pack->lengths[i]);
		place += pack->lengths[i];
	}
}

/* The row's values point into the pack. */
void
wf_guard_log_unpack(WfGuardLogPack *pack, WfGuardLogRow *row)
{
	char	   *place = pack->data;

	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
	{
		row->values[i] = pack->lengths[i] > 0 ? place : NULL;
		place += pack->lengths[i];
	}
}

/* With the final zero byte; 0 for null. */
static int32
length_of(const char *value)
{
	return value ? strlen(value) + 1 : 0;
}
