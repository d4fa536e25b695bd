/*
 * store_document.c: the documents in memory, found by name.
 *
 * A document whose row has changed is compiled anew beside the old one, which
 * stays until the flags that point into it are compiled anew as well.
 */
#include "common/compat.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "flags/context.h"
#include "flags/result.h"
#include "flags/row.h"
#include "flags/store.h"
#include "flags/tables.h"

typedef struct StoredDocument
{
	MemoryContext context;		/* owns all of it */
	WfShared	shared;
	struct StoredDocument *next;
} StoredDocument;

static MemoryContext documents_context;
static StoredDocument *documents;	/* the newest first */
static StoredDocument *retired; /* with flags that may still point to them */
static bool changed;			/* since the last release */

static void *load_document(HeapTuple tuple, TupleDesc desc);
static void forget_document(void *item);

const WfRosterItems wf_flags_document_items = {
	.table = WF_DOCUMENTS_TABLE,
	.signal = WF_DOCUMENTS_SIGNAL,
	.load = load_document,
	.forget = forget_document,
};

/* No documents; resetting the context ends them. */
void
wf_flags_documents_create(MemoryContext context)
{
	documents_context = context;
	documents = retired = NULL;
	changed = false;
}

/* A document by name, or NULL. */
const WfShared *
wf_flags_documents_find(WfString name)
{
	for (StoredDocument *document = documents; document; document = document->next)
	{
		if (wf_flags_strings_equal(document->shared.name, name))
			return &document->shared;
	}
	return NULL;
}

/* Whether a document has come, gone or changed. */
bool
wf_flags_documents_changed(void)
{
	return changed;
}

/* Frees the documents that no flag points to any more. */
void
wf_flags_documents_release(void)
{
	changed = false;
	while (retired)
	{
		StoredDocument *document = retired;

		retired = document->next;
		MemoryContextDelete(document->context);
	}
}

/*
 * Compiles a row of flag_documents into the current memory context; its
 * problem says what is wrong with it.  The triggers keep wrong documents out,
 * but may have been switched off.
 */
void
wf_flags_document_compile(WfShared *shared, Datum *values)
{
	WfString	name = wf_flags_text_string(values[Anum_wf_documents_name - 1]);
	WfFault		fault = {"format", "there is no such format"};
	Jsonb	   *original = DatumGetJsonbPCopy(values[Anum_wf_documents_document - 1]);

	shared->name.data = pnstrdup(name.data, name.len);
	shared->name.len = name.len;
	shared->converts = wf_flags_converts_text();
	shared->dialect = wf_flags_dialect_find(TextDatumGetCString(values[Anum_wf_documents_format - 1]));
	shared->problem = "it can't be read";
	wf_flags_dialect_options(DatumGetJsonbP(values[Anum_wf_documents_options - 1]), false,
							 &shared->options);
	if (shared->dialect == NULL || shared->dialect->normalize == NULL)
		return;
	shared->document = shared->dialect->normalize(original, &fault);
	if (shared->document && shared->dialect->compile_shared(shared, &fault))
		shared->problem = NULL;
}

static void *
load_document(HeapTuple tuple, TupleDesc desc)
{
	Datum		values[Natts_wf_documents];
	bool		nulls[Natts_wf_documents];
	MemoryContext context = AllocSetContextCreate(documents_context, "wishflags document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	StoredDocument *document = palloc0(sizeof(StoredDocument));

	document->context = context;
	wf_flags_deform(tuple, desc, Natts_wf_documents, values, nulls);
	wf_flags_document_compile(&document->shared, values);
	document->next = documents;
	documents = document;
	changed = true;
	MemoryContextSwitchTo(old);
	return document;
}

static void
forget_document(void *item)
{
	StoredDocument *document = (StoredDocument *) item;
	StoredDocument **link = &documents;

	while (*link != document)
		link = &(*link)->next;
	*link = document->next;
	document->next = retired;
	retired = document;
	changed = true;
}
