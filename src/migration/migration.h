/*
 * migration.h: what the module calls of this room when it is loaded.
 */
#ifndef WF_MIGRATION_MIGRATION_H
#define WF_MIGRATION_MIGRATION_H

/* functions.c */
extern void wf_migration_init(void);

/* sample.c and check_stats.c, for it */
extern void wf_migration_init_samples(void);
extern void wf_migration_init_stats(void);

#endif							/* WF_MIGRATION_MIGRATION_H */
