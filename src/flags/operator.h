/*
 * operator.h: the operators of predicates.
 *
 * Each is a WfMatch.  Those with operands that have to be parsed come with a
 * function that parses one at compile time, into WfOperand.prepared; what can't
 * be parsed never matches.
 */
#ifndef WF_FLAGS_OPERATOR_H
#define WF_FLAGS_OPERATOR_H

#include "flags/run.h"

/* WfPredicate.mode of the comparing operators. */
typedef enum WfOrder
{
	WF_ORDER_EQUAL,
	WF_ORDER_NOT_EQUAL,
	WF_ORDER_LESS,
	WF_ORDER_LESS_EQUAL,
	WF_ORDER_GREATER,
	WF_ORDER_GREATER_EQUAL
} WfOrder;

/* Whether the sign of a comparison is what an order asks for. */
static inline bool
wf_flags_order_holds(WfOrder order, int sign)
{
	switch (order)
	{
		case WF_ORDER_EQUAL:
			return sign == 0;
		case WF_ORDER_NOT_EQUAL:
			return sign != 0;
		case WF_ORDER_LESS:
			return sign < 0;
		case WF_ORDER_LESS_EQUAL:
			return sign <= 0;
		case WF_ORDER_GREATER:
			return sign > 0;
		case WF_ORDER_GREATER_EQUAL:
			return sign >= 0;
	}
	return false;
}

/* operator.c: values of one JSON type; strings by bytes, numbers exactly. */
extern bool wf_flags_match_equal(WfRun *run, const WfPredicate *predicate,
								 const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_ordered(WfRun *run, const WfPredicate *predicate,
								   const WfValue *value, const WfOperand *operand);

/* The same with numbers in double precision, and without other types. */
extern bool wf_flags_match_equal_double(WfRun *run, const WfPredicate *predicate,
										const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_ordered_double(WfRun *run, const WfPredicate *predicate,
										  const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_starts_with(WfRun *run, const WfPredicate *predicate,
									   const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_ends_with(WfRun *run, const WfPredicate *predicate,
									 const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_contains(WfRun *run, const WfPredicate *predicate,
									const WfValue *value, const WfOperand *operand);

/* Whatever is there. */
extern bool wf_flags_match_exists(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand);
extern void wf_flags_predicate_index(WfPredicate *predicate);

/* operator_shape.c: what a value is made of. */
#define WF_TYPE_BIT(type) (1 << (type))
#define WF_TYPE_INTEGER (1 << 16)	/* besides the bits of WfValueType */

typedef enum WfElements
{
	WF_ELEMENTS_ANY,
	WF_ELEMENTS_ALL
} WfElements;

/* WfOperand.prepared of wf_flags_match_remainder(). */
typedef struct WfRemainder
{
	int64		divisor;		/* 1 or more */
	int64		remainder;
} WfRemainder;

extern bool wf_flags_match_equal_folded(WfRun *run, const WfPredicate *predicate,
										const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_type(WfRun *run, const WfPredicate *predicate,
								const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_length(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_elements(WfRun *run, const WfPredicate *predicate,
									const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_remainder(WfRun *run, const WfPredicate *predicate,
									 const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_key(WfRun *run, const WfPredicate *predicate,
							   const WfValue *value, const WfOperand *operand);

/* pattern.c: regular expressions.  WfPredicate.mode is not used. */
typedef enum WfPatternFlavour
{
	WF_PATTERN_RE2,				/* Go: no look-around, no back-references */
	WF_PATTERN_RUST,			/* the same, with Unicode classes */
	WF_PATTERN_JS,				/* RegExp without flags */
	WF_PATTERN_PYTHON,			/* re.match(): from the start on */
	WF_PATTERN_PERL				/* all that PCRE2 has, but code and recursion */
} WfPatternFlavour;

/* How a literal is looked for without regard to case. */
typedef enum WfLiteralPlace
{
	WF_LITERAL_START,
	WF_LITERAL_END,
	WF_LITERAL_ANYWHERE,
	WF_LITERAL_WHOLE
} WfLiteralPlace;

extern const void *wf_flags_pattern_compile(WfString pattern, WfPatternFlavour flavour,
											bool fold_case, const char **problem);
extern const void *wf_flags_pattern_literal(WfString text, WfLiteralPlace place);
extern bool wf_flags_pattern_finds(WfRun *run, const void *pattern, WfString subject);
extern bool wf_flags_match_pattern(WfRun *run, const WfPredicate *predicate,
								   const WfValue *value, const WfOperand *operand);

/* version.c: versions.  WfPredicate.mode is a WfOrder. */
typedef enum WfVersionFlavour
{
	WF_VERSION_STRICT,			/* Semantic Versioning 2.0.0, to the letter */
	WF_VERSION_SHORT,			/* minor and patch may be left out */
	WF_VERSION_PREFIXED			/* the same, with v or V in front */
} WfVersionFlavour;

extern const void *wf_flags_version_parse(WfString text, WfVersionFlavour flavour);
extern int	wf_flags_version_compare(const void *a, const void *b);
extern int	wf_flags_version_part(const void *version, int part, WfString *digits);
extern bool wf_flags_match_version_strict(WfRun *run, const WfPredicate *predicate,
										  const WfValue *value, const WfOperand *operand);
extern bool wf_flags_match_version_short(WfRun *run, const WfPredicate *predicate,
										 const WfValue *value, const WfOperand *operand);

/* moment.c: points in time.  WfPredicate.mode is a WfOrder. */
extern bool wf_flags_moment_parse(WfString text, TimestampTz *moment);
extern bool wf_flags_moment_from_milliseconds(double milliseconds, TimestampTz *moment);
extern bool wf_flags_moment_from_value(const WfValue *value, TimestampTz *moment);
extern const void *wf_flags_moment_prepare(const WfValue *value);
extern bool wf_flags_match_moment(WfRun *run, const WfPredicate *predicate,
								  const WfValue *value, const WfOperand *operand);

/* network.c: addresses within networks. */
extern const void *wf_flags_network_parse(WfString text);
extern bool wf_flags_match_network(WfRun *run, const WfPredicate *predicate,
								   const WfValue *value, const WfOperand *operand);

#endif							/* WF_FLAGS_OPERATOR_H */
