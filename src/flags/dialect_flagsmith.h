/*
 * dialect_flagsmith.h: what the files of the Flagsmith dialect share.
 */
#ifndef WF_FLAGS_DIALECT_FLAGSMITH_H
#define WF_FLAGS_DIALECT_FLAGSMITH_H

#include "flags/dialect.h"

/* The variants of a state in an environment document, and what each serves. */
#define WF_FLAGSMITH_STATE_VARIANTS "multivariate_feature_state_values"
#define WF_FLAGSMITH_VARIANT_OPTION "multivariate_feature_option"

/* Where an override or a variant stands among others: the lowest comes first. */
typedef struct WfFlagsmithPriority
{
	int			band;			/* -1: before all numbers, 1: after them */
	WfValue		number;			/* in band 0 */
} WfFlagsmithPriority;

typedef struct WfFlagsmithSegment
{
	WfSegment	segment;
	WfString	name;
	WfValue		metadata;		/* null for none */
	int			npredicates;
} WfFlagsmithSegment;

/* What a segment makes of a feature. */
typedef struct WfFlagsmithOverride
{
	WfString	name;			/* of the feature */
	const WfFlagsmithSegment *segment;
	WfFlagsmithPriority priority;
	int			order;			/* in the document */
	JsonbContainer *feature;
	const char *path;
} WfFlagsmithOverride;

/* WfShared.data */
typedef struct WfFlagsmithShared
{
	WfValue		document;
	WfString	environment_key;
	WfAttribute identity_key;
	WfAttribute identifier;
	int			nsegments;
	WfFlagsmithSegment *segments;
	int			noverrides;
	WfFlagsmithOverride *overrides; /* by name, those of a name in their order */
	List	   *limits;			/* of WfLimit */
} WfFlagsmithShared;

/* WfFlagRule.detail: whose feature is served. */
typedef struct WfFlagsmithServed
{
	const WfFlagsmithSegment *segment;	/* NULL: the environment's own */
	WfValue		metadata;		/* null for none */
} WfFlagsmithServed;

/* dialect_flagsmith_read.c */
extern bool wf_flags_flagsmith_member(JsonbContainer *object, const char *name, WfValue *value);
extern bool wf_flags_flagsmith_array(JsonbContainer *object, const char *name, const char *path,
									 WfFault *fault, JsonbContainer **array, int *length);
extern bool wf_flags_flagsmith_element(JsonbContainer *array, int index, const char *path,
									   WfFault *fault, JsonbContainer **object);
extern void wf_flags_flagsmith_priority(JsonbContainer *object, WfFlagsmithPriority *priority);
extern int	wf_flags_flagsmith_priority_compare(const WfFlagsmithPriority *a, const WfFlagsmithPriority *b);

/* dialect_flagsmith_segment.c */
extern bool wf_flags_flagsmith_compile_shared(WfShared *shared, WfFault *fault);
extern List *wf_flags_flagsmith_list_limits(const WfShared *shared);

/* dialect_flagsmith_property.c */
extern void wf_flags_flagsmith_identity(WfFlagsmithShared *shared);
extern void wf_flags_flagsmith_identity_key(const WfFlagsmithShared *shared, WfNode *node);
extern bool wf_flags_flagsmith_property(const WfFlagsmithShared *shared, WfString property, WfNode *node);

/* dialect_flagsmith_operator.c */
extern bool wf_flags_flagsmith_operator(WfString name, const WfValue *value, WfPredicate *predicate);

/* dialect_flagsmith_document.c */
extern Jsonb *wf_flags_flagsmith_normalize(Jsonb *document, WfFault *fault);
extern List *wf_flags_flagsmith_list_flags(Jsonb *document);
extern Jsonb *wf_flags_flagsmith_assemble(Jsonb *document, List *flags);
extern bool wf_flags_flagsmith_is_killed(const WfDocumentFlag *flag);

/* dialect_flagsmith_environment.c */
extern Jsonb *wf_flags_flagsmith_from_environment(JsonbContainer *environment, WfFault *fault);

/* dialect_flagsmith_state.c */
extern Jsonb *wf_flags_flagsmith_read_state(JsonbContainer *feature_state, const char *path,
											WfFault *fault, WfString *name);
extern bool wf_flags_flagsmith_feature_name(JsonbContainer *feature_state, const char *path,
											WfFault *fault, WfString *name);
extern void wf_flags_flagsmith_push_member(JsonbParseState **state, const char *key,
										   JsonbContainer *object, const char *name);

/* dialect_flagsmith_export.c */
extern Jsonb *wf_flags_flagsmith_restore(Jsonb *original, Jsonb *document, List *flags);

/* dialect_flagsmith_identity.c */
extern bool wf_flags_flagsmith_push_identities(JsonbParseState **state, JsonbContainer *environment,
											   WfFault *fault);

/* dialect_flagsmith_result.c */
extern Jsonb *wf_flags_flagsmith_result(const WfResult *result);

#endif							/* WF_FLAGS_DIALECT_FLAGSMITH_H */
