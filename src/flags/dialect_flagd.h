/*
 * dialect_flagd.h: parts of flagd's dialect.
 */
#ifndef WF_FLAGS_DIALECT_FLAGD_H
#define WF_FLAGS_DIALECT_FLAGD_H

#include "flags/logic.h"

#define WF_FLAGD_FLAGS "flags"
#define WF_FLAGD_EVALUATORS "$evaluators"
#define WF_FLAGD_METADATA "metadata"
#define WF_FLAGD_STATE "state"
#define WF_FLAGD_KEY "key"

/* Algorithms of fractional, as options of an import number them. */
#define WF_FLAGD_PERCENT 1
#define WF_FLAGD_MULTIPLY 2
#define WF_FLAGD_CBOR 3

/* WfShared.data. */
typedef struct WfFlagdShared
{
	int			nevaluators;
	WfLogicPart *evaluators;	/* sorted */
	Jsonb	   *metadata;		/* of the set of flags, or NULL */
} WfFlagdShared;

/* dialect_flagd_document.c */
extern Jsonb *wf_flags_flagd_normalize(Jsonb *document, WfFault *fault);
extern bool wf_flags_flagd_share(WfShared *shared, WfFault *fault);
extern List *wf_flags_flagd_list(Jsonb *document);
extern Jsonb *wf_flags_flagd_assemble(Jsonb *document, List *flags);

/* dialect_flagd_fractional.c */
extern const void *wf_flags_flagd_prepare_fractional(const WfNode *node);
extern void wf_flags_flagd_fractional(WfRun *run, const WfNode *node, WfValue *result);

/* dialect_flagd_operator.c */
extern bool wf_flags_flagd_converts(const WfRun *run);
extern const WfLogicLanguage *wf_flags_flagd_language(const WfShared *shared);

#endif							/* WF_FLAGS_DIALECT_FLAGD_H */
