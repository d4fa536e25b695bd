/*
 * relation_names.h: which names no relation has, for texts that name many.
 */
#ifndef WF_DDL_RELATION_NAMES_H
#define WF_DDL_RELATION_NAMES_H

#include "postgres.h"

#include "lib/bloomfilter.h"

/* All zero to begin with. */
typedef struct WfRelationNames
{
	MemoryContext context;		/* where the filter lives */
	int			missed;			/* names that were asked for in vain */
	bloom_filter *filter;		/* NULL: not worth it so far */
} WfRelationNames;

extern bool wf_ddl_relation_names_may_hold(WfRelationNames *names, const char *name);
extern void wf_ddl_relation_names_missed(WfRelationNames *names);

#endif							/* WF_DDL_RELATION_NAMES_H */
