/*
 * preview_token.c: signed tokens that show flags to whoever has one.
 *
 * A token is a JSON Web Token (RFC 7519), signed by HS256, so that other
 * programs can tell what it shows and until when.  Its header is always the
 * same but for the key's id, and is compared as a whole with that of each
 * key: nothing of a token is interpreted before its signature is right.
 *
 * The keys are in preview_secrets, which nobody but the owner can read.  A
 * token also has to be in preview_tokens, from where it can be revoked.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "common/base64.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "flags/context.h"
#include "flags/json.h"
#include "flags/preview.h"
#include "record/record.h"

/* Nothing longer is looked at. */
#define TOKEN_MAX 65536

#define ISSUER "wishflags"

/* The columns of preview_secrets, and those of preview_tokens that are read here. */
#define Anum_secret_id 1
#define Anum_secret_secret 2
#define Anum_token_id 1
#define Anum_token_revoked_at 12

#define UUID_TEXT_LEN 36

#define EPOCH_SECONDS ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

static char *header_of_key(const pg_uuid_t *key);
static void sign(const char *text, int len, bytea *secret, uint8 *mac);
static bool same_text(const char *given, const char *wanted);
static bytea *secret_of_header(const char *header, int len);
static bool read_payload(const char *payload, WfPreviewToken *token);
static bool is_uuid(WfString text);
static char *encode(const void *data, int len);
static uint8 *decode(const char *text, int len, int *decoded_len);
static char *uuid_text(const pg_uuid_t *uuid);
static int64 seconds_of(TimestampTz time);

