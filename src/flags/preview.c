/*
 * preview.c: which preview is in force, and who may set one.
 *
 * A preview is looked up when a statement begins to evaluate, and stays for
 * the statement.  A setting that a command changes counts from the next command
 * on, also inside of a function; the value of a function's SET clause counts at
 * once, and no longer than the function runs.
 *
 * Where nothing is set, evaluation tests wf_flags_previewing and nothing else.
 */
#include "common/compat.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "common/setting.h"
#include "common/write.h"
#include "flags/cache.h"
#include "flags/context.h"
#include "flags/preview.h"
#include "record/record.h"

#define CLAIMS_SETTING "request.jwt.claims"
#define TOKEN_SETTING "wishflags.preview_token"

/* Something is in force, or may be since a setting has changed. */
bool		wf_flags_previewing = false;

static char *preview_setting = NULL;
static char *token_setting = NULL;
static char *claim_setting = NULL;
static bool claim_in_production = false;

/* A setting has changed since the preview was looked up. */
static bool changed = false;
static bool changed_at_once = false;
static CommandId changed_in;

/* What is in force, in preview_context. */
static MemoryContext preview_context = NULL;
static WfPreview in_force;

/* Of this transaction. */
static bool logged = false;
static bool warned = false;

/* The token that was read last in it, in TopTransactionContext. */
static struct
{
	char	   *text;			/* NULL: none */
	const char *problem;
	WfPreviewToken token;
} read_token;

static bool check_preview(char **newval, void **extra, GucSource source);
static bool check_token(char **newval, void **extra, GucSource source);
static void assign_preview(const char *newval, void *extra);
static void assign_token(const char *newval, void *extra);
static void note_change(const char *name);
static void on_transaction(XactEvent event, void *arg);
static bool is_set(const char *setting);
static void add_token(void);
static const WfPreviewToken *token_of_transaction(const char **problem);
static void add_claim(void);
static void refuse(const char *what, const char *problem, const char *hint);
static void log_use(void);

void
wf_flags_preview_init(void)
{
	DefineCustomStringVariable(WF_PREVIEW_SETTING,
							   "Flags as this session or transaction sees them.",
							   "For example wishlist-gallery:true,theme:dark. GRANT SET ON PARAMETER lets others than superusers set it.",
							   &preview_setting, "",
							   PGC_SUSET, 0, check_preview, assign_preview, NULL);
	DefineCustomStringVariable(TOKEN_SETTING,
							   "Token of preview_issue() that shows flags as it says.",
							   NULL,
							   &token_setting, "",
							   PGC_USERSET, 0, check_token, assign_token, NULL);
	DefineCustomStringVariable("wishflags.preview_claim",
							   "Claim of request.jwt.claims that shows flags as it says.",
							   "Set it only where users can't choose their claims; empty: none.",
							   &claim_setting, "",
							   PGC_SUSET, 0, NULL, assign_preview, NULL);
	DefineCustomBoolVariable("wishflags.preview_claim_in_production",
							 "Whether wishflags.preview_claim counts in production, too.",
							 NULL,
							 &claim_in_production, false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	RegisterXactCallback(on_transaction, NULL);
}

/* Looks up what is in force for this statement.  Raises no error because of what is set. */
void
wf_flags_preview_pin(void)
{
	MemoryContext old;
	const char *problem;

	wf_flags_cache_callbacks.preview = NULL;
	if (!is_set(preview_setting) && !is_set(token_setting) && !is_set(claim_setting))
	{
		changed = changed_at_once = wf_flags_previewing = false;
		return;
	}
	/* An error in between leaves it to be done again. */
	changed = changed_at_once = wf_flags_previewing = true;
	if (preview_context == NULL)
		preview_context = AllocSetContextCreate(TopMemoryContext, "wishflags preview", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(preview_context);
	old = MemoryContextSwitchTo(preview_context);
	memset(&in_force, 0, sizeof(in_force));
	in_force.used = log_use;
	if (is_set(preview_setting))
		(void) wf_flags_preview_parse(pstrdup(preview_setting), WF_PREVIEW_SETTING_SOURCE, &in_force, &problem);
	if (is_set(token_setting))
		add_token();
	if (is_set(claim_setting))
		add_claim();
	wf_flags_preview_sort(&in_force);
	MemoryContextSwitchTo(old);
	wf_flags_previewing = in_force.nitems > 0 || in_force.refused;
	if (wf_flags_previewing)
		wf_flags_cache_callbacks.preview = &in_force;
	changed = changed_at_once = false;
}

/* Looks again where a setting has changed, and that counts by now. */
void
wf_flags_preview_update(void)
{
	if (changed && (changed_at_once || GetCurrentCommandId(false) != changed_in))
		wf_flags_preview_pin();
}

bool
wf_flags_in_production(void)
{
	return strcmp(wf_record_environment, "production") == 0;
}

/* Whether the current user may set wishflags.preview. */
bool
wf_flags_may_preview(void)
{
	return pg_parameter_aclcheck(WF_PREVIEW_SETTING, GetUserId(), ACL_SET) == ACLCHECK_OK;
}

void
wf_flags_preview_require_right(void)
{
	if (wf_flags_may_preview())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied to preview flags"),
			 errhint("A superuser gives it: GRANT SET ON PARAMETER %s TO %s;", WF_PREVIEW_SETTING,
					 quote_identifier(wf_common_role_name(GetUserId())))));
}

