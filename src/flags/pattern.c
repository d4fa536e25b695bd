/*
 * pattern.c: regular expressions, by PCRE2.  Pure.
 *
 * PostgreSQL's own expressions are of another kind: \b, inline options and
 * what "." matches differ from what all flag systems use.  PCRE2 can say what
 * the others can; what one of them refuses is refused here first.  Limits on
 * steps, depth and memory make a pattern that runs away match nothing.
 */
#include "common/compat.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "flags/operator.h"

/* Longest pattern, in bytes. */
#define PATTERN_MAX 65536

/* What one match may take: steps, depth of backtracking, kilobytes. */
#define MATCH_STEPS_MAX 1000000
#define MATCH_DEPTH_MAX 10000
#define MATCH_MEMORY_MAX 20000

typedef struct Pattern
{
	pcre2_code *code;
	pcre2_match_context *limits;
} Pattern;

/* What the flavours differ in besides the syntax that they refuse. */
typedef struct Flavour
{
	uint32		options;
	uint32		newline;
	bool		backtracks;		/* has look-around, back-references and the like */
} Flavour;

static const Flavour flavours[] = {
	[WF_PATTERN_RE2] = {PCRE2_DOLLAR_ENDONLY, PCRE2_NEWLINE_LF, false},
	[WF_PATTERN_RUST] = {PCRE2_DOLLAR_ENDONLY | PCRE2_UCP, PCRE2_NEWLINE_LF, false},
	[WF_PATTERN_JS] = {PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF,
	PCRE2_NEWLINE_ANYCRLF, true},
	[WF_PATTERN_PYTHON] = {PCRE2_ANCHORED | PCRE2_UCP, PCRE2_NEWLINE_LF, true},
	[WF_PATTERN_PERL] = {0, PCRE2_NEWLINE_LF, true},
};

static Pattern *compile(WfString text, uint32 options, uint32 newline, const char **problem);
static const char *foreign_syntax(WfString pattern);
static const char *foreign_group(const char *at, const char *end);
static WfString to_utf8(WfString text);
static void *allocate(PCRE2_SIZE size, void *arg);
static void release(void *chunk, void *arg);

/*
 * Compiles a pattern into the current memory context.  NULL, with *problem the
 * end of a sentence, for one that is wrong or that the flavour refuses.
 */
const void *
wf_flags_pattern_compile(WfString pattern, WfPatternFlavour flavour, bool fold_case,
						 const char **problem)
{
	const Flavour *how = &flavours[flavour];
	const char *foreign = how->backtracks ? NULL : foreign_syntax(pattern);

	if (foreign)
	{
		*problem = psprintf("%s is not supported", foreign);
		return NULL;
	}
	if (flavour == WF_PATTERN_JS && !wf_flags_pattern_from_js(pattern, &pattern, problem))
		return NULL;
	if (flavour == WF_PATTERN_PYTHON && !wf_flags_pattern_from_python(pattern, &pattern, problem))
		return NULL;
	return compile(pattern, how->options | (fold_case ? PCRE2_CASELESS : 0), how->newline, problem);
}

/* A text that is looked for without regard to case; NULL for one too long. */
const void *
wf_flags_pattern_literal(WfString text, WfLiteralPlace place)
{
	uint32		options = PCRE2_LITERAL | PCRE2_CASELESS;
	const char *problem;

	if (place == WF_LITERAL_START || place == WF_LITERAL_WHOLE)
		options |= PCRE2_ANCHORED;
	if (place == WF_LITERAL_END || place == WF_LITERAL_WHOLE)
		options |= PCRE2_ENDANCHORED;
	return compile(text, options, PCRE2_NEWLINE_LF, &problem);
}

/* Whether a pattern matches a part of a text. */
bool
wf_flags_pattern_finds(WfRun *run, const void *pattern, WfString subject)
{
	const Pattern *compiled = (const Pattern *) pattern;
	pcre2_general_context *memory = pcre2_general_context_create(allocate, release, NULL);
	pcre2_match_data *match = pcre2_match_data_create(1, memory);
	int			result;

	if (match == NULL)
		return false;
	run->callbacks->check_interrupts();
	subject = to_utf8(subject);
	result = pcre2_match(compiled->code, (PCRE2_SPTR) subject.data, subject.len, 0, 0, match,
						 compiled->limits);
	pcre2_match_data_free(match);
	pcre2_general_context_free(memory);
	return result >= 0;
}

