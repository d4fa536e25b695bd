/*
 * program.h: what a flag compiles to.
 *
 * A definition, whatever dialect it is written in, becomes one program:
 * ordered rules, each a condition over the context and a serve.  Differences
 * between dialects are data in here; the evaluator knows none of them.
 * Indexes of variants are into WfProgram.variants; -1 is "no variant", the
 * caller's default.
 */
#ifndef WF_FLAGS_PROGRAM_H
#define WF_FLAGS_PROGRAM_H

#include "postgres.h"
#include "utils/jsonb.h"

/* The variants of a flag that defines none. */
#define WF_VARIANT_ON 0
#define WF_VARIANT_OFF 1
#define WF_VARIANT_NONE (-1)

/* A percentage is counted in steps of 0.001 %. */
#define WF_SHARE_TOTAL 100000

/* The attribute that identifies whom a flag is evaluated for. */
#define WF_TARGETING_KEY "targetingKey"

/* Not terminated by a zero byte. */
typedef struct WfString
{
	const char *data;
	int			len;
} WfString;

/* OpenFeature's reasons. */
typedef enum WfReason
{
	WF_REASON_STATIC,
	WF_REASON_DEFAULT,
	WF_REASON_TARGETING_MATCH,
	WF_REASON_SPLIT,
	WF_REASON_DISABLED,
	WF_REASON_ERROR
} WfReason;

/* OpenFeature's error codes. */
typedef enum WfErrorCode
{
	WF_ERROR_NONE,
	WF_ERROR_FLAG_NOT_FOUND,
	WF_ERROR_PARSE_ERROR,
	WF_ERROR_TYPE_MISMATCH,
	WF_ERROR_TARGETING_KEY_MISSING,
	WF_ERROR_INVALID_CONTEXT,
	WF_ERROR_GENERAL
} WfErrorCode;

typedef struct WfVariant
{
	WfString	name;
	Jsonb	   *value;
	bool		enabled;		/* what flag_eval() says when it is served */
} WfVariant;

/* An attribute of the context: a path of names from its top. */
typedef struct WfAttribute
{
	int			nsteps;
	WfString   *steps;
	bool		is_key;			/* the targeting key itself */
} WfAttribute;

typedef enum WfOperator
{
	WF_OPERATOR_IN,				/* equals one of the values */
	WF_OPERATOR_LESS,
	WF_OPERATOR_LESS_EQUAL,
	WF_OPERATOR_GREATER,
	WF_OPERATOR_GREATER_EQUAL,
	WF_OPERATOR_STARTS_WITH,
	WF_OPERATOR_ENDS_WITH,
	WF_OPERATOR_CONTAINS,
	WF_OPERATOR_EXISTS			/* the attribute is there and not null */
} WfOperator;

/*
 * One comparison of an attribute with constants.  Values of different JSON
 * types never match; an attribute that is an array matches when one of its
 * elements does.
 */
typedef struct WfPredicate
{
	WfAttribute attribute;
	WfOperator	operator;
	bool		absent;			/* result where the attribute is absent or
								 * null */
	int			nvalues;
	JsonbValue *values;			/* scalars */
} WfPredicate;

typedef enum WfNodeType
{
	WF_NODE_ALL,				/* true without children */
	WF_NODE_ANY,				/* false without children */
	WF_NODE_NOT,
	WF_NODE_PREDICATE
} WfNodeType;

typedef struct WfNode
{
	WfNodeType	type;
	int			nchildren;
	struct WfNode *children;
	WfPredicate predicate;
} WfNode;

/* Hash function over the encoded input parts. */
typedef enum WfHash
{
	WF_HASH_MURMUR3_32
} WfHash;

/* How the input parts become bytes. */
typedef enum WfEncoding
{
	WF_ENCODING_TEXT,			/* one after the other, as UTF-8 text */
	WF_ENCODING_CONVERTED_TEXT	/* the same, in a database of another encoding */
} WfEncoding;

/* How a hash becomes a position. */
typedef enum WfReduction
{
	WF_REDUCTION_MULTIPLY		/* (hash * total) >> 32: 0 to total - 1 */
} WfReduction;

/* Which arm a position falls into. */
typedef enum WfComparison
{
	WF_COMPARISON_BELOW			/* the first whose upper limit is above it */
} WfComparison;

/* What a context without the hashed attribute means. */
typedef enum WfMissingKey
{
	WF_MISSING_ERROR			/* TARGETING_KEY_MISSING */
} WfMissingKey;

/* Murmur3 (32 bit) after the constant beginning of the input. */
typedef struct WfMurmur3
{
	uint32		hash;
	uint32		carry;			/* bytes that fill no word yet */
	int			ncarry;
	uint32		length;
} WfMurmur3;

typedef struct WfArm
{
	uint32		upper;			/* upper limit, exclusive */
	int			variant;
} WfArm;

/*
 * A split spreads the values of one attribute over its arms, always the same
 * way.  The arms may leave the end of the range open: a rollout of 10 % is a
 * split with one arm up to a tenth of the total.
 */
typedef struct WfSplit
{
	WfHash		hash;
	WfMurmur3	prefix;			/* input parts: constants, then ... */
	WfAttribute attribute;		/* ... this attribute */
	WfEncoding	encoding;
	WfReduction reduction;
	uint32		total;
	WfComparison comparison;
	WfMissingKey missing;
	int			narms;
	WfArm	   *arms;
} WfSplit;

/* A fixed variant, or a split that chooses one. */
typedef struct WfServe
{
	int			variant;
	WfSplit    *split;			/* NULL: the fixed variant */
} WfServe;

typedef struct WfFlagRule
{
	WfString	id;
	WfNode	   *condition;		/* NULL: everybody */
	WfSplit    *share;			/* NULL: all of them; outside, the rule misses */
	WfServe		serve;
} WfFlagRule;

/*
 * What flag_eval() may say without running the program, where no override is
 * in the way and the context is valid.
 */
typedef enum WfShortcut
{
	WF_SHORTCUT_NONE,
	WF_SHORTCUT_FALSE,
	WF_SHORTCUT_TRUE,
	WF_SHORTCUT_SHARE			/* true inside the fallthrough's share, else
								 * false */
} WfShortcut;

typedef struct WfProgram
{
	WfErrorCode fault;			/* why it can't be evaluated, or none */
	bool		enabled;
	WfShortcut	shortcut;
	int			nvariants;
	const WfVariant *variants;
	int			off;			/* served when disabled or outside the rollout */
	int			nrules;
	WfFlagRule *rules;
	WfFlagRule	fallthrough;	/* when no rule matches; share is the rollout */
	Jsonb	   *metadata;		/* or NULL */
	int			npredicates;	/* for the planner */
} WfProgram;

#endif							/* WF_FLAGS_PROGRAM_H */
