/*
 * reindex.h: what REINDEX without CONCURRENTLY would rebuild.
 */
#ifndef WF_GUARD_REINDEX_H
#define WF_GUARD_REINDEX_H

#include "postgres.h"

#include "nodes/parsenodes.h"

extern bool wf_guard_rebuilds_rows(const ReindexStmt *stmt, Oid table);

#endif							/* WF_GUARD_REINDEX_H */
