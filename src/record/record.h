/*
 * record.h: what happened in this database: the DDL log, the environment's
 * label, the ledgers of migration tools.
 *
 * The guard's event triggers tell the DDL log of each command (ddl_log.c);
 * it keeps what they tell until the transaction commits, and then writes it
 * (ddl_write.c), together with the migration that the transaction was
 * (ledger.c).
 */
#ifndef WF_RECORD_RECORD_H
#define WF_RECORD_RECORD_H

#include "postgres.h"

#include "nodes/nodes.h"

/* settings.c */
extern PGDLLIMPORT bool wf_record_ddl_log;
extern PGDLLIMPORT char *wf_record_migration;
extern void wf_record_init(void);

/* environment.c */
extern PGDLLIMPORT char *wf_record_environment;
extern void wf_record_init_environment(void);

/* ddl_log.c: called by the event triggers */
extern void wf_record_ddl_start(Node *tree);
extern void wf_record_ddl_drop(Node *tree);
extern void wf_record_ddl_rewrite(Node *tree);
extern void wf_record_ddl_end(Node *tree, const char *tag, bool restored);

#endif							/* WF_RECORD_RECORD_H */
