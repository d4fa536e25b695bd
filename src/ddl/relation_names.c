/*
 * relation_names.c: which names no relation has, for texts that name many.
 *
 * The system cache remembers a name that it was asked for in vain until the
 * session ends, about 200 bytes each, and looks into the index for every new
 * one.  A text of many thousand statements names as many relations that are
 * not there yet.  So once a number of names were missed, the names that there
 * are go into a Bloom filter, and the cache is asked only for those that may
 * be among them.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ddl/relation_names.h"

/* Names missed before pg_class is read: a short text never pays for it. */
#define MISSED_MAX 500

/* Memory of the filter, in kB: its least, good for half a million names. */
#define FILTER_KB 1024

static bloom_filter *read_names(MemoryContext context);

/* Can there be a relation of this name, in whatever schema? */
bool
wf_ddl_relation_names_may_hold(WfRelationNames *names, const char *name)
{
	return names->filter == NULL ||
		!bloom_lacks_element(names->filter, (unsigned char *) unconstify(char *, name), strlen(name));
}

/* Notes that a name was asked for in vain. */
void
wf_ddl_relation_names_missed(WfRelationNames *names)
{
	if (names->filter == NULL && ++names->missed > MISSED_MAX)
		names->filter = read_names(names->context);
}

/* The names of all relations of the database, as they are now. */
static bloom_filter *
read_names(MemoryContext context)
{
	Relation	pg_class = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(pg_class, InvalidOid, false, NULL, 0, NULL);
	MemoryContext old = MemoryContextSwitchTo(context);
	bloom_filter *filter = bloom_create(FILTER_KB * 1024 / 2, FILTER_KB, 0);
	HeapTuple	tuple;

	MemoryContextSwitchTo(old);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		bloom_add_element(filter, (unsigned char *) NameStr(form->relname), strlen(NameStr(form->relname)));
	}
	systable_endscan(scan);
	table_close(pg_class, AccessShareLock);
	return filter;
}
