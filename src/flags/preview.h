/*
 * preview.h: flags as somebody wants to see them, in one session or transaction.
 *
 * A preview names flags and the variant that each of them serves, whatever its
 * definition says.  It comes from wishflags.preview, from a signed token, from
 * a claim, or from an option of flag_explain().
 */
#ifndef WF_FLAGS_PREVIEW_H
#define WF_FLAGS_PREVIEW_H

#include "lib/stringinfo.h"
#include "utils/uuid.h"

#include "flags/run.h"

/* The setting whose SET privilege is the right to preview. */
#define WF_PREVIEW_SETTING "wishflags.preview"

/* Most flags in one preview. */
#define WF_PREVIEW_MAX 1000

/* Where a preview comes from; of two that name the same flag, the first counts. */
typedef enum WfPreviewSource
{
	WF_PREVIEW_SETTING_SOURCE,
	WF_PREVIEW_TOKEN,
	WF_PREVIEW_CLAIM,
	WF_PREVIEW_OPTION
} WfPreviewSource;

typedef struct WfPreviewItem
{
	WfString	flag;
	WfString	variant;		/* its name, or true, false, on, off */
	bool		quoted;			/* it can only be a name */
	WfPreviewSource source;
} WfPreviewItem;

typedef struct WfPreview
{
	int			nitems;
	int			capacity;
	WfPreviewItem *items;		/* sorted by flag once they are all there */
	const char *token;			/* id of the token that takes part, or NULL */
	const char *refused;		/* why a token or claim takes no part, or NULL */
	void		(*used) (void); /* called when a flag is served from it, or
								 * NULL */
} WfPreview;

/* preview.c: what is in force */
extern bool wf_flags_previewing;

extern void wf_flags_preview_init(void);
extern void wf_flags_preview_pin(void);
extern void wf_flags_preview_update(void);
extern bool wf_flags_in_production(void);
extern bool wf_flags_may_preview(void);
extern void wf_flags_preview_require_right(void);
extern const WfPreview *wf_flags_preview_of_option(Jsonb *option);

/* preview_serve.c */
extern const WfPreviewItem *wf_flags_preview_find(const WfPreview *preview, WfString flag);
extern bool wf_flags_preview_variant(const WfProgram *program, const WfPreviewItem *item,
									 int *variant, const char **problem);
extern bool wf_flags_preview_serve(const WfPreview *preview, const WfFlag *flag, WfOutcome *outcome);

/* preview_text.c */
extern bool wf_flags_preview_parse(const char *text, WfPreviewSource source, WfPreview *preview,
								   const char **problem);
extern void wf_flags_preview_add(WfPreview *preview, const WfPreviewItem *item);
extern void wf_flags_preview_sort(WfPreview *preview);
extern bool wf_flags_preview_from_json(Jsonb *json, WfPreviewSource source, WfPreview *preview,
									   const char **problem);
extern char *wf_flags_preview_write(const WfPreview *preview);
extern void wf_flags_preview_write_item(StringInfo text, const WfPreviewItem *item);
extern const char *wf_flags_preview_source(WfPreviewSource source);

/* What a token says, once its signature was found right. */
typedef struct WfPreviewToken
{
	pg_uuid_t	id;
	TimestampTz expires_at;
	bool		production;
	char	   *environment;
	char	   *flags;			/* as in the setting */
} WfPreviewToken;

/* preview_token.c */
extern bool wf_flags_token_is_shaped(const char *text);
extern const char *wf_flags_token_read(const char *text, WfPreviewToken *token);
extern const char *wf_flags_token_refusal(const WfPreviewToken *token);
extern char *wf_flags_token_write(const WfPreviewToken *token, const pg_uuid_t *key, bytea *secret,
								  TimestampTz issued_at);
extern bytea *wf_flags_token_secret(pg_uuid_t *key);

#endif							/* WF_FLAGS_PREVIEW_H */
