/*
 * lock.h: which locks a statement takes, and for how much work it holds them.
 */
#ifndef WF_DDL_LOCK_H
#define WF_DDL_LOCK_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "storage/lockdefs.h"

#include "ddl/catalog.h"

/* One relation that a statement locks. */
typedef struct WfLock
{
	RangeVar   *relation;
	LOCKMODE	mode;
	bool		is_other;		/* not the statement's target */
	bool		if_there;		/* makes it where it is not, and locks nothing */
} WfLock;

extern LOCKMODE wf_ddl_alter_table_lock(AlterTableStmt *stmt, int server_version);
extern bool wf_ddl_alter_table_scans(WfCatalog *catalog, AlterTableStmt *stmt);
extern bool wf_ddl_alter_table_moves_columns(AlterTableStmt *stmt);
extern List *wf_ddl_statement_locks(Node *stmt, int server_version);
extern bool wf_ddl_is_concurrent(Node *stmt);
extern const char *wf_ddl_outside_transactions(Node *stmt);
extern bool wf_ddl_option_is_on(List *options, const char *name);
extern bool wf_ddl_names_relation(ObjectType type);
extern RangeVar *wf_ddl_range_var_of_names(List *names);
extern const char *wf_ddl_lock_name(LOCKMODE mode);

#endif							/* WF_DDL_LOCK_H */
