/*
 * error.h: SQLSTATEs of the extension's own class, WF.
 *
 * Standard codes come first; a code of this class exists only where a caller
 * has to tell the case apart.
 */
#ifndef WF_COMMON_ERROR_H
#define WF_COMMON_ERROR_H

/* WF001: the guard refused a DDL command. */
#define ERRCODE_WF_BLOCKED MAKE_SQLSTATE('W', 'F', '0', '0', '1')

#endif							/* WF_COMMON_ERROR_H */
