/*
 * dialect.h: compilers from a flag's definition to its program.
 *
 * Compilers raise nothing because of what a definition says: the triggers turn
 * a fault into an error, the cache into a flag that answers PARSE_ERROR.
 */
#ifndef WF_FLAGS_DIALECT_H
#define WF_FLAGS_DIALECT_H

#include "flags/program.h"

/* A flag as it stands in its row. */
typedef struct WfSource
{
	WfString	key;
	bool		enabled;
	uint32		share;			/* rollout in steps of 0.001 % */
	Jsonb	   *definition;		/* or NULL */
	bool		converts;		/* text has to be converted to UTF-8 to be
								 * hashed */
} WfSource;

/* What is wrong with a definition: where, and what was expected. */
typedef struct WfFault
{
	const char *path;			/* JSON path, as in $.rules[0].serve */
	const char *message;		/* continues 'at "PATH": ' */
} WfFault;

extern WfProgram *wf_flags_compile_native(const WfSource *source, WfFault *fault);

#endif							/* WF_FLAGS_DIALECT_H */
