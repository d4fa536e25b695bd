/*
 * compat.h: differences between the supported server versions (15 to 18).
 *
 * This is the only file that looks at PG_VERSION_NUM.  A difference gets a
 * named shim here, and the rest of the code uses the shim.
 */
#ifndef WF_COMMON_COMPAT_H
#define WF_COMMON_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "wishflags supports PostgreSQL 15 to 18"
#endif

/* From 16 on postgres.h leaves out how values of varying length lie in memory. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* PG_MODULE_MAGIC_EXT gives the library a name and version in 18. */
#if PG_VERSION_NUM >= 180000
#define WF_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "wishflags", .version = WF_VERSION)
#else
#define WF_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* The running server's major version, as a number. */
#define WF_SERVER_MAJOR (PG_VERSION_NUM / 10000)

/* 18 marks a function that does not return in front of its declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* From 18 on RETURNING of INSERT, UPDATE, DELETE and MERGE is a node of its own. */
#if PG_VERSION_NUM >= 180000
#define wf_has_returning(stmt) ((stmt)->returningClause != NULL)
#else
#define wf_has_returning(stmt) ((stmt)->returningList != NIL)
#endif

/* Before 16 what a check hook hands over is plain malloc's. */
#if PG_VERSION_NUM >= 160000
#define wf_guc_malloc(size) guc_malloc(LOG, size)
#else
#define wf_guc_malloc(size) malloc(size)
#endif

/* Ownership checks became one function in 16; needs utils/acl.h and the catalog's header. */
#if PG_VERSION_NUM >= 160000
#define wf_relation_ownercheck(oid, role) object_ownercheck(RelationRelationId, oid, role)
#define wf_type_ownercheck(oid, role) object_ownercheck(TypeRelationId, oid, role)
#define wf_schema_ownercheck(oid, role) object_ownercheck(NamespaceRelationId, oid, role)
#define wf_database_ownercheck(oid, role) object_ownercheck(DatabaseRelationId, oid, role)
#define wf_routine_ownercheck(oid, role) object_ownercheck(ProcedureRelationId, oid, role)
#else
#define wf_relation_ownercheck(oid, role) pg_class_ownercheck(oid, role)
#define wf_type_ownercheck(oid, role) pg_type_ownercheck(oid, role)
#define wf_schema_ownercheck(oid, role) pg_namespace_ownercheck(oid, role)
#define wf_database_ownercheck(oid, role) pg_database_ownercheck(oid, role)
#define wf_routine_ownercheck(oid, role) pg_proc_ownercheck(oid, role)
#endif

/* Others than the owner may REINDEX, CLUSTER and REFRESH from 17 on; needs utils/acl.h. */
#if PG_VERSION_NUM >= 170000
#define wf_may_maintain(oid, role) (pg_class_aclcheck(oid, role, ACL_MAINTAIN) == ACLCHECK_OK)
#else
#define wf_may_maintain(oid, role) ((void) (oid), (void) (role), false)
#endif

/* The array of all settings gives its length with it from 16; needs utils/guc_tables.h. */
#if PG_VERSION_NUM >= 160000
#define wf_all_settings(length) get_guc_variables(length)
#else
#define wf_all_settings(length) (*(length) = GetNumConfigOptions(), get_guc_variables())
#endif

/* The set-returning functions' set-up got its name back after 15.0; needs funcapi.h. */
#if PG_VERSION_NUM >= 150001
#define wf_init_materialized_srf(fcinfo) InitMaterializedSRF(fcinfo, 0)
#define wf_init_materialized_texts(fcinfo) InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC)
#else
#define wf_init_materialized_srf(fcinfo) SetSingleFuncCall(fcinfo, 0)
#define wf_init_materialized_texts(fcinfo) SetSingleFuncCall(fcinfo, SRF_SINGLE_USE_EXPECTED)
#endif

/* A scan of an index can be instrumented from 18 on; needs access/genam.h. */
#if PG_VERSION_NUM >= 180000
#define wf_index_beginscan(rel, index, snapshot, nkeys) index_beginscan(rel, index, snapshot, NULL, nkeys, 0)
#else
#define wf_index_beginscan(rel, index, snapshot, nkeys) index_beginscan(rel, index, snapshot, nkeys, 0)
#endif

/* ALTER COLUMN ... SET EXPRESSION came with 17; no command has number -2. */
#if PG_VERSION_NUM >= 170000
#define WF_AT_SET_EXPRESSION AT_SetExpression
#else
#define WF_AT_SET_EXPRESSION (-2)
#endif

