/*
 * definition.h: what a command changes, and how it is defined at the moment.
 */
#ifndef WF_RECORD_DEFINITION_H
#define WF_RECORD_DEFINITION_H

#include "postgres.h"

#include "catalog/objectaddress.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

/* A definition is cut after so many bytes. */
#define WF_RECORD_DEFINITION_KEPT 8000

/* An object that a command is about to change. */
typedef struct WfRecordTarget
{
	ObjectAddress address;
	Oid			relid;			/* relation concerned, else InvalidOid */
	char	   *state;			/* as wf_record_state() told it; NULL: nothing */
} WfRecordTarget;

/* definition.c */
extern char *wf_record_definition(const ObjectAddress *address);
extern char *wf_record_column(Oid relid, const char *name);
extern char *wf_record_constraint(Oid relid, const char *name);
extern char *wf_record_clip(const char *text, int limit);

/* target.c */
extern bool wf_record_has_targets(const Node *tree);
extern bool wf_record_makes(const Node *tree);
extern List *wf_record_targets(Node *tree);
extern Oid	wf_record_relation_of(Node *tree, const ObjectAddress *address);
extern char *wf_record_state(Node *tree, const ObjectAddress *address);

#endif							/* WF_RECORD_DEFINITION_H */
