/*
 * program.h: what a flag compiles to.
 *
 * A definition, whatever dialect it is written in, becomes one program:
 * ordered rules, each a condition over the context and a serve.  Conditions
 * and serves are trees of nodes that yield values, of which booleans are one
 * kind.  Differences between dialects are data in here, among them the
 * functions that nodes and predicates point to; the evaluator knows no
 * dialect.  Indexes of variants are into WfProgram.variants; -1 is "no
 * variant", the caller's default.
 */
#ifndef WF_FLAGS_PROGRAM_H
#define WF_FLAGS_PROGRAM_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "flags/value.h"

/* The variants of a flag that defines none. */
#define WF_VARIANT_ON 0
#define WF_VARIANT_OFF 1
#define WF_VARIANT_NONE (-1)

/* In a serve or an arm: as if nothing had been chosen. */
#define WF_VARIANT_MISS (-2)

/* A percentage is counted in steps of 0.001 %. */
#define WF_SHARE_TOTAL 100000

/* The attribute that identifies whom a flag is evaluated for. */
#define WF_TARGETING_KEY "targetingKey"

/* Deepest nesting of nodes: enough for people, shallow enough for every stack. */
#define WF_DEPTH_MAX 128

/* How long clients outside may keep an answer unless the flag says otherwise, in seconds. */
#define WF_CACHE_TTL_DEFAULT 300

struct WfContext;
struct WfDialect;
struct WfNode;
struct WfPredicate;
struct WfRun;
struct WfSchedule;

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
	WfString	name;			/* data is NULL for one without a name */
	Jsonb	   *value;
	bool		enabled;		/* what flag_eval() says when it is served */
	const void *detail;			/* the dialect's own, for its result */
} WfVariant;

/* In which contexts a path counts. */
typedef enum WfPathUse
{
	WF_PATH_ALWAYS,
	WF_PATH_UNLESS_OLD,			/* not where the context is an old-style user */
	WF_PATH_IF_OLD				/* only there */
} WfPathUse;

/* A path of names (in arrays: of indexes) from the top of a context. */
typedef struct WfPath
{
	WfPathUse	use;
	bool		objects_only;	/* it leads through no array */
	int			nsteps;			/* 0: the whole */
	WfString   *steps;
} WfPath;

/*
 * An attribute of the context: what is at the first of its paths that leads
 * to something.
 */
typedef struct WfAttribute
{
	WfString	kind;			/* of the context among several; data is NULL
								 * for the context as a whole */
	bool		is_key;			/* the targeting key, where no path leads on */
	int			npaths;
	WfPath	   *paths;
} WfAttribute;

/* A constant that a predicate compares with, and what was made of it. */
typedef struct WfOperand
{
	WfValue		value;
	const void *prepared;		/* by the operator, as a parsed version; or
								 * NULL */
} WfOperand;

/*
 * Whether one value matches one constant.  The value is neither absent nor
 * null, unless the predicate takes nulls.
 */
typedef bool (*WfMatch) (struct WfRun *run, const struct WfPredicate *predicate,
						 const WfValue *value, const WfOperand *operand);

/*
 * A comparison of an attribute with constants: true when any of them matches,
 * or is enough by itself where the operator takes none.
 */
typedef struct WfPredicate
{
	WfAttribute attribute;
	struct WfNode *subject;		/* yields the value instead, or NULL */
	WfMatch		match;
	int			mode;			/* a choice that match understands */
	bool		absent;			/* result where the attribute is absent or
								 * null, whatever negate says */
	bool		takes_null;		/* a null goes to match too */
	bool		absent_is_null; /* what is absent goes there as well, as null */
	bool		negate;
	bool		unary;			/* match takes no constants */
	bool		each;			/* an array matches when one of its elements
								 * does */
	bool		fold_case;
	bool		equals_strings; /* all operands are strings to be equal to */
	int			noperands;
	WfOperand  *operands;
	struct wf_string_set_hash *set; /* of equals_strings, where they are many;
									 * or NULL */
} WfPredicate;

/* What a segment is, see segment.h. */
typedef struct WfSegment
{
	WfString	key;
	struct WfNode *condition;	/* who is in; NULL: by source or nobody */
	const void *source;			/* of a segment kept in a table, or NULL */
	WfErrorCode fault;			/* why nobody is in, or none */
} WfSegment;

/* Whether the context is in a segment. */
typedef struct WfSegmentTest
{
	WfString	key;
	const WfSegment *segment;	/* NULL: looked up by key at each evaluation */
	WfErrorCode cycle_error;	/* of a segment that contains itself */
	bool		required;		/* one that is not there can't be looked into;
								 * else it is empty */
} WfSegmentTest;

/* Any, or one of two. */
typedef enum WfWanted
{
	WF_WANTED_ANY,
	WF_WANTED_TRUE,
	WF_WANTED_FALSE
} WfWanted;

