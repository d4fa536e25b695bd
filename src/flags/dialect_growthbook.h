/*
 * dialect_growthbook.h: what the files of the GrowthBook dialect share.
 *
 * GrowthBook's reference is its JavaScript library, so "truthy", "falsy" and
 * what operators make of values are JavaScript's here.
 */
#ifndef WF_FLAGS_DIALECT_GROWTHBOOK_H
#define WF_FLAGS_DIALECT_GROWTHBOOK_H

#include "flags/dialect.h"

/* The attribute that users are told apart by, unless a rule names another. */
#define WF_GROWTHBOOK_ID "id"

/* Where a context may keep its attributes, beside what else it says. */
#define WF_GROWTHBOOK_ATTRIBUTES "attributes"

typedef struct WfGrowthbookSet WfGrowthbookSet;

/* A list of values that conditions refer to by its id. */
typedef struct WfGrowthbookGroup
{
	WfString	id;
	const WfGrowthbookSet *members;
} WfGrowthbookGroup;

/* What the flags of a document share; absent parts are NULL. */
typedef struct WfGrowthbookShared
{
	int			ngroups;
	WfGrowthbookGroup *groups;	/* in jsonb's order of keys */
	JsonbContainer *bandits;
	JsonbContainer *forced_values;
	JsonbContainer *forced_variations;
	JsonbContainer *sticky_documents;
	WfString	url;
	bool		disabled;		/* no experiments */
	bool		qa_mode;		/* none but forced ones */
} WfGrowthbookShared;

/* State of one compilation. */
typedef struct WfGrowthbookCompiler
{
	const WfSource *source;
	const WfGrowthbookShared *shared;
	WfProgram  *program;
	WfVariant  *variants;		/* of the program, which counts them */
	int			variants_max;
	int			rules_max;		/* of the program's rules */
	WfFault    *fault;
} WfGrowthbookCompiler;

/* Where a value came from; WfFlagRule.stage. */
typedef enum WfGrowthbookSource
{
	WF_GROWTHBOOK_DEFAULT,
	WF_GROWTHBOOK_FORCE,
	WF_GROWTHBOOK_OVERRIDE,
	WF_GROWTHBOOK_PREREQUISITE,
	WF_GROWTHBOOK_GUARD,		/* ends a rule */
	WF_GROWTHBOOK_FORCED_VARIATION,
	WF_GROWTHBOOK_STICKY_VARIATION,
	WF_GROWTHBOOK_EXPERIMENT
} WfGrowthbookSource;

/* One of the contexts that a bandit has weights of its own for. */
typedef struct WfGrowthbookLeaf
{
	WfNode	   *condition;		/* NULL: everybody */
	WfValue		id;
	WfValue		weights;		/* as they stand in the document; absent:
								 * those of the rule */
} WfGrowthbookLeaf;

/* What users are hashed by. */
typedef struct WfGrowthbookUnit
{
	const WfGrowthbookShared *shared;
	WfString	name;
	WfAttribute attribute;
	WfString	fallback_name;	/* data is NULL without one */
	WfAttribute fallback;		/* used where there are sticky buckets */
} WfGrowthbookUnit;

/* An experiment, which is a rule of a flag. */
typedef struct WfGrowthbookExperiment
{
	const WfGrowthbookShared *shared;
	WfValue		rule;
	WfValue		variations;
	WfString	key;
	WfGrowthbookUnit unit;
	int			nvariations;
	int		   *variants;		/* for each; to miss where the flag's next
								 * rules are to decide */
	int			first_variant;	/* the first of them, the others after it */
	WfSplit    *split;			/* without arms; NULL: a hash that nobody
								 * knows */
	WfValue		bandit_version; /* or absent */
	int			nleaves;
	WfGrowthbookLeaf *leaves;
} WfGrowthbookExperiment;

/* WfFlagRule.detail. */
typedef struct WfGrowthbookRule
{
	WfString	id;				/* data is NULL for one without */
	const WfGrowthbookExperiment *experiment;	/* or NULL */
	const WfGrowthbookLeaf *leaf;	/* or NULL */
} WfGrowthbookRule;

/* State of compiling one condition. */
typedef struct WfGrowthbookConditions
{
	WfGrowthbookCompiler *compiler;
	const char *path;			/* of the whole condition */
	bool		of_context;		/* else over something that has no groups */
} WfGrowthbookConditions;

/* dialect_growthbook.c */
extern int	wf_flags_growthbook_add_variant(WfGrowthbookCompiler *compiler, const WfValue *value,
											WfString name);
extern WfFlagRule *wf_flags_growthbook_add_rule(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
												WfGrowthbookSource source);
extern void wf_flags_growthbook_add_guard(WfGrowthbookCompiler *compiler, const WfFlagRule *like,
										  const WfNode *condition);
