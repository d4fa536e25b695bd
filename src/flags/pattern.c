/*
 * pattern.c: regular expressions, by PCRE2.  Pure.
 *
 * PostgreSQL's own expressions are of another kind: \b, inline options and
 * what "." matches differ from what all flag systems use.  Patterns of other
 * engines are rewritten for PCRE2, or refused where their engine refuses them.
 *
 * Limits on steps and memory end a match that runs away.  Some of those
 * engines never backtrack, and have an answer where PCRE2's search has none:
 * for them PCRE2's other search is asked then, which follows all alternatives
 * at once, unless the text is long, since it takes its square.
 */
#include "common/compat.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "flags/operator.h"
#include "flags/pattern.h"

/* What one match may take: steps, and kilobytes. */
#define MATCH_STEPS_MAX 500000
#define MATCH_MEMORY_MAX 20000

/* Longest text that a search that ran away is repeated for, and its memory. */
#define RETRY_MAX 500
#define RETRY_WORKSPACE 20000

typedef struct Pattern
{
	pcre2_code *code;
	pcre2_match_context *limits;
	bool		linear;			/* its engine never backtracks */
	bool		trusted;		/* texts are known to be valid UTF-8 */
} Pattern;

/* What the flavours differ in besides their syntax. */
typedef struct Flavour
{
	uint32		options;
	bool		rewritten;
	bool		linear;
} Flavour;

#define COMMON (PCRE2_ALT_CIRCUMFLEX | PCRE2_DOLLAR_ENDONLY)

static const Flavour flavours[] = {
	[WF_PATTERN_RE2] = {COMMON, true, true},
	[WF_PATTERN_RUST] = {COMMON | PCRE2_UCP, true, true},
	[WF_PATTERN_JS] = {COMMON | PCRE2_MATCH_UNSET_BACKREF, true, false},
	[WF_PATTERN_PYTHON] = {PCRE2_ANCHORED | PCRE2_ALT_CIRCUMFLEX | PCRE2_UCP, true, false},
	[WF_PATTERN_PERL] = {0, false, false},
};

static Pattern *compile(WfString text, uint32 options, bool rewritten, const char **problem);
static bool retry(const Pattern *pattern, WfString subject, uint32 options, pcre2_general_context *memory);
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
	StringInfoData rewritten;
	Pattern    *compiled;

	pattern = to_utf8(pattern);
	if (pattern.len > WF_PATTERN_MAX ||
		pg_encoding_verifymbstr(PG_UTF8, pattern.data, pattern.len) != pattern.len)
	{
		*problem = pattern.len > WF_PATTERN_MAX ? "it is too long" : "it is not UTF-8";
		return NULL;
	}
	if (how->rewritten)
	{
		const char *refused;

		initStringInfo(&rewritten);
		refused = wf_flags_pattern_rewrite(pattern, flavour, &rewritten);
		if (refused)
		{
			*problem = psprintf("%s is not supported", refused);
			return NULL;
		}
		pattern.data = rewritten.data;
		pattern.len = rewritten.len;
	}
	compiled = compile(pattern, how->options | (fold_case ? PCRE2_CASELESS : 0), how->rewritten, problem);
	if (compiled)
		compiled->linear = how->linear;
	return compiled;
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
	text = to_utf8(text);
	return text.len > WF_PATTERN_MAX ? NULL : compile(text, options, false, &problem);
}

/* Whether a pattern matches a part of a text. */
bool
wf_flags_pattern_finds(WfRun *run, const void *pattern, WfString subject)
{
	const Pattern *compiled = (const Pattern *) pattern;
	pcre2_general_context *memory = pcre2_general_context_create(allocate, release, NULL);
	pcre2_match_data *match = pcre2_match_data_create(1, memory);
	uint32		options = compiled->trusted ? PCRE2_NO_UTF_CHECK : 0;
	bool		found;
	int			result;

	if (match == NULL)
		return false;
	run->callbacks->check_interrupts();
	subject = to_utf8(subject);
	result = pcre2_match(compiled->code, (PCRE2_SPTR) subject.data, subject.len, 0, options, match,
						 compiled->limits);
	found = result >= 0;
	if (compiled->linear && subject.len <= RETRY_MAX &&
		(result == PCRE2_ERROR_MATCHLIMIT || result == PCRE2_ERROR_HEAPLIMIT))
		found = retry(compiled, subject, options, memory);
	pcre2_match_data_free(match);
	pcre2_general_context_free(memory);
	return found;
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
compile(WfString text, uint32 options, bool rewritten, const char **problem)
{
	pcre2_general_context *memory = pcre2_general_context_create(allocate, release, NULL);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	Pattern    *pattern = palloc0(sizeof(Pattern));
	PCRE2_SIZE	offset;
	int			error;

	pattern->trusted = GetDatabaseEncoding() != PG_SQL_ASCII;
	if (!pattern->trusted)
		options |= PCRE2_MATCH_INVALID_UTF;
	/* A literal takes few other options. */
	if (!(options & PCRE2_LITERAL))
		options |= PCRE2_NEVER_BACKSLASH_C;
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pattern->code = pcre2_compile((PCRE2_SPTR) text.data, text.len,
								  options | PCRE2_UTF, &error, &offset, context);
	pcre2_compile_context_free(context);
	if (pattern->code == NULL)
	{
		char	   *message = palloc(256);

		pcre2_get_error_message(error, (PCRE2_UCHAR *) message, 256);
		/* A place in what it was rewritten to says nothing to its author. */
		*problem = rewritten ? message : psprintf("%s at character %d", message, (int) offset + 1);
		return NULL;
	}
	pattern->limits = pcre2_match_context_create(memory);
	pcre2_set_match_limit(pattern->limits, MATCH_STEPS_MAX);
	pcre2_set_depth_limit(pattern->limits, MATCH_STEPS_MAX);
	pcre2_set_heap_limit(pattern->limits, MATCH_MEMORY_MAX);
	return pattern;
}

/* Searches for all alternatives at once. */
static bool
retry(const Pattern *pattern, WfString subject, uint32 options, pcre2_general_context *memory)
{
	pcre2_match_data *match = pcre2_match_data_create(1, memory);
	int		   *workspace = palloc(sizeof(int) * RETRY_WORKSPACE);
	int			result;

	if (match == NULL)
		return false;
	result = pcre2_dfa_match(pattern->code, (PCRE2_SPTR) subject.data, subject.len, 0,
							 options | PCRE2_DFA_SHORTEST, match, pattern->limits,
							 workspace, RETRY_WORKSPACE);
	pcre2_match_data_free(match);
	pfree(workspace);
	return result >= 0;
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
