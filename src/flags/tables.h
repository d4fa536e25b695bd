/*
 * tables.h: names and columns of the flag tables.
 */
#ifndef WF_FLAGS_TABLES_H
#define WF_FLAGS_TABLES_H

#define WF_FLAGS_TABLE "flags"
#define WF_FLAGS_SIGNAL "flags_signal"
#define WF_OVERRIDES_TABLE "flag_overrides"
#define WF_OVERRIDES_SIGNAL "flag_overrides_signal"

#define Anum_wf_flags_key 1
#define Anum_wf_flags_enabled 2
#define Anum_wf_flags_rollout 3
#define Anum_wf_flags_definition 4
#define Anum_wf_flags_description 5
#define Anum_wf_flags_owner_team 6
#define Anum_wf_flags_version 7
#define Anum_wf_flags_created_at 8
#define Anum_wf_flags_updated_at 9
#define Natts_wf_flags 9

#define Anum_wf_overrides_flag 1
#define Anum_wf_overrides_key 2
#define Anum_wf_overrides_variant 3
#define Anum_wf_overrides_created_at 4
#define Natts_wf_overrides 4

/* Longest key of a flag, in bytes. */
#define WF_FLAG_KEY_MAX 200

#endif							/* WF_FLAGS_TABLES_H */
