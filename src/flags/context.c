/*
 * context.c: contexts from SQL arguments and from the session.
 *
 * A driver sends parameters without type, and PostgreSQL takes them for text.
 * A text key that begins with "{" is therefore refused instead of parsed: a
 * user who chooses that key would otherwise choose the whole context.
 */
#include "common/compat.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "flags/context.h"

static char *context_setting = NULL;
static Jsonb *session_context = NULL;	/* context_setting, or NULL when empty */
static char *source_setting = NULL;

/* What source_setting names held last, and the context made of it. */
static char *claims_text = NULL;
static Jsonb *claims_context = NULL;

static bool check_context(char **newval, void **extra, GucSource source);
static void assign_context(const char *newval, void *extra);
static Jsonb *context_from_claims(void);
static Jsonb *claims_with_key(Jsonb *claims);

void
wf_flags_context_init(void)
{
	DefineCustomStringVariable("wishflags.context",
							   "Context of flag evaluations that are given none.",
							   "A JSON object, for example {\"targetingKey\": \"user-1\", \"plan\": \"pro\"}.",
							   &context_setting,
							   "",
							   PGC_USERSET,
							   0,
							   check_context,
							   assign_context,
							   NULL);
	DefineCustomStringVariable("wishflags.context_source",
							   "Setting whose JSON object is the context where wishflags.context is empty.",
							   "For PostgREST: request.jwt.claims. Its sub is the targeting key.",
							   &source_setting,
							   "",
							   PGC_SUSET,
							   0,
							   NULL,
							   NULL,
							   NULL);
}

/* Warns, once a session, of text keys that look like JSON. */
void
wf_flags_context_refuse_key(void)
{
	static bool warned = false;

	if (warned)
		return;
	warned = true;
	ereport(WARNING,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a text key that begins with \"{\" is no context"),
			 errdetail("The flag's default is returned."),
			 errhint("To pass a context, cast it: flag_eval('flag', '{...}'::jsonb), or flag_eval('flag', $1::jsonb).")));
}

/* A context of attributes; NULL is one without any. */
void
wf_flags_context_from_json(WfContext *context, Jsonb *attributes)
{
	context->valid = attributes == NULL || JB_ROOT_IS_OBJECT(attributes);
	context->key_known = attributes == NULL || !context->valid;
	context->members.state = WF_INDEX_NONE;
	context->key.data = NULL;
	context->key.len = 0;
	context->attributes = context->valid ? attributes : NULL;
	context->form = WF_CONTEXT_UNKNOWN;
}

/* The context that wishflags.context sets, or what wishflags.context_source names. */
void
wf_flags_context_from_session(WfContext *context)
{
	Jsonb	   *attributes = session_context;

	if (attributes == NULL && source_setting && *source_setting)
		attributes = context_from_claims();
	wf_flags_context_from_json(context, attributes);
}

/* Whether text of this database is not UTF-8 already; SQL_ASCII is taken as it is. */
bool
wf_flags_converts_text(void)
{
	return GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII;
}

static bool
check_context(char **newval, void **extra, GucSource source)
{
	Jsonb	   *parsed;
	void	   *kept;

	if (*newval == NULL || **newval == '\0')
		return true;
	parsed = wf_flags_context_parse(*newval);
	if (parsed == NULL || !JB_ROOT_IS_OBJECT(parsed))
	{
		GUC_check_errdetail("It is no JSON object.");
		GUC_check_errhint("SET wishflags.context = '{\"targetingKey\": \"user-1\"}';");
		return false;
	}

	kept = wf_guc_malloc(VARSIZE(parsed));
	if (kept == NULL)
		return false;
	memcpy(kept, parsed, VARSIZE(parsed));
	pfree(parsed);
	*extra = kept;
	return true;
}

static void
assign_context(const char *newval, void *extra)
{
	session_context = (Jsonb *) extra;
}

/*
 * Parses JSON; NULL when it is none.  The parser only allocates, so an error
 * of the data can be dropped without a subtransaction; all others pass.
 */
Jsonb *
wf_flags_context_parse(const char *text)
{
	MemoryContext context = CurrentMemoryContext;
	Jsonb	   *volatile parsed = NULL;

	PG_TRY();
	{
		parsed = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	}
	PG_CATCH();
	{
		int			category = ERRCODE_TO_CATEGORY(geterrcode());

		MemoryContextSwitchTo(context);
		if (category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	return parsed;
}

/* What another setting holds, as a context; parsed anew when it has changed. */
static Jsonb *
context_from_claims(void)
{
	const char *text = GetConfigOption(source_setting, true, false);
	MemoryContext old;
	Jsonb	   *parsed;

	if (text == NULL || *text == '\0')
		return NULL;
	if (claims_text && strcmp(claims_text, text) == 0)
		return claims_context;

	parsed = claims_with_key(wf_flags_context_parse(text));
	if (claims_text)
		pfree(claims_text);
	if (claims_context)
		pfree(claims_context);
	claims_text = NULL;
	claims_context = NULL;
	old = MemoryContextSwitchTo(TopMemoryContext);
	claims_context = DatumGetJsonbPCopy(JsonbPGetDatum(parsed));
	claims_text = pstrdup(text);
	MemoryContextSwitchTo(old);
	return claims_context;
}

/*
 * Adds sub as the targeting key.  What is no object stays as it is, what is no
 * JSON becomes null: no context, both of them.
 */
static Jsonb *
claims_with_key(Jsonb *claims)
{
	Datum		path = CStringGetTextDatum(WF_TARGETING_KEY);
	JsonbValue	value = {.type = jbvNull};

	if (claims == NULL)
		return JsonbValueToJsonb(&value);
	if (!JB_ROOT_IS_OBJECT(claims) ||
		getKeyJsonValueFromContainer(&claims->root, WF_TARGETING_KEY, strlen(WF_TARGETING_KEY), &value) ||
		!getKeyJsonValueFromContainer(&claims->root, "sub", strlen("sub"), &value))
		return claims;
	return DatumGetJsonbP(jsonb_set_element(claims, &path, 1, &value));
}
