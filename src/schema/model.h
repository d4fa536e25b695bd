/*
 * model.h: a database schema as plain data.
 *
 * A model is a set of objects, each known by its type and identity, with
 * attributes as canonical text and the objects it needs.  It holds names and
 * definitions only, so models of different databases compare.  Nothing here
 * knows catalogs.
 */
#ifndef WF_SCHEMA_MODEL_H
#define WF_SCHEMA_MODEL_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "common/list.h"

#define WF_SNAPSHOT_FORMAT "wishflags-schema"

/* Version 2 brought the attributes that are WF_ATTR_SINCE_2. */
#define WF_SNAPSHOT_VERSION 2

/* Object types, in the order in which a script creates them. */
typedef enum WfObjectKind
{
	WF_OBJECT_SCHEMA,
	WF_OBJECT_EXTENSION,
	WF_OBJECT_LANGUAGE,
	WF_OBJECT_ACCESS_METHOD,
	WF_OBJECT_COLLATION,
	WF_OBJECT_SHELL_TYPE,
	WF_OBJECT_ENUM,
	WF_OBJECT_DOMAIN,
	WF_OBJECT_DOMAIN_CONSTRAINT,
	WF_OBJECT_COMPOSITE,
	WF_OBJECT_RANGE,
	WF_OBJECT_BASE_TYPE,
	WF_OBJECT_FUNCTION,
	WF_OBJECT_PROCEDURE,
	WF_OBJECT_OPERATOR_FAMILY,
	WF_OBJECT_OPERATOR,
	WF_OBJECT_OPERATOR_CLASS,
	WF_OBJECT_FAMILY_MEMBER,
	WF_OBJECT_CAST,
	WF_OBJECT_TRANSFORM,
	WF_OBJECT_CONVERSION,
	WF_OBJECT_AGGREGATE,
	WF_OBJECT_TS_PARSER,
	WF_OBJECT_TS_TEMPLATE,
	WF_OBJECT_TS_DICTIONARY,
	WF_OBJECT_TS_CONFIGURATION,
	WF_OBJECT_FOREIGN_DATA_WRAPPER,
	WF_OBJECT_SERVER,
	WF_OBJECT_USER_MAPPING,
	WF_OBJECT_SEQUENCE,
	WF_OBJECT_TABLE,
	WF_OBJECT_FOREIGN_TABLE,
	WF_OBJECT_INHERITANCE,
	WF_OBJECT_COLUMN,
	WF_OBJECT_SEQUENCE_OWNER,
	WF_OBJECT_DEFAULT,
	WF_OBJECT_VIEW,
	WF_OBJECT_MATERIALIZED_VIEW,
	WF_OBJECT_CONSTRAINT,
	WF_OBJECT_INDEX,
	WF_OBJECT_PARTITION,
	WF_OBJECT_INDEX_PARTITION,
	WF_OBJECT_STATISTICS,
	WF_OBJECT_RULE,
	WF_OBJECT_TRIGGER,
	WF_OBJECT_POLICY,
	WF_OBJECT_PUBLICATION,
	WF_OBJECT_SUBSCRIPTION,
	WF_OBJECT_EVENT_TRIGGER,
	WF_OBJECT_PRIVILEGES,
	WF_OBJECT_SETTING,
	WF_OBJECT_DEFAULT_PRIVILEGES,
	WF_OBJECT_COUNT
} WfObjectKind;

#define WF_ATTR_LIST 1			/* a JSON array of strings */
#define WF_ATTR_QUIET 2			/* needed to write DDL, never compared */
#define WF_ATTR_REQUIRED 4		/* no object of the type is without it */
#define WF_ATTR_SINCE_2 8		/* unknown to snapshots of format version 1;
								 * as the first attribute, the whole type is */

#define WF_ATTR_SINCE_18 16		/* unknown to servers before 18 */

#define WF_MAX_ATTRS 28

typedef struct WfObjectAttr
{
	const char *name;
	int			flags;
} WfObjectAttr;

struct WfObject;
struct WfDdl;

/* An object type: its attributes and how its DDL is written. */
typedef struct WfObjectType
{
	WfObjectKind kind;
	const char *name;			/* in snapshots and results */
	const char *keyword;		/* after DROP, ALTER and COMMENT ON */
	const char *grant_keyword;	/* after GRANT ... ON, NULL without grants */
	void		(*create) (struct WfDdl *ddl, struct WfObject *object);
	void		(*drop) (struct WfDdl *ddl, struct WfObject *object);

	/*
	 * Writes the change of one attribute; false: only drop and create does
	 * it.
	 */
	bool		(*alter) (struct WfDdl *ddl, struct WfObject *from,
						  struct WfObject *to, const char *attr);
	WfObjectAttr attrs[WF_MAX_ATTRS];
	int			nattrs;			/* counted at start */
} WfObjectType;

typedef enum WfFate
{
	WF_FATE_KEEP,
	WF_FATE_CREATE,
	WF_FATE_DROP,
	WF_FATE_ALTER,
	WF_FATE_REPLACE				/* drop and create */
} WfFate;

