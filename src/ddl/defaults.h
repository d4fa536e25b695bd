/*
 * defaults.h: what the default of a column or domain costs.
 */
#ifndef WF_DDL_DEFAULTS_H
#define WF_DDL_DEFAULTS_H

#include "ddl/catalog.h"

/* A function that may give each row another value. */
typedef struct WfVolatile
{
	List	   *name;			/* of the function found */
	bool		unknown;		/* nobody knows it */
} WfVolatile;

extern bool wf_ddl_is_null(Node *value);
extern bool wf_ddl_is_volatile(WfCatalog *catalog, Node *expression, WfVolatile *found);

#endif							/* WF_DDL_DEFAULTS_H */
