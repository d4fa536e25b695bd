/*
 * dialect.h: compilers from flag definitions to programs.
 *
 * A dialect is the language of one system: its flags, and the documents in
 * which that system keeps them.  Dialects raise nothing because of what a
 * document says: the triggers turn a fault into an error, the cache into a
 * flag that answers PARSE_ERROR.
 */
#ifndef WF_FLAGS_DIALECT_H
#define WF_FLAGS_DIALECT_H

#include "nodes/pg_list.h"

#include "flags/run.h"

/* What is wrong with a definition: where, and what was expected. */
typedef struct WfFault
{
	const char *path;			/* JSON path, as in $.rules[0].serve */
	const char *message;		/* continues 'at "PATH": ' */
} WfFault;

/* Where the clients of one system differ, which of them to follow. */
typedef struct WfDialectOptions
{
	int			fractional;		/* algorithm of the fractional split, 1 to 3 */
	WfEncoding	encoding;		/* of what murmur3 hashes, where the dialect
								 * knows it */
	bool		single_precision;	/* buckets are of single precision */
} WfDialectOptions;

/* A document, and what all its flags share once it is compiled. */
typedef struct WfShared
{
	const struct WfDialect *dialect;
	WfString	name;			/* of the document; data is NULL for one that
								 * is stored nowhere */
	Jsonb	   *document;		/* normalized */
	WfDialectOptions options;
	bool		converts;		/* text has to be converted to UTF-8 to be
								 * hashed */
	const char *problem;		/* why it can't be compiled, or NULL */
	const void *data;			/* the dialect's own */
} WfShared;

/* A flag as it stands in its row, or in a document. */
typedef struct WfSource
{
	WfString	key;
	bool		enabled;
	uint32		share;			/* rollout in steps of 0.001 % */
	Jsonb	   *definition;		/* or NULL */
	bool		converts;		/* text has to be converted to UTF-8 to be
								 * hashed */
	const WfShared *shared;		/* or NULL */
} WfSource;

/* One flag of a document. */
typedef struct WfDocumentFlag
{
	WfString	key;			/* terminated by a zero byte as well */
	Jsonb	   *definition;
	bool		enabled;		/* the system's own on and off */
	bool		has_share;		/* it says how far it is rolled out ... */
	uint32		share;			/* ... in steps of 0.001 %; else to everybody */
	const char *description;	/* or NULL */
} WfDocumentFlag;

/* Something that a document holds and an evaluation here can't have. */
typedef struct WfLimit
{
	const char *name;			/* of the flag or segment, or what it is */
	const char *message;		/* what is missing, and what happens instead */
} WfLimit;

/* What an evaluation came to, for the result in the system's own shape. */
typedef struct WfResult
{
	const struct WfDialect *dialect;	/* or NULL */
	const WfFlag *flag;			/* NULL: there is no such flag */
	const WfShared *shared;		/* or NULL */
	const WfOutcome *outcome;
	Jsonb	   *value;			/* what is returned: the variant's value or
								 * the caller's default, or NULL */
	WfContext  *context;
	const WfCallbacks *callbacks;
	List	   *as_of_now;		/* of WfString *: segments of the past whose
								 * keys are those of now */
} WfResult;

typedef struct WfDialect
{
	const char *name;
	const char *example;		/* of a definition, where people write them,
								 * else NULL */

	/*
	 * The member of a definition that is the system's own on and off, where
	 * it means no more than that; whether the flag is enabled here overrules
	 * it.
	 */
	const char *state;

	/* Compiles a flag into the current memory context; NULL, with a fault. */
	WfProgram  *(*compile) (const WfSource *source, WfFault *fault);

	/*
	 * For systems that have documents, else NULL.  All allocate in the
	 * current memory context.
	 */

	/* One shape for all that the system calls a document; NULL, with a fault. */
	Jsonb	   *(*normalize) (Jsonb *document, WfFault *fault);
	/* Compiles what flags share into shared->data. */
	bool		(*compile_shared) (WfShared *shared, WfFault *fault);
	/* The flags of a normalized document: a List of WfDocumentFlag. */
	List	   *(*list_flags) (Jsonb *document);
	/* What can't be carried: a List of WfLimit; NULL for nothing ever. */
	List	   *(*list_limits) (const WfShared *shared);
	/* The normalized document with these flags, and their states, instead. */
	Jsonb	   *(*assemble) (Jsonb *document, List *flags);

	/*
	 * The original with them, where its shape is another one; NULL for the
	 * other shapes.
	 */
	Jsonb	   *(*restore) (Jsonb *original, Jsonb *document, List *flags);
	/* The result in the system's own shape. */
	Jsonb	   *(*result) (const WfResult *result);
} WfDialect;

extern const WfDialect *wf_flags_dialect_find(const char *name);
extern const WfDialect *wf_flags_dialect_of_documents(const char *name);
extern bool wf_flags_dialect_same(const WfDialect *dialect, Jsonb *a, Jsonb *b);

extern const WfDialect wf_flags_dialect_flagd;
extern const WfDialect wf_flags_dialect_flagsmith;
extern const WfDialect wf_flags_dialect_growthbook;
extern const WfDialect wf_flags_dialect_launchdarkly;
extern const WfDialect wf_flags_dialect_native;
extern const WfDialect wf_flags_dialect_unleash;

#endif							/* WF_FLAGS_DIALECT_H */
