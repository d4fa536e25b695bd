/*
 * reference.h: where flags are named in the database.
 */
#ifndef WF_FLAGS_REFERENCE_H
#define WF_FLAGS_REFERENCE_H

#include "nodes/pg_list.h"

#include "flags/value.h"

/* How sure it is that a text which is the key of a flag means the flag. */
typedef enum WfConfidence
{
	WF_CERTAIN,					/* it is an argument of a function of flags */
	WF_LIKELY,					/* a text beside such a call, or a call in a
								 * text */
	WF_POSSIBLE					/* a text in a function */
} WfConfidence;

/* A place that names a flag. */
typedef struct WfReference
{
	const char *flag;
	const char *object_type;
	const char *identity;
	const char *part;			/* of the object */
	int			line;			/* of the part; 0: it has none */
	WfConfidence confidence;
	const char *excerpt;		/* the line, or NULL */
} WfReference;

/* A text in the body of a function. */
typedef struct WfBodyText
{
	WfString text;
	int			line;
	bool		is_argument;	/* of a function of flags */
	bool		nested;			/* in another text */
} WfBodyText;

typedef bool (*WfIsFunction) (void *arg, WfString name);

/* body.c */
extern List *wf_flags_body_texts(WfString body, bool is_sql, WfIsFunction is_function, void *arg, bool *calls);

/* reference.c */
extern List *wf_flags_references(const List *keys);

#endif							/* WF_FLAGS_REFERENCE_H */
