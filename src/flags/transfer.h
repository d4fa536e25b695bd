/*
 * transfer.h: moving flags in and out, with the documents of other systems.
 */
#ifndef WF_FLAGS_TRANSFER_H
#define WF_FLAGS_TRANSFER_H

#include "flags/dialect.h"

extern void wf_flags_open_document(const char *format, Jsonb *document, Jsonb *options, WfShared *shared);

#endif							/* WF_FLAGS_TRANSFER_H */
