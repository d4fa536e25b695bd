/*
 * compat.h: differences between the supported server versions (15 to 18).
 *
 * This is the only file that looks at PG_VERSION_NUM.  A difference gets a
 * named shim here, and the rest of the code uses the shim.
 */
#ifndef WF_COMMON_COMPAT_H
#define WF_COMMON_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "wishflags supports PostgreSQL 15 to 18"
#endif

/* PG_MODULE_MAGIC_EXT gives the library a name and version in 18. */
#if PG_VERSION_NUM >= 180000
#define WF_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "wishflags", .version = WF_VERSION)
#else
#define WF_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* The running server's major version, as a number. */
#define WF_SERVER_MAJOR (PG_VERSION_NUM / 10000)

/* 18 marks a function that does not return in front of its declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* Before 16 what a check hook hands over is plain malloc's. */
#if PG_VERSION_NUM >= 160000
#define wf_guc_malloc(size) guc_malloc(LOG, size)
#else
#define wf_guc_malloc(size) malloc(size)
#endif

#endif							/* WF_COMMON_COMPAT_H */
