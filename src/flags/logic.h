/*
 * logic.h: JsonLogic as nodes of a program.
 *
 * An expression compiles to nodes whose functions are the operators; a
 * language that extends JsonLogic brings its own operators, and names what its
 * expressions find beside the context.
 */
#ifndef WF_FLAGS_LOGIC_H
#define WF_FLAGS_LOGIC_H

#include "flags/document.h"

typedef struct WfLogicOperator
{
	const char *name;
	WfFunction	call;
	int			arity;			/* of how many arguments it makes something;
								 * 0: of all */
	int			mode;			/* a choice that call understands */
	/* What can be made of constant arguments once, or NULL; may be NULL. */
	const void *(*prepare) (const WfNode *node);
} WfLogicOperator;

/* JsonLogic, or what extends it. */
typedef struct WfLogicLanguage
{
	int			noperators;
	const WfLogicOperator *operators;	/* besides JsonLogic's own */
	const char *reference;		/* as an operator: a part's name; or NULL */
	const char *extra;			/* name of an object that is found beside the
								 * context's own members, or NULL */
	const char *const *extra_members;	/* their names, NULL after the last */
	/* Fetches one of them; absent where there is none. */
	void		(*extra_fetch) (WfRun *run, WfString name, WfValue *value);
} WfLogicLanguage;

/* Of how many elements of a list something has to hold. */
typedef enum WfLogicQuantifier
{
	WF_LOGIC_ALL,				/* of an empty list it never does */
	WF_LOGIC_NONE,
	WF_LOGIC_SOME
} WfLogicQuantifier;

/* An expression that others refer to by name. */
typedef struct WfLogicPart
{
	WfString	name;
	WfNode		node;
} WfLogicPart;

/* WfNode.u.function.data of all operators. */
typedef struct WfLogicCall
{
	const WfLogicOperator *operator;
	const WfLogicLanguage *language;
	const void *prepared;		/* by the operator, or NULL */
} WfLogicCall;

typedef struct WfLogicCompiler
{
	const WfLogicLanguage *language;
	int			nparts;
	const WfLogicPart *parts;	/* in the order of
								 * wf_flags_logic_part_compare() */
	int			ncalls;			/* of operators, so far; for the planner */
} WfLogicCompiler;

/* logic.c */
extern bool wf_flags_logic_compile(WfLogicCompiler *compiler, const WfValue *expression, WfNode *node);
extern int	wf_flags_logic_part_compare(const void *a, const void *b);

/* logic_value.c: for operators */
extern const WfLogicCall *wf_flags_logic_call(const WfNode *node);
extern bool wf_flags_logic_truthy(const WfValue *value);
extern bool wf_flags_logic_same(const WfValue *a, const WfValue *b);
extern void wf_flags_logic_argument(WfRun *run, const WfNode *node, int index, WfValue *value);
extern bool wf_flags_logic_elements(WfRun *run, const WfNode *node, int max, WfValue *elements,
									int *nelements);
extern void wf_flags_logic_push(WfRun *run, JsonbParseState **state, JsonbIteratorToken token,
								const WfValue *value);
extern void wf_flags_logic_finish(WfRun *run, JsonbParseState **state, JsonbIteratorToken token,
								  WfValue *result);
extern void wf_flags_logic_array(WfRun *run, const WfNode *node, WfValue *result);

/* logic_data.c */
extern const WfAttribute *wf_flags_logic_attribute(const WfValue *name);
extern void wf_flags_logic_fetch(WfRun *run, const WfLogicLanguage *language,
								 const WfAttribute *attribute, WfValue *value);
extern const void *wf_flags_logic_prepare_name(const WfNode *node);
extern void wf_flags_logic_var(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_missing(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_missing_some(WfRun *run, const WfNode *node, WfValue *result);

/* logic_list.c; quantifiers have a WfLogicQuantifier as mode */
extern void wf_flags_logic_map(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_filter(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_reduce(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_quantify(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_merge(WfRun *run, const WfNode *node, WfValue *result);
extern const void *wf_flags_logic_prepare_set(const WfNode *node);
extern void wf_flags_logic_in(WfRun *run, const WfNode *node, WfValue *result);

/* logic_number.c; comparisons have a WfOrder as mode, calculations their sign */
extern void wf_flags_logic_equal(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_identical(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_ordered(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_sum(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_product(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_calculate(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_extreme(WfRun *run, const WfNode *node, WfValue *result);

/* logic_text.c */
extern void wf_flags_logic_cat(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_logic_substr(WfRun *run, const WfNode *node, WfValue *result);

/* logic_operator.c */
extern const WfLogicOperator *wf_flags_logic_operator(const WfLogicLanguage *language, WfString name);

#endif							/* WF_FLAGS_LOGIC_H */
