/*
 * document.h: reading JSON documents in the dialect compilers.
 *
 * The readers return false and describe the problem in a WfFault where a
 * document is not what was expected.
 */
#ifndef WF_FLAGS_DOCUMENT_H
#define WF_FLAGS_DOCUMENT_H

#include "utils/numeric.h"

#include "flags/dialect.h"

extern bool wf_flags_document_fault(WfFault *fault, const char *path, const char *format,...) pg_attribute_printf(3, 4);
extern bool wf_flags_document_member(JsonbContainer *object, const char *name, JsonbValue *value);
extern bool wf_flags_document_object(JsonbValue *value, const char *path, WfFault *fault,
									 JsonbContainer **object);
extern bool wf_flags_document_array(JsonbValue *value, const char *path, WfFault *fault,
									JsonbContainer **array, int *length);
extern bool wf_flags_document_string(JsonbValue *value, const char *path, WfFault *fault,
									 WfString *string);
extern bool wf_flags_document_integer(JsonbValue *value, const char *path, WfFault *fault,
									  uint32 max, uint32 *number);
extern bool wf_flags_document_attribute(JsonbValue *value, const char *path, WfFault *fault,
										WfAttribute *attribute);
extern void wf_flags_attribute_add_path(WfAttribute *attribute, WfPathUse use,
										int nsteps, const WfString *steps);
extern bool wf_flags_document_known(JsonbContainer *object, const char *path, WfFault *fault,
									const char *known);
extern void wf_flags_document_element(JsonbContainer *array, int index, JsonbValue *value);
extern bool wf_flags_parse_percent(Numeric percent, uint32 *share, const char **problem);
extern WfString wf_flags_string_copy(const char *data, int len);

#endif							/* WF_FLAGS_DOCUMENT_H */
