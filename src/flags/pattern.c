/*
 * pattern.c: regular expressions, by PCRE2.  Pure.
 *
 * PostgreSQL's own expressions are of another kind: \b, inline options and
 * what "." matches differ from what all flag systems use.  Patterns of other
 * engines are rewritten for PCRE2, or refused where their engine refuses them.
 *
 * A match that runs away is ended, and is none.  PCRE2's own limits begin anew
 * at each place of the text, so the steps are counted here, by a callout before
 * each item of the pattern.  Some of those engines never backtrack, and have an
 * answer where this search has none: for them PCRE2's other search is tried
 * then, which follows all alternatives at once.
 */
#include "common/compat.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "flags/operator.h"
#include "flags/pattern.h"

/* What one match may take: steps, steps a byte of the text, kilobytes. */
#define MATCH_STEPS_MAX 300000
#define MATCH_STEPS_PER_BYTE 8
#define MATCH_MEMORY_MAX 20000

/* How many bytes passed over count as a step. */
#define BYTES_PER_STEP 16

/* How often is looked whether the user has cancelled. */
#define STEPS_BETWEEN_INTERRUPTS 65536

/*
 * What the other search may take: it needs up to the cube of the text's length,
 * so it is for short ones, and its steps cost more; and integers.
 */
#define RETRY_LENGTH_MAX 128
#define RETRY_STEPS_MAX 20000
#define RETRY_WORKSPACE 20000

typedef struct Pattern
{
	pcre2_code *code;
	pcre2_match_context *limits;
	bool		linear;			/* its engine never backtracks */
	bool		trusted;		/* texts are known to be valid UTF-8 */
} Pattern;

/* What is left for one match. */
typedef struct Budget
{
	const WfCallbacks *callbacks;
	int64		steps;
	int64		until_interrupts;
	PCRE2_SIZE	position;		/* of the last step */
} Budget;

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
static int	search(WfRun *run, const Pattern *pattern, WfString subject, pcre2_general_context * memory,
				   bool at_once);
static int	count_step(pcre2_callout_block * step, void *budget);
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
	int			result;

	if (memory == NULL)
		return false;
	run->callbacks->check_interrupts();
	subject = to_utf8(subject);
	result = search(run, compiled, subject, memory, false);
	if (compiled->linear && subject.len <= RETRY_LENGTH_MAX && (result == PCRE2_ERROR_CALLOUT || result == PCRE2_ERROR_HEAPLIMIT))
		result = search(run, compiled, subject, memory, true);
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
	/* A literal takes few other options, and never runs away. */
	if (!(options & PCRE2_LITERAL))
		options |= PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
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
	pcre2_set_heap_limit(pattern->limits, MATCH_MEMORY_MAX);
	return pattern;
}

/* Searches a text, for all alternatives at once or one after the other. */
static int
search(WfRun *run, const Pattern *pattern, WfString subject, pcre2_general_context * memory, bool at_once)
{
	uint32		options = pattern->trusted ? PCRE2_NO_UTF_CHECK : 0;
	Budget		budget = {.callbacks = run->callbacks, .until_interrupts = STEPS_BETWEEN_INTERRUPTS};
	pcre2_match_data *match = pcre2_match_data_create(1, memory);
	int		   *workspace;
	int			result;

	if (match == NULL)
		return PCRE2_ERROR_NOMEMORY;
	budget.steps = at_once ? RETRY_STEPS_MAX : MATCH_STEPS_MAX + (int64) subject.len * MATCH_STEPS_PER_BYTE;
	pcre2_set_callout(pattern->limits, count_step, &budget);
	if (at_once)
	{
		workspace = palloc(sizeof(int) * RETRY_WORKSPACE);
		result = pcre2_dfa_match(pattern->code, (PCRE2_SPTR) subject.data, subject.len, 0,
								 options | PCRE2_DFA_SHORTEST, match, pattern->limits,
								 workspace, RETRY_WORKSPACE);
		pfree(workspace);
	}
	else
		result = pcre2_match(pattern->code, (PCRE2_SPTR) subject.data, subject.len, 0, options, match,
							 pattern->limits);
	pcre2_match_data_free(match);
	return result;
}

/* PCRE2's callout: counts a step, and the way from the last one. */
static int
count_step(pcre2_callout_block * step, void *data)
{
	Budget	   *budget = data;
	PCRE2_SIZE	way = step->current_position > budget->position
	? step->current_position - budget->position : budget->position - step->current_position;
	int64		cost = 1 + way / BYTES_PER_STEP;

	budget->position = step->current_position;
	budget->steps -= cost;
	budget->until_interrupts -= cost;
	if (budget->until_interrupts < 0)
	{
		budget->callbacks->check_interrupts();
		budget->until_interrupts = STEPS_BETWEEN_INTERRUPTS;
	}
	return budget->steps < 0 ? PCRE2_ERROR_CALLOUT : 0;
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