/*
 * What another flag has to say for the same context: all that is given has to
 * hold.
 */
typedef struct WfFlagTest
{
	WfString	key;
	WfWanted	state;			/* whether it is switched on */
	WfWanted	enabled;		/* flag_eval()'s answer */
	int			nvariants;		/* 0: any */
	WfString   *variants;		/* names, one of which it has to serve */
	struct WfNode *condition;	/* over {"value": its value}, or NULL */
	bool		missing_is_null;	/* a flag that is not there has the value
									 * null; else the test fails */
	bool		leaf_only;		/* fails where that flag tests flags itself */
	WfErrorCode cycle_error;	/* of a flag that depends on itself; none: the
								 * test fails */
} WfFlagTest;

/* A node's function: yields *result, evaluating the children it needs. */
typedef void (*WfFunction) (struct WfRun *run, const struct WfNode *node, WfValue *result);

typedef enum WfNodeType
{
	WF_NODE_ALL,				/* true without children */
	WF_NODE_ANY,				/* false without children */
	WF_NODE_NOT,
	WF_NODE_PREDICATE,
	WF_NODE_SEGMENT,
	WF_NODE_FLAG,
	WF_NODE_SPLIT,				/* the variant's index; as a condition:
								 * whether there is one */
	WF_NODE_CONSTANT,
	WF_NODE_ATTRIBUTE,
	WF_NODE_FUNCTION,
	WF_NODE_SHARED,				/* another node, that several share */
	WF_NODE_ERROR				/* evaluation ends in an error */
} WfNodeType;

typedef struct WfNode
{
	WfNodeType	type;
	int			nchildren;
	struct WfNode *children;
	union
	{
		const WfPredicate *predicate;
		const WfSegmentTest *segment;
		const WfFlagTest *flag;
		const struct WfSplit *split;
		const WfValue *constant;
		const WfAttribute *attribute;
		struct
		{
			WfFunction	call;
			const void *data;
		}			function;
		const struct WfNode *shared;
		WfErrorCode error;
	}			u;
} WfNode;

/* Hash function over the encoded input. */
typedef enum WfHash
{
	WF_HASH_MURMUR3_32,
	WF_HASH_FNV1A_32,
	WF_HASH_FNV1A_32_TWICE,		/* of the decimal digits of the first hash */
	WF_HASH_CRC_32,
	WF_HASH_SHA1_60,			/* the first 60 bits */
	WF_HASH_SHA256_64,			/* the first 64 bits */
	WF_HASH_MD5
} WfHash;

/* How the input becomes bytes. */
typedef enum WfEncoding
{
	WF_ENCODING_TEXT,			/* UTF-8 text */
	WF_ENCODING_UTF16_LOW,		/* the low byte of each UTF-16 code unit */
	WF_ENCODING_UTF16_UNITS		/* each UTF-16 code unit taken as one item;
								 * fnv1a, and murmur3 with seed 0 */
} WfEncoding;

/* How a hash becomes a position. */
typedef enum WfReduction
{
	WF_REDUCTION_MULTIPLY,		/* (hash * total) >> 32: 0 to total - 1 */
	WF_REDUCTION_MODULO,		/* hash % total */
	WF_REDUCTION_MODULO_FROM_1, /* hash % total + 1 */
	WF_REDUCTION_MODULO_SHARE,	/* hash % total / total: 0 to below 1 */
	WF_REDUCTION_SHARE_60,		/* hash / (2^60 - 1): 0 to 1 */
	WF_REDUCTION_SHARE_60_SINGLE,	/* the same in single precision */
	WF_REDUCTION_ABS_PERCENT,	/* |int32(hash)| / (2^31 - 1) * 100 */
	WF_REDUCTION_PERCENT_9998	/* hash % 9999 / 9998 * 100; at 100 the input
								 * is hashed again, once more repeated */
} WfReduction;

/* Which arm a position falls into. */
typedef enum WfComparison
{
	WF_COMPARISON_BELOW,		/* lower <= position < upper */
	WF_COMPARISON_AT_MOST		/* lower <= position <= upper */
} WfComparison;

/* What a context without the hashed attribute means. */
typedef enum WfMissingKey
{
	WF_MISSING_ERROR,			/* TARGETING_KEY_MISSING */
	WF_MISSING_NONE,			/* no arm */
	WF_MISSING_ZERO,			/* position 0 */
	WF_MISSING_RANDOM			/* a random input, another at each evaluation */
} WfMissingKey;