/* Whether a text is three words of base64url with dots in between. */
bool
wf_flags_token_is_shaped(const char *text)
{
	int			words = 1;
	int			len = 0;

	for (const char *at = text; *at; at++)
	{
		if (*at == '.' && len > 0)
		{
			words++;
			len = 0;
		}
		else if ((*at >= 'A' && *at <= 'Z') || (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') ||
				 *at == '-' || *at == '_')
			len++;
		else
			return false;
	}
	return words == 3 && len > 0 && strlen(text) <= TOKEN_MAX;
}

/*
 * Reads a token whose shape is right, in the current memory context.  Returns
 * what is wrong with it, or NULL; without looking at what may change within a
 * transaction, see wf_flags_token_refusal().
 */
const char *
wf_flags_token_read(const char *text, WfPreviewToken *token)
{
	const char *payload = strchr(text, '.') + 1;
	const char *signature = strchr(payload, '.') + 1;
	uint8		mac[PG_SHA256_DIGEST_LENGTH];
	bytea	   *secret = secret_of_header(text, payload - 1 - text);
	uint8	   *given;
	int			len;

	if (secret == NULL)
		return "its key is not known in this database";
	sign(text, signature - 1 - text, secret, mac);
	if (!same_text(signature, encode(mac, sizeof(mac))))
		return "its signature is wrong";
	given = decode(payload, signature - 1 - payload, &len);
	if (given == NULL || !read_payload(pnstrdup((char *) given, len), token))
		return "it was signed, but is no preview token";
	return NULL;
}

/* Why a token that was read does not count now and here; NULL: it does. */
const char *
wf_flags_token_refusal(const WfPreviewToken *token)
{
	Oid			relid = wf_common_relation_oid("preview_tokens");
	Oid			index = wf_common_relation_oid("preview_tokens_pkey");
	bool		issued = false;
	bool		revoked = false;
	Relation	rel;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	if (token->expires_at <= GetCurrentStatementStartTimestamp())
		return psprintf("it expired at %s", timestamptz_to_str(token->expires_at));
	if (strcmp(token->environment, wf_record_environment) != 0)
		return psprintf("it is for environment \"%s\", and this is \"%s\"", token->environment, wf_record_environment);
	if (wf_flags_in_production() && !token->production)
		return "it was not issued for production";
	if (!OidIsValid(relid))
		return "the extension is not installed in this database";
	ScanKeyInit(&key, Anum_token_id, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(unconstify(pg_uuid_t *, &token->id)));
	rel = table_open(relid, AccessShareLock);
	/* A fresh snapshot: a revocation counts in an old transaction as well. */
	scan = systable_beginscan(rel, index, OidIsValid(index), NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		issued = true;
		(void) heap_getattr(tuple, Anum_token_revoked_at, RelationGetDescr(rel), &revoked);
		revoked = !revoked;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return !issued ? "it is not in the list of issued tokens" : revoked ? "it was revoked" : NULL;
}

/* The text of a token. */
char *
wf_flags_token_write(const WfPreviewToken *token, const pg_uuid_t *key, bytea *secret, TimestampTz issued_at)
{
	JsonbParseState *state = NULL;
	uint8		mac[PG_SHA256_DIGEST_LENGTH];
	Jsonb	   *payload;
	char	   *json;
	char	   *text;

	wf_flags_json_begin(&state);
	wf_flags_json_text(&state, "iss", ISSUER);
	wf_flags_json_text(&state, "jti", uuid_text(&token->id));
	wf_flags_json_number(&state, "iat", seconds_of(issued_at));
	wf_flags_json_number(&state, "exp", seconds_of(token->expires_at));
	wf_flags_json_text(&state, "environment", token->environment);
	wf_flags_json_boolean(&state, "production", token->production);
	wf_flags_json_text(&state, "flags", token->flags);
	payload = wf_flags_json_end(&state);
	json = JsonbToCString(NULL, &payload->root, VARSIZE(payload));
	text = psprintf("%s.%s", header_of_key(key), encode(json, strlen(json)));
	sign(text, strlen(text), secret, mac);
	return psprintf("%s.%s", text, encode(mac, sizeof(mac)));
}

/* The secret of the newest key, and which it is; NULL: there is none. */
bytea *
wf_flags_token_secret(pg_uuid_t *key)
{
	Relation	rel = table_open(wf_common_relation_oid("preview_secrets"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	bytea	   *secret = NULL;
	HeapTuple	tuple;
	bool		isnull;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		pg_uuid_t  *id = DatumGetUUIDP(heap_getattr(tuple, Anum_secret_id, RelationGetDescr(rel), &isnull));

		/* The ids of keys grow with time. */
		if (secret && memcmp(id, key, UUID_LEN) < 0)
			continue;
		*key = *id;
		secret = DatumGetByteaPCopy(heap_getattr(tuple, Anum_secret_secret, RelationGetDescr(rel), &isnull));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return secret;
}

static char *
header_of_key(const pg_uuid_t *key)
{
	char	   *json = psprintf("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", uuid_text(key));

	return encode(json, strlen(json));
}

static void
sign(const char *text, int len, bytea *secret, uint8 *mac)
{
	pg_hmac_ctx *hmac = pg_hmac_create(PG_SHA256);

	if (hmac == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (pg_hmac_init(hmac, (uint8 *) VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret)) < 0 ||
		pg_hmac_update(hmac, (const uint8 *) text, len) < 0 ||
		pg_hmac_final(hmac, mac, PG_SHA256_DIGEST_LENGTH) < 0)
	{
		pg_hmac_free(hmac);
		elog(ERROR, "could not compute an HMAC");
	}
	pg_hmac_free(hmac);
}

/* In a time that does not depend on where they differ. */
static bool
same_text(const char *given, const char *wanted)
{
	int			len = strlen(wanted);
	uint8		difference = 0;

	if (strlen(given) != len)
		return false;
	for (int i = 0; i < len; i++)
		difference |= given[i] ^ wanted[i];
	return difference == 0;
}

/* The secret of the key that a header names, in the current memory context; or NULL. */
static bytea *
secret_of_header(const char *header, int len)
{
	Oid			relid = wf_common_relation_oid("preview_secrets");
	bytea	   *secret = NULL;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;

	if (!OidIsValid(relid))
		return NULL;
	rel = table_open(relid, AccessShareLock);
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	while (secret == NULL && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		pg_uuid_t  *id = DatumGetUUIDP(heap_getattr(tuple, Anum_secret_id, RelationGetDescr(rel), &isnull));
		char	   *known = header_of_key(id);

		if (strlen(known) == len && memcmp(known, header, len) == 0)
			secret = DatumGetByteaPCopy(heap_getattr(tuple, Anum_secret_secret, RelationGetDescr(rel), &isnull));
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return secret;
}

/* What the owner of the secrets signed need not be what this extension writes. */
static bool
read_payload(const char *payload, WfPreviewToken *token)
{
	Jsonb	   *json = wf_flags_context_parse(payload);
	WfValue		members[5];
	static const char *const names[] = {"jti", "exp", "environment", "production", "flags"};
	static const WfValueType types[] = {WF_VALUE_STRING, WF_VALUE_NUMBER, WF_VALUE_STRING, WF_VALUE_BOOLEAN, WF_VALUE_STRING};
	WfValue		object;
	double		seconds;

	if (json == NULL || !JB_ROOT_IS_OBJECT(json))
		return false;
	wf_flags_value_from_root(json, &object);
	for (int i = 0; i < lengthof(names); i++)
	{
		if (!wf_flags_value_member(&object, wf_flags_string(names[i]), &members[i]) || members[i].type != types[i])
			return false;
	}
	if (!is_uuid(members[0].u.string))
		return false;
	token->id = *DatumGetUUIDP(DirectFunctionCall1(uuid_in, CStringGetDatum(pnstrdup(members[0].u.string.data, UUID_TEXT_LEN))));
	seconds = wf_flags_value_double(&members[1]);
	if (!(seconds > 0 && seconds < 1e11))
		return false;
	token->expires_at = ((int64) seconds - EPOCH_SECONDS) * USECS_PER_SEC;
	token->environment = pnstrdup(members[2].u.string.data, members[2].u.string.len);
	token->production = members[3].u.boolean;
	token->flags = pnstrdup(members[4].u.string.data, members[4].u.string.len);
	return true;
}

static bool
is_uuid(WfString text)
{
	for (int i = 0; i < text.len; i++)
	{
		char		c = text.data[i];
		bool		hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return text.len == UUID_TEXT_LEN;
}

/* Base64url without padding (RFC 7515). */
static char *
encode(const void *data, int len)
{
	int			size = pg_b64_enc_len(len);
	char	   *text = palloc(size + 1);
	int			written = pg_b64_encode(data, len, text, size);

	if (written < 0)
		elog(ERROR, "could not encode a token");
	while (written > 0 && text[written - 1] == '=')
		written--;
	text[written] = '\0';
	for (int i = 0; i < written; i++)
	{
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	return text;
}

/* NULL: it is no base64url. */
static uint8 *
decode(const char *text, int len, int *decoded_len)
{
	int			padded_len = (len + 3) / 4 * 4;
	char	   *padded = palloc(padded_len + 1);
	uint8	   *decoded = palloc(pg_b64_dec_len(padded_len) + 1);

	for (int i = 0; i < padded_len; i++)
		padded[i] = i >= len ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	*decoded_len = len % 4 == 1 ? -1 : pg_b64_decode(padded, padded_len, (void *) decoded, pg_b64_dec_len(padded_len));
	return *decoded_len < 0 ? NULL : decoded;
}

static char *
uuid_text(const pg_uuid_t *uuid)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(unconstify(pg_uuid_t *, uuid))));
}

static int64
seconds_of(TimestampTz time)
{
	return time / USECS_PER_SEC + EPOCH_SECONDS;
}
