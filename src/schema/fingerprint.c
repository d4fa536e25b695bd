/*
 * fingerprint.c: one short text for a whole schema.
 */
#include "common/compat.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/ddl.h"

static void add_parent_order(pg_cryptohash_ctx *hash, WfObject *link);
static void add_text(pg_cryptohash_ctx *hash, const char *text);

/*
 * The SHA-256 of everything that a diff compares, in hexadecimal: two
 * schemas have the same one exactly when their diff is empty.
 */
char *
wf_schema_fingerprint(WfModel *model)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = palloc(2 * PG_SHA256_DIGEST_LENGTH + 1);

	if (pg_cryptohash_init(hash) < 0)
		elog(ERROR, "could not initialize a hash: %s", pg_cryptohash_error(hash));
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];

		CHECK_FOR_INTERRUPTS();
		add_text(hash, object->key);
		for (int j = 0; j < object->type->nattrs; j++)
		{
			if (!object->values[j] || !wf_schema_covers(model, object->type, j))
				continue;
			add_text(hash, object->type->attrs[j].name);
			add_text(hash, object->values[j]);
		}
		add_parent_order(hash, object);
	}
	if (pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not finish a hash: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);
	hex_encode((const char *) digest, sizeof(digest), hex);
	hex[2 * PG_SHA256_DIGEST_LENGTH] = '\0';
	return hex;
}

/* Among several parents each has its place. */
static void
add_parent_order(pg_cryptohash_ctx *hash, WfObject *link)
{
	List	   *parents = link->type->kind == WF_OBJECT_INHERITANCE ? wf_schema_ddl_parents_in_order(link->parent) : NIL;
	ListCell   *lc;

	foreach(lc, list_length(parents) > 1 ? parents : NIL)
	{
		if (lfirst(lc) == link)
			add_text(hash, psprintf("parent %d", foreach_current_index(lc)));
	}
}

/* With its final zero, so that neighbours cannot run into each other. */
static void
add_text(pg_cryptohash_ctx *hash, const char *text)
{
	if (pg_cryptohash_update(hash, (const uint8 *) text, strlen(text) + 1) < 0)
		elog(ERROR, "could not update a hash: %s", pg_cryptohash_error(hash));
}