/* Which values can be hashed, and as what text. */
typedef enum WfKeyForm
{
	WF_KEY_SCALAR,				/* strings but the empty one, numbers in their
								 * shortest decimal form, true and false */
	WF_KEY_STRING,				/* strings only */
	WF_KEY_STRING_OR_INTEGER,	/* strings and whole numbers */
	WF_KEY_JS,					/* what JavaScript's String() says; what is
								 * falsy there is missing */
	WF_KEY_PYTHON				/* what Python's str() says; only null is
								 * missing */
} WfKeyForm;

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
	double		lower;
	double		upper;
	int			variant;
	const void *detail;			/* the dialect's own, for its result */
} WfArm;

/*
 * A split spreads the values of one attribute over its arms, always the same
 * way.  The arms may leave parts of the range open: a rollout of 10 % is a
 * split with one arm up to a tenth of the total.
 */
typedef struct WfSplit
{
	WfHash		hash;
	WfMurmur3	murmur3;		/* after prefix, where that is the hash */
	WfString	prefix;			/* input: this text ... */
	WfAttribute attribute;		/* ... this attribute, ... */
	struct WfNode *subject;		/* (or what this node yields) */
	WfString	suffix;			/* ... and this text */
	WfKeyForm	form;
	WfEncoding	encoding;
	bool		converts;		/* texts have to be converted to UTF-8 */
	WfReduction reduction;
	uint32		total;
	WfComparison comparison;
	WfMissingKey missing;
	bool		last_takes_rest;	/* past the last arm is the last arm */
	int			narms;
	WfArm	   *arms;
	const struct WfSchedule *schedule;	/* ends its only arm by the clock, or
										 * NULL; see clock.h */
} WfSplit;

/* What happens where a serve has no variant to serve. */
typedef enum WfMiss
{
	WF_MISS_OFF,				/* the off variant */
	WF_MISS_NEXT,				/* the rule misses */
	WF_MISS_GROUP,				/* so do those after it of the same group */
	WF_MISS_ERROR				/* the definition is wrong: PARSE_ERROR */
} WfMiss;

/*
 * A fixed variant, a split that chooses one, or a node that yields one: a
 * string is its name, a number its index, null and absent a miss.
 */
typedef struct WfServe
{
	int			variant;
	WfSplit    *split;			/* or NULL */
	WfNode	   *node;			/* or NULL */
	WfMiss		miss;
	WfErrorCode error;			/* served instead, or none */
} WfServe;

typedef struct WfFlagRule
{
	WfString	id;				/* data is NULL for one without */
	WfNode	   *condition;		/* NULL: everybody */
	WfSplit    *share;			/* NULL: all of them; outside, the rule misses */
	WfServe		serve;
	WfReason	reason;			/* of a fixed variant */
	int			stage;			/* the dialect's own: what kind of rule it is */
	int			index;			/* among the rules of its kind */
	int			group;			/* of rules that stand next to each other */
	const void *detail;			/* the dialect's own, for its result */
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
	WF_SHORTCUT_SHARE			/* true inside the fallthrough's share, which
								 * is a multiplied murmur3, else false */
} WfShortcut;

/* What is wrong with a context, for a system that takes not every one; or none. */
typedef WfErrorCode (*WfContextCheck) (struct WfContext *context);

typedef struct WfProgram
{
	const struct WfDialect *dialect;
	WfErrorCode fault;			/* why it can't be evaluated, or none */
	bool		enabled;
	bool		expires;		/* disabled from expires_at on */
	TimestampTz expires_at;
	WfShortcut	shortcut;
	uint32		shortcut_limit; /* of WF_SHORTCUT_SHARE */
	WfAttribute key;			/* whom it is evaluated for */
	bool		needs_key;		/* TARGETING_KEY_MISSING without */
	WfContextCheck check;		/* or NULL */
	bool		tests_flags;	/* has a WF_NODE_FLAG */
	int			nvariants;
	const WfVariant *variants;
	int			off;			/* served when disabled or outside the rollout */
	int			nrules;
	int			nbefore;		/* so many rules come before the overrides */
	WfFlagRule *rules;
	WfFlagRule	fallthrough;	/* when no rule matches; share is the rollout */
	Jsonb	   *metadata;		/* or NULL */
	int			npredicates;	/* for the planner */
	const void *detail;			/* the dialect's own, for its result */
} WfProgram;

/* A flag in memory; valid until the cache's generation changes. */
typedef struct WfFlag
{
	WfString	key;
	WfString	document;		/* name of the one that it is part of; data is
								 * NULL for none */
	const WfProgram *program;
	struct WfOverrides *overrides;	/* or NULL */
	bool		archived;
	bool		client_visible; /* to clients outside, with all others */
	int			cache_ttl;		/* how long they may keep an answer, seconds */
	const struct WfShared *shared;	/* what the flags of its document share,
									 * or NULL */
	struct WfFlagUsage *usage;	/* how it is counted, see usage.h; NULL: not
								 * yet */
} WfFlag;

#endif							/* WF_FLAGS_PROGRAM_H */
