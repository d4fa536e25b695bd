/*
 * drop_search.h: what DROP takes along, and what depends on it.
 */
#ifndef WF_DDL_DROP_SEARCH_H
#define WF_DDL_DROP_SEARCH_H

#include "postgres.h"

#include "catalog/objectaddress.h"
#include "utils/hsearch.h"

#include "ddl/catalog_parts.h"

/* An object that depends on one that would go. */
typedef struct WfDropBlocker
{
	ObjectAddress address;
	ObjectAddress of;
} WfDropBlocker;

/* What goes: named by the statement, or a dependent, or what belongs to either. */
typedef struct WfDropGoing
{
	ObjectAddress address;		/* key, without padding */
	WfDependent *dependent;		/* NULL: named */
	bool		is_dependent;	/* itself, not a part of it */
} WfDropGoing;

typedef struct WfDropSearch
{
	HTAB	   *gone;			/* of WfDropGoing */
	List	   *going;			/* the same, in the order in which it was
								 * found */
	List	   *blockers;		/* of WfDropBlocker */
	WfDependent *dependent;		/* whose parts are added at present */
} WfDropSearch;

extern HTAB *wf_ddl_drop_make_gone(void);
extern void wf_ddl_drop_add_named(WfCatalog *catalog, WfDropSearch *search, ObjectType type, Node *object);
extern bool wf_ddl_drop_add(WfDropSearch *search, const ObjectAddress *address);
extern const WfDropGoing *wf_ddl_drop_find(const WfDropSearch *search, const ObjectAddress *address);
extern void wf_ddl_drop_follow(WfDropSearch *search, const ObjectAddress *object);
extern ObjectAddress wf_ddl_dropped_object(const ObjectAddress *address);
extern WfDependent *wf_ddl_drop_describe(const WfDropBlocker *blocker);
extern Oid	wf_ddl_drop_holder(const ObjectAddress *address);

#endif							/* WF_DDL_DROP_SEARCH_H */