extern bool wf_flags_growthbook_member(const WfValue *object, const char *name, WfValue *member);

/* dialect_growthbook_condition.c */
extern bool wf_flags_growthbook_condition(WfGrowthbookCompiler *compiler, const WfValue *condition,
										  bool of_context, const char *path, WfNode *node);
extern bool wf_flags_growthbook_compile_condition(WfGrowthbookConditions *conditions,
												  const WfValue *condition, bool of_context,
												  int depth, WfNode *node);
extern void wf_flags_growthbook_path(WfString path, bool of_context, WfAttribute *attribute);
extern void wf_flags_growthbook_add_children(WfNode *node, WfNodeType type, int nchildren);

/* dialect_growthbook_test.c */
extern bool wf_flags_growthbook_compile_test(WfGrowthbookConditions *conditions, const WfValue *test,
											 const WfAttribute *attribute, bool fold_case,
											 int depth, WfNode *node);

/* dialect_growthbook_operator.c */
extern WfGrowthbookSet *wf_flags_growthbook_set(const WfValue *array, bool fold_case);
extern WfString wf_flags_growthbook_version(const WfValue *value);
extern void wf_flags_growthbook_fold(WfOperand *operand);
extern bool wf_flags_growthbook_match_text(WfRun *run, const WfPredicate *predicate,
										   const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_number(WfRun *run, const WfPredicate *predicate,
											 const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_truth(WfRun *run, const WfPredicate *predicate,
											const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_content(WfRun *run, const WfPredicate *predicate,
											  const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_identical(WfRun *run, const WfPredicate *predicate,
												const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_ordered(WfRun *run, const WfPredicate *predicate,
											  const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_member(WfRun *run, const WfPredicate *predicate,
											 const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_type(WfRun *run, const WfPredicate *predicate,
										   const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_pattern(WfRun *run, const WfPredicate *predicate,
											  const WfValue *value, const WfOperand *operand);
extern bool wf_flags_growthbook_match_version(WfRun *run, const WfPredicate *predicate,
											  const WfValue *value, const WfOperand *operand);

/* dialect_growthbook_split.c */
extern void wf_flags_growthbook_unit(const WfGrowthbookCompiler *compiler, const WfValue *rule,
									 WfGrowthbookUnit *unit);
extern WfSplit *wf_flags_growthbook_split(const WfGrowthbookCompiler *compiler, const WfValue *version,
										  double default_version, WfString seed,
										  const WfGrowthbookUnit *unit);
extern void wf_flags_growthbook_add_range(WfSplit *split, const WfValue *range, int variant);
extern void wf_flags_growthbook_add_weights(WfSplit *split, const WfValue *coverage,
											const WfValue *weights, int nvariations,
											const int *variants);
extern bool wf_flags_growthbook_weights(const WfValue *weights, int nvariations, double *result);
extern bool wf_flags_growthbook_filters(WfGrowthbookCompiler *compiler, const WfValue *filters,
										const char *path, WfNode *node);
extern void wf_flags_growthbook_namespace(WfGrowthbookCompiler *compiler, const WfValue *namespace,
										  const WfGrowthbookUnit *unit, WfNode *node);

/* dialect_growthbook_experiment.c */
extern bool wf_flags_growthbook_experiment(WfGrowthbookCompiler *compiler, const WfValue *rule,
										   const WfValue *variations, const WfFlagRule *like,
										   const char *path);

/* dialect_growthbook_forced.c */
extern bool wf_flags_growthbook_context_member(WfRun *run, const char *name, WfValue *member);
extern void wf_flags_growthbook_is_forced(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_growthbook_forced(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_growthbook_serve_variation(const WfGrowthbookExperiment *experiment,
												int variation, WfValue *result);

/* dialect_growthbook_sticky.c */
extern void wf_flags_growthbook_is_sticky(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_growthbook_sticky(WfRun *run, const WfNode *node, WfValue *result);
extern WfString wf_flags_growthbook_unit_fetch(WfRun *run, const WfGrowthbookUnit *unit, WfValue *value);
extern void wf_flags_growthbook_unit_value(WfRun *run, const WfNode *node, WfValue *result);

/* dialect_growthbook_document.c */
extern Jsonb *wf_flags_growthbook_normalize(Jsonb *document, WfFault *fault);
extern bool wf_flags_growthbook_share(WfShared *shared, WfFault *fault);
extern List *wf_flags_growthbook_list(Jsonb *document);
extern List *wf_flags_growthbook_limits(const WfShared *shared);
extern Jsonb *wf_flags_growthbook_assemble(Jsonb *document, List *flags);

/* dialect_growthbook_result.c */
extern Jsonb *wf_flags_growthbook_result(const WfResult *result);

#endif							/* WF_FLAGS_DIALECT_GROWTHBOOK_H */
