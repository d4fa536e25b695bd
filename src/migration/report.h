/*
 * report.h: the findings of one or many migrations as a document.
 *
 * report.c collects; each report_<format>.c writes, and adds a row to the
 * table of formats.
 */
#ifndef WF_MIGRATION_REPORT_H
#define WF_MIGRATION_REPORT_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "migration/rule.h"

#define WF_SEVERITIES (WF_SEVERITY_CRITICAL + 1)

typedef struct WfReportFinding
{
	int			statement;
	int			line;
	int			col;
	WfFinding  *finding;
	Jsonb	   *evidence;
} WfReportFinding;

/* A comment that was to take findings back. */
typedef struct WfReportEscape
{
	int			line;
	List	   *rules;			/* of char *; NIL: all */
	char	   *reason;			/* NULL where none */
	char	   *until;			/* NULL where none */
	char	   *fault;			/* why it does not count; NULL: it does */
	bool		used;
} WfReportEscape;

typedef struct WfReportFile
{
	const char *name;			/* as the caller gave it */
	const char *text;			/* NULL: findings were given instead */
	bool		in_transaction; /* as the option, for this file alone */
	List	   *findings;		/* of WfReportFinding, in the order of the
								 * text */
	List	   *escapes;		/* of WfReportEscape, likewise */
	double		milliseconds;	/* that the check took; negative: not known */
	int			count[WF_SEVERITIES];
} WfReportFile;

typedef struct WfReport
{
	List	   *files;			/* of WfReportFile, in their order */
	int			nfindings;
	int			nescapes;
	int			count[WF_SEVERITIES];
} WfReport;

/* report.c */
extern void wf_report_add(WfReport *report, WfReportFile *file, WfReportFinding *found);
extern void wf_report_add_escape(WfReport *report, WfReportFile *file, WfReportEscape *escape);
extern void wf_report_counts(StringInfo out, const int count[WF_SEVERITIES]);
extern char *wf_report_summary(WfReport *report);

/* report_read.c */
extern WfReport *wf_report_read(Jsonb *files);

/* report_escape.c */
extern char *wf_report_escape_rules(const WfReportEscape *escape);
extern char *wf_report_escape_about(const WfReportEscape *escape);

/* report_<format>.c */
#define WF_REPORT(format) extern void wf_report_##format(StringInfo out, WfReport *report)

WF_REPORT(text);
WF_REPORT(github);
WF_REPORT(markdown);
WF_REPORT(json);
WF_REPORT(sarif);
WF_REPORT(junit);
WF_REPORT(html);

#endif							/* WF_MIGRATION_REPORT_H */
