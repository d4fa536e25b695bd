/*
 * deparse.h: writing names, types and column lists of raw parse trees as SQL,
 * and reading what simple expressions say.
 */
#ifndef WF_DDL_DEPARSE_H
#define WF_DDL_DEPARSE_H

#include "postgres.h"

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

extern char *wf_ddl_quote_name(const char *schema, const char *name);
extern char *wf_ddl_quote_names(List *names, const char *separator);
extern char *wf_ddl_quote_literal(const char *text);
extern char *wf_ddl_range_var(const RangeVar *relation);
extern char *wf_ddl_type_name(const TypeName *type);
extern List *wf_ddl_plain_type_names(const TypeName *type);
extern List *wf_ddl_columns_of(Node *expression);
extern List *wf_ddl_named_columns(Node *expression);
extern List *wf_ddl_not_null_columns(Node *expression, bool *only);
extern char *wf_ddl_check_expression(const char *source, int end, const Constraint *constraint);
extern bool wf_ddl_set_config(SelectStmt *stmt, VariableSetStmt *set);
extern bool wf_ddl_setting_is_zero(List *args);
extern char *wf_ddl_object_name(ObjectType type, Node *object);

/* deparse_index.c */
extern char *wf_ddl_concurrent_index(const IndexStmt *stmt, const char *table);

#endif							/* WF_DDL_DEPARSE_H */