typedef struct WfObject
{
	const WfObjectType *type;
	const char *identity;		/* as DROP and COMMENT ON take it */
	const char *key;			/* type name, space, identity */
	const char *schema;			/* unquoted name of its schema, or NULL */
	struct WfObject *parent;	/* table of a column, column of a default */
	const char *parent_key;
	const char **values;		/* one per attribute, NULL when default */
	List	   *needs;			/* WfObject: what it depends on, parent aside */
	List	   *needed_by;
	List	   *children;

	/*
	 * Where it was read from: never written, but two models of one database
	 * tell by it what only got another name.
	 */
	Oid			catalog;		/* InvalidOid: not read from a catalog */
	Oid			oid;
	int			sub;

	/* Used while a plan is made. */
	struct WfObject *twin;		/* the same object in the other model */
	WfFate		fate;
	List	   *changes;		/* indexes of the attributes that differ */
	List	   *doubts;			/* indexes of those that a rename may have
								 * left wrong */
	bool		followed;		/* a rename went through it */
	const char *old_key;		/* before that, or NULL */
	struct WfObject *likely;	/* what looks like it under another name */
	double		likeness;
	bool		referenced;		/* a table that foreign keys point at */
	bool		retype;			/* a column whose type is made anew */
	const char *interim;		/* name of an index until it replaces the old
								 * one, or NULL */
	bool		apart;			/* gets a statement of its own, not its
								 * parent's */
	bool		visiting;		/* guards against circles in what was read */
	struct WfAction *drop_action;
	struct WfAction *create_action;
	struct WfAction *first_alter;
	struct WfAction *last_alter;
	List	   *announced_to;	/* WfObject: what a stub of it is made for */
	struct WfAction *shell_action;	/* announces it */
	struct WfAction *ready_action;	/* ends what makes an index usable */
	struct WfAction *grants_action; /* alters the grants */
	struct WfAction *owner_action;	/* alters the owner */
	struct WfAction *final_action;	/* drops the renamed old type */
	struct WfAction *loosen_action; /* frees the table of its type */
	struct WfAction *bind_action;	/* makes it one of a type */
	struct WfAction *options_action;	/* alters its storage parameters */
} WfObject;

struct wf_object_hash;

/*
 * What a tool models.  A model under a scope holds objects of these types
 * only, and of their attributes only these are compared.
 */
typedef struct WfScope WfScope;

typedef struct WfModel
{
	WfObject  **objects;		/* sorted by kind and identity once finished */
	int			nobjects;
	int			capacity;
	struct wf_object_hash *by_key;
	List	   *schemas;		/* char *: only these were read; NIL: all */
	List	   *left_out;		/* char *: attributes not read: owner, grants
								 * ... */
	const WfScope *scope;		/* NULL: everything */
	List	   *unmodelled;		/* char *: described objects */
	int			version;		/* of the format it was read from */
	int			server_version;
	bool		inconsistent;	/* others changed schemas while it was read */
} WfModel;

/* type.c */
extern const WfObjectType *wf_schema_type(WfObjectKind kind);
extern const WfObjectType *wf_schema_type_by_name(const char *name);
extern bool wf_schema_type_has_parent(const WfObjectType *type);
extern bool wf_schema_type_fits_parent(const WfObjectType *type, const WfObjectType *parent);
extern int	wf_schema_attr_index(const WfObjectType *type, const char *attr);

/* model.c */
extern WfModel *wf_schema_model_create(void);
extern WfObject *wf_schema_model_add(WfModel *model, const WfObjectType *type, const char *identity);
extern WfObject *wf_schema_model_find(WfModel *model, const char *key);
extern void wf_schema_model_finish(WfModel *model);
extern void wf_schema_model_rekey(WfModel *model);
extern void wf_schema_model_retain(WfModel *model, bool (*keep) (WfModel *model, WfObject *object));
extern bool wf_schema_model_left_out(WfModel *model, const char *attr);
extern bool wf_schema_model_knows(WfModel *model, const WfObjectType *type, int attr);
extern bool wf_schema_same_scope(List *from, List *to);
extern void wf_schema_check_scope(List *from, List *to);
extern void wf_schema_object_need(WfObject *object, WfObject *needed);
extern const char *wf_schema_value(WfObject *object, const char *attr);
extern bool wf_schema_flag(WfObject *object, const char *attr);
extern char *wf_schema_short_name(WfObject *object);
extern const char *wf_schema_bare(const char *qualified, const char *schema);
extern List *wf_schema_list(const char *json);
extern int	wf_schema_compare_names(const ListCell *a, const ListCell *b);

/* scope.c */
extern const WfScope *wf_schema_scope(const char *name);
extern const char *wf_schema_scope_name(const WfScope *scope);
extern void wf_schema_narrow(WfModel *model, const WfScope *scope);
extern bool wf_schema_covers(WfModel *model, const WfObjectType *type, int attr);

/* json.c */
extern Jsonb *wf_schema_model_to_json(WfModel *model);
extern WfModel *wf_schema_model_copy(WfModel *model);
extern WfModel *wf_schema_model_from_json(Jsonb *snapshot, const char *argument);
extern WfModel *wf_schema_header_from_json(Jsonb *snapshot, const char *argument);

/* fingerprint.c */
extern char *wf_schema_fingerprint(WfModel *model);

#endif							/* WF_SCHEMA_MODEL_H */
