/*
 * tables.h: names and columns of the flag tables.
 */
#ifndef WF_FLAGS_TABLES_H
#define WF_FLAGS_TABLES_H

#define WF_FLAGS_TABLE "flags"
#define WF_FLAGS_SIGNAL "flags_signal"
#define WF_OVERRIDES_TABLE "flag_overrides"
#define WF_OVERRIDES_SIGNAL "flag_overrides_signal"

#define WF_DOCUMENTS_TABLE "flag_documents"
#define WF_DOCUMENTS_SIGNAL "flags_signal"

#define WF_SEGMENTS_TABLE "segments"
#define WF_SEGMENTS_SIGNAL "segments_signal"
#define WF_SEGMENT_MEMBERS_TABLE "segment_members"
#define WF_SEGMENT_MEMBERS_INDEX "segment_members_pkey"

#define Anum_wf_flags_key 1
#define Anum_wf_flags_enabled 2
#define Anum_wf_flags_rollout 3
#define Anum_wf_flags_definition 4
#define Anum_wf_flags_description 5
#define Anum_wf_flags_owner_team 6
#define Anum_wf_flags_version 7
#define Anum_wf_flags_created_at 8
#define Anum_wf_flags_updated_at 9
#define Anum_wf_flags_dialect 10
#define Anum_wf_flags_document 11
#define Anum_wf_flags_client_visible 12
#define Anum_wf_flags_cache_ttl_seconds 13
#define Anum_wf_flags_kind 14
#define Anum_wf_flags_owner_email 15
#define Anum_wf_flags_owner_role 16
#define Anum_wf_flags_documentation_url 17
#define Anum_wf_flags_notes 18
#define Anum_wf_flags_tags 19
#define Anum_wf_flags_expires_at 20
#define Anum_wf_flags_on_expiry 21
#define Anum_wf_flags_archived_at 22
#define Anum_wf_flags_created_by 23
#define Anum_wf_flags_updated_by 24
#define Natts_wf_flags 24

#define Anum_wf_overrides_flag 1
#define Anum_wf_overrides_key 2
#define Anum_wf_overrides_variant 3
#define Anum_wf_overrides_created_at 4
#define Anum_wf_overrides_context_kind 5
#define Anum_wf_overrides_value 6
#define Anum_wf_overrides_deny 7
#define Anum_wf_overrides_expires_at 8
#define Anum_wf_overrides_note 9
#define Anum_wf_overrides_created_by 10
#define Natts_wf_overrides 10

#define Anum_wf_documents_name 1
#define Anum_wf_documents_format 2
#define Anum_wf_documents_document 3
#define Anum_wf_documents_options 4
#define Anum_wf_documents_version 5
#define Anum_wf_documents_created_at 6
#define Anum_wf_documents_updated_at 7
#define Natts_wf_documents 7

#define Anum_wf_segments_key 1
#define Anum_wf_segments_definition 2
#define Anum_wf_segments_description 3
#define Anum_wf_segments_definer 4
#define Anum_wf_segments_refreshed_at 5
#define Anum_wf_segments_version 6
#define Anum_wf_segments_created_at 7
#define Anum_wf_segments_updated_at 8
#define Natts_wf_segments 8

/* Longest key of a flag, in bytes. */
#define WF_FLAG_KEY_MAX 200

#endif							/* WF_FLAGS_TABLES_H */
