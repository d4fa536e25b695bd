/*
 * write.h: writing the extension's own rows on behalf of a user.
 */
#ifndef WF_COMMON_WRITE_H
#define WF_COMMON_WRITE_H

#include "postgres.h"

/* Who wrote, and what wf_common_write_end() puts back. */
typedef struct WfWrite
{
	Oid			current_user;	/* effective user: SET ROLE, SECURITY DEFINER */
	Oid			outer_user;		/* user outside of SECURITY DEFINER functions */
	Oid			session_user;	/* who logged in, or SET SESSION AUTHORIZATION */
	int			sec_context;
	int			guc_nest_level;
} WfWrite;

extern void wf_common_write_begin(WfWrite *write, Oid relid);
extern void wf_common_write_end(WfWrite *write);
extern void wf_common_require_writable(const char *what);
extern char *wf_common_role_name(Oid role);

#endif							/* WF_COMMON_WRITE_H */
