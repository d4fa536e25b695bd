/*
 * dialect_launchdarkly.h: the parts of LaunchDarkly's dialect.
 */
#ifndef WF_FLAGS_DIALECT_LAUNCHDARKLY_H
#define WF_FLAGS_DIALECT_LAUNCHDARKLY_H

#include "flags/dialect.h"
#include "flags/segment.h"

/* Weights are counted in steps of 0.001 %. */
#define WF_LAUNCHDARKLY_WEIGHTS 100000.0

/* WfFlagRule.stage: what a rule says as its reason; detail is a WfString. */
typedef enum WfLaunchdarklyStage
{
	WF_LAUNCHDARKLY_FALLTHROUGH,
	WF_LAUNCHDARKLY_RULE,		/* detail: its id, or NULL */
	WF_LAUNCHDARKLY_TARGET,
	WF_LAUNCHDARKLY_PREREQUISITE	/* it failed; detail: its key */
} WfLaunchdarklyStage;

/* WfShared.data: the segments of a document, by key. */
typedef struct WfLaunchdarklyShared
{
	int			nsegments;
	WfSegment  *segments;
} WfLaunchdarklyShared;

/* State of one compilation, of a flag or of all segments. */
typedef struct WfLaunchdarklyCompiler
{
	const WfLaunchdarklyShared *shared;
	bool		converts;
	bool		single_precision;
	int			npredicates;
	WfFault    *fault;
} WfLaunchdarklyCompiler;

/* What an attribute's name comes to. */
typedef enum WfLaunchdarklyReference
{
	WF_REFERENCE_NONE,			/* there is no name */
	WF_REFERENCE_INVALID,
	WF_REFERENCE_FOUND
} WfLaunchdarklyReference;

/* dialect_launchdarkly_read.c: members of objects; null is as if absent. */
extern bool wf_flags_launchdarkly_list(const WfValue *object, const char *name, const char *path,
									   WfFault *fault, WfValue *list, int *length);
extern bool wf_flags_launchdarkly_object(const WfValue *list, int index, const char *path,
										 WfFault *fault, WfValue *object);
extern bool wf_flags_launchdarkly_text(const WfValue *object, const char *name, const char *path,
									   WfFault *fault, WfString *text);
extern bool wf_flags_launchdarkly_number(const WfValue *object, const char *name, const char *path,
										 WfFault *fault, WfValue *number);
extern bool wf_flags_launchdarkly_boolean(const WfValue *object, const char *name, const char *path,
										  WfFault *fault, bool *boolean);

/* dialect_launchdarkly_context.c */
extern WfErrorCode wf_flags_launchdarkly_check(WfContext *context);
extern WfString wf_flags_launchdarkly_kind(WfString kind);
extern void wf_flags_launchdarkly_key(WfString kind, WfAttribute *attribute);
extern void wf_flags_launchdarkly_presence(WfString kind, WfPredicate *predicate);
extern WfLaunchdarklyReference wf_flags_launchdarkly_attribute(WfString name, WfString kind,
															   WfAttribute *attribute);
extern WfNode *wf_flags_launchdarkly_subject(const WfAttribute *attribute, bool in_clause);

/* dialect_launchdarkly_clause.c */
extern bool wf_flags_launchdarkly_clauses(WfLaunchdarklyCompiler *compiler, const WfValue *owner,
										  const char *path, int nmore, WfNode *node);
extern bool wf_flags_launchdarkly_keys(WfLaunchdarklyCompiler *compiler, const WfValue *owner,
									   const char *name, WfString kind, const char *path, WfNode *node);
extern void wf_flags_launchdarkly_failure(WfNode *node);

/* dialect_launchdarkly_rollout.c */
extern bool wf_flags_launchdarkly_serve(WfLaunchdarklyCompiler *compiler, const WfValue *owner,
										const char *path, WfString salt, int nvariants, WfServe *serve);
extern void wf_flags_launchdarkly_fix(const WfValue *index, int nvariants, WfServe *serve);
extern WfSplit *wf_flags_launchdarkly_split(WfLaunchdarklyCompiler *compiler, WfString salt, int narms);
extern double wf_flags_launchdarkly_add_weight(const WfLaunchdarklyCompiler *compiler, double sum,
											   const WfValue *weight);
extern WfString wf_flags_launchdarkly_salt(WfString key, WfString salt);

/* dialect_launchdarkly_segment.c */
extern bool wf_flags_launchdarkly_share(WfShared *shared, WfFault *fault);
extern const WfSegment *wf_flags_launchdarkly_find_segment(const WfLaunchdarklyShared *shared,
														   WfString key);
extern List *wf_flags_launchdarkly_limits(const WfShared *shared);

/* dialect_launchdarkly_document.c, dialect_launchdarkly_api.c */
extern Jsonb *wf_flags_launchdarkly_normalize(Jsonb *document, WfFault *fault);
extern List *wf_flags_launchdarkly_flags(Jsonb *document);
extern Jsonb *wf_flags_launchdarkly_assemble(Jsonb *document, List *flags);
extern bool wf_flags_launchdarkly_from_api(const WfValue *root, WfFault *fault, Jsonb **document);

/* dialect_launchdarkly_result.c */
extern Jsonb *wf_flags_launchdarkly_result(const WfResult *result);

#endif							/* WF_FLAGS_DIALECT_LAUNCHDARKLY_H */
