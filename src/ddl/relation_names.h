/*
 * relation_names.h: which names no relation has, for texts that name many.
 */
#ifndef WF_DDL_RELATION_NAMES_H
#define WF_DDL_RELATION_NAMES_H

#include "postgres.h"

/* All zero to begin with. */
typedef struct WfRelationNames
{
	MemoryContext context;		/* where the bits live */
	int			missed;			/* names that were asked for in vain */
	uint8	   *bits;			/* NULL: not worth it so far */
	uint32		mask;			/* their number less one */
} WfRelationNames;

extern bool wf_ddl_relation_names_may_hold(WfRelationNames *names, const char *name);
extern void wf_ddl_relation_names_missed(WfRelationNames *names);

#endif							/* WF_DDL_RELATION_NAMES_H */
