/*
 * dialect_unleash.h: what the files of this dialect share.
 */
#ifndef WF_FLAGS_DIALECT_UNLEASH_H
#define WF_FLAGS_DIALECT_UNLEASH_H

#include "flags/document.h"

/* A segment of the document. */
typedef struct WfUnleashSegment
{
	WfString	id;
	WfNode	   *condition;
	int			npredicates;
} WfUnleashSegment;

/* What the flags of a document share: WfShared.data. */
typedef struct WfUnleashShared
{
	int			nsegments;
	WfUnleashSegment *segments;
} WfUnleashShared;

/* Nodes that are being collected. */
typedef struct WfUnleashNodes
{
	int			count;
	WfNode	   *nodes;
	int			npredicates;
} WfUnleashNodes;

/* The bucket of a context: an attribute hashed with the name of a group. */
typedef struct WfUnleashBucket
{
	WfString	group;
	WfString	stickiness;		/* an attribute, or "default" or "random" */
	uint32		seed;
	uint32		total;
	bool		always;			/* without the attribute the bucket is random */
} WfUnleashBucket;

/* dialect_unleash_constraint.c */
extern bool wf_flags_unleash_constraints(JsonbContainer *owner, const char *path, WfFault *fault,
										 WfUnleashNodes *nodes);
extern WfNode *wf_flags_unleash_add_node(WfUnleashNodes *nodes, WfNodeType type);
extern WfPredicate *wf_flags_unleash_add_predicate(WfUnleashNodes *nodes, WfString attribute, WfMatch match,
												   int noperands);
extern void wf_flags_unleash_set_operand(WfPredicate *predicate, int index, WfString text);
extern bool wf_flags_unleash_text(const JsonbValue *value, WfString *text);

/* dialect_unleash_context.c */
extern WfNode *wf_flags_unleash_field(WfString name);
extern WfNode *wf_flags_unleash_sticky_field(WfString stickiness);
extern WfAttribute wf_flags_unleash_user(void);

/* dialect_unleash_strategy.c */
extern bool wf_flags_unleash_strategy(const WfSource *source, JsonbContainer *strategy, const char *path,
									  WfFault *fault, WfFlagRule *rule, bool *never, int *npredicates);
extern WfSplit *wf_flags_unleash_split(const WfSource *source, const WfUnleashBucket *bucket, int narms);
extern bool wf_flags_unleash_parameter(JsonbContainer *strategy, const char *name, WfString *text);

/* dialect_unleash_variant.c */
typedef struct WfUnleashVariants
{
	const WfSource *source;
	int			count;
	WfVariant  *variants;
} WfUnleashVariants;

/* The variants that every flag has; its own come after them. */
#define WF_UNLEASH_OFF 0
#define WF_UNLEASH_ON 1
#define WF_UNLEASH_OWN 2

extern void wf_flags_unleash_begin_variants(WfUnleashVariants *variants, const WfSource *source);
extern bool wf_flags_unleash_variants(WfUnleashVariants *variants, JsonbContainer *owner, JsonbContainer *strategy,
									  const char *path, WfFault *fault, WfServe *serve);

/* dialect_unleash_document.c */
typedef struct WfUnleashItem
{
	WfString	key;
	bool		removed;
	JsonbValue	value;
} WfUnleashItem;

/* Features or segments, of which the last with a key counts. */
typedef struct WfUnleashItems
{
	int			count;
	WfUnleashItem *items;
} WfUnleashItems;

extern Jsonb *wf_flags_unleash_normalize(Jsonb *document, WfFault *fault);
extern List *wf_flags_unleash_list_flags(Jsonb *document);
extern Jsonb *wf_flags_unleash_assemble(Jsonb *document, List *flags);
extern bool wf_flags_unleash_add_item(WfUnleashItems *items, JsonbValue *value, const char *key,
									  const char *path, WfFault *fault);
extern void wf_flags_unleash_push_items(JsonbParseState **state, const char *key, const WfUnleashItems *items);
extern void wf_flags_unleash_push_others(JsonbParseState **state, JsonbContainer *object, const char *const *but);
extern Jsonb *wf_flags_unleash_definition(Jsonb *flag, WfString key, bool enabled);

/* dialect_unleash_delta.c */
extern Jsonb *wf_flags_unleash_from_events(JsonbValue *events, WfFault *fault);

/* dialect_unleash_export.c */
extern Jsonb *wf_flags_unleash_from_export(JsonbContainer *document, WfFault *fault);

/* dialect_unleash_limit.c */
extern List *wf_flags_unleash_list_limits(const WfShared *shared);

/* dialect_unleash_result.c */
extern Jsonb *wf_flags_unleash_result(const WfResult *result);

#endif							/* WF_FLAGS_DIALECT_UNLEASH_H */
