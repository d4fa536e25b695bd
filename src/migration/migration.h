/*
 * migration.h: what the module calls of this room when it is loaded.
 */
#ifndef WF_MIGRATION_MIGRATION_H
#define WF_MIGRATION_MIGRATION_H

extern void wf_migration_init(void);

#endif							/* WF_MIGRATION_MIGRATION_H */
