/*
 * flags.h: initialisation of the flags room.
 */
#ifndef WF_FLAGS_FLAGS_H
#define WF_FLAGS_FLAGS_H

extern void wf_flags_init(void);

#endif							/* WF_FLAGS_FLAGS_H */
