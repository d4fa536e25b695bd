/*
 * result.h: the row that flag_explain() and its like return.
 */
#ifndef WF_FLAGS_RESULT_H
#define WF_FLAGS_RESULT_H

#include "fmgr.h"

#include "flags/dialect.h"

/* Which value and moment an explanation asks for; from its options. */
typedef struct WfExplainOptions
{
	char	   *value_type;		/* NULL: any */
	char	   *as_of;			/* time of what is evaluated; NULL: now */
	char	   *clock;			/* time that the clock shows; NULL: as_of */
	int64		version;		/* of the flag; 0: the one of that time */
	char	   *fractional;
	char	   *hash_encoding;
	char	   *bucket_precision;
	Jsonb	   *preview_option; /* NULL: what is in force */
	int			wanted;			/* value_type, parsed */
	TimestampTz as_of_moment;	/* as_of, parsed */
	TimestampTz moment;			/* clock, parsed */
	const struct WfPreview *preview;	/* preview_option, parsed */
	WfDialectOptions dialect;
} WfExplainOptions;

extern void wf_flags_explain_options(Jsonb *options, bool of_document, WfExplainOptions *parsed);
extern void wf_flags_dialect_options(Jsonb *options, bool strict, WfDialectOptions *parsed);

/* Columns of the row, in order. */
enum
{
	WF_EXPLAIN_VALUE,
	WF_EXPLAIN_VARIANT,
	WF_EXPLAIN_ENABLED,
	WF_EXPLAIN_REASON,
	WF_EXPLAIN_ERROR_CODE,
	WF_EXPLAIN_RULE,
	WF_EXPLAIN_METADATA,
	WF_EXPLAIN_VENDOR,
	WF_EXPLAIN_COUNT
};

extern void wf_flags_explain_values(const WfExplainOptions *options, WfResult *result,
									WfOutcome *outcome, Jsonb *default_value,
									const char *problem, Datum *values, bool *nulls);
extern Datum wf_flags_explain_row(FunctionCallInfo fcinfo, const WfExplainOptions *options,
								  WfResult *result, WfOutcome *outcome, Jsonb *default_value,
								  const char *problem);

#endif							/* WF_FLAGS_RESULT_H */