/* A generated column is stored, or virtual, which came with 18. */
#if PG_VERSION_NUM >= 180000
#define wf_constraint_is_virtual(constraint) ((constraint)->generated_kind == 'v')
#else
#define wf_constraint_is_virtual(constraint) ((void) (constraint), false)
#endif

/* STORAGE of a new column, as it is written, came with 16. */
#if PG_VERSION_NUM >= 160000
#define wf_column_storage_name(column) ((column)->storage_name)
#else
#define wf_column_storage_name(column) ((void) (column), NULL)
#endif

/* A node of its own among the constraints of a column, behind the one that it is about. */
#if PG_VERSION_NUM >= 180000
#define wf_constraint_is_unenforced(constraint) ((constraint)->contype == CONSTR_ATTR_NOT_ENFORCED)
#define wf_constraint_is_enforcement(constraint) \
	((constraint)->contype == CONSTR_ATTR_ENFORCED || (constraint)->contype == CONSTR_ATTR_NOT_ENFORCED)
#else
#define wf_constraint_is_unenforced(constraint) ((void) (constraint), false)
#define wf_constraint_is_enforcement(constraint) ((void) (constraint), false)
#endif

/* What REVOKE ... OPTION FOR takes of a membership ("admin", "inherit", "set"); NULL: all of it. */
#if PG_VERSION_NUM >= 160000
#define wf_revoked_role_option(stmt) ((stmt)->opt == NIL ? NULL : linitial_node(DefElem, (stmt)->opt)->defname)
#else
#define wf_revoked_role_option(stmt) ((stmt)->admin_opt ? "admin" : NULL)
#endif

/* The statistics target of a column is a small integer, or NULL, from 17. */
#if PG_VERSION_NUM >= 170000
#define wf_statistics_target(datum) ((int) DatumGetInt16(datum))
#else
#define wf_statistics_target(datum) ((int) DatumGetInt32(datum))
#endif

/* A type by its text, or an error; needs parser/parse_type.h. */
#if PG_VERSION_NUM >= 160000
#define wf_parse_type_string(text, type, typmod) ((void) parseTypeString(text, type, typmod, NULL))
#else
#define wf_parse_type_string(text, type, typmod) parseTypeString(text, type, typmod, false)
#endif

/* What a plan may do to which columns stands in a list of its own from 16; needs nodes/plannodes.h. */
#if PG_VERSION_NUM >= 160000
#define WfPermission RTEPermissionInfo
#define wf_permissions(plan) ((plan)->permInfos)
#else
#define WfPermission RangeTblEntry
#define wf_permissions(plan) ((plan)->rtable)
#endif

/* The hook into these checks got that list as an argument of its own in 16; needs executor/executor.h. */
#if PG_VERSION_NUM >= 160000
#define WF_CHECK_PERMISSIONS_PARAMETERS List *range_table, List *permissions, bool abort
#define WF_CHECK_PERMISSIONS_ARGUMENTS range_table, permissions, abort
#else
#define WF_CHECK_PERMISSIONS_PARAMETERS List *permissions, bool abort
#define WF_CHECK_PERMISSIONS_ARGUMENTS permissions, abort
#endif

/* REINDEX fires event triggers from 17 on. */
#if PG_VERSION_NUM >= 170000
#define WF_REINDEX_FIRES_EVENTS true
#else
#define WF_REINDEX_FIRES_EVENTS false
#endif

/* Until 15 the stored query of a view begins with entries for OLD and NEW. */
#if PG_VERSION_NUM >= 160000
#define WF_VIEW_EXTRA_ENTRIES 0
#else
#define WF_VIEW_EXTRA_ENTRIES 2
#endif

/* Whether a lock is held in just that mode, from 17 on or in a stronger one; needs storage/lock.h. */
#if PG_VERSION_NUM >= 170000
#define wf_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define wf_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode)
#endif

/* The table that a counter of the transaction is of; needs pgstat.h. */
#if PG_VERSION_NUM >= 160000
#define wf_stat_table_oid(status) ((status)->id)
#else
#define wf_stat_table_oid(status) ((status)->t_id)
#endif

/* The files of a relation. */
#if PG_VERSION_NUM >= 160000
#define wf_relation_locator(rel) ((rel)->rd_locator)
#else
#define wf_relation_locator(rel) ((rel)->rd_node)
#endif

#endif							/* WF_COMMON_COMPAT_H */
