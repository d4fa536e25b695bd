/*
 * dialect_native.h: parts of the native dialect.
 *
 * The parts hand on a WfNative.  What reads a piece of a definition returns
 * false, with a fault, where it is wrong.
 */
#ifndef WF_FLAGS_DIALECT_NATIVE_H
#define WF_FLAGS_DIALECT_NATIVE_H

#include "flags/clock.h"
#include "flags/dialect.h"

/* Murmur3's seed of rollouts, of splits and of groups that exclude each other. */
#define WF_NATIVE_ROLLOUT_SEED 0
#define WF_NATIVE_SPLIT_SEED 1
#define WF_NATIVE_GROUP_SEED 2

/* What a condition or a hash goes by. */
typedef struct WfNativeAttribute
{
	WfAttribute attribute;
	WfNode	   *subject;		/* computes it instead, or NULL */
} WfNativeAttribute;

/* The segments of one document, in the order of their keys. */
typedef struct WfNativeSegments
{
	int			nsegments;
	WfSegment  *segments;
} WfNativeSegments;

/* State of one compilation, of a flag or of a segment. */
typedef struct WfNative
{
	WfString	key;			/* of the flag or segment: what is hashed with
								 * a user unless a seed is given */
	bool		converts;		/* as in WfSource */
	const WfNativeSegments *segments;	/* that can be tested for, or NULL:
										 * looked up at each evaluation */
	WfNativeAttribute by;		/* what hashes go by unless they say */
	WfProgram  *program;		/* NULL for a segment */
	int			npredicates;
	bool		tests_flags;
	bool		of_value;		/* in a condition on another flag's value */
	WfFault    *fault;
} WfNative;

/* A percentage, of now or by the clock. */
typedef struct WfNativeShare
{
	uint32		share;			/* in steps of 0.001 % */
	WfSchedule *schedule;		/* or NULL */
} WfNativeShare;

/* A split with one arm, or none for nobody. */
typedef struct WfNativeRollout
{
	WfSplit		split;
	WfArm		arm;
} WfNativeRollout;

/* dialect_native_read.c */
extern bool wf_flags_native_attribute(WfNative *native, JsonbValue *value, const char *path,
									  WfNativeAttribute *attribute);
extern void wf_flags_native_key_of_kind(WfString kind, WfAttribute *attribute);
extern bool wf_flags_native_moment(WfNative *native, JsonbValue *value, const char *path,
								   TimestampTz *moment);
extern bool wf_flags_native_window(WfNative *native, JsonbContainer *object, const char *path,
								   WfNode *node);
extern void wf_flags_native_window_node(TimestampTz from, TimestampTz until, WfNode *node);
extern bool wf_flags_native_percent(WfNative *native, JsonbValue *value, const char *path,
									uint32 *share);
extern bool wf_flags_native_range(WfNative *native, uint32 from, uint32 until, const char *path);
extern bool wf_flags_native_boolean(WfNative *native, JsonbValue *value, const char *path,
									bool *boolean);
extern bool wf_flags_native_text(WfNative *native, JsonbContainer *object, const char *name,
								 const char *path, WfString *text);

/* dialect_native_share.c */
extern void wf_flags_native_split(WfNative *native, WfSplit *split, uint32 seed, WfString text,
								  const WfNativeAttribute *by);
extern bool wf_flags_native_share(WfNative *native, JsonbValue *value, const char *path,
								  WfNativeShare *share);
extern void wf_flags_native_rollout(WfNative *native, WfNativeRollout *rollout,
									const WfNativeShare *share, WfString text,
									const WfNativeAttribute *by);
extern bool wf_flags_native_share_node(WfNative *native, JsonbValue *value, const char *path,
									   WfNode *node);

/* dialect_native_condition.c */
extern bool wf_flags_native_condition(WfNative *native, JsonbValue *value, const char *path,
									  WfNode *node);
extern bool wf_flags_native_flag_test(WfNative *native, JsonbContainer *object, const char *path,
									  int depth, WfNode *node);
extern WfNode *wf_flags_native_negate(WfNode *node);

/* dialect_native_operator.c */
extern bool wf_flags_native_predicate(WfNative *native, JsonbContainer *object, const char *path,
									  WfNode *node);

/* dialect_native_compute.c */
extern bool wf_flags_native_compute(WfNative *native, JsonbValue *value, const char *path,
									WfNode *node);

/* dialect_native_serve.c */
extern bool wf_flags_native_serve(WfNative *native, JsonbValue *value, const char *path,
								  WfServe *serve);
extern bool wf_flags_native_variant(WfNative *native, JsonbValue *value, const char *path,
									int *variant);

/* dialect_native_rule.c */
extern bool wf_flags_native_rules(WfNative *native, JsonbContainer *definition);

/* dialect_native_segment.c */
extern const WfSegment *wf_flags_compile_segment(WfString key, Jsonb *definition, bool converts,
												 WfFault *fault);
extern bool wf_flags_native_segment(WfNative *native, JsonbValue *definition, const char *path,
									WfSegment *segment);
extern bool wf_flags_native_has_source(JsonbContainer *definition);
extern const WfSegment *wf_flags_native_segment_find(const WfNativeSegments *segments, WfString key);

/* dialect_native_document.c: parts of WfDialect. */
extern Jsonb *wf_flags_native_normalize(Jsonb *document, WfFault *fault);
extern bool wf_flags_native_compile_shared(WfShared *shared, WfFault *fault);
extern List *wf_flags_native_list_flags(Jsonb *document);
extern List *wf_flags_native_list_limits(const WfShared *shared);
extern Jsonb *wf_flags_native_assemble(Jsonb *document, List *flags);

#endif							/* WF_FLAGS_DIALECT_NATIVE_H */
