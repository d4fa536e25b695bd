/*
 * owned.h: the live catalog as the current role may change it.
 */
#ifndef WF_GUARD_OWNED_H
#define WF_GUARD_OWNED_H

#include "postgres.h"

#include "ddl/catalog.h"

extern WfCatalog *wf_guard_owned_catalog(const Node *tree);

#endif							/* WF_GUARD_OWNED_H */
