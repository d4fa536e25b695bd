/*
 * value.h: the values that programs work with.
 *
 * Numbers come in two shapes: as they stand in a JSON document, exact, and as
 * computed, in double precision.  Texts and containers point into what they
 * came from.
 */
#ifndef WF_FLAGS_VALUE_H
#define WF_FLAGS_VALUE_H

#include "postgres.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

/* Not terminated by a zero byte. */
typedef struct WfString
{
	const char *data;
	int			len;
} WfString;

typedef enum WfValueType
{
	WF_VALUE_ABSENT,
	WF_VALUE_NULL,
	WF_VALUE_BOOLEAN,
	WF_VALUE_NUMBER,
	WF_VALUE_STRING,
	WF_VALUE_ARRAY,
	WF_VALUE_OBJECT
} WfValueType;

typedef struct WfValue
{
	WfValueType type;
	union
	{
		bool		boolean;
		struct
		{
			Numeric		exact;	/* NULL: a computed one ... */
			double		approximate;	/* ... which is this */
		}			number;
		WfString	string;
		JsonbContainer *container;
	}			u;
} WfValue;

extern double wf_flags_value_double(const WfValue *value);
extern bool wf_flags_value_is_integer(const WfValue *value);
extern bool wf_flags_value_member(const WfValue *object, WfString name, WfValue *member);
extern bool wf_flags_value_element(const WfValue *array, int index, WfValue *element);
extern int	wf_flags_value_length(const WfValue *container);
extern int	wf_flags_value_size(const WfValue *value);
extern Jsonb *wf_flags_value_to_jsonb(const WfValue *value);
extern void wf_flags_value_to_json(const WfValue *value, JsonbValue *json);
extern void wf_flags_value_from_root(Jsonb *document, WfValue *value);
extern WfString wf_flags_value_json_text(const WfValue *value);
extern bool wf_flags_values_same(const WfValue *a, const WfValue *b);
extern int	wf_flags_strings_compare(WfString a, WfString b);

/* What JavaScript's operators make of values. */
extern bool wf_flags_js_truthy(const WfValue *value);
extern double wf_flags_js_number(const WfValue *value);
extern double wf_flags_js_parse_float(const WfValue *value);
extern WfString wf_flags_js_string(const WfValue *value);
extern WfString wf_flags_js_number_text(double number);
extern bool wf_flags_js_equal(const WfValue *a, const WfValue *b);
extern bool wf_flags_js_identical(const WfValue *a, const WfValue *b);
extern bool wf_flags_js_less(const WfValue *a, const WfValue *b, bool or_equal);

/* What Python makes of values. */
extern bool wf_flags_python_is_integer(const WfValue *value);
extern bool wf_flags_python_integer(const WfValue *value, Numeric *integer);
extern bool wf_flags_python_float(const WfValue *value, double *number);
extern WfString wf_flags_python_string(const WfValue *value);
extern double wf_flags_python_modulo(double number, double divisor);

static inline WfString
wf_flags_string(const char *text)
{
	WfString	string = {text, (int) strlen(text)};

	return string;
}

static inline bool
wf_flags_strings_equal(WfString a, WfString b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static inline void
wf_flags_value_set_boolean(WfValue *value, bool boolean)
{
	value->type = WF_VALUE_BOOLEAN;
	value->u.boolean = boolean;
}

static inline void
wf_flags_value_set_double(WfValue *value, double number)
{
	value->type = WF_VALUE_NUMBER;
	value->u.number.exact = NULL;
	value->u.number.approximate = number;
}

static inline void
wf_flags_value_set_string(WfValue *value, WfString string)
{
	value->type = WF_VALUE_STRING;
	value->u.string = string;
}

/* A value of a document, not copied. */
static inline void
wf_flags_value_from_json(const JsonbValue *json, WfValue *value)
{
	switch (json->type)
	{
		case jbvString:
			value->type = WF_VALUE_STRING;
			value->u.string.data = json->val.string.val;
			value->u.string.len = json->val.string.len;
			break;
		case jbvNumeric:
			value->type = WF_VALUE_NUMBER;
			value->u.number.exact = json->val.numeric;
			break;
		case jbvBool:
			value->type = WF_VALUE_BOOLEAN;
			value->u.boolean = json->val.boolean;
			break;
		case jbvBinary:
			value->type = JsonContainerIsArray(json->val.binary.data) ? WF_VALUE_ARRAY : WF_VALUE_OBJECT;
			value->u.container = json->val.binary.data;
			break;
		default:
			value->type = WF_VALUE_NULL;
			break;
	}
}

#endif							/* WF_FLAGS_VALUE_H */
