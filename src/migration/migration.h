/*
 * migration.h: what the module knows of this room.
 */
#ifndef WF_MIGRATION_MIGRATION_H
#define WF_MIGRATION_MIGRATION_H

/* stats.c */
extern void wf_migration_init(void);

#endif							/* WF_MIGRATION_MIGRATION_H */