/* A preview that an option says, in the current memory context. */
const WfPreview *
wf_flags_preview_of_option(Jsonb *option)
{
	WfPreview  *preview = palloc0(sizeof(WfPreview));
	const char *problem;

	if (!wf_flags_preview_from_json(option, WF_PREVIEW_OPTION, preview, &problem))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"preview\" can't be read"),
				 errdetail("What is wrong: %s.", problem),
				 errhint("Write for example '{\"preview\": \"gallery:true,theme:dark\"}' or '{\"preview\": {\"gallery\": true, \"theme\": \"dark\"}}'.")));
	wf_flags_preview_sort(preview);
	return preview;
}

static bool
check_preview(char **newval, void **extra, GucSource source)
{
	WfPreview	preview = {0};
	const char *problem;

	if (!is_set(*newval) || wf_flags_preview_parse(*newval, WF_PREVIEW_SETTING_SOURCE, &preview, &problem))
		return true;
	GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
	GUC_check_errdetail("What is wrong: %s.", problem);
	GUC_check_errhint("SET LOCAL wishflags.preview = 'gallery:true,theme:dark,\"a:b\":\"variant, odd\"';");
	return false;
}

static bool
check_token(char **newval, void **extra, GucSource source)
{
	if (!is_set(*newval) || wf_flags_token_is_shaped(*newval))
		return true;
	GUC_check_errcode(ERRCODE_INVALID_PARAMETER_VALUE);
	/* Not the value: most of a token is a token to somebody. */
	GUC_check_errmsg("the value of \"%s\" is no preview token", TOKEN_SETTING);
	GUC_check_errdetail("A token is three words with dots in between.");
	GUC_check_errhint("Set all that was returned by: SELECT wishflags.preview_issue('gallery:true', '1 hour');");
	return false;
}

static void
assign_preview(const char *newval, void *extra)
{
	note_change(WF_PREVIEW_SETTING);
}

static void
assign_token(const char *newval, void *extra)
{
	note_change(TOKEN_SETTING);
}

static void
note_change(const char *name)
{
	wf_flags_previewing = true;
	changed = true;
	if (!IsTransactionState() || IsInParallelMode() || IsParallelWorker() || wf_common_setting_is_of_function(name))
		changed_at_once = true;
	else

		/*
		 * As if the command had written something, so that the next one has
		 * another number.
		 */
		changed_in = GetCurrentCommandId(true);
}