/* A string that a pattern matches; one that could not be compiled never does. */
bool
wf_flags_match_pattern(WfRun *run, const WfPredicate *predicate,
					   const WfValue *value, const WfOperand *operand)
{
	return value->type == WF_VALUE_STRING && operand->prepared &&
		wf_flags_pattern_finds(run, operand->prepared, value->u.string);
}

static Pattern *
compile(WfString text, uint32 options, uint32 newline, const char **problem)
{
	pcre2_general_context *memory = pcre2_general_context_create(allocate, release, NULL);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	Pattern    *pattern = palloc0(sizeof(Pattern));
	PCRE2_SIZE	offset;
	int			error;

	pcre2_set_newline(context, newline);
	pcre2_set_max_pattern_length(context, PATTERN_MAX);
	/* A literal has no syntax that could be forbidden. */
	if ((options & PCRE2_LITERAL) == 0)
		options |= PCRE2_NEVER_BACKSLASH_C;
	text = to_utf8(text);
	pattern->code = pcre2_compile((PCRE2_SPTR) text.data, text.len,
								  options | PCRE2_UTF, &error, &offset, context);
	pcre2_compile_context_free(context);
	if (pattern->code == NULL)
	{
		char	   *message = palloc(256);

		pcre2_get_error_message(error, (PCRE2_UCHAR *) message, 256);
		*problem = psprintf("%s at character %d", message, (int) offset + 1);
		return NULL;
	}
	pattern->limits = pcre2_match_context_create(memory);
	pcre2_set_match_limit(pattern->limits, MATCH_STEPS_MAX);
	pcre2_set_depth_limit(pattern->limits, MATCH_DEPTH_MAX);
	pcre2_set_heap_limit(pattern->limits, MATCH_MEMORY_MAX);
	return pattern;
}

/*
 * What a pattern holds that engines without backtracking refuse, or NULL:
 * look-around, back-references, atomic groups, conditions, recursion, verbs.
 */
static const char *
foreign_syntax(WfString pattern)
{
	const char *end = pattern.data + pattern.len;
	bool		in_class = false;

	for (const char *at = pattern.data; at < end; at++)
	{
		const char *found = NULL;

		if (*at == '\\' && at + 1 < end)
		{
			at++;
			if (!in_class && strchr("123456789gkKGRXZhHNOV", *at))
				return psprintf("\\%c", *at);
		}
		else if (in_class)
			in_class = *at != ']';
		else if (*at == '[')
		{
			in_class = true;
			/* A bracket right after the beginning is a member. */
			if (at + 1 < end && at[1] == '^')
				at++;
			if (at + 1 < end && at[1] == ']')
				at++;
		}
		else if (*at == '(' && (found = foreign_group(at + 1, end)) != NULL)
			return found;
	}
	return NULL;
}

/* The same for what comes after an opening parenthesis. */
static const char *
foreign_group(const char *at, const char *end)
{
	if (at < end && *at == '*')
		return "(*";
	if (at >= end || *at != '?')
		return NULL;
	at++;
	if (at < end && *at == 'P')
		at++;
	if (at < end && *at == '<')
		return at + 1 < end && strchr("=!", at[1]) ? "look-behind" : NULL;
	if (at < end && strchr("=!", *at))
		return "look-ahead";
	while (at < end && strchr("imsUxuR-", *at))
		at++;
	return at < end && strchr(":)", *at) ? NULL : psprintf("(?%c", at < end ? *at : ' ');
}

static WfString
to_utf8(WfString text)
{
	int			encoding = GetDatabaseEncoding();

	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
	{
		char	   *converted = pg_server_to_any(text.data, text.len, PG_UTF8);

		if (converted != text.data)
			text = wf_flags_string(converted);
	}
	return text;
}

static void *
allocate(PCRE2_SIZE size, void *arg)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, size, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE);
}

static void
release(void *chunk, void *arg)
{
	if (chunk)
		pfree(chunk);
}
