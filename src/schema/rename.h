/*
 * rename.h: renames by hint, and renames that look likely.
 *
 * A rename changes the model as the server would change the database: the
 * identities and the text of everything that mentions the old name.  What
 * differs from the target afterwards really differs.
 */
#ifndef WF_SCHEMA_RENAME_H
#define WF_SCHEMA_RENAME_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "schema/plan.h"
#include "schema/tokens.h"

/* How a text calls a relation: by its own name, or by aliases. */
typedef struct WfMentions
{
	bool		bare;
	List	   *aliases;		/* char * */
} WfMentions;

/* One step: an object, a column of a view or a value of an enum gets another name. */
typedef struct WfRename
{
	WfObject   *object;			/* itself, or the view or enum it is part of */
	WfObjectKind kind;			/* of what is renamed */
	bool		is_value;		/* of an enum */
	bool		in_bodies;		/* also in what the server leaves alone */
	const char *was;			/* quoted as in identities; a value as it is */
	const char *becomes;
} WfRename;

/* rename.c */
extern List *wf_schema_rename(WfModel *from, WfModel *to, Jsonb *hints);
extern List *wf_schema_renamed_schemas(List *schemas, Jsonb *hints);

/* rename_step.c */
extern void wf_schema_rename_schema(WfModel *model, const char *was, const char *becomes);
extern WfAction *wf_schema_rename_step(WfModel *model, WfRename *rename);

/* rename_attached.c */
extern List *wf_schema_rename_attached(WfModel *from, WfModel *to);

/* hint.c */
extern bool wf_schema_hint_find(WfModel *model, const char *key, WfRename *rename);
extern bool wf_schema_can_rename(const WfObjectType *type);
extern void wf_schema_hint_check(WfRename *rename, const char *key);
extern const char *wf_schema_hint_name(WfRename *rename, const char *key, const char *value,
									   const char **identity);
extern const char *wf_schema_hint_type(const char *key, const char **identity);
extern const char *wf_schema_own_name(WfObject *object);
extern char *wf_schema_unquoted(const char *text);
extern char *wf_schema_renamed_identity(WfObject *object, const char *name);

/* rewrite.c */
extern void wf_schema_rewrite(WfModel *model, WfRename *rename);
extern bool wf_schema_concerns(WfObject *object, WfObject *renamed);
extern void wf_schema_doubt(WfObject *object, int attr);

/* mention.c */
extern WfMentions wf_schema_mentions(WfTokens *tokens, const char *schema, const char *name);
extern int	wf_schema_mention_alias(WfTokens *tokens, int i);
extern bool wf_schema_introduces(WfTokens *tokens, int i);
extern bool wf_schema_called_otherwise(WfTokens *tokens, const char *alias, const char *schema,
									   const char *name);

/* rewrite_column.c */
extern bool wf_schema_rewrite_column(WfTokens *tokens, WfObject *object, WfObject *table,
									 const char *was, const char *becomes);

/* select_list.c */
extern bool *wf_schema_select_lists(WfTokens *tokens);
extern void wf_schema_select_label(WfTokens *tokens, const bool *in_list, int first, int last,
								   const char *was, const char *becomes);
extern bool wf_schema_select_relabel(WfTokens *tokens, const char *was, const char *becomes);
extern bool wf_schema_select_has(WfTokens *tokens, const char *label);

/* ddl_rename.c */
extern WfAction *wf_schema_ddl_rename(WfRename *rename);

#endif							/* WF_SCHEMA_RENAME_H */