static void
on_transaction(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE &&
		event != XACT_EVENT_PARALLEL_COMMIT && event != XACT_EVENT_PARALLEL_ABORT)
		return;
	logged = warned = false;
	read_token. text = NULL;

	/* The next transaction may begin in the same statement. */
	changed_at_once = changed;
}

static bool
is_set(const char *setting)
{
	return setting && *setting;
}

/* Its signature is checked once a transaction, whether it still counts at each statement. */
static void
add_token(void)
{
	const char *problem;
	const WfPreviewToken *token = token_of_transaction(&problem);
	int			before = in_force.nitems;

	if (!problem)
		problem = wf_flags_token_refusal(token);
	if (!problem && wf_flags_preview_parse(pstrdup(token->flags), WF_PREVIEW_TOKEN, &in_force, &problem))
	{
		in_force.token = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(unconstify(pg_uuid_t *, &token->id))));
		return;
	}
	in_force.nitems = before;
	refuse("token", problem, "Ask for another one, or go on without: RESET wishflags.preview_token;");
}

static const WfPreviewToken *
token_of_transaction(const char **problem)
{
	if (read_token.text == NULL || strcmp(read_token.text, token_setting) != 0)
	{
		MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
		char	   *text = pstrdup(token_setting);

		/* An error leaves none. */
		read_token. text = NULL;
		read_token. problem = wf_flags_token_read(text, &read_token.token);
		read_token. text = text;

		MemoryContextSwitchTo(old);
	}
	*problem = read_token.problem;

	return &read_token.token;
}

static void
add_claim(void)
{
	const char *text = GetConfigOption(CLAIMS_SETTING, true, false);
	const char *problem;
	Jsonb	   *claims = is_set(text) ? wf_flags_context_parse(text) : NULL;
	JsonbValue	value;
	const char *hint = "The claim has to be as '{\"gallery\": true, \"theme\": \"dark\"}' or 'gallery:true,theme:dark'.";
	int			before = in_force.nitems;

	if (claims == NULL || !JB_ROOT_IS_OBJECT(claims) ||
		!getKeyJsonValueFromContainer(&claims->root, claim_setting, strlen(claim_setting), &value) ||
		value.type == jbvNull)
		return;
	if (wf_flags_in_production() && !claim_in_production)
	{
		problem = "claims don't count in production";
		hint = "A superuser lets them: ALTER DATABASE ... SET wishflags.preview_claim_in_production = on;";
	}
	else if (wf_flags_preview_from_json(JsonbValueToJsonb(&value), WF_PREVIEW_CLAIM, &in_force, &problem))
		return;
	/* Half a claim is none. */
	in_force.nitems = before;
	refuse("claim", problem, hint);
}

/* For flag_explain(), and one warning a transaction. */
static void
refuse(const char *what, const char *problem, const char *hint)
{
	in_force.refused = psprintf("%s: %s", what, problem);
	if (warned || IsParallelWorker())
		return;
	warned = true;
	ereport(WARNING,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("flags are evaluated without the preview of the %s", what),
			 errdetail("It is refused: %s.", problem),
			 errhint("%s", hint)));
}

/*
 * A line in the server's log for a transaction that was served from a preview,
 * on a standby as well.  A parallel worker, which knows nothing of the others,
 * has a line of its own.
 */
static void
log_use(void)
{
	StringInfoData text;

	if (logged)
		return;
	logged = true;
	initStringInfo(&text);
	for (int i = 0; i < in_force.nitems; i++)
	{
		WfPreviewSource source = in_force.items[i].source;

		appendStringInfoString(&text, i > 0 ? ", " : "");
		wf_flags_preview_write_item(&text, &in_force.items[i]);
		appendStringInfo(&text, " (%s%s%s)", wf_flags_preview_source(source), source == WF_PREVIEW_TOKEN ? " " : "",
						 source == WF_PREVIEW_TOKEN ? in_force.token : "");
	}
	ereport(LOG_SERVER_ONLY,
			(errhidestmt(true),
			 errmsg("wishflags preview: role \"%s\" is served %s", wf_common_role_name(GetUserId()), text.data)));
}
