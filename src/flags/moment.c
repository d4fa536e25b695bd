/*
 * moment.c: points in time.  Pure.
 *
 * A text is a moment as RFC 3339 writes it, with a zone; what PostgreSQL's own
 * parser accepts goes far beyond that, and what it refuses it raises.
 */
#include "common/compat.h"

#include <math.h>

#include "utils/datetime.h"

#include "flags/operator.h"

/* A text that is being read. */
typedef struct Reader
{
	const char *at;
	const char *end;
} Reader;

static bool take_digits(Reader *reader, int count, int *number);
static bool take_char(Reader *reader, const char *choices);
static bool take_date(Reader *reader, int *days);
static bool take_time(Reader *reader, int64 *microseconds);
static bool take_zone(Reader *reader, int *minutes);
static int	days_in_month(int year, int month);

/* Reads a moment; false for a text that is none. */
bool
wf_flags_moment_parse(WfString text, TimestampTz *moment)
{
	Reader		reader = {text.data, text.data + text.len};
	int64		microseconds;
	int			minutes;
	int			days;

	if (!take_date(&reader, &days) || !take_char(&reader, "Tt") ||
		!take_time(&reader, &microseconds) || !take_zone(&reader, &minutes) || reader.at != reader.end)
		return false;
	*moment = (int64) days * USECS_PER_DAY + microseconds - (int64) minutes * USECS_PER_MINUTE;
	return true;
}

/* A moment from whole Unix milliseconds; false where no timestamp reaches. */
bool
wf_flags_moment_from_milliseconds(double milliseconds, TimestampTz *moment)
{
	double		microseconds = trunc(milliseconds) * 1000.0 -
	(double) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;

	if (!(fabs(microseconds) < 9.0e18))
		return false;
	*moment = (TimestampTz) microseconds;
	return true;
}

/* A moment from a text, or from a number of Unix milliseconds. */
bool
wf_flags_moment_from_value(const WfValue *value, TimestampTz *moment)
{
	switch (value->type)
	{
		case WF_VALUE_STRING:
			return wf_flags_moment_parse(value->u.string, moment);
		case WF_VALUE_NUMBER:
			return wf_flags_moment_from_milliseconds(wf_flags_value_double(value), moment);
		default:
			return false;
	}
}

/* The operand of wf_flags_match_moment(); NULL for a value that is no moment. */
const void *
wf_flags_moment_prepare(const WfValue *value)
{
	TimestampTz moment;
	TimestampTz *prepared;

	if (!wf_flags_moment_from_value(value, &moment))
		return NULL;
	prepared = palloc(sizeof(TimestampTz));
	*prepared = moment;
	return prepared;
}

/* A moment beside a prepared one, as mode says. */
bool
wf_flags_match_moment(WfRun *run, const WfPredicate *predicate,
					  const WfValue *value, const WfOperand *operand)
{
	TimestampTz moment;
	TimestampTz constant;

	if (operand->prepared == NULL || !wf_flags_moment_from_value(value, &moment))
		return false;
	constant = *(const TimestampTz *) operand->prepared;
	return wf_flags_order_holds(predicate->mode, moment < constant ? -1 : moment > constant ? 1 : 0);
}

static bool
take_digits(Reader *reader, int count, int *number)
{
	if (reader->end - reader->at < count)
		return false;
	*number = 0;
	for (int i = 0; i < count; i++, reader->at++)
	{
		if (*reader->at < '0' || *reader->at > '9')
			return false;
		*number = *number * 10 + (*reader->at - '0');
	}
	return true;
}

static bool
take_char(Reader *reader, const char *choices)
{
	if (reader->at == reader->end || *reader->at == '\0' || strchr(choices, *reader->at) == NULL)
		return false;
	reader->at++;
	return true;
}

/* YYYY-MM-DD, as days from PostgreSQL's epoch. */
static bool
take_date(Reader *reader, int *days)
{
	int			year;
	int			month;
	int			day;

	if (!take_digits(reader, 4, &year) || !take_char(reader, "-") || !take_digits(reader, 2, &month) ||
		!take_char(reader, "-") || !take_digits(reader, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || day < 1 || day > days_in_month(year, month))
		return false;
	*days = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return true;
}

/* HH:MM:SS with a fraction of any length, of which microseconds are kept. */
static bool
take_time(Reader *reader, int64 *microseconds)
{
	int			hour;
	int			minute;
	int			second;
	int			unit = USECS_PER_SEC / 10;

	if (!take_digits(reader, 2, &hour) || !take_char(reader, ":") || !take_digits(reader, 2, &minute) ||
		!take_char(reader, ":") || !take_digits(reader, 2, &second))
		return false;
	/* A leap second is the next minute's first. */
	if (hour >= HOURS_PER_DAY || minute >= MINS_PER_HOUR || second > SECS_PER_MINUTE)
		return false;
	*microseconds = hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE + second * USECS_PER_SEC;
	if (!take_char(reader, "."))
		return true;
	if (reader->at == reader->end || *reader->at < '0' || *reader->at > '9')
		return false;
	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++, unit /= 10)
		*microseconds += (int64) (*reader->at - '0') * unit;
	return true;
}

/* Z, or +HH:MM, as minutes east. */
static bool
take_zone(Reader *reader, int *minutes)
{
	bool		west;
	int			hour;
	int			minute;

	*minutes = 0;
	if (take_char(reader, "Zz"))
		return true;
	west = reader->at < reader->end && *reader->at == '-';
	if (!take_char(reader, "+-") || !take_digits(reader, 2, &hour) || !take_char(reader, ":") ||
		!take_digits(reader, 2, &minute) || hour >= HOURS_PER_DAY || minute >= MINS_PER_HOUR)
		return false;
	*minutes = (hour * MINS_PER_HOUR + minute) * (west ? -1 : 1);
	return true;
}

static int
days_in_month(int year, int month)
{
	return day_tab[isleap(year)][month - 1];
}
