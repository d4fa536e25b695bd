/*
 * eval_document.c: evaluating flags of a document that is stored nowhere.
 *
 * Of the document only the flag asked for is compiled, and those that it
 * depends on.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "flags/callbacks.h"
#include "flags/context.h"
#include "flags/dialect.h"
#include "flags/result.h"

PG_FUNCTION_INFO_V1(wf_flag_eval_document);

/* One flag of the document, compiled when it is first asked for. */
typedef struct DocumentFlag
{
	const WfDocumentFlag *source;
	WfFlag	   *flag;
	const char *problem;		/* or NULL */
} DocumentFlag;

typedef struct Document
{
	TimestampTz moment;			/* first, for WfCallbacks.now */
	WfShared	shared;
	int			nflags;
	DocumentFlag *flags;		/* by key */
	const char *problem;		/* why there are no flags, or NULL */
} Document;

static Document *open_document(const char *format, Jsonb *document, const WfExplainOptions *options);
static const char *describe_fault(const WfFault *fault);
static int	compare_flags(const void *a, const void *b);
static DocumentFlag *document_flag(Document *document, WfString key);
static void compile_flag(Document *document, DocumentFlag *entry);
static const WfFlag *find_flag(void *arg, WfString key);
static const WfSegment *find_segment(void *arg, WfString key);
static bool probe_segment(void *arg, const WfSegment *segment, WfString key, WfErrorCode *error);

static const WfCallbacks document_callbacks = {
	.find_flag = find_flag,
	.find_segment = find_segment,
	.probe_segment = probe_segment,
	.now = wf_flags_moment,
	.random = wf_flags_random,
	.stack_is_too_deep = stack_is_too_deep,
	.check_interrupts = wf_flags_check_interrupts,
};

/*
 * flag_eval_document(format text, document jsonb, flag text, context jsonb,
 *                    default_value jsonb, options jsonb) -> as flag_explain()
 *
 * A document that can't be read, or a flag in it, is PARSE_ERROR, with
 * errorDetails in metadata.  Raises an error for a format or options that are
 * wrong, and for nothing else.
 */
Datum
wf_flag_eval_document(PG_FUNCTION_ARGS)
{
	WfResult	result = {0};
	WfCallbacks callbacks = document_callbacks;
	DocumentFlag *entry = NULL;
	WfExplainOptions options;
	Document   *document;
	WfContext	context;
	WfOutcome	outcome;

	wf_flags_explain_options(PG_ARGISNULL(5) ? NULL : PG_GETARG_JSONB_P(5), true, &options);
	document = open_document(PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0)),
							 PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1), &options);
	wf_flags_context_from_json(&context, PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3));
	callbacks.arg = document;
	callbacks.preview = options.preview;
	result.dialect = document->shared.dialect;
	result.shared = &document->shared;
	result.context = &context;
	result.callbacks = &callbacks;
	if (!PG_ARGISNULL(2))
	{
		text	   *key = PG_GETARG_TEXT_PP(2);
		WfString	name = {VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)};

		entry = document_flag(document, name);
	}
	if (document->problem)
		wf_flags_outcome_error(&outcome, WF_ERROR_PARSE_ERROR);
	else if (entry == NULL)
		wf_flags_outcome_error(&outcome, WF_ERROR_FLAG_NOT_FOUND);
	else
	{
		result.flag = entry->flag;
		wf_flags_evaluate(entry->flag, &context, &callbacks, &outcome);
	}
	return wf_flags_explain_row(fcinfo, &options, &result, &outcome,
								PG_ARGISNULL(4) ? NULL : PG_GETARG_JSONB_P(4),
								document->problem ? document->problem : entry ? entry->problem : NULL);
}

static Document *
open_document(const char *format, Jsonb *original, const WfExplainOptions *options)
{
	Document   *document = palloc0(sizeof(Document));
	WfShared   *shared = &document->shared;
	WfFault		fault = {"$", "expected a document"};
	ListCell   *lc;
	List	   *flags;

	document->moment = options->moment;
	shared->dialect = wf_flags_dialect_of_documents(format);
	shared->options = options->dialect;
	shared->converts = wf_flags_converts_text();
	if (original)
		shared->document = shared->dialect->normalize(original, &fault);
	if (shared->document == NULL || !shared->dialect->compile_shared(shared, &fault))
	{
		document->problem = describe_fault(&fault);
		return document;
	}

	flags = shared->dialect->list_flags(shared->document);
	document->flags = palloc0(sizeof(DocumentFlag) * Max(list_length(flags), 1));
	foreach(lc, flags)
		document->flags[document->nflags++].source = lfirst(lc);
	qsort(document->flags, document->nflags, sizeof(DocumentFlag), compare_flags);
	return document;
}

static const char *
describe_fault(const WfFault *fault)
{
	return psprintf("at %s: %s", fault->path, fault->message);
}

static int
compare_flags(const void *a, const void *b)
{
	return wf_flags_strings_compare(((const DocumentFlag *) a)->source->key,
									((const DocumentFlag *) b)->source->key);
}

/* A flag by key, compiled; NULL where there is none. */
static DocumentFlag *
document_flag(Document *document, WfString key)
{
	WfDocumentFlag source = {.key = key};
	DocumentFlag probe = {.source = &source};
	DocumentFlag *entry = bsearch(&probe, document->flags, document->nflags,
								  sizeof(DocumentFlag), compare_flags);

	if (entry && entry->flag == NULL)
		compile_flag(document, entry);
	return entry;
}

static void
compile_flag(Document *document, DocumentFlag *entry)
{
	const WfDocumentFlag *listed = entry->source;
	WfSource	source = {0};
	WfFault		fault;
	WfProgram  *program;

	source.key = listed->key;
	source.enabled = listed->enabled;
	source.share = listed->has_share ? listed->share : WF_SHARE_TOTAL;
	source.definition = listed->definition;
	source.converts = document->shared.converts;
	source.shared = &document->shared;
	program = document->shared.dialect->compile(&source, &fault);
	if (program == NULL)
	{
		entry->problem = describe_fault(&fault);
		program = palloc0(sizeof(WfProgram));
		program->dialect = document->shared.dialect;
		program->fault = WF_ERROR_PARSE_ERROR;
	}
	entry->flag = palloc0(sizeof(WfFlag));
	entry->flag->key = listed->key;
	entry->flag->program = program;
	entry->flag->shared = &document->shared;
}

static const WfFlag *
find_flag(void *arg, WfString key)
{
	DocumentFlag *entry = document_flag((Document *) arg, key);

	return entry ? entry->flag : NULL;
}

/* All segments of a document are compiled with what its flags share. */
static const WfSegment *
find_segment(void *arg, WfString key)
{
	return NULL;
}

static bool
probe_segment(void *arg, const WfSegment *segment, WfString key, WfErrorCode *error)
{
	*error = WF_ERROR_GENERAL;
	return false;
}
